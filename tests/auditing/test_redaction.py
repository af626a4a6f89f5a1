import numpy as np
import pytest

from samplewise.auditing.redaction import NOTE, without_values
from samplewise.core.codec import to_dict
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate, Exhibit, Scores

SECRET = "Mrs Miller"


def record(exhibit, task="classification"):
    scores = Scores("wrong_label", np.array([0.5]), np.array(["r1"]), "probability", "worse")
    finding = Finding("SW201", "1 row", "error", ("r1",), "because", measured=(Estimate("n", 1.0),))
    outcome = Outcome("SW201", "t", "found", result=CheckResult((finding,), (scores,), (exhibit,)))
    data = {
        "task": task,
        "notes": ["a note"],
        "columns": [{"name": "age", "kind": "numeric", "role": "feature", "note": ""}],
    }
    return AuditRecord(RECORD_SCHEMA, data, {}, {}, (outcome,))


def columns_left(exhibit, task="classification"):
    made = record(exhibit, task)
    return set(without_values(made).outcomes[0].result.exhibits[0].columns)


def test_texts_pictures_and_cells_go_and_ids_labels_and_numbers_stay():
    cells = {"thumbnail": ["data:image/png;base64,x"], "text": [SECRET], "telling": [SECRET], "reason": [SECRET],
             "nearest_given_thumbnail": ["data:"], "note": [SECRET], "column: name": [SECRET],
             "column: age": [71.0], "time": [SECRET], "group": [SECRET], "nearest_given_cells": [SECRET]}  # fmt: skip
    kept = {"id": ["r1"], "given": ["cat"], "suggested": ["dog"], "probability": [0.9], "nearest_given": ["r2"]}
    exhibit = Exhibit("rows", "worst", {name: np.array(values) for name, values in (cells | kept).items()})
    assert columns_left(exhibit) == set(kept)
    made = without_values(record(exhibit))
    assert SECRET not in str(to_dict(made))
    assert "11 columns" in made.outcomes[0].result.exhibits[0].note


def test_columns_named_like_columns_of_the_data_go_even_when_they_are_numbers():
    exhibit = Exhibit("table", "copies", {"id": np.array(["r1"]), "age": np.array([71.0]), "count": np.array([2])})
    assert columns_left(exhibit) == {"id", "count"}
    assert columns_left(Exhibit("curve", "c", {"age": np.array([71.0])})) == {"age"}  # an axis of ours, not cells


@pytest.mark.parametrize("values", [np.array([1.5]), np.array(["1.5"])])
def test_in_a_regression_the_label_is_a_cell(values):
    exhibit = Exhibit("rows", "worst", {"id": np.array(["r1"]), "given": values, "suggested": values})
    assert columns_left(exhibit, "regression") == {"id"}


def test_everything_else_is_as_it_was_and_a_note_says_what_went():
    before = record(Exhibit("curve", "c", {"x": np.array([1.0]), "status": np.array(["here"])}))
    after = without_values(before)
    assert after.data["notes"] == ["a note", NOTE]
    assert without_values(after).data["notes"] == ["a note", NOTE]
    assert list(after.findings()) == list(before.findings())
    assert set(after.outcomes[0].result.exhibits[0].columns) == {"x", "status"}
    assert after.scores()["wrong_label"].values[0] == 0.5


def test_notes_and_questions_keep_their_counts_and_lose_their_cells():
    made = record(Exhibit("rows", "worst", {"id": np.array(["r1"])}))
    note = f"price: text read as numbers; '{SECRET}' (1 cell), 'it\\'s' (1,200 cells) are missing"
    question = "'8.442' in `price` reads as 8442 because decimal commas are used; --decimal . (decimal='.') reads 8.442"
    columns = [{"name": "price", "kind": "numeric", "role": "feature", "note": note}]
    data = made.data | {"notes": [note], "questions": [question, "another"], "columns": columns}
    stripped = without_values(AuditRecord(RECORD_SCHEMA, data, {}, {}, made.outcomes))
    assert SECRET not in str(to_dict(stripped))
    assert stripped.data["notes"][0] == "price: text read as numbers; a word (1 cell), a word (1,200 cells) are missing"
    assert stripped.data["questions"] == [
        "numbers in `price` have two readings: decimal commas are used; --decimal . (decimal='.') reads the other",
        "another",
    ]


def test_sentences_that_quote_cells_go():
    remedy = Remedy("review", ("name",), values=(SECRET,), action=f"Set {SECRET!r} to missing")
    finding = Finding("SW108", "sentinels in 'name'", "note", ("name",), f"name: {SECRET!r}", (remedy,), axis="column")
    outcome = Outcome("SW108", "t", "found", result=CheckResult((finding,)))
    made = without_values(AuditRecord(RECORD_SCHEMA, {}, {}, {}, (outcome,)))
    assert SECRET not in str(to_dict(made))
    assert next(made.findings()).title == "sentinels in 'name'"


def test_the_values_of_an_order_go():
    note = "size: its words seem to be ordered ('Miller' < 'b'): treated as categories; columns={'size': [...]} reads"
    facts = {"notes": [note], "reading": {"columns": {"size": [SECRET, "b"], "zip": "category"}, "decimal": ","}}
    left = without_values(AuditRecord(RECORD_SCHEMA, facts, {}, {}, ())).data
    assert "Miller" not in str(left)
    assert "seem to be ordered: treated as categories" in left["notes"][0]
    assert left["reading"] == {"columns": {"size": "category", "zip": "category"}, "decimal": ","}
