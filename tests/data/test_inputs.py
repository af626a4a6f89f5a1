"""The border: every form of the same rows becomes the same Dataset, and everything else is refused in plain words."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.data import Dataset, read_dataset
from samplewise.data import columns as described
from samplewise.data.inputs import (
    as_dataset,
    as_given,
    as_labeled,
    as_reading,
    as_second,
    read_like,
    require_labels,
    with_columns_of,
)
from samplewise.data.roles import Roles

X, Y = np.arange(12.0).reshape(6, 2), np.array(["a", "b", "a", "b", "a", "b"])
FRAME = pd.DataFrame({"one": X[:, 0], "two": X[:, 1], "kind": Y})


@pytest.fixture
def path(tmp_path):
    FRAME.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def test_every_form_of_the_same_rows_is_the_same_data_set(path):
    frame = FRAME[["one", "two"]]
    forms = [
        as_dataset((frame, Y)), as_dataset(frame, Y), as_dataset(FRAME, label="kind"), as_dataset(path, label="kind"),
        as_dataset(str(path), label="kind"), as_dataset(Dataset(frame, Y)),
        as_dataset(read_dataset(path), label="kind"),
        as_dataset(read_dataset(path, label="kind")),
    ]  # fmt: skip
    assert len({data.fingerprint() for data in forms}) == 1
    assert {data.columns for data in forms} == {forms[0].columns}


def test_labels_may_replace_those_of_a_data_set():
    assert as_dataset(Dataset(X, Y), Y[::-1]).y.tolist() == Y[::-1].tolist()


def test_columns_have_roles_with_labels_given_as_an_array():
    reading = as_reading(FRAME.drop(columns="kind"), Y, Roles(id="one", groups=[1, 1, 2, 2, 3, 3]))
    assert reading.data.ids.tolist() == X[:, 0].tolist()
    assert reading.data.X.columns.tolist() == ["two"]
    assert reading.data.y.tolist() == Y.tolist()
    assert reading.data.groups.tolist() == [1, 1, 2, 2, 3, 3]


def test_a_frame_is_described_once_whatever_is_done_with_its_rows(monkeypatch):
    calls = []
    plain = described.describe_columns
    monkeypatch.setattr(described, "describe_columns", lambda *given: calls.append(given) or plain(*given))
    data = as_dataset(FRAME, label="kind")
    part = data.keep([0, 1, 2]).with_labels([1, 2, 3])
    assert part.columns is data.columns
    assert len(calls) == 1
    assert data.take([4, 5]).columns is part.columns


def test_a_subset_keeps_the_description_of_all_rows():
    """Two of six rows hold one value only: the column is a number all the same."""
    data = Dataset(pd.DataFrame({"mostly": [1.0, 1.0, 2.0, 3.0, 4.0, 5.0]}))
    assert data.take([0, 1]).columns[0].kind == "numeric"


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda: as_dataset((X, Y, Y)), "", r"Dataset\(X, y, ids="),
        (lambda: as_dataset((X, Y), Y), "data", "one of them"),
        (lambda: as_dataset(FRAME, Y, label="kind"), "data", "one of them"),
        (lambda: as_dataset(X, "boosting"), "data", "learner='boosting'"),
        (lambda: as_dataset(X, LogisticRegression()), "data", "learner="),
        (lambda: as_dataset(LogisticRegression()), "", "a Dataset, X and y"),
        (lambda: as_dataset(None), "", "a Dataset, X and y"),
        (lambda: as_dataset(5), "", "a Dataset, X and y"),
        (lambda: as_dataset(Scores("s", X[:, 0], Y, "", "")), "", "a Dataset, X and y"),
        (lambda: as_dataset(Dataset(X, Y), label="kind"), "data", "read_dataset"),
        (lambda: as_dataset(X, Y[:3]), "", "one entry of y per row"),
        (lambda: as_dataset("nowhere.csv", label="kind"), "nowhere.csv", r"use \.csv"),
        (lambda: as_dataset(FRAME, label="sort"), "", "kind"),
        (lambda: as_labeled(X), "", "pass y"),
        (lambda: as_labeled(X, [1, None, 2, 1, 2, 1], name="validation"), "rows id 1", "leave these rows out"),
        (lambda: as_given(Scores("s", X[:, 0], Y, "", "")), "", "a Dataset, X and y"),
    ],
)
def test_anything_else_is_refused(call, where, fix):
    with pytest.raises(InputError) as caught:
        call()
    assert where in caught.value.where
    assert re.search(fix, caught.value.fix)


def test_missing_labels_are_named_in_one_and_in_several_columns():
    require_labels(np.array([1.0, 2.0]), np.arange(2))
    for labels in (np.array([1.0, np.nan]), np.array([[1.0, 0.0], [np.nan, 1.0]]), np.array(["a", None], dtype=object)):
        with pytest.raises(InputError, match=r"(?s)needs a label.*rows id 7.*1 of 2"):
            require_labels(labels, np.array([3, 7]))


def test_rows_for_a_module_stay_what_they_are():
    assert as_given((X, Y))[0] is X
    assert as_given(X) is X
    assert as_given(X, Y)[1].tolist() == Y.tolist()
    assert as_given(X, Y[:, None])[1].shape == (6,)
    assert isinstance(as_given(FRAME, label="kind"), Dataset)


def test_other_rows_take_the_columns_of_the_data():
    data, other = Dataset(FRAME[["one", "two"]]), Dataset(FRAME[["two", "one"]])
    assert with_columns_of(data, other, "test").X.columns.tolist() == ["one", "two"]
    with pytest.raises(InputError, match=r"(?s)test lack columns of the data.*two"):
        with_columns_of(data, Dataset(FRAME[["one"]]), "test")
    with pytest.raises(InputError, match=r"(?s)test have other columns.*ndarray \(6, 2\), data DataFrame"):
        with_columns_of(data, Dataset(X), "test")


def test_labels_in_another_order_or_missing_are_seen_by_every_door():
    frame, moved = pd.DataFrame(X), pd.Series(np.arange(6.0)).iloc[[1, 0, 2, 3, 4, 5]]
    for door in (as_dataset, as_given):
        with pytest.raises(InputError, match="index of X in another order"):
            door(frame, moved)
    with pytest.raises(InputError, match=r"(?s)needs a label.*rows id 2"):
        as_given(X, [0.0, 1.0, None, 1.0, 0.0, 1.0])


def test_several_labels_keep_their_names():
    marks = pd.DataFrame({"red": [0, 1] * 3, "big": [1, 0] * 3})
    data = as_dataset(X, marks)
    assert data.label_names == ("red", "big")
    assert data.take([0, 1]).label_names == ("red", "big")
    assert as_dataset((X, Y)).label_names == ()


def test_a_second_data_set_needs_its_labels():
    with pytest.raises(InputError, match=r"(?s)validation must be rows with their labels.*validation=\(X, y\)"):
        as_second(Y, "validation")
    assert len(as_second((X, Y), "validation")) == 6


def test_every_door_reads_columns_as_the_user_says(path):
    frame = pd.DataFrame({"one": ["1.234", "2", "3", "4", "5", "6"], "two": [1, 2, 1, 2, 1, 2]})
    roles = Roles(columns={"two": "category"}, decimal=",")
    whole = as_reading(frame.assign(kind=Y), None, replace(roles, label="kind")).data
    apart = as_reading(frame, Y, roles).data
    pair = as_reading((frame, Y), None, roles).data
    again = as_reading(read_dataset(frame.assign(kind=Y), label="kind"), None, replace(roles, label="kind")).data
    for data in (whole, apart, pair, again):
        assert data.X["one"].tolist() == [1234, 2, 3, 4, 5, 6]
        assert [column.kind for column in data.columns] == ["numeric", "category"]
    given = as_reading(Dataset(frame, Y), None, Roles(columns={"two": "category"})).data
    assert [column.kind for column in given.columns] == ["numeric", "category"]
    with pytest.raises(InputError, match="numbers already"):
        as_reading(Dataset(frame, Y), None, roles)


def test_a_column_of_another_type_is_read_as_in_the_data():
    data = Dataset(pd.DataFrame({"a": [1.5, 2.0, 3.0], "code": ["07", "b8", "c9"]}))
    other = Dataset(pd.DataFrame({"code": [7, 8, 7], "a": ["1,234.5", "2", "-"]}))
    read = with_columns_of(data, other, "the test rows")
    np.testing.assert_array_equal(read.X["a"], [1234.5, 2.0, np.nan])
    assert read.X["code"].tolist() == ["7", "8", "7"]
    words = "a: words among the numbers of the test rows are read as missing: -"
    assert read_like(data, other, "the test rows")[1] == [words]
    assert read_like(data, data, "the test rows")[1] == []


def test_truth_values_are_read_as_in_the_data_even_where_one_of_them_is_missing():
    data = Dataset(pd.DataFrame({"paid": ["yes", "no", "yes"], "x": [1.0, 2.0, 3.0]}))
    for cells, truths in ((["Yes", "yes"], [True, True]), ([0, 1], [False, True]), (["no", None], [False, None])):
        read = with_columns_of(data, Dataset(pd.DataFrame({"paid": cells, "x": [1, 2]})), "the test rows")
        assert read.X["paid"].astype(object).where(read.X["paid"].notna(), None).tolist() == truths
    other = Dataset(pd.DataFrame({"paid": ["yes", "perhaps"], "x": [1, 2]}), ids=["p", "q"])
    with pytest.raises(InputError, match=r"(?s)hold truth values.*column 'paid', rows id q.*'perhaps'.*fix"):
        with_columns_of(data, other, "the test rows")


def test_columns_of_other_rows_go_by_name_and_those_the_data_lack_are_left_out_with_a_note():
    data = Dataset(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}))
    other = Dataset(pd.DataFrame({"new": [1, 2], "b": ["x", "z"], "a": [3, 4]}), kinds={"new": "number"})
    read, notes = read_like(data, other, "the test rows")
    assert list(read.X.columns) == ["a", "b"]
    assert read.X["b"].tolist() == ["x", "z"]  # a category the data lack is one to predict for all the same
    assert notes == ["new: left out of the test rows, for the data have no such column"]
    with pytest.raises(InputError, match=r"(?s)lack columns of the data.*columns a.*drop_columns="):
        read_like(data, Dataset(pd.DataFrame({"b": ["x"]})), "the test rows")


def test_a_column_of_words_where_the_data_hold_numbers_is_refused_with_column_and_rows():
    data = Dataset(pd.DataFrame({"a": [1.5, 2.0, 3.0]}))
    other = Dataset(pd.DataFrame({"a": ["low", "high", "3"]}), ids=["p", "q", "r"])
    with pytest.raises(
        InputError, match=r"(?s)words where the data hold numbers.*column 'a', rows id p, q.*'low'.*fix"
    ):
        with_columns_of(data, other, "the test rows")
