"""Row gradients of every kind of module against autograd, one row at a time."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradient_cases import MODULES, case, flat, named_loss, written_out  # noqa: E402 (needs torch)

from samplewise.engine.gradients import row_gradients  # noqa: E402

LOSSES = ("cross_entropy", "margin", "squared_error")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", MODULES)
def test_everything_equals_autograd_row_by_row(name, loss):
    module, X, y = case(name)
    dense = written_out(module, X, named_loss(loss, y))
    rows = row_gradients(module, (X, y), loss=loss, chunk=8)
    scale = np.abs(dense @ dense.T).max()
    np.testing.assert_allclose(rows.gram(), dense @ dense.T, atol=1e-10 * scale)
    np.testing.assert_allclose(rows.norms() ** 2, np.square(dense).sum(axis=1), atol=1e-10 * scale)
    np.testing.assert_allclose(rows.gram(rows.take([3, 0])), dense @ dense[[3, 0]].T, atol=1e-10 * scale)
    weights = np.random.default_rng(0).normal(size=(len(X), 2))
    sums = rows.combine(weights)
    np.testing.assert_allclose(flat(sums, module), weights.T @ dense, atol=1e-10 * np.sqrt(scale))
    np.testing.assert_allclose(rows.project(sums), dense @ (dense.T @ weights), atol=1e-9 * scale)
    np.testing.assert_allclose(sum(part.gram() for part in rows.per_layer().values()), rows.gram(), atol=1e-10 * scale)
    values = [named_loss(loss, y)(module(X[row : row + 1]), row).item() for row in range(len(X))]
    np.testing.assert_allclose(rows.values, values, atol=1e-12)
    assert rows.size == dense.shape[1]


@pytest.mark.parametrize("name", MODULES)
def test_single_precision(name):
    module, X, y = case(name, torch.float32)
    dense = written_out(module, X, named_loss("cross_entropy", y))
    gram = row_gradients(module, (X, y)).gram()
    np.testing.assert_allclose(gram, dense @ dense.T, atol=1e-5 * np.abs(gram).max())
