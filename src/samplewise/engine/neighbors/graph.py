"""The one nearest-neighbor graph of a data set: near-duplicates, outliers, redundancy and overlap are read from it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse

from samplewise.core import extras
from samplewise.core.arrays import Array, Floats, Ints, require_finite
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.randomness import hashed_order
from samplewise.engine.neighbors.exact_search import ExactSearch, row_blocks
from samplewise.engine.neighbors.groups import exact_groups, row_keys

HNSW = "the hnsw method"
faiss = extras.load("faiss", HNSW)

EXACT_ROWS = 30_000
RECALL_ROWS = 500
LINKS, BUILD_EFFORT, SEARCH_EFFORT = 32, 40, 64


@dataclass(frozen=True, slots=True, eq=False)
class NeighborGraph:
    """The nearest rows of every row (or query), nearest first."""

    indices: Array  # (n, count) int32 positions
    distances: Array  # (n, count) float32 Euclidean, in the units of the columns; exactly 0 for equal rows
    method: Literal["exact", "hnsw"]
    recall: float  # share of the true neighbors found, measured on up to 500 rows; 1 for exact


class NeighborIndex:
    """Finds the nearest of n rows, Euclidean, in the units of the columns; equal rows are searched for once.

    Args:    X: (n, d) numbers, dense or scipy sparse, scaled as they are to be compared.
             method: "exact"; "hnsw" (needs faiss, dense rows); "auto": exact up to 30,000 different rows, then hnsw
             where it can be had, else exact.
             seed: order of insertion and the rows recall is measured on, both by content.
    Returns: an index with `graph` and `query`.
    Raises:  InputError if an entry is not finite, the method is unknown or faiss is missing.
    Cost:    exact: O(n^2 d) for the graph, memory bounded; hnsw: about O(n d log n), one thread to build.
    Not for: columns of different scale (standardize first).
    Source:  malkov2020 (hnsw).
    >>> index = NeighborIndex(np.array([[0.0], [1.0], [5.0]]))
    >>> index.query(np.array([[4.0]]), count=2).indices
    array([[2, 1]], dtype=int32)
    """

    def __init__(self, X: Any, method: str = "auto", seed: int = 0) -> None:  # (n, d)
        rows = _matrix(X, "X")
        if method not in ("auto", "exact", "hnsw"):
            raise unknown_name("method", method, ("auto", "exact", "hnsw"))
        self._groups = exact_groups(rows)
        self._firsts = np.unique(self._groups, return_index=True)[1]
        self._repeats = len(self._firsts) < rows.shape[0]
        self._search = ExactSearch(rows[self._firsts] if self._repeats else rows)
        self._approximate: _Approximate | None = None
        self._seed = seed
        if _choose(method, len(self._firsts), sparse.issparse(rows)) == "hnsw":
            self._approximate = _Approximate(self._search, seed)

    def graph(self, count: int = 10) -> NeighborGraph:
        """The `count` nearest other rows of every row (all others where there are fewer)."""
        wanted = min(_positive(count), len(self._groups) - 1)
        distinct = np.arange(len(self._firsts))
        near, far = self._nearest(self._search.rows, wanted, distinct)
        if self._repeats:
            own = np.arange(len(self._groups))
            near = np.column_stack([distinct, near])[self._groups]
            far = np.column_stack([np.zeros(len(distinct)), far])[self._groups]
            near, far = self._with_repeats(near, far, wanted, own)
        return self._as_graph(near, far, wanted)

    def query(self, queries: Any, count: int = 10) -> NeighborGraph:  # (m, d)
        """The `count` nearest rows of every query (all rows where there are fewer)."""
        rows = _matrix(queries, "queries")
        if rows.shape[1] != self._search.rows.shape[1] or sparse.issparse(rows) != sparse.issparse(self._search.rows):
            raise InputError(
                "queries must have the columns of the rows they are compared with",
                where="queries",
                got=f"{type(rows).__name__} of shape {rows.shape} for {self._search.rows.shape[1]} columns",
                fix="encode the queries as the rows were encoded",
            )
        wanted = min(_positive(count), len(self._groups))
        near, far = self._nearest(rows, min(wanted, len(self._firsts)), None)
        if self._repeats:
            near, far = self._with_repeats(near, far, wanted, None)
        return self._as_graph(near, far, wanted)

    def _nearest(self, queries: Any, count: int, own: Ints | None) -> tuple[Ints, Floats]:
        """Among the different rows."""
        if self._approximate is None:
            return self._search.nearest(queries, count, own)
        return self._approximate.nearest(queries, count, own)

    def _as_graph(self, near: Ints, far: Floats, count: int) -> NeighborGraph:
        approximate = self._approximate is not None
        recall = self._approximate.recall(count) if self._approximate is not None else 1.0
        method: Literal["exact", "hnsw"] = "hnsw" if approximate else "exact"
        return NeighborGraph(near.astype(np.int32), far.astype(np.float32), method, recall)

    def _with_repeats(self, near: Ints, far: Floats, count: int, own: Ints | None) -> tuple[Ints, Floats]:
        """Replace each group by its members: (m, k) groups and distances to (m, count) rows."""
        n, members = len(self._groups), self._members(count + 1)
        indices, distances = np.empty((len(near), count), dtype=np.intp), np.empty((len(near), count))
        for part in row_blocks(len(near), 4 * near.shape[1] * members.shape[1]):
            rows = members[near[part]].reshape(len(near[part]), -1)
            gaps = np.repeat(far[part], members.shape[1], axis=1)
            absent = rows == n
            if own is not None:
                absent |= rows == own[part][:, None]
            gaps[absent] = np.inf
            order = np.lexsort((rows, gaps), axis=1)[:, :count]
            indices[part] = np.take_along_axis(rows, order, axis=1)
            distances[part] = np.take_along_axis(gaps, order, axis=1)
        return indices, distances

    def _members(self, most: int) -> Ints:
        """The first rows of every group (g, most), filled up with n."""
        sizes = np.bincount(self._groups)
        order = np.argsort(self._groups, kind="stable")
        place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        members = np.full((len(sizes), min(most, int(sizes.max()))), len(order), dtype=np.intp)
        kept = place < members.shape[1]
        members[self._groups[order[kept]], place[kept]] = order[kept]
        return members


class _Approximate:
    """A navigable small-world graph over different rows; inserted in an order fixed by content, not by position."""

    def __init__(self, exact: ExactSearch, seed: int) -> None:
        self._exact, self._recalls = exact, dict[int, float]()
        content = np.argsort(row_keys(exact.rows))
        self._inserted = content[hashed_order(seed, np.arange(len(content)), "insertion")]
        self._sample = np.sort(content[hashed_order(seed, np.arange(len(content)), "recall")[:RECALL_ROWS]])
        self._center = exact.rows.mean(axis=0, dtype=np.float64)
        self._index = faiss.IndexHNSWFlat(exact.rows.shape[1], LINKS)
        self._index.hnsw.efConstruction = BUILD_EFFORT
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # several threads would insert in an order that no seed fixes
        try:
            self._index.add(self._single(exact.rows[self._inserted]))
        finally:
            faiss.omp_set_num_threads(threads)

    def _single(self, rows: Array) -> Array:
        return np.ascontiguousarray(rows - self._center, dtype=np.float32)

    def nearest(self, queries: Array, count: int, own: Ints | None) -> tuple[Ints, Floats]:
        """As `ExactSearch.nearest`, some neighbors missed; distances are exact."""
        wanted = min(count + (own is not None), len(self._inserted))
        self._index.hnsw.efSearch = max(SEARCH_EFFORT, 2 * wanted)
        found = self._index.search(self._single(queries), wanted)[1]
        near = np.where(found < 0, -1, self._inserted[found])
        pairs = np.repeat(np.arange(len(near)), wanted)
        far = self._exact.distances(queries, pairs, np.maximum(near, 0).ravel()).reshape(near.shape)
        far[near < 0] = np.inf
        if own is not None:
            far[near == own[:, None]] = np.inf
        order = np.lexsort((near, far), axis=1)[:, :count]
        near, far = np.take_along_axis(near, order, axis=1), np.take_along_axis(far, order, axis=1)
        short = np.flatnonzero(np.isinf(far).any(axis=1))
        if len(short):
            exact = self._exact.nearest(queries[short], count, None if own is None else own[short])
            near[short], far[short] = exact
        return near, far

    def recall(self, count: int) -> float:
        """Share of the sampled rows' true neighbors that are found; a tie with the last one counts as found."""
        if count not in self._recalls:
            rows = self._exact.rows[self._sample]
            truth = self._exact.nearest(rows, count, self._sample)[1]
            found = self.nearest(rows, count, self._sample)[1]
            self._recalls[count] = float(np.mean(found <= truth[:, -1:]))
        return self._recalls[count]


def build_graph(
    X: Any,  # (n, d)
    n_neighbors: int = 10,
    method: str = "auto",
    seed: int = 0,
    keys: Any = None,  # (n,)
) -> NeighborGraph:
    """The nearest other rows of every row, Euclidean, in the units of the columns.

    A row is no neighbor of itself; its exact duplicates are, at distance 0. Distances are taken in float64 by direct
    subtraction. Equal distances go by position, or by hash(seed, id) where ids are given, and then row order changes
    nothing.

    Args:    X: (n, d) numbers, dense or scipy sparse, scaled as they are to be compared.   n_neighbors: >= 1.
             method: "auto", "exact" or "hnsw" (see `NeighborIndex`).   seed: of ties, insertion and the recall sample.
             keys: (n,) ids.
    Returns: NeighborGraph with min(n_neighbors, n - 1) columns; a larger distance means a more isolated row.
    Raises:  InputError if an entry is not finite, the method is unknown or faiss is missing for "hnsw".
    Cost:    exact: O(n^2 d) time, memory bounded; hnsw: about O(n d log n).
    Not for: columns of different scale (standardize first).
    Source:  malkov2020 (hnsw).
    >>> build_graph(np.array([[0.0], [3.0], [0.0]]), n_neighbors=1).distances
    array([[0.],
           [3.],
           [0.]], dtype=float32)
    """
    rows = _matrix(X, "X")
    if keys is None:
        return NeighborIndex(rows, method, seed).graph(n_neighbors)
    ids = np.asarray(keys)
    if ids.shape != (rows.shape[0],):
        raise InputError(
            "keys must name every row",
            where="keys",
            got=f"shape {ids.shape} for {rows.shape[0]} rows",
            fix="pass the ids of the rows",
        )
    order = hashed_order(seed, ids, "ties")
    mixed = NeighborIndex(rows[order], method, seed).graph(n_neighbors)
    back = np.argsort(order)
    return NeighborGraph(order[mixed.indices[back]].astype(np.int32), mixed.distances[back], mixed.method, mixed.recall)


def _choose(method: str, rows: int, is_sparse: bool) -> str:
    if method == "hnsw" and is_sparse:
        raise InputError(f"{HNSW} needs dense rows", where="method", got="sparse rows", fix='use method="exact"')
    if method == "hnsw":
        extras.require_extra("faiss", HNSW, where="method", instead='use method="exact"')
    if method == "auto":
        return "hnsw" if rows > EXACT_ROWS and not is_sparse and extras.is_installed("faiss") else "exact"
    return method


def _matrix(X: Any, name: str) -> Any:
    """A dense or csr matrix of finite floats with at least one row."""
    is_sparse = bool(sparse.issparse(X))
    rows: Any = X.tocsr() if is_sparse else np.asarray(X)
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(
            f"{name} must be a matrix with at least one row and one column",
            where=name,
            got=f"shape {rows.shape}",
            fix="pass an array (n, d)",
        )
    if rows.dtype not in (np.float32, np.float64):
        rows = rows.astype(np.float64)
    if is_sparse:
        entry_rows = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        require_finite(rows.data, entry_rows, name, "impute or drop these rows first")
    else:
        require_finite(rows, np.arange(len(rows)), name, "impute or drop these rows first")
    return rows


def _positive(count: int) -> int:
    if count < 1:
        raise InputError("count must be at least 1", where="count", got=repr(count), fix="use 10 neighbors")
    return int(count)
