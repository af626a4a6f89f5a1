"""One screen: at most 40 lines, none too wide, the verdict first."""

from dataclasses import replace

import pytest

from samplewise.core.findings import AuditRecord
from samplewise.report import summary_text, verdict


@pytest.mark.parametrize("width", [40, 72, 100])
def test_it_fits_one_screen(any_record: AuditRecord, huge: AuditRecord, width: int) -> None:
    for record in (any_record, huge):
        lines = summary_text(record, width).splitlines()
        assert len(lines) <= 40
        assert max(map(len, lines)) <= width


def test_the_verdict_comes_first(any_record: AuditRecord) -> None:
    text = " ".join(summary_text(any_record).split("\n\n")[0].split())
    assert text == " ".join(
        verdict(any_record).sentence.replace("\u202e", r"\u202e").replace("\u202c", r"\u202c").split()
    )


def test_findings_remedies_and_what_did_not_run_are_shown(rich: AuditRecord) -> None:
    text = summary_text(rich)
    assert "!! SW201 labels the model disputes" in text
    assert "helps, cost 103" in text
    assert "+1.31 points [+0.76, +1.86]" in text
    assert "SW502 failed: LinAlgError" in text
    assert "SW303 skipped: left out by --budget 60s" in text
    assert "1 not applicable to this data" in text


def test_what_is_cut_is_counted(rich: AuditRecord) -> None:
    assert "and 11 more" in summary_text(rich)


def test_no_escape_sequence_reaches_the_terminal(rich: AuditRecord) -> None:
    assert "\x1b" not in summary_text(rich)
    assert "\u202e" not in summary_text(rich)


def test_three_questions_are_asked_and_the_others_counted(rich: AuditRecord) -> None:
    questions = [f"question {number}: time='day' (--time)" for number in range(5)]
    text = summary_text(replace(rich, data={**rich.data, "questions": questions}))
    assert "?  question 2: time='day' (--time)" in text
    assert "question 3" not in text
    assert "and 2 more in the report" in text
    assert "Questions" not in summary_text(rich)
