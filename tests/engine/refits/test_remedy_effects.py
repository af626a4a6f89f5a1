"""Tested advice: what helps is called so, what cannot is not, and the rule never sees the evaluation rows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from samplewise.core.execution import SerialExecutor
from samplewise.core.randomness import hashed_order
from samplewise.data.dataset import Dataset
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import RowEdit, measure_remedies, prepare
from samplewise.engine.refits.cell_edits import CellEdit, CellStep, ColumnEdit
from samplewise.engine.refits.remedy_effects import MeasurePlan

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
    assert nothing.verdict == "not decided"
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
    assert measured_as(False, 1200).verdict == "no difference"
    assert measured_as(True, 1200).verdict == "no loss"


def test_few_rows_cannot_rule_out_a_loss_even_where_nothing_changed():
    """Of 100 rows without a change up to 3.6 % may change: that is no proof that nothing is lost."""
    measured = measured_as(True, 100)
    assert measured.effect.value == 0.0
    assert measured.verdict == "not decided"


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
    edit = CellEdit((ColumnEdit(0, (CellStep("divide", limits=(-np.inf, 5000.0), factor=1000.0),)),))
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
    edit = CellEdit((ColumnEdit(0, (CellStep("divide", limits=(-np.inf, 0.5), factor=2.0),)),))
    for _ in range(2):
        runner = prepared.runner.with_features(edit.carried_out(data.X))
        runner.on_fit = lambda: made.append(1)
        fit = prepared.whole.changed_fit(np.arange(20), None)
        (answer,) = runner.outputs([fit], blocks=prepared.whole.all_folds)
    assert len(made) == 1
    (unclean,) = prepared.runner.outputs([fit], blocks=prepared.whole.all_folds)
    assert not np.array_equal(answer, unclean)


def measured_on(data, rule, learner="logistic", *, metric="accuracy", plan=None, saving=(), repeats=2):
    prepared = prepare(data, learner, executor=SerialExecutor())
    folds = [prepared.folds(repeat) for repeat in range(repeats)]
    found = measure_remedies(
        prepared.runner, {"r": rule}, folds, metric=METRICS[metric], plan=plan, ordered=prepared.ordered, saving=saving
    )
    return found["r"]


@pytest.mark.parametrize(
    "rule",
    [
        lambda folded: RowEdit("drop", np.arange(len(folded))),
        lambda folded: RowEdit("drop", np.flatnonzero(folded.codes != 0)),
        lambda folded: RowEdit("relabel", np.arange(len(folded)), np.zeros(len(folded), dtype=int)),
        lambda folded: RowEdit("reweight", np.arange(len(folded)), np.zeros(len(folded))),
    ],
    ids=["no rows", "one class", "one label", "no weight"],
)
def test_what_leaves_nothing_to_learn_from_is_said_and_costs_the_others_nothing(two_moons, rule):
    data, _ = two_moons(200, seed=1, flipped=0.2)
    prepared = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor())
    found = measure_remedies(
        prepared.runner, {"all": rule, "relabel": relabel_disputed}, [prepared.folds()], metric=ACCURACY
    )
    assert np.isnan(found["all"].effect.value)
    assert found["all"].verdict == "not decided"
    assert "leaves rows of one class only" in found["all"].reason
    assert found["relabel"].effect.value > 0


def test_fewer_groups_than_twenty_take_four_standard_errors(two_moons):
    data, _ = two_moons(200, seed=1, flipped=0.2)
    ten = Dataset(data.X, data.y, groups=np.arange(200) % 10)
    found = measured_on(ten, relabel_at_random, KNeighborsClassifier(1))
    assert found.verdict in ("hurts", "not decided")
    weak = measured_on(ten, lambda folded: RowEdit("drop", np.arange(12)), KNeighborsClassifier(1))
    assert weak.reason.startswith("only 10 independent groups")


def test_more_refits_of_the_same_rule_narrow_the_interval_and_run_it_no_more_often(two_moons):
    data, _ = two_moons(300, seed=3, flipped=0.2)
    calls = []

    def counted(folded):
        calls.append(folded.left_out)
        return relabel_disputed(folded)

    tree = DecisionTreeClassifier(random_state=0)
    once = measured_on(data, counted, tree)
    first = len(calls)
    often = measured_on(data, counted, tree, plan=MeasurePlan((2,), refits=6))
    assert len(calls) == 2 * first == 20
    assert often.fits == 6 * once.fits
    assert often.effect.high - often.effect.low < once.effect.high - once.effect.low
    assert often.effect.value == pytest.approx(once.effect.value, abs=4.0)


def test_what_is_plain_is_decided_at_the_first_look(two_moons):
    data, _ = two_moons(400, seed=1, flipped=0.2)
    found = measured_on(data, relabel_disputed, KNeighborsClassifier(1), plan=MeasurePlan((2, 8)), repeats=8)
    assert (found.verdict, found.repeats) == ("helps", 2)


def test_words_and_numbers_do_not_depend_on_the_other_remedies_but_for_the_correction(two_moons):
    data, _ = two_moons(200, seed=1, flipped=0.2)
    prepared = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor())
    folds = [prepared.folds(repeat) for repeat in range(2)]
    rules = {"one": relabel_disputed, "two": relabel_at_random, "three": lambda folded: RowEdit("drop", np.arange(9))}
    alone = measure_remedies(prepared.runner, {"one": rules["one"]}, folds, metric=ACCURACY)["one"]
    among = measure_remedies(prepared.runner, rules, folds, metric=ACCURACY)["one"]
    turned = measure_remedies(prepared.runner, dict(reversed(rules.items())), folds, metric=ACCURACY)["one"]
    assert alone.effect == among.effect == turned.effect
    assert alone.p_value <= among.p_value == turned.p_value


def test_rows_apart_are_evaluated_in_place_of_held_out_ones(two_moons):
    data, _ = two_moons(300, seed=2, flipped=0.2)
    others, _ = two_moons(250, seed=9)
    prepared = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor(), test=others)
    folds = [np.r_[prepared.folds(repeat), np.full(250, -1)] for repeat in range(2)]
    seen = []

    def spied(folded):
        seen.append(len(folded))
        return relabel_disputed(folded)

    found = measure_remedies(prepared.runner, {"r": spied}, folds, metric=ACCURACY)["r"]
    assert found.verdict == "helps"
    assert max(seen) <= 240  # test rows are never handed to a rule
    assert found.repeats == 2


def test_time_is_tested_on_the_future_with_other_cuts_in_every_repeat():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(400, 2))
    y = (X[:, 0] > 0).astype(int)
    y[draw.random(400) < 0.2] ^= 1
    data = Dataset(X, y, time=np.arange(400))
    prepared = prepare(data, KNeighborsClassifier(1), executor=SerialExecutor())
    cuts = [np.flatnonzero(np.diff(prepared.folds(repeat))) for repeat in range(3)]
    assert not np.array_equal(cuts[0], cuts[1])
    assert not np.array_equal(cuts[1], cuts[2])
    found = measured_on(data, relabel_disputed, KNeighborsClassifier(1), repeats=3)
    assert found.effect.value > 0


def test_landmarks_that_are_evaluated_are_no_landmarks():
    draw = np.random.default_rng(0)
    prepared = prepare((draw.normal(size=(1000, 4)), np.arange(1000) % 2), "kernel")
    held_out = prepared.folds() == 0
    narrowed = prepared.runner.drawing_from(~held_out).learner
    order = hashed_order(0, prepared.data.ids, "landmarks")[:250]
    assert held_out[order].any()  # else there is nothing to see
    assert not held_out[np.asarray(narrowed.landmark_rows(prepared.data.ids))].any()
    few = prepare((draw.normal(size=(100, 4)), np.arange(100) % 2), "kernel").runner
    assert few.drawing_from(np.arange(100) < 50) is few


def test_a_change_of_every_row_is_measured_and_is_no_better_than_itself(two_moons):
    data, _ = two_moons(200, seed=1)
    wrong = measured_on(data, lambda folded: RowEdit("relabel", np.arange(len(folded)), 1 - folded.codes))
    assert (wrong.verdict, wrong.share) == ("hurts", 1.0)
    assert wrong.effect == replace(wrong.control, quantity="effect")  # the random twin has no other rows to change
    heavier = measured_on(data, lambda folded: RowEdit("reweight", np.arange(len(folded)), np.full(len(folded), 2.0)))
    assert heavier.verdict in ("no difference", "not decided")


def test_labels_of_which_nearly_half_are_wrong_make_no_remedy_help_by_chance(two_moons):
    words = []
    for seed in range(10):
        data, _ = two_moons(200, seed=seed, flipped=0.45)
        for rule in (relabel_at_random, lambda folded: RowEdit("drop", np.arange(0, len(folded), 5))):
            found = measured_on(data, rule, KNeighborsClassifier(5))
            assert np.isfinite([found.effect.value, found.effect.low, found.one_refit.high]).all()
            words.append(found.verdict)
    assert words.count("helps") <= 1


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_a_class_of_fewer_rows_than_folds_is_tested_with_the_others(two_moons, metric):
    data, _ = two_moons(300, seed=1, flipped=0.2)
    rare = Dataset(data.X, np.r_[np.full(3, 2), data.y[3:]])

    def mended(folded):
        found = relabel_disputed(folded)
        kept = folded.codes[found.rows] != 2
        return RowEdit("relabel", found.rows[kept], found.values[kept])

    found = measured_on(rare, mended, KNeighborsClassifier(1), metric=metric)
    assert found.effect.low > 0
    gone = measured_on(rare, lambda folded: RowEdit("drop", np.flatnonzero(folded.codes == 2)), KNeighborsClassifier(1))
    assert np.isfinite(gone.effect.value)  # the three rows count as wrong after it, and that is measured
