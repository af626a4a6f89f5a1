"""Numbers that cannot be squared or told apart are refused with their row and column, all others pass."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from samplewise.core.errors import InputError
from samplewise.data.magnitudes import require_label_sizes, require_sizes, require_weight_sizes

IDS = np.array(["p", "q", "r", "s"])


def table(cell):
    return np.array([[1.0, 2.0], [3.0, cell], [np.nan, 4.0], [0.0, -5.0]])


FORMS = {
    "array": lambda X: X,
    "frame": lambda X: pd.DataFrame(X, columns=["x0", "x1"]),
    "nullable frame": lambda X: pd.DataFrame(X, columns=["x0", "x1"]).astype("Float64"),
    "sparse": scipy.sparse.csr_matrix,
}


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize(("cell", "words"), [(1e37, "too large"), (-1e155, "too large"), (-np.inf, "infinite")])
def test_a_cell_is_refused_by_row_and_column(form, cell, words):
    with pytest.raises(InputError, match=words) as refusal:
        require_sizes(FORMS[form](table(cell)), IDS)
    assert refusal.value.where == "rows id q, column 'x1'"


@pytest.mark.parametrize("form", list(FORMS))
def test_a_column_of_vanishing_numbers_is_refused_and_one_such_cell_is_not(form):
    require_sizes(FORMS[form](table(1e-310)), IDS)
    tiny = np.array([[1.0, 1e-200], [2.0, 0.0], [3.0, -3e-300], [4.0, 1e-37]])
    with pytest.raises(InputError, match="too small") as refusal:
        require_sizes(FORMS[form](tiny), IDS)
    assert refusal.value.where == "column 'x1'"


@pytest.mark.parametrize("values", [[0.0] * 4, [np.nan] * 4, [0.0, np.nan, 1e36, -1e36], [1e-36, 0.0, 0.0, 0.0]])
def test_zeros_gaps_and_the_ends_pass(values):
    require_sizes(np.array(values)[:, None], IDS)
    require_sizes(scipy.sparse.csr_matrix(np.nan_to_num(np.array(values))[:, None]), IDS)


def test_whole_numbers_pass_whatever_their_size():
    require_sizes(np.full((4, 2), 2**64 - 1, dtype=np.uint64), IDS)


def test_one_label_beside_which_the_others_vanish_is_named():
    with pytest.raises(InputError, match="cannot be told apart") as refusal:
        require_label_sizes(np.array([1.5, 1e30, 2.5, np.nan]), IDS)
    assert refusal.value.where == "rows id q"
    assert "1.5 to 2.5" in refusal.value.got


@pytest.mark.parametrize(
    "numbers", [[1.0, 2.0, 3.0, 1e9], [0.0, 0.0, 0.0, 7.0], [5.0] * 4, [np.nan] * 4, [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3]]
)
def test_labels_that_can_be_told_apart_pass(numbers):
    require_label_sizes(np.array(numbers), IDS)


def test_labels_too_far_from_zero_are_to_be_moved():
    with pytest.raises(InputError, match="double precision") as refusal:
        require_label_sizes(1e15 + np.arange(4.0), IDS)
    assert refusal.value.fix == "y - 1000000000000002"


def test_weights_are_held_to_the_same_sizes():
    require_weight_sizes(np.array([0.0, 1.0, 2.0, 1e-300]), IDS)
    for weights, words in (([1.0, 1e300, 1.0, 1.0], "too large"), ([1e-300, 0.0, 0.0, 1e-310], "too small")):
        with pytest.raises(InputError, match=words):
            require_weight_sizes(np.array(weights), IDS)
