"""`row_effects` for networks: which rows hurt rows that had no part in the training, read off the trained module."""

from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import derive_seed
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Part
from samplewise.influence.attribution.attributor import Attributor
from samplewise.influence.valuation.row_effects import RowEffects, group_numbers, hash_drawn_judges, means_and_spread

JUDGING = 2  # folds that judge: with two, every row teaches at least once


def is_network(part: Part) -> bool:
    """Whether the part's learner trains a module whose gradients can be read."""
    return hasattr(part.runner.learner, "make_module")


def network_effects(part: Part) -> RowEffects:
    """What leaving each row out would do to the loss of held-out rows, to first order, under the trained network.

    For two folds in turn the network is trained on the other folds, and the influence of every row taught on the loss
    of every row of the fold is summed up. Reach is the mean squared effect on the margin of the class the network
    itself predicts, so that no judge's label enters.

    Args:    part: n rows whose learner is a `TorchLearner`.
    Returns: `RowEffects`; benefit in units of the loss, below 0 for rows that hurt.
    Cost:    two trainings, and what `Attributor(method="auto")` needs.
    Not for: effects in the network's own scale: they are those of the network linearized at its weights.
    Source: koh2017, jacot2018.
    """
    sums = np.zeros((5, len(part)))
    for fold in np.unique(part.folds)[-JUDGING:]:
        taught = np.flatnonzero(part.folds < fold if part.ordered else part.folds != fold)
        if len(taught):
            sums[:, taught] += _judged_by(part, int(fold), taught)
    means, spread, reaches = means_and_spread(sums)
    ids = part.runner.data.ids[part.positions]
    return RowEffects(
        Scores("benefit", means, ids, "loss", "lowers the loss of other rows", spread=spread),
        Scores("reach", reaches, ids, "squared log-odds", "moves the answers for other rows"),
    )


def _judged_by(part: Part, fold: int, taught: Ints) -> Floats:
    """(5, t) sums over the groups of one fold: benefit, its square, reach, groups and judges."""
    ids = part.runner.data.ids[part.positions]
    judges = hash_drawn_judges(np.flatnonzero(part.folds == fold), len(taught), ids, part.runner.seed)
    teaching, asking = _rows(part, taught), _rows(part, judges)
    seed = derive_seed(part.runner.seed, "network_effects", fold)
    target = replace(part.target, codes=part.codes[taught])
    fitted = part.runner.learner.fit(teaching, seed=seed, target=target)
    attributor = Attributor(fitted, seed=seed).fit(teaching)
    benefits = -attributor.attribute(asking, target="loss").values
    expected = asking.with_labels(_predicted(part, fitted.outputs(asking.X)))
    reach = np.square(attributor.attribute(expected).values).sum(axis=0)
    groups = group_numbers(part)[judges]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) > 0])
    together = np.add.reduceat(benefits[order], starts, axis=0)
    counts = np.full((2, len(taught)), [[len(starts)], [len(judges)]], dtype=np.float64)
    return np.vstack([together.sum(axis=0), np.square(together).sum(axis=0), reach, counts])


def _rows(part: Part, positions: Ints) -> Dataset:
    """Rows of the part with the labels a rule may see."""
    return part.data.take(positions).with_labels(_as_labels(part, part.codes[positions]))


def _predicted(part: Part, outputs: Floats) -> Array:
    return _as_labels(part, outputs.argmax(axis=1) if part.class_count else outputs[:, 0])


def _as_labels(part: Part, codes: Array) -> Array:
    return codes if part.target.classes is None else part.target.classes[codes]
