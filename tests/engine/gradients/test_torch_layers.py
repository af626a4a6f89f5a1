"""Terms of single calls become one set of gradients per matrix, lookup and group of small parameters."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients import DenseGradients, LookupGradients, MatrixGradients, OuterGradients  # noqa: E402
from samplewise.engine.gradients.torch_layers import Layout, layers_of, terms_of  # noqa: E402
from samplewise.engine.gradients.torch_terms import Call, DenseTerm, LookupTerm, MatrixTerm  # noqa: E402

N = 4


def layout_of(module):
    return Layout({id(held): name for name, held in module.named_parameters()}, torch.float64)


def matrix(layer, n_positions=1, start=0, stop=None, bias=True):
    stop = layer.out_features if stop is None else stop
    inputs = torch.randn(N, n_positions, layer.in_features, dtype=torch.float64)
    slopes = torch.randn(N, n_positions, stop - start, dtype=torch.float64)
    return MatrixTerm(layer.weight, start, stop, inputs, slopes, layer.bias if bias else None)


def entries(term):
    return torch.einsum("nto,nti->noi", term.cotangents, term.inputs).numpy().reshape(N, -1)


def test_a_weight_and_its_bias_are_one_matrix():
    module = nn.Linear(3, 2)
    term = matrix(module)
    (layer,) = layers_of([term], {}, layout_of(module))
    assert isinstance(layer, OuterGradients)
    assert layer.names == ("weight", "bias")
    whole = layer.materialise().reshape(N, 2, 4)
    np.testing.assert_allclose(whole[:, :, :3].reshape(N, -1), entries(term))
    np.testing.assert_allclose(whole[:, :, 3], term.cotangents.sum(dim=1))


def test_calls_of_one_layer_add_up():
    module = nn.Linear(3, 2, bias=False)
    terms = [matrix(module, bias=False), matrix(module, 2, bias=False)]
    (layer,) = layers_of(terms, {}, layout_of(module))
    np.testing.assert_allclose(layer.materialise(), entries(terms[0]) + entries(terms[1]))


def test_many_positions_of_a_small_matrix_are_held_as_entries():
    module = nn.Linear(3, 2, bias=False)
    term = matrix(module, 50, bias=False)
    (layer,) = layers_of([term], {}, layout_of(module))
    assert isinstance(layer, MatrixGradients)
    np.testing.assert_allclose(layer.materialise(), entries(term))


def test_lookups_and_small_parameters_come_in_the_order_of_the_module():
    module = nn.ModuleDict({"norm": nn.LayerNorm(3), "embed": nn.Embedding(5, 3)})
    norm, embed = module["norm"], module["embed"]
    values = torch.randn(N, 3, dtype=torch.float64)
    indices, slopes = torch.randint(0, 5, (N, 2)), torch.randn(N, 2, 3, dtype=torch.float64)
    terms = [LookupTerm(embed.weight, indices, slopes), DenseTerm(norm.weight, values), DenseTerm(norm.bias, values)]
    small, lookup = layers_of(terms, {}, layout_of(module))
    assert isinstance(small, DenseGradients)
    assert isinstance(lookup, LookupGradients)
    assert (small.name, small.names) == ("norm", ("norm.weight", "norm.bias"))
    np.testing.assert_allclose(small.materialise(), np.hstack([values, values]))
    np.testing.assert_array_equal(lookup.indices, indices)


def test_a_bias_of_two_weights_is_held_apart_and_added_up():
    module = nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2)])
    module[1].bias = module[0].bias
    terms = [matrix(module[0]), matrix(module[1])]
    found = {layer.name: layer for layer in layers_of(terms, {}, layout_of(module))}
    np.testing.assert_allclose(found["0.bias"].materialise(), sum(term.cotangents.sum(dim=1) for term in terms))


def test_overlapping_uses_of_one_weight_are_differentiated_row_by_row():
    module = nn.Linear(3, 4)
    layout = layout_of(module)
    calls = [(Call(module, (torch.randn(N, 3),), {}, ()), (torch.randn(N, 4),))]
    assert len(terms_of(calls, N, layout)) == 1
    assert layout.one_by_one == {}
    terms_of([(Call(module, (torch.randn(3),), {}, ()), (torch.randn(4),))], N, layout)  # no row axis
    assert set(layout.one_by_one) == {"weight", "bias"}
    assert "rows merged" in layout.one_by_one["weight"]
    assert layers_of([matrix(module)], {}, layout) == ()


def test_only_parameters_that_are_wanted_have_a_name():
    module = nn.Linear(3, 2)
    layout = Layout({id(module.weight): "weight"}, torch.float64)
    assert layout.name(module.weight) == "weight"
    assert layout.name(module.bias) == layout.name(None) == ""
    (layer,) = layers_of([matrix(module)], {}, layout)
    assert layer.names == ("weight",)
