"""Real training compared with the linearized one: equal where the network is linear, apart where it is not."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.information import Converged, GradientDescent, LinearizedNetwork
from samplewise.information.deletions import StoppedTraining
from samplewise.information.linearized import of_network
from samplewise.information.training_targets import Rows

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.information.linearization_check import last_layer, real_training  # noqa: E402

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(15, 3)), DRAW.normal(size=15)
DESCENT = GradientDescent(steps=60, rate=0.1)


def compared(module, training=DESCENT, trained="train"):
    network = LinearizedNetwork(module)
    problem = of_network(network, (X, Y), None, None)
    real = real_training(network, Rows.of((X, Y)), problem, trained, 0)
    return real.compared(StoppedTraining(problem, training))


def test_a_linear_network_follows_its_linearization_exactly():
    torch.manual_seed(0)
    found = compared(nn.Linear(3, 1).double().eval())
    assert found.r_squared == pytest.approx(1.0)
    assert found.correlation == pytest.approx(1.0)
    assert found.kernel_drift == pytest.approx(0.0, abs=1e-10)


def test_a_narrow_network_drifts_and_a_wide_one_less():
    def network(width):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 1)).double().eval()

    narrow, wide = (compared(network(width), GradientDescent(200, 0.5 / width)) for width in (4, 512))
    assert wide.r_squared > narrow.r_squared
    assert narrow.kernel_drift > wide.kernel_drift > 0


def test_a_trained_module_may_be_given():
    torch.manual_seed(0)
    module = nn.Linear(3, 1).double().eval()
    other = nn.Linear(3, 1).double().eval()
    assert compared(module, trained=other).r_squared < 0.99


def test_the_last_layer_is_what_its_inputs_are():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    expected = module[:2](torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(last_layer(module)(X), expected)


def test_what_cannot_be_trained_is_refused():
    module = nn.Linear(3, 1).double()
    with pytest.raises(InputError, match="the word train"):
        compared(module, trained="yes")
    with pytest.raises(InputError, match="takes steps"):
        compared(module, training=Converged(ridge=1.0))
    network = LinearizedNetwork(object())
    with pytest.raises(InputError, match="torch modules"):
        real_training(network, Rows.of((X, Y)), None, "train", 0)
