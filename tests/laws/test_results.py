"""What public functions answer: one class each, that prints short, escapes what it prints and has a frame."""

import inspect
import types
import typing
from functools import cache
from importlib import import_module, util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import samplewise
from samplewise import curves, generalization, influence, information, labels, quality, selection, shift
from samplewise.core.errors import InputError
from samplewise.core.findings import Decision
from samplewise.core.results import Result
from samplewise.core.values import Attribution, Estimate, Exhibit, Scores
from samplewise.curves.meta import shipped_meta
from samplewise.data import Dataset, read_dataset
from samplewise.engine.refits import prepare
from samplewise.engine.refits.designs import fit_design
from samplewise.engine.refits.folded_rows import RowEdit

spec = util.spec_from_file_location("doors", Path(__file__).with_name("doors.py"))
doors = util.module_from_spec(spec)
spec.loader.exec_module(doors)

MOST_LINES, WIDTH = 18, 100
SCRIPT = "<script>alert({})</script>"  # what a page must never run
MADE_BY_THE_USER = {  # settings, learners and objectives; what is fitted or trained with; one line of a log
    "Attributor", "CoTeaching", "Converged", "Decision", "DomainAlignment", "DomainMixer",
    "EarlyLearningRegularization", "FeatureSplit", "FittedAttributor", "GradientDescent", "GradientFlow",
    "GroupConformal", "GroupDRO", "GroupRobustClassifier", "ImportanceResampler", "LabelNoiseInformation", "Learner",
    "LinearizedNetwork", "LogEntry", "NoiseRobustClassifier", "Objective", "TorchLearner",
}  # fmt: skip
PLAIN = (float, int, str, bool, np.ndarray, list, types.NoneType)
COUNT = 120


@cache
def rows(classes=2):
    """Clouds with a few wrong labels, and names that hold a script."""
    draw, y = np.random.default_rng(0), np.arange(COUNT) % classes
    X = np.round(draw.normal(size=(COUNT, 3)) + 2.0 * y[:, None], 3)
    y = np.where(np.arange(COUNT) % 17 == 0, (y + 1) % classes, y)
    ids = np.array([SCRIPT.format(row) for row in range(COUNT)])
    site = pd.DataFrame({"<script>": np.array(["<script>a", "b"])[np.arange(COUNT) // 2 % 2]})
    return Dataset(X, y, ids=ids, segments=site)


@cache
def halves():
    folded = prepare(rows()).whole
    return fit_design(folded.runner, "halves", folded.all_folds, count=6), folded.target


@cache
def curve():
    sizes = np.array([25, 50, 100, 200, 400, 800])
    return curves.LearningCurve(sizes, 0.02 + 2.0 * sizes[None, :] ** -0.6, np.full(6, 0.003))


@cache
def coding():
    """A label that another value of a column named like a script gives another name."""
    names = np.array([SCRIPT.format(name) for name in ("a", "b")])
    draw = np.random.default_rng(0)
    X, place = draw.normal(size=(400, 2)), np.arange(400) % 2
    y = np.where(X[:, 0] > 0, names[place], "c")
    return shift.label_coding(X, y, segments=pd.DataFrame({"<script>": names[place]}))


@cache
def issues():
    return labels.find_label_issues(rows(3))


@cache
def audited():
    twice = Dataset(
        np.tile(rows().X, (2, 1)), np.tile(rows().y, 2), ids=[SCRIPT.format(row) for row in range(2 * COUNT)]
    )
    return samplewise.audit(twice, checks="SW102,SW501")


@cache
def game():
    return influence.open_game(rows().take(np.arange(80)), rows().take(np.arange(80, COUNT)), learner="linear")


@cache
def attribution():
    values = np.random.default_rng(0).normal(size=(len(game().query_ids), len(game().keys)))
    return Attribution(values, game().query_ids, game().keys, "log-odds")


@cache
def subsets():
    return influence.refit_subsets(game(), n_subsets=6, n_seeds=1)


@cache
def gap():
    return generalization.generalization_gap(rows(), learner="linear", n_splits=4, n_draws=1)


@cache
def supervised():
    signs = np.array([1.0, 1.0, -1.0, -1.0])
    targets = {"<script>": signs, "hard": np.array([1.0, -1.0, 1.0, -1.0])}
    return generalization.supervision_complexities(targets=targets, kernel=np.eye(4) + np.outer(signs, signs))


@cache
def unique():
    return information.unique_information(rows())


@cache
def linearity():
    import torch

    torch.manual_seed(0)
    module = torch.nn.Linear(3, 1).double()
    recipe = information.GradientDescent(20, 0.01)
    return information.unique_information(
        (rows().X, rows().X[:, 0]), module=module, training=recipe, trained="train"
    ).diagnostics


@cache
def mixtures():
    names = np.array(["<script>", "new", "valid"])[np.arange(COUNT) % 3]
    return curves.forecast_mixtures(rows(), source=names, test="valid", n_repeats=1)


def slices():
    draw = np.random.default_rng(0)
    Z, y = draw.normal(size=(400, 3)), draw.integers(0, 2, 400)
    said = np.where(draw.random(400) < np.where(Z[:, 0] > 0.8, 0.7, 0.05), 1 - y, y)
    return shift.find_slices(Z, y, probabilities=np.eye(2)[said] * 0.8 + 0.1, method="tree")


def segment_coverage():
    draw = np.random.default_rng(0)
    outputs, y = draw.dirichlet(np.ones(3), COUNT), np.arange(COUNT) % 3
    names = np.where(np.arange(COUNT) % 2, "<script>", "x")
    return shift.GroupConformal(0.2).fit(outputs, y, segments=names).coverage(outputs, y, segments=names)


@cache
def monitored():
    return shift.monitor(rows(), {"<script>": rows(), "few": rows().take(np.arange(5))}, learner="linear")


@cache
def dynamics():
    return labels.training_dynamics(rows(), learner=doors.network(), n_runs=1)


@cache
def coded():
    """A column of numbers with -999 in some rows, and one of words in two spellings, scripts among them."""
    draw = np.random.default_rng(0)
    numbers = np.where(draw.random(400) < 0.05, -999.0, draw.integers(20, 60, 400))
    words = np.where(draw.random(400) < 0.1, "<script> ", "<script>")
    return pd.DataFrame({"age": numbers, "word": np.where(np.arange(400) % 2, words, "other")})


def table():
    """Columns named by scripts: one that is the label, one with gaps, a counter; 40 rows twice, one far from all."""
    X = np.random.default_rng(0).normal(size=(COUNT, 12))
    X[80:] = X[:40]
    X[79] += 20
    X[::3, 1] = np.nan
    columns = {SCRIPT.format(column): X[:, column] for column in range(12)}
    columns |= {SCRIPT.format("label"): 7.0 * np.r_[rows().y[:80], rows().y[:40]], "number": np.arange(COUNT)}
    return Dataset(pd.DataFrame(columns), np.r_[rows().y[:80], rows().y[:40]], ids=rows().ids)


def probabilities():
    return np.c_[np.linspace(0.9, 0.1, COUNT), np.linspace(0.1, 0.9, COUNT)]


def several():
    return np.c_[rows().y, (rows().X[:, 0] > 1).astype(int)]


def votes():
    wrong = np.random.default_rng(0).random((COUNT, 3)) < 0.2
    return np.where(wrong, 1 - rows().y[:, None], rows().y[:, None])


def split():
    return rows().take(np.arange(80)), rows().take(np.arange(80, COUNT))


def label_plan():
    segments = np.array(["<script>", "b"])[np.arange(COUNT) % 2]
    return shift.plan_labels((probabilities(), rows().y), probabilities(), segments=segments, n_labels=20)


def label_free():
    X = pd.DataFrame({"<script>": rows().X[:, 0], "site": "<script>"})
    return shift.label_free_error((X, probabilities(), rows().y), X.assign(site="b"), probabilities())


def pool():
    """Texts weighed for a target of a hostile name."""
    texts = [f"row {number % 7} of {number % 3}" for number in range(len(rows()))]
    return selection.ImportanceResampler().fit(Dataset(texts, ids=rows().ids), {"<script>": texts[:60:3]})


RESULTS = {  # room.class -> one of its kind
    "core.Attribution": attribution,
    "core.AuditRecord": lambda: audited().record,
    "core.CheckResult": lambda: audited().record.outcomes[0].result,
    "core.Estimate": lambda: Estimate("<script>", 0.12, 0.1, 0.14, "share of rows"),
    "core.Exhibit": lambda: Exhibit("table", "<script>", {"<script>": np.array(["<script>"] * 20)}),
    "core.Finding": lambda: audited().findings[0],
    "core.Outcome": lambda: audited().record.outcomes[0],
    "core.Remedy": lambda: audited().findings[0].remedies[0],
    "core.Scores": lambda: issues().wrong,
    "curves.CollectionPlan": lambda: curves.collection_plan(curve(), 0.04, 0.2),
    "curves.CurveComparison": lambda: curves.compare_curves(curve(), curve()),
    "curves.CurvePoints": lambda: curves.CurvePoints(curve().sizes, curve().errors),
    "curves.Diagnosis": lambda: curves.diagnose(
        curves.LearningCurve(curve().sizes, np.full((1, 6), 0.3), np.full(6, 0.01))
    ),
    "curves.Forecast": lambda: curves.forecast(curve(), np.arange(800, 8000, 100)),
    "curves.LearningCurve": curve,
    "curves.MetaModel": shipped_meta,
    "curves.Mixture": lambda: mixtures().best(100),
    "curves.MixtureForecast": mixtures,
    "curves.Requirement": lambda: curves.samples_needed(curve(), 0.04),
    "curves.StopAdvice": lambda: curves.stop_rule(curve(), 0.01),
    "data.Reading": lambda: read_dataset(pd.DataFrame({"<script>": range(40), "y": [0, 1] * 20}), label="y"),
    "engine.RowEdit": lambda: RowEdit("relabel", np.arange(40), np.zeros(40, dtype=int)),
    "engine.Measured": lambda: issues().measured(("drop",))["drop"],
    "generalization.BaselineTest": lambda: generalization.beats_baseline([0.1, 0.2, 0.1, 0.2], [0.5, 0.5, 0.5, 0.6]),
    "generalization.Bounds": lambda: gap().bounds,
    "generalization.CalibrationError": lambda: generalization.calibration_error(probabilities(), rows().y),
    "generalization.ConformalThreshold": lambda: generalization.conformal_threshold(np.linspace(0, 1, 40)),
    "generalization.Counterexample": generalization.formal_counterexample,
    "generalization.CurvatureSpectrum": lambda: generalization.curvature_spectrum(
        rows(), module=doors.torch_module(rows()), n_eigenvalues=2, method="exact"
    ),
    "generalization.GeneralizationGap": gap,
    "generalization.IntrinsicDimension": lambda: generalization.intrinsic_dimension(
        rows(), learner=doors.network(), n_seeds=1, grid=[4, 16]
    ),
    "generalization.LayerProfile": lambda: generalization.layer_profile(
        *split(), module=doors.torch_module(rows()), n_permutations=20
    ),
    "generalization.EvaluationsClaim": lambda: generalization.claim_after_evaluations(28, 400, n_evaluations=5),
    "generalization.Memorization": lambda: generalization.memorization(rows(), n_models=8, learner="linear"),
    "generalization.ReusableHoldout": lambda: generalization.reusable_holdout(10_000, n_queries=20, n_answers=3),
    "generalization.SimulatedCounterexample": lambda: generalization.simulated_counterexample(200, 10, 100),
    "generalization.SupervisionComplexities": supervised,
    "generalization.SupervisionComplexity": lambda: supervised()["hard"],
    "influence.Brittleness": lambda: influence.brittleness(attribution(), game(), counts=[2, 4]),
    "influence.Datamodel": lambda: influence.datamodel(game(), n_fits=20),
    "influence.DatamodelingScore": lambda: influence.linear_datamodeling_score(
        attribution(), subsets().subsets, subsets().outputs, n_resamples=100
    ),
    "influence.Detection": lambda: influence.mislabel_score(issues().wrong, rows().ids[::17], n_resamples=100),
    "influence.Game": game,
    "influence.RemovalCurve": lambda: influence.removal_curve(
        influence.banzhaf(game(), n_fits=20), game(), shares=[0.1]
    ),
    "influence.Smoothness": lambda: influence.training_smoothness(*split(), learner=doors.sgd()),
    "influence.SubsetRefits": subsets,
    "information.Kept": lambda: unique().select(0.5, "once"),
    "information.UniqueInformation": unique,
    "labels.Annotators": lambda: labels.dawid_skene(votes(), ids=rows().ids),
    "labels.Budget": lambda: labels.budget(([0, 100], [0.2, 0.17]), ([1000, 2000], [0.2, 0.18]), (1.0, 0.2)),
    "labels.ConfidentLearning": lambda: labels.confident_learning(probabilities(), rows().y),
    "labels.LabelIssues": issues,
    "labels.MultilabelIssues": lambda: labels.find_multilabel_issues(
        rows().X, pd.DataFrame(several(), columns=["<script>", "b"]), method="neighbors"
    ),
    "labels.TrainingDynamics": dynamics,
    "models.Refits": lambda: halves()[0],
    "quality.ColumnSkill": lambda: quality.column_skill(table()),
    "quality.Duplicates": lambda: quality.find_duplicates(table()),
    "quality.IdOrDateColumns": lambda: quality.id_or_date_columns(table()),
    "quality.MissingValues": lambda: quality.missing_values(table()),
    "quality.Outliers": lambda: quality.outlier_scores(table()),
    "quality.Overlap": lambda: quality.find_test_overlap(table(), test=table().take(np.arange(100))),
    "quality.SuspiciousCells": lambda: quality.suspicious_cells(coded()),
    "selection.Applied": lambda: selection.apply(rows(), [Decision(one, "drop") for one in rows().ids[:20]]),
    "selection.DomainMixture": lambda: selection.DomainMixer().fit(
        {"<script>": ["the cat", "a dog"], "code": ["if x", "else y"]}, ["the dog"]
    ),
    "selection.ImportanceWeights": pool,
    "selection.Pruned": lambda: selection.prune(issues().wrong, 0.5),
    "selection.Tempering": lambda: pool().tempering(20),
    "shift.CodingChange": lambda: coding().changes[0],
    "shift.ErrorCertificate": lambda: shift.certify_error(label_plan(), rows().y[:40]),
    "shift.ErrorChange": lambda: shift.error_change(
        (pd.DataFrame({"<script>": rows().X[:, 1], "x": rows().X[:, 0]}), rows().y),
        pd.DataFrame({"<script>": 1.0, "x": rows().X[:, 0]}),
        learner="linear",
    ),
    "shift.Batch": lambda: monitored().batches[0],
    "shift.Monitored": monitored,
    "shift.SegmentCoverage": segment_coverage,
    "shift.Slices": slices,
    "shift.LabelFreeError": label_free,
    "shift.LabelPlan": label_plan,
    "shift.FeatureDrift": lambda: shift.feature_drift(pd.DataFrame({"<script>": rows().y, "x": rows().X[:, 0]})),
    "shift.LabelCoding": coding,
    "shift.Reliance": lambda: shift.reliance(
        pd.DataFrame({"<script>": rows().X[:, 0], "x": rows().X[:, 1]}),
        rows().y,
        on="<script>",
        module=lambda X: np.column_stack([-X["x"], X["x"]]),
    ),
    "shift.ShortcutScan": lambda: shift.shortcut_scan(
        pd.DataFrame({"<script>": rows().X[:, 0], "x": rows().X[:, 1]}), rows().y, learner="linear"
    ),
    "shift.SplitReport": lambda: (
        shift.FeatureSplit().fit(rows().X, rows().y, segments=np.arange(COUNT) // 2 % 2).report()
    ),
    "shift.ShiftExplanation": lambda: shift.explain_shift(rows(), rows(), learner="linear", n_folds=2),
    "shift.TrainTestDrift": lambda: shift.train_test_drift(
        pd.DataFrame({"<script>": rows().y, "x": rows().X[:, 0]}), pd.DataFrame({"<script>": 1, "x": rows().X[:, 1]})
    ),
    "shift.WorstSegments": lambda: shift.worst_segments(rows()),
}
PER_ROW = {  # by id, one line per row
    "core.Scores", "information.UniqueInformation", "labels.LabelIssues",
    "labels.TrainingDynamics", "selection.ImportanceWeights", "selection.Pruned",
}  # fmt: skip
every = pytest.mark.parametrize("name", sorted(RESULTS))


@cache
def result(name):
    return RESULTS[name]()


@every
def test_it_prints_short_and_without_arrays(name):
    found = result(name)
    assert type(found).__name__ == name.split(".")[1]
    assert isinstance(found, Result)
    for text in (str(found), repr(found)):
        lines = text.splitlines()
        assert 1 <= len(lines) <= MOST_LINES, text
        assert max(map(len, lines)) <= WIDTH, text
        assert "array(" not in text
        assert "nan" not in text.replace("dominan", "")


@every
def test_a_notebook_runs_nothing_that_was_in_the_data(name):
    html = result(name)._repr_html_()
    assert "<script" not in html
    assert html.startswith("<p>")
    assert len(html) < 20_000


@every
def test_it_has_a_frame_with_the_ids_of_its_rows(name):
    frame = result(name).to_frame()
    assert isinstance(frame, pd.DataFrame)
    if name in PER_ROW:
        assert frame.index.name == "id"
        assert set(frame.index) == set(rows().ids)


def test_an_audit_prints_its_findings():
    found = audited().findings
    assert isinstance(found, tuple)
    assert len(str(found).splitlines()) <= MOST_LINES
    assert "<script" not in found._repr_html_()
    assert audited().to_frame().equals(found.to_frame())


def exported():
    for room in (*doors.ROOMS, "report"):
        module = import_module(f"samplewise.{room}")
        for name in module.__all__:
            yield room, name, getattr(module, name)


def test_every_exported_class_prints_like_this_or_is_made_by_the_user():
    classes = {f"{room}.{name}" for room, name, one in exported() if inspect.isclass(one) and room != "report"}
    assert classes - set(RESULTS) == {one for one in classes if one.split(".")[1] in MADE_BY_THE_USER}


@pytest.mark.parametrize(
    ("name", "function"), [(f"{room}.{name}", one) for room, name, one in exported() if inspect.isfunction(one)]
)
def test_a_function_answers_with_one_class(name, function):
    answer = typing.get_type_hints(function)["return"]
    answer = getattr(answer, "__value__", answer)
    origin = typing.get_origin(answer)
    assert answer is not typing.Any, name
    assert origin is not tuple, name
    parts = [folded for folded in typing.get_args(answer) if folded is not types.NoneType]
    assert origin not in (typing.Union, types.UnionType) or len(parts) == 1, name
    kind = parts[0] if origin in (typing.Union, types.UnionType) else origin or answer
    known = issubclass(kind, (Result, *PLAIN)) or (callable(kind) and kind.__module__ in ("collections.abc", "torch"))
    assert known or kind.__module__.startswith(("samplewise.report", "torch")), name


def test_scores_are_an_array_of_their_values_and_a_mapping_by_id():
    scores = Scores("surprise", np.array([0.5, 0.1, 0.9]), np.array([7, 3, 5]), "nats", "odd", spread=np.ones(3))
    np.testing.assert_array_equal(np.asarray(scores), scores.values)
    assert np.asarray(scores, dtype=np.float32).dtype == np.float32
    assert np.shares_memory(np.asarray(scores), scores.values)
    assert not np.shares_memory(np.array(scores, copy=True), scores.values)
    with pytest.raises(ValueError, match="need a copy"):
        np.array(scores, dtype=np.float32, copy=False)
    assert (len(scores), list(scores), float(np.mean(scores))) == (3, [0.5, 0.1, 0.9], 0.5)
    assert [scores[key] for key in scores.keys.tolist()] == list(scores)
    picked = scores[[5, 7]]
    assert (picked.keys.tolist(), picked.values.tolist(), len(picked.spread)) == ([5, 7], [0.9, 0.5], 2)
    assert scores[scores.keys[scores.values > 0.4]].keys.tolist() == [7, 5]
    assert scores[pd.Index([3])].values.tolist() == [0.1]
    assert scores.to_frame()["surprise"].to_dict() == {7: 0.5, 3: 0.1, 5: 0.9}


@pytest.mark.parametrize(
    ("ids", "what", "fix"),
    [
        ("7", "have no score", "did you mean 7"),
        ([7, 8], "have no score", "lists the ids"),
        (slice(2), "read by id", r"scores\.values"),
        (np.array([True, False, True]), "read by id", r"scores\.keys\[mask\]"),
    ],
)
def test_what_is_no_id_is_refused(ids, what, fix):
    scores = Scores("surprise", np.array([0.5, 0.1, 0.9]), np.array([7, 3, 5]), "nats", "odd")
    with pytest.raises(InputError, match=rf"(?s){what}.*fix: .*{fix}"):
        scores[ids]


def test_the_nearest_id_is_named():
    scores = Scores("surprise", np.zeros(2), np.array(["row-1", "line-2"]), "nats", "odd")
    with pytest.raises(InputError, match="did you mean 'row-1'"):
        scores["row1"]


def test_the_query_may_be_left_out_where_there_is_one():
    values = np.array([[0.1, 0.9, -0.3]])
    one = Attribution(values, np.array(["q"]), np.arange(3), "log-odds", np.full((1, 3), 0.2))
    assert one.top(2).keys.tolist() == one.top(2, query="q").keys.tolist() == [1, 0]
    assert one.top(1).spread.tolist() == [0.2]
    two = Attribution(np.vstack([values, -values]), np.array(["q", "r"]), np.arange(3), "log-odds")
    with pytest.raises(InputError, match=r"(?s)several queries.*the queries are 'q', 'r'"):
        two.top(2)
    assert two.top(1, query="r").keys.tolist() == [2]
    assert two.to_frame().columns.tolist() == ["q", "r"]
