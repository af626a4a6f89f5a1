"""Whether two samples differ: ranks of scores, and values that one of them lacks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from samplewise.core.arrays import Floats
from samplewise.core.randomness import generator
from samplewise.engine.statistics.significance import simulated_p_value

FEWEST_FOR_NORMAL = 50  # rows of the smaller sample from which the normal limit of the rank sum serves
MOST_BESIDE = 10  # rows of the larger sample per row of the smaller, where orders are drawn
DRAWS = 1_999


class RankTest(NamedTuple):
    """Chance that a score of the second sample is above one of the first (ties by half), its error, and p."""

    auc: float
    error: float
    p_value: float


def rank_test(first: Floats, second: Floats, *, seed: int = 0) -> RankTest:
    """One-sided rank sum test of "scores of the second sample, (m,), are no larger than those of the first, (n,)".

    Where the scores come from a model fitted on other rows, which sample a row belongs to can be exchanged if the
    samples are alike, so nothing has to be fitted again. Under 50 rows on a side the orders are drawn.

    Args:    first, second: finite scores.   seed: of the drawn orders.
    Returns: area under the curve (0..1), its standard error by DeLong, and the p-value.
    Cost:    O((n + m) log(n + m)).   Source: mann1947, delong1988.

    >>> rank_test(np.zeros(60), np.ones(60)).auc
    1.0
    """
    n, m = len(first), len(second)
    joint = stats.rankdata(np.r_[first, second])
    above_first = (joint[n:] - stats.rankdata(second)) / n
    above_second = 1.0 - (joint[:n] - stats.rankdata(first)) / m
    auc = float(above_first.mean())
    error = float(np.sqrt(above_first.var() / m + above_second.var() / n))
    if min(n, m) >= FEWEST_FOR_NORMAL:
        ties = np.unique(joint, return_counts=True)[1].astype(np.float64)
        total = float(n + m)
        spread = np.sqrt((total + 1.0 - np.sum(ties**3 - ties) / (total * (total - 1.0))) / (12.0 * n * m))
        p_value = float(special.ndtr(-(auc - 0.5 - 0.5 / (n * m)) / spread)) if spread > 0 else 1.0
        return RankTest(auc, error, p_value)
    return RankTest(auc, error, _drawn_p_value(first, second, seed))


def _drawn_p_value(first: Floats, second: Floats, seed: int) -> float:
    """Share of random orders whose rank sum is as large, of at most ten rows per row of the smaller sample."""
    kept = MOST_BESIDE * min(len(first), len(second))
    first, second = first[:kept], second[:kept]
    ranks = stats.rankdata(np.r_[first, second])
    keys = generator(seed, "orders").random((DRAWS, len(ranks)))
    size = min(len(first), len(second))
    drawn = ranks[np.argpartition(keys, size - 1, axis=1)[:, :size]].sum(axis=1)
    if size == len(second):
        return float(simulated_p_value(ranks[len(first) :].sum(), drawn))
    return float(simulated_p_value(-ranks[: len(first)].sum(), -drawn))


def only_here_p_value(rows: ArrayLike, here: int, there: int) -> Floats:
    """Chance that `rows` given rows (...) all lie among the `here` and none among the `there`, if sides are random.

    >>> print(round(float(only_here_p_value(2, 3, 3)), 3))
    0.2
    """
    count = np.asarray(rows, dtype=np.float64)
    inside = special.gammaln(here + 1.0) - special.gammaln(here - count + 1.0)
    overall = special.gammaln(here + there + 1.0) - special.gammaln(here + there - count + 1.0)
    return np.asarray(np.exp(inside - overall))
