"""A column in two units: some of its rows are 10 or 2.54 times what all others are."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from samplewise.core.arrays import Floats, Mask

FACTORS = (2.54, 2.2046, 10.0, 100.0, 1000.0)  # inches, pounds, and powers of ten
FEWEST = 8  # rows in the rarer unit
MOST = 0.3  # share of the rows in the rarer unit: beyond, two kinds of things are likelier than two units
LEAST = 0.005  # the same at the least: fewer are single far values
VARIED = 5  # different values in the rarer unit: one value alone is like any distribution around it
MEASURED = 15  # different values of the commoner unit, from which the column is a measurement
CENTERS = 0.06  # in logarithms: how far the medians may lie apart after the division
GAP = 0.15  # of the logarithm of the factor: how wide the empty stretch between both must be
BULK = 1.0  # the same for the range of the others, at the most: in a wide column a few far rows are its tail
SAME = 0.01  # p-value of two samples of one distribution, below which the divided rows are not like the others


@dataclass(frozen=True, slots=True)
class SecondUnit:
    """The rows of a column that are in another unit than the others.

    Args:
        rows: (n,) which.
        factor: they are this many times the others; below 1 where they are smaller.
        ends: smallest and largest of the other values.
        middle: of the empty stretch between both; the rows are those beyond it.
    """

    rows: Mask
    factor: float
    ends: tuple[float, float]
    middle: float


def second_unit(values: Floats) -> SecondUnit | None:
    """Rows that are a known factor times all others: apart from them, and like them once divided.

    At least 8 rows and .5 % of all, at most 30 %, across an empty stretch; their median, divided by the factor, within
    6 % of that of the others, and the divided values like the others by the test of Kolmogorov and Smirnov.

    Args:    values: (n,) positive, NaN for gaps and for what should not be looked at.
    Cost:    O(n log n).
    Not for: columns so wide that both units overlap, and factors other than 2.54, 2.2046, 10, 100 and 1,000.
    Source:  massey1951 for the test of two samples.

    >>> heights = np.random.default_rng(0).normal(64.0, 2.5, size=200); heights[:20] *= 2.54
    >>> second_unit(heights).factor
    2.54
    """
    present = np.isfinite(values)
    if present.sum() < FEWEST / MOST or not may_have_two(values):
        return None
    logs = np.sort(np.log(values[present]))
    steps, count = np.diff(logs), len(logs)
    few = int(MOST * count)
    steps[few : count - few - 1] = 0.0  # neither side of such a cut is the rarer unit
    steps[: FEWEST - 1] = steps[count - FEWEST :] = 0.0
    cut = int(np.argmax(steps))  # the last row of the lower group
    low, high = logs[: cut + 1], logs[cut + 1 :]
    fewer, others = (low, high) if len(low) < len(high) else (high, low)
    sign = 1.0 if fewer is high else -1.0
    shift = sign * float(np.median(fewer) - np.median(others))
    factor = min(FACTORS, key=lambda candidate: abs(np.log(candidate) - shift))
    moved = fewer - sign * np.log(factor)
    alike = abs(np.log(factor) - shift) <= CENTERS and steps[cut] >= GAP * np.log(factor)
    alike = alike and others[-1] - others[0] <= BULK * np.log(factor)
    varied = len(np.unique(fewer)) >= VARIED and len(np.unique(others)) >= MEASURED and len(fewer) >= LEAST * count
    if not alike or not varied or not _like(np.exp(moved), np.exp(others)):
        return None
    middle = float(np.exp(0.5 * (low[-1] + high[0])))
    rows = present & ((values > middle) if sign > 0 else (values < middle))
    rest = values[present & ~rows]
    return SecondUnit(rows, factor if sign > 0 else 1.0 / factor, (float(rest.min()), float(rest.max())), middle)


def may_have_two(values: Floats) -> bool:
    """Whether values are positive and so wide apart that two units fit in: a look at both ends, cheaper than a sort."""
    low, high = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
    return bool(low > 0 and high >= low * min(FACTORS))


def _like(moved: Floats, others: Floats) -> bool:
    """Whether the divided values could be of the distribution of the others; where those are whole, they are rounded.

    Conversion moves values between whole numbers, which the test would take for another distribution.
    """
    whole = np.abs(others - np.rint(others)).max() < 1e-6
    compared = (np.rint(moved), np.rint(others)) if whole else (moved, others)
    return bool(stats.ks_2samp(*compared).pvalue >= SAME)
