"""What is said of rows from elsewhere: for each alarm its title, and a page's record with the rows to label."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.elsewhere import elsewhere, shift_record
from samplewise.data import as_dataset
from samplewise.engine.refits import prepare


def place(count, seed, moved=0.0, labeled=True):
    """The label is the sign of `size`, less sure where `age` is large; `moved` makes `age` larger."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(count, 2)), columns=["size", "age"])
    frame["age"] += moved
    unsure = draw.random(count) < np.where(frame["age"] > 0.5, 0.4, 0.02)
    labels = np.where((frame["size"] > 0) ^ unsure, "yes", "no")
    return as_dataset((frame, labels) if labeled else frame)


@pytest.fixture(scope="module")
def ready():
    return prepare(place(1000, 0), "kernel")


def record(ready, held, n_labels=30):
    return shift_record(ready, held, n_labels, 2.0, {"rows": 1000, "task": "classification"}, {})


def test_without_labels_rows_to_label_are_named_and_nothing_of_labels_is_claimed(ready):
    held = place(600, 2, moved=1.5, labeled=False)
    found = record(ready, held)
    first, second = found.findings()
    assert "if equal rows keep their labels" in first.title
    assert "cannot be seen without labels" in first.explanation
    assert second.title.startswith("Labels of 30 test rows drawn at random")
    (keys,) = [remedy.keys for remedy in second.remedies]
    assert len(set(keys)) == 30
    assert set(keys) <= set(held.ids.tolist())
    table = found.outcomes[0].result.exhibits[-1]
    assert table.columns["test_id"].tolist() == list(keys)
    assert set(table.columns["predicted"]) <= {"yes", "no"}


def test_labels_of_the_named_rows_give_the_error_there(ready):
    held, known = place(600, 2, moved=1.5, labeled=False), place(600, 2, moved=1.5)
    _, asked = record(ready, held).findings()
    keys = asked.remedies[0].keys
    labels = pd.Series(known.y, dtype=object).where(np.isin(known.ids, list(keys)), None)
    partly = held.with_labels(labels.to_numpy())
    _, second = record(ready, partly).findings()
    assert second.title.startswith("From 30 labels drawn at random, the error there is")
    (error,) = second.measured
    outputs = ready.learner.fit(ready.data, seed=0, target=ready.target).outputs(held.X)
    right = ready.target.classes[outputs.argmax(axis=1)] == known.y
    assert error.value == pytest.approx(1 - right[np.isin(known.ids, list(keys))].mean())
    assert error.low <= 1 - right.mean() <= error.high


def test_labels_of_all_rows_need_no_rows_to_label(ready):
    first, second = record(ready, place(600, 2, moved=1.5)).findings()
    assert first.severity == "warning"
    assert second.title.startswith("From 600 labels, the error there is")


def test_rows_of_the_same_place_are_said_to_be_alike(ready):
    (first, _) = record(ready, place(600, 1)).findings()
    assert first.severity == "note"
    assert first.title.startswith("No difference from the training rows was found, ")


def test_the_rest_is_drawn_as_parts_that_add_up(ready):
    held = place(600, 2, moved=1.5)
    outputs = ready.whole.held_out_outputs()
    there = ready.learner.fit(ready.data, seed=0, target=ready.target).outputs(held.X)
    found = elsewhere(ready, held, outputs, there)
    parts = found.exhibits()[0].columns
    whole = dict(zip(parts["name"].tolist(), parts["value"].tolist(), strict=True))
    rest = whole["by other rows"] + whole["rest: other labels on equal rows"]
    assert rest == pytest.approx(whole["change of the error"])


def test_a_rise_that_is_certain_and_may_be_small_is_a_note_with_its_interval(ready):
    held = place(600, 2, moved=1.5)
    outputs = ready.whole.held_out_outputs()
    there = ready.learner.fit(ready.data, seed=0, target=ready.target).outputs(held.X)
    found = elsewhere(ready, held, outputs, there, margin=20.0).finding()
    assert found.severity == "note"
    assert "and the error rises by" in found.title
    assert "[" in found.title
