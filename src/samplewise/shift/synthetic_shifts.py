"""Shifts made of source rows alone: how far methods that need no label miss there, and how to weigh them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from samplewise.core.arrays import Array, Floats, Ints, Mask, Numbers
from samplewise.core.randomness import derive_seed, generator, hashed_uniform
from samplewise.engine.statistics.intervals import conformal_rank
from samplewise.shift.domain_classifier import chances_of_second, importance_weights, sides_of
from samplewise.shift.error_estimators import estimates_of, expected_losses
from samplewise.shift.outputs import Outputs

KINDS = ("one column", "a direction of all columns", "the output", "the label")
PER_KIND = 12
MOST_ROWS = 8_000  # source rows the shifts are made of
WEAKEST, STRONGEST = 0.2, 2.5  # of the tilts, per standard deviation of what is tilted
SHRUNK = 0.1  # towards equal weights of the methods, against how much they vary
LEAST_SCALE = 0.005  # of the largest loss: methods that agree to the last digit still miss


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What k methods weigh together, and how far that misses.

    Args:
        names: of the k methods.
        error: mean loss of the source rows.
        pulls: (k,) how far the estimate follows the change that each method sees, not negative.
        missed: (k,) mean miss of each method on the synthetic shifts.
        misses: (s,) of the weighted estimate on every synthetic shift, in units of `scale`; its kind of shift was left
            out when the methods were weighed.
        largest: the largest loss there is.
    """

    names: tuple[str, ...]
    error: float
    pulls: Floats
    missed: Floats
    misses: Floats
    largest: float

    def estimate(self, found: dict[str, float]) -> float:
        """The loss in a place from the estimates of the methods there."""
        seen = np.array([found[name] for name in self.names]) - self.error
        return float(np.clip(self.error + self.pulls @ seen, 0.0, self.largest))

    def half_width(self, found: dict[str, float], confidence: float) -> float:
        """Half the interval of it: as large a miss as synthetic shifts call for, wider where the methods disagree."""
        rank = conformal_rank(len(self.misses), confidence)
        if rank > len(self.misses):
            return math.inf
        return float(np.sort(self.misses)[rank - 1]) * scale_of(np.array([*found.values()]), self.largest)


def scale_of(estimates: Floats, largest: float) -> float:
    """By how much methods disagree, (k,): the unit in which a miss is counted."""
    return float(LEAST_SCALE * largest + estimates.std())


def calibrated(
    matrix: Floats, categorical: Mask, outputs: Outputs, ids: Array, groups: Array | None, size: int, seed: int
) -> Calibration:
    """Weigh the methods by 48 shifts made of the source's own rows: a known half, and tilted draws from the other.

    Args:
        matrix: (n, d) features of the source as numbers, in an order that does not hang on where rows stood.
        categorical: (d,) which are codes of categories.
        outputs: of the same rows, with losses.
        ids, groups: (n,) of the rows; groups are never divided.
        size: rows of the real target: a drawn one has at most as many, so that its error varies as much.
        seed: of halves, tilts and fits.

    Cost: 24 fits of the error model and 96 classifiers, of at most 4,000 and 6,000 rows; about 20 s at that size.
    """
    rows = np.arange(min(len(matrix), MOST_ROWS))
    shifts = list(_shifts(matrix[rows], categorical, outputs.take(rows), ids[rows],
                          None if groups is None else groups[rows], size, seed))  # fmt: skip
    names = tuple(shifts[0][2])
    kinds = np.array([kind for kind, _, _ in shifts])
    truth = np.array([after - before for _, (before, after), _ in shifts])
    seen = np.array([[found[name] - before for name in names] for _, (before, _), found in shifts])
    pulls = np.array([pulls_of(seen[kinds != kind], truth[kinds != kind]) for kind in kinds])
    units = np.array([scale_of(line, outputs.largest) for line in seen])
    misses = np.abs(truth - (pulls * seen).sum(axis=1)) / units
    assert outputs.losses is not None
    missed = np.abs(truth[:, None] - seen).mean(axis=0)
    return Calibration(names, float(outputs.losses.mean()), pulls_of(seen, truth), missed, misses, outputs.largest)


def pulls_of(seen: Floats, truth: Floats) -> Floats:
    """(k,) least squares without negative weights of changes seen (s, k) for true ones (s,), shrunk towards 1 / k.

    They sum to 1 at most: methods see less of a change where samples are small, as those of synthetic shifts are, and
    to make up for that would put the estimate beyond what any of them sees where samples are large.
    """
    size = seen.shape[1]
    ridge = math.sqrt(SHRUNK * float(np.square(seen).sum(axis=0).mean()))
    if not ridge > 0:
        return np.full(size, 1.0 / size)
    rows, aims = np.vstack([seen, ridge * np.eye(size)]), np.r_[truth, np.full(size, ridge / size)]
    found = optimize.nnls(rows, aims)[0]
    if found.sum() > 1.0:
        heavy = 1e4 * float(np.abs(rows).max())
        found = optimize.nnls(np.vstack([rows, np.full(size, heavy)]), np.r_[aims, heavy])[0]
    return np.asarray(found, dtype=np.float64)


def _shifts(
    matrix: Floats, categorical: Mask, outputs: Outputs, ids: Array, groups: Array | None, size: int, seed: int
) -> Iterator[tuple[str, tuple[float, float], dict[str, float]]]:
    """Kind, loss before and after, and what every method says of it, of every synthetic shift."""
    units = ids if groups is None else groups.astype(str)
    for number in range(PER_KIND):
        first = hashed_uniform(seed, units, f"known half {number // 2}") < 0.5
        known, others = np.flatnonzero(first == bool(number % 2)), np.flatnonzero(first != bool(number % 2))
        chosen = np.r_[known, others]
        before = outputs.take(known)
        half = hashed_uniform(seed, units[known], f"half of half {number}") < 0.5
        expected, there = expected_losses(
            matrix[chosen], categorical, before, outputs.take(others), half, derive_seed(seed, "synthetic", number)
        )
        for kind in KINDS:
            draw = generator(seed, "tilt", kind, number)
            strength = draw.choice([-1.0, 1.0]) * draw.uniform(WEAKEST, STRONGEST)
            tilted = _tilted(kind, matrix, categorical, outputs, draw)[others]
            order = np.argsort(-strength * tilted - _gumbel(seed, ids[others], f"{kind} {number}"), kind="stable")
            picked = order[: max(2, min(len(matrix) // 4, len(others) // 2, size))]
            if len(np.unique(units[others[picked]])) < 2:
                continue
            weights = _weights(
                matrix, categorical, (known, others[picked]), ids, groups, derive_seed(seed, kind, number)
            )
            after = outputs.take(others[picked])
            assert before.losses is not None and after.losses is not None  # noqa: PT018
            found = estimates_of(before, after.unlabeled(), weights, (expected, there[picked]))
            yield kind, (float(before.losses.mean()), float(after.losses.mean())), found


def _weights(
    matrix: Floats, categorical: Mask, parts: tuple[Ints, Ints], ids: Array, groups: Array | None, seed: int
) -> Floats:
    """Importance weights of the rows of the first part, as of two places."""
    rows = np.r_[parts]
    grouped = (None, None) if groups is None else (groups[parts[0]], groups[parts[1]])
    sides = sides_of(matrix[rows], (ids[parts[0]], ids[parts[1]]), grouped, seed)
    return importance_weights(chances_of_second(matrix[rows], categorical, sides, seed)[: len(parts[0])])[0]


def _gumbel(seed: int, ids: Array, purpose: str) -> Floats:
    """(n,) draws that make the first rows of an order a sample without replacement, by the exponentials of its keys."""
    uniform = hashed_uniform(seed, ids, purpose)
    return np.asarray(-np.log(-np.log(np.clip(uniform, 1e-16, 1.0 - 1e-16))))


def _tilted(kind: str, matrix: Floats, categorical: Mask, outputs: Outputs, draw: np.random.Generator) -> Floats:
    """(n,) what a shift of this kind favors, in standard deviations."""
    if kind == "the output":
        return standardized(outputs.confidence())
    if kind == "the label":
        assert outputs.labels is not None
        return _effect(outputs.labels, outputs.classes, draw)
    if kind == "one column":
        column = int(draw.integers(matrix.shape[1]))
        return _effect(matrix[:, column], bool(categorical[column]), draw)
    total = np.zeros(len(matrix))
    for column in range(matrix.shape[1]):
        total += draw.normal() * _effect(matrix[:, column], bool(categorical[column]), draw)
    return standardized(total)


def _effect(values: Numbers, coded: bool, draw: np.random.Generator) -> Floats:
    """A column in standard deviations; of a category, a random number for every value."""
    if not coded:
        return standardized(np.asarray(values, dtype=np.float64))
    codes = np.unique(np.asarray(values), return_inverse=True)[1]
    return standardized(draw.normal(size=int(codes.max()) + 1)[codes])


def standardized(values: Floats) -> Floats:
    """Mean 0 and standard deviation 1, cut at 3; gaps are 0, and so is a constant."""
    known = values[~np.isnan(values)]
    spread = float(known.std()) if len(known) else 0.0
    if not spread > 0:
        return np.zeros(len(values))
    return np.nan_to_num(np.clip((values - known.mean()) / spread, -3.0, 3.0))
