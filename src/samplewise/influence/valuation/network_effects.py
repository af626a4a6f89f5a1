"""`row_effects` for networks: which rows hurt held-out rows, from the gradients of the trained module."""

from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import derive_seed
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import FoldedRows
from samplewise.influence.attribution.attributor import Attributor
from samplewise.influence.valuation.row_effects import RowEffects, group_numbers, hash_drawn_rows, means_and_spread

EVALUATED_FOLDS = 2  # folds evaluated on: with two, every row is trained on at least once


def is_network(folded: FoldedRows) -> bool:
    """Whether the learner trains a module whose gradients can be read."""
    return hasattr(folded.runner.learner, "make_module")


def network_effects(folded: FoldedRows) -> RowEffects:
    """What leaving each row out would do to the loss of held-out rows, to first order, under the trained network.

    For two folds in turn the network is trained on the other folds, and the influence of every training row on the
    loss of every row of the fold is summed up. Reach is the mean squared effect on the margin of the class the network
    itself predicts, so that no evaluation label enters.

    Args:    folded: n rows whose learner is a `TorchLearner`.
    Returns: `RowEffects`; benefit in units of the loss, below 0 for rows that hurt.
    Cost:    two trainings, and what `Attributor(method="auto")` needs.
    Not for: effects in the network's own scale: they are those of the network linearized at its weights.
    Source: koh2017, jacot2018.
    """
    sums = np.zeros((5, len(folded)))
    for fold in np.unique(folded.folds)[-EVALUATED_FOLDS:]:
        trained = np.flatnonzero(folded.folds < fold if folded.ordered else folded.folds != fold)
        if len(trained):
            sums[:, trained] += _evaluated_by(folded, int(fold), trained)
    means, spread, reaches = means_and_spread(sums)
    ids = folded.runner.data.ids[folded.positions]
    return RowEffects(
        Scores("benefit", means, ids, "loss", "lowers the loss of other rows", spread=spread),
        Scores("reach", reaches, ids, "squared log-odds", "changes the outputs for other rows"),
    )


def _evaluated_by(folded: FoldedRows, fold: int, trained: Ints) -> Floats:
    """(5, t) sums over the groups of one fold: benefit, its square, reach, groups and evaluation rows."""
    ids = folded.runner.data.ids[folded.positions]
    evaluated_rows = hash_drawn_rows(np.flatnonzero(folded.folds == fold), len(trained), ids, folded.runner.seed)
    training, evaluated = _rows(folded, trained), _rows(folded, evaluated_rows)
    seed = derive_seed(folded.runner.seed, "network_effects", fold)
    target = replace(folded.target, codes=folded.codes[trained])
    fitted = folded.runner.learner.fit(training, seed=seed, target=target)
    attributor = Attributor(fitted, seed=seed).fit(training)
    benefits = -attributor.attribute(evaluated, target="loss").values
    expected = evaluated.with_labels(_predicted(folded, fitted.outputs(evaluated.X)))
    reach = np.square(attributor.attribute(expected).values).sum(axis=0)
    groups = group_numbers(folded)[evaluated_rows]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) > 0])
    together = np.add.reduceat(benefits[order], starts, axis=0)
    counts = np.full((2, len(trained)), [[len(starts)], [len(evaluated_rows)]], dtype=np.float64)
    return np.vstack([together.sum(axis=0), np.square(together).sum(axis=0), reach, counts])


def _rows(folded: FoldedRows, positions: Ints) -> Dataset:
    """Some of the rows, with the labels a rule may read."""
    return folded.data.take(positions).with_labels(_as_labels(folded, folded.codes[positions]))


def _predicted(folded: FoldedRows, outputs: Floats) -> Array:
    return _as_labels(folded, outputs.argmax(axis=1) if folded.class_count else outputs[:, 0])


def _as_labels(folded: FoldedRows, codes: Array) -> Array:
    return codes if folded.target.classes is None else folded.target.classes[codes]
