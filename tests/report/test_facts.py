"""What was audited, how to do it again, how to cite it."""

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord
from samplewise.report.facts import call, citation, class_counts, columns_of, data_facts, reproduction

DATA = {
    "source": "adult.csv", "rows": 12_345, "test_rows": None, "task": "classification", "missing_labels": 0,
    "fingerprint": "0123456789abcdef", "classes": ["no", "yes", "maybe"], "class_counts": [3, 9, None],
    "notes": ["a note", "x" * 1000], "columns": [{"name": "age", "kind": "numeric"}, "odd"],
}  # fmt: skip
PLAN = {"learner": "kernel ridge head", "seed": 1_000, "folds": 5}
ENVIRONMENT = {
    "samplewise": "0.3.0", "numpy": "2.2.1", "python": "3.11", "machine": "x86_64", "started": "2026-11-30T10:00:00",
    "seconds": 200, "command": "samplewise audit adult.csv",
}  # fmt: skip


@pytest.fixture
def record():
    return AuditRecord(RECORD_SCHEMA, DATA, PLAN, ENVIRONMENT, ())


@pytest.fixture
def empty():
    return AuditRecord(RECORD_SCHEMA, {}, {}, {}, ())


def test_data_are_described_in_a_fixed_order_and_unknown_facts_left_out(record, empty):
    facts = data_facts(record)
    assert [name for name, _ in facts] == ["Source", "Rows", "Task", "Fingerprint", "Classes", "Note", "Note"]
    assert dict(facts)["Rows"] == "12,345"
    assert dict(facts)["Classes"] == "3 (no, yes and maybe)"
    assert len(facts[-1][1]) < 500
    assert data_facts(empty) == []


def test_classes_come_most_frequent_first(record, empty):
    assert class_counts(record) == [("yes", 9.0), ("no", 3.0)]
    assert class_counts(empty) == []


def test_reproduction_names_plan_machine_versions_and_time(record):
    facts = dict(reproduction(record))
    assert facts["Learner"] == "kernel ridge head"
    assert facts["Seed"] == "1000"  # a name, not a quantity
    assert facts["Versions"] == "numpy 2.2.1, python 3.11, samplewise 0.3.0"
    assert facts["Took"] == "3 min 20 s"


def test_a_call_a_citation_and_columns(record, empty):
    assert call(record) == "samplewise audit adult.csv"
    assert call(empty) == ""
    assert citation(record) == "samplewise 0.3.0, audit record, data 0123456789ab, seed 1000, 2026-11-30."
    assert citation(empty) == "samplewise, audit record."
    assert columns_of(record) == [{"name": "age", "kind": "numeric"}]


def test_questions_stand_beside_the_notes(record):
    asked = AuditRecord(RECORD_SCHEMA, DATA | {"questions": ["which unit?"]}, PLAN, ENVIRONMENT, ())
    assert ("Question", "which unit?") in data_facts(asked)
    assert "Question" not in dict(data_facts(record))
