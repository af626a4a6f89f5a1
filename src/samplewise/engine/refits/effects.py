"""Paired differences between two models on the same rows: their mean, and how sure it is."""

from typing import TypeVar

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats

CONFIDENCE = 0.95
Number = TypeVar("Number", float, Floats)


def mean_and_error(differences: Floats, groups: Array | None = None) -> tuple[float, float]:
    """Mean of per-row paired differences (n,) and its standard error, sd / sqrt(n); NaN rows were never judged.

    Rows of one group (n,) count as a single observation: their deviations are summed first.
    """
    known = ~np.isnan(differences)
    values = differences[known]
    centered = values - values.mean()
    if groups is not None:
        names = groups[known]
        member = np.unique(names.astype(str) if names.dtype.kind == "O" else names, return_inverse=True)[1]
        centered = np.bincount(member, weights=centered).astype(np.float64)
    count = len(centered)
    error = float(np.sqrt(np.sum(np.square(centered)) * count / max(count - 1, 1))) / len(values)
    return float(values.mean()), error


def half_width(error: Number, confidence: float = CONFIDENCE) -> Number:
    """Half the width of a normal interval of this confidence."""
    return float(stats.norm.ppf(0.5 + confidence / 2.0)) * error
