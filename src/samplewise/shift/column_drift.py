"""Columns of two sides compared one at a time: how far each tells the sides apart, and values only one side has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.results import Table
from samplewise.core.texts import number_text
from samplewise.data.columns import Column
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.two_samples import only_here_p_value, rank_test
from samplewise.shift.domain_classifier import Sides
from samplewise.shift.drift import TO_SPREAD

pd = lazy_loader.load("pandas")

SIGNIFICANT = 0.05
GIVES_AWAY = 0.85  # area under the curve of one column from which it gives the place away
CELLS = 20  # of about equal size that numbers are cut into
MOST_CELLS = 254  # values of a category with a cell of their own
MOST_COLUMNS = 200  # that are compared one by one
COMPARED = ("numeric", "boolean", "category", "ordinal")


@dataclass(frozen=True, slots=True, eq=False)
class ComparedColumn:
    """One column of both sides, one after the other: codes (n,) of its values, -1 for a gap, and their names.

    `numbers` (n,) with NaN for gaps where it is a number; then codes count values from low to high.
    """

    name: str
    codes: Ints
    values: tuple[str, ...]
    numbers: Floats | None

    @classmethod
    def of_numbers(cls, name: str, numbers: Floats) -> "ComparedColumn":
        """A column of numbers: every different number is a value."""
        numbers = np.asarray(numbers, dtype=np.float64)
        codes = np.full(len(numbers), -1, dtype=np.intp)
        known = ~np.isnan(numbers)
        codes[known] = np.unique(numbers[known], return_inverse=True)[1]
        return cls(name, codes, (), numbers)

    def cells(self) -> Ints:
        """(n,) at most 254 cells: parts of about equal size of numbers, the commonest values of a category; gaps."""
        known = self.codes >= 0
        count = int(self.codes.max()) + 1 if known.any() else 0
        if self.numbers is not None and count > CELLS:
            rows = np.bincount(self.codes[known], minlength=count)
            cut = ((np.cumsum(rows) - 0.5 * rows) * CELLS / rows.sum()).astype(np.intp)
            return np.where(known, cut[self.codes], CELLS)
        if count <= MOST_CELLS:
            return np.where(known, self.codes, count)
        rows = np.bincount(self.codes[known], minlength=count)
        place = np.full(count, MOST_CELLS)
        place[np.argsort(-rows, kind="stable")[:MOST_CELLS]] = np.arange(MOST_CELLS)
        return np.where(known, place[self.codes], MOST_CELLS + 1)


def compared_columns(X: Any, columns: Sequence[Column]) -> list[ComparedColumn]:
    """Every column of numbers or categories of rows of both sides; none of pictures, texts, sparse or wide rows."""
    named = hasattr(X, "iloc")
    if not named and not (isinstance(X, np.ndarray) and X.ndim == 2):
        return []
    chosen = [column for column in columns if column.role == "feature" and column.kind in COMPARED]
    if len(chosen) > MOST_COLUMNS:
        return []
    return [
        _column(column.name, X[column.name] if named else X[:, int(column.name.removeprefix("x"))]) for column in chosen
    ]


def _column(name: str, values: Any) -> ComparedColumn:
    array = values.to_numpy() if hasattr(values, "to_numpy") else values
    if array.dtype.kind in "iuf":
        return ComparedColumn.of_numbers(name, array)
    codes, kept = pd.factorize(pd.Series(values).astype(object), sort=False)
    texts = [str(value) for value in kept]
    order = np.argsort(np.array(texts, dtype=str), kind="stable")
    rank = np.empty(len(texts), dtype=np.intp)
    rank[order] = np.arange(len(texts))
    found = np.where(codes >= 0, rank[codes] if len(rank) else -1, -1)
    return ComparedColumn(name, found, tuple(f"{name} = {texts[at]}" for at in order), None)


def most_telling(columns: Sequence[ComparedColumn], sides: Sides, seed: int) -> Any:
    """Frame of every column: AUC and p on held-out rows, by Holm, overlap of values, moved median; clearest first."""
    found = [_compared(column, sides, seed) for column in columns]
    names = np.array([column.name for column in columns], dtype=object)
    auc, p_value, overlap, moved = np.array(found, dtype=np.float64).reshape(-1, 4).T
    corrected = holm(p_value) if len(p_value) else p_value
    order = np.lexsort((names.astype(str), -auc, corrected))
    table = {"column": names, "auc": auc, "p_value": corrected, "overlap": overlap, "moved": moved}
    return Table({name: values[order] for name, values in table.items()}, index="column").to_frame()


def columns_giving_away(table: Any) -> list[str]:
    """Columns of such a frame that alone nearly give the place away, and not by chance."""
    clear = (table["auc"].to_numpy() > GIVES_AWAY) & (table["p_value"].to_numpy() < SIGNIFICANT)
    return [str(name) for name in table.index[clear]]


def _compared(column: ComparedColumn, sides: Sides, seed: int) -> tuple[float, float, float, float]:
    """One column: cells are ranked by their odds on one half of the rows and compared on the other."""
    cells = column.cells()
    size = int(cells.max()) + 1
    first, second = (
        np.bincount(cells[sides.fitted & (sides.second == side)], minlength=size) for side in (False, True)
    )
    odds = np.log(second + 0.5) - np.log(first + 0.5)
    test = rank_test(odds[cells[sides.tested(False)]], odds[cells[sides.tested(True)]], seed=seed)
    here, there = (np.bincount(cells[sides.second == side], minlength=size) for side in (False, True))
    overlap = float(np.minimum(here / here.sum(), there / there.sum()).sum())
    return test.auc, test.p_value, overlap, _moved(column.numbers, sides)


def _moved(numbers: Floats | None, sides: Sides) -> float:
    """Median of the second side less that of the first, in spreads of the first."""
    if numbers is None:
        return np.nan
    parts = [numbers[(sides.second == side) & ~np.isnan(numbers)] for side in (False, True)]
    if not min(map(len, parts)):
        return np.nan
    low, high = np.quantile(parts[0], (0.25, 0.75))
    spread = float(high - low) / TO_SPREAD or float(np.std(numbers[~np.isnan(numbers)])) or 1.0
    return float(np.median(parts[1]) - np.median(parts[0])) / spread


def unseen_values(columns: Sequence[ComparedColumn], sides: Sides) -> Any:
    """Frame of values and ends of ranges that only the second side has, with p by Holm over all values there are.

    A value that k rows have, all of them on the second side, would be so by chance with a probability that only the
    sizes of the sides enter; so would the k largest or smallest rows be. Groups and copies count as one row.
    """
    one = sides.speaks
    here, there = (int((one & (sides.second == side)).sum()) for side in (True, False))
    what: list[tuple[str, str, int, int]] = []
    tests = 0
    for column in columns:
        tests += 3 if column.numbers is not None else len(column.values) + 1
        what += [(column.name, *line) for line in _only_second(column, sides)]
    p_values = only_here_p_value(np.array([line[3] for line in what], dtype=np.float64), here, there)
    corrected = holm(p_values, max(tests, len(what))) if what else p_values
    order = np.lexsort((np.array([line[1] for line in what], dtype=str), corrected)) if what else np.empty(0, np.intp)
    lines: dict[str, Array] = {
        "column": np.array([line[0] for line in what], dtype=object)[order],
        "what": np.array([line[1] for line in what], dtype=object)[order],
        "rows": np.array([line[2] for line in what], dtype=np.intp)[order], "p_value": corrected[order],
    }  # fmt: skip
    return Table(lines).to_frame()


def _only_second(column: ComparedColumn, sides: Sides) -> list[tuple[str, int, int]]:
    """What only rows of the second side have: words for it, rows, and rows of different groups."""
    gaps = column.codes < 0
    found = []

    def counted(words: str, rows: Array) -> None:
        found.append((words, int(rows.sum()), int((rows & sides.speaks).sum())))

    if gaps.any() and not gaps[~sides.second].any() and not gaps.all():
        counted(f"{column.name} missing", gaps)
    if column.numbers is None:
        here, there = (np.bincount(column.codes[~gaps & (sides.second == side)], minlength=len(column.values))
                       for side in (False, True))  # fmt: skip
        for code in np.flatnonzero((here == 0) & (there > 0)):
            counted(column.values[code], column.codes == code)
        return found
    known = column.numbers[~sides.second & ~gaps]
    if len(known):
        least, greatest = known.min(), known.max()
        for words, rows in (
            (f"{column.name} < {number_text(least)}", column.numbers < least),
            (f"{column.name} > {number_text(greatest)}", column.numbers > greatest),
        ):
            if rows.any():
                counted(words, rows)
    return found
