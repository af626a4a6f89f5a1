"""Random signs of clusters: valid whatever their spreads, for many sums at once."""

import numpy as np

from samplewise.engine.statistics.sign_flips import sign_flip_test


def test_sums_that_are_chance_are_seldom_significant_even_with_unequal_spreads():
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sums = rng.normal(size=(40, 10)) * rng.exponential(size=(40, 1)) ** 2
        hits += sign_flip_test(sums, seed=seed).p_value.min() <= 0.05
    assert 1 <= hits <= 20


def test_a_total_beyond_chance_is_found_and_its_allowance_counts():
    sums = np.random.default_rng(0).normal(loc=[0.0, 1.0, 0.0], size=(50, 3))
    assert (sign_flip_test(sums).p_value < 0.01).tolist() == [False, True, False]
    assert sign_flip_test(sums, allowance=np.array([0.0, 60.0, 0.0])).p_value[1] > 0.5


def test_columns_without_any_sum_and_seeds():
    empty = sign_flip_test(np.zeros((5, 2)))
    assert empty.p_value.tolist() == [1.0, 1.0]
    assert empty.statistic.tolist() == [0.0, 0.0]
    sums = np.random.default_rng(0).normal(size=(30, 2))
    assert np.array_equal(sign_flip_test(sums, seed=3).p_value, sign_flip_test(sums, seed=3).p_value)
