"""The verdict says what to fix first, what that buys, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate
from samplewise.report import verdict


def with_findings(*severities: Any, remedies: tuple[Remedy, ...] = ()) -> AuditRecord:
    findings = tuple(Finding(f"SW{i}", f"problem {i}", s, (1, 2), "why", remedies) for i, s in enumerate(severities))
    outcomes = tuple(Outcome(f.code, "t", "found", result=CheckResult((f,))) for f in findings)
    return AuditRecord(RECORD_SCHEMA, {"rows": 9}, {}, {}, outcomes)


def test_errors_come_first_with_how_much_they_concern() -> None:
    said = verdict(with_findings("note", "error", "warning"))
    assert said.level == "error"
    assert said.sentence == "Fix 1 thing before you train on this data: problem 1 (2 rows)."


def test_warnings_alone_do_not_forbid_the_data() -> None:
    said = verdict(with_findings("warning", "warning", "note"))
    assert said.level == "warning"
    assert said.sentence.startswith(
        "This data can be used, with 2 things to look at first: problem 0 (2 rows) and problem 1"
    )


def test_clean_data_is_called_clean_with_the_number_of_checks(records: dict[str, AuditRecord]) -> None:
    said = verdict(records["clean"])
    assert said.level == "clean"
    assert said.sentence == "Nothing was found that speaks against training on this data (17 checks carried out)."


def test_the_best_remedy_that_helps_is_named_with_its_interval(rich: AuditRecord) -> None:
    assert (
        "“Relabel the 412 likely errors as suggested” is measured to change the held-out score by +1.31 points"
        in str(verdict(rich))
    )


def test_remedies_that_do_not_help_are_said_not_to() -> None:
    remedy = Remedy("drop", (1,), effect=Estimate("e", 0.2, -0.4, 0.8, "points"), verdict="not distinguishable")
    sentence = verdict(with_findings("warning", remedies=(remedy,))).sentence
    assert sentence.endswith("; the one tested remedy is not shown to help.")


def test_a_failed_check_makes_a_clean_audit_incomplete(records: dict[str, AuditRecord]) -> None:
    clean = records["clean"]
    outcomes = (*clean.outcomes[:-1], replace(clean.outcomes[-1], status="failed", reason="crash"))
    said = verdict(replace(clean, outcomes=outcomes))
    assert said.level == "incomplete"
    assert said.sentence.startswith("So far nothing was found")
    assert said.sentence.endswith("1 check failed (SW601).")


def test_an_interrupted_audit_says_how_much_is_missing(records: dict[str, AuditRecord]) -> None:
    said = verdict(records["interrupted"])
    assert said.level == "incomplete"
    assert said.sentence.startswith("So far 5 things need a look")
    assert "14 checks of the plan did not run (SW104, SW105, SW106 and 11 more)" in said.sentence


def test_checks_that_all_stayed_out_say_nothing_about_the_data() -> None:
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "skipped", "budget"),))
    assert verdict(record).sentence.startswith("No check could be carried out")


def test_it_is_one_sentence(any_record: AuditRecord) -> None:
    sentence = verdict(any_record).sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert ".." not in sentence


def test_the_headline_numbers(rich: AuditRecord) -> None:
    shown = {item.label: (item.text, item.detail) for item in verdict(rich).headlines}
    assert shown["rows"] == ("32,561", "11 columns, 2 classes")
    assert shown["findings"] == ("23", "1 to act on first, 7 to look at, 15 to note")
    assert shown["held-out error"] == ("12.87 %", "[12.51, 13.23]")
    assert shown["remedies that help"] == ("3", "of 9 remedies measured")
    assert len(shown) <= 6


@pytest.mark.parametrize("axis", ["row", "column", "segment", "class", "data"])
def test_how_much_a_finding_concerns_is_counted_in_its_own_words(axis: Any) -> None:
    finding = Finding("SW1", "t", "error", (1, 2), "e", axis=axis)
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "found", result=CheckResult((finding,))),))
    words = {"row": "2 rows", "column": "2 columns", "segment": "2 segments", "class": "2 classes"}
    assert (
        verdict(record).sentence
        == f"Fix 1 thing before you train on this data: t{f' ({words[axis]})' if axis in words else ''}."
    )


def test_a_long_unit_goes_into_the_small_print() -> None:
    share = Estimate("noise_rate", 0.106, 0.09, 0.116, "share of labels")
    record = AuditRecord(
        RECORD_SCHEMA, {}, {}, {}, (Outcome("SW201", "t", "clean", result=CheckResult(measured=(share,))),)
    )
    shown = verdict(record).headlines[-1]
    assert (shown.label, shown.text, shown.detail) == ("noise rate", "10.6 %", "of labels [9.0, 11.6]")


def test_a_title_that_counts_is_not_counted_again() -> None:
    finding = Finding("SW1", "2 rows are copies", "error", (1, 2), "e")
    record = AuditRecord(RECORD_SCHEMA, {}, {}, {}, (Outcome("SW1", "t", "found", result=CheckResult((finding,))),))
    assert verdict(record).sentence.endswith(": 2 rows are copies.")
