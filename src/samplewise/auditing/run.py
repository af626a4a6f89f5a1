"""Carries out the plan: every check ends in one outcome, everything is written as it ends, and a killed run goes on."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from samplewise.auditing.catalog import Check, catalog
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.finding_rows import of_open_keys, with_rows
from samplewise.auditing.progress import Event, Progress
from samplewise.auditing.redaction import without_values
from samplewise.auditing.run_state import RunFolder
from samplewise.auditing.tested_advice import rule_names, test_advice
from samplewise.auditing.time_left import ADVICE, WITH_HELD_OUT, TimeLeft
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Finding, Outcome
from samplewise.core.texts import count_of
from samplewise.engine.refits.preparation import FITS
from samplewise.report.basis import INTERRUPTED
from samplewise.report.unfinished import TO_COME

WEIGHTED = ("SW501",)  # checks whose figures weigh the rows; the others say that theirs do not
UNWEIGHTED = "row weights do not count in these figures"
# What a check may need: whether this data has it, and the reason given where it has not.
MET: dict[str, tuple[Callable[[Evidence], bool], str]] = {
    "label": (lambda evidence: evidence.data.y is not None, "no labels were given (y, or label=)"),
    "classes": (
        lambda evidence: evidence.target.classes is not None,
        "the label is a number: this question is about classes",
    ),
    "test": (lambda evidence: evidence.test is not None, "no test set was given (test=)"),
    "columns": (
        lambda evidence: evidence.embeddings is None and bool(evidence.columns),
        "pictures and embeddings have no columns that mean something on their own",
    ),
    "features": (
        lambda evidence: (
            evidence.embeddings is not None
            or not evidence.columns
            or any(column.role == "feature" for column in evidence.columns)
        ),
        "no column is left to learn from",
    ),
}
REWRITE_SHARE = 10.0  # the report is drawn again once this many times its own drawing time has passed


@dataclass(eq=False)
class Run:
    """One audit under way.

    Args:
        evidence: what the checks use.
        facts, plan, environment: the record's other parts.
        folder: where everything is written, or None for memory only.
        accepted: findings a person has accepted: code -> ids, or None for all of the code.
        prices: price per row by kind of remedy.
        progress: called with every `Event`.
        show_values: whether the record may hold cells of the data.
        retired: outcomes of an earlier run, of checks that there are no more.
        timer: how long the rest takes.
    """

    evidence: Evidence
    facts: dict[str, Any]
    plan: dict[str, Any]
    environment: dict[str, Any]
    folder: RunFolder | None = None
    accepted: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    progress: Progress = lambda event: None
    show_values: bool = True
    retired: tuple[Outcome, ...] = ()
    timer: TimeLeft | None = None
    _outcomes: list[Outcome] = field(default_factory=list)
    _told: int = 0
    _written: float = 0.0
    _drawing: float = 0.0

    def carry_out(self) -> AuditRecord:
        """Run every check, then test the advice; an interrupt leaves a valid report and goes on to the caller."""
        checks = catalog()
        started = time.monotonic()
        try:
            self.write()
            self._expect()
            for code in self.evidence.plan.checks:
                self._begin(code, Event("begin", f"{code} {checks[code].TITLE}"))
                outcome = self._outcome_of(checks[code])
                self._outcomes.append(outcome)
                self._end(code, outcome)
                self.write(often=True)
            self._test_advice()
        except KeyboardInterrupt:
            self._skip_the_rest(INTERRUPTED)
            self.write()
            raise
        self.environment["seconds"] = round(time.monotonic() - started, 1)
        self._tell_of_damage()
        record = self.write(complete=True)
        self.progress(Event("done", "the audit is done"))
        return record

    # ---- what is told while it runs ---------------------------------------------------------------------------------

    def _expect(self) -> None:
        """Time a fit and say how long the audit will take."""
        kept = set() if self.folder is None else self.folder.codes()
        waiting = [code for code in self.evidence.plan.checks if code not in kept]
        if self.timer is None:
            return
        for code in kept:
            self.timer.end(code, carried_out=False)
        if set(WITH_HELD_OUT) & set(waiting) and self.evidence.predictions is None:
            with contextlib.suppress(Exception):  # a learner that fails does so again in a check, which says it
                self.timer.measured(self.evidence.whole.timed_fit())
        self.progress(Event("expected", "", seconds_left=self.timer.left()))

    def _begin(self, phase: str, event: Event) -> None:
        if self.timer is not None:
            self.timer.begin(phase)
            event = replace(event, seconds_left=self.timer.left(), share=self.timer.share())
        self.progress(event)

    def _end(self, phase: str, outcome: Outcome) -> None:
        event = Event("check", outcome.title, outcome=outcome)
        if self.timer is not None:
            ran, rules = outcome.status in ("found", "clean"), len(rule_names(outcome))
            self.timer.end(phase, carried_out=ran, rules=rules, seconds=outcome.seconds)
            event = replace(event, seconds_left=self.timer.left(), share=self.timer.share())
        self.progress(event)

    def record(self) -> AuditRecord:
        """What is known so far."""
        outcomes = (*self._outcomes, *self.retired)
        recorded = self._recorded(tuple(_accepted(outcome, self.accepted) for outcome in outcomes))
        titles = self._titles_to_come()
        return replace(recorded, environment=recorded.environment | {TO_COME: titles}) if titles else recorded

    def _titles_to_come(self) -> dict[str, str]:
        """Titles of the checks without an outcome yet: a page that is read meanwhile names them."""
        done, checks = {outcome.code for outcome in self._outcomes}, catalog()
        return {code: checks[code].TITLE for code in self.evidence.plan.checks if code not in done}

    def _recorded(self, outcomes: tuple[Outcome, ...]) -> AuditRecord:
        """What may be written about these outcomes."""
        record = AuditRecord(RECORD_SCHEMA, self.facts, self.plan, dict(self.environment), outcomes)
        return record if self.show_values else without_values(record)

    def write(self, *, often: bool = False, complete: bool = False) -> AuditRecord:
        """Record, report and lists of rows into the run folder.

        Args:    often: only where drawing the report is cheap by now.   complete: nothing more will come.
        """
        record = self.record()
        if self.folder is None:
            return record
        now = time.monotonic()
        if not often or now - self._written > REWRITE_SHARE * self._drawing:
            self.folder.write(record, self.evidence.data, self.evidence.given_rows, complete=complete)
            self._written = time.monotonic()
            self._drawing = self._written - now
        self._tell()
        return record

    def _tell(self) -> None:
        """What was noted about the run folder since the last time."""
        notes = [] if self.folder is None else self.folder.notes
        for note in notes[self._told :]:
            self.progress(Event("note", note))
        self._told = len(notes)

    def _tell_of_damage(self) -> None:
        """What could not be believed in the run folder goes into the record, beside how long the audit took."""
        if self.folder is None:
            return
        damaged = self.evidence.store.damaged
        if damaged:
            self.folder.notes.append(f"{FITS}/: {count_of(damaged, 'stored fit')} could not be used and made again")
        if self.folder.notes:
            self.environment["run_folder"] = list(self.folder.notes)

    # ---- one check --------------------------------------------------------------------------------------------------

    def _outcome_of(self, check: Check) -> Outcome:
        """The outcome of one check: from the run folder where an earlier run left it, else by running it."""
        kept = None if self.folder is None else self.folder.outcome(check.CODE)
        if kept is not None:
            return kept
        started = time.monotonic()
        unweighted = self.evidence.data.weights is not None and check.CODE not in WEIGHTED
        status, reason, result = "clean", UNWEIGHTED if unweighted else "", None
        try:
            lacking = missing_need(check, self.evidence)
            if lacking:
                raise NotApplicable(lacking)
            result = with_rows(self.evidence, check.run(self.evidence))
            status = "found" if result.findings else "clean"
        except NotApplicable as fact:
            status, reason = "not_applicable", str(fact)
        except Exception as fault:  # one broken check must not cost the others; it is reported and fails the audit
            status, reason = "failed", f"{type(fault).__name__}: {fault}"
        seconds = round(time.monotonic() - started, 3)
        outcome = Outcome(check.CODE, check.TITLE, status, reason, seconds)  # type: ignore[arg-type]  # literals above
        outcome = outcome if result is None else replace(outcome, result=result)
        if outcome.status != "failed" and self.folder is not None:
            self.folder.keep(self._recorded((outcome,)).outcomes[0])
        return outcome

    def _test_advice(self) -> None:
        self._begin(ADVICE, Event("advice", "testing every proposed remedy on rows that had no part in it"))
        started = time.monotonic()
        self._outcomes = list(test_advice(self.evidence, tuple(self._outcomes), self.prices))
        self.environment["advice_seconds"] = round(time.monotonic() - started, 1)
        self.environment["fits_made"] = self.evidence.store.made
        self.environment["fits_reused"] = self.evidence.store.reused

    def _skip_the_rest(self, reason: str) -> None:
        done = {outcome.code for outcome in self._outcomes}
        checks = catalog()
        self._outcomes += [
            Outcome(code, checks[code].TITLE, "skipped", reason)
            for code in self.evidence.plan.checks
            if code not in done
        ]


def missing_need(check: Check, evidence: Evidence) -> str:
    """Why a check cannot be run on this data, or ""."""
    return next((reason for need, (met, reason) in MET.items() if need in check.NEEDS and not met(evidence)), "")


def _accepted(outcome: Outcome, accepted: Mapping[str, frozenset[str] | None]) -> Outcome:
    """Findings a person accepted become notes; accepted ids leave the findings that keep others."""
    if outcome.code not in accepted:
        return outcome
    ids = accepted[outcome.code]
    findings = tuple(_accept(finding, ids) for finding in outcome.result.findings)
    exhibits = tuple(of_open_keys(one, findings) for one in outcome.result.exhibits)
    return replace(outcome, result=replace(outcome.result, findings=findings, exhibits=exhibits))


def _accept(finding: Finding, ids: frozenset[str] | None) -> Finding:
    open_keys = () if ids is None else tuple(key for key in finding.keys if str(key) not in ids)
    if not open_keys:
        return replace(finding, severity="note", explanation=f"Accepted. {finding.explanation}", remedies=())
    count = len(finding.keys) - len(open_keys)
    return (
        replace(finding, keys=open_keys, explanation=f"{finding.explanation} {count} accepted rows are left out.")
        if count
        else finding
    )
