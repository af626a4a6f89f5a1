"""Bounds on the expected gap between training and other rows, from predictions and losses of fits on supersamples."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import comb, isfinite, sqrt
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import require_count, require_loss_range, unknown_name
from samplewise.core.randomness import generator
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import sentence
from samplewise.core.values import numbers_table
from samplewise.data.conversions import as_numbers
from samplewise.generalization.gap import inversions
from samplewise.generalization.gap.information import (
    Estimated,
    MergedMeasure,
    estimate_information,
    fair,
    jensen_shannon,
    mutual_information,
    ranked,
    squared_hellinger,
    tabulated,
)
from samplewise.generalization.gap.supersample_runs import SupersampleRuns, supersample_runs

Of = Literal["expected gap", "root mean squared gap", "this model's gap"]
Quantities = dict[str, Floats]  # per pair or per row, by name

FEW_FITS = 20  # per pair, below which the correction of bias rests on too few cells
MOST_SUBSETS = 2_000
MOST_JOINT = 12  # pairs whose memberships can be read jointly
NULL_DRAWS = 3
NOTE = (
    "information bounds hold for the mean over draws of the training rows, for models of half of the rows;"
    " they promise nothing about a single model"
)
# Cells of (loss of the first row, loss of the second): 00, 01, 10, 11; second - first is -1, 0 or 1.
DIFFERENCE = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=np.float64)
FIRST = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float64)
SECOND = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float64)
OF_LOSSES = {
    "losses": MergedMeasure(),
    "difference": MergedMeasure(DIFFERENCE),
    "hellinger": MergedMeasure(DIFFERENCE, squared_hellinger),
    "js": MergedMeasure(DIFFERENCE, jensen_shannon),
    "first": MergedMeasure(FIRST),
    "second": MergedMeasure(SECOND),
}


@dataclass(frozen=True, slots=True)
class Bound(Result):
    """One bound by three estimators, in units of the loss (points from `generalization_gap`), with what it bounds."""

    name: str
    plug_in: float  # as counted: too large on average when fits are few
    corrected: float = float("nan")  # Miller-Madow; NaN where it is not defined
    jackknife: float = float("nan")
    null: float = float("nan")  # plug-in value when memberships are shuffled: what pure noise gives
    of: Of = "expected gap"
    confidence: float | None = None  # None: a point estimate of a bound on a mean, which has no confidence
    source: str = ""

    def _sentences(self) -> Iterable[str]:
        yield f"{self.name}: the {self.of} is at most {self.plug_in:.3g}."
        yield (
            "A point estimate, without a confidence."
            if self.confidence is None
            else (f"Confidence {percent_text(self.confidence)}.")
        )

    def _table(self) -> Table:
        numbers = {
            "plug_in": self.plug_in,
            "corrected": self.corrected,
            "jackknife": self.jackknife,
            "noise": self.null,
        }
        return numbers_table(**{name: (value, "") for name, value in numbers.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Bounds(Result):
    """Every bound of one set of runs, tightest first, with the gap that was measured on the same runs."""

    rows: tuple[Bound, ...]
    training_error: float  # mean loss: a share of rows (0..1), or in the unit of the losses
    ghost_error: float
    warnings: tuple[str, ...] = field(default=())
    points: float = 1.0  # 100 where bounds and gap are in points, hundredths of these errors

    @property
    def gap(self) -> float:
        """Mean loss on ghosts (the rows of pairs left out) minus that on training rows, in the unit of the bounds."""
        return self.points * (self.ghost_error - self.training_error)

    def __iter__(self) -> Iterator[Bound]:
        """The bounds, tightest first."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Number of bounds."""
        return len(self.rows)

    def __getitem__(self, name: str) -> Bound:
        """The bound of this name; raises `InputError` for one that is not there."""
        for row in self.rows:
            if row.name == name:
                return row
        raise unknown_name("bound", name, [row.name for row in self.rows])

    def _sentences(self) -> Iterable[str]:
        ghosts, trained = self.points * self.ghost_error, self.points * self.training_error
        yield f"Gap {self.gap:.4g} = error on ghosts {ghosts:.4g} - on training rows {trained:.4g}."
        yield f"{NOTE[0].upper()}{NOTE[1:]}."
        yield from map(sentence, self.warnings[:1])

    def _table(self) -> Table:
        columns = {
            "bound": [row.name for row in self.rows], "plug_in": [row.plug_in for row in self.rows],
            "corrected": [row.corrected for row in self.rows], "jackknife": [row.jackknife for row in self.rows],
            "noise": [row.null for row in self.rows],
            "confidence": [np.nan if row.confidence is None else row.confidence for row in self.rows],
            "of": [row.of for row in self.rows],
        }  # fmt: skip
        sure = np.array([row.confidence is None for row in self.rows])
        notes = ["none" if row.confidence is None else percent_text(row.confidence) for row in self.rows]
        return Table(columns, {}, "bound", np.argsort(sure, kind="stable"), {"confidence": notes})


@checked
def bounds_from_runs(
    selectors: Any,  # (k, n) or (s, k, n)
    codes: Any,  # (k, n, 2) or (s, k, n, 2)
    losses: Any,  # the same shape
    *,
    n_classes: int | None = None,
    loss_range: tuple[float, float] = (0.0, 1.0),
    subset_sizes: Iterable[int] = (),
    seed: int = 0,
) -> Bounds:
    """Every bound on the expected generalization gap that fits on paired rows allow, in units of the loss.

    The membership U_i says which row of pair i is trained on; the other is its ghost. F_i are both predictions, L_i
    both losses. f-CMI: mean sqrt(2 I(F_i; U_i)); e-CMI with L_i, ld with their difference; binary KL, JS and fast rates
    turn the information into an error directly.

    Args:
        selectors: 0 where the first row of a pair was trained on, 1 where the second; k fits, n pairs, s supersamples.
        codes: predicted classes 0, 1, ... of both rows of every pair, or None (numbers): then f-CMI is left out.
        losses: of both rows. Losses between 0 and 1 count as the chance of a loss of 1, which keeps every bound valid.
        n_classes: number of classes the codes run over; default: as many as occur.
        loss_range: (least, greatest) possible loss, for losses outside [0, 1]: they are rescaled, and so are results.
        subset_sizes: also f-CMI with so many pairs read together, m > 1; never tighter than m = 1.
        seed: of the shuffles behind `null`, and of the subsets.

    Returns:
        `Bounds`, tightest first; larger means less is promised. Each is a point estimate of a bound on the mean gap
        over draws of the training rows, never a statement about one model.

    Raises:
        InputError: arrays that do not fit together, selectors other than 0 and 1, rows that were always or never
            trained on, NaN, losses outside their range, codes outside the classes.

    Cost: O(k n) per quantity, times k / 2 for the jackknife.
    Not for: promising anything about the one model in hand: `clopper_pearson` on its held-out rows does that.
    Source: harutyunyan2021b, hellstrom2022, wang2023b, wang2024, dong2025.

    >>> memberships = [[0, 1], [1, 0], [0, 0], [1, 1]]
    >>> losses = [[[0, 1], [0, 0]], [[1, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 0], [0, 0]]]
    >>> found = bounds_from_runs(memberships, losses, losses)
    >>> round(found.gap, 3), round(found["ld-MI"].plug_in, 3)
    (0.5, 0.589)
    """
    low, high = require_loss_range(loss_range)
    sizes = [require_count(size, "subset_sizes") for size in subset_sizes]
    several = getattr(losses, "ndim", None) == 4 or (isinstance(losses, list | tuple) and np.ndim(losses) == 4)
    chosen = as_numbers(selectors, "selectors", 2 + several)
    scaled = (as_numbers(losses, "losses", 3 + several) - low) / (high - low)
    codes = None if codes is None else as_numbers(codes, "codes", 3 + several)
    return bounds_of_runs(supersample_runs(chosen, codes, scaled, n_classes), high - low, sizes, seed)


def bounds_of_runs(
    runs: SupersampleRuns, scale: float = 1.0, subset_sizes: Iterable[int] = (), seed: int = 0, *, points: float = 1.0
) -> Bounds:
    """Bounds of checked runs, in units in which a loss of 1 is `scale`; differences `points` times as many."""
    sizes = [size for size in subset_sizes if size > 1]
    estimates = _estimates(runs, sizes, seed)
    training, ghost = runs.errors()
    noise = _noise(runs, sizes, seed)
    values = {
        "plug_in": _all_bounds({name: found.plug_in for name, found in estimates.items()}, training, runs),
        "corrected": _all_bounds({name: found.miller_madow for name, found in estimates.items()}, training, runs),
        "jackknife": _all_bounds({name: found.jackknife for name, found in estimates.items()}, training, runs),
    }
    rows = []
    for name, (of, source) in NAMES.items():
        for key in [key for key in values["plug_in"] if key == name or key.startswith(f"{name}, m = ")]:
            columns = {estimator: points * scale * found[key] for estimator, found in values.items()}
            null = points * scale * noise.get(key, np.nan)
            rows.append(Bound(key, **columns, null=null, of=of, source=source))
    rows.sort(key=lambda row: (row.of != "expected gap", row.plug_in))
    few = f"{runs.fits} fits of every pair: the correction of bias needs {FEW_FITS} or more; add splits"
    warnings = (few,) if runs.fits < FEW_FITS else ()
    return Bounds(tuple(rows), scale * training, scale * ghost, warnings, points)


NAMES: dict[str, tuple[Of, str]] = {
    "f-CMI": ("expected gap", "harutyunyan2021b"),
    "f-CMI of rows": ("expected gap", "harutyunyan2021b"),
    "e-CMI": ("expected gap", "hellstrom2022"),
    "ld-MI": ("expected gap", "wang2023b"),
    "single loss": ("expected gap", "wang2023b"),
    "binary KL": ("expected gap", "hellstrom2022"),
    "linear fast rate": ("expected gap", "hellstrom2022"),
    "fast rate": ("expected gap", "wang2023b"),
    "binary JS": ("expected gap", "dong2025"),
    "interpolation": ("expected gap", "wang2023b"),
    "conditional f-information, KL": ("expected gap", "wang2024"),
    "conditional f-information, solved": ("expected gap", "wang2024"),
    "conditional f-information, H2": ("expected gap", "wang2024"),
    "conditional f-information, JS": ("expected gap", "wang2024"),
    "squared gap": ("root mean squared gap", "harutyunyan2021b"),
}


def _estimates(runs: SupersampleRuns, sizes: list[int], seed: int, correct: bool = True) -> dict[str, Estimated]:
    """Every information by name, of all pairs (or rows) of all supersamples one after the other."""
    parts: dict[str, list[Estimated]] = {}
    for memberships, losses, symbols in runs.each():
        if losses.ndim == 3:
            found = estimate_information(memberships, pair_outcomes(losses), OF_LOSSES, correct=correct)
            parts.setdefault("row", []).extend((found.pop("first"), found.pop("second")))
        else:
            found = estimate_information(memberships, row_outcomes(losses), {"row": MergedMeasure()}, correct=correct)
        if symbols is not None:
            name = "prediction" if losses.ndim == 3 else "row prediction"
            found |= estimate_information(memberships, symbols, {name: MergedMeasure()}, correct=correct)
            for size in sizes:
                outcomes, drawn = _together(memberships, symbols, size, seed)
                form = {f"prediction, m = {size}": MergedMeasure()}
                found |= estimate_information(drawn, outcomes, form, levels=2**size, correct=correct)
        for name, estimated in found.items():
            parts.setdefault(name, []).append(estimated)
    return {name: _joined(found) for name, found in parts.items()}


def _noise(runs: SupersampleRuns, sizes: list[int], seed: int) -> dict[str, float]:
    """Plug-in bounds of runs whose memberships were shuffled over the fits, a mean over draws."""
    draws = []
    for draw in range(NULL_DRAWS):
        shuffled = runs.shuffled(generator(seed, "null", draw))
        found = {name: one.plug_in for name, one in _estimates(shuffled, sizes, seed, correct=False).items()}
        draws.append(_all_bounds(found, shuffled.errors()[0], shuffled, joint=False))
    return {name: float(np.mean([draw[name] for draw in draws if name in draw])) for name in draws[0]}


def _all_bounds(found: Quantities, training: float, runs: SupersampleRuns, joint: bool = True) -> dict[str, float]:
    """Bounds on the gap by name, from one estimator's information; NaN where it has none."""
    row = _mean(found["row"])
    bounds = {
        "single loss": 2.0 * _root(found["row"]),
        "fast rate": _guarded(inversions.fast_rate, training, row),
        "binary JS": _guarded(inversions.invert_js, training, row) - training,
    }
    if "row prediction" in found:
        bounds["f-CMI of rows"] = 2.0 * _root(found["row prediction"])
    interpolating = [2.0 * row]
    if "losses" in found:
        pair = _mean(found["losses"])
        interpolating.append(pair)
        bounds |= {
            "e-CMI": _root(found["losses"]),
            "ld-MI": _root(found["difference"]),
            "binary KL": _guarded(inversions.invert_kl, training, pair) - training,
            "linear fast rate": _guarded(inversions.linear_rate, training, pair) - training,
        } | _conditional(found, runs)
    if training == 0.0:
        bounds["interpolation"] = min(interpolating) / inversions.LN2
    for name in [name for name in found if name.startswith("prediction")]:
        size = int(name.rpartition(" ")[2]) if ", m = " in name else 1
        bounds[name.replace("prediction", "f-CMI")] = _root(found[name]) / sqrt(size)
    if joint and (information := joint_information(runs)) is not None:
        bounds["squared gap"] = inversions.root_mean_square(information, runs.pairs)
    return bounds


def _conditional(found: Quantities, runs: SupersampleRuns) -> dict[str, float]:
    """The four forms that use how often the losses of a pair differ."""
    shift, spread = _differences(runs)
    nats = np.maximum(found["difference"], 0.0)
    hellinger, js = np.maximum(found["hellinger"], 0.0), np.maximum(found["js"], 0.0)
    forms = {
        "KL": np.sqrt(2.0 * (spread + shift) * nats),
        "solved": nats + np.sqrt((nats + 2.0 * spread) * nats),
        "H2": np.sqrt((4.0 * spread + 2.0 * shift) * hellinger),
        "JS": 2.0 * np.sqrt((4.0 * spread + shift) * js),
    }
    return {f"conditional f-information, {name}": float(values.mean()) for name, values in forms.items()}


def _differences(runs: SupersampleRuns) -> tuple[Floats, Floats]:
    """Means over pairs: how far membership moves the difference of the losses, and how large that is squared."""
    tables = [tabulated(memberships, pair_outcomes(lost), 2, 4)[0] @ DIFFERENCE for memberships, lost, _ in runs.each()]
    chance = fair(np.concatenate(tables)) / 2.0
    signed = chance[:, :, 2] - chance[:, :, 0]
    return np.abs(signed[:, 0] - signed[:, 1]), chance[:, :, [0, 2]].sum(axis=(1, 2))


def joint_information(runs: SupersampleRuns) -> float | None:
    """Nats between all memberships and predictions (or losses) at once; None unless all splits occur equally often."""
    if runs.pairs > MOST_JOINT or runs.fits % 2**runs.pairs or runs.losses.ndim != 4:
        return None
    found = []
    for memberships, losses, symbols in runs.each():
        splits = memberships @ (1 << np.arange(runs.pairs))
        if (np.bincount(splits, minlength=2**runs.pairs) * 2**runs.pairs != runs.fits).any():
            return None
        joint = losses.reshape(len(losses), -1) if symbols is None else symbols
        outcome = np.unique(joint, axis=0, return_inverse=True)[1].reshape(-1)
        table = tabulated(splits[:, None], outcome[:, None], 2**runs.pairs, int(outcome.max()) + 1)
        found.append(float(mutual_information(table[0])[0]))
    return float(np.mean(found))


def pair_outcomes(losses: Floats) -> Array:
    """(k, n) which of the four pairs of losses (k, n, 2) came, or (k, n, 4) their chances, rows drawn independently."""
    first, second = losses[..., 0], losses[..., 1]
    if np.isin(losses, (0.0, 1.0)).all():
        return np.asarray(2 * first + second, dtype=np.intp)
    return np.stack([(1 - first) * (1 - second), (1 - first) * second, first * (1 - second), first * second], axis=-1)


def row_outcomes(losses: Floats) -> Array:
    """(k, n) losses of 0 and 1 as numbers, or (k, n, 2) chances of a loss of 0 and of 1."""
    if np.isin(losses, (0.0, 1.0)).all():
        return losses.astype(np.intp)
    return np.stack([1.0 - losses, losses], axis=-1)


def _together(memberships: Ints, symbols: Ints, size: int, seed: int) -> tuple[Array, Ints]:
    """Outcomes and memberships of sets of `size` pairs: all sets where they are few, else a random choice."""
    pairs = memberships.shape[1]
    if comb(pairs, size) <= MOST_SUBSETS:
        chosen = np.array(list(combinations(range(pairs), size)))
    else:
        draw = generator(seed, "subsets", size)
        chosen = np.array([draw.choice(pairs, size, replace=False) for _ in range(MOST_SUBSETS)])
    outcomes, drawn = (
        np.zeros((len(memberships), len(chosen)), np.intp),
        np.zeros((len(memberships), len(chosen)), np.intp),
    )
    for column in chosen.T:
        outcomes = ranked(outcomes * (int(symbols.max()) + 1) + symbols[:, column])
        drawn = 2 * drawn + memberships[:, column]
    return outcomes, drawn


def _joined(parts: list[Estimated]) -> Estimated:
    return Estimated(
        np.concatenate([part.plug_in for part in parts]),
        np.concatenate([part.miller_madow for part in parts]),
        np.concatenate([part.jackknife for part in parts]),
    )


def _mean(values: Floats) -> float:
    return float(np.maximum(values.mean(), 0.0))


def _root(values: Floats) -> float:
    """Mean of sqrt(2 I): the root is taken per pair, the mean over supersamples outside it."""
    return float(np.sqrt(2.0 * np.maximum(values, 0.0)).mean())


def _guarded(invert: Any, training: float, information: float) -> float:
    return float(invert(training, information)) if isfinite(information) else float("nan")
