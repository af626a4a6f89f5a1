"""Batches beside a reference: what moved is named, what did not raises no alarm, and a bad batch stops none."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.shift import error_change, monitor
from samplewise.shift.monitoring import confidence_of, files_of


def rows(seed, count=300, *, wrong=0.05, moved=0.0):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(count, 2)), columns=["size", "age"])
    frame["answer"] = np.where((frame["size"] > 0) ^ (draw.random(count) < wrong), "yes", "no")
    return frame.assign(age=frame["age"] + moved)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "months"
    made.mkdir()
    batches = {
        "10.csv": rows(1, wrong=0.4), "2.csv": rows(2), "3.csv": rows(3, moved=2.0), "4.csv": rows(4)[:10],
        "5.csv": rows(5).drop(columns="age"), "6.csv": rows(6).drop(columns="answer"),
    }  # fmt: skip
    for name, frame in batches.items():
        frame.to_csv(made / name, index=False)
    (made / "7.txt").write_text("no table")
    return made


def test_a_folder_is_compared_in_the_order_of_its_numbers_and_bad_files_are_named(folder):
    found = monitor(rows(0, 600), folder, label="answer", learner="linear")
    assert [batch.name for batch in found.batches] == [*(f"{n}.csv" for n in (2, 3, 4, 5, 6)), "7.txt", "10.csv"]
    assert found.alarms == ["10.csv"]
    assert "3.csv" in found.drifted
    assert "2.csv" not in found.drifted
    reasons = {batch.name: batch.reason for batch in found.not_compared}
    assert set(reasons) == {"4.csv", "5.csv", "7.txt"}
    assert "age" in reasons["5.csv"]
    by_name = {batch.name: batch for batch in found.batches}
    assert by_name["6.csv"].n_labels == 0
    assert by_name["2.csv"].n_labels == 300
    assert "if equal rows keep their labels" in str(found)
    frame = found.to_frame()
    assert frame.loc["10.csv", "low"] > 2.0
    assert frame.loc["4.csv", "reason"]


def test_numbers_are_those_of_error_change_with_wider_intervals():
    reference, other = rows(0, 400), rows(1, wrong=0.2)
    found = monitor(reference, {"a": other, "b": rows(2)}, label="answer", learner="linear")
    alone = error_change(reference, other, label="answer", learner="linear")
    assert found.batches[0].judged.value == alone.change.value
    assert found.batches[0].judged.low < alone.change.low
    assert found.batches[0].judged.confidence == confidence_of(2) == pytest.approx(0.975)
    blind = monitor(reference, [other], label="answer", learner="linear", use_labels=False)
    assert np.isnan(blind.batches[0].change.change.value)
    assert blind.batches[0].judged.value == pytest.approx(alone.covariate.value, abs=2.0)


def test_batches_from_the_same_place_raise_no_alarm():
    alarms, drifted = 0, 0
    for seed in range(8):
        batches = [rows(100 * seed + at, 120) for at in range(1, 5)]
        found = monitor(rows(100 * seed, 300), batches, label="answer", learner="linear", margin=0.0)
        alarms, drifted = alarms + bool(found.alarms), drifted + bool(found.drifted)
    assert alarms == 0
    assert drifted <= 1


def test_numbers_are_monitored_in_their_unit():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(500, 2))
    y = 100 * X[:, 0] + draw.normal(size=500)
    found = monitor((X[:300], y[:300]), {"same": (X[300:400], y[300:400]), "off": (X[400:], y[400:] + 80)})
    assert found.alarms == ["off"]
    assert found.batches[1].judged.unit == "in the label's unit"


@pytest.mark.parametrize(("batches", "message"), [([], "no batch"), (3, "folder, a list"), ("/nowhere", "not there")])
def test_no_batches_are_refused(batches, message):
    with pytest.raises(InputError, match=message):
        monitor(rows(0), batches, label="answer")


def test_files_are_ordered_by_the_numbers_in_their_names(tmp_path):
    for name in ("b10.csv", "b9.csv", "a.csv", ".hidden"):
        (tmp_path / name).touch()
    assert list(files_of(tmp_path)) == ["a.csv", "b9.csv", "b10.csv"]
