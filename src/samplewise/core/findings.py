"""What an audit says: findings with remedies, one outcome per check, and the record that holds them all."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from samplewise.core.errors import InputError, unknown_name
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, sentence
from samplewise.core.values import Estimate, Exhibit, Scores, numbers_table

Severity = Literal["error", "warning", "note"]
Status = Literal["found", "clean", "not_applicable", "skipped", "failed"]
RemedyKind = Literal["relabel", "drop", "reweight", "clean", "collect", "review"]
RemedyVerdict = Literal["", "helps", "no loss", "no difference", "not decided", "hurts"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
LONGEST = 300  # characters of an explanation, printed
RECORD_SCHEMA = 4  # remedies that were not decided say so; 3 had one word for them and for those without difference


@dataclass(frozen=True, slots=True)
class Remedy(Result):
    """A proposal; a person or `selection.apply` carries it out. `effect` was measured by re-running the rule."""

    kind: RemedyKind
    keys: tuple[Any, ...]
    # One per key: new labels (relabel; suggested ones of a review), weights (reweight), what to do to a column (clean)
    values: tuple[Any, ...] = ()
    action: str = ""  # what to do, as an imperative sentence
    effect: Estimate | None = None  # change of the held-out metric, better is positive
    control: Estimate | None = None  # the same for a random remedy of the same kind and size
    verdict: RemedyVerdict = ""  # "" = not tested; then `reason` says why
    reason: str = ""
    cost: float | None = None  # price of carrying it out, where prices are given
    before: Estimate | None = None  # of predicted numbers: the held-out error before, in the label's unit
    beside: Estimate | None = None  # of predicted numbers: the effect in R², or on the error where R² is the metric
    one_refit: Estimate | None = None  # where the effect of one refit on all rows may land
    corrected: Estimate | None = None  # the effect as it would be on true labels, where that can be said
    saves_rows: bool = False  # its aim is fewer rows: it is judged by what is lost and never said to help

    @property
    def rule(self) -> str:
        """The name of the rule that is tested for it: its kind, and of a cleaning the column and what is done to it."""
        if self.kind != "clean":
            return self.kind
        return f"clean {', '.join(map(str, self.keys))}: {', '.join(map(str, self.values))}"

    def _sentences(self) -> Iterable[str]:
        what = "column" if self.kind == "clean" else "row"
        yield sentence(self.action or f"{self.kind} {count_of(len(self.keys), what)}")
        if self.effect is not None:
            yield f"Effect: {self.effect}{f' ({self.verdict})' if self.verdict else ''}."
        yield sentence(self.reason)

    def _table(self) -> Table:
        columns: dict[str, Any] = {"id": self.keys, "kind": [self.kind] * len(self.keys)}
        return Table(columns | ({"value": self.values} if self.values else {}), index="id")


@dataclass(frozen=True, slots=True)
class Finding(Result):
    """One problem: which rows or columns, the evidence for it, what to do about it."""

    code: str
    title: str
    severity: Severity
    keys: tuple[Any, ...]
    explanation: str
    remedies: tuple[Remedy, ...] = ()  # alternatives, the recommended one first
    measured: tuple[Estimate, ...] = ()
    axis: Literal["row", "column", "segment", "class", "data"] = "row"
    caveat: str = ""  # when this finding is wrong

    def _sentences(self) -> Iterable[str]:
        about = f", {self.axis}s {keys_text(self.keys)}" if self.keys and self.axis != "data" else ""
        yield f"{self.code} {self.title} ({self.severity}{about})."
        yield self.explanation if len(self.explanation) <= LONGEST else self.explanation[:LONGEST].rstrip() + "…"

    def _table(self) -> Table:
        return numbers_table(*self.measured)

    def to_frame(self) -> Any:
        """What it is about, one line per row, column, segment or class, with the new value that is proposed for it."""
        columns: dict[str, Any] = {self.axis if self.axis != "row" else "id": self.keys}
        for remedy in self.remedies:
            if remedy.values and remedy.keys == self.keys:
                columns[remedy.kind] = remedy.values
        return Table(columns, index=next(iter(columns))).to_frame()


class Findings(tuple[Finding, ...], Result):
    """The findings of an audit, worst first; a tuple that prints as a table."""

    __slots__ = ()

    def _sentences(self) -> Iterable[str]:
        counts = Counter(finding.severity for finding in self)
        named = ", ".join(count_of(counts[name], name) for name in reversed(SEVERITIES) if counts[name])
        yield f"{count_of(len(self), 'finding')}{f': {named}' if named else ''}."

    def _table(self) -> Table:
        columns = {
            "code": [finding.code for finding in self],
            "severity": [finding.severity for finding in self],
            "concerns": [_extent(finding) for finding in self],
            "title": [finding.title for finding in self],
            "measured": [str(finding.measured[0].without_reason()) if finding.measured else "" for finding in self],
        }
        return Table(columns, index="code")


class ScoresByName(dict[str, Scores], Result):
    """Scores by their quantity; a dict that prints as a table."""

    def __missing__(self, name: str) -> Scores:
        """Refuse a quantity that was not scored, with the nearest one that was."""
        raise unknown_name("quantity", name, self)

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self), 'quantity', 'quantities')} scored; name one for its scores."

    def _table(self) -> Table:
        columns = {
            "quantity": list(self),
            "concerns": [count_of(len(scores), scores.axis) for scores in self.values()],
            "larger_means": [scores.larger_means for scores in self.values()],
        }
        return Table(columns, index="quantity")


def _extent(finding: Finding) -> str:
    """How many rows, columns, segments or classes a finding is about."""
    if finding.axis == "data":
        return "all data"
    return count_of(len(finding.keys), finding.axis, "classes" if finding.axis == "class" else "")


@dataclass(frozen=True, slots=True)
class CheckResult(Result):
    """What one check found, its scores, and what a page may draw of it."""

    findings: tuple[Finding, ...] = ()
    scores: tuple[Scores, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    measured: tuple[Estimate, ...] = ()  # numbers that hold whether or not something was found

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.findings), 'finding')}, {count_of(len(self.scores), 'kind')} of scores."
        if self.measured:
            yield "The numbers below hold whether or not something was found."

    def _table(self) -> Table:
        return numbers_table(*self.measured)


@dataclass(frozen=True, slots=True)
class Outcome(Result):
    """How one check ended; every check of the plan ends in exactly one, nothing is dropped silently."""

    code: str
    title: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    result: CheckResult = field(default_factory=CheckResult)

    def _sentences(self) -> Iterable[str]:
        yield f"{self.code} {self.title}: {self.status.replace('_', ' ')}{f' ({self.reason})' if self.reason else ''}."
        yield from (finding.title + "." for finding in self.result.findings[:2])

    def _table(self) -> Table:
        return numbers_table(*self.result.measured)


@dataclass(frozen=True, slots=True)
class AuditRecord(Result):
    """The only thing a report, a review or a pipeline reads; `samplewise.core.codec` turns it into JSON and back."""

    MADE_BY: ClassVar[str] = "audit(data).record, or load_audit(run_dir).record"

    schema: int
    data: dict[str, Any]
    plan: dict[str, Any]
    environment: dict[str, Any]
    outcomes: tuple[Outcome, ...]

    def _sentences(self) -> Iterable[str]:
        counts = Counter(outcome.status for outcome in self.outcomes)
        named = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items())
        yield f"The record of {count_of(len(self.outcomes), 'check')}{f': {named}' if named else ''}."

    def _table(self) -> Table:
        columns = {
            "code": [outcome.code for outcome in self.outcomes],
            "status": [outcome.status for outcome in self.outcomes],
            "findings": [len(outcome.result.findings) for outcome in self.outcomes],
            "title": [outcome.title for outcome in self.outcomes],
            "reason": [outcome.reason for outcome in self.outcomes],
        }
        return Table(columns, index="code")

    def findings(self) -> Iterator[Finding]:
        """Every finding, worst severity first, then by code."""
        found = [finding for outcome in self.outcomes for finding in outcome.result.findings]
        yield from sorted(found, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.code))

    def scores(self) -> ScoresByName:
        """Every score by its quantity."""
        return ScoresByName((one.quantity, one) for outcome in self.outcomes for one in outcome.result.scores)

    def outcome(self, code: str) -> Outcome | None:
        """The outcome of one check, or None where it was not in the plan."""
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)


DecisionKind = Literal["relabel", "drop", "reweight", "clean", "keep"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person (or a rule they chose) decided about one row, or about one of its cells ("clean", with `column`).

    `given` is the label the row had then, as a list shows it: where it has another one now, the decision is refused.
    `line` is that of the list `by` names, for messages; 0 where it was read from none.
    """

    id: Any
    kind: DecisionKind
    value: Any = None
    by: str = ""
    given: Any = field(default=None, repr=False)
    line: int = field(default=0, repr=False)
    column: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse a kind of decision that there is not."""
        kinds = get_args(DecisionKind)
        if not isinstance(self.kind, str) or self.kind not in kinds:
            error = unknown_name("kind of decision", self.kind, kinds)
            error.where = f"kind, row id {self.id!r}"
            raise error
        if not isinstance(self.column, str):
            raise InputError(
                "a decision about a cell names its column", where=f"column, row id {self.id!r}", got=repr(self.column),
                fix='pass its name as text, or column="" for the whole row',
            )  # fmt: skip
