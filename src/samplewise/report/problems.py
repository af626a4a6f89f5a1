"""The worst problems of a record, one line each: what, how sure, which rows, what to do first, and what that buys."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from samplewise.core.findings import AuditRecord, Finding, Outcome
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, key_text, quantity_text, shortened
from samplewise.core.values import Estimate
from samplewise.report.alike import alike_findings, joined
from samplewise.report.basis import ON_MODELS, is_proven_leak, leak_rank, nothing_learned, stands
from samplewise.report.remedy_order import NOT_TESTED, NOT_TESTED_YET, Advice, as_advice, change_text, refuted
from samplewise.report.unfinished import advice_is_pending
from samplewise.report.verdict import extent, not_run
from samplewise.report.wording import estimate_text, listed

MOST_PROBLEMS = 3
LONGEST = 160  # characters of one entry
REASON = 60  # characters of why a remedy was not tested
BY_RULE = "read from the cells themselves, without a model"
FIND_OUT = "Find out why before you change any row"
BY_MEANING = "Decide by what it means: for the score it makes no difference"
OPTION = re.compile(r"\((\w+=)\)")  # in the reason of a check that something else than the data would answer
UNANSWERED = ("failed", "skipped", "not_applicable")


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the first screen; `position` is the place of its finding among those of the record."""

    position: int
    code: str
    title: str
    severity: str
    sure: str
    where: str
    first: str
    buys: str


def worst_problems(record: AuditRecord, most: int = MOST_PROBLEMS) -> list[Problem]:
    """What to look at first: findings that may count and are more than notes, worst first, remedies that help before.

    Args:    record: any audit record.   most: how many at most.
    Cost:    O(findings).

    >>> worst_problems(AuditRecord(3, {"rows": 3}, {}, {}, ()))
    []
    """
    findings, void = list(record.findings()), nothing_learned(record)
    places = [
        place
        for place, finding in enumerate(findings)
        if finding is void or (finding.severity != "note" and stands(record, finding.code))
    ]
    ranks = {place: _rank(findings[place], findings[place] is void) for place in places}
    worst = alike_findings(findings[place] for place in sorted(places, key=ranks.__getitem__))
    return [_with_others(_problem(record, joined(alike), findings.index(alike[0])), alike) for alike in worst[:most]]


def not_checked(record: AuditRecord) -> str:
    """What the audit gives no answer to, and what would give it; "" where every check that applies was carried out.

    A check that this data gives no reason for (rare classes, where the label is a number) is only counted.
    """
    open_checks = [item for status in UNANSWERED for item in record.outcomes if item.status == status]
    idle = [item for item in open_checks if item.status == "not_applicable" and not OPTION.search(item.reason)]
    asked, waiting = [item for item in open_checks if item not in idle], not_run(record)
    lacking, planned = len(asked) + len(waiting), len(record.outcomes) + len(waiting)
    said = [*_by_option(asked), *([listed(waiting, 6)] if waiting else [])]
    parts = [f"{lacking} of {count_of(planned, 'check')}: {'; '.join(said)}"] if lacking else []
    parts += [f"{len(idle)} more {'does' if len(idle) == 1 else 'do'} not apply here"] if idle and lacking else []
    return "; ".join(parts)


def _by_option(outcomes: Sequence[Outcome]) -> list[str]:
    """What checks ask, those together that the same option would answer."""
    titles: dict[str, list[str]] = {}
    for outcome in outcomes:
        option = OPTION.search(outcome.reason)
        titles.setdefault(option[1] if option else "", []).append(shortened(outcome.title, 60))
    needs = {"": ""} | {option: f" (needs {option})" for option in titles if option}
    return [f"{listed(named, 6)}{needs[option]}" for option, named in titles.items()]


def _rank(finding: Finding, is_void: bool) -> tuple[bool, bool, bool, int, float]:
    """A model that learned nothing first, then a leak, then what to act on, then what is measured to help most."""
    gain = max((_gain(item.effect) for item in finding.remedies if item.verdict == "helps"), default=0.0)
    return (not is_void, not is_proven_leak(finding), finding.severity != "error", leak_rank(finding), -gain)


def _gain(effect: Estimate | None) -> float:
    return effect.value if effect is not None and math.isfinite(effect.value) else 0.0


def _problem(record: AuditRecord, finding: Finding, position: int) -> Problem:
    advice = [as_advice(finding, remedy) for remedy in finding.remedies]
    tested = [item for item in advice if item.tested and not item.remedy.saves_rows]
    helps = [item for item in tested if item.remedy.verdict == "helps"]
    helps.sort(key=lambda item: -_gain(item.remedy.effect))
    untested = NOT_TESTED_YET if advice_is_pending(record) else NOT_TESTED
    return Problem(
        position, finding.code, shortened(finding.title, LONGEST), finding.severity, _sure(finding),
        _where(record, finding), _first(finding, advice, helps), _buys(advice, helps or tested) or untested,
    )  # fmt: skip


def _with_others(problem: Problem, alike: Sequence[Finding]) -> Problem:
    """What is to be done in one column is to be done in the others of which the same is said, each in its own way."""
    others = len(alike) - 1
    if not others or str(alike[0].keys[0]) not in problem.first:
        return problem
    likewise = f"; likewise in {count_of(others, 'other column')}"
    return replace(problem, first=shortened(problem.first, LONGEST - len(likewise)).rstrip(".") + likewise)


def _sure(finding: Finding) -> str:
    """How the finding is known, in words, with the number that says it best."""
    known = [item for item in finding.measured if math.isfinite(item.value)]
    precise = [item for item in known if "precision" in item.quantity]
    for item in [*precise, *known][:1]:
        name = shortened(quantity_text(item.quantity), 60)
        how = "measured" if math.isfinite(item.low) else "counted" if "count" in item.reason else "estimated"
        return f"{how}: {name} {estimate_text(item)}"
    why = next((f"; {shortened(item.reason, REASON)}" for item in finding.measured if item.reason), "")
    return ("judged by models" if finding.code.startswith(ON_MODELS) else BY_RULE) + why


def _where(record: AuditRecord, finding: Finding) -> str:
    """How many rows, and of how many; the names of columns, segments and classes."""
    rows = record.data.get("rows")
    if finding.axis == "data" or not finding.keys:
        return "the data as a whole"
    if finding.axis != "row":
        return f"{extent(finding)}: {listed([shortened(key_text(key), 60) for key in finding.keys], 2)}"
    if not isinstance(rows, int) or rows < len(finding.keys):
        return extent(finding)
    return f"{extent(finding)} of {rows:,} ({percent_text(len(finding.keys) / rows, '.2g')})"


def _first(finding: Finding, advice: Sequence[Advice], helps: Sequence[Advice]) -> str:
    """The remedy that helps most; else what a person is to look at; nothing that was tested and does not help.

    Cells are cleaned unless that hurts: a code for a missing value is no number, whatever it does to the score.
    """
    clean = [item for item in advice if item.remedy.kind == "clean" and item.remedy.verdict != "hurts"]
    no_help = refuted(finding)
    chosen = [*clean, *(item for item in advice if not item.tested)] if no_help else [*helps, *advice]
    if chosen:
        return shortened(chosen[0].action, LONGEST)
    if no_help and all(item.remedy.verdict in ("no difference", "no loss") for item in advice):
        return BY_MEANING
    return FIND_OUT if no_help else "Read what was found, below"


def _buys(advice: Sequence[Advice], tested: Sequence[Advice]) -> str:
    """The measured effect of the best remedy, or why none was measured; "" where nobody says why."""
    if tested:
        best = tested[0].remedy
        if best.verdict == "helps":
            return change_text(best)
        return f"tested, {best.verdict}: {change_text(best)}"
    reason = next((item.remedy.reason for item in advice if item.remedy.reason), "")
    words = shortened(reason.partition(";")[0].partition(":")[0], REASON)
    if not advice:
        return "no remedy is proposed"
    return f"{NOT_TESTED}: {words}" if words else ""
