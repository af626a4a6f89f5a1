"""Intervals of means and of shares.

Quantiles come from `scipy.special`, which the distributions of `scipy.stats` call as well, without their tenth of a
millisecond per call.
"""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from samplewise.core.arrays import Floats

CONFIDENCE = 0.95
BINS = 2_000  # of a mixture: shares in one bin count as their mean
Number = TypeVar("Number", float, Floats)


def quantile(probability: float, freedom: float = math.inf) -> float:
    """Quantile of Student's t with so many degrees of freedom; of the standard normal where they are infinite.

    >>> round(quantile(0.975), 2), round(quantile(0.975, freedom=9), 2)
    (1.96, 2.26)
    """
    return float(special.ndtri(probability) if math.isinf(freedom) else special.stdtrit(freedom, probability))


def half_width(error: Number, confidence: float = CONFIDENCE, freedom: float = math.inf) -> Number:
    """Half the width of a two-sided interval, from the standard error of the mean."""
    return quantile(0.5 + confidence / 2.0, freedom) * error


def highest_rate(errors: float, rows: float, miss: float) -> float:
    """The error rate at which at most `errors` wrong rows among `rows` have probability `miss`; 1 if all are wrong."""
    return float(special.betainccinv(errors + 1.0, rows - errors, miss)) if errors < rows else 1.0


def share_interval(hits: ArrayLike, trials: ArrayLike, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
    """Clopper-Pearson limits of a share, for counts of any shape.

    `scipy.stats.binomtest` has them for one pair of whole counts; rows in groups count as fractions, and classes, bins
    and segments come as arrays.

    Args:    hits: at most `trials`, fractions allowed.   trials: of the same shape.   confidence: between 0 and 1.
    Returns: (low, high), shares (0..1); 0 where nothing was hit and 1 where everything was.
    Cost:    O(size).   Source: clopper1934.

    >>> low, high = share_interval(3, 100)
    >>> print(f"{low:.5f} {high:.5f}")
    0.00623 0.08518
    """
    hits, trials = np.asarray(hits, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    tail = (1.0 - confidence) / 2.0
    low = special.betaincinv(hits, trials - hits + 1.0, tail)
    high = special.betainccinv(hits + 1.0, trials - hits, tail)
    return np.where(hits > 0, low, 0.0), np.where(hits < trials, high, 1.0)


def conformal_rank(count: int, confidence: float) -> int:
    """Which of `count` misses, from the smallest, another one exceeds with a chance of at most 1 - confidence.

    Where the misses could come in any order; above `count` there is none so large.   Source: vovk2012.

    >>> conformal_rank(19, 0.95), conformal_rank(18, 0.95)
    (19, 19)
    """
    return math.ceil((count + 1) * confidence - 1e-9)


def counted_interval(
    shares: Floats, weights: Floats, trials: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Limits of the share of a finite list, where its expected share is known only as weighted values.

    Under each expected share p the share of the list has the beta distribution of Jeffreys' interval, with parameters
    p trials + 1/2 and (1 - p) trials + 1/2; the limits leave out as much of their mixture on either side, and are moved
    outward to whole rows. So neither agreement about p nor a p of 0 or 1 makes a point of it.

    Args:    shares: (k,), from 0 to 1.   weights: (k,), not negative, with a positive sum.
             trials: rows of the list, at least 1.   confidence: between 0 and 1.
    Returns: (low, high), shares (0..1).   Cost: O(k), and about a hundred evaluations of 2,000 distributions.
    Source:  brown2001.

    >>> low, high = counted_interval(np.ones(1), np.ones(1), 20)
    >>> print(f"{low:.3f} {high:.3f}")
    0.850 1.000
    """
    shares = np.clip(shares, 0.0, 1.0)
    bins = (np.arcsin(np.sqrt(shares)) * (2.0 / math.pi) * (BINS - 1)).astype(np.intp)  # narrow where shares are small
    mass = np.bincount(bins, weights, BINS)
    held = np.flatnonzero(mass)
    means = np.clip(np.bincount(bins, weights * shares, BINS)[held] / mass[held], 0.0, 1.0)
    hits, misses, mass = means * trials + 0.5, (1.0 - means) * trials + 0.5, mass[held] / mass.sum()

    def end(tail: float) -> float:
        return float(optimize.brentq(lambda share: float(mass @ special.betainc(hits, misses, share)) - tail, 0.0, 1.0))

    low, high = end((1.0 - confidence) / 2.0) * trials, end((1.0 + confidence) / 2.0) * trials
    return math.floor(low) / trials, min(1.0, math.ceil(high) / trials)


def wilson_interval(hits: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's limits of a share of whole counts."""
    low, high = stats.binomtest(round(hits), round(trials)).proportion_ci(confidence, "wilson")
    return float(low), float(high)


def difference_of_shares(
    hits: float, trials: float, other_hits: float, other_trials: float, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Low, value and high of one share minus another: Newcombe's interval, made of Wilson's.

    Args:    hits: whole counts.   trials: of the first.   other_hits: of the other.   other_trials: of the other.
             confidence: between 0 and 1.
    Returns: shares (-1..1).   Cost: constant.   Source: newcombe1998.

    >>> [round(end, 4) for end in difference_of_shares(56, 70, 48, 80)]
    [0.0524, 0.2, 0.3339]
    """
    share, other = hits / trials, other_hits / other_trials
    low, high = wilson_interval(hits, trials, confidence)
    other_low, other_high = wilson_interval(other_hits, other_trials, confidence)
    value = share - other
    below, above = np.hypot(share - low, other_high - other), np.hypot(high - share, other - other_low)
    return float(value - below), float(value), float(value + above)
