"""Who evaluates, which rows are one group, and means with their standard errors."""

import numpy as np

from samplewise.data.dataset import Dataset
from samplewise.engine.refits import prepare
from samplewise.influence.valuation import row_effects
from samplewise.influence.valuation.row_effects import group_numbers, hash_drawn_rows, means_and_spread

IDS = np.array([f"r{i}" for i in range(1000)])


def test_all_rows_of_a_fold_evaluate_where_the_pairs_are_affordable(monkeypatch):
    rows = np.arange(0, 1000, 2)
    assert hash_drawn_rows(rows, 500, IDS, 0) is rows
    monkeypatch.setattr(row_effects, "PAIRS", 1000.0)
    drawn = hash_drawn_rows(rows, 500, IDS, 0)
    assert len(drawn) == row_effects.FEWEST_EVALUATED
    assert set(drawn) <= set(rows)
    shuffled = np.random.default_rng(0).permutation(rows)
    assert set(hash_drawn_rows(shuffled, 500, IDS, 0)) == set(drawn)  # by id, not by position
    assert set(hash_drawn_rows(rows, 500, IDS, 1)) != set(drawn)


def test_rows_of_a_group_have_one_number():
    X = np.random.default_rng(0).normal(size=(12, 2))
    y = np.arange(12) % 2
    assert group_numbers(prepare((X, y)).unsplit).tolist() == list(range(12))
    groups = np.repeat(["b", "a", "c"], 4)
    numbers = group_numbers(prepare(Dataset(X, y, groups=groups)).unsplit)
    assert (numbers[:, None] == numbers).tolist() == (groups[:, None] == groups).tolist()


def test_means_and_errors_are_those_over_groups():
    draw = np.random.default_rng(0)
    benefits = draw.normal(1.0, 2.0, size=50)  # of 50 rows, each a group
    reach = np.square(benefits)
    sums = np.array([[benefits.sum()], [np.square(benefits).sum()], [reach.sum()], [50.0], [50.0]])
    mean, error, reached = means_and_spread(sums)
    np.testing.assert_allclose(mean, benefits.mean())
    np.testing.assert_allclose(error, benefits.std(ddof=1) / np.sqrt(50))
    np.testing.assert_allclose(reached, reach.mean())
    pairs = benefits.reshape(25, 2).sum(axis=1)  # 25 groups of two rows
    sums = np.array([[pairs.sum()], [np.square(pairs).sum()], [reach.sum()], [25.0], [50.0]])
    np.testing.assert_allclose(means_and_spread(sums)[1], (pairs / 2).std(ddof=1) / np.sqrt(25))


def test_a_row_that_was_never_trained_on_is_unknown():
    assert np.isnan(means_and_spread(np.zeros((5, 2)))).all()
