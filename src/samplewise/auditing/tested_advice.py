"""The last stage of an audit: every proposed remedy is tested as a rule, and its verdict is attached."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from samplewise.auditing.catalog import catalog
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import FEWEST_OF_A_CLASS, small_classes
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import Finding, Outcome, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, shortened
from samplewise.core.units import LABEL_UNIT, LOWER_ERROR
from samplewise.core.values import with_unit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.refits.remedy_effects import TOLERATED_LOSS, Measured, measure_remedies
from samplewise.report.remedy_order import effect_text

NO_ROOM = "the budget leaves no time"
NO_PAST = "needs three different times"
TESTED = ("relabel", "drop", "reweight", "clean")
NO_RULE = "not a rule to run again"
UNTESTED = {
    "collect": "needs new rows",
    "review": "a person decides",
}


def test_advice(evidence: Evidence, outcomes: tuple[Outcome, ...], prices: Mapping[str, float]) -> tuple[Outcome, ...]:
    """The outcomes with effect, control and verdict on every remedy that is a rule, Holm-corrected over all of them."""
    rules = proposed_rules(evidence, outcomes)
    measured: dict[str, Measured] = {}
    untested = _too_few(evidence) or (NO_ROOM if evidence.tests_rules else NO_PAST)
    if rules and evidence.plan.advice and evidence.tests_rules and not _too_few(evidence):
        try:
            measured = measure_remedies(
                evidence.runner, rules, evidence.folds, metric=evidence.metric, ordered=evidence.ordered,
                saving=_saving(outcomes),
            )  # fmt: skip
        except NotApplicable as fact:
            untested = str(fact)
    advised = _Advised(measured, frozenset(rules), prices, untested)
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
        if found is None:
            planned = f"{code} {remedy.rule}" in self.rules
            why = self.untested if planned else UNTESTED.get(remedy.kind, NO_RULE)
            return replace(remedy, reason=remedy.reason or why)
        return replace(
            remedy,
            effect=found.effect,
            control=found.control,
            verdict=found.verdict,
            reason=self._words(found),
            before=found.before,
            beside=found.beside,
        )

    def _words(self, found: Measured) -> str:
        """The fine print of a measured effect."""
        unit = LABEL_UNIT if found.effect.unit == LOWER_ERROR else found.effect.unit
        all_tested = count_of(len(self.measured), "remedy", "remedies")
        words = (
            f"p = {found.p_value:.2g} after Holm's correction over {all_tested}; "
            f"the rule changed {percent_text(found.share, '.1f')} of the rows it was tested on"
        )
        if found.verdict == "no loss":
            words += (
                f"; a loss of more than {with_unit(TOLERATED_LOSS * found.point, unit)} is ruled out, and leaving out "
                f"as many random rows gives {effect_text(found.control, interval=False)}"
            )
        if found.verdict == "not distinguishable":
            words += f"; an effect of {with_unit(found.detectable, unit)} would have been seen"
        return words


def _rank(remedy: Remedy) -> tuple[int, float]:
    """Remedies that help first, then those without loss, untested ones and the rest; among equals the larger effect."""
    rank = {"helps": 0, "no loss": 1, "": 2, "not distinguishable": 3, "hurts": 4}[remedy.verdict]
    return rank, -(remedy.effect.value if remedy.effect else 0.0)
