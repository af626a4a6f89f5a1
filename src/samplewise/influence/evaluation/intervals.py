"""Bootstrap intervals of means over queries, and over repeats and queries at once."""

import numpy as np

from samplewise.core.arrays import Floats
from samplewise.core.randomness import generator
from samplewise.core.values import Estimate

CONFIDENCE = 0.95
RESAMPLES = 1000


def mean_estimate(values: Floats, quantity: str, unit: str, *, seed: int = 0, of: str = "queries") -> Estimate:
    """The mean of (m,) values, or of (r, m) repeats of them, with a bootstrap interval over every axis.

    Values are sorted before they are drawn, so the order they came in changes nothing.
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    table = table[:, np.lexsort(table)]
    repeats, count = table.shape
    draw = generator(seed, "mean", repeats, count)
    drawn = draw.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count
    again = draw.multinomial(repeats, np.full(repeats, 1 / repeats), size=RESAMPLES) / repeats
    means = np.einsum("br,rm,bm->b", again, table, drawn, optimize=True)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    source = f"bootstrap of {count} {of}" + (f" and {repeats} seeds" if repeats > 1 else "")
    return Estimate(quantity, float(table.mean()), float(low), float(high), unit, CONFIDENCE, source)
