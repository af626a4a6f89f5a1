"""Grown trees read as plain arrays say what the library that grew them says."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor

from samplewise.curves.meta.tree_fitting import Boosting, boosted, forest
from samplewise.curves.meta.trees import Trees

RISES = 2


@pytest.fixture(scope="module")
def rows():
    draw = np.random.default_rng(0)
    table = np.column_stack([draw.integers(0, 28, 1500), draw.normal(size=(1500, 4))]).astype(float)
    return table, table[:, 1] * (table[:, 0] % 3) + table[:, RISES] + 0.1 * draw.normal(size=1500)


def library(kind, table, target, named, directions, **how):
    used = slice(0 if named else 1, None)
    model = kind(
        max_iter=20, max_leaf_nodes=15, learning_rate=0.1, early_stopping=False, random_state=0,
        monotonic_cst=directions[used], categorical_features=[0] if named else None, **how,
    )  # fmt: skip
    return model.fit(table[:, used], target), table[:, used]


@pytest.mark.parametrize("named", [True, False])
def test_boosted_trees_agree_with_the_library(rows, named):
    table, target = rows
    table = table if named else np.column_stack([np.full(len(table), -1.0), table[:, 1:]])
    directions = np.array([0, 0, 1, 0, 0])
    ours = boosted(table, target, directions, Boosting("squared_error", rounds=20, leaves=15))
    theirs, used = library(HistGradientBoostingRegressor, table, target, named, directions)
    np.testing.assert_allclose(ours.sums(table)[:, 0], theirs.predict(used), atol=1e-12)
    odds = boosted(table, (target > 0) * 1.0, directions, Boosting("log_loss", rounds=20, leaves=15))
    theirs, used = library(HistGradientBoostingClassifier, table, target > 0, named, directions)
    np.testing.assert_allclose(odds.sums(table)[:, 0], theirs.decision_function(used), atol=1e-12)


def test_a_forest_agrees_with_the_library(rows):
    table, target = rows
    table, targets = table.astype(np.float32).astype(float), np.column_stack([target, target**2])
    theirs = RandomForestRegressor(10, max_leaf_nodes=20, min_samples_leaf=5, max_features=0.5, random_state=0)
    np.testing.assert_allclose(
        forest(table, targets, 10, 20, 5).sums(table), theirs.fit(table, targets).predict(table), atol=1e-12
    )


def test_directions_are_kept_and_categories_count(rows):
    table, target = rows
    ours = boosted(table, target, np.array([0, 0, 1, 0, 0]), Boosting("squared_error", rounds=20))
    higher = table.copy()
    higher[:, RISES] += 0.5
    assert (ours.sums(higher) >= ours.sums(table) - 1e-12).all()
    other = table.copy()
    other[:, 0] = (table[:, 0] + 1) % 28
    assert np.abs(ours.sums(other) - ours.sums(table)).max() > 0.5


def test_arrays_come_back_as_they_were(rows):
    table, target = rows
    ours = boosted(table, target, np.zeros(5, dtype=int), Boosting("squared_error", rounds=3))
    again = Trees.from_arrays({f"a.{name}": part for name, part in ours.arrays().items()}, "a.")
    assert (again.sums(table) == ours.sums(table)).all()
