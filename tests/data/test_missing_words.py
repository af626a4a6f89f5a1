"""Words for a missing value are the same in files, frames and labels."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data import Dataset, read_dataset
from samplewise.data.inputs import as_reading
from samplewise.data.missing_words import MISSING_WORDS, labels_without_missing_words, without_missing_words
from samplewise.data.roles import Roles


@pytest.mark.parametrize("word", MISSING_WORDS)
def test_every_word_is_missing_by_every_door(word, tmp_path):
    table = pd.DataFrame({"a": ["x", word, "y", "x"], "n": ["1", "2", word, "4"], "kind": ["p", "q", "p", word]})
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    label = Roles(label="kind")
    doors = [
        as_reading(str(path), None, label), as_reading(table, None, label),
        as_reading(table[["a", "n"]], table["kind"], Roles()),
        as_reading((table[["a", "n"]], table["kind"]), None, Roles()),
        as_reading(Dataset(table[["a", "n"]], table["kind"].tolist()), None, Roles()),
    ]  # fmt: skip
    for reading in doors:
        assert reading.data.X.isna().to_numpy().tolist() == [
            [False, False],
            [True, False],
            [False, True],
            [False, False],
        ]
        assert reading.data.X["n"].dtype == np.float64
        assert reading.data.unlabeled().tolist() == [False, False, False, True]
    for reading in doors[1:]:
        assert f"kind: read as missing: {word!r} (1 cell)" in reading.notes or reading.label == "y"
        assert f"a: read as missing: {word!r} (1 cell)" in reading.notes


def test_the_frame_of_the_user_is_not_changed_and_other_columns_stay():
    frame = pd.DataFrame({"a": ["?", "None", ""], "b": [1.0, 2.0, 3.0], "c": [[1], [2], [3]]})
    read = read_dataset(frame).data.X
    assert frame["a"].tolist() == ["?", "None", ""]
    assert read["a"].isna().tolist() == [True, False, True]
    chosen = pd.Series(pd.Categorical(["?", "a"]))
    for column in (frame["b"], frame["c"], chosen):
        assert without_missing_words(column) == (column, "") or without_missing_words(column)[0] is column
    assert without_missing_words(pd.Series(["", "a"]))[1] == ""  # an empty cell needs no note


def test_labels_without_such_a_word_come_back_as_they_are():
    for labels in (np.array(["a", "b"]), np.array([1, 2]), pd.Series(["a"]), None, np.zeros((2, 2))):
        assert labels_without_missing_words(labels)[0] is labels
    read, note = labels_without_missing_words(pd.Series(["a", "?"], index=[7, 9], name="kind"))
    assert (read.isna().tolist(), read.index.tolist(), read.name) == ([False, True], [7, 9], "kind")
    assert note == "read as missing: '?' (1 cell)"
