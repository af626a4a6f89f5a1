"""The exact game-theoretic value of every row to a nearest-neighbor classifier."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.neighbors.exact_search import row_blocks

WORK_PER_POINT = 16  # makes blocks 16 times smaller than elsewhere, so that what is sorted stays in the cache


def neighbor_shapley(
    order: Any,  # (m, t)
    codes: Any,  # (n,)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> Floats:
    """Shapley value (n,) of every row in accuracy (share of votes, 0..1): how much it adds to the right votes.

    Utility of a set of rows: mean over queries of (nearest `count` of the set with the query's class) / count. From the
    farthest row inwards s_t = [match_t] / max(count, t), s_i = s_{i+1} + ([match_i] - [match_{i+1}]) / max(count, i),
    i = 1..t the position in the order; 0 beyond t where only the t nearest are given (an error of at most 1/t a query).

    Args:    order: (m, t) positions of the rows from nearest to farthest, as `NeighborIndex.query` gives them.
             codes: (n,) class of every row.   query_codes: (m,) class of every query.   count: neighbors that vote.
    Returns: (n,), larger means the row helps; below 0 it misleads. With t = n they add up to the utility of all rows.
    Raises:  InputError if shapes differ or there is no query.
    Cost:    O(m t).
    Not for: values of groups of duplicates (they share theirs).
    Source:  jia2019.
    >>> neighbor_shapley(np.array([[0, 1]]), np.array([1, 0]), np.array([1]), count=1)
    array([1., 0.])
    """
    return neighbor_shapley_moments(order, codes, query_codes, count)[0]


def neighbor_shapley_moments(
    order: Any,  # (m, t)
    codes: Any,  # (n,)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> tuple[Floats, Floats]:
    """`neighbor_shapley` (n,) with its standard error over queries (n,), both in accuracy (share of votes, 0..1).

    Args, Raises, Cost and Source: as `neighbor_shapley`.   Returns: values, larger means the row helps, and their
    standard errors; NaN with a single query.
    """
    places, labels, wanted = np.asarray(order), np.asarray(codes), np.asarray(query_codes)
    if places.ndim != 2 or wanted.shape != places.shape[:1] or 0 in places.shape or count < 1:
        raise InputError(
            "order must hold one row of positions for each query",
            where="order, query_codes, count",
            got=f"order {places.shape}, query_codes {wanted.shape}, count {count}",
            fix="pass NeighborIndex(X).query(queries, count=n).indices, at least one query, and count >= 1",
        )
    sums = np.zeros((2, len(labels)))
    for part in row_blocks(len(places), 4 * places.shape[1]):
        _add_shares(sums, np.ascontiguousarray(places[part, ::-1]), labels, wanted[part], count)
    return _moments(sums, len(places))


def ranked_neighbor_shapley(
    rows: Any,  # (n, d)
    codes: Any,  # (n,)
    queries: Any,  # (m, d)
    query_codes: Any,  # (m,)
    count: int = 10,
) -> tuple[Floats, Floats]:
    """`neighbor_shapley_moments` with every row ranked for every query, a block of queries at a time.

    Args:    rows: (n, d) points.   codes: (n,) their classes.   queries: (m, d).   query_codes: (m,).
             count: neighbors that vote.
    Returns: values (n,) that add up to the votes of all rows, larger means the row helps, and standard errors (n,).
    Raises:  InputError if shapes differ or there is no query.
    Cost:    O(m n (d + log n)) time; memory bounded by 2^22 pairs.   Source: jia2019.
    >>> ranked_neighbor_shapley(np.array([[0.0], [2.0]]), np.array([1, 0]), np.array([[0.5]]), np.array([1]), 1)[0]
    array([1., 0.])
    """
    points, queried = np.asarray(rows, dtype=np.float64), np.asarray(queries, dtype=np.float64)
    labels, wanted = np.asarray(codes), np.asarray(query_codes)
    if points.shape[1:] != queried.shape[1:] or len(points) != len(labels) or not len(queried) == len(wanted) > 0:
        raise InputError(
            "rows and queries must be points of one space, each with its class",
            where="rows, codes, queries, query_codes",
            got=f"rows {points.shape}, codes {labels.shape}, queries {queried.shape}, query_codes {wanted.shape}",
            fix="pass (n, d), (n,), (m, d) and (m,) with m of at least 1",
        )
    center = points.mean(axis=0)
    points, queried = points - center, queried - center
    lengths, reach = (np.einsum("ij,ij->i", part, part) for part in (points, queried))
    largest = float(lengths.max() + 2.0 * np.sqrt(lengths.max() * reach.max())) or 1.0
    sums = np.zeros((2, len(labels)))
    for part in row_blocks(len(queried), WORK_PER_POINT * len(points)):
        # |x|^2 - 2 q x ranks as the distance does.
        keys = queried[part] @ points.T
        keys *= -2.0
        keys += lengths
        _add_shares(sums, _from_farthest(keys, largest), labels, wanted[part], count)
    return _moments(sums, len(queried))


def _from_farthest(keys: Floats, largest: float) -> Ints:
    """Positions by falling key in every row (m, n), ties from the last to the first; no key is above `largest`.

    Keys become whole numbers whose last bits are the position: sorting these is three times as fast as sorting
    positions by key, and duplicates tie although their keys differ in the last bit.
    """
    n = keys.shape[1]
    bits = n.bit_length()
    packed = np.rint(keys * (2.0 ** (62 - bits) / -largest)).astype(np.int64)
    packed <<= bits
    packed += np.arange(n)[::-1]
    packed.sort(axis=1)
    packed &= 2**bits - 1
    return np.subtract(n - 1, packed, out=packed).astype(np.intp, copy=False)


def _add_shares(sums: Floats, places: Any, labels: Any, wanted: Any, count: int) -> None:
    """Add the values that some queries give, and their squares, to `sums` (2, n); `places` from the farthest on."""
    near = np.arange(places.shape[1], 0, -1)
    match = (labels[places] == wanted[:, None]).view(np.int8)
    gains = match.copy()
    gains[:, 1:] -= match[:, :-1]
    if places.shape[1] < len(labels):
        gains[:, 0] = 0  # farther rows are not known, and their value is close to 0
    shares = gains / np.maximum(count, near)
    shares = np.cumsum(shares, axis=1, out=shares).ravel()
    flat = places.ravel()
    sums[0] += np.bincount(flat, weights=shares, minlength=len(labels))
    sums[1] += np.bincount(flat, weights=np.square(shares, out=shares), minlength=len(labels))


def _moments(sums: Floats, queries: int) -> tuple[Floats, Floats]:
    """Mean and its standard error (n,) from sums and sums of squares over queries."""
    mean, square = sums / queries
    with np.errstate(invalid="ignore", divide="ignore"):
        return mean, np.sqrt(np.maximum(square - np.square(mean), 0.0) / (queries - 1))
