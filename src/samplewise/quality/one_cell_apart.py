"""Rows that agree in every cell but one, far more often than coincidence explains: copies with a changed cell."""

import numpy as np

from samplewise.core.arrays import Floats, Ints
from samplewise.engine.neighbors import exact_groups
from samplewise.quality.cells import TIMES_CHANCE, WIDEST, HashedCells

FEWEST_COLUMNS = 4  # columns that vary, below which one of them is too much of a row


def one_cell_apart(cells: Floats, n_seen: int, groups: Ints | None = None) -> tuple[Ints, Ints]:
    """Pairs of rows (p,), (p,) that differ in one column alone, in columns where coincidence does not explain them.

    A column counts where at least three times as many pairs differ in it alone as `HashedCells.expected` says. Of every
    set of rows that agree in the rest, one pair is returned for each row but one.

    Args:    cells: (n, d) as `coincident_pairs` takes them.
             n_seen: the first so many columns may differ: ids, dates and groups further behind tell rows apart.
             groups: as `HashedCells` takes them.
    Returns: positions of the first row, of the second.
    Cost:    O(n log n) for each of at most 64 columns, and for each of those with such pairs again as much for every
             other column until one explains them.
    """
    none = np.empty(0, np.intp)
    if cells.shape[1] > WIDEST:
        return none, none
    hashed = HashedCells(cells, groups)
    if len(hashed.weighed) < FEWEST_COLUMNS:
        return none, none
    equal = exact_groups(hashed.without())
    found = [
        _pairs(exact_groups(hashed.without([j])), equal)
        for j in hashed.weighed
        if j < n_seen and (pairs := hashed.differing(frozenset([j]))) > 0 and not _explained(hashed, j, pairs)
    ]
    return np.concatenate([none, *(left for left, _ in found)]), np.concatenate([none, *(right for _, right in found)])


def _explained(hashed: HashedCells, j: int, pairs: float) -> bool:
    """Whether coincidence makes a third or more of the pairs that differ in column j alone."""
    enough = pairs / TIMES_CHANCE
    return hashed.expected(frozenset([j]), enough) >= enough


def _pairs(rest: Ints, equal: Ints) -> tuple[Ints, Ints]:
    """Pairs within the groups of rows that agree in the rest of the columns, but for those equal throughout."""
    first = np.unique(rest, return_index=True)[1][rest]
    rows = np.flatnonzero(equal != equal[first])
    return first[rows], rows
