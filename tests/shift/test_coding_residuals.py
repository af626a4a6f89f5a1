"""Two stages of held-out residuals: nothing of the features is left in either, and what the label adds stays."""

import numpy as np

from samplewise.shift.coding_residuals import residual_pairs

ROWS = 600


def pairs(add=0.0, seed=0):
    rng = np.random.default_rng(seed)
    X, time = rng.normal(size=(ROWS, 2)), np.linspace(0, 1, ROWS)
    X[:, 0] += 3 * time
    late = (time > 0.5).astype(float)[:, None]
    y = (np.sin(X[:, 0]) + 0.1 * rng.normal(size=ROWS))[:, None] + add * late
    return residual_pairs(X, y, late, time[:, None], rng.integers(0, 5, ROWS), np.arange(ROWS))


def test_a_label_that_follows_the_features_shares_nothing_with_time():
    left, source, predicted = pairs()
    assert left.shape == source.shape == predicted.shape == (ROWS, 1)
    assert abs((left * source).sum() / np.square(source).sum()) < 0.05
    assert np.square(left).mean() < 0.05


def test_what_the_source_adds_is_what_is_left():
    left, source, _ = pairs(add=0.7)
    assert 0.55 < (left * source).sum() / np.square(source).sum() < 0.85


def test_features_that_say_nothing_leave_both_as_they_are():
    rng = np.random.default_rng(0)
    y, late = rng.normal(size=(ROWS, 1)), (np.arange(ROWS)[:, None] > 300).astype(float)
    left, source, _ = residual_pairs(rng.normal(size=(ROWS, 3)), y, late, late, np.arange(ROWS) % 5, np.arange(ROWS))
    assert np.abs(left - y).max() < 0.1
    assert np.abs(source - late + late.mean()).max() < 0.05
