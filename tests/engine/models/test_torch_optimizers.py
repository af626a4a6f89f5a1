"""Optimizers by name against their formulas, and schedules as functions of the step."""

import math

import pytest

from samplewise.core.errors import InputError

torch = pytest.importorskip("torch")

from samplewise.engine.models.torch_optimizers import check_optimizer, make_optimizer, rate_factor  # noqa: E402


def stepped(wanted, n_steps=2, rate=0.1, momentum=None, decay=0.0):
    """A weight that starts at 1 under a gradient of 2."""
    weight = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = make_optimizer(wanted, [weight], rate=rate, momentum=momentum, decay=decay)
    for _ in range(n_steps):
        weight.grad = torch.full((1,), 2.0, dtype=torch.float64)
        optimizer.step()
    return weight.item()


def test_descent_has_a_momentum_of_nine_tenths_unless_another_is_given():
    assert stepped("sgd") == pytest.approx(1 - 0.1 * 2 - 0.1 * (0.9 * 2 + 2))
    assert stepped("sgd", momentum=0.0) == pytest.approx(1 - 0.1 * 2 - 0.1 * 2)
    assert stepped("sgd", n_steps=1, decay=0.5) == pytest.approx(1 - 0.1 * (2 + 0.5))


def test_adam_moves_by_the_rate_and_adamw_decays_apart_from_it():
    assert stepped("adam", n_steps=1) == pytest.approx(0.9, abs=1e-6)
    assert stepped("adamw", n_steps=1, decay=0.5) == pytest.approx(1 * (1 - 0.1 * 0.5) - 0.1, abs=1e-6)


def test_a_callable_makes_its_own():
    assert stepped(lambda held, rate: torch.optim.SGD(held, lr=3 * rate), n_steps=1) == pytest.approx(0.4)
    with pytest.raises(InputError, match="must make a torch optimizer"):
        stepped(lambda held, rate: None)


@pytest.mark.parametrize(
    ("wanted", "momentum", "decay", "words"),
    [
        ("sgdd", None, 0.0, "no optimizer named 'sgdd'"),
        ("adam", 0.5, 0.0, 'momentum is a setting of optimizer="sgd"'),
        (torch.optim.SGD, None, 0.1, "decay is a setting of the optimizers by name"),
    ],
)
def test_settings_without_effect_are_refused(wanted, momentum, decay, words):
    with pytest.raises(InputError, match=words):
        check_optimizer(wanted, momentum, decay)


def test_a_schedule_is_a_share_of_the_rate():
    assert [rate_factor("cosine", step, 4) for step in (0, 2)] == [1.0, pytest.approx(0.5)]
    assert rate_factor("cosine", 1, 4) == pytest.approx(0.5 + 0.5 * math.cos(math.pi / 4))
    assert rate_factor("constant", 3, 4) == 1.0
    assert rate_factor(lambda step, steps: step / steps, 3, 4) == 0.75
    with pytest.raises(InputError, match="no schedule named 'linear'"):
        rate_factor("linear", 0, 1)
