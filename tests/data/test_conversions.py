"""Whatever users hold arrives as one of four kinds, unchanged in meaning."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from samplewise.core.errors import InputError
from samplewise.data.conversions import as_features, as_numbers, as_segments, as_vector, default_ids
from samplewise.data.images import Images

NUMBERS = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])


class FakeTensor:
    """What a torch tensor offers, without torch."""

    def __init__(self, values, dtype="torch.float32"):
        self.values, self.dtype = np.asarray(values), dtype

    def __len__(self):
        return len(self.values)

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return FakeTensor(self.values.astype(np.float32))

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("numpy has no bfloat16")
        return self.values


@pytest.mark.parametrize(
    "given",
    [
        NUMBERS,
        NUMBERS.tolist(),
        NUMBERS.astype(object),
        NUMBERS.astype(str),
        np.asfortranarray(NUMBERS),
        np.repeat(NUMBERS, 2, axis=0)[::2],
        [[1, 2], [3, None], [5, 6]],
        FakeTensor(NUMBERS),
        FakeTensor(NUMBERS, "torch.bfloat16"),
    ],
)
def test_numbers_arrive_as_the_same_numbers(given):
    np.testing.assert_array_equal(as_features(given), NUMBERS)


def test_arrays_of_numbers_are_not_copied():
    for array in (NUMBERS, NUMBERS[::2], np.arange(6).reshape(3, 2)):
        assert as_features(array) is array
    frozen = NUMBERS.copy()
    frozen.flags.writeable = False
    assert as_features(frozen) is frozen


def test_truth_values_become_numbers_and_half_floats_single():
    assert as_features(np.array([[True], [False]])).dtype == np.float64
    assert as_features(np.ones((2, 2), dtype=np.float16)).dtype == np.float32


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_matrices_arrive_as_canonical_csr(form):
    matrix = sp.csr_matrix((np.array([1.0, 2.0, 3.0]), ([0, 0, 2], [1, 1, 0])), shape=(3, 2))
    found = as_features(matrix.asformat(form))
    assert found.format == "csr"
    assert found.has_canonical_format
    np.testing.assert_array_equal(found.toarray(), [[0, 3], [0, 0], [3, 0]])


def test_summing_repeated_entries_leaves_the_given_matrix_alone():
    given = sp.csr_matrix((np.ones(2), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    as_features(given)
    assert given.nnz == 2


POLARS = pl.DataFrame(
    {
        "whole": [1, None, 3],
        "word": ["x", None, "z"],
        "flag": [True, False, None],
        "level": pl.Series(["u", "v", "u"], dtype=pl.Categorical),
        "day": pl.Series(["2020-01-01", "2020-01-02", None]).str.to_date(),
    }
)


@pytest.mark.parametrize("given", [POLARS, POLARS.lazy()])
def test_polars_frames_keep_categories_dates_and_gaps(given):
    frame = as_features(given)
    assert frame["whole"].isna().tolist() == [False, True, False]
    assert frame["word"].isna().tolist() == [False, True, False]
    assert isinstance(frame["level"].dtype, pd.CategoricalDtype)
    assert set(frame["level"].cat.categories) >= {"u", "v"}
    assert frame["day"].dtype.kind == "M"
    assert frame["flag"].tolist()[:2] == [True, False]


def test_pandas_frames_pass_through_with_text_names():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["<script>", None]})
    assert as_features(frame) is frame
    assert as_features(pd.DataFrame([[1, 2]])).columns.tolist() == ["0", "1"]
    pairs = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert as_features(pairs).columns.tolist() == ["a/1", "a/2"]


def test_numbers_held_as_objects_are_numbers():
    given = pd.DataFrame({"a": [1, None], "b": [Decimal("1.5"), Decimal(2)], "c": ["x", 1]}, dtype=object)
    frame = as_features(given)
    assert frame["a"].tolist()[0] == 1
    assert [dtype.kind for dtype in frame.dtypes] == ["f", "f", "O"]
    assert given["a"].dtype == object


def test_mixed_object_arrays_become_frames():
    frame = as_features(np.array([[1, "red"], [2, "blue"]], dtype=object))
    assert frame["x0"].tolist() == [1, 2]
    assert frame["x1"].tolist() == ["red", "blue"]


@pytest.mark.parametrize(
    "given", [["good film", "bad"], np.array(["good film", "bad"]), pd.Series(["good film", "bad"])]
)
def test_texts_become_a_frame_with_one_column(given):
    frame = as_features(given)
    assert frame.columns.tolist() == ["text"]
    assert frame["text"].tolist() == ["good film", "bad"]


def test_a_mapping_of_columns_is_a_frame():
    assert as_features({"a": [1, 2], "b": ["x", "y"]}).shape == (2, 2)


def test_arrays_with_three_or_four_axes_are_images():
    assert isinstance(as_features(np.zeros((2, 5, 6))), Images)
    assert as_features(np.zeros((2, 3, 5, 6))).shape == (2, 5, 6, 3)


def test_ten_thousand_columns_pass():
    assert as_features(pd.DataFrame(np.zeros((3, 10_000)))).shape == (3, 10_000)


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        (np.zeros((0, 3)), "no rows", "at least one row"),
        ([], "no rows", "at least one row"),
        (np.zeros((3, 0)), "no columns", "at least one row and one column"),
        (pd.DataFrame(index=[1, 2]), "no columns", "at least one row and one column"),
        ([1.0, 2.0, 3.0], "one axis", r"reshape\(-1, 1\)"),
        (pd.Series([1, 2]), "one axis", r"reshape\(-1, 1\)"),
        (np.float64(3), "two axes", "shape"),
        (np.zeros((2, 2), dtype=complex), "complex", "X.real"),
        ([[1, 2], [3]], "different lengths", "same number"),
        (np.zeros((2, 2, 2, 2, 2)), "two axes", "shape"),
        (np.zeros((2, 5, 5, 7)), "images", "reshape"),
        (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]), "names repeat\n.*'a'", "rename"),
        (sp.csr_matrix(np.zeros((2, 2), dtype=complex)), "sparse", "astype"),
    ],
)
def test_what_cannot_be_features_is_refused_with_a_way_out(given, what, fix):
    with pytest.raises(InputError, match=rf"(?s){what}.*fix: .*{fix}"):
        as_features(given)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (np.array([[0.0], [np.inf], [-np.inf]]), "rows id 1, 2"),
        (sp.csr_matrix([[0.0], [np.inf], [1.0]]), "rows id 1"),
        (pd.DataFrame({"ok": [1, 2], "age": [np.inf, 3]}, index=["p", "q"]), "rows id p, column 'age'"),
    ],
)
def test_infinite_entries_are_refused_by_id(given, where):
    with pytest.raises(InputError, match=rf"(?s)infinite.*{where}.*fix: .*NaN means missing"):
        as_features(given)


def test_infinite_entries_are_named_by_given_ids():
    with pytest.raises(InputError, match="rows id b"):
        as_features([[1.0], [np.inf]], ids=["a", "b"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, 2], [1, 2]),
        ((1, None), [1, np.nan]),
        (pd.Series([1, None], dtype="Int64"), [1, np.nan]),
        (pl.Series([1, None]), [1, np.nan]),
        (pd.Series(["a", None]), ["a", None]),
        (pl.Series(["a", None]), ["a", None]),
        (pd.Categorical(["a", "b", None]), ["a", "b", None]),
        (pd.array([True, None], dtype="boolean"), [True, None]),
        ([True, False], [True, False]),
        ([1, "a"], [1, "a"]),
        (FakeTensor([1, 0]), [1, 0]),
        (np.array([[1], [0]]), [1, 0]),
        (pd.DataFrame({"y": ["u", "v"]}), ["u", "v"]),
        (np.array([b"u", b"v"]), ["u", "v"]),
        (range(3), [0, 1, 2]),
    ],
)
def test_vectors_keep_values_and_gaps(given, expected):
    found = as_vector(given, "y").tolist()
    assert [None if value != value else value for value in found] == [
        None if value != value else value for value in expected
    ]


def test_short_strings_are_compact_and_long_ones_are_not_padded():
    assert as_vector(["a", "b"], "y").dtype.kind == "U"
    assert as_vector(pd.Series(["a", "b" * 100]), "y").dtype == object


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("income", "one entry per row"),
        (3, "one entry per row"),
        ({"a": 1}, "one entry per row"),
        (np.eye(3), "one axis"),
        (np.full((2, 3), 0.5), "one axis"),
        (np.zeros((2, 3)), "several labels each"),
        ([["a", "b"], ["a", "c"]], "several labels each.*fix: .*find_multilabel_issues"),
        ([["a"], ["a", "c"]], "different lengths.*fix: .*find_multilabel_issues"),
        (pd.Series([{"a"}, {"a", "c"}]), "several labels each.*fix: .*find_multilabel_issues"),
    ],
)
def test_what_cannot_be_a_vector_is_refused(given, what):
    with pytest.raises(InputError, match=rf"(?s){what}") as caught:
        as_vector(given, "y")
    assert caught.value.fix


def test_one_hot_labels_get_a_fix():
    with pytest.raises(InputError, match=r"argmax\(axis=1\)"):
        as_vector(np.eye(3), "y")
    assert as_vector(np.eye(3), "y", allow_matrix=True).shape == (3, 3)


def test_segments_become_a_frame_numbered_from_zero():
    assert as_segments(["f", "m"])["segment"].tolist() == ["f", "m"]
    assert as_segments(pd.Series(["f", "m"], name="sex", index=[5, 6]))["sex"].tolist() == ["f", "m"]
    frame = as_segments(pd.DataFrame({"sex": ["f", "m"], "site": [1, 2]}, index=[5, 6]))
    assert frame.index.tolist() == [0, 1]
    assert as_segments({"sex": ["f", "m"]}).columns.tolist() == ["sex"]
    assert as_segments(np.array([["f", "x"], ["m", "y"]])).columns.tolist() == ["segment_0", "segment_1"]
    assert as_segments(POLARS.select("word")).columns.tolist() == ["word"]


def test_default_ids_come_from_the_index_or_count():
    assert default_ids(np.zeros((3, 1)), 3).tolist() == [0, 1, 2]
    assert default_ids(pd.DataFrame({"a": [1, 2]}, index=["p", "q"]), 2).tolist() == ["p", "q"]
    days = pd.DataFrame({"a": [1, 2]}, index=pd.to_datetime(["2020-01-01", "2020-01-02"]))
    assert default_ids(days, 2).tolist() == ["2020-01-01", "2020-01-02"]
    levels = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert default_ids(levels, 2).tolist() == ["a/1", "a/2"]


@pytest.mark.parametrize("index", [[4, 4], [1.0, np.nan]])
def test_an_index_that_does_not_name_rows_is_refused(index):
    with pytest.raises(InputError, match=r"(?s)rows id (4|nan).*reset_index\(drop=True\)"):
        default_ids(pd.DataFrame({"a": [1, 2]}, index=index), 2)


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ([np.zeros((4, 2)), np.zeros(4)], "rows of different lengths", r"tuple \(X, y\)"),
        ([{"a": 1}, {"a": 2}], "list of dicts", r"pd\.DataFrame\(rows\)"),
        (iter([[1.0], [2.0]]), "iterator", "read_dataset"),
        (b"/no/x.csv", "path or a text", "read_dataset"),
        ("/no/x.csv", "path or a text", "read_dataset"),
    ],
)
def test_what_is_close_to_rows_is_named(given, what, fix):
    with pytest.raises(InputError, match=rf"(?s){what}.*fix: .*{fix}"):
        as_features(given)


def test_numbers_come_as_anything_that_holds_them():
    for given in ([1, None, 3], np.array([[1.0], [np.nan], [3.0]]), pd.Series([1, None, 3], dtype="Int64")):
        np.testing.assert_array_equal(as_numbers(given, "losses"), [1.0, np.nan, 3.0])
    assert as_numbers([], "losses").shape == (0,)
    assert as_numbers(pd.DataFrame({"a": [1], "b": [2]}), "P", 2).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("given", [None, 5, "abc", ["a"], (np.zeros((3, 2)), np.zeros(3)), np.zeros((3, 2)), [1j]])
def test_what_is_no_vector_of_numbers_is_refused(given):
    with pytest.raises(InputError, match=r"(?s)losses must be numbers of shape \(n,\).*where: +losses"):
        as_numbers(given, "losses")
