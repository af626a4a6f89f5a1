"""The exhibits that stand under "Details": a chart, bars or cards where their kind has them, and always their table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from samplewise.core.findings import AuditRecord
from samplewise.core.values import Exhibit
from samplewise.report.bars import Picture, exhibit_picture
from samplewise.report.cards import Card, cards_of
from samplewise.report.charts import Chart, chart_of
from samplewise.report.finding_rows import shows_a_finding
from samplewise.report.limits import Limits, cut_note
from samplewise.report.tables import PageTable, exhibit_table

CURVE_CHECK = "SW401"
RANKS = {"curve": 0, "rows": 1, "matrix": 2, "reliability": 3, "bars": 4, "table": 5}
SMALL_MATRIX = 36  # cells that fit half the width
# JSON, which the cards show.
UNREADABLE = ("telling", "nearest_given_cells", "nearest_suggested_cells", "nearest_twin_cells")


@dataclass(frozen=True, slots=True)
class Drawing:
    """One exhibit as the page shows it."""

    code: str
    anchor: str
    kind: str
    title: str
    note: str
    table: PageTable
    chart: Chart | None = None
    picture: Picture | None = None
    cards: tuple[Card, ...] = ()
    cut: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width of the page."""
        return self.kind not in ("matrix", "reliability") or len(self.table.rows) > SMALL_MATRIX


def drawings_of(record: AuditRecord, limits: Limits) -> tuple[list[Drawing], str]:
    """Every exhibit but those that show the rows of a finding, curves first so that no cut takes them; what was cut.

    Args:    record: any audit record.   limits: how many, and how much of each.
    Cost:    O(what is drawn); charts take a few milliseconds each.
    """
    listed = [
        (outcome.code, exhibit)
        for outcome in record.outcomes
        for exhibit in outcome.result.exhibits
        if not shows_a_finding(outcome, exhibit)
    ]
    listed.sort(key=lambda pair: (RANKS[pair[1].kind], {"SW201": 0, CURVE_CHECK: 0}.get(pair[0], 1)))
    shown = listed[: limits.exhibits]
    drawn = [_drawing(code, exhibit, position, limits) for position, (code, exhibit) in enumerate(shown)]
    return drawn, cut_note((len(shown), len(listed), "exhibit"))


def _drawing(code: str, exhibit: Exhibit, position: int, limits: Limits) -> Drawing:
    shown = {name: values for name, values in exhibit.columns.items() if name not in UNREADABLE}
    table = exhibit_table(replace(exhibit, columns=_largest_first(exhibit, shown)), limits)
    cards = cards_of(exhibit, limits) if exhibit.kind == "rows" else []
    total = len(next(iter(exhibit.columns.values()), ()))
    return Drawing(
        code=code,
        anchor=f"exhibit-{position}",
        kind=exhibit.kind,
        title=table.title,
        note=table.note,
        table=table,
        chart=chart_of(exhibit, limits),
        picture=exhibit_picture(exhibit, limits) if exhibit.kind == "bars" else None,
        cards=tuple(cards),
        cut=cut_note((len(cards), total, "row")) if cards else "",
    )


def _largest_first(exhibit: Exhibit, columns: Mapping[str, Any]) -> Mapping[str, Any]:
    """A matrix too large for its table shows its largest entries off the diagonal first."""
    if exhibit.kind != "matrix" or not {"row", "column", "value"} <= set(columns):
        return columns
    apart = columns["row"] != columns["column"]
    order = sorted(range(len(apart)), key=lambda position: (not apart[position], -columns["value"][position]))
    return {name: values[order] for name, values in columns.items()}
