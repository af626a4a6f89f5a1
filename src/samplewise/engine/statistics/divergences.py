"""Kullback-Leibler divergence of two rates or distributions, and the largest rate within a limit of it."""

from collections.abc import Callable

import numpy as np
from scipy import special

from samplewise.core.arrays import Array, Floats

HALVINGS = 80  # the end is known to 1e-24 of the interval, or to the last bit


def binary_kl(first: float, second: float) -> float:
    """Nats: Kullback-Leibler divergence of a 0/1 variable of mean `first` from one of mean `second`."""
    return float(special.rel_entr(first, second) + special.rel_entr(1.0 - first, 1.0 - second))


def distribution_of(counts: Array) -> Floats:
    """Counts (k,) as shares of their sum; all zero where there is none."""
    total = float(np.sum(counts))
    return np.asarray(counts, dtype=np.float64) / (total or 1.0)


def log_ratio(first: Floats, second: Floats, floor: float = 1e-8) -> Floats:
    """Nats (k,): log of first / second, both raised by a floor, so that what one of them lacks costs a finite amount.

    The mean of it under `first` is the Kullback-Leibler divergence of `first` from `second`.

    >>> log_ratio(np.array([0.5, 0.5]), np.array([0.25, 0.75])).round(2).tolist()
    [0.69, -0.41]
    """
    return np.log(first + floor) - np.log(second + floor)


def kl_inverse(rate: float, nats: float) -> float:
    """The largest r in [rate, 1] with kl(rate || r) <= nats.

    >>> round(kl_inverse(0.0, 0.3), 4)
    0.2592
    """
    return largest_within(lambda other: binary_kl(rate, other), rate, nats)


def largest_within(divergence: Callable[[float], float], start: float, limit: float) -> float:
    """The rate in [start, 1] where a divergence that rises from 0 at `start` meets its limit, rounded up."""
    low, high = start, 1.0
    if divergence(high) <= limit:
        return high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if divergence(middle) <= limit else (low, middle)
    return high
