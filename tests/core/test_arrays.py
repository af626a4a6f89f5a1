"""Fingerprints, id look-up and the checks that name rows."""

import numpy as np
import pytest

from samplewise.core.arrays import fingerprint, one_hot, positions_of, require_finite
from samplewise.core.errors import InputError


def test_fingerprint_is_content_and_nothing_else():
    values = np.arange(6.0).reshape(2, 3)
    assert fingerprint(values) == fingerprint(np.asfortranarray(values))
    assert fingerprint(values) != fingerprint(values.T)
    assert fingerprint(values) != fingerprint(values.astype(np.float32))
    assert fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1}) != fingerprint({"a": 1, "b": 2})
    assert fingerprint("1") != fingerprint(1)
    assert fingerprint(None) != fingerprint("None")
    assert fingerprint(np.array(["a", None], dtype=object)) != fingerprint(np.array(["a", "None"], dtype=object))


def test_positions_follow_the_wanted_order():
    assert positions_of(["c", "a"], np.array(["a", "b", "c"])).tolist() == [2, 0]
    with pytest.raises(InputError, match="not in the data") as caught:
        positions_of([5, 6], np.array([1, 2]))
    assert caught.value.where == "rows id 5, 6"


def test_require_finite_names_rows_by_id():
    values = np.array([[1.0, 2.0], [np.nan, 0.0], [0.0, np.inf]])
    with pytest.raises(InputError) as caught:
        require_finite(values, np.array([7, 8, 9]), "X", "impute")
    assert caught.value.where == "rows id 8, 9"
    require_finite(np.zeros((3, 2)), np.arange(3), "X", "impute")


def test_one_hot():
    assert one_hot(np.array([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]]
