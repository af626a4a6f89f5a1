"""A notebook shows the verdict and two tables, without script, whatever the data is called."""

import re

from samplewise.core.findings import AuditRecord
from samplewise.report import summary_html


def test_the_verdict_the_findings_and_the_remedies(rich: AuditRecord) -> None:
    page = summary_html(rich)
    assert '<p class="sw-sentence">Fix 1 thing before you train on this data' in page
    assert page.count("<table>") == 2
    assert page.count('<div class="sw-row">') == 9
    assert "12.87 %" in page
    assert "+1.31 points [+0.76, +1.86]" in page
    assert "<p>and 3 more findings</p>" in page


def test_every_string_is_escaped_and_every_element_closed(any_record: AuditRecord, huge: AuditRecord) -> None:
    for record in (any_record, huge):
        page = summary_html(record)
        assert "<script" not in page
        assert "\u202e" not in page
        for tag in ("p", "div", "i", "table", "thead", "tbody", "tr", "td", "th"):
            assert len(re.findall(rf"<{tag}[ >]", page)) == len(re.findall(f"</{tag}>", page))


def test_an_audit_without_remedies_has_no_empty_table(records: dict[str, AuditRecord]) -> None:
    assert "<table>" not in summary_html(records["clean"])


def test_the_report_is_linked_where_there_is_one(records: dict[str, AuditRecord]) -> None:
    assert "href" not in summary_html(records["clean"])
    assert 'href="my run/&quot;report.html"' in summary_html(records["clean"], 'my run/"report.html')
