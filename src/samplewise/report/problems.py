"""The worst problems of a record, one line each: what, how sure, which rows, what to do first, and what that buys."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from samplewise.core.findings import AuditRecord, Finding
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, keys_text, quantity_text, shortened
from samplewise.core.values import Estimate
from samplewise.report.alike import alike_findings, joined
from samplewise.report.basis import ON_MODELS, nothing_learned, stands
from samplewise.report.remedy_order import NOT_TESTED, NOT_TESTED_YET, Advice, as_advice, change_text, refuted
from samplewise.report.unfinished import advice_is_pending
from samplewise.report.verdict import extent, not_run
from samplewise.report.wording import estimate_text, listed

MOST_PROBLEMS = 3
LONGEST = 160  # characters of one entry
REASON = 60  # characters of why a remedy was not tested
BY_RULE = "read from the cells themselves, without a model"
FIND_OUT = "Find out why before you change any row"
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
    return [_problem(record, joined(alike), findings.index(alike[0])) for alike in worst[:most]]


def not_checked(record: AuditRecord) -> str:
    """What the audit gives no answer to, in one sentence; "" where every check of the plan was carried out."""
    ended = [(item.title, item.status) for item in record.outcomes]
    lacking = [title for status in UNANSWERED for title, other in ended if other == status]
    lacking += not_run(record)
    if not lacking:
        return ""
    planned = len(ended) + len(not_run(record))
    return f"{len(lacking)} of {count_of(planned, 'check')}: {listed([shortened(title, 60) for title in lacking], 4)}"


def _rank(finding: Finding, is_void: bool) -> tuple[bool, bool, float]:
    """A model that learned nothing first, then what to act on, then what is measured to help most."""
    gain = max((_gain(item.effect) for item in finding.remedies if item.verdict == "helps"), default=0.0)
    return (not is_void, finding.severity != "error", -gain)


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
        return f"{extent(finding)}: {keys_text(finding.keys, 2)}"
    if not isinstance(rows, int) or rows < len(finding.keys):
        return extent(finding)
    return f"{extent(finding)} of {rows:,} ({percent_text(len(finding.keys) / rows, '.2g')})"


def _first(finding: Finding, advice: Sequence[Advice], helps: Sequence[Advice]) -> str:
    """The remedy that helps most; else what a person is to look at; nothing that was tested and does not help."""
    no_help = refuted(finding)
    chosen = [item for item in advice if not item.tested] if no_help else [*helps, *advice]
    if chosen:
        return shortened(chosen[0].action, LONGEST)
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
