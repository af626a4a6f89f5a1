"""Remedies get what was measured of them, or the reason why nothing was."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from samplewise.auditing import tested_advice
from samplewise.auditing.checks import sw201_disputed_labels
from samplewise.core.findings import CheckResult, Finding, Outcome, Remedy


@pytest.fixture
def flipped(evidence_of):
    draw = np.random.default_rng(0)
    y = np.arange(200) % 2
    X = draw.normal(size=(200, 2)) + 4.0 * y[:, None]
    wrong = draw.random(200) < 0.15  # which a nearest neighbor repeats
    return evidence_of(X, np.where(wrong, 1 - y, y), learner=KNeighborsClassifier(1), checks=("SW201",))


def proposal(*remedies):
    finding = Finding("SW201", "labels", "warning", (1, 2), "why", remedies)
    return (Outcome("SW201", "labels", "found", result=CheckResult((finding,))),)


def test_rules_are_those_of_the_check_that_proposed_them(flipped):
    outcomes = proposal(Remedy("relabel", (1,)), Remedy("review", (1,)))
    rules = tested_advice.proposed_rules(flipped, outcomes)
    assert list(rules) == ["SW201 relabel"]
    assert rules["SW201 relabel"](flipped.whole).kind == "relabel"
    assert tested_advice.proposed_rules(flipped, proposal(Remedy("collect", (1,)))) == {}


def test_every_remedy_ends_with_an_effect_or_a_reason(flipped):
    result = sw201_disputed_labels.run(flipped)
    outcomes = (Outcome("SW201", "labels", "found", result=result),)
    (advised,) = tested_advice.test_advice(flipped, outcomes, {"relabel": 0.5})
    remedies = advised.result.findings[0].remedies
    by_kind = {remedy.kind: remedy for remedy in remedies}
    assert by_kind["relabel"].verdict == "helps"
    assert by_kind["relabel"].effect.low > 0
    assert by_kind["relabel"].control.value < by_kind["relabel"].effect.value
    assert "Holm" in by_kind["relabel"].reason
    assert by_kind["relabel"].cost == pytest.approx(0.5 * len(by_kind["relabel"].keys))
    assert by_kind["review"].effect is None
    assert "people look first" in by_kind["review"].reason
    assert remedies[0].verdict == "helps"  # the best first
    assert remedies[0].effect.value == max(r.effect.value for r in remedies if r.verdict == "helps")


def test_a_plan_without_room_tests_nothing(flipped):
    flipped = replace(flipped, plan=replace(flipped.plan, advice=False))
    (advised,) = tested_advice.test_advice(
        flipped, proposal(Remedy("relabel", (1,)), Remedy("drop", (1,), reason="own")), {}
    )
    relabel, drop = sorted(advised.result.findings[0].remedies, key=lambda remedy: remedy.kind, reverse=True)
    assert (relabel.reason, relabel.verdict, relabel.cost) == (tested_advice.NO_ROOM, "", None)
    assert drop.reason == "own"


def test_a_remedy_whose_aim_is_fewer_rows_is_never_said_to_help(flipped):
    wrong = proposal(Remedy("drop", (1,)))
    fewer = proposal(Remedy("drop", (1,), saves_rows=True))
    (mended,), (saved,) = (tested_advice.test_advice(flipped, outcomes, {}) for outcomes in (wrong, fewer))
    assert mended.result.findings[0].remedies[0].verdict == "helps"
    remedy = saved.result.findings[0].remedies[0]
    assert remedy.verdict == "no loss"
    assert "a loss of more than 0.5 points of accuracy is ruled out" in remedy.reason
    assert "the same change of random rows" in remedy.reason


def test_a_handful_of_rows_of_a_class_measures_no_remedy_by_a_metric_that_compares_classes(evidence_of):
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(200, 2)), np.where(np.arange(200) < 5, "ill", "well")
    evidence = evidence_of(X, y, checks=("SW201",))
    assert evidence.metric.name == "auc"
    (advised,) = tested_advice.test_advice(evidence, proposal(Remedy("drop", (1,))), {})
    remedy = advised.result.findings[0].remedies[0]
    assert (remedy.verdict, remedy.effect) == ("", None)
    assert remedy.reason == (
        "too few rows to measure area under the ROC curve: each class needs at least 10, here ill (5 rows)"
    )
    assert tested_advice._too_few(evidence_of(X, y, metric="accuracy", checks=("SW201",))) == ""


def test_where_nearly_half_of_the_labels_are_wrong_every_remedy_has_an_effect_or_a_reason_and_none_is_corrected(
    evidence_of,
):
    draw = np.random.default_rng(1)
    y = np.arange(200) % 2
    X = draw.normal(size=(200, 2)) + 4.0 * y[:, None]
    evidence = evidence_of(
        X, np.where(draw.random(200) < 0.45, 1 - y, y), learner=KNeighborsClassifier(5), checks=("SW201",)
    )
    (advised,) = tested_advice.test_advice(evidence, proposal(Remedy("relabel", (1,)), Remedy("drop", (1,))), {})
    for remedy in advised.result.findings[0].remedies:
        assert remedy.verdict or remedy.reason
        assert remedy.corrected is None
        assert remedy.effect is None or np.isfinite(remedy.effect.value)
