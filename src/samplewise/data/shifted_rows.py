"""Rows whose cells stand one column to the left or right from some column on: a cell was lost, or one was put in.

Read as they stand they become gaps, codes of their own, and labels that no other row has. What tells them is that their
cells do not fit the columns they stand in and do fit the neighbors: all of them, or nothing is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arrays import Ints, Mask, is_number
from samplewise.data.missing_words import MISSING_WORDS
from samplewise.data.number_formats import is_written_number
from samplewise.data.written_dates import date_formats

pd = lazy_loader.load("pandas")

FEWEST_ROWS, FEWEST_COLUMNS = 20, 3
MOST_SHIFTED = 0.05  # of the rows; where more do not fit, the columns are mixed
PLAIN = 0.9  # of the cells of a column are numbers, or words, where a cell can be said not to fit it
CLOSED = 50  # different words of a column, at the most, whose other words do not fit it
REPEATED = 5  # rows that a word of such a column has in the mean
TRIED = 200  # different cells that tell what a column holds
MOST_CANDIDATES = 2000  # rows that are looked at
FEWEST_MOVED = 2  # cells that would move


@dataclass(frozen=True, slots=True)
class ShiftedRow:
    """A row whose cells seem to stand in the wrong columns.

    Args:
        position: of the row, from 0.
        line: of the file it was read from; 0 where the rows came from none, or its lines are not rows.
        moved: to which side its cells stand of where they belong.
        column: the first column that the row is wrong in.
        cells: what stands from there on, by column, as it was read; None where nothing does.
    """

    position: int
    line: int
    moved: Literal["left", "right"]
    column: str
    cells: tuple[tuple[str, Any], ...]


def shifted_rows(frame: Any) -> tuple[ShiftedRow, ...]:
    """The rows of a table, as it was read, whose cells fit one column further and not where they stand.

    Two cells of such a row, at the least, do not fit their columns: a word among numbers, a number among words, what is
    no date among dates, a word that no other row has in a column of few words; one is enough where its word is one of
    the column beside it. With the cells from some column on moved by one, every cell of the row fits. A row that is
    shifted to the left ends in an empty cell. Rows from which no cell sticks out are not found.

    Args:    frame: n rows with all columns in the order of the file, before texts become numbers.
    Cost:    O(n d) to see what columns hold; O(d) for a row that has cells that do not fit.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": ["31", "40"] * 20, "town": ["Ulm", "Kiel"] * 20, "pay": ["9", "8"] * 20})
    >>> table.iloc[7] = ["", "40", "Ulm"]
    >>> [(row.position, row.moved, row.column) for row in shifted_rows(table)]
    [(7, 'right', 'age')]
    """
    if len(frame) < FEWEST_ROWS or frame.shape[1] < FEWEST_COLUMNS:
        return ()
    columns = [_Cells.of(frame.iloc[:, place]) for place in range(frame.shape[1])]
    count, beside = np.zeros(len(frame), dtype=np.intp), np.zeros(len(frame), dtype=bool)
    for column in columns:
        count += column.odd
        beside |= column.odd & (column.fits is _is_number)  # a word among numbers may be one of the column beside it
    candidates = np.flatnonzero((count >= 2) | beside)[:MOST_CANDIDATES]
    first = int(frame.attrs.get("first_line", 0))
    tried = (_shifted(frame, columns, row, row + first if first else 0) for row in candidates.tolist())
    found = tuple(row for row in tried if row is not None)
    return found if len(found) <= max(MOST_SHIFTED * len(frame), 1) else ()


@dataclass(frozen=True, slots=True)
class _Cells:
    """What a column holds, and which of its cells (n,) do not fit it."""

    fits: Callable[[Any], bool]
    words: frozenset[str]  # of a column of few; empty for all others
    odd: Mask

    @classmethod
    def of(cls, column: Any) -> "_Cells":
        if column.dtype.kind not in "OUT":
            return cls(_anything if column.dtype.kind in "mM" else _is_number, frozenset(), np.zeros(len(column), bool))
        codes, different = pd.factorize(column.astype(object), use_na_sentinel=True)
        values = list(different)
        absent = np.array([_is_missing(value) for value in values], dtype=bool)
        counts = np.where(absent, 0, np.bincount(codes[codes >= 0], minlength=len(values)))
        number = np.array([_is_plain_number(value) for value in values], dtype=bool)
        fits, words = _rule(values, counts, number)
        odd = np.array([not gone and not fits(value) for value, gone in zip(values, absent, strict=True)], dtype=bool)
        cells = np.append(odd, False)[codes]  # -1, a missing cell, is the last
        return cls(fits, words, cells)


def _rule(values: list[Any], counts: Ints, number: Mask) -> tuple[Callable[[Any], bool], frozenset[str]]:
    """Which cells fit a column of these different values, and its words where it has few."""
    total = counts.sum()
    share = counts[number].sum() / total if total else 0.5
    if share >= PLAIN or _mostly(values, _is_number):
        return _is_number, frozenset()
    if share > 1.0 - PLAIN:
        return _anything, frozenset()
    if _mostly(values, _is_date):
        return _is_date, frozenset()
    known = [value for value, count in zip(values, counts, strict=True) if count > 1 and isinstance(value, str)]
    rows = counts[counts > 1].sum()
    if 0 < len(known) <= CLOSED and rows >= max(REPEATED * len(known), PLAIN * total):
        words = frozenset(word.strip() for word in known if not _is_plain_number(word))
        return partial(_is_one_of, words), words
    return _is_word, frozenset()


def _mostly(values: list[Any], rule: Callable[[Any], bool]) -> bool:
    """Whether a rule holds for nearly all of the different values; of many, for those of the first."""
    tried = [value for value in values[:TRIED] if not _is_missing(value)]
    return bool(tried) and sum(map(rule, tried)) >= PLAIN * len(tried)


def _shifted(frame: Any, columns: list[_Cells], row: int, line: int) -> ShiftedRow | None:
    """The row as a shifted one, where moving its cells makes every one of them fit."""
    cells = frame.iloc[row].tolist()
    held = [None if _is_missing(cell) else cell for cell in cells]
    odd = np.array([column.odd[row] for column in columns])
    wide = len(held)
    for moved, step in (("right", 1), ("left", -1)):
        if moved == "left" and held[-1] is not None:
            continue
        new = [held[place + step] if 0 <= place + step < wide else None for place in range(wide)]
        pairs = zip(new, columns, strict=True)
        wrong = np.array([cell is not None and not column.fits(cell) for cell, column in pairs])
        first = _first_moved(odd, wrong, held, new, moved)
        if first is None or not _is_evidence(columns, odd, new, first, step):
            continue
        names = [str(name) for name in frame.columns]
        return ShiftedRow(row, line, moved, names[first], tuple(zip(names[first:], held[first:], strict=True)))  # type: ignore[arg-type]  # one of two words
    return None


def _first_moved(odd: Mask, wrong: Mask, held: list[Any], new: list[Any], moved: str) -> int | None:
    """The last column from which on all cells can be moved so that all fit; None where there is none.

    Where a cell was put in, rather the last that is empty.
    """
    possible = []
    for first in range(len(odd)):
        later = wrong[first:] if moved == "right" else wrong[first + 1 :]
        enough = odd[first:].any() and sum(cell is not None for cell in new[first:]) >= FEWEST_MOVED
        if enough and not odd[:first].any() and not later.any():
            possible.append(first)
    empty = [first for first in possible if held[first] is None] if moved == "right" else []
    return max(empty or possible, default=None)


def _is_evidence(columns: list[_Cells], odd: Mask, new: list[Any], first: int, step: int) -> bool:
    """Whether two cells do not fit where they stand, or one that is a word of the column beside it."""
    if odd[first:].sum() >= 2:
        return True
    place = int(np.flatnonzero(odd)[-1])
    home = place - step
    return 0 <= home < len(columns) and isinstance(new[home], str) and new[home].strip() in columns[home].words


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip() or value.strip() in MISSING_WORDS
    return value is None or value is pd.NaT or value is pd.NA or value != value


def _is_plain_number(value: Any) -> bool:
    return is_number(value.strip()) if isinstance(value, str) else isinstance(value, int | float | np.number)


def _is_number(value: Any) -> bool:
    return _is_plain_number(value) or (isinstance(value, str) and is_written_number(value))


def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or date_formats([value.strip()])[1] == 1.0


def _is_word(value: Any) -> bool:
    return not _is_plain_number(value)


def _is_one_of(words: frozenset[str], value: Any) -> bool:
    return isinstance(value, str) and value.strip() in words


def _anything(value: Any) -> bool:
    return True
