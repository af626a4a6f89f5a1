"""The record as one HTML file that needs nothing else: no network, no second file, under 2 MB for any data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import lazy_loader
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samplewise.core import texts
from samplewise.core.findings import AuditRecord, Finding, Outcome
from samplewise.core.json_encoding import decode, encode
from samplewise.core.units import seconds_text
from samplewise.core.values import Exhibit
from samplewise.report import wording
from samplewise.report.bars import Picture, counts_picture, exhibit_picture, remedy_picture
from samplewise.report.cards import Card, cards_of
from samplewise.report.charts import Chart, chart_of
from samplewise.report.facts import call, citation, class_counts, columns_of, data_facts, reproduction
from samplewise.report.limits import LADDER, LARGEST_PAGE, Limits, cut_note
from samplewise.report.overview import page_overview
from samplewise.report.remedy_order import NOT_TESTED, advice_of, effect_text
from samplewise.report.tables import PageTable, exhibit_table, scores_table, table_of
from samplewise.report.verdict import extent, not_run, verdict

vl_convert = lazy_loader.load("vl_convert")

NOT_CARRIED_OUT = ("failed", "not_run", "skipped", "not_applicable")
SMALL_MATRIX = 36  # cells that fit half the width
FIRST_CARDS = 12  # the rest is folded
OPEN_FINDINGS = 12  # so many of the worst are unfolded
HIGHEST_SCORES = 10
IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class Drawing:
    """One exhibit as the page shows it: a chart, bars or cards where its kind has them, and always its table."""

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


def to_html(record: AuditRecord) -> str:
    """The record as one self-contained page; only the first rows of long tables are drawn, and the page says so.

    Args:    record: any audit record, also one whose audit was interrupted.
    Returns: HTML text of fewer than 2,000,000 bytes in UTF-8.
    Cost:    about 1 s for the first page of a process (the chart library is unpacked), then 0.1 to 0.5 s.
    Not for: all rows of a finding or all scores (they are in `audit.json` and the archive beside it).

    >>> "No check has run yet" in to_html(AuditRecord(2, {"rows": 3}, {}, {}, ()))
    True
    """
    plain = _plain(record)
    page = ""
    for limits in LADDER:
        page = _render(plain, limits)
        if len(page.encode("utf-8")) < LARGEST_PAGE:
            break
    return page


def _plain(record: AuditRecord) -> AuditRecord:
    """The record as it would come back from JSON, so that a stored record draws the same page to the last byte."""
    outcomes = tuple(
        replace(outcome, result=replace(outcome.result, exhibits=_restored(outcome))) for outcome in record.outcomes
    )
    data, plan, environment = map(encode, (record.data, record.plan, record.environment))
    return AuditRecord(record.schema, data, plan, environment, outcomes)


def _restored(outcome: Outcome) -> tuple[Exhibit, ...]:
    return tuple(decode(Exhibit, encode(exhibit), outcome.code) for exhibit in outcome.result.exhibits)


def _render(record: AuditRecord, limits: Limits) -> str:
    drawings = _drawings(record, limits)
    tested, untested = advice_of(record)
    findings = list(record.findings())

    used = [next((item for item in drawings if item.kind == kind), None) for kind in ("rows", "curve")]
    charts = any(item.chart for item in drawings)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            heading=wording.heading_of(record),
            source=texts.shortened(record.data.get("source") or "this data", 120),
            said=verdict(record),
            picture=remedy_picture(tested, limits),
            hidden_remedies=cut_note(
                (min(len(tested), limits.remedies), len(tested), "tested remedy", "tested remedies")
            ),
            untested=untested[: limits.remedies],
            hidden_untested=cut_note(
                (min(len(untested), limits.remedies), len(untested), "untested remedy", "untested remedies")
            ),
            rows=used[0],
            curve=used[1],
            exhibits=[item for item in drawings if item not in used],
            hidden_exhibits=_hidden_exhibits(record, limits),
            findings=findings[: limits.findings],
            anchors={finding.code: index for index, finding in reversed(list(enumerate(findings)))},
            hidden_findings=cut_note((limits.findings, len(findings), "finding")),
            checks={} if record.plan.get("question") else _checks(record, limits),
            scores=_scores(record, limits),
            facts=data_facts(record),
            overview=page_overview(record, limits),
            classes=_classes(record, limits),
            columns=_columns(record, limits),
            reproduction=reproduction(record),
            call=texts.shortened(call(record), 1000),
            citation=citation(record),
            limits=limits,
            script=Markup(_chart_library() if charts else ""),
        )
    )


# --- what the template draws -----------------------------------------------------------------------------------------


def _drawings(record: AuditRecord, limits: Limits) -> list[Drawing]:
    """Exhibits in the order of the page: cards of rows and curves first, so that a cut never takes them."""
    rank = {"rows": 0, "curve": 1, "matrix": 2, "reliability": 3, "bars": 4, "table": 5}
    listed = [(outcome.code, exhibit) for outcome in record.outcomes for exhibit in outcome.result.exhibits]
    listed.sort(key=lambda pair: (rank[pair[1].kind], {"SW201": 0, "SW401": 0}.get(pair[0], 1)))
    return [
        _drawing(code, exhibit, position, limits) for position, (code, exhibit) in enumerate(listed[: limits.exhibits])
    ]


def _drawing(code: str, exhibit: Exhibit, position: int, limits: Limits) -> Drawing:
    shown = {name: values for name, values in exhibit.columns.items() if name != "telling"}
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


def _hidden_exhibits(record: AuditRecord, limits: Limits) -> str:
    total = sum(len(outcome.result.exhibits) for outcome in record.outcomes)
    return cut_note((min(total, limits.exhibits), total, "exhibit"))


def _checks(record: AuditRecord, limits: Limits) -> dict[str, Any]:
    """Every check of the plan, those that gave no answer first."""
    every: list[tuple[str, str, str, str, float]]
    every = [(item.code, item.title, item.status, item.reason, item.seconds) for item in record.outcomes]
    every += [(code, "", "not_run", "the audit has not come to it", 0.0) for code in not_run(record)]
    most = limits.findings
    unanswered = sorted(
        (item for item in every if item[2] in NOT_CARRIED_OUT), key=lambda item: NOT_CARRIED_OUT.index(item[2])
    )
    answered = [item for item in every if item[2] not in NOT_CARRIED_OUT]
    shown = [*unanswered, *answered][:most]
    return {
        "unanswered": shown[: len(unanswered)],
        "answered": shown[len(unanswered) :],
        "cut": cut_note((len(shown), len(every), "check")),
    }


def _scores(record: AuditRecord, limits: Limits) -> list[tuple[str, str, PageTable]]:
    listed = [(outcome.code, scores) for outcome in record.outcomes for scores in outcome.result.scores]
    return [
        (code, texts.shortened(scores.larger_means, limits.text), scores_table(scores, HIGHEST_SCORES, limits))
        for code, scores in listed[: limits.exhibits]
    ]


def _classes(record: AuditRecord, limits: Limits) -> tuple[Picture, str] | None:
    counts = class_counts(record)
    if not counts:
        return None
    return counts_picture(counts, "rows", limits), cut_note(
        (min(len(counts), limits.classes), len(counts), "class", "classes")
    )


def _columns(record: AuditRecord, limits: Limits) -> PageTable | None:
    columns = columns_of(record)
    if not columns:
        return None
    shown = sorted(columns, key=lambda column: column.get("role") == "feature")[
        : limits.rows
    ]  # what is no feature first
    parts = {name: [column.get(name) for column in shown] for name in ("name", "kind", "role", "note")}
    table = table_of("Columns", parts, limits)
    return replace(table, cut=cut_note((len(shown), len(columns), "column")))


# --- the template's surroundings -------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("samplewise.report"),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "estimate": wording.estimate_text,
        "effect": effect_text,
        "confidence": wording.confidence_text,
        "number": texts.number_text,
        "seconds": seconds_text,
        "short": texts.shortened,
        "keys": texts.keys_text,
        "extent": extent,
        "in_script": in_script,
        "unbroken": _unbroken,
    }
    environment.globals |= {
        "severity_words": wording.SEVERITY_WORDS,
        "status_words": wording.STATUS_WORDS,
        "not_tested": NOT_TESTED,
        "is_open": _is_open,
        "first_cards": FIRST_CARDS,
        "style": Markup(_asset("page.css")),
        "behavior": Markup(_asset("page.js")),
    }
    return environment


def _printable(value: Any) -> Any:
    return value if isinstance(value, Markup | int | float) else texts.printable(value)


def _unbroken(text: str) -> str:
    """The text with every interval kept on one line."""
    return re.sub(r"\[[^\[\]]{1,40}\]", lambda found: found[0].replace(" ", "\u00a0"), text)


def _is_open(finding: Finding, position: int) -> bool:
    return finding.severity != "note" and position < OPEN_FINDINGS


def in_script(content: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(IN_SCRIPT))


def _asset(name: str) -> str:
    return files("samplewise.report").joinpath("templates", name).read_text("utf-8")


@cache
def _chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, 0.9 MB; unpacked once per process."""
    return str(vl_convert.javascript_bundle()).replace("</script", "<\\/script")
