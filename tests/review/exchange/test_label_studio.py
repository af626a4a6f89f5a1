"""Label Studio gets tasks, and answers come back through the traps of its exports."""

import json
from dataclasses import replace
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from samplewise.auditing.decision_log import Entry
from samplewise.core.errors import InputError
from samplewise.data.joined_labels import JoinedLabels
from samplewise.review.exchange.label_studio import DROP, from_export, labeling_config, to_tasks
from samplewise.review.queue import Queue

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).parents[1] / "examples.py")
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)
CLASSES = ["cat", "dog"]


@pytest.fixture
def tasks() -> list:
    held = examples.record(examples.labels_outcome(examples.CHANCES), examples.outliers_outcome("r9"))
    return list(Queue(held, examples.rows()).tasks())


def _answer(name: str, who: object = 3, **more: object) -> dict:
    result = [{"from_name": "label", "to_name": "row", "type": "choices", "value": {"choices": [name]}}]
    return {"completed_by": who, "result": result, "was_cancelled": False, "updated_at": "2026-01-02T03:04:05Z", **more}


def _exported(tasks: list, answers: dict) -> list[dict]:
    """A JSON export: predictions are left out, and tasks have other numbers and another order."""
    told = json.loads(json.dumps(to_tasks(tasks, examples.rows())))
    for number, task in enumerate(told):
        del task["predictions"]
        task |= {"id": 900 - number, "annotations": answers.get(task["data"]["samplewise_id"], [])}
    return told[::-1]


def test_tasks_hold_what_is_suggested_and_can_be_sorted(tasks):
    told = to_tasks(tasks, examples.rows())
    first = told[0]
    assert first["data"]["samplewise_id"] == "r1"
    assert first["data"]["x0" if "x0" in first["data"] else "0"] == "2"
    assert "2" in first["data"]["samplewise_row"].splitlines()[0]
    assert "$samplewise_row" in labeling_config(CLASSES)
    assert "$image" in labeling_config(CLASSES, is_image=True)
    assert 'value="keep"' in labeling_config(None)  # a number is kept, or its row dropped
    assert first["predictions"][0]["result"][0]["value"] == {"choices": ["cat"]}
    assert first["predictions"][0]["score"] == 0.9
    assert {one["model_version"] for task in told for one in task["predictions"]} == {"samplewise"}
    assert "score" not in told[-1]["predictions"][0]  # an outlier has no probability
    assert all(f'value="{name}"' in labeling_config(CLASSES) for name in (*CLASSES, DROP))
    assert "&quot;" in labeling_config(['a"b<']) or "'a\"b&lt;'" in labeling_config(['a"b<'])


def test_answers_come_back_without_the_predictions(tasks):
    answers = {
        "r1": [_answer("cat"), _answer("dog", {"email": "a@b.c"})], "r2": [_answer(DROP)],
        "r0": [_answer("", result=[], was_cancelled=True)], "r9": [],
    }  # fmt: skip
    back = from_export(_exported(tasks, answers), tasks, CLASSES)
    found = {(entry.row, entry.reviewer): (entry.decision, entry.value) for entry in back.entries}
    assert found == {
        ("r1", "label studio 3"): ("relabel", "cat"), ("r1", "label studio a@b.c"): ("keep", None),
        ("r2", "label studio 3"): ("drop", None), ("r0", "label studio 3"): ("unsure", None),
    }  # fmt: skip
    assert back.notes == ()
    assert {entry.given for entry in back.entries if entry.row == "r1"} == {"dog"}
    assert back.entries[0].time > 1.7e9
    assert back.entries[0].list == "SW201"


def test_answers_go_out_and_come_back(tasks):
    said = {tasks[0].key: {"r1": Entry("r1", "SW201", "relabel", "cat", "r1", given="dog")}}
    said[tasks[1].key] = {"r1": Entry("r2", "SW201", "keep", reviewer="r1", given="cat")}
    back = from_export(to_tasks(tasks, examples.rows(), said), tasks, CLASSES, "ls")
    assert {entry.row: (entry.decision, entry.value) for entry in back.entries} == {
        "r1": ("relabel", "cat"), "r2": ("keep", None),
    }  # fmt: skip


def test_the_short_form_of_export(tasks):
    short = [{"id": 1, "samplewise_id": "r1", "samplewise_list": "SW201", "samplewise_column": "", "label": "cat"}]
    back = from_export(short, tasks, CLASSES)
    assert [(entry.row, entry.decision) for entry in back.entries] == [("r1", "relabel")]


def test_labels_that_are_none_and_tasks_of_others_are_named(tasks):
    export = _exported(tasks, {"r1": [_answer("Cat ")], "r2": [_answer("cow")]})
    export.append({"data": {"text": "another project"}, "annotations": [_answer("cat")]})
    back = from_export(export, tasks, CLASSES)
    assert back.entries == ()
    assert len(back.notes) == 3
    assert any("'Cat'" in note for note in back.notes)
    assert "no row" in back.notes[-1]
    with pytest.raises(InputError, match="no export"):
        from_export({"tasks": []}, tasks, CLASSES)


def test_several_labels_a_row_go_out_and_come_back_together(tasks):
    joined = JoinedLabels.of(np.array(["cat|dog", "cat", "dog", "cow|dog"] * 3))
    assert 'choice="multiple"' in labeling_config(CLASSES, joined=joined)
    assert 'value="cow"' in labeling_config(CLASSES, joined=joined)
    several = [replace(task, given="cat|dog", suggestion="cow|dog") for task in tasks]
    told = json.loads(json.dumps(to_tasks(several, examples.rows(), joined=joined)))
    assert told[0]["predictions"][0]["result"][0]["value"] == {"choices": ["cow", "dog"]}
    names = {"r1": ["cow", "cat"], "r2": ["dog", "cat"], "r0": ["dog", DROP], "r3": [DROP]}
    for task in told:
        chosen = names.get(task["data"]["samplewise_id"])
        task["annotations"] = [] if chosen is None else [_answer("", result=[{"value": {"choices": chosen}}])]
    found = from_export(told, several, CLASSES, joined=joined)
    assert {entry.row: (entry.decision, entry.value) for entry in found.entries} == {
        "r1": ("relabel", "cat|cow"), "r2": ("keep", None), "r3": ("drop", None),
    }  # fmt: skip
    assert "several choices" in found.notes[0]
    small = [{**task["data"], "label": {"choices": ["cow", "cat"]}} for task in told[:1]]
    assert from_export(small, several, CLASSES, joined=joined).entries[0].value == "cat|cow"
    assert "several choices" in from_export(small, several, CLASSES).notes[0]


def test_cells_are_not_asked_where_every_task_has_the_same_choices(tasks):
    cells = [replace(task, column="age") for task in tasks]
    assert to_tasks(cells, examples.rows()) == []
