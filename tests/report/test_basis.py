"""What a record's conclusions rest on."""

from typing import Any

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Estimate
from samplewise.report import basis


def record_of(*findings: Finding, **measured: tuple[Estimate, ...]) -> AuditRecord:
    outcomes = [
        Outcome(f.code, "t", "found", result=CheckResult((f,), measured=measured.get(f.code, ()))) for f in findings
    ]
    outcomes += [
        Outcome(code, "t", "clean", result=CheckResult(measured=numbers))
        for code, numbers in measured.items()
        if code not in {f.code for f in findings}
    ]
    return AuditRecord(RECORD_SCHEMA, {}, {}, {}, tuple(outcomes))


def finding(code: str, severity: Any = "error", title: str = "t", **more: Any) -> Finding:
    return Finding(code, title, severity, more.pop("keys", ()), "why", **more)


@pytest.mark.parametrize(
    ("code", "counts"), [("SW201", False), ("SW301", False), ("SW401", False), ("SW501", True), ("SW102", True)]
)
def test_what_rests_on_a_model_that_learned_nothing_does_not_stand(code: str, counts: bool) -> None:
    assert basis.stands(record_of(finding("SW501", title="The model does no better than guessing")), code) is counts
    assert basis.stands(record_of(finding("SW501", "note", title="Another model errs less")), code)


def test_checks_that_lack_something_else_do_not_make_data_unreadable() -> None:
    absent = Outcome("SW103", "t", "not_applicable", "no test set was given (test=)")
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (absent, Outcome("SW501", "t", "clean")))
    assert basis.out_of_sight(record) == ""
    assert basis.out_of_sight(AuditRecord(RECORD_SCHEMA, {}, {}, {}, (absent,))) == ""


def test_the_score_with_the_column_is_that_of_the_leak_else_of_the_error_check() -> None:
    with_it, without = (
        Estimate(f"held_out_error {word} a without", 0.1, unit="share of rows") for word in ("with", "without")
    )
    leak = finding("SW106", keys=("a",), axis="column", measured=(with_it, without))
    assert basis.scores_around_leak(record_of(leak)) == (with_it, without)
    error = Estimate("held_out_error", 0.02, unit="share of rows")
    alone = finding("SW106", keys=("a",), axis="column", measured=(without,))
    assert basis.scores_around_leak(record_of(alone, SW501=(error,))) == (error, without)
    assert basis.scores_around_leak(record_of(alone)) is None
    assert basis.leaking_columns(record_of(leak)) == ["a"]
    assert basis.leaking_columns(record_of(finding("SW106", "warning", keys=("a",)))) == []
