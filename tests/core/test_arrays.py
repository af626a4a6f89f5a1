"""Fingerprints, positions of ids and the checks that name rows."""

import numpy as np
import pytest

from samplewise.core.arrays import equal_but_for_rounding, fingerprint, in_order, one_hot, positions_of, require_finite
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


@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_but_for_rounding_go_by_position(seed):
    draw = np.random.default_rng(seed)
    values = draw.integers(-5, 6, 200) * 0.1 * (1.0 + 1e-14 * draw.normal(size=200))
    expected = np.argsort(np.round(values, 6) + 0.0, kind="stable")
    assert in_order(values).tolist() == expected.tolist()


def test_order_of_what_is_no_number_or_no_end():
    values = np.array([np.nan, np.inf, 1.0, -np.inf, np.inf, np.nan, 1.0 + 1e-6])
    assert in_order(values).tolist() == [3, 2, 6, 1, 4, 0, 5]
    assert in_order(np.empty(0)).tolist() == []


def test_outputs_agree_up_to_single_precision():
    one = np.array([[1.0, np.nan], [-300.0, 2.0]])
    assert equal_but_for_rounding(one, one.astype(np.float32))
    assert equal_but_for_rounding(np.zeros(3), np.zeros(3))
    assert not equal_but_for_rounding(one, one + 0.01)
    assert not equal_but_for_rounding(one, np.nan_to_num(one))
    assert not equal_but_for_rounding(one, one[:1])
