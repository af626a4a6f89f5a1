"""Every finding under a name of its own, with its rows and the drawings of its check; ids lead to their rows."""

from dataclasses import replace

import numpy as np

from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.report.drawings import drawings_of
from samplewise.report.limits import Limits
from samplewise.report.shown_findings import linker, shown_findings


def record_of(*findings: Finding, exhibits: tuple[Exhibit, ...] = ()) -> AuditRecord:
    result = CheckResult(findings, (), exhibits)
    return AuditRecord(3, {}, {}, {}, (Outcome("SW102", "duplicates", "found", result=result),))


def rows(place: int, *ids: int) -> Exhibit:
    return Exhibit("rows", "r", {"id": np.array(ids)}, finding=place)


ONE, TWO = (Finding("SW102", title, "warning", (1, 2), "") for title in ("one", "two"))


def test_worst_first_with_rows_and_drawings() -> None:
    table = Exhibit("table", "sets", {"id": np.array([1])})
    record = record_of(replace(ONE, severity="note"), TWO, exhibits=(rows(0, 1, 2), rows(1, 2, 3), table))
    drawings, _ = drawings_of(record, Limits())
    shown = shown_findings(record, drawings, Limits())
    assert [(item.finding.title, item.anchor, item.is_open) for item in shown] == [
        ("two", "SW102", True),
        ("one", "SW102.2", False),
    ]
    assert [item.rows.ids for item in shown if item.rows] == [("2", "3"), ("1", "2")]
    assert [[drawing.title for drawing in item.drawings] for item in shown] == [["sets"], []]
    assert len(shown_findings(record, drawings, Limits(findings=1))) == 1


def test_an_id_leads_to_its_row_in_the_finding_asked_for_else_in_the_first() -> None:
    record = record_of(ONE, TWO, exhibits=(rows(0, 1, 2), rows(1, 2, 3)))
    link = linker(shown_findings(record, [], Limits()))
    assert [link(2), link(2, "SW102.2"), link("3"), link(4)] == ["#row-SW102-2", "#row-SW102.2-2", "#row-SW102.2-3", ""]
