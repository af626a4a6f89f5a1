"""A review goes out and comes back by the name of the form."""

import json
from importlib import util
from pathlib import Path

import pytest

from samplewise.auditing.decision_log import DecisionLog
from samplewise.core.errors import InputError
from samplewise.review.exchange.files import read_review, write_review
from samplewise.review.exchange.forms import READ_BACK
from samplewise.review.session import Session

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).parents[1] / "examples.py")
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)


def _session(folder: Path) -> Session:
    folder.mkdir(exist_ok=True)
    held = examples.record(examples.labels_outcome(examples.CHANCES))
    return Session(held, examples.rows(), DecisionLog(folder, "abc1"), None, folder)


@pytest.mark.parametrize("form", ["jsonl", "csv", "label-studio"])
def test_there_and_back(tmp_path, form):
    session = _session(tmp_path / "one")
    first, second = session.tasks("r1", 2)
    session.decide(first, "relabel", "cat", reviewer="r1")
    session.decide(second, "drop", reviewer="r1")
    file = write_review(session, tmp_path / "out", form)
    other = _session(tmp_path / "two")
    for _ in range(2):  # a second time nothing new is written
        assert read_review(other, file, form, reviewer="r9") == ()
    held = {key[0]: next(iter(said.values())) for key, said in other.log.current().items()}
    assert {row: (entry.decision, entry.value) for row, entry in held.items()} == {
        "r1": ("relabel", "cat"), "r2": ("drop", None),
    }  # fmt: skip
    assert len(other.log.entries()) == 2
    assert other.task("r1").row == "r0"


def test_forms_that_only_go_out(tmp_path):
    session = _session(tmp_path / "one")
    session.decide(session.task("r1"), "relabel", "cat", reviewer="r1")
    assert "r1,True" in write_review(session, tmp_path / "c.csv", "cleanlab").read_text()
    labels = json.loads(write_review(session, tmp_path / "l.json", "huggingface").read_text())
    assert labels[1] == {"id": "r1", "label": "cat", "label_before": "dog"}
    for form in ("cleanlab", "huggingface", "other"):
        with pytest.raises(InputError):
            read_review(session, tmp_path / "c.csv", form)
    assert "huggingface" not in READ_BACK
    with pytest.raises(InputError, match="form"):
        write_review(session, tmp_path / "x", "other")
    with pytest.raises(InputError, match="paths and tags"):
        write_review(session, tmp_path / "x", "fiftyone")


def test_files_that_cannot_be_used(tmp_path):
    session, file = _session(tmp_path / "one"), tmp_path / "in"
    with pytest.raises(InputError, match="cannot be read"):
        read_review(session, file, "jsonl")
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_review(session, file, "label-studio")
    file.write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        read_review(session, file, "fiftyone")
    file.write_text('{"row": "r1", "list": "SW201", "decision": "relabel", "value": "cow"}')
    (note,) = read_review(session, file, "jsonl")
    assert "cow" in note
    assert session.log.entries() == []


@pytest.mark.parametrize("form", ["jsonl", "csv", "label-studio"])
def test_several_labels_a_row_there_and_back(tmp_path, sessions, form):
    one, other = sessions.joined(tmp_path / "one"), sessions.joined(tmp_path / "two")
    first, second = one.tasks("r1", 2)
    three = one.read_value(first, ["tag 0", "tag 3", "tag 1"])  # no row has these
    one.decide(first, "relabel", three, reviewer="r1")
    one.decide(second, "keep", reviewer="r1")
    assert read_review(other, write_review(one, tmp_path / "out", form), form, reviewer="r9") == ()
    held = {key[0]: next(iter(said.values())) for key, said in other.log.current().items()}
    assert {row: (entry.decision, entry.value) for row, entry in held.items()} == {
        "r01": ("relabel", three), "r02": ("keep", None),
    }  # fmt: skip
    lines = json.loads(write_review(other, tmp_path / "labels", "huggingface").read_text())
    assert lines[1]["label"] == three


def test_a_value_that_a_cell_cannot_hold_is_said(tmp_path, sessions):
    session = sessions.cells(tmp_path)
    lines = write_review(session, tmp_path / "out.jsonl", "jsonl").read_text().splitlines()
    told = [
        json.loads(line) | {"decision": "relabel", "value": value} for line, value in zip(lines, ("x", 7), strict=False)
    ]
    (tmp_path / "back.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in told))
    (note,) = read_review(session, tmp_path / "back.jsonl", "jsonl", reviewer="r9")
    assert "not a number" in note
    assert [entry.value for entry in session.log.entries()] == [7]
