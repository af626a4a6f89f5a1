"""Predictions and embeddings beside the rows: by their index where it holds the keys of the rows, never by guess."""

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise import labels
from samplewise.auditing.options import AuditOptions
from samplewise.auditing.prepare_audit import take_in
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.matched_rows import matched_rows, order_notes

IDS = np.array(["a", "b", "c"])


def values(index):
    return pd.DataFrame({"x": [0.0, 1.0, 2.0]}, index=index)


@pytest.mark.parametrize(
    ("index", "order"),
    [
        (["a", "b", "c"], [0, 1, 2]),
        (["c", "a", "b"], [1, 2, 0]),
        (None, [0, 1, 2]),  # numbers its own rows: no keys
        ([10, 11, 12], [0, 1, 2]),  # the index of the frame the rows came in
        ([12, 10, 11], [1, 2, 0]),
    ],
)
def test_rows_are_found_by_key(index, order):
    found = matched_rows(values(index), IDS, "embeddings", [10, 11, 12])
    assert found["x"].tolist() == order
    assert found.index.tolist() == IDS.tolist()


@pytest.mark.parametrize("index", [["a", "b", "d"], ["x", "y", "z"], ["a", "b", "b"], [3, 4, 5]])
def test_an_index_of_other_rows_is_refused(index):
    with pytest.raises(InputError, match="embeddings have another index") as caught:
        matched_rows(values(index), IDS, "embeddings")
    assert "of 3 keys of the data" in caught.value.got
    assert "X.index" in caught.value.fix


def test_numbers_that_may_be_positions_or_keys_are_refused():
    for ids in (np.array([2, 0, 1]), np.array([1, 2, 3])):
        with pytest.raises(InputError, match="another index"):
            matched_rows(values(None), ids, "probabilities")
        with_keys = values(pd.Index(ids[::-1].copy()))
        assert matched_rows(with_keys, ids, "probabilities")["x"].tolist() == [2.0, 1.0, 0.0]


def test_what_has_no_index_or_another_length_is_left_alone():
    array = np.arange(3.0)
    assert matched_rows(array, IDS, "probabilities") is array
    short = values(None)[:2]
    assert matched_rows(short, IDS, "probabilities") is short


def test_rows_that_are_numbered_beside_rows_with_names_are_noted():
    given = {"probabilities": values(None), "embeddings": values(list(IDS)), "more": np.arange(3)}
    assert list(order_notes(given, Dataset(np.zeros((3, 1)), ids=IDS))) == [
        "probabilities: their rows are numbered, and taken in the order of the data"
    ]
    assert list(order_notes(given, Dataset(np.zeros((3, 1)), ids=IDS), range(3))) == []


@pytest.fixture
def rows():
    """Rows with names, labels, and what a model says of them, in another order."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(60, 2)), columns=["a", "b"], index=[f"r{row}" for row in range(60)])
    y = pd.Series(np.where(frame["a"] > 0, "yes", "no"), index=frame.index)
    sure = np.clip(0.5 + 0.2 * frame["a"] + 0.05 * draw.normal(size=60), 0.01, 0.99)
    said = pd.DataFrame({"no": 1 - sure, "yes": sure})
    return frame, y, said, said.iloc[draw.permutation(60)]


def test_an_audit_takes_probabilities_and_embeddings_by_key(rows):
    frame, y, said, moved = rows
    taken = take_in(frame, y, AuditOptions(probabilities=moved, embeddings=moved))
    assert np.array_equal(taken.predictions.to_numpy(), said.to_numpy())
    assert np.array_equal(taken.embeddings, said.to_numpy())
    numbered = moved.reset_index(drop=True)
    notes = take_in(frame, y, AuditOptions(probabilities=numbered)).facts["notes"]
    assert "probabilities: their rows are numbered, and taken in the order of the data" in notes
    other = moved.rename(index={"r3": "x3"})
    for given in ({"probabilities": other}, {"embeddings": other}):
        with pytest.raises(InputError, match="have another index"):
            sw.audit(frame, y, **given)


def test_label_issues_take_them_by_key(rows):
    frame, y, said, moved = rows
    right, found = (labels.find_label_issues(frame, y, probabilities=P).wrong.values for P in (said, moved))
    assert np.array_equal(right, found)
    by_features = [labels.find_label_issues(frame, y, embeddings=P).wrong.values for P in (said, moved)]
    assert np.array_equal(*by_features)
    with pytest.raises(InputError, match="have another index"):
        labels.find_label_issues(frame, y, probabilities=moved.rename(index={"r3": "x3"}))
