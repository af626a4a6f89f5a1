"""The rows' own columns, whatever form the data came in."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from samplewise.auditing.own_cells import OwnCells
from samplewise.data import Dataset

ROWS = np.array([2, 0])


def test_features_come_first_and_then_what_else_the_table_holds():
    X = pd.DataFrame({"size": [1.5, np.nan, 3.0], "town": ["Oslo", None, "Rome"], "old": [True, False, True]})
    own = OwnCells(Dataset(X), pd.DataFrame({"key": ["a", "b", "c"], "day": pd.to_datetime(["2020-01-01"] * 3)}))
    assert own.names == ("size", "town", "old", "key", "day")
    assert own.kinds[0] == "numeric"
    assert own.kinds[3:] == ("", "")
    assert own.values(0, ROWS).dtype.kind == "f"
    assert [own.texts(place, ROWS) for place in range(5)] == [
        ["3", "1.5"], ["Rome", "Oslo"], ["True", "True"], ["c", "a"], ["2020-01-01 00:00:00"] * 2,
    ]  # fmt: skip
    assert own.texts(1, np.array([1])) == [""]


def test_numbers_keep_all_their_digits():
    own = OwnCells(Dataset(pd.DataFrame({"a": [0.1234567890123, 12345678901234.0], "b": pd.array([7, None], "Int64")})))
    assert own.texts(0, np.array([0, 1])) == ["0.1234567890123", "12345678901234"]
    assert own.texts(1, np.array([0, 1])) == ["7", ""]


def test_arrays_and_sparse_rows_have_the_same_cells():
    values = np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 5.0]])
    for X in (values, sp.csr_matrix(values)):
        assert OwnCells(Dataset(X)).texts(1, ROWS) == ["5", "2"]


def test_times_and_groups_given_as_arrays_are_columns():
    own = OwnCells(Dataset(np.zeros((3, 1)), time=np.array([1.0, 2.0, 3.0]), groups=["u", "v", "w"]))
    assert own.names == ("x0", "time", "group")
    assert own.texts(2, ROWS) == ["w", "u"]


def test_pictures_have_no_columns():
    assert OwnCells(Dataset(np.zeros((3, 8, 8), dtype=np.uint8))).names == ()
