"""Trees taken over from scikit-learn answer as scikit-learn does."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from samplewise.curves.meta.tree_fitting import Boosting, boosted, forest


@pytest.fixture
def rows():
    draw = np.random.default_rng(0)
    table = np.column_stack([draw.integers(0, 5, 400), draw.normal(size=(400, 3))]).astype(np.float64)
    target = 0.2 * (table[:, 0] % 2) + table[:, 1] - np.sin(table[:, 2]) + 0.1 * draw.normal(size=400)
    return table, target


def test_boosted_regression_trees_sum_to_the_prediction(rows):
    table, target = rows
    how, weights = Boosting("absolute_error", rounds=20, least_rows=20, columns=0.5), np.linspace(0.5, 2.0, len(target))
    trees = boosted(table, target, np.array([0, 1, 0, 0]), how, categories=1, weights=weights)
    model = HistGradientBoostingRegressor(
        loss="absolute_error", monotonic_cst=[0, 1, 0, 0], categorical_features=[0], early_stopping=False,
        random_state=0, max_iter=20, max_leaf_nodes=31, min_samples_leaf=20, max_features=0.5,
    ).fit(table, target, sample_weight=weights)  # fmt: skip
    np.testing.assert_allclose(trees.sums(table)[:, 0], model.predict(table), atol=1e-9)
    assert len(trees.roots) == 20


def test_a_rising_direction_is_kept_to(rows):
    table, target = rows
    trees = boosted(table, -target, np.array([0, 1, 0, 0]), Boosting("squared_error", rounds=30, least_rows=20))
    line = np.repeat(table[:1], 50, axis=0)
    line[:, 1] = np.linspace(-3, 3, 50)
    assert (np.diff(trees.sums(line)[:, 0]) >= -1e-12).all()


def test_a_forest_sums_to_the_mean_of_its_trees(rows):
    table, target = rows
    targets = np.column_stack([target, target**2])
    model = RandomForestRegressor(7, max_leaf_nodes=9, min_samples_leaf=4, max_features=0.5, random_state=0)
    model.fit(table, targets)
    single = table.astype(np.float32).astype(np.float64)  # what scikit-learn compares with its thresholds
    np.testing.assert_allclose(forest(table, targets, 7, 9, 4).sums(single), model.predict(table), atol=1e-9)
