"""Exact nearest neighbors in blocks: found in single precision, proved and measured in double.

A matrix product in float32 gives, for every pair, a value that is certainly not above the squared distance. Every pair
whose value is not above a bound of the k-th neighbor is a candidate; distances of candidates are then taken by direct
subtraction in float64. So the result is that of a float64 search, at the speed of a float32 product.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from samplewise.core.arrays import Array, Floats, Ints

ENTRIES_AT_ONCE = 2**22
GROUP_WIDTH = 16
# More candidates than this for each neighbor wanted: float32 cannot separate the rows, so float64 searches again.
CROWDED = 30


class ExactSearch:
    """Finds the nearest of n rows (dense or csr) for any queries; ties go to the smaller position."""

    def __init__(self, rows: Any) -> None:  # (n, d), finite
        self.rows = rows
        self._sparse = sparse.issparse(rows)
        self._center = np.zeros(rows.shape[1]) if self._sparse else rows.mean(axis=0, dtype=np.float64)
        low, high = (rows.min(), rows.max()) if self._sparse else (rows.min(axis=0), rows.max(axis=0))
        self._scale = float(np.max(np.maximum(high - self._center, self._center - low))) or 1.0
        self._screens: dict[type, tuple[Any, Array]] = {np.float32: self._prepared(rows, np.float32)}
        stored = int(np.diff(rows.indptr).max()) if self._sparse else rows.shape[1]
        self._terms = stored + 8

    def nearest(self, queries: Any, count: int, own: Ints | None = None) -> tuple[Ints, Floats]:
        """Positions and distances (m, count) of the nearest rows, `own` (m,) the row each query must not find."""
        wanted = min(count, self.rows.shape[0] - (own is not None))
        if wanted <= 0:
            return np.empty((queries.shape[0], 0), dtype=np.intp), np.empty((queries.shape[0], 0))
        size = int(np.clip(ENTRIES_AT_ONCE // self.rows.shape[0], 16, 1024))
        starts = range(0, queries.shape[0], size)
        search = partial(self._block, queries=queries, size=size, count=wanted, own=own)
        # one core per block: BLAS threads sharing a block would wait for each other between its many short passes
        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_cores()) as threads:
            found = list(threads.map(search, starts))
        if not found:
            return np.empty((0, wanted), dtype=np.intp), np.empty((0, wanted))
        return np.vstack([indices for indices, _ in found]), np.vstack([distances for _, distances in found])

    def distances(self, queries: Any, left: Ints, right: Ints) -> Floats:  # (p,), (p,)
        """Euclidean distance of each pair (query, row) by direct subtraction in float64 (p,): 0 exactly if equal."""
        step = max(1, 2**22 // max(1, self.rows.shape[1]))
        parts = [slice(start, start + step) for start in range(0, len(left), step)]
        squares = [self._squares(queries[left[part]], self.rows[right[part]]) for part in parts]
        return np.sqrt(np.concatenate(squares)) if squares else np.empty(0)

    def _squares(self, one: Any, other: Any) -> Floats:
        if self._sparse:
            gap = one.astype(np.float64) - other.astype(np.float64)
            return np.asarray(gap.multiply(gap).sum(axis=1)).ravel()
        gap = one.astype(np.float64) - other
        return np.asarray(np.einsum("ij,ij->i", gap, gap))

    def _prepared(self, rows: Any, dtype: type) -> tuple[Any, Array]:
        """Centered and scaled rows, so that little cancels and nothing overflows, with their squared lengths."""
        if self._sparse:
            small = (rows / self._scale).astype(dtype).tocsr()
            return small, np.asarray(small.multiply(small).sum(axis=1)).ravel().astype(dtype)
        small = np.empty(rows.shape, dtype=dtype)
        for start in range(0, len(rows), 8192):
            small[start : start + 8192] = (rows[start : start + 8192] - self._center) / self._scale
        return small, np.einsum("ij,ij->i", small, small)

    def _block(self, start: int, queries: Any, size: int, count: int, own: Ints | None) -> tuple[Ints, Floats]:
        block = queries[start : start + size]
        kept = None if own is None else own[start : start + size]
        left, right = self._candidates(block, count, kept, np.float32)
        if len(left) > CROWDED * count * block.shape[0]:
            if np.float64 not in self._screens:
                self._screens[np.float64] = self._prepared(self.rows, np.float64)
            left, right = self._candidates(block, count, kept, np.float64)
        distances = self.distances(block, left, right)
        order = np.lexsort((right, distances, left))
        firsts = np.searchsorted(left, np.arange(block.shape[0]))
        chosen = order[firsts[:, None] + np.arange(count)]
        return right[chosen], distances[chosen]

    def _candidates(self, block: Any, count: int, own: Ints | None, dtype: type) -> tuple[Ints, Ints]:
        """Pairs (query, row) that hold the `count` nearest for certain, sorted by query.

        With unit round-off u, a computed |x|^2 - 2 q x errs by at most share * (|q|^2 + |x|^2), share = 2 (d + 8) u.
        """
        rows, squares = self._screens[dtype]
        small, own_squares = self._prepared(block, dtype)
        share = 2.0 * self._terms * float(np.finfo(dtype).eps)
        product = small @ rows.T
        lower = product.toarray() if self._sparse else product
        lower *= -2
        lower += squares * dtype(1 - share)
        if own is not None:
            lower[np.arange(len(own)), own] = np.inf
        bound = _smallest_bound(lower, count)
        reach = np.maximum(bound + own_squares, 0.0)
        limit = bound + 5.0 * share * (3.0 * own_squares + 2.0 * reach) + 1e-30
        inside = np.flatnonzero(lower <= limit[:, None].astype(dtype))  # flat: numpy finds few in many much faster so
        return np.divmod(inside, lower.shape[1])


def _smallest_bound(values: Array, count: int) -> Floats:  # (m, n) -> (m,)
    """For each row a value that at least `count` entries do not exceed, and few more do not.

    The count-th smallest of the minima of groups of columns: one pass of element-wise minima, where a selection over
    all columns would take ten times as long.
    """
    n = values.shape[1]
    width = min(max(n // (4 * count), 1), GROUP_WIDTH)
    groups = n // width
    minima = values[:, : groups * width].reshape(len(values), width, groups).min(axis=1)
    return np.asarray(np.partition(minima, count - 1, axis=1)[:, count - 1], dtype=np.float64)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def row_blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices over `rows` that keep rows x width near a bounded number of entries."""
    step = max(1, ENTRIES_AT_ONCE // max(1, width))
    return (slice(start, start + step) for start in range(0, rows, step))
