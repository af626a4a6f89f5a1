"""Which cells of a row a person should look at: odd ones, unusual ones, and those at odds with its label."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import lazy_loader
import numpy as np

from samplewise.auditing.own_cells import MISSING, OwnCells, is_gap
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.json_encoding import object_array
from samplewise.core.randomness import hashed_order
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target
from samplewise.quality.suspicious import CellGroup
from samplewise.quality.unusual_cells import TO_DEVIATION, UsualCells

pd = lazy_loader.load("pandas")

DISTINCTIVE = 6  # columns shown as at odds with the label, besides those whose cell is unusual
MOST_UNUSUAL = 30  # unusual cells of a row that are shown
CANDIDATES = 500  # columns compared with labels: those whose means differ most between classes or row sets
MOST_COLUMNS = 5000  # columns in which unusual cells are looked for; of more, and of sparse rows, in the candidates
DIGITS = 6  # of a number that is shown: coordinates of one town differ in the fourth
TYPICAL_OF = 2000  # hash-drawn rows of a class its typical values are taken from
USUAL_OF = 5000  # hash-drawn rows that tell what is usual in a column
ENTRIES = 10_000_000  # rows times columns of those at the most
FEWEST_USUAL = 500
BY_CHANCE = 0.1  # cells of a row that are called unusual by chance, in the mean: the more columns, the farther out
ALIKE = 100  # rows whose number is nearest stand for "the class" of a regression
FARTHEST = 20.0  # surprise, in nats, at which a value counts no more against a label
ODD = 1e6  # surprise of a cell that is odd for a reason of its own: it comes before all that are only far out
UNTOLD = ("text", "nested", "id", "constant")  # kinds of columns of which no cell is unusual


class RowCells:
    """The cells of audited rows, compared with those of other rows and of the classes.

    Args:    data: n rows.   target: their labels.   odd: cells that are odd for a reason of their own.
    Cost:    O(n d) once, then O(rows asked times columns).
    """

    def __init__(self, data: Dataset, target: Target, odd: Sequence[CellGroup] = ()) -> None:
        self._data, self._target, self._odd = data, target, odd
        self._own = OwnCells(data)
        self._like: dict[tuple[float, int], _Distribution] = {}  # by class, or number, and column
        self._rows: dict[float, Ints] = {}
        self._samples: dict[float, Ints] = {}
        columns = data.columns
        self._names = tuple(column.name for column in columns)
        told = [place for place, column in enumerate(columns) if column.kind not in UNTOLD]
        self._candidates = told
        if len(told) > CANDIDATES:
            order = np.argsort(-self._between(told), kind="stable")[:CANDIDATES]
            self._candidates = sorted(told[at] for at in order)
        few = len(told) <= MOST_COLUMNS and not hasattr(data.X, "tocsr")
        self._places = told if few else self._candidates

    def members(self, code: float) -> Ints:
        """Rows of a class; for regression, the rows whose number is nearest."""
        if code not in self._rows:
            codes = self._target.codes
            if self._target.classes is not None:
                self._rows[code] = np.flatnonzero(codes == code)
            else:
                count = min(ALIKE, len(codes))
                self._rows[code] = np.sort(np.argpartition(np.abs(codes - code), count - 1)[:count])
        return self._rows[code]

    def telling(self, rows: Ints, suggested: Array | None) -> list[list[int]]:
        """Places of the columns to look at, for each of these rows (r,): the most unusual cell first.

        First all odd and unusual cells (30 at the most), then up to six that fit the given label least, and the
        suggested one best.

        Args:    rows: (r,).   suggested: (r,) class codes, -1 for none, or numbers, NaN for none; None: there are none.
        """
        if not self._places:
            return [[] for _ in rows]
        held = {place: self._column(place, rows) for place in self._places}
        unusual, against = self._unusual(rows, held), self._against(rows, held, suggested)
        found = []
        for place in range(len(rows)):
            first = [j for j in np.argsort(-unusual[place], kind="stable")[:MOST_UNUSUAL] if unusual[place, j] > 0]
            chosen = [self._places[j] for j in first]
            for j in np.argsort(-against[place], kind="stable")[:DISTINCTIVE]:
                if against[place, j] > 0 and self._candidates[j] not in chosen:
                    chosen.append(self._candidates[j])
            found.append(chosen)
        return found

    def apart(self, row: int, twin: int, places: Sequence[int]) -> list[int]:
        """Places of the columns in which a row and its twin differ (30 at the most), before those given.

        Args:    row, twin: positions, -1 for no twin.   places: of the columns to look at anyway.
        """
        if twin < 0:
            return list(places)
        both = np.array([row, twin])
        cells = ((place, self._column(place, both)) for place in self._places)
        differing = [place for place, (one, other) in cells if one != other and (one == one or other == other)]
        return list(dict.fromkeys([*differing[:MOST_UNUSUAL], *places]))

    def with_typical(self, row: int, places: Sequence[int]) -> list[list[Any]]:
        """[column, value, typical value of the given class] of a row in these columns, as JSON holds them."""
        code = self._target.codes[row].item()
        return [
            [*cell, plain(self.typical(code, place))] for cell, place in zip(self.of(row, places), places, strict=True)
        ]

    def of(self, row: int, places: Sequence[int]) -> list[list[Any]]:
        """[column, value] of a row in these columns, as JSON holds them."""
        at = np.array([row])
        return [[self._names[place], plain(self._column(place, at)[0])] for place in places]

    # ---- cells ------------------------------------------------------------------------------------------------------

    def _column(self, place: int, rows: Ints) -> Array:
        """Cells of a column (r,): numbers with NaN for gaps, or texts with "(missing)"."""
        cells, numeric = self._own.values(place, rows), self._is_number(place)
        if numeric and cells.dtype.kind != "O":
            return cells.astype(np.float64)
        if numeric:
            numbers = pd.to_numeric(pd.Series(cells), errors="coerce")
            return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
        return object_array([MISSING if is_gap(cell) else str(cell) for cell in cells.tolist()])

    def _is_number(self, place: int) -> bool:
        return not hasattr(self._data.X, "iloc") or self._data.columns[place].kind in ("numeric", "boolean")

    # ---- against the column -----------------------------------------------------------------------------------------

    @cached_property
    def _usual(self) -> list[UsualCells]:
        count = int(np.clip(ENTRIES // len(self._places), FEWEST_USUAL, USUAL_OF))
        rows = np.arange(len(self._data))
        if len(rows) > count:
            rows = np.sort(hashed_order(0, self._data.ids, "usual")[:count])
        return [UsualCells(self._column(place, rows)) for place in self._places]

    def _unusual(self, rows: Ints, held: dict[int, Array]) -> Floats:
        """(r, p) surprise of every cell in its column; 0 for usual ones."""
        surprise = [usual.surprise(held[place]) for usual, place in zip(self._usual, self._places, strict=True)]
        unusual = np.column_stack(surprise)
        unusual[unusual < np.log(len(self._places) / BY_CHANCE)] = 0.0
        at = {key: place for place, key in enumerate(self._data.ids[rows].tolist())}
        where = {self._names[place]: j for j, place in enumerate(self._places)}
        for group in self._odd:
            for place in filter(
                lambda one: one is not None, map(at.get, group.ids.tolist() if group.column in where else ())
            ):
                unusual[place, where[group.column]] += ODD
        return unusual

    # ---- against the class ------------------------------------------------------------------------------------------

    def _against(self, rows: Ints, held: dict[int, Array], suggested: Array | None) -> Floats:
        """(r, c) how much less usual a cell is among the rows of the given label than among those of the suggested."""
        against = np.zeros((len(rows), len(self._candidates)))
        codes = self._target.codes[rows]
        for place in range(len(rows)):
            cells = [held[candidate][place] for candidate in self._candidates]
            against[place] = self._surprise(codes[place].item(), cells)
            other = None if suggested is None else suggested[place].item()
            if other is not None and other == other and (self._target.classes is None or other >= 0):
                against[place] -= self._surprise(other, cells)
        return against

    def _surprise(self, code: float, cells: list[Any]) -> Floats:
        columns = [self._distribution(code, place) for place in self._candidates]
        return np.array([column.surprise(cell) for column, cell in zip(columns, cells, strict=True)])

    def typical(self, code: float, place: int) -> Any:
        """The typical value of a class, or of rows with labels like this number, in a column."""
        return self._distribution(code, place).typical

    def _distribution(self, code: float, place: int) -> "_Distribution":
        if (code, place) not in self._like:
            values = self._column(place, self._drawn(code))
            self._like[code, place] = _Distribution(values, self._is_number(place))
        return self._like[code, place]

    def _drawn(self, code: float) -> Ints:
        """The rows that tell what is typical of a label."""
        if code not in self._samples:
            rows = self.members(code)
            if len(rows) > TYPICAL_OF:
                rows = np.sort(rows[hashed_order(0, self._data.ids[rows], "typical")[:TYPICAL_OF]])
            self._samples[code] = rows
        return self._samples[code]

    def _between(self, places: list[int]) -> Floats:
        """How far the column means of hash-drawn rows with low and high codes lie apart, in standard deviations."""
        drawn, X = hashed_order(0, self._data.ids, "columns")[:TYPICAL_OF], self._data.X
        if hasattr(X, "iloc"):
            frame = X.iloc[drawn]
            factors = [pd.factorize(frame.iloc[:, place])[0] for place in places]
            values = np.column_stack(factors).astype(np.float64)
        else:
            values = _dense(X[drawn][:, places])
        codes = np.asarray(self._target.codes[drawn], dtype=np.float64)
        high = codes > np.median(codes) if self._target.classes is None else codes == codes.max()
        if high.all() or not high.any():
            return np.asarray(np.nanstd(values, axis=0))
        apart = np.abs(np.nanmean(values[high], axis=0) - np.nanmean(values[~high], axis=0))
        return np.nan_to_num(apart / np.maximum(np.nanstd(values, axis=0), 1e-12))


class _Distribution:
    """What a column's values are like among some rows."""

    def __init__(self, values: Array, is_number: bool) -> None:
        self.is_number = is_number
        self.typical: Any = ""
        if is_number:
            known = values[~np.isnan(values)]
            low, self.typical, high = np.quantile(known, [0.25, 0.5, 0.75]) if len(known) else (np.nan,) * 3
            self.width = max((high - low) / TO_DEVIATION, float(np.std(known)) / 4 if len(known) else 0.0, 1e-12)
        else:
            counts = pd.Series(values).value_counts()
            self.typical, self.counts = counts.index[0], counts.to_dict()
            self.most = float(counts.iloc[0])

    def surprise(self, cell: Any) -> float:
        """How much less usual this value is than the typical one, in nats."""
        if self.is_number:
            distance = (cell - self.typical) / self.width
            return 0.0 if np.isnan(distance) else float(min(FARTHEST, 0.5 * distance**2))
        return float(np.log((self.most + 0.5) / (float(self.counts.get(cell, 0)) + 0.5)))


def _dense(values: Any) -> Floats:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def plain(value: Any) -> Any:
    """A cell as JSON holds it: six significant digits, whole numbers without a point, a word for NaN."""
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return MISSING
        number = float(value)
        if abs(number) >= 1e15:
            return float(f"{number:.{DIGITS}g}")
        whole = number.is_integer() or abs(number) >= 10.0**DIGITS
        return round(number) if whole else float(f"{number:.{DIGITS}g}")
    return str(value)
