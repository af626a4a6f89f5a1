"""Training and test rows told apart: rows as one matrix, random halves, and classifiers fitted on one half."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.randomness import derive_seed, hashed_uniform
from samplewise.engine.neighbors import exact_groups

MOST_FITTED = 20_000  # rows of either side a classifier is fitted on
TREES = 40
LARGEST_WEIGHT = 20.0  # of a row, before weights are divided by their mean
OUTSIDE = 0.95  # chance of being a test row from which the training rows have none like it
REPEATED = 2.0  # equal pairs within one side, per equal pair across, from which they are copies and no coincidence
FEWEST_DIFFERENT = 200  # rows of a side that repeats rows, for copies to count as one


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Rows of two sides, those of the first before those of the second.

    Args:
        second: (n,) whether a row is of the second side.
        fitted: (n,) whether it belongs to the half that models are fitted on; groups and copies are never divided.
        speaks: (n,) one row of every group or set of copies: tests look at these alone.
        order: (n,) a random order of the rows, by their ids.
        shared: rows of the second side that also stand on the first.
    """

    second: Mask
    fitted: Mask
    speaks: Mask
    order: Ints
    shared: int

    def sample(self, half: bool) -> Ints:
        """Positions of at most 20,000 rows of either side in one half."""
        found = []
        for side in (False, True):
            rows = self.order[(self.fitted == half)[self.order] & (self.second == side)[self.order]]
            found.append(rows[:MOST_FITTED])
        return np.concatenate(found)

    def tested(self, side: bool) -> Mask:
        """(n,) rows of one side that a test may look at: held out from the fit, one of every group."""
        return ~self.fitted & self.speaks & (self.second == side)


def sides_of(matrix: Floats, ids: tuple[Array, Array], groups: tuple[Array | None, Array | None], seed: int) -> Sides:
    """Random halves of the rows of two sides, (n,) together, by their ids. Cost: O(n d log n)."""
    second = np.repeat([False, True], [len(ids[0]), len(ids[1])])
    drawn = np.r_[hashed_uniform(seed, ids[0], "training half"), hashed_uniform(seed, ids[1], "test half")]
    equal = exact_groups(matrix)
    units = np.arange(len(second))
    for side, given in zip((False, True), groups, strict=True):
        at = np.flatnonzero(second == side)
        copies = _copies(equal[at], equal[second != side])
        if given is not None:
            units[at] = at[_first_of(np.unique(np.asarray(given).astype(str), return_inverse=True)[1])]
        elif copies:
            units[at] = at[_first_of(equal[at])]
    drawn_of_unit = np.full(len(second), np.inf)
    np.minimum.at(drawn_of_unit, units, drawn)  # whatever the order of the rows
    order = np.argsort(drawn, kind="stable")
    shared = int(np.isin(equal[second], equal[~second]).sum())
    fitted = np.zeros(len(second), dtype=bool)
    for side in (False, True):
        members = np.unique(units[second == side])
        early = members[np.argsort(drawn_of_unit[members], kind="stable")[: len(members) // 2]]
        fitted |= np.isin(units, early)
    return Sides(second, fitted, drawn == drawn_of_unit[units], order, shared)


def _copies(own: Ints, other: Ints) -> bool:
    """Whether rows of one side repeat far more often among themselves than on the other side."""
    size = int(max(own.max(), other.max())) + 1
    here, there = (np.bincount(part, minlength=size).astype(np.float64) for part in (own, other))
    if (here > 0).sum() < FEWEST_DIFFERENT:
        return False
    within = np.sum(here * (here - 1.0)) / max(len(own) * (len(own) - 1.0), 1.0)
    across = np.sum(here * there) / (len(own) * len(other))
    return bool(np.sum(here > 1) >= 5 and within > REPEATED * across)


def _first_of(codes: Ints) -> Ints:
    """(n,) position of the first row with the same code."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], dtype=np.intp)


def chances_of_second(matrix: Floats, categorical: Mask, sides: Sides, seed: int) -> Floats:
    """(n,) chance that a row is of the second side, were both equally large, by boosting fitted on the other half.

    Cost: forty trees of at most 40,000 rows, twice.   Source: lopezpaz2017.
    """
    chances = np.empty(len(matrix))
    for half in (False, True):
        rows, asked = sides.sample(half), sides.fitted != half
        labels = sides.second[rows]
        model = HistGradientBoostingClassifier(
            max_iter=TREES, early_stopping=False, categorical_features=categorical if categorical.any() else None,
            min_samples_leaf=int(np.clip(len(rows) // 20, 5, 20)), random_state=derive_seed(seed, half) % 2**31,
        )  # fmt: skip
        found = np.asarray(model.fit(matrix[rows], labels).predict_proba(matrix[asked])[:, 1], dtype=np.float64)
        first, second = 1.0 - labels.mean(), labels.mean()
        chances[asked] = found * first / (found * first + (1.0 - found) * second)  # as of equally many rows
    return chances


def importance_weights(chances: Floats) -> tuple[Floats, float]:
    """Weights (n,) of training rows that make them like the test rows, mean 1, and the share of rows they are worth.

    Odds of being a test row, cut at 20. Where all are 0 nothing overlaps: the weights stay 0 and so does the share.
    """
    odds = np.minimum(chances / np.maximum(1.0 - chances, 1e-12), LARGEST_WEIGHT)
    mean = float(odds.mean())
    if not mean > 0:
        return np.zeros(len(odds)), 0.0
    weights = odds / mean
    return weights, 1.0 / float(np.mean(np.square(weights)))
