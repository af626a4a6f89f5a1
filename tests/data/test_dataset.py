"""Rows keep their ids and their content whatever is done with them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from samplewise import Dataset
from samplewise.core.errors import InputError


def features(kind):
    numbers = np.arange(12.0).reshape(4, 3)
    return {
        "array": numbers,
        "frame": pd.DataFrame({"a": [1.0, 2.0, np.nan, 4.0], "b": ["x", "y", None, "x"]}),
        "sparse": sp.csr_matrix(numbers),
        "images": numbers[:, :, np.newaxis] / 12,
        "texts": ["one", "two words", "three", "four"],
    }[kind]


def whole(kind):
    return Dataset(
        features(kind), y=["p", "q", "p", "q"], ids=[10, 20, 30, 40], groups=["g", "g", "h", "h"],
        segments={"sex": ["f", "m", "f", "m"]}, time=[4, 3, 2, 1], weights=[1, 2, 3, 4],
    )  # fmt: skip


KINDS = ["array", "frame", "sparse", "images", "texts"]


@pytest.mark.parametrize("kind", KINDS)
def test_keep_takes_every_part_along(kind):
    data = whole(kind).keep([40, 10])
    assert data.ids.tolist() == [40, 10]
    assert data.y.tolist() == ["q", "p"]
    assert data.groups.tolist() == ["h", "g"]
    assert data.segments["sex"].tolist() == ["m", "f"]
    assert data.time.tolist() == [1, 4]
    assert data.weights.tolist() == [4, 1]
    assert data.X.shape[0] == 2


@pytest.mark.parametrize("kind", KINDS)
def test_drop_is_what_keep_leaves(kind):
    data = whole(kind)
    assert data.drop([20, 30]).fingerprint() == data.keep([10, 40]).fingerprint()


@pytest.mark.parametrize("kind", KINDS)
def test_the_fingerprint_ignores_row_order_and_sees_every_part(kind):
    data = whole(kind)
    assert data.keep([30, 10, 40, 20]).fingerprint() == data.fingerprint()
    assert data.with_labels(["p", "p", "p", "q"]).fingerprint() != data.fingerprint()
    assert data.with_weights([1, 1, 1, 1]).fingerprint() != data.fingerprint()
    assert data.drop([10]).fingerprint() != data.fingerprint()


def test_the_fingerprint_sees_values_names_and_width():
    one = Dataset(pd.DataFrame({"a": [1.0, 2.0]}))
    assert one.fingerprint() != Dataset(pd.DataFrame({"b": [1.0, 2.0]})).fingerprint()
    assert one.fingerprint() != Dataset(pd.DataFrame({"a": [2.0, 1.0]})).fingerprint()
    narrow, wide = sp.csr_matrix((2, 3)), sp.csr_matrix((2, 4))
    assert Dataset(narrow).fingerprint() != Dataset(wide).fingerprint()


def test_a_mask_takes_rows_too():
    assert whole("array").take(np.array([True, False, False, True])).ids.tolist() == [10, 40]


def test_rows_taken_twice_are_refused():
    with pytest.raises(InputError, match=r"(?s)ids repeat.*rows id 10.*own id"):
        whole("array").keep([10, 10])


def test_an_unknown_id_is_named():
    with pytest.raises(InputError, match=r"(?s)rows id 99.*data\.ids"):
        whole("array").keep([10, 99])


def test_a_data_set_is_never_changed():
    data = whole("array")
    with pytest.raises(AttributeError):
        data.y = None
    data.with_labels(["q"] * 4)
    assert data.y.tolist() == ["p", "q", "p", "q"]


@pytest.mark.parametrize("name", ["y", "ids", "groups", "time", "weights", "segments"])
def test_parts_of_another_length_are_refused(name):
    with pytest.raises(
        InputError, match=f"(?s){name} and X have different numbers of rows.*4 rows, {name} 5.*one entry"
    ):
        Dataset(np.zeros((4, 1)), **{name: [1, 2, 3, 4, 5]})


def test_repeated_ids_are_named():
    with pytest.raises(InputError, match=r"(?s)ids repeat.*rows id 7.*3 rows, 2 different.*leave ids out"):
        Dataset(np.zeros((3, 1)), ids=[7, 7, 8])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("groups", ["a", None, "b"]),
        ("groups", [1.0, np.nan, 2.0]),
        ("time", np.array(["2020", "NaT", "2021"], "M8[D]")),
        ("weights", [1, None, 1]),
    ],
)
def test_parts_with_gaps_are_refused_by_id(name, values):
    with pytest.raises(InputError, match=rf"(?s){name} has missing values.*rows id q.*data\.drop"):
        Dataset(np.zeros((3, 1)), ids=["p", "q", "r"], **{name: values})


def test_negative_infinite_or_worded_weights_are_refused():
    with pytest.raises(InputError, match=r"(?s)not negative.*rows id 1.*use 0"):
        Dataset(np.zeros((2, 1)), weights=[1, -1])
    with pytest.raises(InputError, match="rows id 0"):
        Dataset(np.zeros((2, 1)), weights=[np.inf, 1])
    with pytest.raises(InputError, match=r"(?s)weights must be numbers.*one number per row"):
        Dataset(np.zeros((2, 1)), weights=["heavy", "light"])


def test_infinite_labels_are_refused_by_id():
    with pytest.raises(InputError, match=r"(?s)y has infinite.*rows id b.*NaN"):
        Dataset(np.zeros((2, 1)), y=[1.0, np.inf], ids=["a", "b"])


def test_labels_with_the_index_of_x_in_another_order_are_refused():
    X = pd.DataFrame({"a": [1, 2, 3]}, index=["p", "q", "r"])
    y = pd.Series([3, 1, 2], index=["r", "p", "q"])
    with pytest.raises(InputError, match=r"(?s)another order.*rows id p, q, r.*y\.loc\[X\.index\]"):
        Dataset(X, y)
    assert Dataset(X, y.loc[X.index]).y.tolist() == [1, 2, 3]
    assert Dataset(X, pd.Series([1, 2, 3])).y.tolist() == [1, 2, 3]  # another index altogether: by position


def test_complete_and_unlabeled_rows_are_distinguished():
    data = Dataset([[1, None], [1, 2], [3, 4]], y=["a", None, "b"], ids=[5, 6, 7])
    assert data.complete_ids().tolist() == [7]
    assert data.unlabeled().tolist() == [False, True, False]
    frame = Dataset(features("frame"), y=[1.0, np.nan, 2.0, 3.0])
    assert frame.complete_ids().tolist() == [0, 3]
    assert Dataset(sp.csr_matrix([[np.nan], [1.0]])).complete_ids().tolist() == [1]
    assert not Dataset([[1]]).unlabeled().any()


def test_many_labels_a_row_are_kept():
    data = Dataset(np.zeros((2, 1)), y=np.array([[1.0, 0.0], [np.nan, 1.0]]))
    assert data.y.shape == (2, 2)
    assert data.unlabeled().tolist() == [False, True]


def test_the_frame_index_becomes_the_ids():
    assert Dataset(pd.DataFrame({"a": [1, 2]}, index=["u", "v"])).keep(["v"]).X["a"].tolist() == [2]


def test_what_it_shows_of_itself():
    assert repr(whole("array")) == "Dataset(4 rows, X (4, 3), y, groups, segments, time, weights)"


def test_names_of_labels_stay_with_the_labels():
    named = Dataset(np.zeros((3, 2)), y=pd.DataFrame({"red": [1, 0, 1], "big": [0, 0, 1]}))
    for same in (named.with_weights([1, 2, 3]), replace(named, X=np.ones((3, 1))), named.with_labels(np.eye(3, 2))):
        assert same.label_names == ("red", "big")
    assert named.with_labels(pd.DataFrame(np.eye(3, 2), columns=["blue", "small"])).label_names == ("blue", "small")
    for other in (named.with_labels([0, 1, 0]), named.with_labels(np.eye(3)), named.with_labels(None)):
        assert other.label_names == ()


def test_texts_that_stand_for_numbers_are_numbers_whatever_is_done_with_the_rows():
    frame = pd.DataFrame({"price": ["1,234.50", "9.00", "3.5", "4.5", "n.d."] * 3, "zip": [10115, 20095, 30159] * 5})
    data = Dataset(frame, kinds={"zip": "category"})
    assert data.X["price"].tolist()[:2] == [1234.5, 9.0]
    for same in (data, data.take(np.arange(6)), replace(data, y=np.arange(15)), data.with_labels(np.arange(15))):
        price, code = same.columns
        assert (price.kind, code.kind) == ("numeric", "category")
        assert "'n.d.' (3 cells) is missing" in price.note
    assert frame["price"][0] == "1,234.50"


def test_kinds_of_columns_that_are_not_there_are_refused():
    for X in (pd.DataFrame({"a": [1, 2]}), np.zeros((2, 1))):
        with pytest.raises(InputError, match="column"):
            Dataset(X, kinds={"b": "number"})
    assert Dataset(np.array([[1], [2]]), kinds={"x0": "category"}).columns[0].kind == "category"


@pytest.mark.parametrize("name", ["y", "ids", "groups", "segments", "time", "weights"])
@pytest.mark.parametrize(("index", "told"), [([2, 1, 0], "another order"), ([1, 2, 3], "with some keys of it")])
def test_what_lies_beside_x_is_never_matched_by_position_against_its_index(name, index, told):
    X = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    values = pd.Series([3, 4, 5], index=index)
    with pytest.raises(InputError, match=rf"(?s){name} has .*{told}.*{name}\.to_numpy\(\)"):
        Dataset(X, **{name: values})
    strange = Dataset(X, **{name: values.set_axis(["p", "q", "r"])})  # no common key: by position
    assert len(replace(strange, X=X.set_axis([2, 0, 1]))) == 3


def test_what_lies_under_a_mask_is_missing():
    masked = np.ma.masked_array([1.0, 99.0, 3.0], mask=[False, True, False])
    data = Dataset(np.ma.masked_array(np.eye(3), mask=np.eye(3) > 0), masked)
    assert np.isnan(np.diag(data.X)).all()
    assert data.unlabeled().tolist() == [False, True, False]
    assert Dataset(np.eye(3), np.ma.masked_array(["a", "b", "a"], mask=[0, 1, 0])).unlabeled().tolist() == [0, 1, 0]
    with pytest.raises(InputError, match="groups has missing values"):
        Dataset(np.eye(3), groups=np.ma.masked_array([1, 2, 1], mask=[0, 1, 0]))
