"""p-values of means, of counts and of simulations."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from samplewise.core.arrays import Array, Floats

ROUNDING = 1e-12  # simulated values that differ from the observed one by so little, relatively, are equal to it


def p_value_above(mean: float, error: float, freedom: float = math.inf) -> float:
    """One-sided p-value of "the mean is at most 0", from its standard error; 0 or 1 where there is no spread.

    >>> round(p_value_above(1.645, 1.0), 3)
    0.05
    """
    if not error > 0:
        return float(mean <= 0)
    return float(special.ndtr(-mean / error) if math.isinf(freedom) else special.stdtr(freedom, -mean / error))


def two_sided_p_value(mean: float, error: float) -> float:
    """p-value of "the mean is 0" by the normal distribution; 1 where there is no spread to compare it with."""
    return 2.0 * float(special.ndtr(-abs(mean) / error)) if error > 0 else 1.0


def binomial_p_value(hits: Array | float, trials: Array | float, share: Array | float) -> Floats:
    """Chance of at least so many hits where each trial is one with chance `share`.

    `scipy.stats.binomtest` tests one pair of counts.

    >>> print(round(float(binomial_p_value(9, 10, 0.5)), 4))
    0.0107
    """
    return np.asarray(stats.binom.sf(hits - 1, trials, share))


def simulated_p_value(observed: ArrayLike, null: Floats) -> Floats:
    """Share of draws under the null (..., draws) that reach what was observed (...), itself counted as one of them.

    >>> print(simulated_p_value(2.0, np.array([0.0, 1.0, 2.0])))
    0.5
    """
    seen = np.asarray(observed, dtype=np.float64)[..., np.newaxis]
    return np.asarray((1.0 + (null >= seen - ROUNDING * np.abs(seen)).sum(axis=-1)) / (1.0 + null.shape[-1]))
