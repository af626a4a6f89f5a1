"""What an audit says: findings with remedies, one outcome per check, and the record that holds them all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from samplewise.core.values import Estimate, Exhibit, Scores

Severity = Literal["error", "warning", "note"]
Status = Literal["found", "clean", "not_applicable", "skipped", "failed"]
RemedyKind = Literal["relabel", "drop", "reweight", "collect", "review"]
Verdict = Literal["", "helps", "hurts", "not distinguishable"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
RECORD_SCHEMA = 3  # intervals have a `confidence`; in 2 it was called coverage, and in 1 rates were in per cent


@dataclass(frozen=True, slots=True)
class Remedy:
    """A proposal; a person or `selection.apply` carries it out. `effect` was measured by re-running the rule."""

    kind: RemedyKind
    keys: tuple[Any, ...]
    values: tuple[Any, ...] = ()  # new labels (relabel) or weights (reweight), one per key
    action: str = ""  # what to do, as an imperative sentence
    effect: Estimate | None = None  # change of the held-out metric, in points
    control: Estimate | None = None  # the same for a random remedy of the same kind and size
    verdict: Verdict = ""  # "" = not tested; then `reason` says why
    reason: str = ""
    cost: float | None = None  # price of carrying it out, where prices are given


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is the matter: which rows or columns, why believed, what to do about it."""

    code: str
    title: str
    severity: Severity
    keys: tuple[Any, ...]
    explanation: str
    remedies: tuple[Remedy, ...] = ()  # alternatives, the recommended one first
    measured: tuple[Estimate, ...] = ()
    axis: Literal["row", "column", "segment", "class", "data"] = "row"
    caveat: str = ""  # when this finding is wrong


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, its scores, and what a page may draw of it."""

    findings: tuple[Finding, ...] = ()
    scores: tuple[Scores, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    measured: tuple[Estimate, ...] = ()  # numbers that hold whether or not something was found


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended; every check of the plan ends in exactly one, nothing is dropped silently."""

    code: str
    title: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    result: CheckResult = field(default_factory=CheckResult)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """The only thing a report, a review or a pipeline reads; `samplewise.core.codec` turns it into JSON and back."""

    schema: int
    data: dict[str, Any]
    plan: dict[str, Any]
    environment: dict[str, Any]
    outcomes: tuple[Outcome, ...]

    def findings(self) -> Iterator[Finding]:
        """Every finding, worst severity first, then by code."""
        found = [finding for outcome in self.outcomes for finding in outcome.result.findings]
        yield from sorted(found, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.code))

    def scores(self) -> dict[str, Scores]:
        """Every score by its quantity."""
        return {scores.quantity: scores for outcome in self.outcomes for scores in outcome.result.scores}

    def outcome(self, code: str) -> Outcome | None:
        """The outcome of one check, or None where it was not in the plan."""
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person (or a rule they chose) decided about one row."""

    id: Any
    kind: Literal["relabel", "drop", "reweight", "keep"]
    value: Any = None
    by: str = ""
