"""The tangent kernel against Jacobians written out."""

import numpy as np
import pytest

from samplewise.engine.gradients import OutputSum
from samplewise.engine.gradients.tangents import MOST_SUMS, Tangents, output_sums, sums_at_most, tangent_blocks

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.gradients.gradient_sources import sources_of  # noqa: E402

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(7, 3)), DRAW.normal(size=(4, 3))


def network(outputs=3):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs)).double().eval()


def jacobian(module, rows):
    """(n, c, p) by autograd, row by row."""
    found = []
    for row in torch.from_numpy(rows):
        slopes = [
            torch.autograd.grad(one, list(module.parameters()), retain_graph=True) for one in module(row[None])[0]
        ]
        found.append(torch.stack([torch.cat([part.flatten() for part in parts]) for parts in slopes]).numpy())
    return np.array(found)


@pytest.fixture
def source():
    (found,) = sources_of(network(), "squared_error", None, None)
    return found


def test_the_kernel_adds_up_over_the_outputs(source):
    J, Q = jacobian(source.module, X), jacobian(source.module, QUERIES)
    own = Tangents.of(source, (X, None), output_sums(3, 0), unit=False)
    other = Tangents.of(source, (QUERIES, None), output_sums(3, 0), unit=False)
    np.testing.assert_allclose(own.kernel(), np.einsum("ncp,mcp->nm", J, J), atol=1e-10)
    np.testing.assert_allclose(other.kernel(own), np.einsum("ncp,mcp->nm", Q, J), atol=1e-10)


def test_rows_of_unit_length_have_a_cosine(source):
    kernel = Tangents.of(source, (X, None), output_sums(3, 0), unit=True).kernel()
    J = jacobian(source.module, X).reshape(7, -1)
    J /= np.linalg.norm(J, axis=1, keepdims=True)
    np.testing.assert_allclose(kernel, J @ J.T, atol=1e-10)


def test_blocks_keep_the_outputs_apart(source):
    each = [OutputSum(tuple(row)) for row in np.eye(3)]
    rows = [source.gradients((X, None), one) for one in each]
    queries = [source.gradients((QUERIES, None), one) for one in each]
    J, Q = jacobian(source.module, X).reshape(21, -1), jacobian(source.module, QUERIES).reshape(12, -1)
    np.testing.assert_allclose(tangent_blocks(rows), J @ J.T, atol=1e-10)
    np.testing.assert_allclose(tangent_blocks(queries, rows), Q @ J.T, atol=1e-10)


def test_random_sums_stand_for_many_outputs_in_the_mean():
    sums = [np.array([one.weights for one in output_sums(9, seed)]) for seed in range(2000)]
    assert sums[0].shape == (MOST_SUMS, 9)
    mean = np.mean([part.T @ part for part in sums], axis=0)
    np.testing.assert_allclose(mean, np.eye(9), atol=0.06)
    np.testing.assert_array_equal([one.weights for one in output_sums(3, 0)], np.eye(3))


def test_more_sums_are_affordable_where_layers_see_one_position(source):
    assert sums_at_most(source.gradients((X, None), OutputSum((1.0,)))) == MOST_SUMS
    (wide,) = sources_of(nn.Sequential(nn.Conv1d(1, 2, 2), nn.Flatten(), nn.Linear(4, 1)), "squared_error", None, None)
    rows = wide.gradients((X[:, None].astype(np.float32), None), OutputSum((1.0,)))
    assert sums_at_most(rows) == 1


def test_a_kernel_is_of_something(source):
    with pytest.raises(ValueError, match="at least one sum"):
        Tangents.of(source, (X, None), (), unit=False)
