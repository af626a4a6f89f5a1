"""Out-of-bag values: against counting by hand, groups, numbers, and planted flips."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data import Dataset
from samplewise.data.splits import nested_subsets
from samplewise.influence import mislabel_score, out_of_bag_value


def clouds(rows=80, seed=0):
    draw = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return draw.normal(size=(rows, 2)) + 2.5 * y[:, None], y


def test_counts_how_often_models_without_the_row_are_right():
    X, y = clouds(30)
    found = out_of_bag_value((X, y), learner=LogisticRegression(), n_models=12, executor=SerialExecutor())
    order = np.argsort(np.argsort(np.arange(30)))
    bags = nested_subsets(np.arange(30), y, sizes=[19], n_repeats=12)[:, 0]
    right = [(LogisticRegression().fit(X[bag], y[bag]).predict(X) == y)[order] for bag in bags]
    expected = [np.mean([r[i] for r, bag in zip(right, bags, strict=True) if not bag[i]]) for i in range(30)]
    assert found.values == pytest.approx(expected)


def test_flipped_labels_have_least_support():
    X, y = clouds(200)
    wrong = np.arange(0, 200, 11)
    y[wrong] = 1 - y[wrong]
    found = out_of_bag_value((X, y), n_models=40)
    assert mislabel_score(found, wrong, larger_is_wrong=False).area.value > 0.9
    assert np.isfinite(found.spread).all()


def test_numbers_are_scored_by_squared_error():
    X = np.linspace(0, 1, 60)[:, None]
    y = 3.1 * X[:, 0]
    y[30] += 4
    found = out_of_bag_value((X, y), learner="linear", n_models=20)
    assert found.top(1, largest=False).keys == [30]
    assert (found.values <= 0).all()


def test_exact_duplicates_share_bags_with_and_without_a_group():
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    X2, y2 = np.vstack([X, X]), np.r_[y, y]
    tied = out_of_bag_value(Dataset(X2, y2, groups=np.r_[np.arange(40), np.arange(40)]), n_models=30)
    loose = out_of_bag_value((X2, y2), n_models=30)
    np.testing.assert_array_equal(loose.values, tied.values)
    np.testing.assert_array_equal(loose.values[:40], loose.values[40:])


def test_too_few_bags():
    with pytest.raises(InputError, match="at least 10"):
        out_of_bag_value(clouds(), n_models=5)
