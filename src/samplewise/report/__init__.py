"""Draws an audit record, and nothing else, as a page, Markdown, JUnit, JSON or a screen of text; knows no method."""

from samplewise.core import extras

__getattr__, __dir__, __all__ = extras.attach(
    __name__,
    submod_attrs={
        "audit_comparison": ["AuditComparison", "compare_audits"],
        "interchange": ["from_json", "to_json"],
        "junit": ["to_junit"],
        "markdown": ["to_markdown"],
        "notebook": ["summary_html"],
        "page": ["to_html"],
        "terminal": ["summary_text"],
        "verdict": ["Verdict", "verdict"],
    },
)
