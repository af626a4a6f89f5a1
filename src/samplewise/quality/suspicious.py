"""Cells that are not what they look like: codes for missing values, another unit, two spellings, mixed types."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from numbers import Number
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.results import Result, Table
from samplewise.core.texts import BLANK, count_of, number_text, shortened, with_blanks
from samplewise.data.columns import Column
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Target
from samplewise.engine.refits.cell_edits import DAY
from samplewise.quality.cells import numbers_of
from samplewise.quality.impossible import impossible_dates, impossible_values
from samplewise.quality.sentinels import (
    Sentinel,
    date_sentinels,
    number_sentinels,
    word_sentinels,
    written_as_codes,
)
from samplewise.quality.spellings import spelling_variants
from samplewise.quality.tenfold import FACTOR, TenfoldCells, tenfold_cells
from samplewise.quality.units_mixed import SecondUnit, second_unit

pd = lazy_loader.load("pandas")

CellKind = Literal["sentinel", "unit", "tenfold", "impossible", "spelling", "mixed types"]
REMEDIES = {
    "sentinel": "set to missing", "impossible": "set to missing", "unit": "divide", "tenfold": "divide",
    "spelling": "merge", "mixed types": "convert",
}  # fmt: skip
FEWEST_ROWS = 20  # below, "apart from all others" means nothing
MOST_SPELLINGS = 20_000  # different texts of a column that are compared; beyond, they are no categories


@dataclass(frozen=True, slots=True, eq=False)
class CellGroup(Result):
    """Cells of one column that are odd for one reason.

    Args:
        column: its name.
        kind: "sentinel", "unit", "tenfold", "impossible", "spelling" or "mixed types".
        ids: (k,) rows that hold them.
        values: (k,) what they hold.
        suggested: what to write instead: None for a missing value; for a unit or a slip what to divide by; for mixed
            types the name of the commoner type.
        reason: why, as part of a sentence.
        limits: numbers within these two are none of them, where the kind is "unit" or "impossible".
    """

    column: str
    kind: CellKind
    ids: Array
    values: Array
    suggested: str | float | None
    reason: str
    limits: tuple[float, float] = (-np.inf, np.inf)

    @property
    def remedy(self) -> str:
        """What to do with the cells: "set to missing", "divide", "merge" or "convert"."""
        return REMEDIES[self.kind]

    @property
    def different(self) -> list[Any]:
        """The different values, the most frequent first."""
        found: dict[Any, int] = {}
        for value in self.values.tolist():
            found[value] = found.get(value, 0) + 1
        return sorted(found, key=lambda value: (-found[value], str(value)))

    def _sentences(self) -> Iterable[str]:
        values = shortened(", ".join(map(repr, self.different[:5])), 60)
        yield f"{self.column}: {values} in {count_of(len(self.ids), 'row')}; {self.reason}."

    def _table(self) -> Table:
        return Table({"id": self.ids, "value": self.values}, index="id")


@dataclass(frozen=True, slots=True, eq=False)
class SuspiciousCells(Result):
    """Odd cells by column: what they hold, why they are odd, and what to write instead.

    Args:
        groups: one per column and reason, in the order of the columns.
    """

    groups: tuple[CellGroup, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns with such cells."""
        return list(dict.fromkeys(group.column for group in self.groups))

    def _sentences(self) -> Iterable[str]:
        if not self.groups:
            yield "No cell looks like a code for a missing value, or as if in another unit, spelling or type."
            return
        cells = sum(len(group.ids) for group in self.groups)
        yield f"{count_of(cells, 'odd cell')} in {count_of(len(self.columns), 'column')}."
        for group in self.groups[:3]:
            yield from group._sentences()

    def _table(self) -> Table:
        """One row per cell; printed is the first of each group."""
        cells = [(group, at) for group in self.groups for at in range(len(group.ids))]
        columns = {
            "column": [group.column for group, _ in cells],
            "id": [group.ids[at] for group, at in cells],
            "value": [group.values[at] for group, at in cells],
            "kind": [group.kind for group, _ in cells],
            "remedy": [group.remedy for group, _ in cells],
            "suggested": [group.suggested for group, _ in cells],
        }
        return Table(columns, first=[place for place, (_, at) in enumerate(cells) if at == 0])


@checked
def suspicious_cells(data: Any, y: Any = None, *, label: str | None = None) -> SuspiciousCells:
    """Cells that stand for a missing value, are in another unit, spelling or type than the others; without unit.

    Sentinels: numbers that are written as codes (9, 99, 98, 999.9, -1, -999) and lie apart from all others of the
    column, those of three digits even in a single row; zeros where all others are years or far above zero; default
    dates (1900-01-01) far from all others; words such as "?", "N/A", "unknown". A code that one column holds counts in
    others from its first row on.
    Units: 8 rows and .5 % or more, at most 30 %, that are 2.54, 2.2046, 10, 100 or 1,000 times the others, or as much
    smaller. Tenfold: single cells ten times what the other columns of their row let expect.
    Impossible: values that the name of the column forbids (an age below zero), in at most 1 % of the rows.
    Spellings: texts that differ in case, blanks or punctuation only. Mixed types: numbers and texts in one column.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are only set apart from features.

    Returns:
        `SuspiciousCells`: by column, the rows, their values, and what to write instead.

    Raises:
        InputError: images, which have no columns.

    Cost: O(n p^2) per column for at most 200 predictors p.
    Not for: wrong values that look like right ones; a code among values on both of its sides; sparse rows, which have
        no sentinels here.
    Source: massey1951 (whether divided rows are like the others), allen1974 (what a row lets expect); the other rules
        are stated above.

    >>> weight = np.random.default_rng(0).normal(70.0, 9.0, size=(60, 1)); weight[::9] = -999
    >>> suspicious_cells(weight).to_frame()["remedy"].value_counts().to_dict()
    {'set to missing': 7}
    """
    rows = as_dataset(data, y, label=label)
    if not rows.columns:
        raise InputError(
            "images have no columns", where="X", got=f"{len(rows)} images", fix="pass a table: an array or a frame"
        )
    return SuspiciousCells(tuple(cell_groups(rows.X, rows.columns, rows.ids)))


# ---- by position: what the audit and the function above share --------------------------------------------------------


def cell_groups(X: Any, columns: tuple[Column, ...], ids: Array, *, single: bool = True) -> list[CellGroup]:
    """Odd cells of the columns of X, in their order; of sparse rows and of fewer than 20 none.

    Without `single` none of kind "tenfold", which take most of the time.
    """
    if hasattr(X, "tocsr") or X.shape[0] < FEWEST_ROWS:
        return []
    places = [place for place, column in enumerate(columns) if _is_number(X, place) and column.kind != "id"]
    values = {place: numbers_of(_column(X, place)) for place in places}
    units = {place: _in_second_unit(values[place], columns[place].name) for place in places}
    first = {place: number_sentinels(_without(values[place], units[place]), columns[place].name) for place in places}
    known = {code for found in first.values() for item in found for code in item.values if code != 0}
    sentinels = {
        place: number_sentinels(_without(held, units[place]), columns[place].name, known) if known else first[place]
        for place, held in values.items()
    }
    plain = {place: _plain(held, sentinels[place]) for place, held in values.items()}
    slips = tenfold_cells(X, columns, plain) if single else {}
    groups: list[CellGroup] = []
    for place, column in enumerate(columns):
        if place in values:
            held, unit = values[place], units[place]
            for item in sentinels[place]:
                rows = np.flatnonzero(np.isin(held, item.values))
                groups.append(CellGroup(column.name, "sentinel", ids[rows], held[rows], None, item.reason))
            if unit is not None:
                rows = np.flatnonzero(unit.rows)
                reason = f"like the others, which reach from {_ends(unit)}, once divided by {unit.factor:.4g}"
                groups.append(CellGroup(column.name, "unit", ids[rows], held[rows], unit.factor, reason, _within(unit)))
            elif place in slips:
                groups.append(_slipped(column.name, slips[place], held, ids))
            if (found := impossible_values(plain[place], column.name)) is not None:
                rows = np.flatnonzero(found.cells)
                odd = (ids[rows], held[rows], None, found.reason, found.limits)
                groups.append(CellGroup(column.name, "impossible", *odd))
        elif hasattr(X, "iloc") and column.kind != "nested":
            groups += _of_texts(X.iloc[:, place], column, ids)
    return groups


def label_groups(target: Target, labels: Array, name: str, ids: Array) -> list[CellGroup]:
    """Labels (n,) that stand for a missing one: classes such as "DK" or "unknown", numbers such as -999."""
    if target.classes is None:
        numbers = np.asarray(target.codes, dtype=np.float64)
        found = [(item.values, item.reason) for item in number_sentinels(numbers, name)] if _enough(numbers) else []
        return [
            CellGroup(name, "sentinel", ids[rows], numbers[rows], None, reason)
            for values, reason in found
            if len(rows := np.flatnonzero(np.isin(numbers, values)))
        ]
    texts = [value for value in target.classes.tolist() if isinstance(value, str)]
    missing = word_sentinels(texts)
    rows = np.flatnonzero(np.isin(target.codes, [at for at, value in enumerate(target.classes) if value in missing]))
    reason = "words or signs for a label that is not known"
    return [CellGroup(name, "sentinel", ids[rows], labels[rows], None, reason)] if len(rows) else []


def _enough(numbers: Floats) -> bool:
    return len(numbers) >= FEWEST_ROWS


def _is_number(X: Any, place: int) -> bool:
    return bool(_column(X, place).dtype.kind in "iuf")


def _column(X: Any, place: int) -> Any:
    return X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]


def _in_second_unit(values: Floats, name: str) -> SecondUnit | None:
    """The rows in another unit; codes for missing values are not among them, and do not hide them."""
    codes = [code for item in number_sentinels(values, name) for code in item.values]
    if not codes and np.nanmin(values, initial=np.inf) <= 0:  # most columns end here
        return None
    return second_unit(np.where(np.isin(values, codes) | written_as_codes(values), np.nan, values))


def _without(values: Floats, unit: SecondUnit | None) -> Floats:
    return values if unit is None else values[~unit.rows]


def _plain(values: Floats, sentinels: list[Sentinel]) -> Floats:
    """The values without codes for missing ones."""
    codes = [code for item in sentinels for code in item.values]
    return np.where(np.isin(values, codes), np.nan, values) if codes else values


def _slipped(name: str, cells: TenfoldCells, held: Floats, ids: Array) -> CellGroup:
    """Cells ten times what is expected of them; the reason tells what was expected."""
    told = ", ".join(number_text(float(f"{value:.2g}")) for value in cells.expected[:5])
    reason = f"about {told} would be expected there, to which a tenth is nearer"
    return CellGroup(name, "tenfold", ids[cells.rows], held[cells.rows], FACTOR, reason)


def _within(unit: SecondUnit) -> tuple[float, float]:
    """Between what numbers are in the usual unit: nothing is known of an end on its other side."""
    return (-np.inf, unit.middle) if unit.factor > 1 else (unit.middle, np.inf)


def _ends(unit: SecondUnit) -> str:
    return f"{number_text(unit.ends[0])} to {number_text(unit.ends[1])}"


def _of_texts(values: Any, column: Column, ids: Array) -> Iterator[CellGroup]:
    """Odd cells of a column of texts, dates or categories."""
    dates = values.dtype.kind == "M"
    if dates:
        values = values.dt.strftime(DAY)
    elif values.dtype.kind in "mb" or isinstance(values.dtype, pd.PeriodDtype):
        return
    held = values.astype(object).to_numpy()
    try:
        codes, distinct = pd.factorize(held, sort=False)
    except TypeError:  # lists and records cannot be compared
        return
    counts = np.bincount(codes[codes >= 0], minlength=len(distinct))
    texts = [value for value in distinct.tolist() if isinstance(value, str)]
    place = {value: at for at, value in enumerate(distinct.tolist()) if isinstance(value, str)}

    def group(kind: CellKind, chosen: Iterable[Any], suggested: str | None, reason: str) -> CellGroup:
        at = np.flatnonzero(np.isin(codes, [place[value] for value in chosen]))
        return CellGroup(column.name, kind, ids[at], held[at], suggested, reason)

    missing = word_sentinels(texts if len(texts) == len(distinct) else [*texts, "1"])  # numbers are values too
    if missing:
        yield group("sentinel", missing, None, "words or signs for a value that is not known")
    if dates or column.kind == "date":
        coded = date_sentinels(texts, counts[[place[text] for text in texts]])
        for item in coded:
            yield group("sentinel", item.values, None, item.reason)
        codes_found = {value for item in coded for value in item.values}
        others = [text for text in texts if text not in codes_found]
        for days, reason in impossible_dates(others, counts[[place[text] for text in others]]):
            yield group("impossible", days, None, reason)
    elif column.kind != "id" and len(texts) <= MOST_SPELLINGS:
        known = [text for text in texts if text not in missing]
        for kept, alike in spelling_variants(known, [int(counts[place[text]]) for text in known]):
            yield group("spelling", alike, kept, _spelling_reason(kept))
    if len(texts) < len(distinct):
        yield from _mixed(held, codes, distinct, set(missing), column.name, ids)


def _spelling_reason(kept: str) -> str:
    return f"{shortened(with_blanks(repr(kept)), 40)} but for case, blanks ({BLANK}) or punctuation"


def _mixed(held: Array, codes: Ints, distinct: Array, missing: set[str], name: str, ids: Array) -> Iterator[CellGroup]:
    """The cells of the rarer type where a column holds numbers and texts."""
    values = distinct.tolist()
    number = [isinstance(value, Number) and not isinstance(value, bool) for value in values]
    if not any(number) or all(number):
        return
    text = [isinstance(value, str) and value not in missing for value in values]
    numeric, textual = (np.isin(codes, np.flatnonzero(kind)) for kind in (number, text))
    if textual.any():
        rarer, other = (textual, "number") if textual.sum() <= numeric.sum() else (numeric, "text")
        reason = f"{count_of(int(numeric.sum()), 'cell')} with a number and {int(textual.sum()):,} with a text"
        yield CellGroup(name, "mixed types", ids[rarer], held[rarer], other, reason)
