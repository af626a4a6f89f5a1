"""A record returns its findings, scores and outcomes."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Decision, Finding, Outcome, Remedy
from samplewise.core.values import Scores


def outcome(code, *severities):
    findings = tuple(Finding(code, f"title {s}", s, (1,), "why", (Remedy("drop", (1,)),)) for s in severities)
    scores = (Scores(f"score of {code}", np.zeros(1), np.array([1]), "nat", "more"),)
    return Outcome(code, "title", "found" if findings else "clean", result=CheckResult(findings, scores))


@pytest.fixture
def record():
    outcomes = (outcome("SW201", "note", "error"), outcome("SW101", "error", "warning"), outcome("SW301"))
    return AuditRecord(RECORD_SCHEMA, {}, {}, {}, outcomes)


def test_findings_come_worst_first_then_by_code(record):
    assert [(found.severity, found.code) for found in record.findings()] == [
        ("error", "SW101"),
        ("error", "SW201"),
        ("warning", "SW101"),
        ("note", "SW201"),
    ]


def test_scores_are_found_by_their_quantity(record):
    assert list(record.scores()) == ["score of SW201", "score of SW101", "score of SW301"]
    assert record.scores()["score of SW301"] is record.outcomes[2].result.scores[0]


def test_scores_print_as_a_table_and_name_the_nearest_quantity(record):
    printed = str(record.scores())
    assert printed.startswith("3 quantities scored")
    assert len(printed.splitlines()) == 5
    assert record.scores().get("score of SW999") is None
    with pytest.raises(InputError, match="did you mean 'score of SW201'"):
        record.scores()["score of SW2O1"]


def test_an_outcome_is_found_by_its_code(record):
    assert record.outcome("SW101") is record.outcomes[1]
    assert record.outcome("SW999") is None


def test_parts_of_a_record_are_values():
    assert Remedy("drop", (1,)) == Remedy("drop", (1,))
    assert Decision(1, "drop") != Decision(1, "keep")
    assert Outcome("SW1", "t", "clean").result == CheckResult()
    with pytest.raises(AttributeError):
        Remedy("drop", (1,)).kind = "review"
