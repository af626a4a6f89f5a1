"""Columns that name the row or the day: ids, counters and dates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text
from samplewise.data.columns import Column
from samplewise.data.inputs import as_dataset
from samplewise.quality.cells import numbers_of

FEWEST_ROWS = 20  # below, a few different whole numbers are no counter
FILLED = 0.5  # share of its range a counter with gaps fills
COUNTER = "whole numbers that are all different and fill their range at least to a half"


@dataclass(frozen=True, slots=True, eq=False)
class IdOrDateColumns(Result):
    """Columns whose values only name the row, or the day.

    Args:
        names: (k,) of the columns.
        kinds: (k,) "id", "date" or "counter".
        used: (k,) whether a learner of this library sees the column: plain arrays have no columns it could leave out.
        reasons: (k,) why the column is listed.
    """

    names: Array
    kinds: Array
    used: Mask
    reasons: Array

    @property
    def id_like(self) -> Array:
        """Names of ids and counters."""
        return self.names[self.kinds != "date"]

    @property
    def date_like(self) -> Array:
        """Names of dates."""
        return self.names[self.kinds == "date"]

    def _sentences(self) -> Iterable[str]:
        if not len(self.names):
            yield "No column looks like an id or a date."
            return
        used = keys_text(self.names[self.used].tolist())
        yield f"Columns like ids or counters: {len(self.id_like):,}; like dates: {len(self.date_like):,}."
        yield f"Learners see {used}." if used else "Learners see none of them."

    def _table(self) -> Table:
        columns = {"column": self.names, "kind": self.kinds, "used": self.used, "reason": self.reasons}
        return Table(columns, index="column", hidden=("reason",))


@checked
def id_or_date_columns(data: Any, y: Any = None, *, label: str | None = None) -> IdOrDateColumns:
    """Columns that only name the row or the day, and whether a learner sees them; a rule on the values, without unit.

    Ids: all values are different, in a column named like an id, counting up without gaps, or of text. Dates: a date
    type, texts written as dates, numbers like 20240131 in a column named for a date. Counters: whole numbers that are
    all different and fill their range at least to a half, from 20 rows on.

    Args:
        data, y, label: n rows in any form `samplewise.data.as_dataset` takes; labels are only set apart from features.

    Returns:
        `IdOrDateColumns` by column name.

    Raises:
        InputError: images, which have no columns.

    Cost: O(n log n) per column.
    Not for: ranks, or counts that happen to take every value once: they look like counters and are features.
    Source: no publication; the rule is stated above.

    >>> X = np.random.default_rng(0).normal(size=(30, 2)); X[:, 1] = np.arange(30)
    >>> id_or_date_columns(X).id_like
    array(['x1'], dtype='<U2')
    """
    rows = as_dataset(data, y, label=label)
    if not rows.columns:
        raise InputError(
            "images have no columns", where="X", got=f"{len(rows)} images", fix="pass a table: an array or a frame"
        )
    left_out, used = left_out_columns(rows.X, rows.columns), used_columns(rows.X, rows.columns)
    listed = sorted({*left_out, *used})
    found = [rows.columns[place] for place in listed]
    return IdOrDateColumns(
        np.array([column.name for column in found], dtype=str),
        np.array([_kind(column) for column in found], dtype=str),
        np.isin(listed, used),
        np.array([column.note or COUNTER for column in found], dtype=str),
    )


def _kind(column: Column) -> str:
    """What a listed column is; one kept although it names the row is an id."""
    if column.kind in ("id", "date"):
        return column.kind
    return "id" if column.note.startswith("kept:") else "counter"


# ---- by position: what the audit and the function above share --------------------------------------------------------


def left_out_columns(X: Any, columns: tuple[Column, ...]) -> list[int]:
    """Positions of ids and dates that a learner does not see: only frames have columns it can leave out."""
    if not hasattr(X, "iloc"):
        return []
    kinds = [(place, column) for place, column in enumerate(columns) if column.role == "excluded"]
    return [place for place, column in kinds if column.kind in ("id", "date")]


def used_columns(X: Any, columns: tuple[Column, ...]) -> list[int]:
    """Positions of counters, ids and dates that a learner does see; none of fewer than 20 rows, or of sparse ones."""
    if hasattr(X, "tocsr") or X.shape[0] < FEWEST_ROWS:
        return []
    seen = []
    for place, column in enumerate(columns):
        excluded = hasattr(X, "iloc") and column.role == "excluded"
        if excluded or column.kind == "constant":
            continue
        values = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]
        named = column.kind in ("id", "date") or column.note.startswith("kept:")
        if named or (values.dtype.kind in "iuf" and is_counter(numbers_of(values))):
            seen.append(place)
    return seen


def is_counter(values: Floats) -> bool:
    """Whether whole numbers are all different and fill their range at least to a half."""
    head = values[:FEWEST_ROWS]
    if not np.isfinite(values).all() or (head != np.rint(head)).any():
        return False
    if values.max() - values.min() + 1.0 > len(values) / FILLED:
        return False
    return bool((values == np.rint(values)).all()) and len(np.unique(values)) == len(values)
