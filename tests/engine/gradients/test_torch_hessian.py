"""Curvature as a matrix that is only multiplied: against autograd's own Hessian, in batches, and what is refused."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import LossCurvature
from samplewise.engine.models import dense_network

torch = pytest.importorskip("torch")
DRAW = np.random.default_rng(0)
X, CODES = DRAW.normal(size=(30, 3)), DRAW.integers(0, 3, 30)


def network():
    torch.manual_seed(0)
    layers = (torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    return torch.nn.Sequential(*layers).double().eval()


def whole_hessian(module):
    held = [one.detach() for one in module.parameters()]

    def loss(*weights):
        state = dict(zip(dict(module.named_parameters()), weights, strict=True))
        outputs = torch.func.functional_call(module, state, (torch.as_tensor(X),))
        return torch.nn.functional.cross_entropy(outputs, torch.as_tensor(CODES))

    rows = torch.autograd.functional.hessian(loss, tuple(held))
    return np.block(
        [[part.reshape(one.numel(), -1).numpy() for part in row] for one, row in zip(held, rows, strict=True)]
    )


def test_products_are_those_of_the_whole_matrix_however_the_rows_come_in_batches(monkeypatch):
    expected, vectors = whole_hessian(network()), DRAW.normal(size=(31, 5))
    curved = LossCurvature(network(), (X, CODES), "cross_entropy")
    assert (curved.size, curved.count) == (31, 30)
    np.testing.assert_allclose(curved.product(vectors), expected @ vectors, atol=1e-12)
    monkeypatch.setattr("samplewise.engine.gradients.torch_hessian.ROWS_AT_ONCE", 7)
    again = LossCurvature(network(), (X, CODES), "cross_entropy")
    np.testing.assert_allclose(again.product(vectors), expected @ vectors, atol=1e-12)
    assert again.mean_loss == pytest.approx(curved.mean_loss)


def test_some_layers_give_their_block():
    block = LossCurvature(network(), (X, CODES), "cross_entropy", layers=["2"])
    np.testing.assert_allclose(block.product(np.eye(15)), whole_hessian(network())[16:, 16:], atol=1e-12)
    part = LossCurvature(network(), (X, CODES), "cross_entropy", "gauss_newton", layers=["2"])
    np.testing.assert_allclose(part.product(np.eye(15)), block.product(np.eye(15)), atol=1e-12)  # linear in them


def test_the_module_is_left_as_it_was():
    module = network()
    before = [one.detach().clone() for one in module.parameters()]
    LossCurvature(module, (X, CODES), "cross_entropy").product(np.ones((31, 1)))
    assert all(torch.equal(one, other) for one, other in zip(before, module.parameters(), strict=True))
    assert all(one.grad is None for one in module.parameters())


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ({"matrix": "fisher"}, "gauss_newton"),
        ({"matrix": "gauss_newton", "loss": "margin"}, "cross_entropy"),
        ({"layers": ["9"]}, "0"),
        ({"module": dense_network((3,), 3).append(torch.nn.Dropout())}, "eval()"),
        ({"data": (X, None)}, "(X, y)"),
    ],
)
def test_what_has_no_curvature_is_refused(call, text):
    given = {"module": network(), "data": (X, CODES), "loss": "cross_entropy"} | call
    with pytest.raises(InputError) as caught:
        LossCurvature(**given)
    assert text in caught.value.fix
