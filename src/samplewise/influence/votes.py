"""The value of every row to its nearest neighbours' votes."""

from typing import Any

import numpy as np

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.neighbours import NeighbourIndex, neighbour_shapley
from samplewise.engine.refits import Part, open_part
from samplewise.engine.refits.ordering import in_id_order

NEAREST = 1000  # rows further away than so many change no vote of ten neighbours by more than a thousandth


def knn_shapley(data: Dataset | tuple[Any, Any] | Part, *, count: int = 10, folds: int = 5, seed: int = 0) -> Scores:
    """Shapley value of every row to a nearest-neighbour classifier of the other folds, in share of votes.

    The rows of one fold ask, the rows of the other folds vote; the value of a row is its mean over the folds it votes
    for, times the number of voters, so that 1 is the value of an average helpful row.

    Args:
        data: n rows with class labels, a pair (X, y), or a part of refits.
        count: neighbours that vote.
        folds: number of folds.
        seed: of the folds.

    Returns:
        Scores "neighbour_value" (n,), larger means the row helps, below 0 it misleads; NaN for a row that never voted.

    Raises:
        InputError: no labels, or labels that are numbers.

    Cost: one neighbour search per fold, O(n min(n, 1000)).   Not for: copies (they share one value).
    Source: jia2019.

    >>> X, y = np.repeat([0.0, 1.0], 20)[:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> knn_shapley((X, y), count=5).top(1, largest=False).keys
    array([7])
    """
    given = data if isinstance(data, Part) else open_part(data, folds=folds, seed=seed)
    part, order = in_id_order(given)  # equally near rows vote in an order of their own
    if not part.class_count:
        raise InputError(
            "neighbours vote for classes, and these labels are numbers",
            got=f"{len(part)} rows, task regression",
            fix="use leave_one_out(data) for regression",
        )
    value, seen = np.zeros(len(part)), np.zeros(len(part))
    for fold in np.unique(part.folds):
        voters = np.flatnonzero(part.folds < fold if part.ordered else part.folds != fold)
        asking = np.flatnonzero(part.folds == fold)
        if not len(voters):
            continue
        near = NeighbourIndex(part.space[voters]).query(part.space[asking], count=min(NEAREST, len(voters))).indices
        value[voters] += len(voters) * neighbour_shapley(near, part.codes[voters], part.codes[asking], count)
        seen[voters] += 1
    mean = np.divide(value, seen, out=np.full(len(part), np.nan), where=seen > 0)
    place = np.argsort(order)
    ids = given.runner.data.ids[given.positions]
    return Scores("neighbour_value", mean[place], ids, "share of votes, times rows", "its neighbours are of its class")
