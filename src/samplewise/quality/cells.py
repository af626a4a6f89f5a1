"""Raw cells as numbers that are equal where the cells are, and how many equal rows coincidence alone would make."""

from collections.abc import Iterator
from typing import Any

import lazy_loader
import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import key_hashes
from samplewise.data.columns import Column
from samplewise.data.images import Images

pd = lazy_loader.load("pandas")

WIDEST = 64  # columns weighed in a coincidence, the most varied ones
ENTRIES = 20_000_000  # rows times columns weighed at the most
BEYOND_CHANCE = 0.01  # p-value below which coincidence does not explain repeats


def cell_matrix(X: Any, columns: tuple[Column, ...], other: Any = None) -> Any:
    """Rows (n + m, d) in which equality means equal cells: X over `other` (the test set), id columns left out.

    Categories, texts and dates become codes that both sets share, pictures the 16 bytes that name their pixels at the
    common size of X; numbers and sparse rows stay what they are.
    """
    sets = [X] if other is None else [X, other]
    if hasattr(X, "iloc"):
        names = [column.name for column in columns if column.kind != "id"] or [column.name for column in columns]
        frame = pd.concat([part[names] for part in sets], ignore_index=True)
        return np.column_stack([_cells(frame[name]) for name in names])
    if isinstance(X, Images):
        return np.vstack([part.at_size(X).content_keys() for part in sets])
    if hasattr(X, "tocsr"):
        return X if other is None else _stacked_sparse(X, other)
    return np.vstack([np.asarray(part, dtype=np.float64) for part in sets]) if other is not None else X


def _cells(column: Any) -> Floats:
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


def coincident_pairs(cells: Any, pairs: float) -> float:
    """How many of the equal pairs coincidence explains, estimated from the pairs that differ in exactly one column.

    If rows meet by coincidence, then for every pair that is equal throughout there are others that agree on all columns
    but one: A_j of them differ in column j alone, and A_j q_j / (1 - q_j) of those would have agreed there too, where
    q_j is the share of all pairs that agree in column j. The largest of these over j is returned. True duplicates
    leave no such pairs behind.

    Args:    cells: (n, d) from `cell_matrix`.   pairs: equal pairs among them.
    Returns: expected number of pairs; 0 for sparse rows and pictures.
    Cost:    O(n log n) a column, for at most 64 of them.
    """
    if not isinstance(cells, np.ndarray) or cells.dtype == np.uint8 or cells.shape[1] < 2 or not pairs:
        return 0.0
    agreement = np.array([_agreement(column) for column in cells.T])
    most = int(min(WIDEST, max(2, ENTRIES // len(cells))))
    weighed = [int(j) for j in np.argsort(agreement, kind="stable")[:most] if agreement[j] < 1.0]
    whole = sum((_hashes(column, j) for j, column in enumerate(cells.T)), np.zeros(len(cells), dtype=np.uint64))
    expected = 0.0
    for j in weighed:
        differing = max(0.0, pairs_within((whole - _hashes(cells[:, j], j)).view(np.int64)) - pairs)
        expected = max(expected, differing * agreement[j] / (1.0 - agreement[j]))
    return expected


def is_beyond_chance(observed: float, expected: float) -> bool:
    """Whether so many equal pairs would be seen in fewer than 1 % of tables in which `expected` are."""
    return observed > 0 and float(stats.poisson.sf(observed - 1, max(expected, 1e-12))) < BEYOND_CHANCE


def coincidence(observed: float, expected: float) -> Iterator[str]:
    """A sentence that compares the equal pairs with those coincidence makes; none where it makes next to none."""
    if observed and expected >= 0.5:
        more = "more" if is_beyond_chance(observed, expected) else "no more"
        yield f"{observed:,.0f} equal pairs are {more} than coincidence explains, about {expected:,.0f}."


def _agreement(column: Array) -> float:
    """Share of pairs of rows that agree in a column."""
    counts = np.unique(column, return_counts=True)[1].astype(np.float64)
    return float(np.sum(counts * (counts - 1)) / max(1.0, len(column) * (len(column) - 1.0)))


def _hashes(column: Array, salt: int) -> Any:
    values = np.where(np.isnan(column), np.nan, column + 0.0) if column.dtype.kind == "f" else column.astype(np.float64)
    return key_hashes(values.astype(np.float64).view(np.int64) ^ np.int64(salt * 0x9E3779B97F4A7C15 % 2**63))
