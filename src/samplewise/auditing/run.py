"""Carries out the plan: every check ends in one outcome, everything is written as it ends, and a killed run goes on."""

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from samplewise.auditing.catalog import Check, catalog
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.progress import Event, Progress
from samplewise.auditing.redaction import without_values
from samplewise.auditing.run_folder import cannot_write, write_findings, write_text
from samplewise.auditing.tested_advice import test_advice
from samplewise.core.arrays import fingerprint
from samplewise.core.codec import RECORD_FILE, outcome_from_dict, outcome_to_dict, save_record, to_text
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, Finding, Outcome
from samplewise.report import to_html

REPORT_FILE = "report.html"
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
    """

    evidence: Evidence
    facts: dict[str, Any]
    plan: dict[str, Any]
    environment: dict[str, Any]
    folder: Path | None = None
    accepted: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    progress: Progress = lambda event: None
    show_values: bool = True
    _outcomes: list[Outcome] = field(default_factory=list)
    _written: float = 0.0
    _drawing: float = 0.0

    def carry_out(self) -> AuditRecord:
        """Run every check, then test the advice; an interrupt leaves a valid report and goes on to the caller."""
        checks = catalog()
        started = time.monotonic()
        self.write(final=True)
        try:
            for code in self.evidence.plan.checks:
                outcome = self._outcome_of(checks[code])
                self._outcomes.append(outcome)
                self.progress(Event("check", outcome.title, outcome=outcome))
                self.write()
            self._test_advice()
        except KeyboardInterrupt:
            self._skip_the_rest("the audit was interrupted")
            self.write(final=True)
            raise
        self.environment["seconds"] = round(time.monotonic() - started, 1)
        record = self.write(final=True)
        self.progress(Event("done", "the audit is done"))
        return record

    def record(self) -> AuditRecord:
        """What is known so far."""
        return self._recorded(tuple(_accepted(outcome, self.accepted) for outcome in self._outcomes))

    def _recorded(self, outcomes: tuple[Outcome, ...]) -> AuditRecord:
        """What may be written about these outcomes."""
        record = AuditRecord(RECORD_SCHEMA, self.facts, self.plan, self.environment, outcomes)
        return record if self.show_values else without_values(record)

    def write(self, *, final: bool = False) -> AuditRecord:
        """Record, report and lists of rows into the run folder; the report only as often as drawing it is cheap."""
        record = self.record()
        if self.folder is None:
            return record
        now = time.monotonic()
        if final or now - self._written > REWRITE_SHARE * self._drawing:
            self._save(record, self.folder)
            write_text(self.folder / REPORT_FILE, to_html(record))
            write_findings(record, self.evidence.data, self.folder)
            self._written = time.monotonic()
            self._drawing = self._written - now
        return record

    def _save(self, record: AuditRecord, folder: Path) -> None:
        try:
            save_record(record, folder)
        except OSError as fault:
            raise cannot_write(folder / RECORD_FILE, fault) from None

    # ---- one check --------------------------------------------------------------------------------------------------

    def _outcome_of(self, check: Check) -> Outcome:
        """The outcome of one check: from the run folder where an earlier run left it, else by running it."""
        kept = self._kept(check.CODE)
        if kept is not None:
            return kept
        started = time.monotonic()
        unweighted = self.evidence.data.weights is not None and check.CODE not in WEIGHTED
        status, reason, result = "clean", UNWEIGHTED if unweighted else "", None
        try:
            lacking = missing_need(check, self.evidence)
            if lacking:
                raise NotApplicable(lacking)
            result = check.run(self.evidence)
            status = "found" if result.findings else "clean"
        except NotApplicable as fact:
            status, reason = "not_applicable", str(fact)
        except Exception as fault:  # one broken check must not cost the others; it is reported and fails the audit
            status, reason = "failed", f"{type(fault).__name__}: {fault}"
        seconds = round(time.monotonic() - started, 3)
        outcome = Outcome(check.CODE, check.TITLE, status, reason, seconds)  # type: ignore[arg-type]  # literals above
        outcome = outcome if result is None else replace(outcome, result=result)
        if outcome.status != "failed":
            self._keep(outcome)
        return outcome

    def _test_advice(self) -> None:
        self.progress(Event("advice", "testing every proposed remedy on rows that had no part in it"))
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

    # ---- resume -----------------------------------------------------------------------------------------------------

    def _kept(self, code: str) -> Outcome | None:
        file = self._outcome_file(code)
        if file is None:
            return None
        with contextlib.suppress(OSError, ValueError, KeyError):
            return outcome_from_dict(json.loads(file.read_text("utf-8")))
        return None

    def _keep(self, outcome: Outcome) -> None:
        file = self._outcome_file(outcome.code)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, to_text(outcome_to_dict(self._recorded((outcome,)).outcomes[0])))

    def _outcome_file(self, code: str) -> Path | None:
        """Named by everything the outcome depends on, so that another seed or plan never reads it."""
        if self.folder is None:
            return None
        name = fingerprint(
            code,
            RECORD_SCHEMA,  # what an older layout kept is in other units
            self.facts["fingerprint"],
            self.plan,
            self.environment["samplewise"],
            self.facts["test"],
            self.facts["supplied"],
            self.facts["task"],
            self.facts["classes"],
            self.show_values,
        )
        return self.folder / "outcomes" / f"{code}-{name[:16]}.json"


def missing_need(check: Check, evidence: Evidence) -> str:
    """Why a check cannot be run on this data, or ""."""
    return next((reason for need, (met, reason) in MET.items() if need in check.NEEDS and not met(evidence)), "")


def _accepted(outcome: Outcome, accepted: Mapping[str, frozenset[str] | None]) -> Outcome:
    """Findings a person accepted become notes; accepted ids leave the findings that keep others."""
    if outcome.code not in accepted:
        return outcome
    ids = accepted[outcome.code]
    findings = tuple(_accept(finding, ids) for finding in outcome.result.findings)
    return replace(outcome, result=replace(outcome.result, findings=findings))


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
