"""What every column is (a number, a category, text, ...) and whether a model may learn from it, with the reason."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, is_number
from samplewise.core.errors import name_rows

pd = lazy_loader.load("pandas")

ColumnKind = Literal["numeric", "category", "text", "date", "boolean", "id", "constant", "nested"]
SAMPLED = 1000  # different values of a column that are inspected, chosen by hash: row order changes nothing
MANY_CATEGORIES = 100
FEWEST_FOR_COUNTER = 20  # a column of fewer rows is not called a counter

_ID_NAME = re.compile(r"(^|[_\W])(id|ids|uuid|guid|index|idx|key|rowid|row|unnamed: 0)$", re.IGNORECASE)
_CAMEL_ID = re.compile(r"[a-z]I[Dd]$")
_DATE_NAME = re.compile(r"date|time|timestamp|_at$|day", re.IGNORECASE)
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))([T ]\d{1,2}:\d{2}.*)?")
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
    """

    name: str
    kind: ColumnKind
    role: Literal["feature", "excluded"] = "feature"
    note: str = ""
    distinct: int = -1
    missing: int = 0


class Description:
    """The columns of a frame or array: described on first use, then kept instead of the values."""

    def __init__(self, X: Any, ids: Array) -> None:
        self._values: tuple[Any, Array] | None = (X, ids)
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


def describe_columns(X: Any, ids: Any | None = None) -> tuple[Column, ...]:
    """Kind and role of every column of converted features (`as_features`).

    The rule, first match wins: no value or one value: constant. Dates (a date type, or 95 % of the values written as
    one, or numbers like 20240131 in a column named for a date): date. Cells that hold lists or JSON: nested. Whole
    numbers, all different, in a column named like an id or counting up without gaps: id. Other numbers: numeric. Two
    truth values: boolean. Strings: a mix of numbers and words, or numbers: category, with a note; at least three words
    (or 30 characters) in the mean and mostly different: text; all different: id; else category. Ids, dates, constants
    and nested columns are excluded. Where nothing would be left, counters and all-different strings stay features.

    Args:
        X: what `as_features` returns.   ids: (n,) keys that name rows in notes.

    Returns:
        one Column per column; none for images.

    Cost: O(n d); about 0.1 s per million strings.   Not for: meaning; a code written as a number is numeric here.

    >>> [column.kind for column in describe_columns(np.array([[1.0, 5.0], [2.0, 5.0]]))]
    ['numeric', 'constant']
    """
    if hasattr(X, "iloc"):
        keys = np.arange(len(X)) if ids is None else np.asarray(ids)
        columns = [_described(str(name), column, keys) for name, column in X.items()]
    elif hasattr(X, "tocsr"):
        columns = _sparse_columns(X)
    elif isinstance(X, np.ndarray):
        columns = [_number(f"x{position}", values) for position, values in enumerate(X.T)]
    else:
        return ()
    if not any(column.role == "feature" for column in columns):
        columns = [_readmitted(column, X) for column in columns]
    return tuple(columns)


def _described(name: str, column: Any, keys: Array) -> Column:
    kind = column.dtype.kind
    missing = int(column.isna().sum())
    if kind in "mM" or isinstance(column.dtype, pd.PeriodDtype):
        return _excluded(name, "date", _DATE_NOTE, -1, missing)
    if kind == "b":
        return _few_or(name, column, Column(name, "boolean", missing=missing))
    if kind in "iuf":
        return _number(name, column.to_numpy(dtype=np.float64, na_value=np.nan) if missing else column.to_numpy())
    types = set(map(type, column.dropna())) if column.dtype == np.dtype(object) else set()
    if any(issubclass(held, list | tuple | dict | set | np.ndarray) for held in types):
        note = "its cells hold lists or records; turn them into columns of their own"
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
        return Column(name, "category", note=_many(distinct, present))
    if _share(sample, _DATE.fullmatch) >= 0.95:
        return _excluded(name, "date", _DATE_NOTE)
    if _share(sample, _is_json) >= 0.9:
        return _excluded(name, "nested", "its cells hold JSON; turn them into columns of their own")
    numbers = _share(sample, is_number)
    if 0.5 <= numbers < 1:
        return Column(name, "category", note=_mixed(column, keys))
    if numbers == 1 and not _is_id_name(name):
        return Column(name, "category", note=_WRITTEN_NOTE if distinct > MANY_CATEGORIES else "")
    words = np.mean([len(value.split()) for value in sample])
    letters = np.mean([len(value) for value in sample])
    mostly_different = distinct >= 0.3 * present and distinct > FEWEST_FOR_COUNTER / 2
    if distinct == present and (_is_id_name(name) or _share(sample, _UUID.fullmatch) > 0.9):
        return _excluded(name, "id", _ID_NOTE)
    if mostly_different and (words >= 3 or letters >= 30):
        return Column(name, "text")
    if distinct == present:
        return _excluded(name, "id", _ID_NOTE)
    return Column(name, "category", note=_many(distinct, present))


def _number(name: str, values: Array) -> Column:
    """The rules for numbers; values (n,) with NaN for missing."""
    missing = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    if missing:
        values = values[~np.isnan(values)]
    if not values.size or (low := values.min()) == (high := values.max()):
        return _constant(name, int(values.size > 0), missing)
    head = values[:SAMPLED]
    if head.dtype.kind == "f" and (head != np.rint(head)).any():
        return Column(name, "numeric", missing=missing)
    if _DATE_NAME.search(name) and low >= 19000101 and high <= 21001231 and ((values // 100) % 100 <= 12).all():
        return _excluded(name, "date", _DATE_NOTE, missing=missing)
    counter = float(high) - float(low) == values.size - 1 and values.size >= FEWEST_FOR_COUNTER
    if (counter or _is_id_name(name)) and len(np.unique(head)) == len(head) and _all_different_whole(values):
        return _excluded(name, "id", _ID_NOTE, int(values.size), missing)
    return Column(name, "numeric", missing=missing)


def _all_different_whole(values: Array) -> bool:
    return bool((values == np.rint(values)).all()) and len(np.unique(values)) == values.size


def _sparse_columns(X: Any) -> list[Column]:
    """Columns of a CSR matrix: constant where every entry is the same, absent ones counting as 0; else numeric."""
    low, high = (np.asarray(side.todense()).ravel() for side in (X.min(axis=0), X.max(axis=0)))
    return [
        _constant(f"x{position}", 1, 0) if same else Column(f"x{position}", "numeric")
        for position, same in enumerate((low == high).tolist())
    ]


_DATE_NOTE = "a model must not learn today's date: tomorrow never has it; pass it as time= to split by time"
_WRITTEN_NOTE = "numbers written as text: treated as categories; convert the column if it measures something"
_ID_NOTE = "every value is different: it names the row and says nothing about others"


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


def _is_id_name(name: str) -> bool:
    return bool(_ID_NAME.search(name) or _CAMEL_ID.search(name))


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
