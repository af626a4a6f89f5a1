"""Which rows are equal, on every kind of table."""

import numpy as np
import pytest
from scipy import sparse

from samplewise.core.errors import InputError
from samplewise.engine.neighbors import exact_groups, groups_with_duplicates


def test_numbers_follow_first_appearance():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    picks = np.random.default_rng(1).integers(0, 50, size=400)
    groups = exact_groups(rows[picks])
    firsts = {pick: None for pick in picks}
    expected = {pick: number for number, pick in enumerate(firsts)}
    assert groups.tolist() == [expected[pick] for pick in picks]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_zero_has_no_sign_and_nan_is_nan(dtype):
    other_nan = np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64)[0]
    rows = np.array([[0.0, np.nan], [-0.0, other_nan], [0.0, 0.0], [-0.0, 0.0]]).astype(dtype)
    assert exact_groups(rows).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "column",
    [
        np.array([3, 1, 3], dtype=np.int8),
        np.array([True, False, True]),
        np.array(["b", "ab", "b"]),
        np.array(["2020-01-01", "2020-01-02", "2020-01-01"], dtype="datetime64[D]"),
    ],
)
def test_one_column_of_any_kind(column):
    assert exact_groups(column).tolist() == [0, 1, 0]
    assert exact_groups(np.column_stack([column, column])).tolist() == [0, 1, 0]


def test_objects():
    rows = np.array(
        [
            ["a", 1, None],
            ["a", 1.0, float("nan")],
            ["a", "1", None],
            [["a"], 1, np.datetime64("NaT")],
            [["a"], 1, None],
        ],
        dtype=object,
    )
    assert exact_groups(rows).tolist() == [0, 0, 1, 2, 2]


def test_sparse_rows_compare_by_value_not_by_storage():
    dense = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    matrix = sparse.csr_matrix(dense)
    stored_zero = sparse.csr_matrix((np.array([0.0, 2.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 3))
    twice = sparse.csr_matrix((np.array([1.5, 0.5]), np.array([1, 1]), np.array([0, 2])), shape=(1, 3))
    groups = exact_groups(sparse.vstack([matrix, stored_zero, twice]).tocsr())
    assert groups.tolist() == [0, 1, 0, 2, 0, 0]
    assert exact_groups(sparse.coo_matrix(dense)).tolist() == exact_groups(dense).tolist()


def test_no_columns_and_three_axes():
    assert exact_groups(np.empty((3, 0))).tolist() == [0, 0, 0]
    with pytest.raises(InputError, match=r"where: +rows") as caught:
        exact_groups(np.zeros((2, 2, 2)))
    assert caught.match("reshape")


def test_duplicates_and_groups_that_share_a_row_stay_together_in_any_order():
    duplicates, groups, ids = np.array([0, 0, 1, 2, 3]), np.array(["a", "b", "b", "c", "d"]), np.array([5, 9, 2, 7, 1])
    together = groups_with_duplicates(duplicates, groups, ids)
    assert len(np.unique(together)) == 3
    assert together[0] == together[1] == together[2]
    order = np.array([3, 1, 4, 0, 2])
    np.testing.assert_array_equal(groups_with_duplicates(duplicates[order], groups[order], ids[order]), together[order])


def test_rows_that_all_stand_alone_have_no_groups():
    assert groups_with_duplicates(np.arange(3), None, np.arange(3)) is None
    assert groups_with_duplicates(np.arange(3), np.array(["x", "y", "z"]), np.arange(3)) is None


def test_groups_and_duplicates_that_overlap_become_one():
    duplicates = np.array([0, 0, 1, 2, 3, 4])
    groups = np.array(["a", "b", "b", "c", "d", "e"])
    together = groups_with_duplicates(duplicates, groups, np.arange(6))
    assert len(set(together[:3])) == 1
    assert len(set(together)) == 4


def test_rows_that_stand_alone_need_no_groups():
    assert groups_with_duplicates(np.arange(5), None, np.arange(5)) is None
    assert groups_with_duplicates(np.arange(5), np.array(list("vwxyz")), np.arange(5)) is None


def test_the_name_of_a_group_does_not_hang_on_the_order_of_the_rows():
    duplicates, ids, order = np.array([0, 1, 0, 2]), np.array([7, 8, 9, 10]), np.array([2, 3, 1, 0])
    np.testing.assert_array_equal(
        groups_with_duplicates(duplicates, None, ids)[order],
        groups_with_duplicates(duplicates[order], None, ids[order]),
    )
