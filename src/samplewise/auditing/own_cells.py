"""The own columns of rows, as exhibits and lists show them: the features, then what else the table holds."""

from functools import cached_property
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Ints
from samplewise.data.dataset import Dataset

OWN = "column: "  # before the name of a column of the data, in an exhibit
MISSING = "(missing)"
DIGITS = 15  # of a whole number as a float: beyond, not every one can be held


class OwnCells:
    """Columns of the data, cell by cell.

    Args:
        data: n rows; pictures have no columns.
        beside: frame of n rows with the columns of the table that are neither features nor the label; None for none.
    """

    def __init__(self, data: Dataset, beside: Any = None) -> None:
        self._data, self._beside = data, beside
        self._columns: dict[int, Any] = {}

    @property
    def ids(self) -> Array:
        """(n,) ids of the rows."""
        return self._data.ids

    @property
    def labels(self) -> Array | None:
        """(n,) labels as they were given; None where there are none."""
        return self._data.y

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all columns, features first. Times and groups given as arrays are columns where nothing else is beside."""
        return (*(column.name for column in self._data.columns), *self._further)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What they hold, as `Column.kind` says; "" for those that are no features."""
        return (*(column.kind for column in self._data.columns), *[""] * len(self._further))

    @cached_property
    def _further(self) -> dict[str, Any]:
        if self._beside is not None:
            return {str(name): self._beside.iloc[:, place] for place, name in enumerate(self._beside.columns)}
        given = {"time": self._data.time, "group": self._data.groups}
        return {name: values for name, values in given.items() if values is not None}

    def values(self, place: int, rows: Ints) -> Array:
        """The cells of some rows (r,) in the column at a place: numbers as they are, anything else as objects."""
        X = self._data.X
        if hasattr(X, "tocsr") and place < len(self._data.columns):
            return np.asarray(X[rows][:, [place]].toarray()).ravel()
        column = self._column(place)
        if isinstance(column, np.ndarray):
            return column[rows] if column.dtype.kind in "iuf" else column[rows].astype(object)
        return np.asarray(column.iloc[rows].to_numpy(dtype=object))

    def _column(self, place: int) -> Any:
        """A column (n,) as an array, or as a series where pandas alone knows what its cells are."""
        if place not in self._columns:
            count, X = len(self._data.columns), self._data.X
            if place >= count:
                column = self._further[self.names[place]]
            else:
                column = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]
            plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufO"
            self._columns[place] = column.to_numpy() if plain and hasattr(column, "iloc") else column
        return self._columns[place]

    def texts(self, place: int, rows: Ints) -> list[str]:
        """The same as texts in full; nothing for a gap, whole numbers without a point."""
        return list(map(cell_text, self.values(place, rows).tolist()))


def cell_text(value: Any) -> str:
    """A cell as text: nothing for a gap, all digits of a number, whole numbers without a point.

    >>> [cell_text(value) for value in (39.0, 0.1, None, float("nan"), "a b", True)]
    ['39', '0.1', '', '', 'a b', 'True']
    """
    if is_gap(value):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10.0**DIGITS:
        return str(int(value))
    return str(value)


def is_gap(value: Any) -> bool:
    """Whether a cell holds no value; a list or a record always does."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))
