"""What the nearest rows say about a label: no model is fitted, features are enough."""

from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count
from samplewise.core.values import Scores
from samplewise.data.targets import Task
from samplewise.engine.neighbors import build_graph
from samplewise.engine.refits import prepare

COUNT = 10
MOST_SKIPPED = 100  # rows of one group that are skipped in search of others


@checked
def neighbor_disagreement(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", n_neighbors: int = COUNT
) -> Scores:
    """Share of the nearest rows that have another label than the row itself.

    s_i = (how many of the k = `n_neighbors` nearest rows j of other groups have y_j != y_i) / k; Euclidean distance.

    Args:
        data, y, label: n rows with class labels, in any form `samplewise.data.as_dataset` takes; rows of a group, and
            exact duplicates, are not each other's neighbors.
        task: "auto", "classification" or "regression".
        n_neighbors: neighbors of each row.

    Returns:
        `Scores` (n,), share of neighbors, 0 to 1; larger means less trust in the label. NaN for a row without others.

    Raises:
        InputError: missing labels, labels that are numbers with fractions, or a count below 1.

    Cost: one neighbor graph, O(n^2 d) or about O(n d log n) from 30,000 rows on.
    Not for: a probability (`find_label_issues(method="neighbors")` makes one of it); features in which distance means
        nothing.
    Source: cover1967.

    >>> X = np.repeat([[0.0], [5.0]], 20, axis=0) + np.linspace(-1, 1, 40)[:, None]
    >>> y = np.repeat(["a", "b"], 20); y[3] = "b"
    >>> neighbor_disagreement(X, y).top(1).keys
    array([3])
    """
    rows = prepare(data, y=y, label=label, task=task)
    target, ids = rows.target, rows.data.ids
    if target.classes is None:
        raise InputError(
            "neighbors agree or disagree about classes, and these labels are numbers", got=target.note,
            fix='find_label_issues((X, y), method="neighbors") reads numbers too',
        )  # fmt: skip
    near = nearest_others(rows.space, rows.groups, ids, n_neighbors)
    found = (near >= 0).sum(axis=1)
    other = ((target.codes[near] != target.codes[:, None]) & (near >= 0)).sum(axis=1)
    values = other / np.where(found > 0, found, np.nan)
    return Scores("neighbor_disagreement", values, ids, "share of neighbors", "more neighbors disagree")


def nearest_others(space: Floats, groups: Array | None, ids: Array, count: int = COUNT) -> Ints:
    """(n, count) positions of the nearest rows of other groups, nearest first; -1 where there are no more."""
    count = require_count(count, "n_neighbors", usual=10)
    numbers = np.arange(len(space)) if groups is None else np.unique(groups, return_inverse=True)[1]
    spare = min(int(np.bincount(numbers).max()) - 1, MOST_SKIPPED)
    near = build_graph(space, n_neighbors=min(count + spare, len(space) - 1), keys=ids).indices.astype(np.intp)
    other = (numbers[near] != numbers[:, None]) & (near >= 0)
    order = np.argsort(~other, axis=1, kind="stable")[:, :count]
    return np.where(np.take_along_axis(other, order, axis=1), np.take_along_axis(near, order, axis=1), -1)


def neighbor_shares(near: Ints, codes: Ints, classes: int) -> Floats:
    """(n, c) share of each class among the neighbors, with one more vote that follows the classes' overall shares."""
    overall = np.bincount(codes, minlength=classes) / len(codes)
    votes = np.tile(overall, (len(near), 1))
    rows, columns = np.nonzero(near >= 0)
    np.add.at(votes, (rows, codes[near[rows, columns]]), 1.0)
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))


def neighbor_means(near: Ints, labels: Floats) -> Floats:
    """(n,) mean label of the neighbors, NaN for a row without any."""
    known = near >= 0
    total = np.where(known, labels[near], 0.0).sum(axis=1)
    return np.asarray(total / np.where(known.any(axis=1), known.sum(axis=1), np.nan))
