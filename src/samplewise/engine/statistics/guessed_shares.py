"""Intervals of a share that use a guess of it: valid whatever the guess, shorter where it is near."""

from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from samplewise.core.arrays import Floats

STRENGTH = 20.0  # rows the guess is worth
TRUST = 0.8  # of the weight the guess has; the rest is on every share alike
GRID = 2_301  # shares that are tried
MOST_TRIALS = 1_000  # beyond, a guess of 20 rows changes nothing that matters


def guessed_interval(hits: int, trials: int, guess: float, confidence: float) -> tuple[float, float]:
    """Limits of a share from `hits` in `trials`, the miss divided between both sides as the guess suggests.

    For every share the outcomes are accepted that are most likely under it relative to what the guess makes of them,
    until they hold the confidence. So the limits cover at least as often as they say for every share and every guess;
    a guess that is far off only widens them. The shares are tried on a grid and the limits moved out by one step.

    Args:    hits, trials: whole counts, at most 1,000 trials.   guess: share, chosen without looking at the hits.
             confidence: between 0 and 1.
    Returns: (low, high), shares (0..1).
    Cost:    2,301 sorts of `trials` numbers, kept for the next call.   Source: pratt1961.

    >>> print("{:.3f} {:.3f}".format(*guessed_interval(6, 30, 0.184, 0.95)))
    0.091 0.359
    """
    shares, least, greatest = _accepted(trials, round(guess, 4), confidence)
    inside = np.flatnonzero((least <= hits) & (hits <= greatest))
    low, high = max(inside[0] - 1, 0), min(inside[-1] + 1, len(shares) - 1)
    return (float(shares[low]) if hits else 0.0), (float(shares[high]) if hits < trials else 1.0)


@lru_cache(maxsize=16)
def _accepted(trials: int, guess: float, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Shares that are tried, and the fewest and most hits accepted under each."""
    shares = np.square(np.sin(np.linspace(0.0, np.pi / 2.0, GRID)))
    outcomes = np.arange(trials + 1.0)
    chances = np.asarray(stats.binom.pmf(outcomes, trials, shares[:, np.newaxis]))
    own, other = STRENGTH * guess, STRENGTH * (1.0 - guess)
    expected = TRUST * stats.betabinom.pmf(outcomes, trials, max(own, 1e-3), max(other, 1e-3))
    expected = expected + (1.0 - TRUST) / (trials + 1.0)
    order = np.argsort(-chances / expected, axis=1, kind="stable")
    held = np.cumsum(np.take_along_axis(chances, order, axis=1), axis=1)
    needed = np.argmax(held >= confidence - 1e-12, axis=1)
    taken = np.arange(trials + 1) <= needed[:, np.newaxis]
    least = np.where(taken, order, trials + 1).min(axis=1)
    return shares, least.astype(np.float64), np.where(taken, order, -1).max(axis=1).astype(np.float64)


def any_time_interval(hits: float, trials: float, guess: float, confidence: float) -> tuple[float, float]:
    """Limits of a share that hold at every moment at once, however often one looks and whenever one stops.

    The likelihood of the hits, averaged over a beta distribution around the guess, is a fair bet against every share:
    it exceeds 1 / (1 - confidence) times that of the true share with a chance of at most 1 - confidence.

    Args:    hits, trials: counts so far.   guess: share, chosen before the first trial.   confidence: between 0 and 1.
    Returns: (low, high), shares (0..1).   Cost: constant.   Source: ville1939.

    >>> print("{:.3f} {:.3f}".format(*any_time_interval(6, 30, 0.2, 0.95)))
    0.059 0.427
    """
    own, other = max(STRENGTH * guess, 0.5), max(STRENGTH * (1.0 - guess), 0.5)
    mixture = special.betaln(own + hits, other + trials - hits) - special.betaln(own, other)
    bound = -np.log(1.0 - confidence)

    def excess(share: float) -> float:
        return float(mixture - special.xlogy(hits, share) - special.xlog1py(trials - hits, -share) - bound)

    top = hits / trials if trials else 0.5
    tiny = 1e-12
    if excess(min(max(top, tiny), 1.0 - tiny)) >= 0.0:
        return float(top), float(top)
    low = optimize.brentq(excess, tiny, top) if excess(tiny) > 0 else 0.0
    high = optimize.brentq(excess, max(top, tiny), 1.0 - tiny) if excess(1.0 - tiny) > 0 else 1.0
    return float(low), float(high)
