"""Means and their standard errors, where a group of rows is one observation."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats


def mean_and_error(values: Floats, groups: Array | None = None) -> tuple[float, float]:
    """Mean of values (n,) and its standard error, sd / sqrt(n); NaN stands for rows that were never evaluated.

    Rows of one group (n,) count as a single observation: their deviations are summed first.
    """
    known = ~np.isnan(values)
    kept = values[known]
    centered = summed_by_group(kept - kept.mean(), None if groups is None else groups[known])
    count = len(centered)
    error = float(np.sqrt(np.sum(np.square(centered)) * count / max(count - 1, 1))) / len(kept)
    return float(kept.mean()), error


def clustered(values: Floats, groups: Array | None) -> tuple[float, int]:
    """Standard error of the mean of values (n,) and how many independent observations it rests on."""
    groups = None if groups is None else np.asarray(groups)
    return mean_and_error(values, groups)[1], len(values) if groups is None else len(np.unique(groups.astype(str)))


def standard_error(values: Floats, axis: int = 0) -> Floats:
    """Standard errors of the means along an axis of independent repeats, at least two."""
    return np.asarray(values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis]))


def summed_by_group(values: Floats, groups: Array | None) -> Floats:
    """(g,) sums over the rows of each group (n,); the values themselves where there are no groups.

    >>> summed_by_group(np.array([1.0, 2.0, 3.0]), np.array(["a", "b", "a"]))
    array([4., 2.])
    """
    if groups is None:
        return values
    names: Any = groups.astype(str) if groups.dtype.kind == "O" else groups
    return np.bincount(np.unique(names, return_inverse=True)[1], weights=values).astype(np.float64)


def effective_counts(wrong: Floats, groups: Array | None = None) -> tuple[float, float]:
    """(errors, rows) of flags (n,) as independent rows would show them: divided by the design effect of groups (n,)."""
    rows = float(len(wrong))
    if groups is not None and rows:
        rows /= max(1.0, _design_effect(wrong, np.asarray(groups)))
    return (float(wrong.mean()) * rows if len(wrong) else 0.0), rows


def _design_effect(flags: Floats, groups: Array) -> float:
    """Variance of the mean between groups over that of independent rows."""
    error, count = clustered(flags, groups)
    rate = float(flags.mean())
    independent = rate * (1.0 - rate) / max(len(flags) - 1, 1)
    # Without a right and a wrong row nothing is known of the spread: count the groups themselves.
    return len(flags) / count if independent == 0.0 else error**2 / independent
