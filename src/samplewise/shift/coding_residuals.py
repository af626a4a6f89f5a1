"""What a label and its source have in common beyond the features: products of two held-out residuals."""

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import hashed_order
from samplewise.engine.closed_form import KernelMap, SubsetRidge, median_bandwidth

LANDMARKS = 300
KNOTS = 5  # of every score: bends of its piecewise linear effect
EXPLAINED = 0.01  # least share of the variance that a prediction is used from


def residual_pairs(
    space: Floats, labels: Floats, sources: Floats, scores: Floats, folds: Ints, ids: Array
) -> tuple[Floats, Floats, Floats]:
    """Held-out residuals of labels and of sources on the same features, and the predicted labels.

    Two stages. Kernel ridge heads predict the labels and the scores of the source (its time, or its share of each
    site) from the features. Ridge heads on bends and products of these few predictions then predict both again: what
    the first stage leaves of the features' effect, it leaves alike in both, and the second takes it off. Features that
    drift therefore leave no trace, where labels follow them.

    Args:    space: (n, d) points.   labels: (n, k) class indicators or numbers.   sources: (n, s) indicators.
             scores: (n, t) what the first stage predicts of the source.   folds: (n,).   ids: (n,) keys.
    Returns: residuals of labels (n, k), residuals of sources (n, s), predicted labels (n, k).
    Cost:    10 closed-form fits on 300 landmarks and 10 on the scores.   Source: robinson1988, shah2020.
    """
    features = _kernel_features(space, ids)
    bent = _bends(_useful(features, labels, folds), _useful(features, scores, folds))
    predicted = _held_out(bent, labels, folds)
    return labels - predicted, sources - _held_out(bent, sources, folds), predicted


def _kernel_features(space: Floats, ids: Array) -> Floats:
    """Kernel values against hash-drawn rows, and the points themselves, for effects that are straight lines."""
    drawn = hashed_order(0, ids, "landmarks")
    width = median_bandwidth(space[np.sort(drawn[:1000])])
    kernel = KernelMap(space[np.sort(drawn[: min(LANDMARKS, max(len(ids) // 4, 10))])], width)
    return np.column_stack([np.asarray(kernel(space)), space])


def _useful(features: Floats, targets: Floats, folds: Ints) -> Floats:
    """(n, u) held-out predictions of those targets of which they explain a hundredth of the variance.

    What is no prediction is the mean of the other folds, from which the second stage would read the fold.
    """
    outputs = _held_out(features, targets, folds)
    left = np.square(targets - outputs).mean(axis=0)
    return np.asarray(outputs[:, left <= (1.0 - EXPLAINED) * targets.var(axis=0)])


def _held_out(features: Floats, targets: Floats, folds: Ints) -> Floats:
    """(n, c) outputs of heads that saw no row of the row's fold; the mean of the others where there is no feature."""
    if not features.shape[1]:
        means = np.stack([targets[folds != fold].mean(axis=0) for fold in range(int(folds.max()) + 1)])
        return np.asarray(means[folds])
    engine = SubsetRidge(features, targets, blocks=folds)
    outputs = np.empty(targets.shape)
    for fold in np.unique(folds):
        outputs[folds == fold] = engine.fit(folds != fold).outputs(features[folds == fold])
    return outputs


def _bends(labels: Floats, scores: Floats) -> Floats:
    """The predictions, their bends at quantiles, and the products of predicted labels with scores of the source."""
    first = np.column_stack([labels, scores])
    bends = [
        np.maximum(column[:, None] - np.unique(np.quantile(column, np.linspace(0.0, 1.0, KNOTS + 2)[1:-1])), 0.0)
        for column in first.T
    ]
    products = (labels[:, :, None] * scores[:, None, :]).reshape(len(first), -1)
    return np.column_stack([first, *bends, products])
