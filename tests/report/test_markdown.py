"""Markdown for a pull request: the order of the page, 200 lines at most, nothing from the data taken as markup."""

import re

import numpy as np
import pytest

from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.report import to_markdown, verdict
from samplewise.report.markdown import escape


def test_the_order_is_that_of_the_page(rich: AuditRecord) -> None:
    headings = re.findall(r"^## (.+)$", to_markdown(rich), re.MULTILINE)
    assert headings == [
        "What each remedy was measured to do",
        "Worst rows",
        "Learning curve",
        "Findings",
        "Every check",
        "Data and reproduction",
    ]


def test_it_never_exceeds_200_lines(any_record: AuditRecord, huge: AuditRecord) -> None:
    for record in (any_record, huge):
        assert len(to_markdown(record).splitlines()) <= 200


def test_the_verdict_stands_on_top(any_record: AuditRecord) -> None:
    assert to_markdown(any_record).splitlines()[2] == f"**{escape(verdict(any_record).sentence)}**"


def test_every_outcome_appears_with_its_reason(rich: AuditRecord) -> None:
    text = to_markdown(rich)
    for outcome in rich.outcomes:
        assert re.search(rf"^\| {outcome.code} ", text, re.MULTILINE), outcome.code
    assert "failed: LinAlgError" in text
    assert "skipped: left out by --budget 60s" in text
    assert "not applicable: no test set was given" in text


def test_nothing_from_the_data_is_markup(rich: AuditRecord) -> None:
    text = to_markdown(rich)
    assert not re.search(r"(?<!\\)<", text)
    assert r"\<script\>" in text


@pytest.mark.parametrize("text", ["a|b", "`x`", "<b>", "[l](u)", "*s*", "# h", "a\nb", "@team", "$x$", "&lt;"])
def test_escaped_text_holds_no_live_markup(text: str) -> None:
    shown = escape(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)[|`<>\[\]*#@$]", shown)
    assert "&lt;" not in shown


def test_table_rows_have_the_width_of_their_heading(rich: AuditRecord) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", to_markdown(rich), re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:200]


def test_the_worst_rows_are_those_of_the_worst_finding() -> None:
    note = Finding("SW102", "pairs", "note", (1,), "")
    worst = Finding("SW201", "labels", "error", (7,), "")
    outcomes = tuple(
        Outcome(one.code, "c", "found", result=CheckResult((one,), (), (rows,)))
        for one, rows in (
            (note, Exhibit("rows", "rows that are pairs", {"id": np.array([1])}, finding=0)),
            (worst, Exhibit("rows", "rows in dispute", {"id": np.array([7])}, finding=0)),
        )
    )
    text = to_markdown(AuditRecord(3, {"rows": 9}, {}, {}, outcomes))
    assert "rows in dispute" in text
    assert "rows that are pairs" not in text
