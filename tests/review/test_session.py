"""A review from its run folder: what is asked, answered, taken back, and told."""

from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samplewise import audit
from samplewise.auditing.decided import decided_in
from samplewise.auditing.decision_log import DecisionLog, Entry
from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.review.session import Session
from samplewise.selection import apply

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).with_name("examples.py"))
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)
MANY = {f"r{number}": 0.9 - number / 100 for number in range(40)}


def _session(folder: Path, **more: object) -> Session:
    record = examples.record(examples.labels_outcome(MANY, 40), examples.outliers_outcome("r3"))
    return Session(record, examples.rows(40), DecisionLog(folder, "abc1"), None, folder, **more)


def test_answers_are_saved_and_taken_back(tmp_path):
    session = _session(tmp_path)
    task = session.task("r1")
    session.note(task, "look again", reviewer="r1")
    session.decide(task, "relabel", task.suggestion, reviewer="r1")
    other = session.task("r1")
    assert (task.row, other.row) == ("r0", "r1")
    again = _session(tmp_path)  # another process, or the same one later
    assert again.answer(task, "r1").value == "dog"
    assert again.note_on(task, "r1") == "look again"
    assert again.task("r2").row == "r1"
    last = again.undo("r1")
    assert last.row == "r0"
    assert again.find(last).key == task.key
    assert again.task("r1").row == "r0"
    assert again.undo("r1") is None
    assert session.task("r2").row == "r0"  # it reads what the other one wrote
    assert session.task_at(0, "SW201").row == "r0"
    assert session.tasks("r3", 2)[0].row == "r2"  # the first two are shown to others


def test_values_that_can_be_and_those_that_cannot(tmp_path):
    session = _session(tmp_path)
    task = session.task("r1")
    assert session.read_value(task, "dog") == "dog"
    assert session.classes == ["cat", "dog"]
    with pytest.raises(InputError, match="cow"):
        session.read_value(task, "cow")
    cell = replace(task, column=session.data.columns[0].name)
    assert (session.read_value(cell, ""), session.read_value(cell, "7")) == (None, 7)
    with pytest.raises(InputError, match="not a number"):  # here, and not when all decisions are carried out
        session.read_value(cell, "seven")
    data = Dataset(np.arange(24.0).reshape(12, 2), np.linspace(0.5, 9.7, 12), ids=list(examples.KEYS))
    record = examples.record(examples.outliers_outcome("r2"))
    numbers = Session(record, data, DecisionLog(tmp_path, "abc2"), None, tmp_path)
    assert numbers.classes is None
    assert numbers.read_value(numbers.task("r1"), "3.5") == 3.5
    with pytest.raises(InputError, match="number"):
        numbers.read_value(numbers.task("r1"), "many")


def test_after_25_answers_it_says_how_they_turn_out(tmp_path):
    session = _session(tmp_path)
    assert session.panel("r1")["facts"] == []
    for number in range(30):
        task = session.task("r1")
        session.decide(task, "keep" if number % 5 == 0 else "relabel", task.suggestion, reviewer="r1")
    session.wait(60)
    assert not session.is_busy
    panel = session.panel("r1")
    assert panel["title"] == "30 of 41 answered"
    assert panel["share"] == pytest.approx(100 * 30 / 41)
    assert panel["facts"][0]["text"].startswith("80 % [")
    assert session.calibration().promised == pytest.approx(0.755)
    assert "about" in panel["sentences"][0]
    assert session.closing()[0].startswith("30 rows have an answer. ")


def test_people_who_differ(tmp_path):
    session = _session(tmp_path, both=True)
    for number in range(12):
        for who in ("r1", "r2"):
            task = session.task(who)
            differs = who == "r2" and number == 3
            session.decide(task, "drop" if differs else "keep", reviewer=who)
    assert session.reviewers() == ["r1", "r2"]
    ((task, said),) = session.disagreements()
    assert (task.row, said["r2"].decision) == ("r3", "drop")
    assert "differ on 1" in session.agreement()[0]
    assert "agree on 11 of 12" in session.agreement()[1]
    assert session.panel("r1")["title"] == "12 of 41 answered"


def test_no_row_is_suggested_that_does_not_pay(tmp_path):
    session = _session(tmp_path, prices={"review": 0.85, "collect": 1.0})
    assert [task.row for task in session.tasks("r1", 99) if task.list == "SW201"] == [f"r{n}" for n in range(6)]


def test_another_file_in_place_of_the_log(tmp_path):
    session = _session(tmp_path)
    for _ in range(3):
        session.decide(session.task("r1"), "keep", reviewer="r1")
    lines = session.log.file.read_text().splitlines(keepends=True)
    session.log.file.write_text(lines[1])
    assert session.task("r1").row == "r0"
    assert session.queue.answered() == 1
    assert "replaced" in session.panel("r1")["notes"][0]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(60, 3)), columns=list("abc"))
    table["kind"] = np.where(table["a"] > 0, "yes", "no")
    table = pd.concat([table, table.iloc[:3]], ignore_index=True)
    table.insert(0, "key", [f"k{number}" for number in range(len(table))])
    table.to_csv(folder / "table.csv", index=False)
    audit(folder / "table.csv", label="kind", id="key", checks="SW102", run_dir=folder / "run")
    return folder


def test_a_run_folder_is_opened(run):
    session = Session.open(run / "run")
    assert len(session.queue) == 3
    assert session.folder == run
    task = session.task("r1")
    session.decide(task, "drop", reviewer="r1")
    assert Session.open(run / "run" / "audit.json").answer(task, "r1").decision == "drop"


def test_data_that_moved_or_changed_are_refused(run, tmp_path):
    table = (run / "table.csv").read_text()
    moved = tmp_path / "elsewhere.csv"
    moved.write_text(table)
    assert len(Session.open(run / "run", data=moved).queue) == 3
    with pytest.raises(InputError, match="not where it was") as caught:
        Session.open(run / "run", data=tmp_path / "gone.csv")
    assert "--data" in caught.value.fix
    moved.write_text(table.replace("yes", "maybe"))
    with pytest.raises(InputError, match="not the data that were audited"):
        Session.open(run / "run", data=moved)
    with pytest.raises(InputError):
        Session.open(tmp_path)


def test_answers_about_other_data_are_named_and_not_used(tmp_path):
    DecisionLog(tmp_path, "0ther").append(Entry("r0", "SW201", "drop", reviewer="r1"))
    session = _session(tmp_path)
    assert session.queue.answered() == 0
    assert "other data" in session.panel("r1")["notes"][0]


def test_several_cells_of_a_row_are_decided_each_and_exactly_these_are_changed(tmp_path):
    draw = np.random.default_rng(0)
    size = draw.normal(170, 9, 300).round(1)
    frame = pd.DataFrame({"height": size, "weight": (size * 0.4 + draw.normal(0, 2, 300)).round(1),
                          "kind": np.array(["a", "b"])[draw.integers(0, 2, 300)]})  # fmt: skip
    frame.loc[[5, 9], "height"] *= 10
    frame.loc[[5, 30, 31], "weight"] = -999.0
    frame.to_csv(tmp_path / "rows.csv", index=False)
    audit(tmp_path / "rows.csv", label="kind", checks=["SW108"], run_dir=tmp_path / "run", budget="20s")
    session = Session.open(tmp_path / "run")
    asked = {(task.row, task.column): task for task in session.tasks("r1", 50)}
    assert set(asked) == {(row, "weight") for row in (5, 30, 31)} | {(5, "height"), (9, "height")}
    order = [task.row for task in session.tasks("r1", 50)]
    assert abs(order.index(5) - (len(order) - 1 - order[::-1].index(5))) == 1  # one after the other
    tall = asked[5, "height"]
    session.decide(tall, "relabel", tall.suggestion, reviewer="r1")
    session.decide(asked[5, "weight"], "relabel", session.read_value(asked[5, "weight"], ""), reviewer="r1")
    session.decide(asked[30, "weight"], "relabel", session.read_value(asked[30, "weight"], "66.5"), reviewer="r1")
    session.decide(asked[9, "height"], "keep", reviewer="r1")
    applied = apply(session.data, decided_in(tmp_path / "run", session.data.ids.tolist()).decisions)
    assert [(one.id, one.column, one.after) for one in applied.log] == [
        (5, "height", pytest.approx(frame["height"][5] / 10)), (5, "weight", None), (30, "weight", 66.5),
    ]  # fmt: skip
