"""How the chance that a label is wrong rises with the contradiction: a grid of curves, weighted by what is known.

A contradicted label that states a fact is an error of the label or of the model, and predictions alone cannot tell
which: data sets differ in the slope with which the odds of an error rise. So every slope and start on a grid has a
weight, at first that of data sets whose labels people have reviewed, and answers of people move the weights.

The constants are fitted by `benchmarks/label_facts.py`.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from samplewise.core.arrays import Floats, Ints
from samplewise.labels.contradiction import Contradiction

STRONGEST = 6.0  # contradictions beyond this count as this
START, START_SPREAD = -2.80, 0.7  # log odds of an error at a contradiction of 0: mean, standard deviation
LOW_START, LOW_SPREAD, LOW_SHARE = -5.30, 1.5, 0.15  # the same where the model errs far more often than the labels
SLOPE, SLOPE_SPREAD = -0.41, 0.62  # logarithm of the slope: mean, standard deviation
PAIR = 0.54  # rise of the log odds with the log lift of the pair of classes
STARTS = np.repeat(np.linspace(-9.0, 0.5, 39), 27)
SLOPES = np.tile(np.geomspace(0.08, 4.0, 27), 39)
NEGLIGIBLE = 1e-5  # weight below which a curve is left out
NEVER = 1e-9  # no curve is refuted by one answer
BLOCK = 4096  # rows worked on at once


def slope_prior() -> Floats:
    """(g,) weights of the curves before anyone has answered; they sum to 1."""
    usual = (1.0 - LOW_SHARE) * _bell(STARTS, START, START_SPREAD)
    starts = usual + LOW_SHARE * _bell(STARTS, LOW_START, LOW_SPREAD)
    weights = starts * _bell(np.log(SLOPES), SLOPE, SLOPE_SPREAD)
    return np.asarray(weights / weights.sum())


def chances(found: Contradiction, flips: Floats, rows: Ints, curves: Ints | slice) -> Floats:
    """(r, g) probability that the labels of some rows are wrong, under some curves.

    A label is wrong with the probability that it was flipped, or else with that of its contradiction; below 0 the
    slope is at least 1, so that labels a model agrees with are hardly ever doubted.

    Args:    found: about n rows.   flips: (n,) probability of a flip.   rows: positions.   curves: positions.
    """
    strength, lift, flipped = found.strength[rows, None], found.lift[rows, None], flips[rows, None]
    starts, slopes = STARTS[curves], SLOPES[curves]
    rise = np.where(strength > 0.0, slopes * np.minimum(strength, STRONGEST), np.maximum(1.0, slopes) * strength)
    return np.asarray(flipped + (1.0 - flipped) * expit(starts + rise + PAIR * lift))


def updated(weights: Floats, wrong: Floats, answers: Floats) -> Floats:
    """(g,) weights after people answered: times the probability each curve gives to the answers, in any order.

    Args:    weights: (g,).   wrong: (r, g) `chances` of the rows.   answers: (r,) shares of people who say "wrong".
    """
    likely = np.clip(wrong, NEVER, 1.0 - NEVER)
    logs = (answers[:, None] * np.log(likely) + (1.0 - answers[:, None]) * np.log1p(-likely)).sum(axis=0)
    logs += np.log(np.maximum(weights, np.finfo(np.float64).tiny))
    raised = np.exp(logs - logs.max())
    return np.asarray(raised / raised.sum())


def kept_curves(weights: Floats) -> tuple[Ints, Floats]:
    """Positions (k,) of the curves that matter, and their weights, which sum to 1."""
    curves = np.flatnonzero(weights > NEGLIGIBLE)
    return curves, weights[curves] / weights[curves].sum()


def in_blocks(rows: Ints) -> Iterator[Ints]:
    """The rows, some thousands at a time: (rows x curves) fits into the memory of any machine."""
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]


def _bell(values: Floats, mean: float, spread: float) -> Floats:
    return np.asarray(np.exp(-0.5 * np.square((values - mean) / spread)) / spread)
