"""Held-out scores as they would be on true labels: given labels shrink every real effect, by an amount that is known.

The correction changes the size of an effect and never the word for it, and it is made only where how labels are wrong
is known well enough.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.rates import percent
from samplewise.engine.models.metrics import Contributions, Metric
from samplewise.labels.list_judgment import ListJudgment
from samplewise.labels.posterior import LabelPosterior

HIGHEST = 0.4  # share of wrong labels, upper end, from which nothing is corrected
LARGEST_FACTOR = 3.0  # no label may count for more than so many
FEWEST = 20  # rows a class needs for flips of its own
AGREE = 2.0  # two estimates of the share of wrong labels may differ by this factor
LEAST_WIDTH = 0.01  # half the width of the interval of the share, at least


def true_label_scores(posterior: LabelPosterior, judgment: ListJudgment, metric: Metric) -> tuple[Contributions, ...]:
    """Contributions (outputs, codes) -> (n,) to the metric on true labels, at the share of wrong labels and its ends.

    Args:
        posterior: of the whole data, never of the arms that are compared.
        judgment: the share of wrong labels by other kinds of model; both must agree within a factor of two.
        metric: accuracy, the area under the ROC curve or balanced accuracy of two classes, or one of numbers.

    Returns:
        Three functions, of which only differences mean something; none where the noise is not beyond chance, may be
        40 % or more, is told differently by other models, or counts some label more than three times when inverted.

    Cost:   O(c^3).   Not for: errors that follow the features, or that are systematic: those are not corrected.
    Source: docs/tested-advice.md; natarajan2013, patrini2017.
    """
    rate, other = posterior.noise_rate, judgment.claim
    if not posterior.beyond_chance or other is None or not rate.high < HIGHEST or not rate.value > 0:
        return ()
    if not rate.value / AGREE <= other.value <= rate.value * AGREE:
        return ()
    ends = min(rate.low, rate.value - LEAST_WIDTH), max(rate.high, rate.value + LEAST_WIDTH)
    scores = [_scores(posterior, metric, share) for share in (rate.value, max(ends[0], 0.0), ends[1])]
    return tuple(score for score in scores if score is not None) if all(scores) else ()


def _scores(posterior: LabelPosterior, metric: Metric, share: float) -> Contributions | None:
    if metric.task == "regression":
        return partial(_divided, metric.contributions, 1.0 - share)
    flips = flips_at(posterior, share)
    if metric.name == "accuracy":
        inverse = np.linalg.inv(flips) if np.linalg.cond(flips) < 1e6 else np.full(flips.shape, np.inf)
        return partial(_corrected_hits, np.asarray(inverse)) if np.abs(inverse).max() < LARGEST_FACTOR else None
    if posterior.classes != 2:
        return None
    factor = 1.0 - float(_wrong_of_given(flips, posterior.codes).sum())
    return partial(_divided, metric.contributions, factor) if factor > 1.0 / LARGEST_FACTOR else None


def flips_at(posterior: LabelPosterior, share: float) -> Floats:
    """(c, c) P(given | true) in the shape the posterior found, scaled so that this share of all labels is wrong.

    Symmetric where a class has too few rows to show flips of its own.
    """
    count = posterior.classes
    counts = np.bincount(np.asarray(posterior.codes, dtype=np.intp), minlength=count)
    matrix = posterior.noise_matrix
    if counts.min() < FEWEST:
        matrix = np.full((count, count), 1.0 / count)
    away = matrix - np.eye(count)
    found = float(np.sum(_true_shares(matrix, counts) * -np.diag(away)))
    return np.asarray(np.eye(count) + (share / found if found > 0 else 0.0) * away)


def _true_shares(matrix: Floats, counts: Array) -> Floats:
    """(c,) shares of the true classes that give these counts of given ones; by least squares, none below 0."""
    shares = np.maximum(np.linalg.lstsq(matrix.T, counts / counts.sum(), rcond=None)[0], 0.0)
    return np.asarray(shares / shares.sum())


def _wrong_of_given(flips: Floats, codes: Array) -> Floats:
    """(c,) P(true is another class | given), for every given class."""
    counts = np.bincount(np.asarray(codes, dtype=np.intp), minlength=len(flips))
    joint = _true_shares(flips, counts)[:, None] * flips
    return np.asarray(1.0 - np.diag(joint) / np.maximum(joint.sum(axis=0), 1e-12))


def _corrected_hits(inverse: Floats, outputs: Floats, codes: Array) -> Floats:
    """(n,) what each prediction counts, so that the mean over given labels is the accuracy on true ones."""
    return np.asarray(percent(inverse[np.asarray(codes, dtype=np.intp), outputs.argmax(axis=1)]))


def _divided(contributions: Callable[[Floats, Array], Floats], by: float, outputs: Floats, codes: Array) -> Floats:
    return contributions(outputs, codes) / by
