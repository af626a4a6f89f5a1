"""The exact game-theoretic value of every row to a nearest-neighbour classifier."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Floats
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
    places, labels, wanted = np.asarray(order), np.asarray(codes), np.asarray(query_codes)
    if places.ndim != 2 or wanted.shape != places.shape[:1] or 0 in places.shape or count < 1:
        raise InputError(
            "order must hold one row of positions for each query",
            where="order, query_codes, count",
            got=f"order {places.shape}, query_codes {wanted.shape}, count {count}",
            fix="pass NeighbourIndex(X).query(queries, count=n).indices, at least one query, and count >= 1",
        )
    values = np.zeros(len(labels))
    divisor = np.maximum(count, np.arange(1, places.shape[1] + 1))
    for part in row_blocks(len(places), 4 * places.shape[1]):
        match = (labels[places[part]] == wanted[part, None]).astype(np.float64)
        steps = match / divisor
        steps[:, :-1] -= match[:, 1:] / divisor[:-1]
        if places.shape[1] < len(labels):
            steps[:, -1] = 0.0
        shares = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        values += np.bincount(places[part].ravel(), weights=shares.ravel(), minlength=len(labels))
    return values / len(places)
