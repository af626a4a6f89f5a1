"""A report that was written before its audit ended says what is to come; one that is complete says nothing."""

from typing import Any

import pytest

from samplewise.core.findings import AuditRecord, Outcome
from samplewise.report.basis import INTERRUPTED
from samplewise.report.unfinished import TO_COME, advice_is_pending, still_to_come

PLAN = {"checks": ["SW101", "SW102", "SW201"], "advice": True, "estimated_seconds": 60.0}


def record_of(*outcomes: Outcome, plan: dict[str, Any] | None = None, **environment: Any) -> AuditRecord:
    return AuditRecord(3, {}, PLAN if plan is None else plan, environment, outcomes)


DONE = [Outcome(code, f"check {code}", "clean", "", 5.0) for code in PLAN["checks"]]


def test_checks_to_come_by_their_titles_and_about_how_long() -> None:
    said = still_to_come(record_of(DONE[0], **{TO_COME: {"SW102": "Duplicates"}}))
    assert said.startswith(
        "When this was written, 2 checks of 3 were still to come (Duplicates and SW201), then the test of the "
        "remedies: about 55 s. This page is rewritten as checks end"
    )


def test_when_only_the_test_of_the_remedies_is_left() -> None:
    assert "the test of the remedies was still to come: about 45 s" in still_to_come(record_of(*DONE))
    tested = record_of(*DONE, plan=PLAN | {"estimated_seconds": None}, advice_seconds=3.0)
    assert "the last of its pages was still to be written." in still_to_come(tested)


def test_whether_the_test_of_the_remedies_is_to_come() -> None:
    assert advice_is_pending(record_of())
    assert not advice_is_pending(record_of(plan=PLAN | {"advice": False}))
    assert not advice_is_pending(record_of(advice_seconds=3.0))


def test_an_interrupted_audit_names_what_it_left_out() -> None:
    left = Outcome("SW201", "Wrong labels", "skipped", INTERRUPTED)
    said = still_to_come(record_of(*DONE[:2], left))
    assert (
        said == "This audit was interrupted before 1 check: Wrong labels. The same command or call goes on from here."
    )


@pytest.mark.parametrize(
    "record",
    [
        record_of(*DONE, seconds=20.0, advice_seconds=3.0),
        record_of(plan={}),
        record_of(plan={"question": "q", "checks": ["SW401"]}),
    ],
)  # fmt: skip
def test_a_complete_record_says_nothing(record: AuditRecord) -> None:
    assert still_to_come(record) == ""
