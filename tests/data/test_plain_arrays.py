"""Values of any kind as plain arrays, with gaps as NaN or None."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.plain_arrays import are_exact, as_array, as_floats, detached, is_absent, is_frame, numbers_or_none


def test_masked_entries_are_missing():
    numbers = detached(np.ma.array([1, 2, 3], mask=[False, True, False]))
    np.testing.assert_array_equal(numbers, [1.0, np.nan, 3.0])
    assert detached(np.ma.array(["a", "b"], mask=[True, False])).tolist() == [None, "b"]
    days = np.array(["2024-01-01", "2024-01-02"], "M8[D]")
    assert np.isnat(detached(np.ma.array(days, mask=[True, False]))).tolist() == [True, False]


def test_objects_become_the_plainest_kind_that_holds_them():
    assert as_array([True, False], "y").dtype == bool
    assert as_array(["a", "b"], "y").dtype.kind == "U"
    assert as_array(pd.Series(["a", pd.NA], dtype="string"), "y").tolist() == ["a", None]
    np.testing.assert_array_equal(as_array([Fraction(1, 2), None], "y"), [0.5, np.nan])
    with pytest.raises(InputError, match="rows of different lengths"):
        as_array([[1], [2, 3]], "X")


def test_absent_cells_are_told_from_numbers():
    cells = [None, float("nan"), pd.NA, pd.NaT, Decimal("sNaN"), 0, "", [np.nan]]
    assert [is_absent(cell) for cell in cells] == [True] * 5 + [False] * 3


def test_numbers_of_any_size_are_floats():
    found = as_floats(np.array([10**400, -(10**400), Decimal("0.5"), None], dtype=object))
    np.testing.assert_array_equal(found, [np.inf, -np.inf, 0.5, np.nan])
    assert are_exact({Decimal, int})
    assert not are_exact({int, float})
    assert numbers_or_none(np.array(["1", "2.5"])).tolist() == [1.0, 2.5]
    assert numbers_or_none(np.array(["1", "a"])) is None


def test_frames_are_known_by_their_columns():
    assert is_frame(pd.DataFrame({"a": [1]}))
    assert not is_frame(np.zeros((2, 2)))
