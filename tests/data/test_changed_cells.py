"""Cells change, their column keeps its kind as far as it can, and what was given stays as it was."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.changed_cells import cell_value, column_at, with_cells, with_column


def test_an_array_takes_fractions_and_missing_numbers():
    held = np.array([1, 2, 3], dtype=np.int16)
    changed = with_cells(held, {0: None, 2: 2.5})
    assert np.array_equal(changed, [np.nan, 2.0, 2.5], equal_nan=True)
    assert held.tolist() == [1, 2, 3]
    assert with_cells(held, {1: 7}).dtype.kind == "i"


@pytest.mark.parametrize(
    ("column", "changes", "expected", "dtype"),
    [
        (pd.Series([1, 2, 3]), {0: None}, [None, 2, 3], "float64"),
        (pd.Series([1, 2, 3]), {0: 7, 1: 2.5}, [7, 2.5, 3], "float64"),
        (pd.Series([1, 2, 3], dtype="Int64"), {0: None}, [None, 2, 3], "Int64"),
        (pd.Series([1, 2, 3], dtype="Int64"), {0: 1.5}, [1.5, 2, 3], "Float64"),
        (pd.Series([True, False]), {0: None}, [None, False], "boolean"),
        (pd.Series(pd.to_datetime(["1900-01-01", "2020-05-05"])), {0: None}, [None, pd.Timestamp("2020-05-05")], None),
        (pd.Series(["a", "b"], dtype="category"), {0: "c", 1: None}, ["c", None], "category"),
        (pd.Series(["a", "b"]), {1: "a"}, ["a", "a"], "str"),
        (pd.Series([1, "b"], dtype=object), {0: "a", 1: None}, ["a", None], "object"),
    ],
)
def test_a_series_keeps_its_kind(column, changes, expected, dtype):
    before = column.copy(deep=True)
    changed = with_cells(column, changes)
    assert [cell_value(cell) for cell in changed.tolist()] == expected
    assert dtype is None or str(changed.dtype) == dtype
    assert column.equals(before)


def test_a_column_is_put_in_its_place_in_a_copy():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6])
    changed = with_column(frame, 1, with_cells(column_at(frame, 1), {0: "z"}))
    assert changed["b"].tolist() == ["z", "y"]
    assert frame["b"].tolist() == ["x", "y"]
    array = np.array([[1, 2], [3, 4]])
    assert with_column(array, 0, with_cells(column_at(array, 0), {1: 0.5})).tolist() == [[1, 2], [0.5, 4]]
