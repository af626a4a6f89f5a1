"""Tested advice: what helps is called so, what cannot is not, and the rule never sees the evaluation rows."""

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import RowEdit, measure_remedies, prepare
from samplewise.engine.refits.cell_edits import CellEdit, CellStep
from samplewise.engine.refits.remedy_effects import random_twin

ACCURACY = METRICS["accuracy"]


def relabel_disputed(folded):
    """The label most of the ten nearest rows of the part carry."""
    near = np.argsort(np.square(folded.space[:, None] - folded.space[None]).sum(axis=2), axis=1)[:, 1:11]
    vote = (folded.codes[near].mean(axis=1) > 0.5).astype(int)
    rows = np.flatnonzero(vote != folded.codes)
    return RowEdit("relabel", rows, vote[rows])


def relabel_at_random(folded):
    rows = np.arange(0, len(folded), 5)
    return RowEdit("relabel", rows, 1 - folded.codes[rows])


def test_mending_planted_flips_helps_and_the_random_twin_does_not(two_moons):
    folded = prepare(two_moons(400, seed=1, flipped=0.2)[0], KNeighborsClassifier(1), executor=SerialExecutor()).whole
    measured = measure_remedies(folded.runner, {"relabel": relabel_disputed}, [folded.all_folds], metric=ACCURACY)[
        "relabel"
    ]
    assert measured.verdict == "helps"
    assert measured.effect.low > 0
    assert measured.control.value < measured.effect.value
    assert 0.1 < measured.share < 0.35


def test_random_relabeling_is_never_called_help(two_moons):
    words = []
    for seed in range(20):
        folded = prepare(two_moons(200, seed=seed)[0], seed=seed).whole
        measured = measure_remedies(folded.runner, {"r": relabel_at_random}, [folded.all_folds], metric=ACCURACY)["r"]
        words.append(measured.verdict)
        assert measured.detectable > 0
    assert words.count("helps") <= 1


def test_a_rule_that_changes_nothing_has_no_effect(folded):
    nothing = measure_remedies(
        folded.runner,
        {"n": lambda folded: RowEdit("drop", np.array([], dtype=int))},
        [folded.all_folds],
        metric=ACCURACY,
    )["n"]
    assert nothing.effect.value == 0.0
    assert nothing.verdict == "not distinguishable"
    assert nothing.p_value == 1.0


def test_every_rule_sees_every_part_and_no_held_out_label(two_moons):
    data, _ = two_moons(150)
    seen = {}

    def spy(name):
        def rule(folded):
            seen.setdefault(name, []).append((folded.left_out, folded.codes.tobytes(), folded.data.y.tobytes()))
            return relabel_disputed(folded)

        return rule

    opened = prepare(data).whole
    folds = opened.all_folds
    measure_remedies(opened.runner, {"clean": spy("clean")}, [folds], metric=ACCURACY)
    for fold in range(5):
        poisoned = prepare(data.with_labels(np.where(folds == fold, 1 - data.y, data.y))).whole
        measure_remedies(poisoned.runner, {"poisoned": spy(fold)}, [folds], metric=ACCURACY)
        assert sorted(seen[fold])[fold] == sorted(seen["clean"])[fold]
    assert sorted(left_out for left_out, _, _ in seen["clean"]) == [0, 1, 2, 3, 4]


def test_repeats_average_and_groups_widen_the_interval(two_moons):
    data, _ = two_moons(200, seed=2, flipped=0.2)
    twice = np.repeat(data.X, 2, axis=0)
    twice[1::2] += 1e-9  # no exact duplicates: those are joined without being named
    paired = Dataset(twice, np.repeat(data.y, 2), groups=np.repeat(np.arange(200), 2))
    alone = Dataset(paired.X, paired.y)
    widths = []
    for each in (alone, paired):
        folded = prepare(each).whole
        folds = prepare(paired).whole.all_folds
        effect = measure_remedies(folded.runner, {"r": relabel_at_random}, [folds, folds], metric=ACCURACY)["r"].effect
        widths.append(effect.high - effect.low)
    assert widths[1] > 1.1 * widths[0]


def test_random_twin_has_the_same_kind_and_size_and_other_labels(folded):
    change = RowEdit("relabel", np.arange(30), 1 - folded.codes[:30])
    twin = random_twin(change, folded, 0)
    assert len(twin.rows) == 30 == len(np.unique(twin.rows))
    assert (twin.values != folded.codes[twin.rows]).all()
    assert random_twin(RowEdit("drop", np.arange(7)), folded, 0).values is None


def test_effects_on_numbers_are_in_the_unit_of_the_label_with_r_squared_beside():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * draw.normal(size=300)
    y[:30] += 20.0
    folded = prepare((X, y), "linear").whole

    def drop_far(folded):
        return RowEdit("drop", np.flatnonzero(np.abs(folded.held_out_outputs()[:, 0] - folded.codes) > 8))

    measured = measure_remedies(folded.runner, {"drop": drop_far}, [folded.all_folds], metric=METRICS["mae"])["drop"]
    assert measured.verdict == "helps"
    assert measured.effect.unit == "lower error, in the label's unit"
    assert measured.beside is not None
    assert measured.beside.unit == "R²"
    assert measured.before is not None
    assert 0 < measured.effect.value < measured.before.value < 20
    assert measured.point == METRICS["mae"].point(y) > 0


def redundant_half(rows, seed=0):
    """Two far classes in which half of the rows say nothing new, and a rule that leaves them out."""
    y = np.arange(rows) % 2
    X = np.random.default_rng(seed).normal(size=(rows, 2)) + 20.0 * y[:, None]
    return (X, y), lambda folded: RowEdit("drop", np.arange(0, len(folded), 2))


def measured_as(saving, rows):
    data, half = redundant_half(rows)
    folded = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor()).whole
    rules, folds = {"r": half}, [folded.all_folds]
    return measure_remedies(folded.runner, rules, folds, metric=ACCURACY, saving=("r",) if saving else ())["r"]


def test_fewer_rows_are_judged_by_what_is_lost():
    assert measured_as(False, 1200).verdict == "not distinguishable"
    assert measured_as(True, 1200).verdict == "no loss"


def test_few_rows_cannot_rule_out_a_loss_even_where_nothing_changed():
    """Of 100 rows without a change up to 3.6 % may change: that is no proof that nothing is lost."""
    measured = measured_as(True, 100)
    assert measured.effect.value == 0.0
    assert measured.verdict == "not distinguishable"


def test_fewer_rows_that_cost_are_said_to_hurt_and_a_gain_is_no_help(two_moons):
    data, _ = two_moons(400, seed=1, flipped=0.2)
    folded = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor()).whole

    def drop_disputed(folded):
        return RowEdit("drop", relabel_disputed(folded).rows)

    def drop_the_rest(folded):
        return RowEdit("drop", np.setdiff1d(np.arange(len(folded)), relabel_disputed(folded).rows))

    rules = {"gain": drop_disputed, "loss": drop_the_rest}
    found = measure_remedies(folded.runner, rules, [folded.all_folds], metric=ACCURACY, saving=tuple(rules))
    assert found["gain"].effect.low > 0
    assert found["gain"].verdict == "no loss"
    assert found["loss"].verdict == "hurts"


def test_a_fold_without_rows_of_one_class_says_nothing_of_a_metric_that_compares_them(two_moons):
    data, _ = two_moons(200, seed=2)
    folded = prepare(data, KNeighborsClassifier(5), executor=SerialExecutor()).whole
    folds = np.where(data.y == 1, 1 + np.arange(200) % 4, np.arange(200) % 5)  # fold 0 holds class 0 only
    for name in ("auc", "balanced_accuracy"):
        found = measure_remedies(folded.runner, {"r": relabel_at_random}, [folds], metric=METRICS[name])["r"]
        assert np.isfinite([found.effect.value, found.effect.low, found.effect.high]).all()
        assert found.effect.value < 0


def ridge_answers(X, y, folds, penalty):
    """Held-out predictions of a ridge regression with a free constant, by the normal equations."""
    answers = np.empty(len(y))
    for fold in np.unique(folds):
        held = folds == fold
        middle, mean = X[~held].mean(axis=0), y[~held].mean()
        inside = X[~held] - middle
        weights = np.linalg.solve(inside.T @ inside + penalty * np.eye(X.shape[1]), inside.T @ (y[~held] - mean))
        answers[held] = (X[held] - middle) @ weights + mean
    return answers


def test_a_cleaning_is_carried_out_on_training_and_on_held_out_rows():
    draw = np.random.default_rng(0)
    clean = draw.normal(size=(60, 2)) + 20.0
    y = (clean - 20.0) @ [1.0, -0.5] + 0.1 * draw.normal(size=60)
    dirty = clean.copy()
    dirty[::6, 0] *= 1000.0
    folded = prepare((dirty, y), Ridge(alpha=2.0), executor=SerialExecutor()).whole
    edit = CellEdit(0, (CellStep("divide", limits=(-np.inf, 5000.0), factor=1000.0),))
    metric = METRICS["mae"]
    measured = measure_remedies(folded.runner, {"divide": lambda _: edit}, [folded.all_folds], metric=metric)["divide"]
    random = edit.at_random(dirty, np.arange(60), 0)

    def score(X):
        answers, folds = ridge_answers(X, y, folded.all_folds, 2.0)[:, None], folded.all_folds
        return np.concatenate([metric.contributions(answers[folds == k], y[folds == k]) for k in range(5)]).mean()

    before, after, control = map(score, (dirty, clean, random))
    assert measured.verdict == "helps"
    np.testing.assert_allclose(measured.effect.value, after - before, rtol=1e-4)
    np.testing.assert_allclose(measured.control.value, control - before, rtol=1e-3, atol=1e-3)


def test_fits_after_a_cleaning_are_kept_by_content(two_moons):
    data, _ = two_moons(100)
    made = []
    prepared = prepare(data)
    edit = CellEdit(0, (CellStep("divide", limits=(-np.inf, 0.5), factor=2.0),))
    for _ in range(2):
        runner = prepared.runner.with_features(edit.carried_out(data.X))
        runner.on_fit = lambda: made.append(1)
        fit = prepared.whole.changed_fit(np.arange(20), None)
        (answer,) = runner.outputs([fit], blocks=prepared.whole.all_folds)
    assert len(made) == 1
    (unclean,) = prepared.runner.outputs([fit], blocks=prepared.whole.all_folds)
    assert not np.array_equal(answer, unclean)
