"""Rows from whatever a user holds, and their labels as the columns of a model."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.information.training_targets import Responses, Rows

X = np.arange(8.0).reshape(4, 2)
WORDS = np.array(["b", "a", "b", "c"])
SIX, CLASSES = np.arange(12.0).reshape(6, 2), np.array(list("babcca"))


def test_rows_keep_their_ids_in_every_form():
    data = Dataset(X, WORDS, ids=list("wxyz"))
    assert Rows.of(data).ids.tolist() == list("wxyz")
    assert Rows.of((X, WORDS)).labels.tolist() == WORDS.tolist()
    assert Rows.of(X).labels is None
    assert Rows.of(Rows.of(X)).inputs is X
    pairs = [(X[i], i) for i in range(4)]

    class Items:
        def __len__(self):
            return 4

        def __getitem__(self, place):
            return pairs[place]

    held = Rows.of(Items())
    np.testing.assert_array_equal(held.inputs, X)
    assert held.labels.tolist() == [0, 1, 2, 3]
    taken = Rows.of(data).take(np.array([2, 0]))
    assert taken.ids.tolist() == ["y", "w"]
    assert taken.labels.tolist() == ["b", "b"]
    assert taken.unlabeled()[1] is None
    assert Rows.of(data).with_labels([1, 2, 3, 4]).labels.tolist() == [1, 2, 3, 4]


def test_plain_features_are_a_matrix():
    np.testing.assert_array_equal(Rows.of(pd.DataFrame({"p": X[:, 0], "q": X[:, 1]})).matrix(), X)
    with pytest.raises(InputError, match=r"(?s)must be numbers.*columns q"):
        Rows.of(pd.DataFrame({"p": X[:, 0], "q": WORDS})).matrix()
    holes = X.copy()
    holes[2, 1] = np.nan
    with pytest.raises(InputError, match="rows id 2"):
        Rows.of(holes).matrix()


def test_classes_are_indicators_and_two_of_them_one_column():
    three = Rows.of((SIX, CLASSES)).responses(None)
    np.testing.assert_array_equal(three.values, np.eye(3)[[1, 0, 1, 2, 2, 0]])
    assert three.classes.tolist() == ["a", "b", "c"]
    two = Rows.of((X, np.array(["n", "y", "y", "n"]))).responses(None)
    assert two.values.ravel().tolist() == [0, 1, 1, 0]
    coded = Rows.of((X, np.array([0, 2, 2, 0]))).responses(4)  # codes of a model with four outputs
    np.testing.assert_array_equal(coded.values, np.eye(4)[[0, 2, 2, 0]])
    with pytest.raises(InputError, match=r"(?s)do not go together.*3 classes, 4 outputs"):
        Rows.of((X, WORDS)).responses(4)


def test_numbers_are_taken_as_they_are():
    found = Rows.of((X, np.array([0.5, 1.5, 2.5, 3.5]))).responses(None)
    assert found.classes is None
    assert found.values.ravel().tolist() == [0.5, 1.5, 2.5, 3.5]
    with pytest.raises(InputError, match="differ in shape"):
        Rows.of((X, X)).responses(3)


def test_other_rows_take_the_columns_of_the_training_rows():
    trained = Rows.of((SIX, CLASSES)).responses(None)
    np.testing.assert_array_equal(Rows.of((X[:2], np.array(["c", "a"]))).like(trained), np.eye(3)[[2, 0]])
    assert Rows.of(X).like(trained) is None
    with pytest.raises(InputError, match="labels of test"):
        Rows.of((X[:2], np.array(["d", "a"]))).like(trained)


def test_right_answers_count_one_and_numbers_lose_their_squares():
    classes = Responses(np.eye(3), np.array(list("abc")))
    assert classes.correct(np.array([[0.9, 0.1, 0], [0.1, 0, 0.9]]), np.eye(3)[[0, 1]]).tolist() == [1, 0]
    single = Responses(np.ones((1, 1)), np.array([0, 1]), border=0.0)
    assert single.correct(np.array([[0.2], [-0.2]]), np.ones((2, 1))).tolist() == [1, 0]
    numbers = Responses(np.ones((1, 1)), None)
    assert numbers.correct(np.array([[3.0]]), np.array([[1.0]])).tolist() == [-4.0]
