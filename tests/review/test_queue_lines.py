"""What the findings of an audit ask: rows, and cells."""

from importlib import util
from pathlib import Path

import numpy as np

from samplewise.core.findings import CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Exhibit
from samplewise.data import Dataset
from samplewise.review.queue_lines import plain, queue_lines

SPECIFICATION = util.spec_from_file_location("review_examples", Path(__file__).with_name("examples.py"))
examples = util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(examples)


def test_rows_of_every_list_once():
    twice = examples.outliers_outcome("r3", "r3", "r4")
    lines = list(queue_lines(examples.record(examples.labels_outcome(examples.CHANCES), twice), examples.rows()))
    assert [(line.row, line.list) for line in lines[5:]] == [("r3", "SW104"), ("r4", "SW104")]
    assert (lines[1].row, lines[1].probability, lines[1].suggestion) == ("r1", 0.9, "cat")
    assert np.isnan(lines[5].probability)
    assert lines[5].gain > lines[6].gain > 0
    assert lines[5].why == "Far. Far away."


def test_findings_that_ask_nothing_are_passed_over():
    note = Finding("SW104", "far", "note", ("r1",), "why", ())
    columns = Finding("SW104", "odd", "note", ("a",), "why", (Remedy("review", ("a",)),), axis="column")
    outcome = Outcome("SW104", "outliers", "found", result=CheckResult((note, columns)))
    shortcut = Outcome("SW601", "segment", "found", result=CheckResult((note,)))
    assert list(queue_lines(examples.record(outcome, shortcut), None)) == []


def test_cells_that_would_change_are_asked_about():
    values = np.r_[np.random.default_rng(0).normal(50, 10, 200), [-999.0] * 6]
    data = Dataset(np.c_[values, np.arange(206.0) % 7], ["a", "b"] * 103, ids=[f"r{n}" for n in range(206)])
    name = data.columns[0].name
    remedy = Remedy("clean", (name, "gone"), ("set to missing", "merge"))
    finding = Finding("SW108", "cells", "warning", (name,), "a code", (remedy,), axis="column")
    record = examples.record(Outcome("SW108", "cells", "found", result=CheckResult((finding,))))
    lines = list(queue_lines(record, data))
    assert {(line.row, line.column, line.given, line.suggestion) for line in lines} == {
        (f"r{number}", name, "-999", None) for number in range(200, 206)
    }
    assert "set to missing" in lines[0].why.lower()
    assert list(queue_lines(record, None)) == []


def test_single_cells_are_asked_about_row_by_row():
    data = Dataset(np.c_[np.arange(30.0), np.arange(30.0) * 10, np.arange(30.0)], ["a", "b"] * 15)
    names = [column.name for column in data.columns]
    tenfold = Finding("SW108", "ten times", "note", (names[1],), "far", (Remedy("review", (names[1],)),), axis="column")
    mixed = Finding("SW108", "mixed", "note", (names[2],), "odd", (Remedy("review", (names[2],)),), axis="column")
    moved = Finding("SW108", "moved", "warning", (3,), "cells aside", (Remedy("review", (3,)),))
    cells = {
        "id": np.array(["7", "9", "7", "99"]), "column": np.array([names[1], names[2], names[2], names[1]]),
        "remedy": np.array(["divide", "convert", "convert", "divide"]),
    }  # fmt: skip
    result = CheckResult((tenfold, mixed, moved), exhibits=(Exhibit("table", "odd cells", cells),))
    record = examples.record(Outcome("SW108", "cells", "found", result=result))
    lines = list(queue_lines(record, data))
    assert [(line.row, line.column, line.given, line.suggestion) for line in lines] == [
        (3, "", None, None), (7, names[1], "70", 7), (7, names[2], "7", None), (9, names[2], "9", None),
    ]  # fmt: skip
    gains = [line.gain for line in lines[1:]]
    assert gains == sorted(set(gains), reverse=True)


def test_labels_and_cells_as_json_holds_them():
    given = [plain(value) for value in (np.float64(2.0), np.nan, None, "", "a", np.array(["x"]))]
    assert given == [2.0, None, None, None, "a", ["x"]]
