"""Loss of single rows, in one unit for both tasks."""

import numpy as np

from samplewise.data.targets import describe_target
from samplewise.engine.models.row_losses import row_losses


def test_a_wrong_class_costs_1_and_an_unknown_row_nothing_is_said_of():
    target = describe_target(["a", "b", "b", "a"])
    outputs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [np.nan, np.nan]])
    np.testing.assert_array_equal(row_losses(outputs, target), [0.0, 1.0, 0.0, np.nan])


def test_the_median_baseline_costs_1():
    target = describe_target([0.0, 1.0, 2.0, 7.5], "regression")
    losses = row_losses(np.full((4, 1), 1.5), target)
    assert losses.mean() == 1.0
    np.testing.assert_allclose(row_losses(np.array([[2.0]]), target, np.array([2])), [0.0])
