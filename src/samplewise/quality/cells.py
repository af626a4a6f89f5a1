"""Raw cells as numbers that are equal where the cells are, and how many equal rows coincidence alone would make."""

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import key_hashes
from samplewise.data.images import Images

pd = lazy_loader.load("pandas")

WIDEST = 64  # columns weighed in a coincidence, the most varied ones
ENTRIES = 20_000_000  # rows times columns weighed at the most
TOGETHER = 5  # columns, those in which most pairs differ alone, that are tried two by two
FEWEST_PAIRS, TIMES_CHANCE = 3, 3.0  # equal pairs that are more than coincidence: so many, and so many times as many


def cell_matrix(X: Any, places: Sequence[int] = (), other: Any = None) -> Any:
    """Rows (n + m, d) in which equality means equal cells: X over `other` (the test set).

    Categories, texts and dates become codes that both sets share, pictures the 16 bytes that name their pixels at the
    common size of X; numbers and sparse rows stay what they are.

    Args:    X, other: features.   places: the columns of a frame or an array that are compared; none for all.
    """
    sets = [X] if other is None else [X, other]
    if hasattr(X, "iloc"):
        names = list(X.columns) if not len(places) else [X.columns[place] for place in places]
        return np.column_stack([cells_of(*(part[name] for part in sets)) for name in names])
    if isinstance(X, Images):
        return np.vstack([part.at_size(X).content_keys() for part in sets])
    if hasattr(X, "tocsr"):
        return X if other is None else _stacked_sparse(X, other)
    rows = [np.asarray(part, dtype=np.float64) for part in sets] if other is not None else sets
    rows = [part[:, list(places)] for part in rows] if 0 < len(places) < X.shape[1] else rows
    return np.vstack(rows) if other is not None else rows[0]


def cells_of(*parts: Any) -> Floats:
    """One column, of several sets of rows in turn, as numbers (n + m,) that are equal where its cells are."""
    column = pd.concat([pd.Series(part) for part in parts], ignore_index=True)
    if column.dtype.kind in "biuf":
        return numbers_of(column)
    values = column.astype(object)
    try:
        return np.asarray(pd.factorize(values)[0], dtype=np.float64)
    except TypeError:  # lists and records cannot be hashed; their text can
        return np.asarray(pd.factorize(values.astype(str))[0], dtype=np.float64)


def numbers_of(column: Any) -> Floats:
    """A column of numbers or truth values, of a frame or an array, as float64 with NaN for gaps."""
    if hasattr(column, "to_numpy"):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column, dtype=np.float64)


def _stacked_sparse(X: Any, other: Any) -> Any:
    sparse = type(X)
    data, indices = np.r_[X.data, other.data], np.r_[X.indices, other.indices]
    return sparse(
        (data, indices, np.r_[X.indptr, X.indptr[-1] + other.indptr[1:]]), (X.shape[0] + other.shape[0], X.shape[1])
    )


def pairs_within(groups: Ints) -> float:
    """Number of pairs of rows that share a group."""
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    return float(np.sum(sizes * (sizes - 1.0)) / 2.0)


def coincident_pairs(cells: Any, pairs: float, groups: Ints | None = None) -> float:
    """How many of the equal pairs coincidence explains, estimated from the pairs that differ in one column or two.

    See `HashedCells.expected`. In a single column equal values are what a value is: all of its pairs are coincidence.

    Args:    cells: (n, d) from `cell_matrix`.   pairs: equal pairs among them.   groups: as `HashedCells` takes them.
    Returns: expected number of pairs; 0 for sparse rows and pictures.
    Cost:    O(n log n) a column, for at most 64 of them.
    """
    if not isinstance(cells, np.ndarray) or cells.dtype == np.uint8 or not pairs:
        return 0.0
    hashed = HashedCells(cells, groups)
    return hashed.expected() if len(hashed.weighed) > 1 else pairs


class HashedCells:
    """Rows (n, d) as sums of hashes of their cells, from which columns are taken out again one by one.

    Args:    cells: as `coincident_pairs` takes them.   groups: (n,) where only rows of one group can be equal, since a
             column names it: how often they agree in the other columns is then measured within groups.
    """

    def __init__(self, cells: Floats, groups: Ints | None = None) -> None:
        self._cells = cells
        agreement = np.array([_agreement(column, groups) for column in cells.T])
        self.odds = agreement / np.maximum(1.0 - agreement, np.finfo(float).tiny)  # pairs that agree, per other pair
        most = int(min(WIDEST, max(2, ENTRIES // len(cells))))
        order = np.argsort(agreement, kind="stable")
        self.weighed = [int(j) for j in order[:most] if agreement[j] < 1.0]  # columns that vary, most varied first
        self._whole = sum((_hashes(column, j) for j, column in enumerate(cells.T)), np.zeros(len(cells), np.uint64))
        self._known: dict[frozenset[int], float] = {}

    def without(self, columns: Collection[int] = ()) -> Ints:
        """(n,) numbers that rows share which agree in all columns but these."""
        rest = self._whole
        for j in columns:
            rest = rest - _hashes(self._cells[:, j], j)
        return rest.view(np.int64)

    def differing(self, columns: frozenset[int]) -> float:
        """How many pairs of rows differ in exactly these columns."""
        if columns not in self._known:
            fewer = [frozenset(part) for size in range(len(columns)) for part in combinations(sorted(columns), size)]
            self._known[columns] = pairs_within(self.without(columns)) - sum(map(self.differing, fewer))
        return max(0.0, self._known[columns])

    def expected(self, columns: frozenset[int] = frozenset(), enough: float = math.inf) -> float:
        """How many pairs coincidence would make that differ in exactly these columns; none: that are equal throughout.

        If rows meet by coincidence, then for every such pair there are others that differ in one column more: D_k of
        them in column k, and D_k q_k / (1 - q_k) of those would have agreed there too, where q_k is the share of all
        pairs that agree in column k. Where columns go together (rows of one household) more do, and the pairs that
        differ in two columns more tell how many: D_j D_k / D_jk, where D_jk is no smaller than either. The largest of
        these is returned, or the first that reaches `enough`. True duplicates leave no such pairs behind.
        """
        most, more = 0.0, dict[int, float]()
        for k in sorted(set(self.weighed) - columns, key=lambda k: -self.odds[k]):  # likeliest to agree first
            more[k] = self.differing(columns | {k})
            most = max(most, more[k] * float(self.odds[k]))
            if most >= enough:
                return most
        for j, k in combinations(sorted(more, key=lambda k: -more[k])[:TOGETHER], 2):
            both = self.differing(columns | {j, k})
            if both > 0 and both >= max(more[j], more[k]):
                most = max(most, more[j] * more[k] / both)
        return most


def is_beyond_chance(observed: float, expected: float) -> bool:
    """Whether there are at least three equal pairs, and three times as many as coincidence makes.

    Equal pairs come in clusters, so their number scatters far more than one of independent events: a test that takes
    them for such would call twice the expected number proven.
    """
    return observed >= FEWEST_PAIRS and observed >= TIMES_CHANCE * expected


def coincidence(observed: float, expected: float) -> Iterator[str]:
    """A sentence that compares the equal pairs with those coincidence makes; none where it makes next to none."""
    if observed and expected >= 0.5:
        far = "far more" if is_beyond_chance(observed, expected) else "not far more"
        yield f"{observed:,.0f} equal pairs are {far} than coincidence explains, about {expected:,.0f}."


def _agreement(column: Array, groups: Ints | None) -> float:
    """Share of pairs of rows, of one group where there are groups, that agree in a column."""
    if groups is None:
        counts = np.unique(column, return_counts=True)[1].astype(np.float64)
        return float(np.sum(counts * (counts - 1)) / max(1.0, len(column) * (len(column) - 1.0)))
    values = np.unique(column, return_inverse=True)[1]
    return pairs_within(groups * (int(values.max()) + 1) + values) / max(1.0, pairs_within(groups))


def _hashes(column: Array, salt: int) -> Any:
    values = np.where(np.isnan(column), np.nan, column + 0.0) if column.dtype.kind == "f" else column.astype(np.float64)
    return key_hashes(values.astype(np.float64).view(np.int64) ^ np.int64(salt * 0x9E3779B97F4A7C15 % 2**63))
