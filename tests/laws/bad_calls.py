"""One good call of every public function, method and constructor, and what each kind of argument must refuse.

`GOOD` holds the arguments of a call that works, by name; every other argument is left at its default. The law replaces
one argument at a time by every bad value of its kind (`values_of`). A new public function joins by its line in `GOOD`,
a new class by one for its constructor, or a reason in `NOT_CALLED`, and by one for each method that takes arguments,
which are called on what `MADE` makes of the class.
"""

from functools import cache
from importlib import import_module, util
from inspect import getattr_static, signature
from pathlib import Path

import numpy as np
import pandas as pd

import samplewise
from samplewise import curves, generalization, influence, information, labels, models, quality, selection, shift
from samplewise.core.findings import Decision
from samplewise.core.values import Attribution, Scores
from samplewise.curves import CurvePoints, LearningCurve
from samplewise.curves.meta import shipped_meta
from samplewise.data import Dataset

spec = util.spec_from_file_location("doors", Path(__file__).with_name("doors.py"))
doors = util.module_from_spec(spec)
spec.loader.exec_module(doors)

COUNT = 60
Y = np.arange(COUNT) % 2
X = np.round(np.random.default_rng(0).normal(size=(COUNT, 3)) + 2.0 * Y[:, None], 3)
ROWS, TRAIN, TEST = (X, Y), (X[:40], Y[:40]), (X[40:], Y[40:])
NAN, INF = float("nan"), float("inf")
HUGE = 10**40


def function_of(name):
    """`audit`, `room.function`, `room.Class` or `room.Class.method`: of a method, that of an object of the class."""
    *room, function = name.split(".")
    of_class = room.pop() if room and room[-1][0].isupper() else None
    home = import_module(".".join(["samplewise", *room]))
    if of_class is None:
        return CALLED_AS.get(name) or getattr(home, function)
    kind = getattr(home, of_class)
    made = MADE.get(name.rpartition(".")[0])
    return getattr(
        kind if made is None or isinstance(getattr_static(kind, function), classmethod) else made(), function
    )


def classifier(**settings):
    """A noise-robust classifier is checked when it is fitted, as scikit-learn has it."""
    return labels.NoiseRobustClassifier(**settings).fit(X, Y)


classifier.__signature__ = signature(labels.NoiseRobustClassifier)


def robust(**settings):
    """The same of a classifier for groups."""
    return shift.GroupRobustClassifier(**settings).fit(X, Y)


robust.__signature__ = signature(shift.GroupRobustClassifier)


def attributed(**settings):
    """What is given of a model is checked where its gradients are taken."""
    return influence.Attributor(**settings).fit(X, Y)


def linearized(**settings):
    """The same of a linearized network."""
    network = information.LinearizedNetwork(**settings)
    return information.unique_information(X, Y, module=network, training=information.GradientDescent(20, 0.01))


def conformal(**settings):
    """Options of sets are checked where they are calibrated."""
    return shift.GroupConformal(**settings).fit(probabilities(), Y)


conformal.__signature__ = signature(shift.GroupConformal)
attributed.__signature__ = signature(influence.Attributor)
linearized.__signature__ = signature(information.LinearizedNetwork)
CALLED_AS = {
    "labels.NoiseRobustClassifier": classifier, "influence.Attributor": attributed,
    "information.LinearizedNetwork": linearized, "shift.GroupConformal": conformal,
    "shift.GroupRobustClassifier": robust,
}  # fmt: skip
TEXTS = [f"row {number % 7} of {number % 3}" for number in range(40)]
NOT_TRIED = {  # (call, argument): why no value of it is bad
    ("Dataset", "conversions"): "filled by the readers",
    ("Dataset", "label_names"): "filled by the readers",
    ("selection.Decision", "id"): "rows have names of any kind; `apply` compares them",
    ("selection.Decision", "by"): "for messages",
    ("selection.Decision", "line"): "for messages",
}


def probabilities():
    return np.c_[np.linspace(0.9, 0.1, COUNT), np.linspace(0.1, 0.9, COUNT)]


def numbers():
    return np.linspace(0.0, 1.0, COUNT)


@cache
def curve():
    sizes = np.array([25, 50, 100, 200, 400, 800])
    return LearningCurve(sizes, 0.02 + 2.0 * sizes[None, :] ** -0.6, np.full(6, 0.003))


@cache
def game():
    return influence.open_game(TRAIN, TEST, learner="linear")


@cache
def attribution():
    values = np.random.default_rng(0).normal(size=(len(game().query_ids), len(game().keys)))
    return Attribution(values, game().query_ids, game().keys, "log-odds")


@cache
def scores():
    return Scores("score", numbers(), np.arange(COUNT), "unit", "more")


@cache
def subsets():
    return influence.refit_subsets(game(), n_subsets=6, n_seeds=1)


@cache
def run_folder():
    from tempfile import mkdtemp

    folder = Path(mkdtemp(prefix="samplewise-law-")) / "run"
    samplewise.audit(X, Y, checks="SW105", run_dir=folder)
    return folder


@cache
def linear():
    return doors.linear(samplewise.Dataset(*ROWS))


def torch_module():
    return doors.torch_module(samplewise.Dataset(*ROWS))


def runs():
    """Losses and selectors of four pairs of halves."""
    draw = np.random.default_rng(0)
    picked = draw.integers(0, 2, (4, 30))
    return {
        "selectors": np.vstack([picked, 1 - picked]), "codes": draw.integers(0, 2, (8, 30, 2)),
        "losses": draw.random((8, 30, 2)),
    }  # fmt: skip


def tensors():
    import torch

    return {"outputs": torch.zeros((4, 2)), "labels": torch.tensor([0, 1, 0, 1])}


def without_labels():
    """No error among the source rows, so nothing but the two places is fitted."""
    sure = np.tile(probabilities(), (2, 1))
    return shift.label_free_error((np.tile(X, (2, 1)), sure, sure.argmax(axis=1)), X, probabilities())


def label_plan():
    return shift.plan_labels((probabilities(), Y), probabilities(), n_labels=10)


def data(**more):
    return lambda: {"data": X, "y": Y, **{name: make() if callable(make) else make for name, make in more.items()}}


def given(**more):
    return lambda: {name: make() if callable(make) else make for name, make in more.items()}


GOOD = {
    "audit": data(checks="SW105"),
    "read_dataset": lambda: {"source": pd.DataFrame(X, columns=list("abc")).assign(y=Y, key=np.arange(COUNT))},
    "load_audit": given(run_dir=run_folder),
    "curves.collection_plan": given(curve=curve, error=0.04, price_per_row=0.2),
    "curves.compare_curves": given(curve=curve, other=curve),
    "curves.diagnose": given(curve=curve),
    "curves.fit_meta": lambda: {
        "curves": [CurvePoints(curve().sizes, (0.5 + one / 40) * curve().errors) for one in range(12)],
        "groups": [one // 2 for one in range(12)], "n_repeats": 1,
    },
    "curves.forecast": given(curve=curve, sizes=[1600, 3200]),
    "curves.forecast_mixtures": data(source=lambda: doors.sources(X), test="test", learner="linear", n_repeats=1),
    "curves.measure_learning_curve": data(learner="linear", sizes=[10, 30], n_repeats=1),
    "curves.next_doubling": given(curve=curve, rows=800),
    "curves.samples_needed": given(curve=curve, error=0.04),
    "curves.stop_rule": given(curve=curve, tolerance=0.01),
    "generalization.absolute_error": given(outputs=numbers, numbers=numbers),
    "generalization.beats_baseline": given(losses=numbers, baseline=numbers),
    "generalization.betting_bound": given(losses=numbers),
    "generalization.bounds_from_runs": runs,
    "generalization.calibration_error": given(probabilities=probabilities, codes=lambda: Y),
    "generalization.claim_after_evaluations": given(errors=28, n=400, n_evaluations=5),
    "generalization.clopper_pearson": given(errors=28, n=400),
    "generalization.clopper_pearson_bound": given(errors=28, n=400),
    "generalization.conformal_threshold": given(scores=numbers),
    "generalization.curvature_spectrum": data(module=torch_module, n_eigenvalues=2, method="exact"),
    "generalization.discrimination": given(outputs=probabilities, truth=lambda: np.eye(2)[Y]),
    "generalization.error_rate": given(wrong=lambda: Y),
    "generalization.explained_variance": given(outputs=numbers, numbers=numbers),
    "generalization.formal_counterexample": given(),
    "generalization.generalization_gap": data(learner="linear", n_splits=4, n_draws=1),
    "generalization.intrinsic_dimension": data(learner=doors.network, n_seeds=1, grid=(4, 8)),
    "generalization.kernel_similarity": given(data=lambda: X, kernel="rbf", other="linear"),
    "generalization.layer_profile": given(data=TRAIN, test=TEST, module=torch_module, n_permutations=20),
    "generalization.memorization": data(learner="linear", n_models=8),
    "generalization.pac_bayes_kl_bound": given(risk=0.1, n=400, divergence=3.0),
    "generalization.reusable_holdout": given(rows=10_000, n_queries=20, n_answers=3),
    "generalization.rows_to_claim": given(error=0.05, claim=0.1),
    "generalization.sample_compression_bound": given(errors=5, n=400, size=10),
    "generalization.simulated_counterexample": given(values=200, rows=10, n_runs=20),
    "generalization.supervision_complexities": data(kernel="rbf", targets=lambda: {"a": 2.0 * Y - 1.0}),
    "generalization.supervision_complexity": data(kernel="rbf"),
    "influence.banzhaf": given(game=game, n_fits=20),
    "influence.brittleness": given(attribution=attribution, game=game, counts=(2, 4)),
    "influence.data_shapley": given(game=game, n_permutations=2),
    "influence.datamodel": given(game=game, n_fits=20),
    "influence.datamodeling_score_difference": given(
        first=attribution, second=attribution, subsets=lambda: subsets().subsets, outputs=lambda: subsets().outputs,
        n_resamples=100,
    ),
    "influence.gradient_coherence": data(module=linear),
    "influence.gradient_norm": data(module=linear),
    "influence.knn_shapley": data(),
    "influence.leave_one_out": data(),
    "influence.linear_datamodeling_score": given(
        attribution=attribution, subsets=lambda: subsets().subsets, outputs=lambda: subsets().outputs, n_resamples=100
    ),
    "influence.mislabel_score": given(scores=scores, wrong=lambda: np.arange(COUNT)[::7], n_resamples=100),
    "influence.open_game": given(data=TRAIN, test=TEST, learner="linear"),
    "influence.out_of_bag_value": data(learner="linear", n_models=20),
    "influence.refit_subsets": given(game=game, n_subsets=6, n_seeds=1),
    "influence.removal_curve": given(
        scores=lambda: Scores("value", np.arange(40.0), game().keys, "u", "m"), game=game, shares=(0.1,), n_seeds=3
    ),
    "influence.same_class_share": lambda: {
        "attribution": attribution(), "labels": TRAIN[1], "query_labels": TEST[1],
    },
    "influence.top_overlap": given(attribution=attribution),
    "influence.training_smoothness": given(data=TRAIN, queries=TEST, learner=doors.sgd),
    "influence.unrolled_attribution": given(data=TRAIN, queries=TEST, learner=doors.sgd, check=False),
    "influence.weight_dependence": given(attribution=attribution, randomized=attribution),
    "information.information_curve": given(information=scores),
    "information.redundant_rows": data(),
    "information.removal_cost": data(learner="linear", shares=(0.25,)),
    "information.unique_information": data(),
    "information.unusual_information": given(information=scores),
    "labels.bootstrapping": given(),
    "labels.budget": given(
        quality=([0, 100], [0.2, 0.17]), quantity=([1000, 2000], [0.2, 0.18]), prices=(1.0, 0.2)
    ),
    "labels.channel_information": given(missed=0.1, noise=0.5),
    "labels.confident_learning": given(probabilities=probabilities, y=lambda: Y),
    "labels.dawid_skene": given(annotations=lambda: np.c_[Y, Y, 1 - Y]),
    "labels.find_label_issues": data(learner="linear", n_rounds=1),
    "labels.find_multilabel_issues": given(
        data=lambda: X, y=lambda: np.c_[Y, (X[:, 0] > 1).astype(int)], method="neighbors"
    ),
    "labels.generalized_cross_entropy": given(),
    "labels.label_noise_entropy": given(noise_matrix=lambda: np.array([[0.9, 0.1], [0.2, 0.8]])),
    "labels.least_training_errors": given(entropy=0.3, memorized=0.1, n_classes=3),
    "labels.mean_absolute_error": tensors,
    "labels.neighbor_disagreement": data(),
    "labels.training_dynamics": data(learner=doors.network, n_runs=1),
    "models.embeddings_of": given(module=torch_module, X=lambda: X),
    "models.predictions_of": given(module=torch_module, X=lambda: X),
    "models.refit": data(learner="linear", n_repeats=2, design="halves"),
    "quality.column_skill": data(),
    "quality.find_duplicates": data(),
    "quality.find_test_overlap": given(data=TRAIN, test=TEST),
    "quality.id_or_date_columns": data(),
    "quality.missing_values": data(),
    "quality.outlier_scores": data(),
    "quality.suspicious_cells": data(),
    "selection.apply": given(data=ROWS, decisions=lambda: [Decision(3, "drop")]),
    "selection.prune": given(scores=scores, keep=0.5),
    "shift.certify_error": given(plan=label_plan, labels=lambda: Y[:10]),
    "shift.error_change": given(source=TRAIN, target=TEST, learner="linear"),
    "shift.find_slices": given(
        embeddings=lambda: np.tile(X, (10, 1)), y=lambda: np.tile(probabilities().argmax(1), 10),
        probabilities=lambda: np.tile(probabilities(), (10, 1)), method="tree",
    ),
    "shift.monitor": given(reference=TRAIN, batches=lambda: [(X, Y)], learner="linear"),
    "shift.label_free_error": given(  # no error among the source rows: nothing is fitted more than once
        source=lambda: (np.tile(X, (2, 1)), np.tile(probabilities(), (2, 1)), np.tile(probabilities().argmax(1), 2)),
        target_X=X, target_outputs=probabilities,
    ),
    "shift.plan_labels": given(source=lambda: (probabilities(), Y), outputs=probabilities, n_labels=10),
    "shift.feature_drift": data(time=lambda: np.arange(COUNT) // 2),
    "shift.label_coding": lambda: {"data": np.tile(X, (3, 1)), "y": np.tile(Y, 3), "time": np.arange(3 * COUNT) // 2},
    "shift.segments_of_losses": given(
        data=lambda: np.tile(X, (4, 1)), losses=lambda: np.tile(numbers(), 4), unit="share"
    ),
    "shift.reliance": given(data=ROWS, module=lambda: doors.linear(Dataset(X, Y)), on=0),
    "shift.shortcut_scan": lambda: {"data": np.tile(X, (4, 1)), "y": np.tile(Y, 4), "learner": "linear"},
    "shift.explain_shift": given(source=ROWS, target=ROWS, learner="linear", n_folds=2),
    "shift.train_test_drift": given(data=TRAIN, test=TEST),
    "shift.worst_segments": lambda: {"data": np.tile(X, (4, 1)), "y": np.tile(Y, 4), "learner": "linear"},
}  # fmt: skip


def dataset():
    return samplewise.Dataset(X, Y)


@cache
def audited():
    return samplewise.audit(X, Y, checks="SW105")


@cache
def mixtures():
    return curves.forecast_mixtures(X, Y, source=doors.sources(X), test="test", learner="linear", n_repeats=1)


@cache
def plan():
    return curves.collection_plan(curve(), error=0.04, price_per_row=0.2)


@cache
def memorized():
    return generalization.memorization(X, Y, learner="linear", n_models=8)


@cache
def spectrum():
    return generalization.curvature_spectrum(X, Y, module=torch_module(), n_eigenvalues=2, method="exact")


@cache
def fitted():
    return influence.Attributor(linear()).fit(X, Y)


@cache
def unique():
    training = information.GradientDescent([10, 20], 0.01)
    return information.unique_information(X, X[:, 0], module="linear", training=training)


@cache
def issues():
    return labels.find_label_issues(X, Y, learner="linear", labels_are="facts", n_rounds=1)


@cache
def multilabel():
    return labels.find_multilabel_issues(X, np.c_[Y, (X[:, 0] > 1).astype(int)], method="neighbors")


@cache
def refits():
    return models.refit(X, Y, learner="linear", n_repeats=2, design="halves")


@cache
def curve_file():
    from tempfile import mkdtemp

    path = Path(mkdtemp(prefix="samplewise-law-")) / "curve.csv"
    pd.DataFrame({"n": SIZES, "error": ERRORS}).to_csv(path, index=False)
    return path


@cache
def meta_file():
    path = curve_file().with_name("meta.npz")
    shipped_meta().save(path)
    return path


@cache
def overlap():
    return quality.find_test_overlap(TRAIN, test=(X[30:], Y[30:]))


# An object of a class whose methods are called, by the name of the class.
MADE = {
    "shift.GroupConformal": conformal,
    "shift.LabelFreeError": without_labels,
    "Dataset": dataset,
    "Scores": scores,
    "auditing.Audit": audited,
    "curves.CollectionPlan": plan,
    "curves.CurveComparison": lambda: curves.compare_curves(curve(), curve()),
    "curves.LearningCurve": curve,
    "curves.MetaModel": shipped_meta,
    "curves.MixtureForecast": mixtures,
    "generalization.ConformalThreshold": lambda: generalization.conformal_threshold(numbers()),
    "generalization.CurvatureSpectrum": spectrum,
    "generalization.Memorization": memorized,
    "generalization.ReusableHoldout": lambda: generalization.reusable_holdout(10_000, n_queries=20, n_answers=3),
    "generalization.SupervisionComplexity": lambda: generalization.supervision_complexity(X, Y, kernel="rbf"),
    "influence.Attributor": lambda: influence.Attributor(linear()),
    "influence.FittedAttributor": fitted,
    "influence.Game": game,
    "information.Converged": information.Converged,
    "information.GradientDescent": lambda: information.GradientDescent(20, 0.01),
    "information.GradientFlow": lambda: information.GradientFlow(2.0),
    "information.UniqueInformation": unique,
    "labels.ConfidentLearning": lambda: labels.confident_learning(probabilities(), Y),
    "labels.LabelIssues": issues,
    "labels.MultilabelIssues": multilabel,
    "models.Refits": refits,
    "models.TorchLearner": doors.network,
    "quality.ColumnSkill": lambda: quality.column_skill(X, Y),
    "selection.DomainMixer": selection.DomainMixer,
    "selection.ImportanceResampler": selection.ImportanceResampler,
    "selection.ImportanceWeights": lambda: selection.ImportanceResampler().fit(TEXTS, TEXTS[:20]),
    "quality.Overlap": overlap,
}  # fmt: skip
SIZES, ERRORS = [25, 50, 100, 200], [0.3, 0.25, 0.2, 0.18]
GOOD |= {
    "Dataset": given(X=lambda: X, y=lambda: Y),
    "Dataset.drop": given(ids=[3, 4]),
    "Dataset.keep": given(ids=[3, 4]),
    "Dataset.with_features": given(features=lambda: X),
    "Dataset.with_labels": given(y=lambda: Y),
    "Dataset.with_weights": given(weights=numbers),
    "Scores": given(quantity="score", values=numbers, keys=lambda: np.arange(COUNT), unit="unit", larger_means="more"),
    "Scores.aligned_to": given(ids=[3, 4]),
    "Scores.top": given(n=3),
    "auditing.Audit.apply": given(),
    "auditing.Audit.compare": given(later=audited),
    **{f"auditing.Audit.to_{kind}": given(path=lambda kind=kind: curve_file().with_suffix(f".{kind}"))
       for kind in ("html", "json", "junit")},
    "curves.CollectionPlan.less_rows_on_hand": given(n_rows=10, price_per_row=0.2),
    "curves.CurveComparison.at": given(rows=100.0),
    "curves.CurvePoints": given(sizes=lambda: np.array(SIZES), errors=lambda: np.array([ERRORS])),
    "curves.CurvePoints.from_arrays": given(n=SIZES, error=ERRORS),
    "curves.LearningCurve": given(sizes=lambda: np.array(SIZES), errors=lambda: np.array([ERRORS])),
    "curves.CurvePoints.read_csv": given(path=curve_file),
    "curves.LearningCurve.read_csv": given(path=curve_file),
    "curves.MetaModel.load": given(path=meta_file),
    "curves.MetaModel.save": given(path=meta_file),
    "information.LinearizedNetwork": given(module=torch_module),
    "selection.Decision": given(id=3, kind="drop"),
    "curves.LearningCurve.collection_plan": given(error=0.04, price_per_row=0.2),
    "curves.LearningCurve.compare": given(other=curve),
    "curves.LearningCurve.forecast": given(sizes=[1600, 3200]),
    "curves.LearningCurve.from_arrays": given(n=SIZES, error=ERRORS),
    "curves.LearningCurve.samples_needed": given(error=0.04),
    "curves.LearningCurve.stop_rule": given(tolerance=0.01),
    "shift.GroupConformal": given(miscoverage=0.2),
    "shift.GroupConformal.coverage": given(outputs=probabilities, y=lambda: Y),
    "shift.GroupConformal.fit": given(outputs=probabilities, y=lambda: Y),
    "shift.GroupConformal.predict": given(outputs=probabilities),
    "shift.GroupConformal.report": given(confidence=0.9),
    "shift.LabelFreeError.tipping": given(tolerance=0.2),
    "curves.MixtureForecast.best": given(rows=100),
    "curves.MixtureForecast.error": given(weights=[0.5, 0.5], rows=100),
    "curves.MixtureForecast.step": given(weights=[0.5, 0.5]),
    "generalization.ConformalThreshold.intervals": given(outputs=numbers),
    "generalization.ConformalThreshold.sets": given(probabilities=probabilities),
    "generalization.CurvatureSpectrum.density": given(),
    "generalization.CurvatureSpectrum.share_above": given(value=0.1),
    "generalization.Memorization.influence": given(),
    "generalization.Memorization.strongest": given(n=3),
    "generalization.ReusableHoldout.query": given(
        training_value=0.5, held_out_values=lambda: np.linspace(0, 1, 10_000)
    ),
    "generalization.SupervisionComplexity.margin_bound": given(),
    "influence.Attributor": given(module=linear),
    "influence.Attributor.fit": data(),
    "influence.FittedAttributor.attribute": given(queries=TEST),
    "influence.FittedAttributor.effect_of_removing": given(ids=[3, 4], queries=TEST),
    "information.Converged": given(),
    "information.GradientDescent": given(steps=20, rate=0.01),
    "information.GradientFlow": given(time=2.0),
    "information.UniqueInformation.at": given(stop=20),
    "information.UniqueInformation.influence": given(queries=lambda: X[:3]),
    "information.UniqueInformation.outputs": given(queries=lambda: X[:3]),
    "information.UniqueInformation.segment": given(by=lambda: Y),
    "information.UniqueInformation.select": given(),
    "labels.CoTeaching": given(noise_rate=0.2),
    "labels.ConfidentLearning.flagged": given(),
    "labels.EarlyLearningRegularization": given(),
    "labels.EarlyLearningRegularization.for_noise": given(noise="symmetric"),
    "labels.LabelIssues.expected_precision": given(n=3),
    "labels.LabelIssues.measured": given(actions=["drop"]),
    "labels.LabelIssues.reviewed": given(ids=[3], answers=[1]),
    "labels.LabelIssues.suspects": given(n=3),
    "labels.LabelIssues.to_review": given(n=3),
    "labels.LabelNoiseInformation": given(),
    "labels.LabelNoiseInformation.for_noise": given(noise="light"),
    "labels.MultilabelIssues.for_label": given(label=0),
    "labels.NoiseRobustClassifier": given(epochs=1),
    "models.TorchLearner": given(make_module=lambda: doors.network().make_module),
    "quality.ColumnSkill.estimate": given(name="x0"),
    "selection.DomainMixer": given(),
    "selection.DomainMixer.fit": given(domains={"one": TEXTS, "two": TEXTS[:20]}, target=TEXTS[:20]),
    "selection.ImportanceResampler": given(),
    "selection.ImportanceResampler.fit": given(raw=TEXTS, target=TEXTS[:20]),
    "selection.ImportanceWeights.divergence_reduction": given(ids=[3, 4]),
    "selection.ImportanceWeights.log_weights_of": given(target="target"),
    "selection.ImportanceWeights.sample": given(n_rows=5),
    "selection.ImportanceWeights.tempering": given(n_rows=5),
    "shift.DomainAlignment": given(),
    "shift.GroupDRO": given(),
    "shift.GroupRobustClassifier": given(epochs=1),
    "quality.Overlap.advantage": given(scores=lambda: np.linspace(0, 1, 30)),
}  # fmt: skip
RESULTS = {  # classes that the library makes: their fields are those of an answer
    "Estimate", "auditing.Audit", "curves.CollectionPlan", "curves.CurveComparison", "curves.Diagnosis",
    "curves.Forecast", "curves.MetaModel", "curves.Mixture", "curves.MixtureForecast", "curves.Requirement",
    "curves.StopAdvice", "generalization.BaselineTest", "generalization.Bounds", "generalization.CalibrationError",
    "generalization.ConformalThreshold", "generalization.Counterexample", "generalization.CurvatureSpectrum",
    "generalization.EvaluationsClaim", "generalization.GeneralizationGap", "generalization.IntrinsicDimension",
    "generalization.LayerProfile", "generalization.Memorization", "generalization.ReusableHoldout",
    "generalization.SimulatedCounterexample", "generalization.SupervisionComplexities",
    "generalization.SupervisionComplexity", "influence.Brittleness", "influence.Datamodel",
    "influence.DatamodelingScore", "influence.Detection", "influence.FittedAttributor", "influence.Game",
    "influence.RemovalCurve", "influence.Smoothness", "influence.SubsetRefits", "information.Kept",
    "information.UniqueInformation", "labels.Annotators", "labels.Budget", "labels.ConfidentLearning",
    "labels.LabelIssues", "labels.MultilabelIssues", "labels.TrainingDynamics", "models.Refits",
    "quality.ColumnSkill", "quality.Duplicates", "quality.IdOrDateColumns", "quality.MissingValues",
    "quality.Outliers", "quality.Overlap", "quality.SuspiciousCells", "selection.Applied", "selection.DomainMixture",
    "selection.ImportanceWeights", "selection.Pruned", "selection.Tempering",
    "shift.CodingChange", "shift.ErrorCertificate", "shift.ErrorChange", "shift.FeatureDrift", "shift.LabelCoding",
    "shift.Batch", "shift.Monitored", "shift.SegmentCoverage", "shift.LabelFreeError", "shift.LabelPlan",
    "shift.Reliance", "shift.ShiftExplanation", "shift.ShortcutScan", "shift.Slices", "shift.SplitReport",
    "shift.TrainTestDrift", "shift.WorstSegments",
}  # fmt: skip
# Classes and methods that are not called, and why.
LOOP = "called with tensors, or by the library, at every step of a training"
INNER = "called by the library with what it made; public for those who write a method"
NOT_CALLED = {
    "labels.LabelNoiseInformation.output_gradient": LOOP,
    **{f"labels.{name}.{method}": LOOP for method in ("loss", "prepare")
       for name in ("CoTeaching", "EarlyLearningRegularization", "LabelNoiseInformation")},
    **{f"shift.{name}.{method}": LOOP for method in ("loss", "prepare") for name in ("DomainAlignment", "GroupDRO")},
    "shift.DomainAlignment.watch": LOOP,
    **{f"shift.GroupRobustClassifier.{name}": "scikit-learn's interface, held to its messages by `check_estimator`"
       for name in ("compare", "fit", "group_accuracy", "predict", "predict_proba")},
    **{f"models.{name}": "a protocol: users write it" for name in
       ("Learner", "Learner.fit", "Learner.fitter", "Objective", "Objective.loss", "Objective.prepare")},
    **{f"influence.Game.{name}": INNER for name in
       ("contributions", "margins", "outputs", "require_affordable", "scores", "utility")},
    **{f"models.TorchLearner.{name}": INNER for name in ("fit", "fitter", "unstarted")},
    **{f"information.{name}.filter_for": INNER for name in ("Converged", "GradientDescent", "GradientFlow")},
    "information.GradientDescent.rate_at_most": INNER, "information.GradientDescent.stopped": INNER,
    "curves.MetaModel.for_learner": INNER, "curves.MetaModel.switch_of": INNER,
    "models.Refits.require_rows": INNER,
    **{f"labels.NoiseRobustClassifier.{name}": "scikit-learn's interface, held to its messages by `check_estimator`"
       for name in ("fit", "predict", "predict_proba")},
    **{f"shift.FeatureSplit{name}": "scikit-learn's interface; its own test has the bad calls"
       for name in ("", ".block", ".decode", ".encode", ".fit", ".replace_spurious", ".report", ".transform")},
    "InputError": "an error: texts", "InputError.during": "an error: texts",
    "Dataset.take": INNER,
}  # fmt: skip


# What an argument holds beyond its annotation, by its word (docs/words.md).
COUNTS_FROM_ZERO = {"errors", "answers", "improvements", "min_length", "size"}  # 0 is a count of these
SHARES = {"confidence", "share", "keep", "miscoverage", "chance", "skip_hardest", "risk", "trust", "target", "claim"}
MAY_BE_BELOW_ZERO = {"bias", "value"}
FORMER = {
    "test_looks": "n_test_evaluations",
    "predictions": "probabilities",
    "kinds": "columns",
}  # messages say today's name

ACCEPTED = {  # (function, argument): the bad values that mean something there, as `text_of` shows them, and what
    ("generalization.bounds_from_runs", "codes"): (["None"], "without codes the bounds on losses alone are given"),
    ("influence.same_class_share", "labels"): (["inf", "complex", "texts"], "classes may have any name"),
    ("influence.same_class_share", "query_labels"): (["inf", "complex", "texts"], "classes may have any name"),
    ("labels.channel_information", "missed"): (["1.1", "95"], "a squared distance, not a share"),
    ("labels.dawid_skene", "annotations"): (["NaN", "None in it", "texts"], "missing answers, and names of classes"),
    ("Dataset", "y"): (["two columns"], "rows may have several labels each"),
    ("Dataset.with_labels", "y"): (["two columns"], "rows may have several labels each"),
    ("selection.ImportanceResampler", "temperature"): (["3"], "a number, or auto"),
    ("Scores.top", "n"): (["0"], "none of them"),
    ("curves.CollectionPlan.less_rows_on_hand", "n_rows"): (["0"], "no row more than the curve has"),
    ("generalization.ConformalThreshold.intervals", "outputs"): (["empty"], "no rows have no intervals"),
    ("labels.MultilabelIssues.for_label", "label"): (["True"], "equals 1, which is a label"),
    ("shift.GroupRobustClassifier", "random_state"): (["0", str(2**70), "None"], "seeds, as scikit-learn has them"),
    ("shift.GroupRobustClassifier", "batch"): ([str(2**70)], "of a network, and there is none"),
    ("shift.GroupRobustClassifier", "device"): (["3", "['a']", "None"], "of a network, and there is none"),
    ("shift.GroupRobustClassifier", "epochs"): ([str(2**70)], "of a network, and there is none"),
    ("labels.NoiseRobustClassifier", "random_state"): (["0", str(2**70), "None"], "seeds, as scikit-learn has them"),
    ("generalization.ConformalThreshold.sets", "probabilities"): (["empty"], "no rows have no sets"),
    ("quality.Overlap.advantage", "scores"): (["NaN", "inf", "None in it"], "rows without a score"),
    ("shift.segments_of_losses", "losses"): (["NaN", "None in it"], "rows without a loss"),
} | {
    (name, "y"): (["two columns"], "rows with several labels: labels are not predicted here")
    for name in (
        "generalization.supervision_complexities", "generalization.supervision_complexity", "quality.find_duplicates",
        "quality.id_or_date_columns", "quality.missing_values", "quality.outlier_scores", "quality.suspicious_cells",
        "shift.feature_drift",
    )
}  # fmt: skip
IN_A_TRAINING_LOOP = {"labels.mean_absolute_error"}  # called with tensors at every step, as torch's own losses are


def rows_instead(good):
    """What is no rows, or rows that cannot be used: what it is -> the value."""
    features = good[0] if isinstance(good, tuple) else good
    spoiled = {
        "no rows": features[:0],
        "infinite": np.where(np.arange(features.size).reshape(features.shape) == 4, INF, features),
        "complex": features.astype(complex),
        "no columns": features[:, :0],
    }
    if isinstance(good, tuple):
        spoiled = {what: (rows, good[1][: len(rows)]) for what, rows in spoiled.items()}
    return spoiled | {
        "5": 5, "NaN": NAN, "no file": "no such file.csv", "bytes": b"bytes", "a function": print,
        "an iterator": iter([1, 2]), "dicts": [{"a": 1}], "ragged": [[1, 2], [3]],
    }  # fmt: skip


def labels_instead(good):
    """Labels that do not belong to the rows."""
    wide = np.repeat(good[..., None], 2, axis=-1) if good.ndim == 1 else good[..., None]
    return {
        "a learner": "boosting", "5": 5, "one short": good[:-1], "none": good[:0], "a function": print,
        "a mapping": {"a": 1}, "two columns": wide, "a model": linear(),
    }  # fmt: skip


def array_instead(good):
    """The array with one entry spoiled, of another length, of another number of axes, or of something else."""
    good = np.asarray(good)
    spoiled = {}
    for what, value, kind in (("NaN", NAN, float), ("inf", INF, float), ("None in it", None, object)):
        spoiled[what] = good.astype(kind)
        spoiled[what].flat[1] = value
    return spoiled | {
        "empty": good[:0], "more axes": good[..., None, None], "complex": good.astype(complex),
        "texts": good.astype(str), "a text": "half", "5": 5, "a function": print, "a mapping": {"a": 1}, "None": None,
    }  # fmt: skip


def near_miss(word):
    """A word that is nearly the right one."""
    return word[:-1] + word[-1] * 2 if len(word) > 1 else word * 2


ARRAYS = {
    "losses", "wrong", "outputs", "numbers", "baseline", "scores", "probabilities", "codes", "truth", "annotations",
    "noise_matrix", "selectors", "subsets", "labels", "query_labels",
}  # fmt: skip
ROWS_BY_ANOTHER_NAME = {
    "features",
    "path",
    "data",
    "test",
    "queries",
    "y",
    "source",
    "X",
}  # messages say X, y, rows, or name their ids
COLUMN_NAMES = {"label", "id", "image", "text"}
OBJECTS = {"learner": [5, "boostng", [], object(), type(None)], "module": [5, "net", None, object()]}
