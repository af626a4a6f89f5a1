"""Divergence of two rates and its inverse: closed forms and root finding."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import kl_div

from samplewise.engine.statistics.divergences import (
    binary_kl,
    distribution_of,
    kl_inverse,
    largest_within,
    log_ratio,
)


def test_the_divergence_is_the_sum_over_both_outcomes():
    for first, second in ((0.0, 0.3), (0.2, 0.7), (1.0, 0.4)):
        expected = kl_div(first, second) + kl_div(1 - first, 1 - second)
        assert binary_kl(first, second) == pytest.approx(expected)
    assert binary_kl(0.2, 0.2) == 0.0
    assert binary_kl(0.2, 1.0) == np.inf


def test_inverse_of_the_divergence():
    assert kl_inverse(0.0, 0.3) == pytest.approx(1 - np.exp(-0.3))
    assert kl_inverse(1.0, 0.3) == 1.0
    assert kl_inverse(0.25, 0.0) == pytest.approx(0.25, abs=1e-7)
    root = brentq(lambda rate: binary_kl(0.1, rate) - 0.05, 0.1, 1 - 1e-12, xtol=1e-14)
    assert kl_inverse(0.1, 0.05) == pytest.approx(root, abs=1e-12)


def test_the_end_is_never_below_the_root_and_one_where_there_is_none():
    for limit in np.random.default_rng(0).random(50):
        assert largest_within(lambda rate: rate**3, 0.0, limit) ** 3 >= limit
    assert largest_within(lambda rate: rate, 0.5, 2.0) == 1.0


def test_log_ratios_average_to_the_divergence():
    first, second = distribution_of(np.array([3, 1, 0])), distribution_of(np.array([1.0, 1.0, 2.0]))
    assert first.tolist() == [0.75, 0.25, 0.0]
    assert distribution_of(np.zeros(2)).tolist() == [0.0, 0.0]
    assert first @ log_ratio(first, second) == pytest.approx(stats.entropy(first, second), abs=1e-6)
    assert log_ratio(first, second)[2] == pytest.approx(np.log(1e-8 / (0.5 + 1e-8)))  # finite where one lacks it
