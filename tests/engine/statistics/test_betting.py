"""Limits by betting cover, shrink with the spread of the losses, and do not hang on the order of the rows."""

import numpy as np

from samplewise.engine.statistics import share_interval
from samplewise.engine.statistics.betting import ORDERS, highest_mean, in_orders


def test_the_limit_is_below_the_mean_as_seldom_as_said():
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(120):
        losses = draw.beta(0.5, 2.0, size=80)
        held += highest_mean(in_orders(losses, np.arange(80), 0), 0.05) >= 0.2
    assert share_interval(held, 120)[1] >= 0.95


def test_losses_of_little_spread_have_a_limit_near_their_mean():
    ids = np.arange(200)
    near = highest_mean(in_orders(np.tile([0.19, 0.21], 100), ids, 0), 0.05)
    far = highest_mean(in_orders(np.tile([0.0, 0.4], 100), ids, 0), 0.05)
    assert 0.2 < near < far < 0.3
    assert highest_mean(in_orders(np.ones(30), np.arange(30), 0), 0.05) == 1.0


def test_orders_belong_to_ids():
    losses = np.random.default_rng(1).random(50)
    turned = np.random.default_rng(2).permutation(50)
    first = in_orders(losses, np.arange(50), 3)
    np.testing.assert_array_equal(first, in_orders(losses[turned], np.arange(50)[turned], 3))
    assert first.shape == (ORDERS, 50)
    assert not np.array_equal(first, in_orders(losses, np.arange(50), 4))
