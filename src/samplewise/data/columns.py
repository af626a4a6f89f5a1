"""What every column is (a number, a category, text, ...) and whether a model may learn from it, with the reason."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, is_number
from samplewise.core.errors import name_rows
from samplewise.data.cell_types import is_one_value
from samplewise.data.column_names import names_a_code, names_a_date, names_a_serial, names_an_id
from samplewise.data.ordered_words import order_of
from samplewise.data.row_groups import group_like
from samplewise.data.text_columns import Conversion, ReadAs
from samplewise.data.written_dates import date_formats

pd = lazy_loader.load("pandas")

ColumnKind = Literal["numeric", "category", "ordinal", "text", "date", "boolean", "id", "constant", "nested"]
SAMPLED = 1000  # different values of a column that are inspected, chosen by hash: row order changes nothing
MANY_CATEGORIES = 100
FEWEST_FOR_COUNTER = 20  # a column of fewer rows is not called a counter
DIFFERENT = 0.985  # of the values of an id, at the least
EVEN = 0.05  # how far the values of a rising id stray from a straight line, as a share of their range
DENSE = 0.1  # of the numbers between the first and the last are there, in a rising id

_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it was understood.

    Args:
        name: as in the frame; "x0", "x1", ... in arrays.
        kind: what its values are.
        role: "feature", or "excluded" from what the learner sees.
        note: why it is excluded, or what to know about it; empty for a plain feature.
        distinct: different values, missing ones not counted; -1 where they were not counted (numbers).
        missing: rows without a value.
        question: what to decide where another reading is possible, with the option that decides it; "" for none.
        group: whether its values look like groups of rows.
        ranks: the values of an ordinal column from low to high, as text, where a program or the user gave the order:
            models learn from their ranks. Empty where it is only read off the words: models then see categories.
    """

    name: str
    kind: ColumnKind
    role: Literal["feature", "excluded"] = "feature"
    note: str = ""
    distinct: int = -1
    missing: int = 0
    question: str = ""
    group: bool = False
    ranks: tuple[str, ...] = ()

    @property
    def unordered(self) -> bool:
        """Whether models learn from its values as categories."""
        return self.kind == "category" or (self.kind == "ordinal" and not self.ranks)


class Description:
    """The columns of a frame or array: described on first use, then kept instead of the values."""

    def __init__(
        self, X: Any, ids: Array, kinds: Mapping[str, ReadAs] | None = None,
        conversions: Mapping[str, Conversion] | None = None,
    ) -> None:  # fmt: skip
        self._values: tuple[Any, ...] | None = (X, ids, kinds, conversions)
        self._columns: tuple[Column, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """One `Column` per column, in order; none for images."""
        if self._values is not None:
            self._columns = describe_columns(*self._values)
            self._values = None
        return self._columns

    def __getstate__(self) -> dict[str, Any]:
        """A copy for another process carries the description and not the values it was made from."""
        return {"_values": None, "_columns": self.columns}


def describe_columns(
    X: Any, ids: Any | None = None, kinds: Mapping[str, ReadAs] | None = None,
    conversions: Mapping[str, Conversion] | None = None,
) -> tuple[Column, ...]:  # fmt: skip
    """Kind and role of every column of converted features (`as_features`).

    The rule, first match wins: no value or one value: constant. What the user says it is. Dates (a date type, or 95 %
    of the values written as one, or numbers like 20240131 in a column named for a date): date. Cells that hold lists or
    JSON: nested. Numbers in a column named for a code (a postcode, a telephone number): category. Whole numbers, at
    least 98.5 % different, in a column named like an id, counting up without gaps, or rising evenly down the file: id.
    Other numbers: numeric. Two truth values: boolean. An ordered categorical: ordinal, learned from as ranks. Strings:
    words of a known scale (small, medium, large) or ranges of numbers: ordinal, with a note, and learned from as
    categories; a mix of numbers and words, or codes of digits: category, with a note; at least 98.5 % different in a
    column named like an id: id; at least three words (or 30 characters) in the mean and mostly different: text; all
    different: id; else category. Ids, dates, constants and nested columns are excluded. Where nothing would be left,
    counters and all-different strings stay features.

    Args:
        X: what `as_features` returns.   ids: (n,) keys that name rows in notes; numbers also give the rows' order.
        kinds: what columns are, by name, where the user says so: "number", "category", "text", "date", "id", or a list
            of the values from low to high.
        conversions: what was done to columns as they were converted, by name.

    Returns:
        one Column per column; none for images.

    Cost: O(n d); about 0.1 s per million strings.   Not for: meaning; a code written as a number is numeric here.

    >>> [column.kind for column in describe_columns(np.array([[1.0, 5.0], [2.0, 5.0]]))]
    ['numeric', 'constant']
    """
    if hasattr(X, "iloc"):
        pairs = [(str(name), column) for name, column in X.items()]
    elif hasattr(X, "tocsr"):
        return tuple(_sparse_columns(X))
    elif isinstance(X, np.ndarray):
        pairs = [(f"x{position}", values) for position, values in enumerate(X.T)]
    else:
        return ()
    keys = np.arange(X.shape[0]) if ids is None else np.asarray(ids)
    order = np.argsort(keys, kind="stable") if keys.dtype.kind in "iuf" else None
    named, done = kinds or {}, conversions or {}
    columns = [_as_said(name, values, named[name]) if name in named else _described(name, values, keys, order)
               for name, values in pairs]  # fmt: skip
    if not any(column.role == "feature" for column in columns):
        columns = [_readmitted(column, X) for column in columns]
    columns = [_noted(column, done[column.name]) if column.name in done else column for column in columns]
    return tuple(_with_groups(columns, pairs, order, set(named)))


def _as_said(name: str, column: Any, kind: ReadAs) -> Column:
    """A column of the kind that the user says it has."""
    values = pd.Series(column)
    missing, distinct = int(values.isna().sum()), int(values.nunique())
    if distinct < 2:
        return _constant(name, distinct, missing)
    if kind == "id":
        return _excluded(name, "id", "it names the row, as you say", distinct, missing)
    if kind == "date":
        return _excluded(name, "date", _DATE_NOTE, distinct, missing)
    if not isinstance(kind, str):
        ranked = Column(name, "ordinal", note=_RANKS_NOTE, ranks=tuple(kind))
        return replace(ranked, distinct=distinct, missing=missing)
    meant: dict[str, ColumnKind] = {"number": "numeric", "category": "category", "text": "text"}
    return Column(name, meant[kind], distinct=distinct, missing=missing)


def _noted(column: Column, conversion: Conversion) -> Column:
    """The column with what was done to its cells."""
    note = "; ".join(part for part in (column.note, conversion.note) if part)
    return replace(column, note=note, question=conversion.question or column.question)


def _with_groups(columns: list[Column], pairs: list[Any], order: Array | None, named: set[str]) -> list[Column]:
    """The columns, with those marked whose values look like groups of rows; those the user named are left alone."""
    features = {column.name for column in columns if column.role == "feature" and column.kind != "text"}
    usable = [(name, values) for name, values in pairs if name in features]
    found = set(group_like(usable, np.arange(len(pairs[0][1])) if order is None else order)) - named if pairs else set()
    return [replace(column, group=True) if column.name in found else column for column in columns]


def _described(name: str, column: Any, keys: Array, order: Array | None) -> Column:
    if isinstance(column, np.ndarray):
        return _number(name, column, order)
    kind = column.dtype.kind
    missing = int(column.isna().sum())
    if kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        return _excluded(name, "date", _DATE_NOTE, -1, missing)
    if kind == "b":
        return _few_or(name, column, Column(name, "boolean", missing=missing))
    if kind in "iuf":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan) if missing else column.to_numpy()
        return _number(name, values, order)
    types = set(map(type, column.dropna())) if column.dtype == np.dtype(object) else set()
    if not all(map(is_one_value, types)):
        note = "its cells hold lists, records or objects; turn them into columns of their own"
        return _excluded(name, "nested", note, -1, missing)
    values = np.asarray(column.dropna().unique(), dtype=object)
    if len(values) < 2:
        return _constant(name, len(values), missing)
    if types == {bool}:
        return Column(name, "boolean", distinct=len(values), missing=missing)
    described = _strings(name, column, _sample(values), (len(values), len(column) - missing), keys)
    return replace(described, distinct=len(values), missing=missing)


def _strings(name: str, column: Any, sample: list[str], sizes: tuple[int, int], keys: Array) -> Column:
    """The rules for strings, on a sample of the different values; `sizes` = (different values, values)."""
    distinct, present = sizes
    if _is_categorical(column):
        return _categorical(name, column, distinct, present)
    formats, dated = date_formats(sample)
    if dated >= 0.95:
        several = f"; its dates are written in {len(formats)} formats: {', '.join(formats)}" if len(formats) > 1 else ""
        return _excluded(name, "date", _DATE_NOTE + several)
    if _share(sample, _is_json) >= 0.9:
        return _excluded(name, "nested", "its cells hold JSON; turn them into columns of their own")
    words = np.mean([len(value.split()) for value in sample])
    letters = np.mean([len(value) for value in sample])
    one_word = words < 1.5
    if distinct >= DIFFERENT * present and (names_an_id(name) or _share(sample, _UUID.fullmatch) > 0.9) and one_word:
        return _excluded(name, "id", _id_note(distinct, present))
    if order := order_of(sample if distinct <= SAMPLED else ()):
        return Column(name, "ordinal", note=_order_note(name, order))
    numbers = _share(sample, is_number)
    if 0.5 <= numbers < 1:
        return Column(name, "category", note=_mixed(column, keys))
    if numbers == 1 and distinct < DIFFERENT * present:
        return Column(name, "category", note=_WRITTEN_NOTE if distinct > MANY_CATEGORIES else "")
    mostly_different = distinct >= 0.3 * present and distinct > FEWEST_FOR_COUNTER / 2
    if mostly_different and (words >= 3 or letters >= 30):
        return Column(name, "text")
    if distinct == present or numbers == 1:
        question = (
            f"`{name}` is left out because all its values differ; columns={{{name!r}: 'text'}} reads them as text"
        )
        return replace(_excluded(name, "id", _id_note(distinct, present)), question=question)
    return Column(name, "category", note=_many(distinct, present))


def _categorical(name: str, column: Any, distinct: int, present: int) -> Column:
    """A column of which a program made categories: with ranks where they have an order."""
    words = [str(value) for value in column.cat.categories.tolist()]
    if column.dtype.ordered and len(set(words)) == len(words):
        return Column(name, "ordinal", note=_RANKS_NOTE, ranks=tuple(words))
    if order := order_of(words):
        return Column(name, "ordinal", note=_order_note(name, order))
    return Column(name, "category", note=_many(distinct, present))


def _number(name: str, values: Array, order: Array | None) -> Column:
    """The rules for numbers; values (n,) with NaN for missing, `order` the positions of the rows by id."""
    absent = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    missing, everything = int(absent.sum()), values
    values = values[~absent] if missing else values
    if not values.size or (low := values.min()) == (high := values.max()):
        return _constant(name, int(values.size > 0), missing)
    head = values[:SAMPLED]
    if head.dtype.kind == "f" and (head != np.rint(head)).any():
        return Column(name, "numeric", missing=missing)
    if names_a_code(name) and (values == np.rint(values)).all():
        question = f"`{name}` is read as codes because of its name; columns={{{name!r}: 'number'}} (--number) measures"
        return Column(name, "category", note=_CODE_NOTE, missing=missing, question=question)
    if names_a_date(name) and low >= 19000101 and high <= 21001231 and ((values // 100) % 100 <= 12).all():
        return _excluded(name, "date", _DATE_NOTE, missing=missing)
    ordered = everything if order is None else everything[order]
    return _id_or_number(name, values, None if order is None else ordered[~np.isnan(ordered)], missing)


def _id_or_number(name: str, values: Array, ordered: Array | None, missing: int) -> Column:
    """An id where whole numbers are nearly all different and are named so, count up, or rise evenly down the file."""
    number = Column(name, "numeric", missing=missing)
    low, high = float(values.min()), float(values.max())
    named = names_an_id(name)
    year = "year" in name.lower() and low > 1000 and high < 2200
    many = values.size >= FEWEST_FOR_COUNTER and not year
    counter = many and high - low == values.size - 1
    serial = many and names_a_serial(name)
    rising = many and ordered is not None and _rises_evenly(ordered)
    if not (named or counter or serial or rising) or not (values == np.rint(values)).all():
        return number
    distinct = len(np.unique(values))
    if distinct < (DIFFERENT * values.size if named else values.size):
        return number
    column = _excluded(name, "id", _id_note(distinct, values.size), distinct, missing)
    if named or counter:
        return column
    question = (
        f"`{name}` is left out because it seems to number the rows; columns={{{name!r}: 'number'}} (--number) keeps it"
    )
    return replace(column, question=question)


def _rises_evenly(values: Array) -> bool:
    """Whether whole numbers rise down the file along a straight line, as running numbers do and measurements do not."""
    values = values.astype(np.float64)
    if not (np.diff(values) > 0).all() or len(values) < DENSE * (values[-1] - values[0]):
        return False
    line = np.linspace(values[0], values[-1], len(values))
    return bool(np.abs(values - line).max() <= EVEN * (values[-1] - values[0]))


def _sparse_columns(X: Any) -> list[Column]:
    """Columns of a CSR matrix: constant where every entry is the same, absent ones counting as 0; else numeric."""
    low, high = (np.asarray(side.todense()).ravel() for side in (X.min(axis=0), X.max(axis=0)))
    return [
        _constant(f"x{position}", 1, 0) if same else Column(f"x{position}", "numeric")
        for position, same in enumerate((low == high).tolist())
    ]


_DATE_NOTE = "a model must not learn today's date: tomorrow never has it; pass it as time= to split by time"
_WRITTEN_NOTE = "codes of digits: treated as categories; name the column in columns= if it measures something"
_RANKS_NOTE = "ordered categories: learned from as ranks"
MOST_SHOWN = 6  # values of an order in a note
_CODE_NOTE = "codes that only look like numbers: treated as categories"


def _id_note(distinct: int, present: int) -> str:
    every = "every value is different" if distinct == present else "nearly every value is different"
    return f"{every}: it names the row and says nothing about others"


def _order_note(name: str, order: tuple[str, ...]) -> str:
    """What order was read off the words, and what makes ranks of them."""
    shown = order if len(order) <= MOST_SHOWN else (*order[: MOST_SHOWN - 1], "...", order[-1])
    return (
        f"its words seem to be ordered ({' < '.join(map(repr, shown))}): treated as categories; "
        f"columns={{{name!r}: [...]}} (--order), a list from low to high, makes ranks of them"
    )


def _excluded(name: str, kind: ColumnKind, note: str, distinct: int = -1, missing: int = 0) -> Column:
    return Column(name, kind, "excluded", note, distinct, missing)


def _constant(name: str, distinct: int, missing: int) -> Column:
    note = "every value is the same" if distinct else "every value is missing"
    if distinct and missing:
        note = f"one value, or missing ({missing:,} rows)"
    return _excluded(name, "constant", note, distinct, missing)


def _few_or(name: str, column: Any, otherwise: Column) -> Column:
    distinct = column.nunique()
    if distinct < 2:
        return _constant(name, distinct, otherwise.missing)
    return replace(otherwise, distinct=distinct)


def _readmitted(column: Column, X: Any) -> Column:
    """A counter or all-different string column as a feature, where nothing else is left to learn from."""
    if column.kind != "id":
        return column
    text = hasattr(X, "iloc") and X[column.name].dtype.kind not in "iuf"
    return replace(column, kind="text" if text else "numeric", role="feature", note="kept: no other column is left")


def _is_categorical(column: Any) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _sample(values: Array) -> list[str]:
    """At most 1,000 of the values as text, those with the smallest hashes."""
    if len(values) > SAMPLED:
        values = values[np.argsort(pd.util.hash_array(values), kind="stable")[:SAMPLED]]
    return [str(value).strip() for value in values.tolist()]


def _share(sample: list[str], rule: Callable[[str], Any]) -> float:
    return sum(bool(rule(value)) for value in sample) / len(sample)


def _is_json(text: str) -> bool:
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _mixed(column: Any, keys: Array) -> str:
    """The note of a column that holds numbers and words, with the rows of the rarer kind by id."""
    numeric = pd.to_numeric(column, errors="coerce").notna().to_numpy()
    words = ~numeric & column.notna().to_numpy()
    return f"numbers and words are mixed: treated as categories; words in {name_rows(keys[words])}"


def _many(distinct: int, present: int) -> str:
    if distinct <= MANY_CATEGORIES:
        return ""
    return f"{distinct:,} different values in {present:,} rows: most are seen too rarely to be learned from"
