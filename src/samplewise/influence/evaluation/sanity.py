"""Sanity checks of an attribution: whether it depends on the weights, on the query, and on the label."""

from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, positions_of
from samplewise.core.errors import InputError, require_kind
from samplewise.core.values import Attribution, Estimate
from samplewise.data.conversions import as_vector
from samplewise.data.dataset import missing
from samplewise.engine.statistics.resampling import bootstrap_mean
from samplewise.influence.evaluation.datamodeling_score import rank_correlations


@checked
def weight_dependence(attribution: Attribution, randomized: Attribution, *, seed: int = 0) -> Estimate:
    """Rank correlation (-1..1) of an attribution with that of the same network at random weights, mean over queries.

    An attribution that stays the same when the weights are drawn anew describes the data, not what was learned.

    Args:
        attribution: values (m, n) of the trained module.
        randomized: the same queries and rows by a module of random weights, in any order.
        seed: of the bootstrap.

    Returns:
        Estimate; near 0 is right, near 1 means the weights do not matter.

    Raises:
        InputError: queries or rows that only one of them has.

    Cost: O(m n log n).   Not for: choosing between methods that both pass.
    Source: adebayo2018.

    >>> one = Attribution(np.array([[1.0, 2.0, 3.0]]), np.array([0]), np.arange(3), "margin")
    >>> weight_dependence(one, one).value
    1.0
    """
    require_kind(attribution, Attribution)
    require_kind(randomized, Attribution)
    rows = positions_of(attribution.ids, np.asarray(randomized.ids))
    queries = positions_of(attribution.query_ids, np.asarray(randomized.query_ids))
    other = _matrix(randomized)[np.ix_(queries, rows)]
    found = rank_correlations(_matrix(attribution), other)
    return bootstrap_mean(found, "weight_dependence", "rank correlation", seed=seed)


@checked
def top_overlap(attribution: Attribution, n_rows: int = 10) -> Estimate:
    """Share (0..1) of the `n_rows` highest rows that two queries have in common, mean over pairs of queries.

    Args:
        attribution: values (m, n), at least two queries.
        n_rows: highest rows compared for each query.

    Returns:
        Estimate; near `n_rows` / n is chance, near 1 means that every query is given the same rows. No interval: pairs
        that share a query are not independent.

    Raises:
        InputError: fewer than two queries, or `n_rows` that is not below n.

    Cost: O(m n log n + m^2 n_rows).   Not for: queries that are duplicates.
    Source: bareeva2024.

    >>> top_overlap(Attribution(np.eye(2, 4), np.arange(2), np.arange(4), "margin"), 1).value
    0.0
    """
    require_kind(attribution, Attribution)
    values = _matrix(attribution)
    m, n = values.shape
    if m < 2 or not 0 < n_rows < n:
        raise InputError(
            "an overlap needs two queries, and fewer rows than there are",
            got=f"{m} queries, n_rows={n_rows}, {n} rows",
            fix="attribute more queries, or use a smaller n_rows",
        )
    chosen = np.zeros((m, n))
    np.put_along_axis(chosen, np.argsort(-values, axis=1, kind="stable")[:, :n_rows], 1.0, axis=1)
    shared = np.sum(np.square(chosen.sum(axis=0))) - m * n_rows  # over ordered pairs of different queries
    value = float(shared / (m * (m - 1) * n_rows))
    return Estimate("top_overlap", value, unit="share of rows", reason="pairs of queries are not independent")


@checked
def same_class_share(attribution: Attribution, labels: Any, query_labels: Any, *, seed: int = 0) -> Estimate:
    """Share (0..1) of queries whose highest row is of their own class.

    Args:
        attribution: values (m, n).
        labels: (n,) class of each row.
        query_labels: (m,) class of each query (the given one, or the predicted one where that is attributed).
        seed: of the bootstrap.

    Returns:
        Estimate; larger means the rows that raise a query are of its class, chance is the share of the class.

    Raises:
        InputError: labels that do not fit the attribution.

    Cost: O(m n).   Not for: distinguishing a good attribution from nearest neighbors of the class.
    Source: hanawa2021.

    >>> same_class_share(Attribution(np.eye(2), np.arange(2), np.arange(2), "margin"), ["a", "b"], ["a", "a"]).value
    0.5
    """
    require_kind(attribution, Attribution)
    values = _matrix(attribution)
    own, queried = (_labels(given, name) for given, name in ((labels, "labels"), (query_labels, "query_labels")))
    if (len(queried), len(own)) != values.shape:
        raise InputError(
            "labels do not fit the attribution",
            where="labels and query_labels",
            got=f"{len(own)} labels, {len(queried)} query labels, values {values.shape}",
            fix="pass one label per row and one per query",
        )
    highest: Array = values.argmax(axis=1)
    return bootstrap_mean((own[highest] == queried).astype(float), "same_class_share", "share of queries", seed=seed)


def _labels(given: Any, name: str) -> Array:
    """Classes (n,), none of them missing."""
    values = as_vector(given, name)
    if (absent := missing(values)).any():
        raise InputError(
            f"{name} are missing for some rows", where=name, got=f"{int(absent.sum())} of {len(values)}",
            fix="attribute labeled rows only",
        )  # fmt: skip
    return values


def _matrix(attribution: Attribution) -> Floats:
    values = np.asarray(attribution.values, dtype=np.float64)
    if values.ndim != 2:
        raise InputError(
            "an attribution of several outputs has no single rank order",
            got=f"values {values.shape}",
            fix="attribute one target: Attribution(values[..., k], query_ids, ids, unit)",
        )
    return values
