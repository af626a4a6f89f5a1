"""p-values: against scipy, and uniform under the null."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.significance import (
    binomial_p_value,
    p_value_above,
    simulated_p_value,
    two_sided_p_value,
)


def test_one_sided_p_values_are_those_of_scipy():
    values = np.random.default_rng(0).normal(0.3, size=15)
    expected = stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
    assert p_value_above(values.mean(), stats.sem(values), 14) == pytest.approx(expected)
    assert p_value_above(40.0, 1.0) == pytest.approx(stats.norm.sf(40.0))


def test_without_spread_the_sign_decides():
    assert p_value_above(0.1, 0.0) == 0.0
    assert p_value_above(0.0, 0.0) == p_value_above(-1.0, 0.0, 3) == 1.0
    assert two_sided_p_value(0.1, 0.0) == 1.0
    assert p_value_above(1.0, np.inf) == 0.5


def test_two_sides_are_twice_one():
    assert two_sided_p_value(-1.3, 0.7) == two_sided_p_value(1.3, 0.7) == pytest.approx(2 * p_value_above(1.3, 0.7))


@pytest.mark.parametrize(("hits", "trials", "share"), [(0, 5, 0.2), (4, 9, 0.3), (9, 9, 0.5)])
def test_counts_are_tested_as_scipy_tests_them(hits, trials, share):
    expected = stats.binomtest(hits, trials, share, alternative="greater").pvalue
    assert binomial_p_value(hits, trials, share) == pytest.approx(expected)


def test_counts_come_in_any_shape():
    found = binomial_p_value(np.array([[1], [2]]), np.array([[2], [2]]), np.array([0.5, 0.1]))
    np.testing.assert_allclose(found, [[0.75, 0.19], [0.25, 0.01]])


def test_simulated_p_values_count_what_was_observed():
    null = np.arange(19.0)
    assert simulated_p_value(100.0, null) == pytest.approx(1 / 20)
    assert simulated_p_value(18.0, null) == pytest.approx(2 / 20)
    assert simulated_p_value(18.0 * (1 + 1e-15), null) == pytest.approx(2 / 20)  # equal but for rounding
    np.testing.assert_allclose(simulated_p_value(np.array([-1.0, 9.0]), np.stack([null, null])), [1.0, 11 / 20])


def test_simulated_p_values_are_uniform_under_the_null():
    draw = np.random.default_rng(1)
    found = simulated_p_value(draw.normal(size=2000), draw.normal(size=(2000, 99)))
    assert np.mean(found <= 0.1) == pytest.approx(0.1, abs=0.02)
