"""How strongly columns go together, all pairs at once, each over the rows in which both have a value."""

import numpy as np
from scipy import sparse, special

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.statistics.association import rank_correlation_rows, standard_ranks

FEWEST = 3  # rows that have both values; of fewer nothing is said
Strengths = tuple[Floats, Floats]  # how strongly, NaN where it cannot be told, and the p-value of "not at all"


def column_ranks(values: Floats) -> Floats:
    """Ranks within every column (n, d), ties shared, with mean 0 and deviation 1; missing values stay missing.

    >>> column_ranks(np.array([[10.0], [np.nan], [1e6]])).ravel()
    array([-1., nan,  1.])
    """
    ranks = np.full(values.shape, np.nan)
    for place in range(values.shape[1]):
        known = ~np.isnan(values[:, place])
        if known.any():
            ranks[known, place] = standard_ranks(values[known, place])
    return ranks


def rank_correlations(ranks: Floats) -> Strengths:
    """(d, d) Spearman's correlations of columns of ranks (n, d), as `column_ranks` makes them, and their p-values.

    Where values are missing, the ranks are those among all values of the column.

    Cost: O(n d^2).   Source: spearman1904.

    >>> correlations, _ = rank_correlations(column_ranks(np.array([[1.0, 9.0], [2.0, 4.0], [3.0, 1.0]])))
    >>> correlations.round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    present, held = _present_and_held(ranks)
    count, sums, squares = present.T @ present, held.T @ present, np.square(held).T @ present
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = count * squares - np.square(sums)
        scale = np.sqrt(np.where(spread > 1e-9 * count * squares, spread, np.nan))
        found = (count * (held.T @ held) - sums * sums.T) / (scale * scale.T)
    found = np.where(count >= FEWEST, np.clip(found, -1.0, 1.0), np.nan)
    return found, 2.0 * special.ndtr(-np.abs(found) * np.sqrt(np.maximum(count - 1.0, 0.0)))


def correlation_ratios(codes: Ints, ranks: Floats) -> Strengths:
    """(c, d) how far the categories of each column (n, c) tell the ranks (n, d), from 0 to 1, and the p-values.

    The square is the share of the variance of the ranks between categories, without what chance gives (epsilon
    squared). A code of -1 is a missing value.

    Cost: O(n c d).   Source: kelley1935.

    >>> ratios, _ = correlation_ratios(np.array([[0], [0], [1], [1]]), np.array([[-1.0], [-1.0], [1.0], [1.0]]))
    >>> ratios.tolist()
    [[1.0]]
    """
    rows_of, starts = _indicators(codes)
    present, held = _present_and_held(ranks)
    count, sums, squares = rows_of @ present, rows_of @ held, rows_of @ np.square(held)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.add.reduceat(np.where(count > 0, np.square(sums) / count, 0.0), starts)
        rows, total = np.add.reduceat(count, starts), np.add.reduceat(sums, starts)
        levels = np.add.reduceat((count > 0).astype(np.float64), starts)
        mean = np.square(total) / rows
        spread, told = np.add.reduceat(squares, starts) - mean, between - mean
        spread = np.where((spread > 1e-9 * rows) & (levels > 1) & (rows > levels) & (rows >= FEWEST), spread, np.nan)
        left = np.maximum(1.0 - told / spread, 0.0)
        corrected = 1.0 - left * (rows - 1.0) / (rows - levels)
        ratio = (1.0 - left) / (levels - 1.0) / (left / (rows - levels))
    return np.sqrt(np.maximum(corrected, 0.0)), np.asarray(
        special.fdtrc(levels - 1.0, rows - levels, ratio), dtype=np.float64
    )


def cramers_v(codes: Ints) -> Strengths:
    """(c, c) Cramer's V of columns of categories (n, c), from 0 to 1, without what chance gives, and the p-values.

    A code of -1 is a missing value. A column that tells another one comes out a little below 1 where it has more
    categories.

    Cost: O(n c^2).   Source: bergsma2013.

    >>> found, _ = cramers_v(np.array([[0, 1], [1, 0], [0, 1], [1, 0]]))
    >>> float(found[0, 1])
    1.0
    """
    rows_of, starts = _indicators(codes)
    ends = [*starts[1:].tolist(), rows_of.shape[0]]
    found, p_values = (np.full((codes.shape[1], codes.shape[1]), np.nan) for _ in range(2))
    for one, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        tables = (rows_of[start:end] @ rows_of.T).toarray()
        for other in range(one):
            table = tables[:, starts[other] : ends[other]]
            found[one, other], p_values[one, other] = _of_table(table)
            found[other, one], p_values[other, one] = found[one, other], p_values[one, other]
    return found, p_values


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's correlation of two columns (n,) over the rows in which both have a value; NaN of fewer than three.

    >>> round(rank_correlation(np.array([1.0, 2.0, np.nan, 4.0]), np.array([1.0, 4.0, 9.0, 16.0])), 9)
    1.0
    """
    both = ~np.isnan(one) & ~np.isnan(other)
    return float(rank_correlation_rows(one[both], other[both]).mean()) if both.sum() >= FEWEST else np.nan


def rank_spread(values: Array) -> float:
    """Variance of the ranks of values (n,), as a share of what it is where all differ and none is missing.

    >>> rank_spread(np.array([1.0, 2.0, 3.0])), rank_spread(np.array([1.0, 1.0, np.nan]))
    (1.0, 0.0)
    """
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return 0.0
    counts = np.unique(known, return_counts=True)[1].astype(np.float64)
    full = float(len(values)) ** 3 - len(values)
    return float((float(len(known)) ** 3 - np.power(counts, 3).sum()) / full)


def _of_table(table: Floats) -> tuple[float, float]:
    """Corrected V and the p-value of one table of counts; NaN where one side has one category only."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    rows, (height, width) = float(table.sum()), table.shape
    if min(height, width) < 2 or rows < FEWEST:
        return np.nan, np.nan
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / rows
    chi_squared = float((np.square(table - expected) / expected).sum())
    freedom = (height - 1.0) * (width - 1.0)
    above = max(chi_squared / rows - freedom / (rows - 1.0), 0.0)
    most = min(side - 1.0 - (side - 1.0) ** 2 / (rows - 1.0) for side in (height, width))
    strength = min(np.sqrt(above / most), 1.0) if most > 0 else np.nan
    return float(strength), float(special.chdtrc(freedom, chi_squared))


def _present_and_held(ranks: Floats) -> tuple[Floats, Floats]:
    """1 where there is a rank and 0 elsewhere, and the ranks with 0 in the place of missing ones."""
    missing = np.isnan(ranks)
    return (~missing).astype(np.float64), np.where(missing, 0.0, ranks)


def _indicators(codes: Ints) -> tuple[sparse.csr_matrix, Ints]:
    """(levels of all columns, n) which row has which category, and where the levels of every column start."""
    levels = np.maximum(codes.max(axis=0) + 1, 1)
    starts = np.concatenate([[0], np.cumsum(levels)[:-1]]).astype(np.intp)
    rows, columns = np.nonzero(codes >= 0)
    places = codes[rows, columns] + starts[columns]
    shape = (int(levels.sum()), len(codes))
    return sparse.csr_matrix((np.ones(len(rows)), (places, rows)), shape=shape), starts
