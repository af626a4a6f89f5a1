"""Bootstrap: rows drawn again with replacement, as counts, and the intervals read from the draws.

`scipy.stats.bootstrap` takes a function of the drawn rows. The statistics here are weighted sums, which one product
with the (b, n) counts gives for all draws, and an axis of repeats and one of rows are drawn together.
"""

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.randomness import generator
from samplewise.core.values import Estimate
from samplewise.engine.statistics.intervals import CONFIDENCE

N_RESAMPLES = 1000


def resampled_counts(draw: np.random.Generator, n_rows: int, n_resamples: int) -> Ints:
    """(b, n) how often each row is in each resample of n rows."""
    return draw.multinomial(n_rows, np.full(n_rows, 1.0 / n_rows), size=n_resamples)


def percentile_interval(drawn: Floats, confidence: float = CONFIDENCE, axis: int = 0) -> tuple[Floats, Floats]:
    """Limits that leave out as many draws on either side."""
    low, high = np.quantile(drawn, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0], axis=axis)
    return low, high


def reflected_interval(value: float, drawn: Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The percentile interval reflected at the estimate ("basic"): what a resample adds to the bias is taken off."""
    low, high = percentile_interval(drawn, confidence)
    return float(2.0 * value - high), float(2.0 * value - low)


def bootstrap_mean(values: Floats, quantity: str, unit: str, *, seed: int = 0, of: str = "queries") -> Estimate:
    """The mean of (m,) values, or of (r, m) repeats of them, with a bootstrap interval over every axis.

    Values are sorted before they are drawn, so the order they came in changes nothing.

    Args:    values: finite.   quantity: name of the estimate.   unit: of the values.   seed: of the bootstrap.
             of: what the m values belong to, for the source line.
    Returns: Estimate with its 95 % percentile interval.
    Cost:    1,000 draws of r + m counts.

    >>> print(bootstrap_mean(np.arange(5.0), "depth", "m"))
    2 [0.8, 3.2] m
    """
    table = np.atleast_2d(np.asarray(values, dtype=np.float64))
    table = table[:, np.lexsort(table)]
    repeats, count = table.shape
    draw = generator(seed, "mean", repeats, count)
    drawn = resampled_counts(draw, count, N_RESAMPLES) / count
    again = resampled_counts(draw, repeats, N_RESAMPLES) / repeats
    low, high = percentile_interval(np.einsum("br,rm,bm->b", again, table, drawn, optimize=True))
    source = f"bootstrap of {count} {of}" + (f" and {repeats} seeds" if repeats > 1 else "")
    return Estimate(quantity, float(table.mean()), float(low), float(high), unit, CONFIDENCE, source)


def gumbel_noise(uniform: Floats) -> Floats:
    """Standard Gumbel noise (n,) from numbers in [0, 1).

    The k rows with the largest log weight plus noise are k rows drawn one after another without replacement, each in
    proportion to the weights of those that are left.
    """
    return -np.log(-np.log(np.clip(uniform, 1e-300, 1.0 - 1e-16)))
