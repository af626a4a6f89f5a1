"""Memorization and influence: against every subset there is, against leaving rows out, and their errors."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import fit_design, prepare
from samplewise.generalization import memorization

NEAREST = KNeighborsClassifier(1)
IDS = np.array(list("abcdefgh"))


def eight():
    """Two clouds on a line; the row "c" has the label of the other."""
    return Dataset(np.array([0.0, 1.0, 2.1, 3.3, 7.0, 8.2, 9.1, 10.4])[:, None], [0, 0, 1, 0, 1, 1, 1, 0], ids=IDS)


def every_subset(data, size, points, labels):
    """Success (s, m) of 1-NN on every subset of a size, and the subsets."""
    inside, success = [], []
    for rows in combinations(range(len(data)), size):
        model = KNeighborsClassifier(1).fit(data.X[list(rows)], data.y[list(rows)])
        inside.append(np.isin(np.arange(len(data)), rows))
        success.append(model.predict(points) == labels)
    return np.array(inside), np.array(success, dtype=float)


def exact(inside, success):
    means = [
        np.stack([success[side[:, row]].mean(axis=0) for row in range(inside.shape[1])]) for side in (inside, ~inside)
    ]
    return (means[0] - means[1]).T  # (m, n)


def test_many_models_come_to_the_mean_over_all_subsets():
    data = eight()
    found = memorization(data, learner=NEAREST, n_models=1500, share=0.625, executor=SerialExecutor(), seed=1)
    inside, success = every_subset(data, 5, data.X, data.y)
    kept = [abs(2 * data.y[mask].sum() - 5) == 1 for mask in inside]  # classes in equal share, as subsets are drawn
    truth = exact(inside[kept], success[kept])
    attribution = found.influence()
    error = attribution.spread
    np.testing.assert_allclose(np.diag(attribution.values), found.scores.values, atol=1e-6)
    assert np.abs(attribution.values - truth).max() < 4 * error.max() < 0.2


def test_leaving_one_row_out_is_the_other_side_of_subsets_of_all_but_one():
    """With n - 1 rows, models without a row ARE the leave-one-out model of that row."""
    data = eight()
    found = memorization(data, learner=NEAREST, n_models=400, share=0.875, executor=SerialExecutor())
    left_out = np.array([
        KNeighborsClassifier(1).fit(rest.X, rest.y).predict(data.X[[row]])[0] == data.y[row]
        for row, rest in enumerate(data.drop([key]) for key in IDS)
    ])  # fmt: skip
    assert (found.inside.sum(axis=1) == 7).all()
    trained = np.ones(8)  # a neighbor of itself is right
    np.testing.assert_allclose(found.scores.values, trained - left_out, atol=1e-12)
    assert found.gap.value == pytest.approx(1 - left_out.mean())


def test_influence_on_other_rows_names_the_row_they_depend_on():
    data = eight()
    queries = Dataset(np.array([[2.2], [6.8]]), [1, 1], ids=["near c", "near e"])
    found = memorization(data, learner=NEAREST, n_models=200, queries=queries, executor=SerialExecutor())
    first, row, effect, error = found.strongest(1).to_frame().iloc[0]
    assert (first, row) == ("near c", "c")
    assert effect > 0.8
    assert 0 <= error < 0.1
    attribution = found.influence(["near e"])
    assert attribution.values.shape == (1, 8)
    assert np.abs(attribution.values).max() < 0.5, "e and f both answer for it"
    np.testing.assert_array_equal(found.counts().sum(axis=0), 200)


def test_errors_are_the_spread_of_repeated_answers():
    data = eight()
    runs = np.stack([
        memorization(data, learner=NEAREST, n_models=40, executor=SerialExecutor(), seed=seed).scores.values
        for seed in range(20)
    ])  # fmt: skip
    one = memorization(data, learner=NEAREST, n_models=40, executor=SerialExecutor()).scores
    assert one.spread.max() < 0.2
    assert (runs.std(axis=0) < 1.5 * one.spread).all()


@pytest.mark.parametrize("score", ["probability", "margin"])
def test_soft_scores_rank_as_the_hard_one_with_less_noise(score):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(60, 2))
    y = (X[:, 0] > 0).astype(int)
    y[:4] = 1 - y[:4]
    hard = memorization((X, y), learner="logistic", n_models=16, executor=SerialExecutor()).scores
    soft = memorization((X, y), learner="logistic", n_models=16, score=score, executor=SerialExecutor()).scores
    assert soft.unit == score
    assert soft.values[:4].min() > np.median(soft.values)
    if score == "probability":
        assert soft.spread.mean() < hard.spread.mean()


def test_exact_duplicates_are_trained_on_together_and_count_as_one_row():
    data = eight()
    twice = Dataset(np.vstack([data.X, [[2.1]]]), np.r_[data.y, 1], ids=[*IDS, "copy"])
    alone = memorization(data, learner=NEAREST, n_models=200, executor=SerialExecutor())
    both = memorization(twice, learner=NEAREST, n_models=200, executor=SerialExecutor())
    np.testing.assert_array_equal(both.inside[:, 2], both.inside[:, -1])
    assert both.scores.values[2] == both.scores.values[-1]
    assert both.scores.values[2] == pytest.approx(alone.scores.values[2], abs=0.1)


def test_numbers_are_in_standard_deviations():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(40, 2))
    found = memorization(
        (X, X[:, 0] + 0.1 * draw.normal(size=40)), learner="linear", n_models=20, executor=SerialExecutor()
    )
    assert found.scores.unit == "standard deviations of the label"
    assert found.gap.value > 0


def test_refits_that_exist_are_read():
    folded = prepare(eight(), NEAREST, n_folds=2, executor=SerialExecutor()).whole
    refits = fit_design(folded.runner, "halves", folded.all_folds, count=20)
    found = memorization(eight(), refits=refits)
    assert found.scores.top(1).keys[0] == "c" or found.scores.values.max() == found.scores.values[2]
    np.testing.assert_array_equal(found.inside, refits.inside)


def refits_of_eight():
    folded = prepare(eight(), NEAREST, n_folds=2, executor=SerialExecutor()).whole
    return fit_design(folded.runner, "halves", folded.all_folds, count=4)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"share": 1.0}, "share must be a number.*share=1.0.*below 1"),
        ({"n_models": 2}, "in some subsets.*n_models=2.*n_models=100, at least 4"),
        ({"score": "nonsense"}, "nonsense.*correct"),
        ({"n_models": 4, "share": 0.9}, "at least twice.*more n_models="),
        ({"refits": "made", "queries": eight()}, "no outputs for the queries.*leave refits out"),
    ],
)
def test_bad_questions_are_refused(options, match):
    if "refits" in options:
        options = options | {"refits": refits_of_eight()}
    with pytest.raises(InputError, match=f"(?s){match}"):
        memorization(eight(), learner=NEAREST, executor=SerialExecutor(), **options)


def test_refits_of_other_rows_are_refused():
    with pytest.raises(InputError, match=r"(?s)other rows.*exactly this data"):
        memorization(eight().take(np.arange(7)), refits=refits_of_eight())


def test_soft_scores_of_numbers_are_refused():
    data = eight().with_labels(np.linspace(0.1, 2.3, 8))
    with pytest.raises(InputError, match=r'(?s)numbers have no classes.*score="correct"'):
        memorization(data, learner="linear", score="margin", executor=SerialExecutor())


def test_rows_without_a_label_are_refused():
    with pytest.raises(InputError, match=r"(?s)needs a label.*a.*leave these rows out"):
        memorization(eight().with_labels([np.nan, 0, 1, 0, 1, 1, 1, 0]), learner=NEAREST)
