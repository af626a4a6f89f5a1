"""Conjugate gradients on a linear module, whose Gauss-Newton matrix is the second moment of its inputs."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.influence.attribution.attribution_method import Settings

torch = pytest.importorskip("torch")

from samplewise.engine.gradients.gradient_sources import EstimatorSource, ModuleSource  # noqa: E402 (only where torch is)
from samplewise.influence.attribution.newton import GaussNewton  # noqa: E402

DRAW = np.random.default_rng(0)
X, QUERIES, Y = DRAW.normal(size=(25, 3)), DRAW.normal(size=(20, 3)), DRAW.normal(size=25)


@pytest.fixture
def line():
    torch.manual_seed(0)
    return torch.nn.Linear(3, 1).double()


def test_effects_are_those_of_the_matrix_written_out(line):
    fitted = GaussNewton.prepare(ModuleSource(line, "squared_error"), (X, Y), Settings(ridge=0.2))
    Z, ZQ = (np.column_stack([one, np.ones(len(one))]) for one in (X, QUERIES))
    residuals = line(torch.from_numpy(X)).detach().numpy()[:, 0] - Y
    g = residuals[:, None] * Z
    matrix = Z.T @ Z / 25 + 0.2 * np.mean(np.square(g).sum(axis=1)) / 25 * np.eye(4)
    expected = -ZQ @ np.linalg.solve(matrix, g.T) / 25
    values, query_ids = fitted.effects((QUERIES, None), "output")
    np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-4)
    assert query_ids.tolist() == list(range(20))
    group, _ = fitted.group_effect(np.array([2, 3]), (QUERIES, None), "output")
    np.testing.assert_allclose(group, expected[:, [2, 3]].sum(axis=1), rtol=1e-2, atol=1e-4)
    own = np.einsum("np,pn->n", g, np.linalg.solve(matrix, g.T)) / 25
    np.testing.assert_allclose(fitted.self_influence(), own, rtol=1e-2, atol=1e-5)
    assert fitted.ids.tolist() == list(range(25))


def test_other_models_and_losses_are_refused(line):
    with pytest.raises(InputError, match="need a torch module"):
        GaussNewton.prepare(EstimatorSource(object(), "squared_error"), (X, Y), Settings())
    with pytest.raises(InputError, match="another loss"):
        GaussNewton.prepare(ModuleSource(line, "margin"), (X, Y), Settings())
