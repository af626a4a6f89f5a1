"""Products and solutions of the Gauss-Newton matrix against the matrix written out."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients import torch_curvature  # noqa: E402
from samplewise.engine.gradients.torch_curvature import GaussNewtonMatrix  # noqa: E402

RIDGE = 0.05
X = np.random.default_rng(0).normal(size=(12, 3))


def network(outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, outputs)).double().eval()


def written_out(module, loss):
    """(p, p) mean over rows of J' L J."""
    total, parameters = 0.0, list(module.parameters())
    for row in torch.from_numpy(X):
        outputs = module(row[None])[0]
        slopes = [torch.autograd.grad(one, parameters, retain_graph=True) for one in outputs]
        J = torch.stack([torch.cat([part.flatten() for part in parts]) for parts in slopes])
        if loss == "squared_error":
            curved = torch.eye(len(outputs)).double()
        elif len(outputs) == 1:
            curved = (outputs.sigmoid() * (1 - outputs.sigmoid())).detach()[None]
        else:
            shares = outputs.softmax(0).detach()
            curved = shares.diag() - shares[:, None] * shares
        total = total + J.T @ curved @ J / len(X)
    return total.detach().numpy()


def flat(parts, module):
    held = [np.asarray(parts[name]) for name, _ in module.named_parameters()]
    return np.concatenate([part.reshape(len(part), -1) for part in held], axis=1)


def parts_of(vectors, module):
    found, start = {}, 0
    for name, held in module.named_parameters():
        found[name] = vectors[:, start : start + held.numel()].reshape(len(vectors), *held.shape)
        start += held.numel()
    return found


@pytest.mark.parametrize(("loss", "outputs"), [("squared_error", 2), ("cross_entropy", 3), ("cross_entropy", 1)])
def test_products_and_solutions_are_those_of_the_matrix(loss, outputs, monkeypatch):
    monkeypatch.setattr(torch_curvature, "ROWS_AT_ONCE", 5)
    module = network(outputs)
    whole = written_out(module, loss)
    names = {name for name, _ in module.named_parameters()}
    matrix = GaussNewtonMatrix(module, (X, None), None, loss, names, len(X), RIDGE)
    vectors = np.random.default_rng(1).normal(size=(2, len(whole)))
    tensors = {name: torch.from_numpy(part) for name, part in parts_of(vectors, module).items()}
    expected = vectors @ (whole + RIDGE * np.eye(len(whole)))
    np.testing.assert_allclose(flat(matrix.product(tensors), module), expected, atol=1e-10)
    solved = flat(matrix.solve(parts_of(vectors, module)), module)
    np.testing.assert_allclose(solved @ (whole + RIDGE * np.eye(len(whole))), vectors, atol=1e-3)


def test_a_solution_does_not_depend_on_the_systems_solved_with_it():
    module = network(2)
    names = {name for name, _ in module.named_parameters()}
    matrix = GaussNewtonMatrix(module, (X, None), None, "squared_error", names, len(X), RIDGE)
    vectors = np.random.default_rng(1).normal(size=(3, sum(held.numel() for held in module.parameters())))
    vectors[2] *= 1e-3
    together = flat(matrix.solve(parts_of(vectors, module)), module)
    for place in range(3):
        alone = flat(matrix.solve(parts_of(vectors[place : place + 1], module)), module)
        np.testing.assert_allclose(together[place], alone[0], rtol=1e-6, atol=1e-9)


def test_only_the_named_parameters_enter_and_a_way_to_call_is_kept_to():
    module = network(2)
    matrix = GaussNewtonMatrix(
        module, (X, None), lambda held, rows: 2 * held(rows), "squared_error", {"2.bias"}, len(X), 0.0
    )
    product = matrix.product({"2.bias": torch.eye(2).double()})
    torch.testing.assert_close(product["2.bias"], 4 * torch.eye(2).double())  # both outputs doubled
    assert set(product) == {"2.bias"}
