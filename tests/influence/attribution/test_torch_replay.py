"""A training replayed by hand: every step, the way back, and derivatives by the rows' weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.data.dataset import Dataset  # noqa: E402
from samplewise.engine.models import TorchLearner  # noqa: E402
from samplewise.influence.attribution.torch_replay import Replay  # noqa: E402

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(9, 2)), DRAW.normal(size=9)
ONES = torch.ones(9, dtype=torch.float64)


@pytest.fixture
def replay():
    learner = TorchLearner(
        lambda: nn.Linear(2, 1).double(), epochs=3, batch=4, rate=0.1, optimizer="sgd", momentum=0.5, decay=0.01,
        encoding="raw",
    )  # fmt: skip
    return Replay(learner.unstarted(Dataset(X, Y), seed=0)[0])


def test_every_step_is_descent_with_momentum_and_decay(replay):
    inputs, labels = replay.training.rows.inputs.double().numpy(), replay.training.rows.labels.double().numpy()
    weights = {name: value.numpy().copy() for name, value in replay.first().weights.items()}
    speed = {name: np.zeros_like(value) for name, value in weights.items()}
    for step, batch in enumerate(replay.batches):
        errors = inputs[batch] @ weights["weight"][0] + weights["bias"] - labels[batch]
        slopes = {"weight": (errors @ inputs[batch])[None] / len(batch), "bias": errors.mean(keepdims=True)}
        speed = {name: 0.5 * speed[name] + slopes[name] + 0.01 * held for name, held in weights.items()}
        weights = {name: held - replay.rate(step) * speed[name] for name, held in weights.items()}
    for name, value in replay.run(ONES).items():
        np.testing.assert_allclose(value.numpy(), weights[name], atol=1e-10)
    assert replay.momentum == 0.5
    assert sorted(np.concatenate(replay.batches)) == sorted(list(range(9)) * 3)


def test_rates_follow_the_schedule(replay):
    steps = len(replay.batches)
    assert replay.rate(0) == pytest.approx(0.1)
    assert replay.rate(steps // 2) == pytest.approx(0.1 * 0.5 * (1 + np.cos(np.pi * (steps // 2) / steps)))


def test_the_way_back_meets_the_weights_every_step_started_from(replay):
    states, last = replay.kept(ONES)
    for name, value in replay.run(ONES).items():
        torch.testing.assert_close(last[name], value)
    state, started = replay.first(), []
    for step in range(len(replay.batches)):
        started.append(state.weights)
        state = replay.after(state, step, ONES)
    back = list(replay.backwards(states, ONES))
    assert [step for step, _ in back] == list(reversed(range(len(started))))
    for step, weights in back:
        torch.testing.assert_close(weights, started[step])
    assert len(states) == -(-len(started) // replay.stride)


def test_effects_of_row_weights_are_derivatives_of_the_last_weights(replay):
    pull = {name: torch.randn(2, *value.shape, dtype=torch.float64) for name, value in replay.first().weights.items()}
    states, _ = replay.kept(ONES)
    found = replay.row_effects(states, ONES, pull)

    def pulled(row_weights):
        last = replay.run(row_weights)
        return sum((pull[name] * value).flatten(1).sum(1) for name, value in last.items())

    expected = torch.autograd.functional.jacobian(pulled, ONES)
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-8)


def test_losses_of_a_batch_add_up_to_its_mean(replay):
    weights, batch = replay.first().weights, np.array([0, 3, 5])
    outputs = replay.outputs(weights, replay.training.rows.inputs.double())[batch, 0]
    errors = outputs - replay.training.rows.labels.double()[batch]
    torch.testing.assert_close(replay.losses(weights, batch), 0.5 * errors**2 / 3)
