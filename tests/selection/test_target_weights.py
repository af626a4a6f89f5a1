"""Weights of a target against counts by hand, and odds that are right as often as they say."""

import numpy as np
import pytest

from samplewise.core.randomness import generator
from samplewise.selection.row_features import RowFeatures
from samplewise.selection.target_weights import TargetWeights, mean_gain, smoothed


def weights(pool, target, *, length="sum", smoothing=0.0, min_length=0):
    reading = RowFeatures("counts", 1, None, None, None)
    counts, goal = reading.count(pool, "raw").counts, reading.count(target, "target").counts
    return TargetWeights(counts, goal, length=length, smoothing=smoothing, min_length=min_length)


POOL = np.array([[4.0, 0, 0], [1, 1, 0], [0, 0, 2], [0, 0, 0], [1, 3, 4]])
TARGET = np.array([[2.0, 1, 0], [1, 0, 0]])


def test_log_weights_by_hand():
    p, q = np.array([3.0, 1, 0]) / 4, np.array([6.0, 4, 6]) / 16
    expected = POOL @ (np.log(p + 1e-8) - np.log(q + 1e-8))
    found = weights(POOL, TARGET).log_weights
    assert found[[0, 1, 2, 4]] == pytest.approx(expected[[0, 1, 2, 4]])
    assert np.isnan(found[3])  # a row of nothing says nothing
    sizes = POOL.sum(axis=1)[[0, 1, 2, 4]]
    assert weights(POOL, TARGET, length="mean").log_weights[[0, 1, 2, 4]] == pytest.approx(
        expected[[0, 1, 2, 4]] / sizes
    )
    assert weights(POOL, TARGET, length="sqrt").log_weights[[0, 1, 2, 4]] == pytest.approx(
        expected[[0, 1, 2, 4]] / np.sqrt(sizes)
    )
    assert np.isnan(weights(POOL, TARGET, min_length=3).log_weights).tolist() == [False, True, True, True, False]


def test_smoothing_leans_on_the_raw_rows():
    q = np.array([6.0, 4, 6]) / 16
    p = np.array([3.0, 1, 0]) + 2.0 * 3 * q
    assert smoothed(np.array([3.0, 1, 0]), 2.0, q).tolist() == p.tolist()
    expected = POOL[4] @ np.log(p / p.sum() / q)
    assert weights(POOL, TARGET, smoothing=2.0).log_weights[4] == pytest.approx(expected, abs=1e-6)


def test_a_target_twice_weighs_the_same():
    once, twice = weights(POOL, TARGET), weights(POOL, np.vstack([TARGET, TARGET]))
    assert once.log_weights[:3] == pytest.approx(twice.log_weights[:3])


def test_few_target_rows_are_all_used_and_many_are_split():
    assert not weights(POOL, TARGET).split
    draw = generator(0, "rows")
    many = weights(draw.poisson(2.0, (300, 5)), draw.poisson(2.0, (200, 5)))
    assert many.split
    assert 20 < many.held.sum() < 60


def test_odds_are_right_as_often_as_they_say():
    draw = generator(1, "odds")
    ours, theirs = np.array([3.0, 2, 2, 1, 1]), np.array([1.0, 1, 2, 2, 3])
    pool = np.vstack([draw.poisson(ours, (500, 5)), draw.poisson(theirs, (9500, 5))]).astype(float)
    target = draw.poisson(ours, (2000, 5)).astype(float)
    said = weights(pool, target, length="sum", smoothing=1.0).probability
    from_target = np.arange(len(pool)) < 500
    for low, high in ((0.0, 0.4), (0.4, 0.7), (0.7, 0.9)):
        inside = (said >= low) & (said < high)
        expected = 0.05 * (said[inside] / (1 - said[inside])).mean()  # the share of its kind, times p / q
        assert from_target[inside].mean() == pytest.approx(expected, abs=0.08), (low, high)


def test_without_rows_kept_out_the_sign_decides():
    assert weights(POOL, TARGET).probability[[0, 2]].tolist() == [1.0, 0.0]


def test_mean_gain_is_per_feature_and_resampled_by_row():
    target = weights(POOL, TARGET)
    gain = np.array([1.0, -1.0, 0.0])
    mean, drawn = mean_gain(target, gain)
    assert mean == pytest.approx((3 - 1) / 4)
    assert set(drawn.round(6)) <= {round(1 / 3, 6), 0.5, 1.0}  # the first row twice, both, the second twice
