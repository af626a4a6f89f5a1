"""Rates are shares from 0 to 1: every argument that is one refuses per cent, NaN, text and None."""

import importlib
import inspect
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from samplewise import curves, generalization, influence, information, labels, quality, selection, shift
from samplewise.core.errors import InputError, require_share, require_shares
from samplewise.core.values import Estimate, Scores
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import fit_design, prepare
from samplewise.influence.valuation.row_effects import RowEffects
from samplewise.shift.bins import cells_of

ROOMS = ("curves", "generalization", "influence", "information", "labels", "quality", "selection", "shift")
RATES = {
    "bias", "chance", "claim", "confidence", "coverage", "error", "keep", "level", "miscoverage", "noise_rate",
    "quantile", "quantiles", "rate", "share", "risk", "shares", "skip_hardest", "step", "target",
    "threshold", "tolerance", "training_value", "trust",
}  # fmt: skip
SIZES = np.array([50, 100, 200, 400])
CONFORMAL = lambda miscoverage: shift.GroupConformal(miscoverage).fit(np.eye(2)[Y], Y)  # noqa: E731
LABEL_FREE = shift.LabelFreeError("cannot be told", *[Estimate("error", np.nan)] * 2, None, (), 0.0, 1.0, SIZES, 1.0)
CURVE = curves.LearningCurve(SIZES, 0.02 + 2 / SIZES[None, :] ** 0.5, np.full(4, 0.004))
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 3))
Y = (X[:, 0] > 0).astype(int)
LOSSES = (DRAW.random(120) < 0.3).astype(float)
SITE = [cells_of("site", np.repeat(["a", "b"], 60))]
IDS = np.arange(120)
SCORES = Scores("hardness", np.arange(120.0), IDS, "share", "harder")


class Later:
    """What some of the calls below need, made when the first of them runs."""

    @cached_property
    def folded(self) -> Any:
        return prepare((X, Y), "linear").whole

    @cached_property
    def game(self) -> Any:
        return influence.open_game((X[:60], Y[:60]), (X[60:], Y[60:]), learner="linear")

    @cached_property
    def halves(self) -> Any:
        return fit_design(self.folded.runner, "halves", self.folded.all_folds, count=4)

    @cached_property
    def effects(self) -> Any:
        benefit = Scores("benefit", -np.arange(1.0, 4.0), np.arange(3), "", "helps", spread=np.ones(3))
        return RowEffects(benefit, Scores("reach", np.ones(3), np.arange(3), "", "matters"))

    @cached_property
    def unique(self) -> Any:
        return information.unique_information((X, Y.astype(float)))

    @cached_property
    def complexity(self) -> Any:
        return generalization.supervision_complexity((X, Y), kernel="linear")


later = Later()
G, C = generalization, curves
# (room, function, argument) -> a call that has nothing wrong with it but this argument, and what 95 or 18 stood for.
CALLS: dict[tuple[str, str, str], Any] = {
    ("curves", "LearningCurve.collection_plan", "error"): lambda bad: CURVE.collection_plan(bad, 1.0),
    ("curves", "LearningCurve.compare", "confidence"): lambda bad: CURVE.compare(CURVE, confidence=bad),
    ("curves", "LearningCurve.forecast", "confidence"): lambda bad: CURVE.forecast([800], confidence=bad),
    ("curves", "LearningCurve.samples_needed", "confidence"): lambda bad: CURVE.samples_needed(0.08, confidence=bad),
    ("curves", "LearningCurve.samples_needed", "error"): lambda bad: CURVE.samples_needed(error=bad),
    ("curves", "LearningCurve.stop_rule", "confidence"): lambda bad: CURVE.stop_rule(0.01, confidence=bad),
    ("curves", "LearningCurve.stop_rule", "tolerance"): lambda bad: CURVE.stop_rule(tolerance=bad),
    ("curves", "collection_plan", "error"): lambda bad: C.collection_plan(CURVE, bad, 1.0),
    ("curves", "compare_curves", "confidence"): lambda bad: C.compare_curves(CURVE, CURVE, confidence=bad),
    ("curves", "forecast", "confidence"): lambda bad: C.forecast(CURVE, [800], confidence=bad),
    ("curves", "next_doubling", "confidence"): lambda bad: C.next_doubling(CURVE, 400, bad),
    ("curves", "samples_needed", "confidence"): lambda bad: C.samples_needed(CURVE, 0.08, bad),
    ("curves", "samples_needed", "error"): lambda bad: C.samples_needed(CURVE, bad),
    ("curves", "stop_rule", "confidence"): lambda bad: C.stop_rule(CURVE, 0.01, confidence=bad),
    ("curves", "stop_rule", "tolerance"): lambda bad: C.stop_rule(CURVE, bad),
    ("generalization", "ReusableHoldout.query", "training_value"): lambda bad: G.reusable_holdout(2).query(
        bad, [0.5, 0.5]
    ),
    ("generalization", "SupervisionComplexity.margin_bound", "confidence"): (
        lambda bad: later.complexity.margin_bound(confidence=bad)
    ),
    ("generalization", "absolute_error", "confidence"): lambda bad: G.absolute_error(X[:, 0], X[:, 1], confidence=bad),
    ("generalization", "beats_baseline", "confidence"): lambda bad: G.beats_baseline(
        LOSSES, 1 - LOSSES, confidence=bad
    ),
    ("generalization", "betting_bound", "confidence"): lambda bad: G.betting_bound(LOSSES, bad),
    ("generalization", "calibration_error", "confidence"): (
        lambda bad: G.calibration_error(np.full((120, 2), 0.5), Y, confidence=bad)
    ),
    ("generalization", "claim_after_evaluations", "confidence"): lambda bad: G.claim_after_evaluations(
        3, 90, 2, confidence=bad
    ),
    ("generalization", "clopper_pearson", "confidence"): lambda bad: G.clopper_pearson(3, 90, bad),
    ("generalization", "clopper_pearson_bound", "confidence"): lambda bad: G.clopper_pearson_bound(3, 90, bad),
    ("generalization", "conformal_threshold", "miscoverage"): lambda bad: G.conformal_threshold(LOSSES, bad),
    ("generalization", "discrimination", "confidence"): lambda bad: G.discrimination(
        X[:, :1], X[:, 1:2], confidence=bad
    ),
    ("generalization", "error_rate", "confidence"): lambda bad: G.error_rate(LOSSES, confidence=bad),
    ("generalization", "explained_variance", "confidence"): (
        lambda bad: G.explained_variance(X[:, 0], X[:, 1], confidence=bad)
    ),
    ("generalization", "formal_counterexample", "bias"): lambda bad: G.formal_counterexample(bias=bad),
    ("generalization", "generalization_gap", "confidence"): (lambda bad: G.generalization_gap((X, Y), confidence=bad)),
    ("generalization", "intrinsic_dimension", "confidence"): lambda bad: dimension(confidence=bad),
    ("generalization", "intrinsic_dimension", "target"): lambda bad: dimension(target=bad),
    ("generalization", "memorization", "share"): lambda bad: G.memorization((X, Y), share=bad),
    ("generalization", "pac_bayes_kl_bound", "confidence"): lambda bad: G.pac_bayes_kl_bound(0.1, 90, 1.0, bad),
    ("generalization", "pac_bayes_kl_bound", "risk"): lambda bad: G.pac_bayes_kl_bound(bad, 90, 1.0),
    ("generalization", "reusable_holdout", "confidence"): lambda bad: G.reusable_holdout(90, confidence=bad),
    ("generalization", "reusable_holdout", "threshold"): lambda bad: G.reusable_holdout(90, threshold=bad),
    ("generalization", "rows_to_claim", "chance"): lambda bad: G.rows_to_claim(0.07, 0.1, chance=bad),
    ("generalization", "rows_to_claim", "claim"): lambda bad: G.rows_to_claim(0.07, bad),
    ("generalization", "rows_to_claim", "confidence"): lambda bad: G.rows_to_claim(0.07, 0.1, confidence=bad),
    ("generalization", "rows_to_claim", "error"): lambda bad: G.rows_to_claim(bad, 0.99),
    ("generalization", "sample_compression_bound", "confidence"): lambda bad: G.sample_compression_bound(3, 90, 2, bad),
    ("influence", "refit_subsets", "share"): lambda bad: influence.refit_subsets(later.game, share=bad),
    ("influence", "removal_curve", "shares"): (
        lambda bad: influence.removal_curve(SCORES.top(60, largest=False), later.game, shares=(0.1, bad))
    ),
    ("information", "UniqueInformation.select", "keep"): lambda bad: later.unique.select(keep=bad),
    ("information", "UniqueInformation.select", "step"): lambda bad: later.unique.select(step=bad),
    ("information", "redundant_rows", "share"): lambda bad: information.redundant_rows((X, Y), share=bad),
    ("information", "removal_cost", "confidence"): (lambda bad: information.removal_cost((X, Y), confidence=bad)),
    ("information", "removal_cost", "shares"): (lambda bad: information.removal_cost((X, Y), shares=(0.1, bad))),
    ("labels", "CoTeaching.__init__", "noise_rate"): lambda bad: labels.CoTeaching(noise_rate=bad),
    ("labels", "bootstrapping", "trust"): lambda bad: labels.bootstrapping(trust=bad),
    ("labels", "budget", "tolerance"): (
        lambda bad: labels.budget(([0, 9], [0.2, 0.1]), ([9, 20], [0.2, 0.1]), (1, 1), tolerance=bad)
    ),
    ("quality", "ColumnSkill.estimate", "confidence"): (
        lambda bad: quality.column_skill((X, Y)).estimate("x0", confidence=bad)
    ),
    ("quality", "Overlap.advantage", "confidence"): (
        lambda bad: quality.find_test_overlap(X[:90], test=X[80:]).advantage(X[80:, 0], confidence=bad)
    ),
    ("quality", "find_test_overlap", "confidence"): (
        lambda bad: quality.find_test_overlap(X[:90], test=X[80:], confidence=bad)
    ),
    ("quality", "missing_values", "confidence"): lambda bad: quality.missing_values(X, confidence=bad),
    ("selection", "prune", "keep"): lambda bad: selection.prune(SCORES, bad),
    ("selection", "prune", "skip_hardest"): lambda bad: selection.prune(SCORES, 0.05, skip_hardest=bad),
    ("shift", "LabelFreeError.tipping", "tolerance"): LABEL_FREE.tipping,
    ("shift", "label_free_error", "confidence"): lambda bad: shift.label_free_error(
        (X, np.eye(2)[Y], Y), X, np.eye(2)[Y], confidence=bad
    ),
    ("shift", "certify_error", "confidence"): (
        lambda bad: shift.certify_error(
            shift.plan_labels((np.eye(2)[Y], Y), np.eye(2)[Y], n_labels=5), Y[:5], confidence=bad
        )
    ),
    ("shift", "segments_of_losses", "confidence"): (
        lambda bad: shift.segments_of_losses(Dataset(X, Y), LOSSES, "", confidence=bad)
    ),
    ("shift", "GroupConformal.__init__", "miscoverage"): CONFORMAL,
    ("shift", "GroupConformal.report", "confidence"): lambda bad: CONFORMAL(0.1).report(bad),
    ("shift", "find_slices", "confidence"): lambda x: shift.find_slices(X, Y, probabilities=np.eye(2)[Y], confidence=x),
    ("shift", "worst_segments", "confidence"): lambda bad: shift.worst_segments((X, Y), confidence=bad),
}
WITHOUT = {  # None means something of its own there
    ("generalization", "formal_counterexample", "bias"), ("generalization", "reusable_holdout", "threshold"),
}  # fmt: skip
NO_RATES = {  # named like a rate, or with a default between 0 and 1, and none
    ("shift", "explain_shift", "target"): "rows",
    **{
        ("selection", name, "target"): "rows that those selected are to be like"
        for name in (
            "DomainMixer.fit",
            "ImportanceResampler.fit",
            "ImportanceWeights.divergence_reduction",
            "ImportanceWeights.log_weights_of",
            "ImportanceWeights.tempering",
        )
    },
    ("selection", "ImportanceWeights.sample", "shares"): "of targets, which are normalized",
    ("curves", "MixtureForecast.step", "rate"): "a step size",
    ("generalization", "supervision_complexity", "ridge"): "times the mean eigenvalue, without an upper end",
    ("generalization", "supervision_complexities", "ridge"): "as supervision_complexity",
    ("influence", "FittedAttributor.attribute", "target"): "which output",
    ("influence", "FittedAttributor.effect_of_removing", "target"): "which output",
    ("influence", "data_shapley", "tolerance"): "points of the metric",
    ("influence", "training_smoothness", "target"): "which output",
    ("influence", "unrolled_attribution", "target"): "which output",
    ("shift", "error_change", "target"): "rows of the other place",
    ("information", "unusual_information", "threshold"): "times a median",
    ("labels", "EarlyLearningRegularization.__init__", "momentum"): "a weight of the running average",
    ("labels", "NoiseRobustClassifier.__init__", "rate"): "a learning rate",
    ("shift", "GroupDRO.__init__", "rate"): "a rate of the weights of groups",
    ("shift", "GroupRobustClassifier.__init__", "rate"): "a learning rate",
    ("labels", "generalized_cross_entropy", "q"): "an exponent",
    ("labels", "label_noise_entropy", "shares"): "of classes, or None",
    ("quality", "find_duplicates", "tolerance"): "in the label's unit",
}


def dimension(**options: Any) -> Any:
    """A call of `intrinsic_dimension` that refuses before it trains."""
    torch = pytest.importorskip("torch")
    return generalization.intrinsic_dimension((X, Y), learner=torch.nn.Linear(3, 2), grid=[1], **options)


def functions(room: str) -> list[tuple[str, Any]]:
    """Public functions of a room, and those of its classes; makers of results are not called by users."""
    module = importlib.import_module(f"samplewise.{room}")
    found: list[tuple[str, Any]] = []
    for name in sorted(name for name in dir(module) if not name.startswith("_")):
        thing = getattr(module, name)
        if inspect.isfunction(thing):
            found.append((name, thing))
        elif inspect.isclass(thing):
            own = {key: value for key, value in vars(thing).items() if inspect.isfunction(value)}
            found += [(f"{name}.{key}", value) for key, value in own.items() if not key.startswith("_")]
            if "__init__" in own and not is_dataclass(thing):
                found.append((f"{name}.__init__", own["__init__"]))
    return found


def looks_like_a_rate(name: str, default: Any) -> bool:
    numbers = default if isinstance(default, tuple) and default else (default,)
    return name in RATES or all(isinstance(number, float) and 0 < number < 1 for number in numbers)


def test_every_argument_that_looks_like_a_rate_is_listed():
    listed = {
        (room, name, argument)
        for room in ROOMS
        for name, function in functions(room)
        for argument, parameter in inspect.signature(function).parameters.items()
        if looks_like_a_rate(argument, parameter.default)
    }
    assert listed - set(CALLS) - set(NO_RATES) == set(), "list them above, and check them with require_share"
    assert (set(CALLS) | set(NO_RATES)) - listed == set(), "these are no arguments any more"


@pytest.mark.parametrize("place", sorted(CALLS), ids=".".join)
def test_per_cent_is_refused_with_the_share_that_was_meant(place):
    call, argument = CALLS[place], place[2]
    per_cent = 18 if argument in ("bias", "error", "claim", "risk", "tolerance", "threshold", "training_value") else 95
    with pytest.raises(InputError) as refused:
        call(per_cent)
    assert f"did you mean {per_cent / 100:g}?" in refused.value.fix
    assert refused.value.where == argument
    assert f"{argument}={per_cent}" in refused.value.got


@pytest.mark.parametrize("bad", [np.nan, "0.9", None, -0.1, True, 1800], ids=str)
@pytest.mark.parametrize("place", sorted(CALLS), ids=".".join)
def test_what_is_no_share_is_refused(place, bad):
    if bad is None and place in WITHOUT:
        return
    with pytest.raises(InputError) as refused:
        CALLS[place](bad)
    assert refused.value.where.partition("[")[0] == place[2]  # of a list, the entry
    assert "did you mean" not in refused.value.fix


def test_a_share_is_a_number_between_its_ends():
    assert require_share(np.float32(0.5), "keep") == 0.5
    assert require_share(0, "skip_hardest", low_open=False) == 0.0
    assert require_share(1, "keep", high_open=False) == 1.0
    for bad in (0, 1):
        with pytest.raises(InputError, match="above 0 and below 1"):
            require_share(bad, "keep")
    with pytest.raises(InputError) as refused:
        require_share(18, "coverage", least=0.5)
    assert "did you mean" not in refused.value.fix  # .18 would be refused as well
    with pytest.raises(InputError, match="at least one share"):
        require_shares([], "shares")
    for bad in ("0.5", 0.5, None):
        with pytest.raises(InputError, match="shares"):
            require_shares(bad, "shares")


def test_the_same_question_has_one_answer_in_one_unit():
    wrong = np.repeat([1.0, 0.0], [20, 100])
    rates = (
        generalization.error_rate(wrong), generalization.clopper_pearson(20, 120),
        generalization.clopper_pearson_bound(20, 120), generalization.betting_bound(wrong),
        generalization.claim_after_evaluations(20, 120, 3).seen, generalization.sample_compression_bound(20, 120, 0),
    )  # fmt: skip
    assert {round(rate.value, 12) for rate in rates} == {round(20 / 120, 12)}
    assert all(0 <= rate.low <= rate.value <= rate.high <= 1 for rate in rates)
