"""The value of every row in votes of nearest neighbors."""

from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import InputError, require_count, unknown_name
from samplewise.core.randomness import key_hashes
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Task
from samplewise.engine.models.feature_encoding import SpaceEncoder
from samplewise.engine.neighbors import NeighborIndex, neighbor_shapley_moments, ranked_neighbor_shapley
from samplewise.engine.refits import prepare
from samplewise.engine.refits.row_order import in_id_order
from samplewise.influence.valuation.utility import open_game

ALIKE = "its neighbors are of its class"
SCALINGS = ("none", "columns")
NUMBERS = ("numeric", "boolean", "constant")  # kinds of columns that are numbers as they are
Scaling = Literal["none", "columns"]
NEAREST = 1000  # rows further away than so many change no vote of ten neighbors by more than a thousandth


@checked
def knn_shapley(
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    task: Task = "auto",
    test: Any = None,
    n_neighbors: int = 10,
    scaling: Scaling = "none",
    n_folds: int = 5,
    seed: int = 0,
) -> Scores:
    """Shapley value of every row to a nearest-neighbor classifier of the other folds, in share of votes.

    With `test`, these rows are the queries, all rows vote, and the values add up to the share of right votes. Without,
    the rows of each fold are queries on which the rows of the other folds vote; the value of a row is its mean over the
    folds it votes on, times the number of voters, so that 1 is the value of an average helpful row.

    Args:
        data, y, label: n rows with class labels, in any form `samplewise.data.as_dataset` takes.
        task: "auto", "classification" or "regression".
        test: m labeled query rows, a `Dataset` or (X, y); or None.
        n_neighbors: neighbors that vote.
        scaling: "none": distances between the vectors as they are given; "columns": every column divided by its spread
            among the rows that vote. Tables with categories, texts or gaps and pictures are no vectors: they are
            encoded, and scaled, by the rows that vote, either way.
        n_folds: number of folds.
        seed: of the folds.

    Returns:
        Scores "neighbor_value" (n,), larger means the row helps, below 0 it misleads; NaN for a row that never voted.
        `spread` is the standard error over the queries.

    Raises:
        InputError: no labels, labels that are numbers, another scaling, or `test` rows of another kind or class.

    Cost: one neighbor search per fold, O(n min(n, 1000)); with `test` O(m n (d + log n)), no fit.
    Not for: duplicates (they share one value).
    Source: jia2019.

    >>> X, y = np.r_[0.0:1.0:20j, 5.0:6.0:20j][:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> knn_shapley((X, y), n_neighbors=5).top(1, largest=False).keys
    array([7])
    """
    n_neighbors = require_count(n_neighbors, "n_neighbors", usual=10)
    if scaling not in SCALINGS:
        raise unknown_name("scaling", scaling, SCALINGS)
    if test is not None:
        return _queried_by(test, as_dataset(data, y, label=label), task, n_neighbors, scaling)
    given = prepare(data, y=y, label=label, task=task, n_folds=n_folds, seed=seed).whole
    folded, order = in_id_order(given)  # equally near rows vote in an order of their own
    _require_classes(folded.class_count, len(folded))
    value, variance, seen = np.zeros((3, len(folded)))
    for fold in np.unique(folded.folds):
        voters = np.flatnonzero(folded.folds < fold if folded.ordered else folded.folds != fold)
        queries = np.flatnonzero(folded.folds == fold)
        if not len(voters):
            continue
        rows, queried = _points(folded.data, voters, queries, scaling)
        near = NeighborIndex(rows).query(queried, count=min(NEAREST, len(voters))).indices
        shares, errors = neighbor_shapley_moments(near, folded.codes[voters], folded.codes[queries], n_neighbors)
        value[voters] += len(voters) * shares
        variance[voters] += np.square(len(voters) * errors)
        seen[voters] += 1
    place = np.argsort(order)
    with np.errstate(invalid="ignore", divide="ignore"):  # rows that never voted
        mean, spread = (value / seen)[place], (np.sqrt(variance) / seen)[place]
    ids = given.runner.data.ids[given.positions]
    return Scores("neighbor_value", mean, ids, "share of votes, times rows", ALIKE, spread=spread)


def _points(data: Dataset, voters: Ints, queries: Ints, scaling: Scaling) -> tuple[Floats, Floats]:
    """Rows that vote and queries as points: the vectors given, or encoded and scaled by the rows that vote alone."""
    X = data.X
    if scaling == "none" and isinstance(X, np.ndarray) and X.ndim == 2 and np.isfinite(X).all():
        return X[voters].astype(np.float64), X[queries].astype(np.float64)
    if scaling == "none" and hasattr(X, "iloc") and all(column.kind in NUMBERS for column in data.columns):
        vectors = X.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(vectors).all():
            return vectors[voters], vectors[queries]
    encoder = SpaceEncoder(data.take(voters).X, columns=data.columns)
    return encoder(data.take(voters).X), encoder(data.take(queries).X)


def _queried_by(validation: Any, data: Dataset, task: Task, count: int, scaling: Scaling) -> Scores:
    """Values of all rows to the votes on the validation rows."""
    game = open_game(data, validation, task=task)
    _require_classes(game.class_count, len(game))
    order = np.argsort(key_hashes(game.keys), kind="stable")  # equally near rows vote in an order of their own
    everyone = np.arange(len(game.runner.data))
    rows, queried = _points(game.runner.data, everyone[: len(game)], everyone[len(game) :], scaling)
    found = ranked_neighbor_shapley(rows[order], game.codes[order], queried, game.query_codes, count)
    place = np.argsort(order)
    values, spread = (numbers[place] for numbers in found)
    return Scores("neighbor_value", values, game.keys, "share of votes", ALIKE, spread=spread)


def _require_classes(class_count: int, rows: int) -> None:
    if not class_count:
        raise InputError(
            "neighbors vote for classes, and these labels are numbers",
            got=f"{rows} rows, task regression",
            fix="use leave_one_out(data) for regression",
        )
