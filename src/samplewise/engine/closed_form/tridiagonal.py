"""One orthogonal reduction of a Gram matrix, after which a ridge solution at any penalty costs O(d c).

G = Q T Q^T with T tridiagonal. No eigenvectors are needed: solutions come from banded systems, traces from the
eigenvalues of T. At d = 1,024 this takes less than half the time of `eigh`, or as long as three Cholesky solves with
their traces.
"""

from contextlib import AbstractContextManager
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy.linalg import lapack
from threadpoolctl import ThreadpoolController

from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError


class RidgePath:
    """Every ridge solution of (G + ridge I) coef = cross, G symmetric and positive semi-definite."""

    def __init__(self, gram: Floats, cross: Floats) -> None:  # (d, d), (d, c)
        work = int(lapack.dsytrd_lwork(len(gram), lower=1)[0])
        with _one_thread():
            reduced, self._diagonal, self._off, self._tau, _ = lapack.dsytrd(gram, lower=1, lwork=work)
        # Q leaves the first coordinate alone: that is how the lower reduction of LAPACK builds it
        self._reflectors = np.asfortranarray(reduced[1:, :-1])
        self.rotated_cross: Floats = self._rotate(cross, transpose=True)

    @cached_property
    def eigenvalues(self) -> Floats:
        """Eigenvalues of G (d,), ascending, round-off below zero removed."""
        if len(self._diagonal) == 1:
            return np.asarray(np.maximum(self._diagonal, 0.0))
        values, info = lapack.dsterf(self._diagonal, self._off)
        if info:
            raise InputError(
                "the eigenvalues of the Gram matrix did not converge", fix="rescale features of very unequal size"
            )
        return np.asarray(np.maximum(values, 0.0))

    def trace(self, ridge: float) -> float:
        """Effective parameters: trace of G (G + ridge I)^-1. Cost: O(d) after the eigenvalues, O(d^2) once."""
        return float(np.sum(self.eigenvalues / (self.eigenvalues + ridge)))

    def rotated_solution(self, ridge: float) -> Floats:
        """Q^T coef (d, c) at one ridge. Cost: O(d c)."""
        if len(self._diagonal) == 1:
            return np.asarray(self.rotated_cross / (self._diagonal + ridge))
        _, _, solution, info = lapack.dptsv(self._diagonal + ridge, self._off, self.rotated_cross)
        if info:
            raise InputError(
                "the Gram matrix is singular at this ridge", where="ridge", got=repr(ridge), fix="use a larger ridge"
            )
        return np.asarray(solution)

    def solution(self, ridge: float) -> Floats:
        """The coefficients (d, c) at one ridge. Cost: O(d^2 c)."""
        return self._rotate(self.rotated_solution(ridge), transpose=False)

    def _rotate(self, columns: Floats, transpose: bool) -> Floats:
        """Q^T columns or Q columns."""
        if len(self._diagonal) == 1:
            return columns.copy()
        side = "T" if transpose else "N"
        with _one_thread():
            rest, _, _ = lapack.dormqr("L", side, self._reflectors, self._tau, columns[1:], lwork=64 * columns.shape[1])
        return np.vstack([columns[:1], rest])


def _one_thread() -> AbstractContextManager[Any]:
    """One BLAS thread: many short products gain little from a second core, and lose much where it is not free."""
    limit: AbstractContextManager[Any] = _blas().limit(limits=1, user_api="blas")
    return limit


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()
