"""The page of a comparison holds all of it, escaped."""

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Estimate
from samplewise.report import compare_audits
from samplewise.report.comparison_page import comparison_page


def record(error, *findings):
    measured = Estimate("held_out_error", error, error - 0.01, error + 0.01, "share of rows", 0.95)
    outcome = Outcome("SW501", "error", "found", result=CheckResult(findings, (), (), (measured,)))
    return AuditRecord(RECORD_SCHEMA, {"rows": 10}, {}, {}, (outcome,))


def test_findings_numbers_and_links_are_there_and_escaped():
    bad = Finding("SW501", "<b>title</b>", "error", (1, 2, 3), "why")
    comparison = compare_audits(record(0.2), record(0.1, bad))
    page = comparison_page(comparison, ("<one>", "two"), ("one/report.html", "two/report.html"))
    assert "&lt;b&gt;title&lt;/b&gt;" in page
    assert "<b>title" not in page
    assert "&lt;one&gt;" in page
    assert 'class="verdict error"' in page
    for cell in ("held-out error", "20.0 % of rows [19.0, 21.0]", "intervals lie apart"):
        assert cell in page


def test_two_equal_audits_are_a_quiet_page():
    page = comparison_page(compare_audits(record(0.1), record(0.1)), ("a", "b"), ("a", "b"))
    assert "Neither audit found anything." in page
    assert page.count("The same in both.") == 3
    assert 'id="numbers"' not in page
