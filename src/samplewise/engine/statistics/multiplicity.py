"""Corrections for many tests at once."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from samplewise.core.arrays import Floats, Mask


def holm(p_values: ArrayLike, n_tests: int | None = None) -> Floats:
    """(k,) p-values after Holm's step-down correction, in the order given.

    scipy corrects for the false discovery rate only.

    Args:    p_values: (k,).   n_tests: k or more, where further tests were made whose p-values are known to be larger.
    Returns: (k,), never below the p-values; those below a level are significant together at it.
    Cost:    O(k log k).   Source: holm1979.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    given = np.asarray(p_values, dtype=np.float64)
    n_tests = len(given) if n_tests is None else n_tests
    order = np.argsort(given, kind="stable")
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate((n_tests - np.arange(len(order))) * given[order]))
    return adjusted


def discoveries(p_values: Floats, rate: float) -> Mask:
    """(k,) which p-values are discoveries at this false discovery rate, by Benjamini and Hochberg; NaN never is.

    >>> discoveries(np.array([0.001, 0.02, 0.9, np.nan]), 0.05)
    array([ True,  True, False, False])
    """
    if not len(p_values):
        return np.zeros(0, dtype=bool)
    known = ~np.isnan(p_values)
    return known & (np.asarray(stats.false_discovery_control(np.where(known, p_values, 1.0))) <= rate)
