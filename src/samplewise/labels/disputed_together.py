"""Whether disputed rows lie together in a column, a group or a stretch of time, where something else was recorded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text, number_text
from samplewise.core.values import with_unit
from samplewise.data.dataset import Dataset

pd = lazy_loader.load("pandas")

FEWEST = 4  # rows of a cell
MOSTLY = 0.5  # share of a cell that is disputed, from which it counts
SHUFFLES = 10
FEW_VALUES, PARTS = 20, 8  # numbers of more different values are cut into eighths
NOT_COUNTED = ("id", "nested")  # kinds of column in which rows cannot lie together
MISSING = "(missing)"


@dataclass(frozen=True, slots=True)
class DisputedTogether(Result):
    """Where disputed rows lie together.

    Args:
        column: the column, "groups", "time" or "the order of the rows".
        values: where in it, the most disputed rows first.
        share: of the disputed rows that lie in cells of which half or more are disputed.
        excess: that share less the largest that ten shuffles show.
    """

    column: str
    values: tuple[str, ...]
    share: float
    excess: float

    def _sentences(self) -> Iterable[str]:
        yield f"{with_unit(self.share, 'share')} of the disputed rows lie together at {self.column} ="
        yield f"{keys_text(self.values)}."

    def _table(self) -> Table:
        return Table({self.column: np.array(self.values, dtype=object)})


def disputed_together(data: Dataset, disputed: Mask, predicted: Ints) -> DisputedTogether | None:
    """The column, group or stretch of time in which the most disputed rows lie together, beyond chance.

    A cell is a value of the column (an eighth of the range of ranks, for numbers of many values) within one predicted
    class, of at least four rows. Disputed rows lie together where half or more of their cell is disputed. Shuffles keep
    how many of a predicted class are disputed, so a class that is disputed everywhere lies nowhere together.

    Args:    data: n rows.   disputed: (n,).   predicted: (n,) class codes; all 0 for numbers.
    Returns: `DisputedTogether`, or None where no cell is mostly disputed.
    Cost:    11 counts of all rows per column.
    Not for: rows that differ in two columns at once.   Source: exact; no publication.
    """
    if not disputed.any():
        return None
    shuffled = _shuffled(data.ids, disputed, predicted)
    best = None
    for name, cells, names in _partitions(data):
        rows = cells * (int(predicted.max()) + 1) + predicted
        share = _share(rows, disputed)
        excess = share - max(_share(rows, one) for one in shuffled) if share else 0.0
        if share and (best is None or excess > best[0]):
            best = excess, share, name, rows, cells, names
    if best is None:
        return None
    excess, share, name, rows, cells, names = best
    inside = disputed & _crowded(rows, disputed)[rows]
    found, counts = np.unique(cells[inside], return_counts=True)
    values = tuple(names[cell] for cell in found[np.argsort(-counts, kind="stable")])
    return DisputedTogether(name, values, share, excess)


def _share(rows: Ints, disputed: Mask) -> float:
    """Share of the disputed rows that lie in crowded cells (n,)."""
    return float(_crowded(rows, disputed)[rows][disputed].mean())


def _crowded(rows: Ints, disputed: Mask) -> Mask:
    """Which cells have four rows or more, half or more of them disputed."""
    sizes = np.bincount(rows)
    hits = np.bincount(rows[disputed], minlength=len(sizes))
    return (sizes >= FEWEST) & (hits >= MOSTLY * sizes)


def _shuffled(ids: Array, disputed: Mask, predicted: Ints) -> list[Mask]:
    """The flags in other orders, within each predicted class; row order changes nothing."""
    given = _within_classes(hashed_order(0, ids, "disputed together"), predicted)
    shuffles = []
    for number in range(1, SHUFFLES + 1):
        moved = np.empty_like(disputed)
        moved[_within_classes(hashed_order(number, ids, "disputed together"), predicted)] = disputed[given]
        shuffles.append(moved)
    return shuffles


def _within_classes(order: Ints, predicted: Ints) -> Ints:
    return order[np.argsort(predicted[order], kind="stable")]


def _partitions(data: Dataset) -> Iterator[tuple[str, Ints, list[str]]]:
    """Everything rows may lie together in: name, (n,) cell of every row, and the names of the cells."""
    X = data.X
    tabular = isinstance(X, np.ndarray) and X.ndim == 2
    for position, column in enumerate(data.columns):
        if column.kind not in NOT_COUNTED and (tabular or hasattr(X, "iloc")):
            yield column.name, *_cells(X.iloc[:, position] if hasattr(X, "iloc") else X[:, position])
    if data.segments is not None:
        for name in data.segments:
            yield str(name), *_cells(data.segments[name])
    if data.groups is not None:
        yield "groups", *_cells(data.groups.astype(str))
    if data.time is not None:
        yield "time", *_cells(data.time)
    if data.ids.dtype.kind in "iuf":  # numbers that came with the file stay with the rows when these are reordered
        yield "the order of the rows", *_cells(data.ids)


def _cells(values: Array) -> tuple[Ints, list[str]]:
    """(n,) cell of every row, a value or an eighth, missing ones apart, and the names of the cells."""
    column = pd.Series(np.asarray(values))
    codes, found = pd.factorize(column, sort=False)
    if len(found) > FEW_VALUES and found.dtype.kind in "iufmM":
        ranks = column.rank(method="min").to_numpy()
        parts = np.minimum((ranks - 1) * PARTS / max(int(column.notna().sum()), 1), PARTS - 1)
        codes = np.where(np.isnan(ranks), -1, np.nan_to_num(parts)).astype(np.intp)
        names = [_range(column[codes == part]) for part in range(PARTS)]
    else:
        names = [number_text(value) if isinstance(value, float) else str(value) for value in found.tolist()]
    return np.where(codes < 0, len(names), codes), [*names, MISSING]


def _range(values: Array) -> str:
    """The ends of an eighth; nothing where it is empty."""
    if not len(values):
        return ""
    low, high = values.min(), values.max()
    if isinstance(low, int | float | np.number):
        return f"{number_text(low)} to {number_text(high)}"
    return f"{low} to {high}"
