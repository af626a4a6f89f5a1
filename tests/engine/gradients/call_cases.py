"""One call of one layer, read as terms, and the same gradients by autograd, one row at a time."""

import torch

from samplewise.engine.gradients.torch_calls import Recorder, reader_of
from samplewise.engine.gradients.torch_terms import DenseTerm, LookupTerm, MatrixTerm


def called(layer, inputs, weights, **named):
    """The call, and the cotangents of its outputs under the scalar sum(first output * weights)."""
    recorder = Recorder(layer, {id(held) for held in layer.parameters()})
    with recorder:
        found = layer(*inputs, **named)
    first = found[0] if isinstance(found, tuple) else found
    (call,) = recorder.calls
    edges = [edge for edge in call.edges if edge is not None]
    slopes = iter(torch.autograd.grad((first * weights).sum(), edges, allow_unused=True))
    return call, tuple(None if edge is None else next(slopes) for edge in call.edges)


def read(layer, inputs, weights, n_rows, **named):
    """Parameter name -> (n, *shape) gradients as the layer's reader gives them."""
    call, slopes = called(layer, inputs, weights, **named)
    return added_up(layer, reader_of(layer)(call, slopes, n_rows), n_rows)


def added_up(layer, terms, n_rows):
    """Parameter name -> (n, *shape) sums of terms."""
    names = {id(held): name for name, held in layer.named_parameters()}
    total = {name: held.new_zeros(n_rows, *held.shape) for name, held in layer.named_parameters()}
    for term in terms:
        own = total[names[id(term.weight)]]
        if isinstance(term, DenseTerm):
            own += term.values.detach()
        elif isinstance(term, LookupTerm):
            for row in range(n_rows):
                own[row].index_add_(0, term.indices[row], term.cotangents[row].detach())
        elif isinstance(term, MatrixTerm):
            entries = torch.einsum("nto,nti->noi", term.cotangents, term.inputs).detach()
            own[:, term.start : term.stop] += entries.reshape(n_rows, term.stop - term.start, *own.shape[2:])
            if term.bias is not None:
                total[names[id(term.bias)]][:, term.start : term.stop] += term.cotangents.detach().sum(dim=1)
    return total


def one_by_one(layer, of_row, n_rows):
    """Parameter name -> (n, *shape) gradients of `of_row(r)`, a scalar, by autograd."""
    total = {name: [] for name, _ in layer.named_parameters()}
    for row in range(n_rows):
        found = torch.autograd.grad(of_row(row), list(layer.parameters()), allow_unused=True)
        for (name, held), part in zip(layer.named_parameters(), found, strict=True):
            total[name].append(torch.zeros_like(held) if part is None else part)
    return {name: torch.stack(parts).detach() for name, parts in total.items()}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, part in expected.items():
        torch.testing.assert_close(found[name], part, atol=1e-10, rtol=1e-8, msg=lambda text, name=name: name + text)
