"""Lists of rows: every row with its own columns, nothing said twice, and nothing that a spreadsheet would carry out."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.own_cells import OwnCells
from samplewise.auditing.redaction import NOTE
from samplewise.auditing.row_lists import fresh_lists
from samplewise.core.csv_text import plain_cell
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.data import Dataset

IDS = ["=HYPERLINK(1)", "b", "-3", "'=x", "ünï\ncode", "+1+1", "g"]
LABELS = ["cat", "dog", "cat", "cow", "@dog", "cat", "dog"]


def table(**columns) -> Dataset:
    return Dataset(pd.DataFrame(columns or {"size": np.arange(7) / 4}), LABELS, ids=IDS)


def plain_finding(code: str, *keys: object, **more) -> Outcome:
    return Outcome(
        code, "title", "found", result=CheckResult((Finding(code, "far", "note", keys, "A sentence.", **more),))
    )


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def columns(text: str) -> dict[str, list[str]]:
    head, *rows = cells(text)
    return {name: [plain_cell(row[place]) for row in rows] for place, name in enumerate(head)}


def test_every_row_has_a_line_that_no_spreadsheet_carries_out(record_of, disputed):
    keys = IDS[:1]
    text = fresh_lists(record_of(disputed(keys, IDS)), table())["SW201.csv"]
    header, row = cells(text)
    assert header == ["id", "given", "suggested", "probability", "reason", "decision", "size"]
    assert row == ["'=HYPERLINK(1)", "cat", "dog", "0.9", "'-0.1 of its neighbors agree", "", "0"]
    text = fresh_lists(record_of(plain_finding("SW104", *IDS)), table())["SW104.csv"]
    header, *rows = cells(text)
    assert header == ["id", "given", "decision", "size"]
    assert [row[0] for row in rows] == ["'=HYPERLINK(1)", "b", "-3", "''=x", "ünï\ncode", "'+1+1", "g"]
    assert rows[4][1] == "'@dog"


def test_what_is_common_to_the_rows_stands_once_beside_the_list(record_of):
    outcome = plain_finding("SW301", *IDS, caveat="Another model may need them")
    texts = fresh_lists(record_of(outcome), table())
    assert "A sentence" not in texts["SW301.csv"]
    beside = texts["SW301.txt"]
    assert beside.count("A sentence.") == 1
    assert "Another model may need them." in beside
    assert "7 rows in findings/SW301.csv" in beside
    assert "samplewise apply RUN --decisions RUN/findings/SW301.csv --out clean.csv" in beside
    for word in ("keep:", "drop:", "relabel:NAME:", "weight:NUMBER:"):
        assert word in beside
    assert "suggested" not in beside
    assert "samplewise review" not in beside  # nobody decides row by row which rows are redundant
    assert max(map(len, beside.splitlines())) <= 100


def test_the_text_tells_what_was_measured_and_what_the_columns_hold(record_of):
    effect = Estimate("effect", 0.5, 0.1, 0.9, "points")
    tested = Remedy("drop", ("b",), action="Drop it", effect=effect, verdict="helps")
    untested = Remedy("relabel", ("b",), ("cow",), "Rename it", reason="one row")
    looked = Remedy("review", ("b",), action="Look at it", reason="a person decides")
    finding = Finding("SW104", "far", "note", ("b",), "why", (tested, untested, looked))
    scores = Scores("outlierness", np.full(7, 1.5), np.array(IDS), "times the usual", "farther away")
    outcome = Outcome("SW104", "outliers", "found", result=CheckResult((finding,), (scores,)))
    texts = fresh_lists(record_of(outcome), table())
    assert columns(texts["SW104.csv"])["outlierness"] == ["1.5"]
    beside = texts["SW104.txt"]
    assert "- Drop it. Tested: 0.5 [0.1, 0.9] points (helps)." in beside
    assert "- Rename it. Not tested: One row." in beside
    assert "- Look at it.\n" in beside
    assert "outlierness: times the usual; larger means: farther away" in beside
    assert "1 column of the data" in beside
    assert "samplewise review RUN" in beside


def test_a_row_of_two_findings_stands_once_with_both_titles(record_of):
    findings = (
        Finding("SW102", "copies", "warning", ("b", "g"), "equal"),
        Finding("SW102", "conflicts", "error", ("g",), "differ"),
    )
    kept = {"set": np.array([1, 2]), "keep": np.array(["keep", "keep"])}
    sets = Exhibit("table", "sets", {"id": np.array(["b", "g"]), **kept})
    outcome = Outcome("SW102", "copies", "found", result=CheckResult(findings, exhibits=(sets,)))
    texts = fresh_lists(record_of(outcome), table())
    found = columns(texts["SW102.csv"])
    assert found["id"] == ["b", "g"]
    assert found["reason"] == ["copies", "copies; conflicts"]
    assert found["set"] == ["1", "2"]
    assert "keep" not in found
    assert [texts["SW102.txt"].count(word) for word in ("Equal.", "Differ.")] == [1, 1]


def test_columns_of_the_data_stand_behind_the_decision_in_full(record_of):
    data = Dataset(
        pd.DataFrame({"age": [39.0, np.nan], "review": ["long " * 900, "=1+1"], "exact": [0.1234567890123, 2.0]}),
        ["a", "b"], ids=["x", "y"],
    )  # fmt: skip
    beside = pd.DataFrame({"day": ["2020-01-01", None]})
    found = columns(fresh_lists(record_of(plain_finding("SW104", "y", "x")), data, OwnCells(data, beside))["SW104.csv"])
    assert list(found) == ["id", "given", "decision", "age", "review", "exact", "day"]
    assert found["age"] == ["", "39"]
    assert found["review"] == ["=1+1", "long " * 900]
    assert found["exact"] == ["2", "0.1234567890123"]
    assert found["day"] == ["", "2020-01-01"]


def test_columns_of_the_data_never_stand_for_ours(record_of):
    data = table(ID=range(7), Decision=["drop"] * 7, given=["x"] * 7, probability=[1.0] * 7, a=range(7), A=range(7))
    found = columns(fresh_lists(record_of(plain_finding("SW104", "b")), data)["SW104.csv"])
    assert list(found) == [
        "id", "given", "decision", "data.ID", "data.Decision", "data.given", "data.probability", "a", "data.A",
    ]  # fmt: skip
    assert found["decision"] == [""]
    assert found["given"] == ["dog"]
    odd = table(**{"two\nlines": range(7), "": range(7), "=1+1": range(7)})
    header, _ = cells(fresh_lists(record_of(plain_finding("SW104", "b")), odd)["SW104.csv"])
    assert header[-3:] == ["two lines", "data.column", "'=1+1"]


def test_of_many_columns_fifty_are_listed_among_them_those_shown_beside_the_rows(record_of):
    data = Dataset(np.arange(7.0 * 80).reshape(7, 80), LABELS, ids=IDS)
    shown = Exhibit("rows", "t", {"id": np.array(["b"]), "column: x77": np.array([1.0])}, finding=0)
    outcome = plain_finding("SW104", "b")
    outcome = Outcome("SW104", "t", "found", result=CheckResult(outcome.result.findings, exhibits=(shown,)))
    found = columns(fresh_lists(record_of(outcome), data)["SW104.csv"])
    assert list(found)[3:] == [*(f"x{place}" for place in range(49)), "x77"]
    assert found["x77"] == ["157"]


def test_rows_that_were_set_aside_have_their_cells_too(record_of):
    everything = Dataset(
        pd.DataFrame({"size": [0.0, 1.5, 2.5]}), np.array(["cat", None, "DOG"], dtype=object), ids=["a", "gone", "b"]
    )
    audited = Dataset(pd.DataFrame({"size": [0.0, 2.5]}), ["cat", "dog"], ids=["a", "b"])
    given = OwnCells(everything, pd.DataFrame({"day": ["mon", "tue", "wed"]}))
    found = columns(fresh_lists(record_of(plain_finding("SW101", "gone", "b")), audited, given)["SW101.csv"])
    assert found == {
        "id": ["gone", "b"], "given": ["", "dog"], "decision": ["", ""], "size": ["1.5", "2.5"], "day": ["tue", "wed"],
    }  # fmt: skip


def test_a_row_of_which_only_the_id_is_known_has_a_line(record_of):
    found = columns(fresh_lists(record_of(plain_finding("SW101", "gone", "b")), table())["SW101.csv"])
    assert found == {"id": ["gone", "b"], "given": ["", "dog"], "decision": ["", ""], "size": ["", "0.25"]}


@pytest.mark.parametrize(("task", "given"), [("classification", True), ("regression", False)])
def test_without_values_no_cell_is_in_any_file(task, given, record_of):
    data = Dataset(pd.DataFrame({"secret": ["hidden cell"] * 2}), [0.25, 0.75], ids=["a", "b"])
    beside = pd.DataFrame({"other": ["hidden too"] * 2})
    texts = fresh_lists(record_of(plain_finding("SW104", "a"), task=task, notes=[NOTE]), data, OwnCells(data, beside))
    assert "hidden" not in "".join(texts.values())
    assert "secret" not in texts["SW104.csv"]
    assert ("0.25" in texts["SW104.csv"]) == given


def test_answers_about_facts_have_a_command_of_their_own(record_of, disputed):
    record = record_of(disputed(IDS[1:2], IDS))
    told = AuditRecord(RECORD_SCHEMA, record.data, {"labels_are": "facts"}, {}, record.outcomes)
    assert "--reviewed" not in fresh_lists(record, table())["SW201.txt"]
    assert "--reviewed RUN/findings/SW201.csv" in fresh_lists(told, table())["SW201.txt"]
    assert "relabel: give it the suggested label" in fresh_lists(told, table())["SW201.txt"]
