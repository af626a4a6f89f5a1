"""How the chance that a label is wrong rises with the contradiction: a grid of curves, weighted by what is known.

A contradicted label that states a fact is an error of the label or of the model, and predictions alone cannot tell
which: data sets differ in the slope with which the odds of an error rise. So every slope and start on a grid has a
weight, at first that of data sets whose labels people have reviewed, and answers of people move the weights.

No evidence is beyond doubt, that of a flip included: every chance is multiplied by a ceiling, which has a grid and
weights of its own, so that a share is never a certainty and answers can move every label.

The constants are fitted by `benchmarks/label_facts.py`; the weights of the ceilings are those of planted flips, of
which .86 to .99 of what a model called proven was (docs/decisions/0039).
"""

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.labels.contradiction import Contradiction

STRONGEST = 6.0  # contradictions beyond this count as this
START, START_SPREAD = -2.80, 0.7  # log odds of an error at a contradiction of 0: mean, standard deviation
LOW_START, LOW_SPREAD, LOW_SHARE = -5.30, 1.5, 0.15  # the same where the model errs far more often than the labels
SLOPE, SLOPE_SPREAD = -0.35, 0.58  # logarithm of the slope: mean, standard deviation
PAIR = 0.56  # rise of the log odds with the log lift of the pair of classes
START_STEPS, SLOPE_STEPS = np.linspace(-9.0, 0.5, 39), np.geomspace(0.08, 4.0, 27)
STEEP_STEPS = np.maximum(1.0, SLOPE_STEPS)  # of labels the model agrees with
STARTS, SLOPES = np.repeat(START_STEPS, len(SLOPE_STEPS)), np.tile(SLOPE_STEPS, len(START_STEPS))
CEILINGS = (np.arange(40) + 0.5) / 40.0
CEILING = 9.0  # their weights are a beta distribution with these parameters and 1: mean .9, standard deviation .09
LARGEST = 600.0  # exponent beyond which the chance is 0 in any case
NEVER = 1e-9  # no curve is refuted by one answer
BLOCK = 128  # rows worked on at once: what the processor keeps at hand


def slope_prior() -> Floats:
    """(g, h) weights of the curves and ceilings before anyone has answered; they sum to 1."""
    usual = (1.0 - LOW_SHARE) * _bell(STARTS, START, START_SPREAD)
    starts = usual + LOW_SHARE * _bell(STARTS, LOW_START, LOW_SPREAD)
    weights = (starts * _bell(np.log(SLOPES), SLOPE, SLOPE_SPREAD))[:, None] * CEILINGS ** (CEILING - 1.0)
    return np.asarray(weights / weights.sum())


def chances(found: Contradiction, flips: Floats, rows: Ints) -> Floats:
    """(r, g) probability that the labels of some rows are wrong, under every curve, for a ceiling of 1.

    A label is wrong with the probability that it was flipped, or else with that of its contradiction; below 0 the
    slope is at least 1, so that labels a model agrees with are hardly ever doubted.

    Args:    found: about n rows.   flips: (n,) probability of a flip.   rows: positions.
    """
    flipped = flips[rows, None]
    return np.asarray(flipped + (1.0 - flipped) * _unflipped(found, rows))


def means_and_totals(found: Contradiction, flips: Floats, rows: Ints, weights: Floats) -> tuple[Floats, Floats]:
    """(r,) probability that each label is wrong over all curves, and (g, h) the number of wrong ones under each.

    Args:    found, flips, rows: as in `chances`.   weights: (g, h) of the curves and ceilings.
    Cost:    about 5 microseconds a row; a block of rows is in memory at once.
    """
    below = weights @ CEILINGS  # chances are multiples of the ceiling, so that its mean under each curve is enough
    means, totals = np.empty(len(rows)), np.full(len(weights), np.sum(flips[rows]))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        under, kept = _unflipped(found, block), 1.0 - flips[block]
        means[start : start + BLOCK] = flips[block] * below.sum() + kept * (under @ below)
        totals += kept @ under
    return means, totals[:, None] * CEILINGS


def flips_right(weights: Floats) -> float:
    """Probability that a label is wrong whose flip is certain by the predictions: the mean of the ceilings.

    Args:    weights: (g, h) of the curves and ceilings.
    """
    return float(np.sum(weights @ CEILINGS))


def likely_wrong(found: Contradiction, flips: Floats, rows: Ints, weights: Floats) -> Floats:
    """(r,) weight of the curves and ceilings under which each label is likelier wrong than right.

    Args:    found, flips, rows, weights: as in `means_and_totals`.
    Cost:    O(r g); a block of rows is in memory at once.
    """
    above = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]  # of ceilings from each on
    above = np.column_stack([above, np.zeros(len(weights))])
    share = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        under = chances(found, flips, rows[start : start + BLOCK])
        least = np.searchsorted(CEILINGS, 0.5 / np.maximum(under, NEVER), side="right")
        share[start : start + BLOCK] = above[np.arange(len(weights)), least].sum(axis=1)
    return share


def updated(weights: Floats, wrong: Floats, answers: Floats) -> Floats:
    """(g, h) weights after people answered: times the probability each curve gives to the answers, in any order.

    Args:    weights: (g, h).   wrong: (r, g) `chances` of the rows.   answers: (r,) shares of people who say "wrong".
    """
    logs = np.log(np.maximum(weights, np.finfo(np.float64).tiny))
    for under, said in zip(wrong, answers.tolist(), strict=True):
        likely = np.clip(under[:, None] * CEILINGS, NEVER, 1.0 - NEVER)
        logs += said * np.log(likely) + (1.0 - said) * np.log1p(-likely)
    raised = np.exp(logs - logs.max())
    return np.asarray(raised / raised.sum())


def _unflipped(found: Contradiction, rows: Ints) -> Floats:
    """(r, g) the logistic curves alone: exp(-start - rise) is a product, so that only the slopes take exponentials."""
    strength, lift = found.strength[rows, None], found.lift[rows, None]
    rise = np.where(strength > 0.0, SLOPE_STEPS * np.minimum(strength, STRONGEST), STEEP_STEPS * strength)
    odds_for = np.exp(np.minimum(-rise - PAIR * lift, LARGEST))
    under = odds_for[:, None, :] * np.exp(-START_STEPS)[:, None]
    under += 1.0
    return np.asarray(np.reciprocal(under, out=under).reshape(len(rows), len(STARTS)))


def _bell(values: Floats, mean: float, spread: float) -> Floats:
    return np.asarray(np.exp(-0.5 * np.square((values - mean) / spread)) / spread)
