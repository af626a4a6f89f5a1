"""The record as a notebook shows it: the verdict and two small tables, no script, every string escaped."""

from html import escape

from samplewise.core.findings import AuditRecord
from samplewise.core.texts import html_table, printable
from samplewise.report.remedy_order import NOT_TESTED, Advice, advice_of, change_text
from samplewise.report.verdict import extent, verdict
from samplewise.report.wording import estimate_text

MOST_FINDINGS = 20


def summary_html(record: AuditRecord) -> str:
    """The verdict, the findings and the remedies as an HTML fragment for a notebook cell.

    Args:    record: any audit record.
    Cost:    O(findings).

    >>> "No check has run yet" in summary_html(AuditRecord(2, {"rows": 3}, {}, {}, ()))
    True
    """
    findings = list(record.findings())
    tested, untested = advice_of(record)
    parts = [f"<p><strong>{escape(printable(verdict(record).sentence))}</strong></p>"]
    parts.append(
        html_table(
            ("finding", "severity", "how many", "measured"),
            (
                (
                    f"{item.code} {item.title}",
                    item.severity,
                    extent(item),
                    estimate_text(item.measured[0]) if item.measured else "",
                )
                for item in findings[:MOST_FINDINGS]
            ),
        )
    )
    parts.append(html_table(("remedy", "effect on held-out rows", "verdict"), map(_remedy_cells, [*tested, *untested])))
    if len(findings) > MOST_FINDINGS:
        parts.append(f"<p>and {len(findings) - MOST_FINDINGS} more findings</p>")
    return "".join(parts)


def _remedy_cells(item: Advice) -> tuple[str, str, str]:
    effect = change_text(item.remedy) if item.tested else item.remedy.reason
    return item.action, effect, item.remedy.verdict or NOT_TESTED
