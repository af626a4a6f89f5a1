"""Texts, tables and matrices become counts; rows of another kind are refused with what to do."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.selection.row_features import RowFeatures


def counted(rows, features="hashed_ngrams", name="raw", **named):
    parts = {"text": None, "id": None, "run_dir": None} | named
    return RowFeatures(features, 64, **parts).count(rows, name)


def test_texts_of_every_form_are_counted_alike(tmp_path):
    texts = ["a b", "c", "a a a"]
    (tmp_path / "rows.txt").write_text("\n".join(texts))
    frame = pd.DataFrame({"t": texts})
    forms = (texts, iter(texts), np.array(texts), np.array(texts)[:, None], frame.t, frame, Dataset(texts))
    forms += (tmp_path / "rows.txt",)
    expected = counted(texts).counts
    for form in forms:
        one = counted(form)
        assert one.counts.totals.tolist() == expected.totals.tolist()
        assert one.counts.lengths.tolist() == [3.0, 1.0, 5.0]
        assert one.ids.tolist() == [0, 1, 2]


def test_ids_are_kept():
    frame = pd.DataFrame({"t": ["a", "b"], "key": ["x", "y"]})
    assert counted(frame, text="t", id="key").ids.tolist() == ["x", "y"]
    assert counted(frame[["t"]][::-1]).ids.tolist() == [1, 0]
    assert counted(Dataset(["a", "b"], ids=[7, 9])).ids.tolist() == [7, 9]


def test_cells_of_a_table_fall_into_bins_of_the_raw_rows():
    raw = pd.DataFrame({"size": np.arange(100.0), "kind": ["a", "b"] * 50})
    reading = RowFeatures("binned_columns", 4096, None, None, None)
    pool = reading.count(raw, "raw").counts
    assert pool.lengths.tolist() == [2.0] * 100
    assert sorted(pool.totals[pool.totals > 0].tolist()) == [5.0] * 20 + [50.0] * 2
    target = reading.count(pd.DataFrame({"size": [3.0, np.nan], "kind": ["a", "new"]}), "target").counts
    assert (pool.totals[target.totals > 0] > 0).sum() == 2  # the bin of 3 and the kind a; not the others
    with pytest.raises(InputError, match="other columns"):
        reading.count(raw[["size"]], "target")


def test_a_matrix_is_taken_as_it_is():
    dense = np.array([[0.0, 1.5], [2.0, 0.0], [0.0, 0.0]])
    for form in (dense, sparse.csc_matrix(dense), Dataset(dense)):
        one = counted(form, "counts").counts
        assert one.totals.tolist() == [2.0, 1.5]
        assert one.lengths.tolist() == [1.5, 2.0, 0.0]
    assert len(set(counted(dense, "counts").counts.signatures.tolist())) == 3


@pytest.mark.parametrize(
    ("rows", "named", "said"),
    [
        ([], {}, "no rows"),
        ([1.0, 2.0], {}, "no text"),
        (np.ones((3, 2)), {}, 'features="counts"'),
        (5, {}, "no texts"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), {}, "which column"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), {"text": "c"}, "'c'"),
        (pd.DataFrame({"t": ["x"]}), {"id": "k"}, "'k'"),
        (["x"], {"text": "t"}, "no columns"),
        (pd.DataFrame({"t": ["x", "y"], "k": [1, 1]}), {"text": "t", "id": "k"}, "unique"),
        (pd.DataFrame({"t": ["x", "y"], "k": ["a", "a"]}), {"text": "t", "id": "k"}, "unique"),
        (np.array([[1.0, -1.0]]), {"features": "counts"}, "rows id 0"),
        (np.array([[1.0, 0.0], [np.nan, 1.0]]), {"features": "counts"}, "rows id 1"),
        (["a", "b"], {"features": "counts"}, "no matrix"),
    ],
)
def test_other_rows_are_refused(rows, named, said):
    with pytest.raises(InputError, match=said):
        counted(rows, **named)


def test_a_target_of_another_width_is_refused():
    reading = RowFeatures("counts", 8, None, None, None)
    reading.count(np.eye(3), "raw")
    with pytest.raises(InputError, match="another number of columns"):
        reading.count(np.eye(4), "target")
