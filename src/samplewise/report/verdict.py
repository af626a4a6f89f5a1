"""The verdict: one sentence and a few headline numbers, worked out from the record alone."""

from dataclasses import dataclass
from typing import Literal

from samplewise.core.findings import AuditRecord, Finding
from samplewise.core.texts import count_of, number_text, shortened
from samplewise.core.values import Estimate
from samplewise.report.remedy_order import advice_of, effect_text, helping
from samplewise.report.wording import estimate_text, listed

HEADLINE_CHECKS = ("SW501", "SW201", "SW401", "SW601", "SW503")  # whose first number comes first
MOST_HEADLINES = 6
PLURALS = {"class": "classes"}


@dataclass(frozen=True, slots=True)
class Headline:
    """One number for the first screen: what it is, the number as text, and the small print under it."""

    label: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "can I train on this data?"; `level` is the worst thing the sentence says."""

    sentence: str
    level: Literal["error", "warning", "clean", "incomplete"]
    headlines: tuple[Headline, ...]

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def verdict(record: AuditRecord) -> Verdict:
    """The verdict on the audited data: what to fix first, what that is measured to buy, and what could not be checked.

    Cost: O(findings).

    >>> verdict(AuditRecord(2, {"rows": 3}, {}, {}, ())).sentence
    'No check has run yet, so nothing can be said about this data.'
    """
    findings = list(record.findings())
    errors, warnings = ([f for f in findings if f.severity == severity] for severity in ("error", "warning"))
    failed = [outcome.code for outcome in record.outcomes if outcome.status == "failed"]
    waiting = not_run(record)
    level: Literal["error", "warning", "clean", "incomplete"]
    level = "error" if errors else "incomplete" if failed or waiting else "warning" if warnings else "clean"
    if record.plan.get("question"):  # the record answers one question, and its findings are the answer
        return Verdict(_answer(record), "warning" if warnings else "clean", _headlines(record))
    clauses = [_state(record, errors, warnings), _best_advice(record), _gaps(failed, waiting)]
    return Verdict("; ".join(filter(None, clauses)) + ".", level, _headlines(record))


def not_run(record: AuditRecord) -> list[str]:
    """Codes the plan names that have no outcome yet: the audit was interrupted, or is still under way."""
    done = {outcome.code for outcome in record.outcomes}
    planned = record.plan.get("checks") or []
    return [str(code) for code in planned if code not in done] if isinstance(planned, list | tuple) else []


def extent(finding: Finding) -> str:
    """How much a finding concerns: `412 rows`, `2 columns`; empty where it is about the data as a whole."""
    if finding.axis == "data" or not finding.keys:
        return ""
    return count_of(len(finding.keys), finding.axis, PLURALS.get(finding.axis, ""))


def _answer(record: AuditRecord) -> str:
    """What a record found that was made for one question, in the order in which it was written."""
    findings = [finding for outcome in record.outcomes for finding in outcome.result.findings]
    words = [shortened(finding.title, 160).rstrip(".") for finding in findings[:2]]
    return ". ".join(words) + "." if words else "There is no answer yet."


def _state(record: AuditRecord, errors: list[Finding], warnings: list[Finding]) -> str:
    if not record.outcomes:
        return "No check has run yet, so nothing can be said about this data"
    partial = bool(not_run(record)) or any(outcome.status == "failed" for outcome in record.outcomes)
    if errors:
        return f"Fix {count_of(len(errors), 'thing')} before you train on this data: {_names(errors)}"
    if warnings and partial:
        return f"So far {count_of(len(warnings), 'thing needs', 'things need')} a look: {_names(warnings)}"
    if warnings:
        return f"This data can be used, with {count_of(len(warnings), 'thing')} to look at first: {_names(warnings)}"
    ran = sum(outcome.status in ("found", "clean") for outcome in record.outcomes)
    if not ran:
        return "No check could be carried out, so nothing can be said about this data"
    start = "So far nothing" if partial else "Nothing"
    return f"{start} was found that speaks against training on this data ({count_of(ran, 'check')} carried out)"


def _names(findings: list[Finding]) -> str:
    named = []
    for finding in findings:
        size = "" if f"{len(finding.keys):,}" in finding.title else extent(finding)
        named.append(shortened(finding.title, 80).rstrip(".") + (f" ({size})" if size else ""))
    return listed(named)


def _best_advice(record: AuditRecord) -> str:
    tested, _ = advice_of(record)
    helps = helping(tested)
    if helps and helps[0].remedy.effect:
        best = helps[0]
        action = shortened(best.action, 100).rstrip(".")
        return f"“{action}” is measured to change the held-out score by {effect_text(best.remedy.effect)}"
    if len(tested) == 1:
        return "the one tested remedy is not shown to help"
    return f"none of the {len(tested)} tested remedies is shown to help" if tested else ""


def _gaps(failed: list[str], waiting: list[str]) -> str:
    clauses = []
    if failed:
        clauses.append(f"{count_of(len(failed), 'check')} failed ({listed(failed)})")
    if waiting:
        clauses.append(f"{count_of(len(waiting), 'check')} of the plan did not run ({listed(waiting)})")
    return " and ".join(clauses)


def _headlines(record: AuditRecord) -> tuple[Headline, ...]:
    if record.plan.get("question"):
        measured = [estimate for outcome in record.outcomes for estimate in outcome.result.measured]
        rows = _rows(record)
        return (*((rows,) if rows else ()), *map(_headline, measured))[:MOST_HEADLINES]
    found = [_rows(record), _findings(record), _advice(record)]
    found += [_measured(record, code) for code in HEADLINE_CHECKS]
    return tuple(headline for headline in found if headline)[:MOST_HEADLINES]


def _rows(record: AuditRecord) -> Headline | None:
    rows = record.data.get("rows")
    if not isinstance(rows, int):
        return None
    columns = record.data.get("columns") or []
    classes = record.data.get("classes") or []
    parts = [count_of(len(columns), "column")] if columns else []
    parts += [count_of(len(classes), "class", "classes")] if classes else []
    return Headline("rows", number_text(rows), ", ".join(parts))


def _findings(record: AuditRecord) -> Headline:
    found = [finding.severity for finding in record.findings()]
    words = {"error": "to act on first", "warning": "to look at", "note": "to note"}
    detail = ", ".join(f"{found.count(kind)} {words[kind]}" for kind in words if kind in found)
    return Headline("finding" if len(found) == 1 else "findings", number_text(len(found)), detail)


def _advice(record: AuditRecord) -> Headline | None:
    tested, _ = advice_of(record)
    if not tested:
        return None
    detail = f"of {count_of(len(tested), 'remedy', 'remedies')} measured"
    return Headline("remedies that help", number_text(len(helping(tested))), detail)


def _measured(record: AuditRecord, code: str) -> Headline | None:
    """The first number a check reports, whether or not it found something."""
    outcome = record.outcome(code)
    if outcome is None:
        return None
    estimates = [*outcome.result.measured, *(item for finding in outcome.result.findings for item in finding.measured)]
    return _headline(estimates[0]) if estimates else None


def _headline(estimate: Estimate) -> Headline:
    text, bracket, interval = estimate_text(estimate).partition(" [")
    number, *unit = text.split(" ", 2)  # `10.6 % of labels` is `10.6 %`, with `of labels` in small print
    number, rest = " ".join([number, *unit[:1]]), "".join(unit[1:])
    detail = " ".join(filter(None, (rest, f"[{interval}" if bracket else _first_part(estimate.reason))))

    return Headline(shortened(estimate.quantity.replace("_", " "), 60), number, detail)


def _first_part(reason: str) -> str:
    """A reason as a headline has room for it: up to its first semicolon."""
    words = shortened(reason.partition(";")[0], 60)
    return f"({words})" if words else ""
