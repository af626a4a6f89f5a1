"""The last stage of an audit: every proposed remedy is tested as a rule, and its verdict is attached."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from samplewise.auditing.catalog import catalog
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import FEWEST_OF_A_CLASS, evaluates_on_test_rows, small_classes
from samplewise.core.arrays import Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import Finding, Outcome, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, shortened
from samplewise.core.units import LABEL_UNIT, LOWER_ERROR
from samplewise.core.values import Estimate, with_unit
from samplewise.engine.models.metrics import Contributions
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.refits.remedy_effects import Measured, MeasurePlan, measure_remedies
from samplewise.engine.refits.runner import FitRunner
from samplewise.labels.noise_correction import true_label_scores
from samplewise.report.remedy_order import effect_text

NO_ROOM = "the budget leaves no time"
NO_PAST = "needs three different times"
TESTED = ("relabel", "drop", "reweight", "clean")
NO_RULE = "not a rule to run again"
UNTESTED = {
    "collect": "needs new rows",
    "review": "people look first",
}


def test_advice(evidence: Evidence, outcomes: tuple[Outcome, ...], prices: Mapping[str, float]) -> tuple[Outcome, ...]:
    """The outcomes with effect, control and verdict on every remedy that is a rule, Holm-corrected over all of them."""
    rules = proposed_rules(evidence, outcomes)
    measured: dict[str, Measured] = {}
    plan = MeasurePlan(evidence.plan.looks, evidence.plan.refits, all_rows=evidence.plan.all_rows)
    untested = _too_few(evidence) or (NO_ROOM if evidence.tests_rules else NO_PAST)
    if rules and evidence.plan.advice and evidence.tests_rules and not _too_few(evidence):
        try:
            runner, folds = _evaluated_on(evidence)
            measured = measure_remedies(
                runner, rules, folds, metric=evidence.metric,
                plan=plan, ordered=evidence.ordered, saving=_saving(outcomes), corrected=_corrected(evidence),
            )  # fmt: skip
        except NotApplicable as fact:
            untested = str(fact)
    advised = _Advised(measured, frozenset(rules), prices, untested, plan.margin)
    return tuple(advised.outcome(outcome) for outcome in outcomes)


def _too_few(evidence: Evidence) -> str:
    """Why a metric in which classes weigh the same cannot be measured: a class of a handful of rows decides it."""
    small = small_classes(evidence.target.codes, evidence.target.classes)
    if evidence.metric.weighted or not small:
        return ""
    named = ", ".join(f"{shortened(name, 40)} ({count_of(count, 'row')})" for name, count in small[:3])
    return (
        f"too few rows to measure {evidence.metric.title}: each class needs at least {FEWEST_OF_A_CLASS}, here {named}"
    )


def _evaluated_on(evidence: Evidence) -> tuple[FitRunner, list[Ints]]:
    """Who makes the fits and the folds of every repeat; test rows with labels are evaluated in place of held-out ones.

    A handful of test rows would see nothing; their labels must be of known classes, and the fits must be able to
    predict them.
    """
    test, codes = evidence.test, evidence.test_codes
    if test is None or codes is None or not evaluates_on_test_rows(evidence):
        return evidence.runner, evidence.folds
    prepared = replace(evidence.prepared, test=test)
    return prepared.runner, [np.r_[folds, np.full(len(codes), -1, dtype=folds.dtype)] for folds in evidence.folds]


def _corrected(evidence: Evidence) -> tuple[Contributions, ...]:
    """How rows would score on true labels, where the audit knows how labels are wrong."""
    if "SW201" not in evidence.plan.checks or evidence.predictions is not None:
        return ()
    try:
        return true_label_scores(evidence.label_posterior, evidence.label_judgment, evidence.metric)
    except NotApplicable:
        return ()


def _saving(outcomes: tuple[Outcome, ...]) -> frozenset[str]:
    """The remedies whose aim is fewer rows, by "code rule"."""
    return frozenset(
        f"{outcome.code} {remedy.rule}"
        for outcome in outcomes
        for finding in outcome.result.findings
        for remedy in finding.remedies
        if remedy.saves_rows
    )


def proposed_rules(evidence: Evidence, outcomes: tuple[Outcome, ...]) -> dict[str, RemedyRule]:
    """The rules behind the remedies that were proposed, by "code rule"."""
    checks = catalog()
    rules: dict[str, RemedyRule] = {}
    for outcome in outcomes:
        names = {
            remedy.rule
            for finding in outcome.result.findings
            for remedy in finding.remedies
            if remedy.kind in TESTED and not remedy.reason  # else the check says why it is not tested
        }
        if not names:
            continue
        try:
            offered = checks[outcome.code].rules(evidence)
        except NotApplicable:
            continue
        rules |= {f"{outcome.code} {name}": offered[name] for name in sorted(names) if name in offered}
    return rules


@dataclass(frozen=True, slots=True)
class _Advised:
    """Attaches what was measured, or the reason why nothing was, to every remedy."""

    measured: Mapping[str, Measured]
    rules: frozenset[str]
    prices: Mapping[str, float]
    untested: str  # why a rule that was planned could not be tested
    margin: float  # points; a smaller difference is not worth acting on

    def outcome(self, outcome: Outcome) -> Outcome:
        """The outcome with advised remedies, the best of each finding first."""
        findings = tuple(self._finding(outcome.code, finding) for finding in outcome.result.findings)
        return replace(outcome, result=replace(outcome.result, findings=findings))

    def _finding(self, code: str, finding: Finding) -> Finding:
        remedies = [self._remedy(code, finding, remedy) for remedy in finding.remedies]
        return replace(finding, remedies=tuple(sorted(remedies, key=_rank)))

    def _remedy(self, code: str, finding: Finding, remedy: Remedy) -> Remedy:
        price = self.prices.get(remedy.kind)
        remedy = replace(remedy, cost=None if price is None else price * len(remedy.keys or finding.keys))
        found = self.measured.get(f"{code} {remedy.rule}")
        if found is not None and math.isnan(found.effect.value):
            return replace(remedy, reason=found.reason)
        if found is None:
            planned = f"{code} {remedy.rule}" in self.rules
            why = self.untested if planned else UNTESTED.get(remedy.kind, NO_RULE)
            return replace(remedy, reason=remedy.reason or why)
        return replace(
            remedy, effect=found.effect, control=found.control, verdict=found.verdict, one_refit=found.one_refit,
            corrected=None if math.isnan(found.corrected.value) else found.corrected, reason=self._words(found),
            before=found.before, beside=found.beside,
        )  # fmt: skip

    def _words(self, found: Measured) -> str:
        """The fine print of a measured effect: why it is called so, what one refit may show, and what was spent."""
        unit = LABEL_UNIT if found.effect.unit == LOWER_ERROR else found.effect.unit
        margin = with_unit(self.margin * found.point, unit)
        all_tested = count_of(len(self.measured), "remedy", "remedies")
        why = {
            "no loss": f"a loss of more than {margin} is ruled out",
            "no difference": f"within {margin} of no change, which is not worth acting on",
            "not decided": found.reason,
        }.get(found.verdict, f"p = {found.p_value:.2g} after Holm's correction over {all_tested}")
        lands = [
            effect_text(_at(found.one_refit, end), interval=False)
            for end in (found.one_refit.low, found.one_refit.high)
        ]
        spent = f"{count_of(found.repeats, 'repeat')}, {found.fits:,} fits"
        return "; ".join(part for part in [
            why, "" if math.isnan(found.corrected.value) else f"on true labels about {effect_text(found.corrected)}",
            "" if math.isnan(found.all_rows.value) else f"with all rows about {effect_text(found.all_rows)}",
            f"the same change of random rows: {effect_text(found.control, interval=False)}",
            f"one refit on all rows may land between {lands[0]} and {lands[1]}",
            f"the rule changed {percent_text(found.share, '.1f')} of the rows it was tested on ({spent})",
        ] if part)  # fmt: skip


def _at(estimate: Estimate, value: float) -> Estimate:
    """The same kind of number with another value."""
    return replace(estimate, value=value, low=math.nan, high=math.nan)


def _rank(remedy: Remedy) -> tuple[int, float]:
    """Remedies that help first, then those without loss, untested ones and the rest; among equals the larger effect."""
    rank = {"helps": 0, "no loss": 1, "": 2, "not decided": 3, "no difference": 4, "hurts": 5}[remedy.verdict]
    return rank, -(remedy.effect.value if remedy.effect else 0.0)
