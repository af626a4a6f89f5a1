"""The error that no model can undercut, because rows that are equal in every column it sees have different labels."""

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.data.targets import Target
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width, share_interval
from samplewise.engine.statistics.means import effective_counts, mean_and_error

FLOOR = "error no model of these columns can undercut"


def error_floor(groups: Ints, target: Target, unit: str = LABEL_UNIT) -> Estimate:
    """The least error of any model that sees equal rows as one, with its interval.

    Of the rows of a group (equal in every column the model sees) a model predicts the same for all, so at best it gets
    the most frequent class right, or errs by the distances to the median. For these rows that is a fact; for others
    like them it is a lower bound, since a group's own majority fits its few rows better than the true one would.

    Args:    groups: (n,) number of the group of each row.   target: their labels; unknown ones do not count.
             unit: of numeric labels.
    Returns: share of rows for classes; mean absolute error in the label's unit for numbers. Its interval takes
             groups as the independent observations.
    Cost:    O(n log n).   Source: clopper1934 for shares.
    """
    if target.classes is not None:
        known = target.codes >= 0
        missed = outvoted_rows(groups[known], target.codes[known])
        errors, rows = effective_counts(missed, groups[known])
        low, high = share_interval(errors, rows, CONFIDENCE)
        return Estimate(
            FLOOR, float(missed.mean()), float(low), float(high), "share of rows", CONFIDENCE, "clopper1934"
        )
    known = np.isfinite(target.codes)
    value, error = mean_and_error(_from_median(groups[known], target.codes[known]), groups[known])
    reach = half_width(error, CONFIDENCE, max(1, len(np.unique(groups[known])) - 1))
    return Estimate(FLOOR, value, max(0.0, value - reach), value + reach, unit, CONFIDENCE, "groups of equal rows")


def outvoted_rows(groups: Ints, codes: Array) -> Floats:
    """(n,) 1 for rows whose class is not the most frequent of their group, the smaller code where votes are equal."""
    order = np.lexsort((codes, groups))
    pair = np.r_[True, (np.diff(groups[order]) != 0) | (np.diff(codes[order]) != 0)]
    counts = np.diff(np.r_[np.flatnonzero(pair), len(order)])
    group, code = groups[order][pair], codes[order][pair]
    ranked = np.lexsort((code, -counts, group))
    winners = ranked[np.r_[True, np.diff(group[ranked]) != 0]]
    winner = np.zeros(int(groups.max(initial=-1)) + 1, dtype=codes.dtype)
    winner[group[winners]] = code[winners]
    return (codes != winner[groups]).astype(np.float64)


def _from_median(groups: Ints, numbers: Floats) -> Floats:
    """(n,) distance of every number to the median of its group."""
    order = np.lexsort((numbers, groups))
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) != 0])
    sizes = np.diff(np.r_[starts, len(order)])
    lower, upper = numbers[order][starts + (sizes - 1) // 2], numbers[order][starts + sizes // 2]
    middle = np.empty(int(groups.max(initial=-1)) + 1)
    middle[groups[order][starts]] = (lower + upper) / 2.0
    return np.abs(numbers - middle[groups])
