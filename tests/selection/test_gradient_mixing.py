"""Gradients against differences of the loss, and weights that move toward what helps."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from samplewise.core.randomness import generator
from samplewise.selection.gradient_mixing import LinearLoss, _moved, aligned_weights, step_size, trained


@pytest.mark.parametrize("classes", [True, False])
def test_gradients_are_those_of_the_loss(classes):
    draw = generator(0, "gradients")
    X = draw.normal(size=(20, 4))
    truth = np.eye(3)[draw.integers(0, 3, 20)] if classes else draw.normal(size=(20, 3))
    loss = LinearLoss(classes)
    error = check_grad(
        lambda w: loss.of(w.reshape(4, 3), (X, truth)).mean(),
        lambda w: loss.gradient(w.reshape(4, 3), (X, truth)).ravel(), draw.normal(size=12),
    )  # fmt: skip
    assert error < 1e-5


def rows(truth, n_rows, seed):
    X = generator(seed, "rows").normal(size=(n_rows, len(truth)))
    return X, X @ np.asarray(truth)[:, None]


def test_training_ends_at_the_least_squares():
    one = rows([1.0, -2.0], 300, 0)
    assert trained([one, one], np.array([0.5, 0.5]), LinearLoss(False), 0).ravel() == pytest.approx(
        [1.0, -2.0], abs=0.01
    )
    assert step_size(np.eye(3)) == pytest.approx(3.0)


@pytest.mark.parametrize("strategy", ["gradient_alignment", "doge"])
def test_the_source_of_the_target_gets_the_weight(strategy):
    sources = [rows([1.0, 0.0], 200, 0), rows([-1.0, 0.5], 200, 1)]
    weights = aligned_weights(sources, rows([1.0, 0.0], 60, 2), LinearLoss(False), strategy, 0)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > 0.8


def test_cosines_do_not_depend_on_the_size_of_gradients():
    each, wanted = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 0.2])
    large = each * np.array([[1.0], [50.0]])
    start = np.array([0.5, 0.5])
    assert _moved(start, each, wanted, "gradient_alignment") == pytest.approx(
        _moved(start, large, wanted, "gradient_alignment")
    )
    assert _moved(start, large, wanted, "doge")[1] != pytest.approx(_moved(start, each, wanted, "doge")[1])
