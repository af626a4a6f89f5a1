"""What the closed forms take, and how they refuse the rest."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import block_codes, feature_matrix, require_ridge, target_matrix


def test_features_keep_single_and_double_precision_and_turn_the_rest_into_double():
    for dtype, kept in ((np.float32, np.float32), (np.float64, np.float64), (np.int8, np.float64)):
        assert feature_matrix(np.ones((2, 3), dtype=dtype)).dtype == kept
    assert feature_matrix([[1, 2]]).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((0, 3)), np.ones((3, 0)), np.ones((2, 2, 2))])
def test_features_are_a_matrix(bad):
    with pytest.raises(InputError, match=r"(?s)must be a matrix.*got:\s+shape.*features\[:, None\]"):
        feature_matrix(bad)


def test_rows_that_are_not_finite_are_named():
    X = np.ones((4, 2))
    X[[1, 3], 0] = np.nan, np.inf
    with pytest.raises(InputError, match=r"(?s)features.*rows id 1, 3"):
        feature_matrix(X)
    with pytest.raises(InputError, match=r"(?s)targets.*rows id 2"):
        target_matrix([0.0, 1.0, np.nan], 3)


def test_targets_are_columns_with_one_row_each():
    assert target_matrix([1, 2], 2).shape == (2, 1)
    assert target_matrix([[1, 2], [3, 4]], 2).dtype == np.float64
    for bad in ([1, 2, 3], np.ones((2, 0)), np.ones((2, 1, 1))):
        with pytest.raises(InputError, match=r"(?s)one row for each row.*for 2 rows"):
            target_matrix(bad, 2)


def test_blocks_are_numbered_in_sorted_order():
    assert block_codes(["b", "a", "b"], 3, "blocks").tolist() == [1, 0, 1]
    assert block_codes(None, 3, "blocks").tolist() == [0, 0, 0]
    with pytest.raises(InputError, match=r"(?s)blocks must name one block.*for 3 rows"):
        block_codes([1, 2], 3, "blocks")


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_ridge_is_positive_and_finite(bad):
    assert require_ridge(2) == 2.0
    with pytest.raises(InputError, match="above 0"):
        require_ridge(bad)
