"""The findings as the page shows them, each under a name of its own, and where on the page the row of an id stands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from samplewise.core.findings import AuditRecord, Finding
from samplewise.report.drawings import Drawing
from samplewise.report.finding_rows import FindingRows, anchors_of, row_address, row_key, rows_of
from samplewise.report.limits import Limits

OPEN_FINDINGS = 12  # so many of the worst are unfolded
Link = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding: its name on the page, its rows, and the charts and tables of its check."""

    finding: Finding
    anchor: str
    is_open: bool
    rows: FindingRows | None
    drawings: tuple[Drawing, ...]


def shown_findings(record: AuditRecord, drawings: Sequence[Drawing], limits: Limits) -> list[Shown]:
    """Every finding, worst first, up to the limit; the first of a check leads to the drawings of that check.

    Args:    record: any audit record.   drawings: what stands under "Details".   limits: how much of each.
    Cost:    O(rows listed).
    """
    outcomes = {id(finding): outcome for outcome in record.outcomes for finding in outcome.result.findings}
    findings = list(record.findings())[: limits.findings]
    shown = []
    for place, (finding, anchor) in enumerate(zip(findings, anchors_of(findings), strict=True)):
        rows = rows_of(outcomes[id(finding)], finding, anchor, limits)
        related = tuple(item for item in drawings if item.code == finding.code == anchor)
        shown.append(Shown(finding, anchor, finding.severity != "note" and place < OPEN_FINDINGS, rows, related))
    return shown


def linker(findings: Iterable[Shown]) -> Link:
    """From an id to the address of its row: in the list of the finding it is asked for, else in the first that has it.

    >>> linker([])(17)
    ''
    """
    listed = [item.rows for item in findings if item.rows is not None]
    own = {rows.anchor: set(rows.ids) for rows in listed}
    first = {key: rows.anchor for rows in reversed(listed) for key in rows.ids}

    def link(key: Any, anchor: str = "") -> str:
        text = row_key(key)
        place = anchor if text in own.get(anchor, ()) else first.get(text, "")
        return f"#{row_address(place, text)}" if place else ""

    return link
