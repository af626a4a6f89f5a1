"""The last stage of an audit: every proposed remedy is tested as a rule, and the word for it is attached."""

from collections.abc import Mapping
from dataclasses import replace

from samplewise.auditing.catalogue import catalogue
from samplewise.auditing.evidence import Evidence
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import Finding, Outcome, Remedy
from samplewise.engine.refits.advice import Measured, measure_remedies
from samplewise.engine.refits.parts import Rule

TESTED = ("relabel", "drop", "reweight")
UNTESTED = {
    "collect": "a forecast from the learning curve: nothing can be tested on rows that are not there yet",
    "review": "a person decides row by row; nothing to test before they did",
}


def test_advice(evidence: Evidence, outcomes: tuple[Outcome, ...], prices: Mapping[str, float]) -> tuple[Outcome, ...]:
    """The outcomes with effect, control and verdict on every remedy that is a rule, Holm-corrected over all of them."""
    rules = proposed_rules(evidence, outcomes)
    measured: dict[str, Measured] = {}
    if rules and evidence.plan.advice:
        measured = measure_remedies(
            evidence.runner, rules, evidence.folds, metric=evidence.metric, ordered=evidence.ordered
        )
    return tuple(_with_advice(outcome, measured, rules, prices) for outcome in outcomes)


def proposed_rules(evidence: Evidence, outcomes: tuple[Outcome, ...]) -> dict[str, Rule]:
    """The rules behind the remedies that were proposed, by "code kind"."""
    checks = catalogue()
    rules: dict[str, Rule] = {}
    for outcome in outcomes:
        kinds = {
            remedy.kind for finding in outcome.result.findings for remedy in finding.remedies if remedy.kind in TESTED
        }
        if not kinds:
            continue
        try:
            offered = checks[outcome.code].rules(evidence)
        except NotApplicable:
            continue
        rules |= {f"{outcome.code} {kind}": offered[kind] for kind in sorted(kinds) if kind in offered}
    return rules


def _with_advice(
    outcome: Outcome, measured: Mapping[str, Measured], rules: Mapping[str, Rule], prices: Mapping[str, float]
) -> Outcome:
    findings = tuple(
        replace(finding, remedies=_best_first(tuple(_tested(outcome.code, finding, remedy, measured, rules, prices) for remedy in finding.remedies)))
        for finding in outcome.result.findings
    )  # fmt: skip
    return replace(outcome, result=replace(outcome.result, findings=findings))


def _tested(
    code: str, finding: Finding, remedy: Remedy, measured: Mapping[str, Measured], rules: Mapping[str, Rule],
    prices: Mapping[str, float],
) -> Remedy:  # fmt: skip
    """One remedy with what was measured, or with the reason why nothing was."""
    price = prices.get(remedy.kind)
    remedy = replace(remedy, cost=None if price is None else price * len(remedy.keys or finding.keys))
    name = f"{code} {remedy.kind}"
    if name not in measured:
        unmeasured = (
            "the plan has no room for testing advice"
            if name in rules
            else UNTESTED.get(remedy.kind, "this remedy is not a rule that can be run again")
        )
        return replace(remedy, reason=remedy.reason or unmeasured)
    found = measured[name]
    words = f"p = {found.p_value:.2g} after Holm's correction over {len(measured)} remedies; the rule changed {100 * found.share:.1f} % of the rows it was tested on"
    if found.verdict == "not distinguishable":
        words += f"; an effect of {found.detectable:.2g} {found.effect.unit} would have been seen"
    return replace(remedy, effect=found.effect, control=found.control, verdict=found.verdict, reason=words)


def _best_first(remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """Remedies that help before untested ones, those before the rest; among those that help, the larger effect first."""
    worth = {"helps": 0, "": 1, "not distinguishable": 2, "hurts": 3}
    return tuple(
        sorted(remedies, key=lambda remedy: (worth[remedy.verdict], -(remedy.effect.value if remedy.effect else 0.0)))
    )
