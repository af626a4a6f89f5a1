"""Corrections: by hand, and the errors they promise, by simulation under the null."""

import numpy as np
import pytest

from samplewise.engine.statistics.multiplicity import discoveries, holm


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9]).tolist() == [0.9]
    assert holm([0.5, 0.6]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_tests_that_are_not_named_count():
    np.testing.assert_allclose(holm([0.01, 0.002], n_tests=10), [0.09, 0.02])


def test_holm_rejects_what_steps_down_from_the_smallest():
    draw = np.random.default_rng(0)
    for _ in range(50):
        p_values = draw.random(6) ** 3
        rejected, order = np.zeros(6, dtype=bool), np.argsort(p_values)
        for rank, test in enumerate(order):
            if p_values[test] * (6 - rank) > 0.05:
                break
            rejected[test] = True
        np.testing.assert_array_equal(holm(p_values) <= 0.05, rejected)


def test_holm_errs_as_seldom_as_it_says():
    p_values = np.random.default_rng(1).random((2000, 8))
    assert np.mean([(holm(each) <= 0.1).any() for each in p_values]) == pytest.approx(0.1, abs=0.025)


def test_discoveries_follow_benjamini_and_hochberg():
    assert discoveries(np.array([0.001, 0.012, 0.9, 0.2]), 0.05).tolist() == [True, True, False, False]
    assert not discoveries(np.array([0.04, 0.5]), 0.05).any()
    assert discoveries(np.array([0.04, 0.05]), 0.05).all()  # the larger carries the smaller
    assert len(discoveries(np.empty(0), 0.05)) == 0


def test_what_is_not_known_is_no_discovery_and_counts():
    assert discoveries(np.array([0.02, np.nan]), 0.05).tolist() == [True, False]
    assert not discoveries(np.array([0.03, np.nan]), 0.05).any()


def test_false_discoveries_are_as_rare_as_the_level():
    draw, shares = np.random.default_rng(2), []
    for _ in range(400):
        p_values = np.r_[draw.random(60), draw.random(20) * 1e-4]
        found = discoveries(p_values, 0.2)
        shares.append(found[:60].sum() / max(found.sum(), 1))
    assert np.mean(shares) == pytest.approx(0.15, abs=0.02)  # 0.2 times the share of true nulls
