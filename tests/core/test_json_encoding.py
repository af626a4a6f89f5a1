"""Values become plain JSON content and come back as the type a hint names."""

import math
from typing import Any, Literal

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.json_encoding import as_column, decode, encode, encode_array, freeze, object_array, quoted_text
from samplewise.core.values import Estimate


@pytest.mark.parametrize("kind", ["?", "<i8", "<u2", "<f4", "<f8", "<U3", "<M8[s]", "<m8[ms]"])
def test_an_array_comes_back_with_its_dtype(kind):
    values = np.array([0, 1, 1]).astype(kind)
    restored = decode(np.ndarray[Any, Any], encode_array(values), "record")
    assert restored.dtype == np.dtype(kind)
    np.testing.assert_array_equal(restored, values)


def test_numbers_that_json_lacks_are_null_and_read_as_missing():
    assert encode_array(np.array([1.5, np.nan, np.inf]))["values"] == [1.5, None, None]
    assert encode_array(np.array(["NaT", 3], dtype="<m8[s]"))["values"] == [None, 3]
    assert encode(math.inf) is None
    assert math.isnan(decode(float, None, "record"))


def test_a_record_of_fields_comes_back_equal():
    estimate = Estimate("error", 0.25, 0.2, 0.3, "share", 0.95, "exact")
    assert decode(Estimate, encode(estimate), "record") == estimate
    assert encode(estimate)["quantity"] == "error"


def test_lists_become_tuples_at_every_depth():
    assert freeze(["site", [1, [2]]]) == ("site", (1, (2,)))
    assert decode(Any, [["a", 1]], "record") == (("a", 1),)


def test_a_column_keeps_entries_of_several_types_as_objects():
    assert as_column([1, 2]).dtype.kind == "i"
    assert as_column([1, "x"]).tolist() == [1, "x"]
    pairs = object_array([(1, 2), (3, 4)])
    assert pairs.shape == (2,)
    assert pairs[1] == (3, 4)


def test_what_does_not_fit_is_refused_with_its_location():
    with pytest.raises(InputError, match=r"(?s)expected a number.*where:\s+record\.value.*got:\s+str 'x'"):
        decode(Estimate, {"quantity": "error", "value": "x"}, "record")
    with pytest.raises(InputError, match=r"(?s)'rows'.*where:\s+record\.axis.*did you mean 'row'"):
        decode(Literal["row", "column"], "rows", "record.axis")
    with pytest.raises(InputError, match=r"(?s)Estimate is incomplete.*missing: .*value"):
        decode(Estimate, {"quantity": "error"}, "record")


def test_a_long_value_is_cut_for_a_message():
    assert quoted_text("ab") == "str 'ab'"
    assert quoted_text("x" * 100) == "str '" + "x" * 56 + "..."
