"""The record on one screen: at most 40 lines of plain text."""

import textwrap

from samplewise.core.findings import AuditRecord, Finding
from samplewise.core.texts import number_text, shortened
from samplewise.report.remedy_order import NOT_TESTED, Advice, advice_of, bare_effect_text
from samplewise.report.verdict import extent, not_run, verdict
from samplewise.report.wording import estimate_text

MOST_LINES, WIDTH = 40, 100
MOST_OF_THE_VERDICT = 8  # lines
MOST_FINDINGS, MOST_REMEDIES, MOST_UNFINISHED, MOST_QUESTIONS = 12, 7, 5, 3
MARKS = {"error": "!!", "warning": " !", "note": "  "}


def summary_text(record: AuditRecord, width: int = WIDTH) -> str:
    """The verdict, the findings and what each remedy was measured to do, in at most 40 lines of `width` characters.

    Args:    record: any audit record.   width: characters per line, 40 or more.
    Cost:    O(findings).

    >>> print(summary_text(AuditRecord(2, {"rows": 3}, {}, {}, ())).splitlines()[0])
    No check has run yet, so nothing can be said about this data.
    """
    width = max(width, 40)
    said = verdict(record)
    lines = textwrap.wrap(shortened(said.sentence, MOST_OF_THE_VERDICT * width), width)
    lines += ["", *_wrapped(" · ".join(f"{item.label}: {item.text}" for item in said.headlines), width)]
    lines += (
        _questions(record, width) + _findings(record, width) + _remedies(record, width) + _unfinished(record, width)
    )
    return "\n".join(lines[:MOST_LINES])


def _questions(record: AuditRecord, width: int) -> list[str]:
    """What the owner of the data should decide: another reading of a column could change what was found."""
    questions = record.data.get("questions") or []
    if not questions:
        return []
    lines = ["", "Questions"]
    for question in questions[:MOST_QUESTIONS]:
        lines += textwrap.wrap(shortened(question, 3 * width), width, initial_indent="?  ", subsequent_indent="   ")
    hidden = len(questions) - MOST_QUESTIONS
    return lines + ([f"   and {hidden} more in the report"] if hidden > 0 else [])


def _findings(record: AuditRecord, width: int) -> list[str]:
    findings = list(record.findings())
    if not findings:
        return []
    lines = ["", "Findings"]
    for finding in findings[:MOST_FINDINGS]:
        number = estimate_text(finding.measured[0]) if finding.measured else ""
        lines.append(
            _columns(f"{MARKS[finding.severity]} {finding.code}  {finding.title}", _size(finding), number, width)
        )
    hidden = len(findings) - MOST_FINDINGS
    return lines + ([f"   and {hidden} more"] if hidden > 0 else [])


def _size(finding: Finding) -> str:
    return extent(finding) or "all of it"


def _remedies(record: AuditRecord, width: int) -> list[str]:
    tested, untested = advice_of(record)
    every = [*tested, *untested]
    if not every:
        return []
    unit = next((item.remedy.effect.unit for item in tested if item.remedy.effect), "")
    lines = ["", shortened("Remedies, as measured on held-out rows" + (f" ({unit})" if unit else ""), width)]
    lines += [_columns(f"   {item.action}", _word(item), _effect(item), width) for item in every[:MOST_REMEDIES]]
    hidden = len(every) - MOST_REMEDIES
    return lines + ([f"   and {hidden} more"] if hidden > 0 else [])


def _word(item: Advice) -> str:
    cost = f", cost {number_text(item.remedy.cost)}" if item.remedy.cost is not None else ""
    return (item.remedy.verdict if item.tested else NOT_TESTED) + cost


def _effect(item: Advice) -> str:
    return bare_effect_text(item.remedy.effect) if item.tested else item.remedy.reason


def _unfinished(record: AuditRecord, width: int) -> list[str]:
    stopped = [item for item in record.outcomes if item.status in ("failed", "skipped")]
    stopped.sort(key=lambda item: item.status != "failed")
    texts = [f"{item.code} {item.status}: {item.reason or 'no reason given'}" for item in stopped]
    texts += [f"{code} not run: the audit has not come to it" for code in not_run(record)]
    absent = sum(item.status == "not_applicable" for item in record.outcomes)
    lines = [shortened(f"   {text}", width) for text in texts[:MOST_UNFINISHED]]
    lines = ["   " + shortened(line, width - 3) for line in lines]
    if len(texts) > MOST_UNFINISHED:
        lines.append(f"   and {len(texts) - MOST_UNFINISHED} more")
    if absent:
        lines.append(f"   {absent} not applicable to this data")
    return ["", "Not carried out", *lines] if lines else []


def _columns(left: str, middle: str, right: str, width: int) -> str:
    """Three columns of a line; the left one keeps its indent and is cut first."""
    indent = left[: len(left) - len(left.lstrip())]
    first, second = width // 2 - 4, 22
    left = indent + shortened(left.lstrip(), first - len(indent) - 1)
    rest = width - first - second
    return f"{left:<{first}}{shortened(middle, second - 1):<{second}}{shortened(right, rest)}".rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(shortened(text, 4 * width), width)
