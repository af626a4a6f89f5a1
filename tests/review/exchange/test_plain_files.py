"""Lines, lists, issues and columns of labels hold what was asked and answered."""

import csv
import io
import json
from importlib import util
from pathlib import Path

import pytest

from samplewise import selection
from samplewise.auditing.decision_log import Entry
from samplewise.core.findings import Decision
from samplewise.review.exchange.plain_files import (
    from_decisions_csv,
    from_lines,
    to_cleanlab_csv,
    to_decisions_csv,
    to_label_column,
    to_lines,
)
from samplewise.review.queue import Queue

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).parents[1] / "examples.py")
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)


@pytest.fixture
def tasks() -> list:
    held = examples.record(examples.labels_outcome(examples.CHANCES), examples.outliers_outcome("r9"))
    return list(Queue(held, examples.rows()).tasks())


@pytest.fixture
def answers(tasks) -> dict:
    return {
        tasks[0].key: {"r1": Entry("r1", "SW201", "relabel", "cat", "r1", given="dog", time=1.0)},
        tasks[1].key: {"r1": Entry("r2", "SW201", "keep", reviewer="r1", given="cat")},
        tasks[5].key: {"r1": Entry("r9", "SW104", "drop", reviewer="r1", given="dog", note="odd")},
    }


def test_lines_there_and_back(tasks, answers):
    text = to_lines(tasks, examples.rows(), answers)
    first = json.loads(text.splitlines()[0])
    assert (first["row"], first["suggestion"], first["probability"]) == ("r1", "cat", 0.9)
    assert json.loads(text.splitlines()[-1])["probability"] is None
    back = from_lines(text, tasks)
    assert list(back.entries) == [next(iter(answers[task.key].values())) for task in tasks if task.key in answers]
    filled = (
        text.replace('"decision": ""', '"decision": "drop"')
        + 'nonsense\n{"row": "z", "list": "SW201", "decision": "keep"}'
    )
    back = from_lines(filled, tasks, "r2")
    assert len(back.entries) == 6
    assert {entry.reviewer for entry in back.entries} == {"r1", "r2"}
    assert ["line 7" in back.notes[0], "line 8" in back.notes[1]] == [True, True]


def test_decisions_there_and_back(tasks, answers, tmp_path):
    file = tmp_path / "SW201.csv"
    file.write_text(to_decisions_csv(tasks, answers), "utf-8")
    back = from_decisions_csv(file, tasks, examples.rows(), "r1")
    found = {entry.row: (entry.decision, entry.value, entry.given) for entry in back.entries}
    assert found == {"r1": ("relabel", "cat", "dog"), "r2": ("keep", None, "cat"), "r9": ("drop", None, "dog")}
    file.write_text("id,decision\nr5,keep\nr1,weight:0.5\n", "utf-8")
    back = from_decisions_csv(file, tasks, examples.rows(), "r1")
    assert back.entries == ()
    assert len(back.notes) == 2
    assert "line 2" in back.notes[0]


def test_issues_as_cleanlab_lists_them(tasks):
    lines = list(csv.DictReader(io.StringIO(to_cleanlab_csv(tasks))))
    assert [line["id"] for line in lines] == ["r1", "r2", "r0", "r3", "r4"]
    assert lines[0] == {
        "id": "r1", "is_label_issue": "True", "label_quality": "0.1000", "given_label": "dog",
        "predicted_label": "cat",
    }  # fmt: skip
    assert lines[3]["is_label_issue"] == "False"


def test_a_column_of_labels():
    applied = selection.apply(examples.rows(3), [Decision("r0", "relabel", "dog"), Decision("r1", "drop")])
    assert to_label_column(applied) == [
        {"id": "r0", "label": "dog", "label_before": "cat"}, {"id": "r2", "label": "cat", "label_before": "cat"},
    ]  # fmt: skip
