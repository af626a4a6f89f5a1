"""The rank test against scipy and against all orders, and the chance that rows lie on one side."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.two_samples import only_here_p_value, rank_test


@pytest.mark.parametrize("decimals", [0, 6])
def test_the_rank_sum_is_that_of_scipy(decimals):
    rng = np.random.default_rng(0)
    first, second = np.round(rng.normal(size=80), decimals), np.round(rng.normal(size=60) + 0.3, decimals)
    found = rank_test(first, second)
    theirs = stats.mannwhitneyu(second, first, alternative="greater", method="asymptotic")
    assert found.auc == pytest.approx(theirs.statistic / (80 * 60))
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_few_rows_are_compared_with_drawn_orders():
    first, second = np.array([1.0, 2.0, 4.0, 5.0]), np.array([3.0, 6.0, 7.0])
    ranks = stats.rankdata(np.r_[first, second])
    exact = np.mean([sum(ranks[list(chosen)]) >= ranks[4:].sum() for chosen in combinations(range(7), 3)])
    assert rank_test(first, second).p_value == pytest.approx(exact, abs=0.03)
    assert rank_test(first, np.repeat(second, 8)).p_value < 0.2  # the second sample is the larger one
    assert rank_test(second, first).p_value > 0.8


def test_the_error_of_the_area_is_its_spread_over_samples():
    rng = np.random.default_rng(1)
    found = [rank_test(rng.normal(size=100), rng.normal(size=70) + 1.0) for _ in range(200)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.std([one.auc for one in found]), rel=0.15)


def test_equal_scores_tell_nothing():
    found = rank_test(np.zeros(60), np.zeros(70))
    assert (found.auc, found.p_value) == (0.5, 1.0)


def test_rows_on_one_side_by_counting_all_divisions():
    divided = [set(chosen) for chosen in combinations(range(7), 4)]
    for count in (1, 2, 3):
        exact = np.mean([set(range(count)) <= here for here in divided])
        assert only_here_p_value(count, 4, 3) == pytest.approx(exact)
