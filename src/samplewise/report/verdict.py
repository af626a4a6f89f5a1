"""The verdict: one sentence and a few headline numbers, worked out from the record alone.

It never contradicts a measurement. What a model that learned nothing says is not listed as something to fix, and where
every tested way of mending a finding hurts, or none is shown to help, the sentence says to find out why.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from samplewise.core.escapes import shell_option
from samplewise.core.findings import AuditRecord, Finding, Remedy
from samplewise.core.texts import count_of, inside_sentence, number_text, quantity_text, shortened
from samplewise.core.values import Estimate
from samplewise.report.alike import said_once
from samplewise.report.basis import (
    INTERRUPTED,
    constant_is_as_good,
    is_proven_leak,
    leak_rank,
    leaking_columns,
    nothing_learned,
    out_of_sight,
    scores_around_leak,
    stands,
)
from samplewise.report.remedy_order import KIND_VERBS, advice_of, change_text, helping, mending, refuted
from samplewise.report.wording import AT_MOST, estimate_text, listed

HEADLINE_CHECKS = ("SW501", "SW201", "SW401", "SW601", "SW503")  # whose first number comes first
MOST_HEADLINES = 6
NOISE_RATE = "noise_rate"  # of the labels; without an interval there is nothing beyond chance to count
MOST_OF_A_QUESTION = 200  # characters; the list with all of them stands below the sentence
PLURALS = {"class": "classes"}


@dataclass(frozen=True, slots=True)
class Headline:
    """One number for the first screen: what it is, the number as text, and the small print under it."""

    label: str
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "can I train on this data?"; `level` is the worst thing the sentence says.

    `clauses` are the parts of the sentence, the answer first, for where what follows it stands apart.
    """

    sentence: str
    level: Literal["error", "warning", "clean", "incomplete"]
    headlines: tuple[Headline, ...]
    clauses: tuple[str, ...]

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def verdict(record: AuditRecord) -> Verdict:
    """The verdict on the audited data: what to fix first, what that is measured to buy, and what could not be checked.

    Cost: O(findings).

    >>> verdict(AuditRecord(2, {"rows": 3}, {}, {}, ())).sentence
    'No check has run yet, so nothing can be said about this data.'
    """
    if record.plan.get("question"):  # the record answers one question, and its findings are the answer
        warned = any(finding.severity == "warning" for finding in record.findings())
        answer = _answer(record)
        return Verdict(answer, "warning" if warned else "clean", _headlines(record), (answer,))
    standing = said_once(_standing(record))
    failed = [outcome.code for outcome in record.outcomes if outcome.status == "failed"]
    waiting = not_run(record)
    void = nothing_learned(record)
    worst = {finding.severity for finding in (*standing, *([void] if void else []))}
    level: Literal["error", "warning", "clean", "incomplete"] = "clean"
    if "error" in worst:
        level = "error"
    elif failed or waiting or out_of_sight(record):
        level = "incomplete"
    elif "warning" in worst:
        level = "warning"
    clauses = [*_state(record, standing), *_leak(record), _best_advice(record, standing)]
    clauses += [constant_is_as_good(record), _gaps(failed, waiting), _questions(record)]
    said = tuple(filter(None, clauses))
    return Verdict("; ".join(said) + ".", level, _headlines(record), said)


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


def untold_extent(finding: Finding) -> str:
    """`extent` where the title does not say it; one thing is named there, and of segments the worst is."""
    counted = re.search(rf"(?<![\w,.]){len(finding.keys):,}(?![\w,.])", finding.title)
    told = len(finding.keys) == 1 or finding.axis == "segment" or counted
    return "" if told else extent(finding)


def _answer(record: AuditRecord) -> str:
    """What a record found that was made for one question, in the order in which it was written."""
    findings = [finding for outcome in record.outcomes for finding in outcome.result.findings]
    words = [shortened(finding.title, 160).rstrip(".") for finding in findings[:2]]
    return ". ".join(words) + "." if words else "There is no answer yet."


def _standing(record: AuditRecord) -> list[Finding]:
    """Findings that may count, a leak first, worst first, without the one that says what may not."""
    void = nothing_learned(record)
    standing = [finding for finding in record.findings() if finding is not void and stands(record, finding.code)]
    ranks = {finding.severity: place for place, finding in reversed(list(enumerate(standing)))}
    return sorted(standing, key=lambda one: (not is_proven_leak(one), ranks[one.severity], leak_rank(one)))


def _state(record: AuditRecord, standing: Sequence[Finding]) -> list[str]:
    """What is the matter: why nothing can be said, if so; what to fix or look at; what must not be acted on yet."""
    if not record.outcomes:
        return ["No check has run yet, so nothing can be said about this data"]
    closed = [finding for finding in standing if _closed(finding)]
    errors, warnings = (
        [f for f in standing if f.severity == severity and f not in closed] for severity in ("error", "warning")
    )
    untouched, lead = _untouched(closed), _lead(record)
    partial = bool(not_run(record)) or any(
        outcome.status == "failed" or (outcome.status == "skipped" and outcome.reason == INTERRUPTED)
        for outcome in record.outcomes
    )
    if lead:
        others = errors + warnings
        apart = f"{count_of(len(others), 'finding')} apart from that: {_names(others)}" if others else ""
        return [lead, apart, untouched]
    if errors:
        return [f"Fix {count_of(len(errors), 'thing')} before you train on this data: {_names(errors)}", untouched]
    if warnings and (partial or closed):
        so_far = "so far " if partial else ""
        look = f"{so_far}{count_of(len(warnings), 'thing needs', 'things need')} a look: {_names(warnings)}"
        return [_capital(look), untouched] if partial else [_capital(untouched), look]
    if warnings:
        look = f"with {count_of(len(warnings), 'thing')} to look at first: {_names(warnings)}"
        return [f"This data can be used, {look}"]
    ran = sum(outcome.status in ("found", "clean") for outcome in record.outcomes)
    if not ran:
        return ["No check could be carried out, so nothing can be said about this data"]
    start = "So far nothing" if partial else "Nothing"
    clean = f"{start} was found that speaks against training on this data ({count_of(ran, 'check')} carried out)"
    return [_capital(untouched) or clean]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _closed(finding: Finding) -> bool:
    """Whether acting on it was tested and is no advice: nothing helps, and it hurts or would be called a thing to fix.

    A warning is something to look at, which a remedy that is not shown to help does not contradict.
    """
    hurts = any(remedy.verdict == "hurts" and not remedy.saves_rows for remedy in finding.remedies)
    return refuted(finding) and (finding.severity == "error" or (finding.severity == "warning" and hurts))


def _lead(record: AuditRecord) -> str:
    """Why nothing, or nothing that rests on a model, can be said about this data; "" where it can."""
    unseen = out_of_sight(record)
    if unseen:
        return f"Nothing can be said about this data, because {unseen}"
    void = nothing_learned(record)
    if not void:
        return ""
    action = next((shortened(remedy.action, 120).rstrip(".") for remedy in void.remedies if remedy.action), "")
    first = f"; first of all {inside_sentence(action)}" if action else ""
    return (
        f"{shortened(void.title, 80).rstrip('.')}, so nothing that rests on this model counts yet, no list of labels, "
        f"no remedy and no forecast{first}"
    )


def _untouched(closed: Sequence[Finding]) -> str:
    """What was found and must not be acted on yet, because no tested remedy of it helps."""
    remedies = [remedy for finding in closed for remedy in finding.remedies if remedy.verdict and not remedy.saves_rows]
    return _no_help(remedies, f"{_names(closed)}, but ") if closed else ""


def _no_help(remedies: Sequence[Remedy], about: str = "") -> str:
    """That no tested remedy helps, and what follows: nothing, or what not to do where some of them hurt."""
    tested, hurt = len(remedies), sum(remedy.verdict == "hurts" for remedy in remedies)
    none = "the one tested remedy" if tested == 1 else f"none of the {tested} tested remedies"
    if not hurt:
        shown = f"{none} {'is not' if tested == 1 else 'is'} shown to help"
        return f"find out why before you change any row: {about}{shown}" if about else shown
    how = f"{none} helps and {count_of(hurt, 'of them hurts', 'of them hurt')}"
    if hurt == tested:
        how = f"{'the one' if tested == 1 else 'every'} tested remedy hurts"
    kinds = {remedy.kind for remedy in remedies}
    verbs = " or ".join(verb.lower() for kind, verb in KIND_VERBS.items() if kind in kinds)
    return f"do not {verbs}: {about}{how}, so find out why first"


def _leak(record: AuditRecord) -> list[str]:
    """After a proven leak: the score with the columns and without them, and the option that leaves them out."""
    columns = leaking_columns(record)
    if not columns:
        return []
    scores = scores_around_leak(record)
    it = "it" if len(columns) == 1 else "them"
    told = []
    if scores:
        score = shortened(quantity_text(scores[1].quantity.partition("without")[0]), 60)
        told.append(f"the {score} is {estimate_text(scores[0])} with {it} and {estimate_text(scores[1])} without")
    return [*told, f"audit again without {it}: {shell_option('--drop-columns', columns)}"]


def _names(findings: Sequence[Finding]) -> str:
    named = []
    for finding in findings:
        size = untold_extent(finding)
        named.append(inside_sentence(shortened(finding.title, 80).rstrip(".")) + (f" ({size})" if size else ""))
    return listed(named)


def _best_advice(record: AuditRecord, standing: Sequence[Finding]) -> str:
    tested = mending(advice_of(record)[0])
    helps = helping(tested)
    if helps and helps[0].remedy.effect:
        best = helps[0]
        action = shortened(best.action, 100).rstrip(".")
        return f"“{action}” is measured to give {change_text(best.remedy)} on held-out rows"
    if not tested or any(map(_closed, standing)):
        return ""  # nothing was tested, or it was said of the findings themselves
    return _no_help([item.remedy for item in tested])


def _questions(record: AuditRecord) -> str:
    """How many questions about the reading of the data are open, and the first with the option that settles it."""
    questions = record.data.get("questions") or []
    if not questions:
        return ""
    first = shortened(str(questions[0]), MOST_OF_A_QUESTION).rstrip(".?")
    if len(questions) == 1:
        return f"and 1 question about how columns were read: {first}"
    return f"and {len(questions)} questions about how columns were read, the first: {first}"


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
    found += [_measured(record, code) for code in HEADLINE_CHECKS if stands(record, code)]
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
    every, void = said_once(record.findings()), nothing_learned(record)
    found = [finding.severity for finding in (*said_once(_standing(record)), *([void] if void else []))]
    words = {"error": "to act on first", "warning": "to look at", "note": "to note"}
    parts = [f"{found.count(kind)} {words[kind]}" for kind in words if kind in found]
    if len(found) < len(every):
        parts.append(f"{len(every) - len(found)} from a model that learned nothing")
    return Headline("finding" if len(every) == 1 else "findings", number_text(len(every)), ", ".join(parts))


def _advice(record: AuditRecord) -> Headline | None:
    tested, _ = advice_of(record)
    if not tested:
        return None
    mends = len(mending(tested))
    fewer, lossless = len(tested) - mends, sum(item.remedy.verdict == "no loss" for item in tested)
    parts = [f"of {mends} tested"] if mends else []
    parts += [f"{lossless} of {fewer} for fewer rows without loss"] if fewer else []
    return Headline("remedies that help", number_text(len(helping(tested))), "; ".join(parts))


def _measured(record: AuditRecord, code: str) -> Headline | None:
    """The first number a check reports, whether or not it found something."""
    outcome = record.outcome(code)
    if outcome is None:
        return None
    estimates = [*outcome.result.measured, *(item for finding in outcome.result.findings for item in finding.measured)]
    if estimates and estimates[0].quantity == NOISE_RATE and not math.isfinite(estimates[0].low):
        seen = "none seen" if math.isfinite(estimates[0].value) else "not known"
        return Headline(quantity_text(NOISE_RATE), seen, _first_part(estimates[0].reason))
    return _headline(estimates[0]) if estimates else None


def _headline(estimate: Estimate) -> Headline:
    whole = estimate_text(estimate)
    bound = AT_MOST if whole.startswith(AT_MOST) else ""
    before, bracket, interval = whole.removeprefix(bound).partition(" [")
    number, _, unit = before.partition(" ")  # `10.6 % of labels` is `10.6 %`, with `of labels` in small print
    if not unit.startswith("in "):
        one, _, unit = unit.partition(" ")
        number = f"{number} {one}".strip()
    detail = " ".join(filter(None, (unit, f"[{interval}" if bracket else _first_part(estimate.reason))))
    number = bound + number

    return Headline(shortened(quantity_text(estimate.quantity), 60), number, detail)


def _first_part(reason: str) -> str:
    """A reason as a headline has room for it: up to its first semicolon."""
    words = shortened(reason.partition(";")[0], 60)
    return f"({words})" if words else ""
