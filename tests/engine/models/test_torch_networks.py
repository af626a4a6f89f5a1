"""The plain network: its layers, its widths, any shape of rows."""

from functools import partial

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models.torch_networks import dense_network  # noqa: E402


def test_layers_are_linear_with_relu_between_them():
    module = dense_network((4,), 3, widths=(8, 5))
    assert [type(layer) for layer in module] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [tuple(weights.shape) for weights in module.parameters()] == [(8, 4), (8,), (5, 8), (5,), (3, 5), (3,)]


def test_rows_of_several_axes_are_flattened():
    module = partial(dense_network, widths=(2,))((3, 4, 4), 5)
    assert module(torch.zeros(7, 3, 4, 4)).shape == (7, 5)
    assert module[1].in_features == 48


def test_without_widths_it_is_a_linear_model():
    module = dense_network((4,), 1, widths=())
    rows = torch.randn(6, 4)
    torch.testing.assert_close(module(rows) + module(-rows), 2 * module(torch.zeros(6, 4)))
