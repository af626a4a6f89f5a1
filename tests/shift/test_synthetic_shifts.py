"""Shifts of source rows: what is tilted moves, methods are weighed by what they saw, and misses become a width."""

import numpy as np
import pytest

from samplewise.shift import synthetic_shifts
from samplewise.shift.outputs import Outputs
from samplewise.shift.synthetic_shifts import Calibration, calibrated, pulls_of, standardized


def test_the_method_that_sees_the_change_gets_the_pull():
    draw = np.random.default_rng(0)
    truth = draw.normal(size=40) * 0.05
    seen = np.c_[truth, draw.normal(size=40) * 0.05]
    pulls = pulls_of(seen, truth)
    assert pulls[0] > 0.8 > 0.2 > pulls[1] >= 0.0
    assert pulls_of(np.zeros((5, 4)), np.zeros(5)).tolist() == [0.25] * 4
    assert pulls_of(0.5 * seen, truth).sum() == pytest.approx(1.0, abs=1e-6)


def test_the_width_is_the_miss_at_the_rank_times_how_far_methods_disagree():
    misses = np.arange(1.0, 49.0)
    one = Calibration(("a", "b"), 0.2, np.array([0.5, 0.5]), np.zeros(2), misses, 1.0)
    found = {"a": 0.3, "b": 0.4}
    assert one.estimate(found) == pytest.approx(0.35)
    assert one.half_width(found, 0.95) == pytest.approx(47 * (0.005 + 0.05))
    assert one.half_width(found, 0.99) == np.inf
    assert one.estimate({"a": 9.0, "b": 9.0}) == 1.0


def test_columns_are_standardized_without_their_outliers_and_gaps():
    found = standardized(np.array([1.0, 2.0, np.nan, 3.0, 4.0]))
    assert found[2] == 0.0
    assert found.sum() == pytest.approx(0.0)
    assert standardized(np.r_[np.zeros(999), 1e6]).max() == 3.0
    assert standardized(np.full(4, 7.0)).tolist() == [0.0] * 4


@pytest.mark.parametrize("grouped", [False, True])
def test_shifts_of_every_kind_are_made_and_all_methods_miss_something(grouped, monkeypatch):
    monkeypatch.setattr(synthetic_shifts, "PER_KIND", 3)
    draw = np.random.default_rng(0)
    X = np.c_[draw.normal(size=400), draw.integers(0, 3, 400)]
    chance = 1.0 / (1.0 + np.exp(-2.0 * X[:, 0]))
    labels = (draw.random(400) < chance).astype(int)
    values = np.c_[1.0 - chance, chance]
    outputs = Outputs(values, (values.argmax(axis=1) != labels).astype(float), labels, 1.0)
    groups = np.arange(400) // 2 if grouped else None
    found = calibrated(X, np.array([False, True]), outputs, np.arange(400), groups, 1000, 0)
    assert found.misses.shape == (12,)
    assert (found.missed > 0).all()
    assert len(found.names) == len(found.pulls) == 9
    assert 0.3 < found.pulls.sum() < 1.0 + 1e-6
