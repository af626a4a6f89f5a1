"""The record as Markdown of at most 200 lines, in the order of the page: for a pull request, an issue, a wiki."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from samplewise.core.findings import AuditRecord, Finding, Outcome, Remedy
from samplewise.core.texts import keys_text, number_text, printable
from samplewise.core.units import seconds_text
from samplewise.core.values import Exhibit
from samplewise.report.facts import citation, data_facts, reproduction
from samplewise.report.finding_rows import rows_exhibit_of
from samplewise.report.limits import WHERE_THE_REST_IS, Limits
from samplewise.report.remedy_order import NOT_TESTED, Advice, advice_of, change_text, effect_text
from samplewise.report.tables import PageTable, exhibit_table
from samplewise.report.verdict import extent, not_run, verdict
from samplewise.report.wording import (
    SEVERITY_WORDS,
    STATUS_WORDS,
    confidence_text,
    estimate_text,
    heading_of,
)

MOST_LINES = 200
MOST_FINDINGS, MOST_REMEDIES, MOST_CHECKS = 8, 10, 30
SMALL = Limits(rows=6, columns=6, text=60)
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!@])")
LEADING = re.compile(r"^(\d*)([-+=.)])(?=[\s=-]|$)")  # what would begin a list or underline a heading


def to_markdown(record: AuditRecord) -> str:
    """The verdict, the remedies, the worst rows and every finding as Markdown; every string from the data is escaped.

    Cost: O(findings).  Not for: all rows of a finding (they are in audit.json).

    >>> print(to_markdown(AuditRecord(2, {"rows": 3}, {}, {}, ())).splitlines()[0])
    # Audit of this data
    """
    lines = list(_sections(record))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 2], "", f"*Cut at {MOST_LINES} lines; {WHERE_THE_REST_IS}.*"]
    return "\n".join(lines).rstrip() + "\n"


def escape(value: object) -> str:
    """Any text so that Markdown shows it as it is, on one line, and a table keeps its cells."""
    text = LEADING.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", printable(" ".join(str(value).split()))))
    return text.replace("&", "&amp;")


def _sections(record: AuditRecord) -> Iterator[str]:
    yield f"# {heading_of(record)} {escape(record.data.get('source') or 'this data')}"
    said = verdict(record)
    yield from ("", f"**{escape(said.sentence)}**", "")
    for headline in said.headlines:
        detail = f" ({escape(headline.detail)})" if headline.detail else ""
        yield f"- {escape(headline.label)}: {escape(headline.text)}{detail}"
    yield from _remedies(record)
    yield from _worst_rows(record)
    yield from _curve(record)
    yield from _findings(record)
    yield from _checks(record)
    yield from _facts(record)


def _remedies(record: AuditRecord) -> Iterator[str]:
    tested, untested = advice_of(record)
    if not tested and not untested:
        return
    yield from ("", "## What each remedy was measured to do", "")
    yield "| remedy | effect | random remedy | verdict | cost |"
    yield "| --- | --- | --- | --- | ---: |"
    shown = [*tested, *untested][:MOST_REMEDIES]
    yield from map(_remedy_line, shown)
    hidden = len(tested) + len(untested) - len(shown)
    if hidden:
        yield from ("", f"*{hidden} more remedies; {WHERE_THE_REST_IS}.*")


def _remedy_line(item: Advice) -> str:
    remedy: Remedy = item.remedy
    effect = change_text(remedy) if item.tested else ""
    control = effect_text(remedy.control)
    word = remedy.verdict if item.tested else NOT_TESTED + (f": {remedy.reason}" if remedy.reason else "")
    cells = (f"{item.action} ({item.code})", effect, control, word, number_text(remedy.cost))
    return "| " + " | ".join(map(escape, cells)) + " |"


def _worst_rows(record: AuditRecord) -> Iterator[str]:
    """The rows of the worst finding that has any."""
    outcomes = {id(finding): outcome for outcome in record.outcomes for finding in outcome.result.findings}
    found = (rows_exhibit_of(outcomes[id(finding)], finding) for finding in record.findings())
    exhibit = next(filter(None, found), None)
    if exhibit is not None:
        yield from ("", "## Worst rows")
        yield from _table(exhibit_table(_short_columns(exhibit), SMALL))


def _curve(record: AuditRecord) -> Iterator[str]:
    found = [exhibit for outcome in record.outcomes for exhibit in outcome.result.exhibits if exhibit.kind == "curve"]
    if found:
        yield from ("", "## Learning curve")
        yield from _table(exhibit_table(found[0], replace(SMALL, rows=12)))


def _short_columns(exhibit: Exhibit) -> Exhibit:
    kept = {name: values for name, values in exhibit.columns.items() if name != "telling" and "nearest" not in name}
    return Exhibit(exhibit.kind, exhibit.title, kept, exhibit.unit, exhibit.note)


def _table(table: PageTable) -> Iterator[str]:
    yield from ("", f"{escape(table.title)}. {escape(table.note)}".rstrip(), "")
    yield "| " + " | ".join(escape(column.name) for column in table.columns) + " |"
    yield "|" + "|".join(" ---: " if column.numeric else " --- " for column in table.columns) + "|"
    for row in table.rows:
        yield "| " + " | ".join(escape(cell.text) for cell in row) + " |"
    if table.cut:
        yield from ("", f"*{escape(table.cut)}*")


def _findings(record: AuditRecord) -> Iterator[str]:
    findings = list(record.findings())
    yield from ("", "## Findings", "")
    if not findings:
        yield "None."
    for finding in findings[:MOST_FINDINGS]:
        yield from _finding(finding)
    for finding in findings[MOST_FINDINGS : MOST_FINDINGS + 10]:
        yield f"- **{finding.code}** {escape(finding.title)} ({SEVERITY_WORDS[finding.severity]})"
    hidden = len(findings) - MOST_FINDINGS - 10
    if hidden > 0:
        yield from ("", f"*{hidden} more findings; {WHERE_THE_REST_IS}.*")


def _finding(finding: Finding) -> Iterator[str]:
    size = extent(finding)
    yield f"### {finding.code} {escape(finding.title)}"
    yield ""
    yield " · ".join(filter(None, (f"**{SEVERITY_WORDS[finding.severity]}**", size, escape(keys_text(finding.keys)))))
    yield ""
    yield escape(finding.explanation)
    for estimate in finding.measured[:4]:
        detail = confidence_text(estimate)
        yield f"- {escape(estimate.quantity)}: {escape(estimate_text(estimate))}" + (
            f" ({escape(detail)})" if detail else ""
        )
    if finding.caveat:
        yield from ("", f"When this is wrong: {escape(finding.caveat)}")
    yield ""


def _checks(record: AuditRecord) -> Iterator[str]:
    yield from ("", "## Every check", "", "| check | outcome | time |", "| --- | --- | ---: |")
    yield from map(_check_line, record.outcomes[:MOST_CHECKS])
    waiting = not_run(record)
    if len(record.outcomes) > MOST_CHECKS:
        yield f"| {len(record.outcomes) - MOST_CHECKS} more | {WHERE_THE_REST_IS} | |"
    if waiting:
        yield f"| {escape(', '.join(waiting[:MOST_CHECKS]))} | not run: the audit has not come to it | |"


def _check_line(outcome: Outcome) -> str:
    word = STATUS_WORDS[outcome.status] + (f": {outcome.reason}" if outcome.reason else "")
    return f"| {outcome.code} {escape(outcome.title)} | {escape(word)} | {seconds_text(outcome.seconds)} |"


def _facts(record: AuditRecord) -> Iterator[str]:
    yield from ("", "## Data and reproduction", "")
    facts: Iterable[tuple[str, str]] = [*data_facts(record), *reproduction(record)]
    for name, text in facts:
        yield f"- {escape(name)}: {escape(text)}"
    yield from ("", f"Cite as: {escape(citation(record))}")
