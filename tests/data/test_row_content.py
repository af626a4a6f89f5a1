"""Equal rows have equal numbers however they are stored and ordered; any change of a cell changes that of its row."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.data import Dataset
from samplewise.data.row_content import cell_hashes, row_hashes


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"size": [1.5, 2.0, np.nan, 4.0], "kind": ["a", "b", None, "a"], "day": pd.date_range("2020-01-01", periods=4)}
    )


def test_neither_columns_order_nor_types_matter(frame):
    rows = row_hashes(Dataset(frame, ["x", "y", "x", "y"]))
    other = frame[["day", "kind", "size"]].assign(kind=frame["kind"].astype("category"))
    assert (row_hashes(Dataset(other, ["x", "y", "x", "y"])) == rows).all()
    assert (row_hashes(Dataset(frame, ["x", "y", "x", "y"]), key="other") != rows).all()


@pytest.mark.parametrize(
    ("column", "value"), [("size", 1.5000001), ("kind", "A"), ("size", np.nan), ("day", "2020-01-05")]
)
def test_one_cell_changes_one_row(frame, column, value):
    changed = frame.copy()
    changed.loc[0, column] = pd.Timestamp(value) if column == "day" else value
    same = row_hashes(Dataset(frame)) == row_hashes(Dataset(changed))
    assert same.tolist() == [False, True, True, True]


def test_cells_do_not_trade_places_unseen():
    one, other = (pd.DataFrame({"a": a, "b": b}) for a, b in (([1.0, 5.0], [2.0, 5.0]), ([2.0, 5.0], [1.0, 5.0])))
    assert (row_hashes(Dataset(one)) == row_hashes(Dataset(other))).tolist() == [False, True]


def test_labels_and_named_fields_count():
    plain = Dataset(np.eye(3), [0, 1, 0], groups=["p", "p", "q"], weights=[1.0, 1.0, 2.0])
    relabeled, regrouped = plain.with_labels([0, 0, 0]), Dataset(np.eye(3), [0, 1, 0], groups=["p", "p", "r"])
    assert (row_hashes(plain) == row_hashes(relabeled)).tolist() == [True, False, True]
    assert (row_hashes(plain) == row_hashes(regrouped)).all()
    assert (row_hashes(plain, ["groups"]) == row_hashes(regrouped, ["groups"])).tolist() == [True, True, False]


def test_numbers_are_equal_as_text_and_long_ones_by_their_digits():
    texts = np.array(["1", "1.50", "-0", "cat"], dtype=object)
    assert (cell_hashes(texts)[:3] == cell_hashes(np.array([1.0, 1.5, 0.0]))).all()
    long = np.array([2**60, 2**60 + 1])
    assert len(set(cell_hashes(long).tolist())) == 2
    assert (cell_hashes(long) == cell_hashes(long.astype(str))).all()


def test_sparse_rows_and_pictures():
    dense = np.array([[0.0, 2.0], [3.0, 0.0], [0.0, 2.0]])
    hashes = row_hashes(Dataset(sparse.csr_matrix(dense)))
    assert hashes[0] == hashes[2] != hashes[1]
    pictures = np.zeros((3, 4, 4), dtype=np.uint8)
    pictures[1, 0, 0] = 9
    hashes = row_hashes(Dataset(pictures))
    assert hashes[0] == hashes[2] != hashes[1]
