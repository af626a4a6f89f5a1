"""Halves, groups and copies, and weights."""

import numpy as np
import pytest

from samplewise.shift.domain_classifier import chances_of_second, importance_weights, sides_of


def sides(matrix, first, groups=(None, None), seed=0):
    count = len(matrix)
    return sides_of(matrix, (np.arange(first), np.arange(count - first)), groups, seed)


def test_halves_keep_groups_together_and_let_one_row_of_each_speak():
    matrix = np.random.default_rng(0).normal(size=(200, 2))
    groups = np.repeat(np.arange(20), 5)
    found = sides(matrix, 100, (groups, None))
    assert all(len(set(found.fitted[:100][groups == one])) == 1 for one in range(20))
    assert found.speaks[:100].sum() == 20
    assert found.speaks[100:].all()
    assert found.fitted[:100].sum() == 50
    assert found.fitted[100:].sum() == 50


def test_copies_on_one_side_count_as_one_but_a_table_of_few_values_is_left_alone():
    rng = np.random.default_rng(0)
    own, other = rng.normal(size=(300, 3)), rng.normal(size=(300, 3))
    repeated = sides(np.r_[np.repeat(own, 3, axis=0), other], 900)
    assert repeated.speaks[:900].sum() == 300
    assert sides(rng.integers(0, 2, (400, 2)).astype(float), 200).speaks.all()
    assert sides(np.r_[own, own[:30], other], 300).shared == 30


def test_chances_of_rows_are_those_of_equally_many_rows_on_either_side():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(1200, 1))
    found = sides(matrix, 1000)
    chances = chances_of_second(matrix, np.array([False]), found, 0)
    assert abs(chances.mean() - 0.5) < 0.1  # although five sixths of the rows are of the first side
    moved = np.r_[rng.normal(size=(600, 1)), rng.normal(size=(600, 1)) + 6.0]
    apart = chances_of_second(moved, np.array([False]), sides(moved, 600), 0)
    assert np.median(apart[:600]) < 0.05 < 0.95 < np.median(apart[600:])


def test_weights_have_mean_one_and_say_what_share_of_the_rows_they_are_worth():
    weights, share = importance_weights(np.full(50, 0.3))
    assert weights == pytest.approx(np.ones(50))
    assert share == pytest.approx(1.0)
    one, few = importance_weights(np.r_[np.full(99, 1e-6), 0.9])
    assert one.mean() == pytest.approx(1.0)
    assert few < 0.02
    nothing, none = importance_weights(np.zeros(20))
    assert (nothing.sum(), none) == (0.0, 0.0)
