"""Cohen's kappa against scikit-learn, and its limits."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from samplewise.engine.statistics.agreement import cohen_kappa


def test_kappa_is_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    for classes in (2, 5):
        one = draw.integers(0, classes, 80)
        other = np.where(draw.random(80) < 0.7, one, draw.integers(0, classes, 80))
        low, value, high = cohen_kappa(one, other)
        assert value == pytest.approx(cohen_kappa_score(one, other))
        assert low < value < high


def test_few_rows_that_agree_throughout_are_no_proof():
    low, value, high = cohen_kappa(np.array([0, 1, 0, 1]), np.array([0, 1, 0, 1]))
    assert value == high == pytest.approx(1.0)
    assert low < 0.2


def test_nothing_can_be_said():
    assert np.isnan(cohen_kappa(np.array([], dtype=int), np.array([], dtype=int))).all()
    assert np.isnan(cohen_kappa(np.zeros(5, dtype=int), np.zeros(5, dtype=int))).all()


def test_limits_hold_what_they_promise():
    draw, held, truth = np.random.default_rng(1), 0, 0.6
    for _ in range(300):
        one = draw.integers(0, 2, 60)
        other = np.where(draw.random(60) < truth, one, draw.integers(0, 2, 60))
        low, _, high = cohen_kappa(one, other)
        held += low <= truth <= high
    assert held / 300 > 0.9
