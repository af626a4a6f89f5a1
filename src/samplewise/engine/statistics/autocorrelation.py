"""How many neighbors in time say the same: the time over which numbers in a row hang together."""

import numpy as np

from samplewise.core.arrays import Floats

NOISE = 2.0  # standard errors of an autocorrelation below which it is taken for chance


def autocorrelation_time(values: Floats) -> float:
    """Rows of a series (n,) that count as one: 1 + 2 sum of its autocorrelations, up to the first pair below chance.

    Its best single step or its straight line is taken off first, whichever leaves less, so that a lasting change is
    not read as slow fluctuation.

    Args:    values: (n,) in the order of time.   Returns: 1 for independent rows; larger means fewer independent ones.
    Cost:    O(n log n).   Not for: fluctuations slower than about a tenth of the series.   Source: geyer1992.

    >>> autocorrelation_time(np.random.default_rng(0).normal(size=500))
    1.0
    """
    if len(values) < 4:
        return 1.0
    series = np.asarray(values, dtype=np.float64)
    return min(_time_of(without_step(series)), _time_of(without_line(series)))


def _time_of(left: Floats) -> float:
    rows = len(left)
    spectrum = np.fft.rfft(left, 2 * rows)
    products = np.fft.irfft(spectrum * np.conj(spectrum))[: rows // 2]
    if products[0] <= 0.0:
        return 1.0
    shares = products / products[0]
    pairs = shares[1:-1:2] + shares[2::2][: len(shares[1:-1:2])]
    ends = np.flatnonzero(pairs <= NOISE * np.sqrt(2.0 / rows))
    return float(1.0 + 2.0 * pairs[: ends[0] if len(ends) else len(pairs)].sum())


def best_step(values: Floats, least: int = 1) -> int:
    """Where a series (n,) is best cut into two parts of different means, each of at least `least` rows."""
    rows = len(values)
    before = np.arange(1, rows)
    gain = np.square(np.cumsum(values - values.mean())[:-1]) * rows / (before * (rows - before))
    gain[: least - 1] = gain[rows - least :] = -1.0
    return int(np.argmax(gain)) + 1


def without_line(values: Floats) -> Floats:
    """The series (n,) with its straight line taken off."""
    steps = np.arange(len(values)) - (len(values) - 1) / 2.0
    return np.asarray(values - values.mean() - steps * (steps @ values) / (steps @ steps))


def without_step(values: Floats) -> Floats:
    """The series (n,) with the means before and after its best step taken off."""
    cut = best_step(values, max(1, len(values) // 20))
    return np.r_[values[:cut] - values[:cut].mean(), values[cut:] - values[cut:].mean()]
