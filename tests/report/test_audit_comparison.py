"""Two audits side by side: what is new, worse, better, gone, and what cannot be compared."""

from dataclasses import replace
from typing import Any

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Estimate
from samplewise.report import compare_audits


def record(*findings: Finding, clean: tuple[str, ...] = (), **data: Any) -> AuditRecord:
    outcomes = [Outcome(f.code, "t", "found", result=CheckResult((f,))) for f in findings]
    outcomes += [Outcome(code, "t", "clean") for code in clean]
    return AuditRecord(RECORD_SCHEMA, {"rows": 10, **data}, {"seed": 0}, {}, tuple(outcomes))


def finding(code: str, keys: tuple[Any, ...], severity: Any = "warning", title: str = "", **more: Any) -> Finding:
    return Finding(code, title or f"title of {code}", severity, keys, "why", **more)


@pytest.mark.parametrize(
    ("before", "after", "change", "counts"),
    [
        ((1, 2, 3), (1, 2), "better", (2, 0, 1)),
        ((1, 2), (2, 3, 4), "worse", (1, 2, 1)),
        ((1, 2), (2, 1), "unchanged", (2, 0, 0)),
    ],
)
def test_rows_decide_at_equal_severity(before: Any, after: Any, change: Any, counts: Any) -> None:
    found = compare_audits(record(finding("SW1", before)), record(finding("SW1", after))).of(change)
    assert [(item.kept, item.added, item.removed) for item in found] == [counts]


def test_severity_outweighs_rows() -> None:
    comparison = compare_audits(record(finding("SW1", (1,), "error")), record(finding("SW1", (1, 2, 3), "note")))
    assert "error before, note now" in str(comparison.of("better")[0])


def test_new_and_gone_need_an_answer_in_both_audits() -> None:
    before = record(finding("SW1", (1,)), clean=("SW2",))
    after = record(finding("SW2", (5, 6)), clean=("SW1",))
    comparison = compare_audits(before, after)
    assert [item.after.code for item in comparison.of("new") if item.after] == ["SW2"]
    assert [item.before.code for item in comparison.of("gone") if item.before] == ["SW1"]
    assert comparison.sentence == "Findings: 1 new, 1 gone."


def test_a_check_that_failed_is_not_called_better() -> None:
    failed = Outcome("SW1", "t", "failed", "crash")
    comparison = compare_audits(record(finding("SW1", (1,))), replace(record(), outcomes=(failed,)))
    assert comparison.findings == ()
    assert comparison.not_comparable == ("SW1: found something before, failed now",)


def test_a_title_that_counts_is_still_the_same_finding() -> None:
    before, after = (record(finding("SW1", (1,), title=f"{n} rows")) for n in (5, 4))
    assert len(compare_audits(before, after).of("unchanged")) == 1


def test_numbers_are_compared_by_their_intervals() -> None:
    def with_number(value: float, half: float) -> AuditRecord:
        number = Estimate("error", value, value - half, value + half, "share")
        return record(finding("SW1", (1,), measured=(number,)))

    apart, near = (compare_audits(with_number(0.2, 0.01), with_number(v, 0.01)).numbers[0] for v in (0.1, 0.19))
    assert apart.beyond_chance
    assert not near.beyond_chance
    assert str(apart) == "SW1 error: 20.0 % [19.0, 21.0] → 10.0 % [9.0, 11.0] (intervals lie apart)" or "→" in str(
        apart
    )
    assert "within what chance explains" in str(near)
    printed = " ".join(str(compare_audits(with_number(0.2, 0.01), with_number(0.1, 0.01))).split())
    assert "Beyond chance: error: 20.0 % [19.0, 21.0] → 10.00 % [9.00, 11.00]." in printed
    assert "Beyond chance" not in str(compare_audits(with_number(0.2, 0.01), with_number(0.19, 0.01)))


def test_other_data_and_other_plans_are_noted() -> None:
    comparison = compare_audits(record(rows=10), replace(record(rows=9), plan={"seed": 1}))
    assert comparison.notes == ("10 rows before, 9 now", "seed: 0 before, 1 now")


def test_a_record_compared_with_itself_has_no_changes(any_record: AuditRecord) -> None:
    comparison = compare_audits(any_record, any_record)
    assert {item.change for item in comparison.findings} <= {"unchanged"}
    assert comparison.numbers == comparison.notes == comparison.not_comparable == ()


def test_every_form_escapes_the_data(rich: AuditRecord) -> None:
    nasty = finding("SW1", (1,), title="<script>alert(1)</script>")
    comparison = compare_audits(record(clean=("SW1",)), record(nasty))
    assert "<script>" not in comparison.to_html()
    assert "\\<script\\>" in comparison.to_markdown()
    assert "New\n  SW1 <script>" in comparison.to_text()
    assert "<script>" not in comparison._repr_html_()
    assert str(comparison).startswith(comparison.sentence)
    assert len(compare_audits(rich, rich).to_frame()) == len(compare_audits(rich, rich).findings)
