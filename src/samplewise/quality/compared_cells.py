"""The cells that decide whether two rows are one row twice: those models see, and all others that the user gave."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.engine.neighbors import exact_groups
from samplewise.quality.cells import cell_matrix, cells_of, coincident_pairs, pairs_within

pd = lazy_loader.load("pandas")

DENSE = 0.5  # of the whole numbers from the first to the last are there, in a column that numbers the rows
WORDS_SHARED = 0.9  # of the words of two texts that are one but for a few words
FEWEST_WORDS = 10  # below this a changed word changes the text

_NUMBERED = re.compile(r"(\D*)(\d{1,18})")


@dataclass(frozen=True, slots=True, eq=False)
class ComparedCells:
    """Cells of n rows as numbers that are equal where the cells are; of n + m with a test set.

    Args:
        seen: (n, d) cells of the columns that models see; csr of sparse rows, bytes of pictures.
        seen_columns: theirs; none of pictures.
        other: (n, e) cells of all further columns: ids, dates, groups, times, and what the user left out.
        numbering: names of columns that number the rows: they differ in every pair, and so say nothing.
        texts: texts among the seen columns by name, (n,) each.
        groups: (n,) the user's groups as numbers; None where there are none.
    """

    seen: Any
    seen_columns: tuple[Column, ...]
    other: Floats
    numbering: tuple[str, ...]
    texts: dict[str, Array]
    groups: Ints | None = None

    @property
    def countable(self) -> bool:
        """Whether the seen cells are numbers of which coincidences can be counted: not pixels, nor sparse rows."""
        return isinstance(self.seen, np.ndarray) and self.seen.dtype != np.uint8

    def seen_groups(self) -> Ints:
        """(n,) rows that are equal in every column models see share a number."""
        return exact_groups(self.seen)

    def equal_groups(self) -> Ints:
        """(n,) rows that are equal in every column the user gave share a number."""
        return joined_groups(self.seen_groups(), self.other)

    def groups_with(self, plain: Mapping[str, Ints]) -> Ints:
        """(n,) rows equal in every column models see, once numbers (n,) stand for the texts of these columns."""
        names = [column.name for column in self.seen_columns]
        cells = self.seen.copy()
        for name, codes in plain.items():
            cells[:, names.index(name)] = codes
        return exact_groups(cells)

    def every_cell(self) -> Any:
        """(n, d + e) all cells, of which coincidences are counted; the seen ones alone where they are no numbers."""
        return np.column_stack([self.seen, self.other]) if self.countable and self.other.shape[1] else self.seen

    def coincident(self, cells: Any, groups: Ints) -> float:
        """How many of the equal pairs coincidence explains; none of equal texts and pictures."""
        if {column.kind for column in self.seen_columns} - {"constant"} == {"text"} or not self.countable:
            return 0.0
        inside = self.groups if cells is not self.seen else None
        return coincident_pairs(cells, pairs_within(groups), inside)

    def others_agree(self, left: Ints, right: Ints) -> Mask:
        """(p,) pairs of rows that no other column tells apart."""
        return np.asarray(_same(self.other[left], self.other[right]).all(axis=1))


def compared_cells(
    data: Dataset, columns: tuple[Column, ...], other_columns: Any = None, test: Dataset | None = None,
    test_other_columns: Any = None,
) -> ComparedCells:  # fmt: skip
    """The cells of rows, over those of the test rows where there are any.

    Args:    data: n rows.   columns: of their features.   test: m rows with the same features.
             other_columns, test_other_columns: frames of what the user gave besides; None where nothing was.
    Cost:    O(n d log n).
    """
    places = _seen(columns)
    seen = cell_matrix(data.X, places, None if test is None else test.X)
    further = _further(data, columns, other_columns, None if test is None else (test, test_other_columns))
    numbering = tuple(name for name, parts in further.items() if name not in _ROLES and numbers_rows(parts[0]))
    kept = [cells_of(*parts) for name, parts in further.items() if name not in numbering]
    other = np.column_stack(kept) if kept else np.empty((seen.shape[0], 0))
    texts = {
        columns[place].name: cells_in_order(data.X, place, None if test is None else test.X)
        for place in places
        if columns[place].kind == "text" and hasattr(data.X, "iloc")
    }
    seen_columns, groups = tuple(columns[place] for place in places), further.get(_ROLES[0])
    together = None if groups is None else exact_groups(cells_of(*groups))
    return ComparedCells(seen, seen_columns, other, numbering, texts, together)


_ROLES = ("groups of the rows", "time of the rows")  # given as arrays; their values never just number the rows


def cells_in_order(X: Any, place: int, other: Any = None) -> Array:
    """One column as it was given, of the rows and of the test rows behind them."""
    parts = [X] if other is None else [X, other]
    return np.concatenate([part.iloc[:, place].to_numpy(dtype=object) for part in parts])


def _further(
    data: Dataset, columns: tuple[Column, ...], other_columns: Any, test: tuple[Dataset, Any] | None
) -> dict[str, tuple[Any, ...]]:
    """By name what else is known of the rows, and of the test rows: columns both have that models do not see."""
    ours = _beside(data, columns, other_columns)
    if test is None:
        return {name: (values,) for name, values in ours.items()}
    theirs = _beside(test[0], columns, test[1])
    alike = [name for name in ours if name in theirs and _numeric(ours[name]) == _numeric(theirs[name])]
    return {name: (ours[name], theirs[name]) for name in alike}


def _beside(data: Dataset, columns: tuple[Column, ...], other_columns: Any) -> dict[str, Any]:
    """Values (n,) by name."""
    unseen = [] if hasattr(data.X, "tocsr") else sorted({*range(len(columns))} - {*_seen(columns)})
    found: dict[str, Any] = {
        columns[place].name: data.X.iloc[:, place] if hasattr(data.X, "iloc") else data.X[:, place] for place in unseen
    }
    if other_columns is not None:
        found |= {str(name): other_columns[name] for name in other_columns.columns}
    return found | {name: part for name, part in zip(_ROLES, (data.groups, data.time), strict=True) if part is not None}


def _numeric(values: Any) -> bool:
    return values.dtype.kind in "biuf"


def _seen(columns: tuple[Column, ...]) -> list[int]:
    """Positions of the columns models see, and of constants, which tell no rows apart; all, where none is a feature."""
    if not any(column.role == "feature" for column in columns):
        return list(range(len(columns)))
    return [place for place, column in enumerate(columns) if column.role == "feature" or column.kind == "constant"]


def numbers_rows(values: Any) -> bool:
    """Whether a column only numbers the rows: whole numbers that all differ, most of those from the first to the last.

    The numbers may stand behind a word that all share: row_001, row_002. A copied row is given a number of its own, so
    that these differ says nothing; a name, a ticket or a scattered customer's number that differs says all.

    >>> numbers_rows(np.array([3, 1, 2, 5])), numbers_rows(np.array(["Ann", "Bo", "Cy"]))
    (True, False)
    """
    column = pd.Series(values)
    if column.isna().any() or column.dtype.kind in "mMb" or len(np.unique(cells_of(column))) < len(column):
        return False
    if column.dtype.kind in "iuf":
        numbers = column.to_numpy(dtype=np.float64)
        if (numbers != np.rint(numbers)).any():
            return False
    else:
        written = [_NUMBERED.fullmatch(str(value)) for value in column]
        if any(one is None for one in written) or len({one[1] for one in written if one}) > 1:
            return False
        numbers = np.array([float(one[2]) for one in written if one])
    return bool(len(numbers) >= DENSE * (numbers.max() - numbers.min() + 1))


def joined_groups(groups: Ints, other: Floats) -> Ints:
    """(n,) rows that share both a number and all other cells (n, e)."""
    if not other.shape[1]:
        return groups
    return exact_groups(np.column_stack([groups, exact_groups(other)]))


def _same(left: Floats, right: Floats) -> Mask:
    """Where cells are equal, two gaps too."""
    return np.asarray((left == right) | (np.isnan(left) & np.isnan(right)))


def plain_texts(texts: Array) -> Ints:
    """(n,) numbers that texts share which differ in capitals, spaces and signs alone; each gap has its own.

    >>> plain_texts(np.array(["A good film.", "a  good film", "bad"], dtype=object)).tolist()
    [0, 0, 1]
    """
    gaps = pd.isna(texts)
    words = [
        position if gap else " ".join(re.findall(r"\w+", str(text).casefold()))
        for position, (text, gap) in enumerate(zip(texts.tolist(), gaps.tolist(), strict=True))
    ]
    return np.asarray(pd.factorize(np.array(words, dtype=object))[0], dtype=np.intp)


def texts_agree(one: Any, other: Any) -> bool:
    """Whether two texts are one but for capitals, spaces and signs, or a tenth of the words of a longer one.

    >>> texts_agree("It is a fine film.", "it is a fine film")
    True
    """
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    left, right = (re.findall(r"\w+", str(text).casefold()) for text in (one, other))
    longest = max(len(left), len(right))
    if left == right or longest < FEWEST_WORDS:
        return left == right
    return (Counter(left) & Counter(right)).total() >= WORDS_SHARED * longest
