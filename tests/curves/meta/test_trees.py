"""Grown trees read as plain arrays say what the library that grew them says."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from samplewise.curves.meta.tree_fitting import Boosting, boosted, forest
from samplewise.curves.meta.trees import Trees

RISES = 3


@pytest.fixture(scope="module")
def rows():
    """Two categories, then three numbers."""
    draw = np.random.default_rng(0)
    codes = [draw.integers(0, 28, 1500), draw.integers(0, 10, 1500)]
    table = np.column_stack([*codes, draw.normal(size=(1500, 3))]).astype(float)
    target = table[:, 2] * (table[:, 0] % 3) + (table[:, 1] % 2) + table[:, RISES] + 0.1 * draw.normal(size=1500)
    return table, target


@pytest.mark.parametrize("categories", [0, 1, 2])
@pytest.mark.parametrize("columns", [1.0, 0.4])
def test_boosted_trees_agree_with_the_library(rows, categories, columns):
    table, target = rows
    directions, weights = np.array([0, 0, 0, 1, 0]), np.random.default_rng(1).random(len(table))
    how = Boosting("squared_error", rounds=20, leaves=15, least_rows=20, columns=columns)
    ours = boosted(table, target, directions, how, categories=categories, weights=weights)
    theirs = HistGradientBoostingRegressor(
        max_iter=20, max_leaf_nodes=15, learning_rate=0.1, early_stopping=False, random_state=0, max_features=columns,
        monotonic_cst=directions, categorical_features=list(range(categories)) or None,
    ).fit(table, target, sample_weight=weights)  # fmt: skip
    np.testing.assert_allclose(ours.sums(table)[:, 0], theirs.predict(table), atol=1e-12)
    assert set(ours.tested) == set(range(categories))
    assert len(ours.roots) == 20


def test_more_categories_than_a_word_holds_are_refused(rows):
    table, target = rows
    with pytest.raises(ValueError, match="32 codes at most"):
        boosted(table + 10.0, target, np.zeros(5, dtype=int), Boosting("squared_error", rounds=2), categories=1)


def test_a_forest_agrees_with_the_library(rows):
    table, target = rows
    table, targets = table.astype(np.float32).astype(float), np.column_stack([target, target**2])
    theirs = RandomForestRegressor(10, max_leaf_nodes=20, min_samples_leaf=5, max_features=0.5, random_state=0)
    np.testing.assert_allclose(
        forest(table, targets, 10, 20, 5).sums(table), theirs.fit(table, targets).predict(table), atol=1e-12
    )


def test_directions_are_kept_and_categories_count(rows):
    table, target = rows
    how = Boosting("squared_error", rounds=20, least_rows=20)
    ours = boosted(table, target, np.array([0, 0, 0, 1, 0]), how, categories=2)
    higher = table.copy()
    higher[:, RISES] += 0.5
    assert (ours.sums(higher) >= ours.sums(table) - 1e-12).all()
    for column, count in ((0, 28), (1, 10)):
        other = table.copy()
        other[:, column] = (table[:, column] + 1) % count
        assert np.abs(ours.sums(other) - ours.sums(table)).max() > 0.3


def test_arrays_come_back_as_they_were(rows):
    table, target = rows
    ours = boosted(table, target, np.zeros(5, dtype=int), Boosting("squared_error", rounds=3), categories=2)
    again = Trees.from_arrays({f"a.{name}": part for name, part in ours.arrays().items()}, "a.")
    assert (again.sums(table) == ours.sums(table)).all()
