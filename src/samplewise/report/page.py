"""The record as one HTML file that needs nothing else: no network, no second file, under 2 MB for any data."""

import gzip
import json
import re
from base64 import b64encode
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import lazy_loader
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from samplewise.core import texts
from samplewise.core.csv_text import GUARD
from samplewise.core.findings import AuditRecord, Outcome
from samplewise.core.json_encoding import decode, encode
from samplewise.core.units import seconds_text
from samplewise.core.values import Exhibit
from samplewise.report import wording
from samplewise.report.bars import Picture, counts_picture, remedy_picture
from samplewise.report.drawings import CURVE_CHECK, drawings_of
from samplewise.report.facts import call, citation, class_counts, columns_of, data_facts, reproduction
from samplewise.report.for_review import asks_a_person, is_for_review
from samplewise.report.limits import LADDER, LARGEST_PAGE, Limits, cut_note
from samplewise.report.overview import page_overview
from samplewise.report.problems import not_checked, worst_problems
from samplewise.report.remedy_order import NOT_TESTED, NOT_TESTED_YET, advice_of, change_text
from samplewise.report.shown_findings import linker, shown_findings
from samplewise.report.tables import PageTable, scores_table, table_of
from samplewise.report.unfinished import advice_is_pending, still_to_come
from samplewise.report.verdict import extent, not_run, verdict

vl_convert = lazy_loader.load("vl_convert")

NOT_CARRIED_OUT = ("failed", "not_run", "skipped", "not_applicable")
FIRST_CARDS = 12  # the rest is folded
HIGHEST_SCORES = 10
SCRIPTS = ("page.js", "rows.js", "charts.js")
IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


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
    drawings, hidden_exhibits = drawings_of(record, limits)
    curve = next((item for item in drawings if item.kind == "curve" and item.code == CURVE_CHECK), None)
    findings = shown_findings(record, drawings, limits)
    every_finding = sum(len(outcome.result.findings) for outcome in record.outcomes)
    tested, untested = advice_of(record)
    is_audit = not record.plan.get("question")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            heading=wording.heading_of(record),
            is_audit=is_audit,
            source=texts.shortened(record.data.get("source") or "this data", 120),
            to_come=still_to_come(record),
            said=verdict(record),
            problems=worst_problems(record) if is_audit else [],
            not_checked=not_checked(record) if is_audit else "",
            not_tested=NOT_TESTED_YET if advice_is_pending(record) else NOT_TESTED,
            picture=remedy_picture(tested, limits),
            hidden_remedies=cut_note(
                (min(len(tested), limits.remedies), len(tested), "tested remedy", "tested remedies")
            ),
            untested=untested[: limits.remedies],
            hidden_untested=cut_note(
                (min(len(untested), limits.remedies), len(untested), "untested remedy", "untested remedies")
            ),
            findings=findings,
            anchors={item.anchor for item in findings},
            link=linker(findings),
            hidden_findings=cut_note((len(findings), every_finding, "finding")),
            for_review=is_audit and is_for_review(record),
            curve=curve,
            exhibits=[item for item in drawings if item is not curve],
            hidden_exhibits=hidden_exhibits,
            checks=_checks(record, limits) if is_audit else {},
            scores=_scores(record, limits),
            facts=data_facts(record),
            overview=page_overview(record, limits),
            classes=_classes(record, limits),
            columns=_columns(record, limits),
            reproduction=reproduction(record),
            call=texts.shortened(call(record), 1000),
            citation=citation(record),
            limits=limits,
            library=Markup(_chart_library() if any(item.chart for item in drawings) else ""),
        )
    )


# --- what the template draws -----------------------------------------------------------------------------------------


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
        "change": change_text,
        "quantity": texts.quantity_text,
        "confidence": wording.confidence_text,
        "number": texts.number_text,
        "seconds": seconds_text,
        "short": texts.shortened,
        "keys": texts.keys_text,
        "key_text": _key_text,
        "extent": extent,
        "asks": asks_a_person,
        "in_script": in_script,
        "unbroken": _unbroken,
        "capital": _capital,
    }
    environment.globals |= {
        "severity_words": wording.SEVERITY_WORDS,
        "status_words": wording.STATUS_WORDS,
        "first_cards": FIRST_CARDS,
        "style": Markup(_asset("page.css")),
        "csv_guard": in_script(GUARD),
        "behavior": Markup("\n".join(map(_asset, SCRIPTS))),
    }
    return environment


def _printable(value: Any) -> Any:
    return value if isinstance(value, Markup | int | float) else texts.printable(value)


def _unbroken(text: str) -> str:
    """The text with every interval kept on one line."""
    return re.sub(r"\[[^\[\]]{1,40}\]", lambda found: found[0].replace(" ", "\u00a0"), text)


def _key_text(key: Any) -> str:
    return texts.shortened(texts.key_text(key), 60)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_script(content: Any) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(IN_SCRIPT))


def _asset(name: str) -> str:
    return files("samplewise.report").joinpath("templates", name).read_text("utf-8")


@cache
def _chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; unpacked once per process.

    0.9 MB, 0.4 MB as the page has it: what is saved is left for rows.
    """
    packed = gzip.compress(str(vl_convert.javascript_bundle()).encode(), 9, mtime=0)
    return b64encode(packed).decode()
