"""Optimal transport between sources and rows to be met, where the best plan is known."""

import numpy as np
import pytest

pytest.importorskip("ot")

from samplewise.core import extras
from samplewise.core.errors import InputError
from samplewise.curves import transport as module
from samplewise.curves.transport import Transport, require_transport, transport


def test_costs_are_squared_distances_with_mean_one_and_labels_as_much_again():
    points, goal = np.array([[0.0], [1.0]]), np.array([[0.0], [3.0]])
    plan = transport(points, np.array([0.0, 1.0]), np.array([0, 1]), goal, np.array([0.0, 0.0]), nominal=True)
    between = np.array([[0.0, 9.0], [1.0, 4.0]])
    labels = np.array([[0.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(plan.cost, between / between.mean() + labels / labels.mean())
    assert plan.count == 2
    numbers = transport(points, np.array([0.0, 3.0]), np.array([0, 1]), goal, np.zeros(2), nominal=False)
    apart = np.array([[0.0, 0.0], [9.0, 9.0]])
    np.testing.assert_allclose(numbers.cost, between / between.mean() + apart / apart.mean())


def test_a_source_that_is_the_goal_costs_nothing_and_gets_all_the_weight():
    cost = np.array([[0.0, 4.0], [4.0, 0.0], [9.0, 1.0], [16.0, 4.0]])  # rows at 0, 2, 3, 4 against 0, 2
    plan = Transport(cost, np.array([0, 0, 1, 1]), 2)
    assert plan(np.array([1.0, 0.0]))[0] == pytest.approx(0.0)
    # all of source 1: 3 -> 0 and 4 -> 2, or 3 -> 2 and 4 -> 0
    assert plan(np.array([0.0, 1.0]))[0] == pytest.approx(min(9 + 4, 1 + 16) / 2)


def test_the_distance_is_convex_with_the_stated_slope():
    draw = np.random.default_rng(0)
    plan = Transport(draw.random((30, 20)), np.repeat([0, 1, 2], 10), 3)
    here, there = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    value, slope = plan(here)
    for share in (0.01, 0.3, 1.0):
        moved = here + share * (there - here)
        assert plan(moved)[0] >= value + slope @ (moved - here) - 1e-9


def test_the_library_is_required(monkeypatch):
    require_transport()
    monkeypatch.setitem(extras.sys.modules, "ot", None)
    with pytest.raises(InputError, match=r"(?s)a forecast of mixtures needs POT.*samplewise\[ot\]"):
        module.require_transport()
