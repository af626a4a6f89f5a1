"""Columns of features with some cells changed: nothing else changes, and nothing in place."""

from collections.abc import Mapping
from typing import Any

import lazy_loader
import numpy as np

from samplewise.data.plain_arrays import is_absent

pd = lazy_loader.load("pandas")


def column_at(X: Any, place: int) -> Any:
    """One column of features: a series, or an array (n,)."""
    return X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]


def with_column(X: Any, place: int, column: Any) -> Any:
    """Features with another column in this place."""
    if hasattr(X, "iloc"):
        features = X.copy(deep=False)
        features.isetitem(place, column)
        return features
    features = X.astype(np.result_type(X, column))
    features[:, place] = column
    return features


def cell_value(cell: Any) -> Any:
    """A cell as a plain value, as a table shows it: None where it is missing, whole numbers without a fraction.

    >>> [cell_value(cell) for cell in (np.float64(-999.0), np.nan, "Ulm", 1.5)]
    [-999, None, 'Ulm', 1.5]
    """
    plain = cell.item() if isinstance(cell, np.generic) else cell
    if is_absent(plain):
        return None
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def cell_text(cell: Any) -> str:
    """A cell that is not missing as text: 7.0 is 7.

    >>> cell_text(7.0), cell_text("007")
    ('7', '007')
    """
    return str(cell_value(cell))


def with_cells(column: Any, changes: Mapping[int, Any]) -> Any:
    """A column (n,) with other values at some positions, of the same kind as far as it can hold them.

    Args:
        column: a series or an array.
        changes: position -> new value; None for a missing one. Whole numbers become fractions where one is among the
            new values, or missing ones that the kind of column cannot hold; a category that is new is added.

    Cost: O(n).

    >>> with_cells(np.array([170, 6700, 165]), {1: 67.0, 2: None})
    array([170.,  67.,  nan])
    """
    positions = np.fromiter(changes, dtype=np.intp, count=len(changes))
    values = list(changes.values())
    gone = np.array([value is None for value in values], dtype=bool)
    if isinstance(column, np.ndarray):
        new = np.array([np.nan if value is None else value for value in values])
        changed = column.astype(np.result_type(column, new))
        changed[positions] = new
        return changed
    changed = column.astype("boolean") if column.dtype.kind == "b" and gone.any() else column
    absent = np.isin(np.arange(len(column)), positions[gone])
    changed = changed.mask(absent) if gone.any() else changed.copy()
    kept = {int(place): value for place, value in zip(positions, values, strict=True) if value is not None}
    return _with_values(changed, kept) if kept else changed


def _with_values(column: Any, changes: Mapping[int, Any]) -> Any:
    """The same for values that are not missing."""
    values = list(changes.values())
    if isinstance(column.dtype, pd.CategoricalDtype):
        new = [value for value in dict.fromkeys(values) if value not in column.cat.categories]
        column = column.cat.add_categories(new)
    elif column.dtype.kind in "iu" and any(float(value) != int(value) for value in values):
        column = column.astype(np.float64 if isinstance(column.dtype, np.dtype) else "Float64")
    column.iloc[list(changes)] = values
    return column
