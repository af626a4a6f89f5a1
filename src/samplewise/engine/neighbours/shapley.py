"""The exact game-theoretic value of every row to a nearest-neighbour classifier."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.neighbours.search import row_blocks


def neighbour_shapley(
    order: Any,  # (m, t)
    codes: Any,  # (n,)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> Floats:
    """Shapley value (n,) of every row in accuracy (share of votes, 0..1): how much it adds to the votes for the truth.

    Utility of a set of rows: mean over queries of (nearest `count` of the set with the query's class) / count. From the
    farthest row inwards s_t = [match_t] / max(count, t), s_i = s_{i+1} + ([match_i] - [match_{i+1}]) / max(count, i),
    i = 1..t the place in the order; 0 beyond t where only the t nearest are given (an error of at most 1/t per query).

    Args:    order: (m, t) positions of the rows from nearest to farthest, as `NeighbourIndex.query` gives them.
             codes: (n,) class of every row.   query_codes: (m,) class of every query.   count: neighbours that vote.
    Returns: (n,), larger means the row helps; below 0 it misleads. With t = n they add up to the utility of all rows.
    Raises:  InputError if shapes differ or there is no query.
    Cost:    O(m t).
    Not for: values of groups of copies (they share theirs).
    Source:  jia2019.
    >>> neighbour_shapley(np.array([[0, 1]]), np.array([1, 0]), np.array([1]), count=1)
    array([1., 0.])
    """
    return neighbour_shapley_moments(order, codes, query_codes, count)[0]


def neighbour_shapley_moments(
    order: Any,  # (m, t)
    codes: Any,  # (n,)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> tuple[Floats, Floats]:
    """`neighbour_shapley` (n,) with its standard error over queries (n,), both in accuracy (share of votes, 0..1).

    Args, Raises, Cost and Source: as `neighbour_shapley`.   Returns: values, larger means the row helps, and their
    standard errors; NaN with a single query.
    """
    places, labels, wanted = np.asarray(order), np.asarray(codes), np.asarray(query_codes)
    if places.ndim != 2 or wanted.shape != places.shape[:1] or 0 in places.shape or count < 1:
        raise InputError(
            "order must hold one row of positions for each query",
            where="order, query_codes, count",
            got=f"order {places.shape}, query_codes {wanted.shape}, count {count}",
            fix="pass NeighbourIndex(X).query(queries, count=n).indices, at least one query, and count >= 1",
        )
    sums = np.zeros((2, len(labels)))
    for part in row_blocks(len(places), 4 * places.shape[1]):
        _add_shares(sums, places[part], labels, wanted[part], count)
    return _moments(sums, len(places))


def ranked_neighbour_shapley(
    rows: Any,  # (n, d)
    codes: Any,  # (n,)
    queries: Any,  # (m, d)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> tuple[Floats, Floats]:
    """`neighbour_shapley_moments` with every row ranked for every query, a block of queries at a time.

    Args:    rows: (n, d) points.   codes: (n,) their classes.   queries: (m, d).   query_codes: (m,).
             count: neighbours that vote.
    Returns: values (n,) that add up to the votes of all rows, larger means the row helps, and standard errors (n,).
    Raises:  InputError if shapes differ or there is no query.
    Cost:    O(m n (d + log n)) time; memory bounded by 2^22 pairs.   Source: jia2019.
    >>> ranked_neighbour_shapley(np.array([[0.0], [2.0]]), np.array([1, 0]), np.array([[0.5]]), np.array([1]), 1)[0]
    array([1., 0.])
    """
    points, asked = np.asarray(rows, dtype=np.float64), np.asarray(queries, dtype=np.float64)
    labels, wanted = np.asarray(codes), np.asarray(query_codes)
    if points.shape[1:] != asked.shape[1:] or len(points) != len(labels) or not len(asked) == len(wanted) > 0:
        raise InputError(
            "rows and queries must be points of one space, each with its class",
            where="rows, codes, queries, query_codes",
            got=f"rows {points.shape}, codes {labels.shape}, queries {asked.shape}, query_codes {wanted.shape}",
            fix="pass (n, d), (n,), (m, d) and (m,) with m of at least 1",
        )
    centre = points.mean(axis=0)
    points, asked = points - centre, asked - centre
    lengths = np.einsum("ij,ij->i", points, points)
    scale = float(lengths.max()) or 1.0
    sums = np.zeros((2, len(labels)))
    for part in row_blocks(len(asked), len(points)):
        # |x|^2 - 2 q x ranks as the distance does; rounded, so that copies tie.
        keys = np.round((lengths - 2.0 * asked[part] @ points.T) / scale, 12)
        _add_shares(sums, _ranked(keys), labels, wanted[part], count)
    return _moments(sums, len(asked))


def _ranked(keys: Floats) -> Ints:
    """Positions by growing key in every row (m, n), ties in the order they came in."""
    order = np.argsort(keys, axis=1)
    # The stable sort is four times slower, and needed only where keys tie.
    tied = (np.diff(np.take_along_axis(keys, order, axis=1), axis=1) == 0).any(axis=1)
    order[tied] = np.argsort(keys[tied], axis=1, kind="stable")
    return order


def _add_shares(sums: Floats, places: Any, labels: Any, wanted: Any, count: int) -> None:
    """Add the values that some queries give, and their squares, to `sums` (2, n)."""
    divisor = np.maximum(count, np.arange(1, places.shape[1] + 1))
    match = (labels[places] == wanted[:, None]).astype(np.float64)
    steps = match / divisor
    steps[:, :-1] -= match[:, 1:] / divisor[:-1]
    if places.shape[1] < len(labels):
        steps[:, -1] = 0.0
    shares = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1].ravel()
    sums[0] += np.bincount(places.ravel(), weights=shares, minlength=len(labels))
    sums[1] += np.bincount(places.ravel(), weights=np.square(shares), minlength=len(labels))


def _moments(sums: Floats, queries: int) -> tuple[Floats, Floats]:
    """Mean and its standard error (n,) from sums and sums of squares over queries."""
    mean, square = sums / queries
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean, np.sqrt(np.maximum(square - np.square(mean), 0.0) / (queries - 1))
