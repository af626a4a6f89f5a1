"""A trained network behind its encoder: outputs on the scale of the labels."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models.torch_fitted import FittedTorch, finite_outputs  # noqa: E402
from samplewise.engine.models.torch_inputs import TensorEncoder  # noqa: E402

X = np.random.default_rng(0).normal(size=(6, 3))


def fitted(classes, outputs, center=0.0, scale=1.0):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, outputs)).double()
    return FittedTorch(classes, module, TensorEncoder("raw", X), center, scale, np.empty(0))


def test_classes_are_logits_and_their_softmax():
    network = fitted(np.array(["a", "b", "c"]), 3)
    logits = network.module(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(network.outputs(X), logits)
    np.testing.assert_allclose(network.probabilities(X), torch.from_numpy(logits).softmax(1).numpy())
    hidden = network.module[:2](torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(network.embed(X), hidden)


def test_one_logit_of_two_classes_is_its_sigmoid():
    network = fitted(np.array([0, 1]), 1)
    logit = network.module(torch.from_numpy(X)).detach().numpy()[:, 0]
    np.testing.assert_allclose(network.probabilities(X)[:, 1], 1 / (1 + np.exp(-logit)))


def test_numbers_come_back_on_the_scale_of_the_labels():
    network = fitted(None, 1, center=10.0, scale=2.0)
    raw = network.module(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_allclose(network.outputs(X), 10 + 2 * raw)
    inputs, labels = network.encoded(Dataset(X, np.full(6, 14.0)))
    np.testing.assert_allclose(labels.numpy(), np.full(6, 2.0))
    assert inputs.dtype == torch.float64
    with pytest.raises(InputError, match="no class probabilities"):
        network.probabilities(X)


def test_labels_are_coded_by_the_classes_and_may_be_missing():
    network = fitted(np.array(["a", "b"]), 2)
    assert network.encoded(Dataset(X, np.array(list("abbaab"))))[1].tolist() == [0, 1, 1, 0, 0, 1]
    assert network.encoded(Dataset(X))[1] is None
    with pytest.raises(InputError, match=r"(?s)got:.*c"):
        network.encoded(Dataset(X, np.array(list("abbaac"))))


def test_outputs_that_are_not_finite_are_refused_with_their_number():
    outputs = np.array([[1.0, 2.0], [np.nan, 1.0], [np.inf, 0.0]])
    assert finite_outputs(outputs[:1]) is not None
    with pytest.raises(InputError, match=r"(?s)NaN or infinity.*2 of 3 rows"):
        finite_outputs(outputs)
