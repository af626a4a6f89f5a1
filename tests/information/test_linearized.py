"""Kernels of every kind of model, between the training rows and against others."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from samplewise.core.errors import InputError
from samplewise.information import linearized
from samplewise.information.linearized import (
    LinearizedNetwork,
    of_features,
    of_gram,
    of_kernel_function,
    of_network,
    require_memory_for_kernel,
    shaped,
)
from samplewise.information.training_targets import Rows

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(12, 3)), DRAW.normal(size=(4, 3))
Y, CODES = DRAW.normal(size=12), np.arange(12) % 3
PLUS_ONE = X @ X.T + 1.0


def kernel_of(problem):
    vectors = problem.spectrum.vectors(slice(None)).reshape(-1, len(problem.spectrum.values))
    return (vectors * problem.spectrum.values) @ vectors.T


def against(problem, queried):
    vectors = problem.spectrum.vectors(slice(None)).reshape(-1, len(problem.spectrum.values))
    return problem.spectrum.against(queried.kernel).reshape(-1, len(problem.spectrum.values)) @ vectors.T


@pytest.mark.parametrize("columns", [3, 30])  # by features, or by inner products where columns are more than rows
def test_plain_features_have_an_intercept(columns):
    wide = np.hstack([X, DRAW.normal(size=(12, columns - 3))])
    other = np.hstack([QUERIES, DRAW.normal(size=(4, columns - 3))])
    problem = of_features(Rows.of((wide, Y)), (other, Y[:4]), None)
    np.testing.assert_allclose(kernel_of(problem), wide @ wide.T + 1, atol=1e-9)
    np.testing.assert_allclose(against(problem, problem.validation), other @ wide.T + 1, atol=1e-9)
    np.testing.assert_array_equal(problem.validation.targets[:, 0], Y[:4])
    some = np.array([5, 1, 8, 2])
    np.testing.assert_allclose(kernel_of(problem.take(some)), (wide @ wide.T + 1)[np.ix_(some, some)], atol=1e-9)
    np.testing.assert_array_equal(problem.take(some).targets[:, 0], Y[some])


def test_a_gram_matrix_is_taken_as_it_is():
    problem = of_gram(PLUS_ONE + np.eye(12), Rows(None, Y, np.arange(12)), 0.5, QUERIES @ X.T + 1)
    np.testing.assert_allclose(kernel_of(problem), PLUS_ONE + np.eye(12), atol=1e-9)
    np.testing.assert_allclose(against(problem, problem.validation), QUERIES @ X.T + 1, atol=1e-9)
    np.testing.assert_allclose(problem.residuals[:, 0, 0], Y - 0.5)
    with pytest.raises(InputError, match=r"(?s)different numbers of rows.*12 rows in the kernel, 11"):
        of_gram(np.eye(12), Rows(None, Y[:11], np.arange(11)), None, None)


def test_a_kernel_function_is_called_on_the_rows():
    problem = of_kernel_function(rbf_kernel, Rows.of((X, CODES)), QUERIES, None)
    np.testing.assert_allclose(kernel_of(problem), rbf_kernel(X, X), atol=1e-9)
    np.testing.assert_allclose(against(problem, problem.validation), rbf_kernel(QUERIES, X), atol=1e-9)
    np.testing.assert_array_equal(problem.targets, np.eye(3)[CODES])
    assert (problem.start == 0).all()


@pytest.mark.parametrize("outputs", ["exact", "shared"])
def test_a_network_has_its_tangent_kernel(outputs):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 3).double().eval()
    problem = of_network(LinearizedNetwork(module, outputs=outputs), (X, CODES), QUERIES, None)
    own = PLUS_ONE if outputs == "shared" else np.kron(PLUS_ONE, np.eye(3))
    other = QUERIES @ X.T + 1 if outputs == "shared" else np.kron(QUERIES @ X.T + 1, np.eye(3))
    np.testing.assert_allclose(kernel_of(problem), own, atol=1e-9)
    np.testing.assert_allclose(against(problem, problem.validation), other, atol=1e-9)
    np.testing.assert_allclose(problem.start, module(torch.from_numpy(X)).detach().numpy())
    assert (of_network(LinearizedNetwork(module), (X, CODES), None, 0.0).start == 0).all()


def test_a_sketched_kernel_says_how_far_off_it_is():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 1).double().eval()
    errors = [of_network(LinearizedNetwork(module, sketch=size), (X, Y), None, None).kernel_error for size in (2, 4096)]
    assert errors[0] > errors[1]
    assert errors[1] < 0.2
    notes = of_network(LinearizedNetwork(module, sketch=64), (X, Y), None, None).notes
    assert "sketch of 64 numbers" in notes[0]


def test_outputs_with_kernels_of_their_own_are_separate():
    assert shaped(np.ones((5, 6)), 1).shape == (5, 1, 6)
    assert shaped(np.ones((5, 6)), 6).shape == (5, 6, 1)


def test_what_does_not_fit_is_refused(monkeypatch):
    rows = Rows.of((X, Y))
    for call, words in (
        (lambda: of_features(rows, np.ones((0, 3)), None), "has no rows"),
        (lambda: of_features(rows, np.ones((2, 4)), None), "columns of the training rows"),
        (lambda: of_features(rows, None, np.ones(5)), "differ in shape"),
        (lambda: of_features(rows, None, np.full(12, np.nan)), "missing or infinite"),
        (lambda: LinearizedNetwork(None, outputs="all"), "outputs cannot be 'all'"),
        (lambda: LinearizedNetwork(None, outputs="exact", sketch=8), "shared kernel"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    monkeypatch.setattr(linearized, "usable_memory", lambda: 10**6)
    require_memory_for_kernel(100)
    with pytest.raises(InputError, match=r"(?s)do not fit in memory.*1,000 x 1,000"):
        require_memory_for_kernel(1000)
