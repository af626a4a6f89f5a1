"""Full-batch descent against the steps written out, and the ridge solution it ends in."""

import numpy as np
import pytest

from samplewise.core.errors import InputError

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models.torch_descent import FullBatchDescent, PulledToStart, answers_of  # noqa: E402

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(20, 3))
Y = DRAW.normal(size=(20, 2))


def line():
    torch.manual_seed(0)
    return nn.Linear(3, 2, bias=False).double()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_every_step_is_gradient_descent_on_the_mean(momentum):
    module = line()
    weights, velocity = module.weight.detach().numpy().copy(), 0.0
    for _ in range(7):
        velocity = momentum * velocity + (X @ weights.T - Y).T @ X / 20
        weights = weights - 0.1 * velocity
    trained = FullBatchDescent(7, 0.1, momentum).trained(module, X, Y, np.arange(20))
    np.testing.assert_allclose(trained.weight.detach().numpy(), weights, atol=1e-12)
    np.testing.assert_array_equal(module.weight.detach().numpy(), line().weight.detach().numpy())  # a copy is trained


def test_a_long_descent_with_a_ridge_ends_at_the_ridge_solution_around_the_start():
    module = line()
    start = module.weight.detach().numpy()
    trained = FullBatchDescent(3000, 0.3, ridge=0.5).trained(module, X, Y, np.arange(20))
    solution = np.linalg.solve(X.T @ X / 20 + 0.5 * np.eye(3), X.T @ Y / 20 + 0.5 * start.T).T
    np.testing.assert_allclose(trained.weight.detach().numpy(), solution, atol=1e-8)


def test_only_the_named_layers_move():
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    trained = FullBatchDescent(3, 0.1).trained(module, X, Y, np.arange(20), layers=["2"])
    assert torch.equal(trained[0].weight, module[0].weight)
    assert not torch.equal(trained[2].weight, module[2].weight)


def test_the_penalty_is_half_the_ridge_times_the_squared_distance():
    module = line()
    objective = PulledToStart(module, 0.4)
    with torch.no_grad():
        module.weight += 1.0
    outputs, labels = torch.zeros(5, 2).double(), torch.ones(5, 2).double()
    losses = objective.loss(outputs, labels, None, None)
    np.testing.assert_allclose(losses.detach().numpy(), np.full(5, 1.0 + 0.2 * 6))
    assert list(objective.parameters()) == []


def test_answers_are_those_of_evaluation_mode_in_blocks(monkeypatch):
    from samplewise.engine.models import torch_descent

    monkeypatch.setattr(torch_descent, "BLOCK", 6)
    module = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5)).double()
    expected = module.eval()(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(answers_of(module.train(), X), expected)
    doubled = answers_of(module, X, forward=lambda held, inputs: 2 * held(inputs))
    np.testing.assert_allclose(doubled, 2 * expected)


def test_layers_that_change_in_training_are_refused():
    with pytest.raises(InputError, match=r"(?s)layer '1'.*Dropout"):
        FullBatchDescent(1, 0.1).trained(nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5)), X, Y, np.arange(20))
