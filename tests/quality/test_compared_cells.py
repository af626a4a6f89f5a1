"""Which cells decide whether two rows are one: all that were given, but for numbers of the rows."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data import Dataset
from samplewise.quality.compared_cells import compared_cells, numbers_rows, plain_texts, texts_agree


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (np.arange(5), True),
        ([30, 31, 33, 34, 32], True),
        (["r09", "r10", "r12"], True),
        (["a1", "b2", "c3"], False),
        (["Ann", "Bo", "Cy"], False),
        ([1, 2, 2, 3], False),
        ([1.5, 2.5, 3.5], False),
        ([1, 90, 700], False),
        ([1, 2, None, 3], False),
        (pd.date_range("2024-01-01", periods=4), False),
    ],
)
def test_numbers_of_rows_are_dense_and_all_different(values, numbers):
    assert numbers_rows(pd.Series(values)) is numbers


def test_ids_dates_groups_and_left_out_columns_are_compared_and_models_do_not_see_them():
    frame = pd.DataFrame({"size": [1.5, 1.5, 1.5, 2.5], "seen": pd.to_datetime(["2024-01-01"] * 3 + ["2024-01-02"])})
    rows = Dataset(frame, groups=["a", "a", "b", "b"])
    other = pd.DataFrame({"row": [1, 2, 3, 4], "name": ["Ann", "Ann", "Ann", "Bo"]})
    compared = compared_cells(rows, rows.columns, other)
    assert compared.seen_groups().tolist() == [0, 0, 0, 1]
    assert compared.equal_groups().tolist() == [0, 0, 1, 2]
    assert compared.numbering == ("row",)
    assert compared.others_agree(np.array([0, 0]), np.array([1, 2])).tolist() == [True, False]


def test_test_rows_are_compared_in_the_columns_that_both_have():
    rows, held = Dataset(pd.DataFrame({"a": [1.5, 2.5]})), Dataset(pd.DataFrame({"a": [1.5, 2.5]}))
    ours = pd.DataFrame({"name": ["Ann", "Bo"], "place": ["x", "y"]})
    theirs = pd.DataFrame({"name": ["Cy", "Bo"]})
    assert compared_cells(rows, rows.columns, ours, held, theirs).equal_groups().tolist() == [0, 1, 2, 1]
    assert compared_cells(rows, rows.columns, ours, held).equal_groups().tolist() == [0, 1, 0, 1]


def test_a_constant_column_tells_no_rows_apart_and_is_not_in_the_way():
    rows = Dataset(np.array([[1.5, 7.0], [1.5, 7.0], [2.5, 7.0]]))
    compared = compared_cells(rows, rows.columns)
    assert compared.seen.shape == (3, 2)
    assert compared.other.shape == (3, 0)


def test_texts_agree_but_for_spelling_and_a_tenth_of_their_words():
    long = "the quick brown fox jumps over the lazy dog again and again"
    assert texts_agree(long, long.replace("lazy", "sleepy"))
    assert not texts_agree(long, long.replace("lazy", "sleepy").replace("quick brown", "slow white"))
    assert texts_agree("Good film!", "good  film")
    assert not texts_agree("good film", "bad film")
    assert texts_agree(None, np.nan)
    assert not texts_agree(None, "good")
    assert plain_texts(np.array(["Good film!", None, "good  film", None], dtype=object)).tolist() == [0, 1, 0, 2]
