"""Which rows are exactly equal: found by sorting their bytes, so nothing is left to a hash."""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from samplewise.core.arrays import Array, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator, key_hashes


def exact_groups(rows: Any) -> Ints:
    """Group number of each row (n,), without unit: rows are in one group exactly if all their entries are equal.

    NaN equals NaN, -0.0 equals 0.0; in object columns None, NaN and NaT are one missing value and other entries compare
    as in Python (1 equals 1.0, not "1").

    Args:    rows: (n, d) or (n,) numbers, dates, strings or objects, or a scipy sparse matrix.
    Returns: (n,) 0, 1, ... in the order in which the groups first appear.
    Raises:  InputError for more than two axes.
    Cost:    O(n d log n) time, one copy of the rows.
    Not for: nearly equal rows (see `build_graph`).
    Source:  by definition.
    >>> exact_groups(np.array([[1.0, np.nan], [0.0, 2.0], [1.0, np.nan], [-0.0, 2.0]]))
    array([0, 1, 0, 1])
    """
    keys = _sparse_keys(rows) if sparse.issparse(rows) else row_keys(np.asarray(rows))
    first = np.arange(len(keys))  # of each row's group
    twins = np.flatnonzero(_may_be_equal(keys))
    if len(twins):
        _, found, inverse = np.unique(keys[twins], return_index=True, return_inverse=True)
        first[twins] = twins[found[inverse.reshape(-1)]]
    return np.asarray(np.cumsum(first == np.arange(len(keys)))[first] - 1)


def groups_with_duplicates(duplicates: Ints, groups: Array | None, ids: Array) -> Array | None:
    """The rows that must stay together when rows are split, without unit: exact duplicates, and the user's groups.

    Args:    duplicates: (n,) set of equal rows each row belongs to.   groups: (n,) the user's own or None.   ids: (n,).
    Returns: (n,) rows linked by either share a number, a hash of one of their ids, so that row order changes nothing;
             None where every row is by itself.
    Cost:    O(n log n).   Not for: nearly equal rows.   Source: by definition.
    >>> together = groups_with_duplicates(np.array([0, 0, 1, 2]), np.array(["a", "b", "b", "c"]), np.arange(4))
    >>> (together == together[0]).tolist()
    [True, True, True, False]
    """
    joined = duplicates if groups is None else _joined(duplicates, groups)
    if len(np.unique(joined)) == len(joined):
        return None
    hashes = key_hashes(ids)
    least = np.full(int(joined.max()) + 1, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, joined, hashes)
    return least[joined]


def _joined(first: Ints, second: Array) -> Ints:
    """(n,) connected components of two groupings: rows linked by either share a number."""
    ours, theirs = (np.unique(grouping, return_inverse=True)[1] for grouping in (first, second.astype(str)))
    size = int(ours.max()) + 1 + int(theirs.max()) + 1
    links = sparse.coo_array((np.ones(len(ours)), (ours, theirs + ours.max() + 1)), shape=(size, size))
    return connected_components(links, directed=False)[1].astype(np.intp)[ours]


def row_keys(rows: Array) -> Array:
    """One key of bytes for each row (n,), equal where the rows are; sorting by it depends on content alone."""
    if rows.ndim not in (1, 2):
        raise InputError(
            "rows must be a table with one row for each sample",
            where="rows",
            got=f"shape {rows.shape}",
            fix="flatten each sample: rows.reshape(len(rows), -1)",
        )
    table = rows.reshape(len(rows), -1)
    if table.shape[1] == 0:
        return np.zeros(len(table), dtype=np.intp)
    if table.dtype.kind == "O":
        table = np.column_stack([_codes(column) for column in table.T])
    elif table.dtype.kind in "fc":
        table = np.where(np.isnan(table), np.array(np.nan, dtype=table.dtype), table + table.dtype.type(0))
    flat = np.ascontiguousarray(table)
    return flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).reshape(-1)


def _may_be_equal(keys: Array) -> Array:
    """Which rows share a 64-bit sum of their bytes with another (n,) bool: equal rows do, and hardly any others.

    Summing is some twenty times faster than sorting rows of hundreds of columns, most of which have no twin.
    """
    width, rest = divmod(keys.dtype.itemsize, 8)
    if rest or width < 2:
        return np.ones(len(keys), dtype=bool)
    words = keys.view(np.uint64).reshape(len(keys), width)
    factors = generator(0, "row sums").integers(1, 2**63, width, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    _, inverse, counts = np.unique(words @ factors, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse.reshape(-1)] > 1)


def _codes(column: Array) -> Ints:
    """Entries of an object column as integers (n,), equal where the entries are."""
    seen: dict[Any, int] = {}
    return np.fromiter((seen.setdefault(_entry(value), len(seen)) for value in column), np.intp, len(column))


def _entry(value: Any) -> Any:
    """What an entry is compared by: None for every missing value, the text of what cannot be hashed."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    try:
        hash(value)
    except TypeError:
        return (type(value).__name__, repr(value))
    return None if value != value else value


def _sparse_keys(rows: Any) -> Ints:
    """One integer for each row (n,), from its stored entries in canonical form."""
    matrix = rows.tocsr().copy()
    matrix.data = np.where(np.isnan(matrix.data), np.nan, matrix.data)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    seen: dict[bytes, int] = {}
    parts = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    entries = (matrix.indices[a:b].tobytes() + matrix.data[a:b].tobytes() for a, b in parts)
    return np.fromiter((seen.setdefault(entry, len(seen)) for entry in entries), np.intp, matrix.shape[0])
