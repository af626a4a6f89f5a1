"""Blocked Cholesky against LAPACK, with blocks small enough that several are needed."""

import numpy as np
import pytest
from scipy import linalg

from samplewise.engine.closed_form import cholesky


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(cholesky, "BLOCK", 7)


@pytest.fixture(params=["C", "F"])
def matrix(request):
    A = np.random.default_rng(0).normal(size=(30, 40))
    return np.array(A @ A.T, order=request.param)


@pytest.mark.parametrize("count", [1, 6, 7, 8, 30])
def test_the_factor_is_that_of_lapack_and_the_upper_triangle_stays(matrix, count):
    whole = matrix[:count, :count].copy()
    work = whole.copy()
    assert cholesky.factorize(work)
    np.testing.assert_allclose(np.tril(work), linalg.cholesky(whole, lower=True), rtol=1e-12)
    np.testing.assert_array_equal(np.triu(work, 1), np.triu(whole, 1))
    cholesky.restore(work, np.diagonal(whole))
    np.testing.assert_array_equal(work, whole)


def test_systems_are_solved(matrix):
    right = np.random.default_rng(1).normal(size=(30, 4))
    work = matrix.copy()
    cholesky.factorize(work)
    np.testing.assert_allclose(cholesky.solve(work, right), np.linalg.solve(matrix, right), rtol=1e-9)
    lower = np.tril(work)
    np.testing.assert_allclose(cholesky.solve_lower(work, right.copy()), np.linalg.solve(lower, right), rtol=1e-9)
    right[:14] = 0.0
    np.testing.assert_allclose(cholesky.solve_lower(work, right.copy(), 14), np.linalg.solve(lower, right), rtol=1e-9)


def test_an_indefinite_matrix_says_so_and_can_be_restored(matrix):
    work = matrix.copy()
    work[20, 20] = -1.0
    broken = work.copy()
    assert not cholesky.factorize(work)
    cholesky.restore(work, np.diagonal(broken))
    np.testing.assert_array_equal(work, broken)


def test_single_precision_stays_single(matrix):
    work = matrix.astype(np.float32)
    cholesky.factorize(work)
    assert cholesky.solve(work, np.ones((30, 1))).dtype == np.float32
