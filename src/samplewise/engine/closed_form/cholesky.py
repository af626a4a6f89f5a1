"""Cholesky factors of matrices that fill the memory: in place, block by block.

LAPACK as numpy and scipy ship it crashes on symmetric matrices of some 20,000 rows when it uses several threads (seen
with OpenBLAS 0.3.30), and scipy's solvers copy a factor that is part of a larger array. Here LAPACK gets blocks, and
everything between them is matrix products, which use all cores and copy nothing.
"""

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Floats

BLOCK = 2048


def factorize(matrix: Floats) -> bool:
    """Replace the lower triangle of a symmetric (n, n) matrix by its Cholesky factor; False where it is not definite.

    The strict upper triangle stays as it is, so that the matrix can be restored.
    Cost: O(n^3 / 3) in products of blocks; memory n * 2,048 numbers in addition to the matrix.   Source: golub2013.
    >>> A = np.array([[4.0, 2.0], [2.0, 5.0]])
    >>> factorize(A), A.tolist()
    (True, [[2.0, 2.0], [1.0, 2.0]])
    """
    for start in range(0, len(matrix), BLOCK):
        own = slice(start, min(start + BLOCK, len(matrix)))
        left = matrix[own, :start]
        diagonal = np.tril(matrix[own, own]) - np.tril(left @ left.T)
        try:
            factor = linalg.cholesky(diagonal, lower=True, check_finite=False)
        except linalg.LinAlgError:
            return False
        matrix[own, own] = factor + np.triu(matrix[own, own], 1)
        below = matrix[own.stop :, own] - matrix[own.stop :, :start] @ left.T
        matrix[own.stop :, own] = linalg.solve_triangular(factor, below.T, lower=True, check_finite=False).T
    return True


def solve_lower(factor: Floats, right: Floats, first: int = 0) -> Floats:
    """L^-1 right for the lower triangle L of `factor` (n, n) and (n, m) `right`, written over `right`.

    Args:    first: rows of `right` before this one are zero; a multiple of 2,048.
    Cost:    O(n^2 m).
    """
    for start in range(first, len(factor), BLOCK):
        own = slice(start, start + BLOCK)
        right[own] -= factor[own, first:start] @ right[first:start]
        right[own] = linalg.solve_triangular(factor[own, own], right[own], lower=True, check_finite=False)
    return right


def solve(factor: Floats, right: Floats) -> Floats:
    """(L L')^-1 right for the lower triangle L of `factor` (n, n) and `right` (n, m). Cost: O(n^2 m)."""
    found = solve_lower(factor, np.array(right, dtype=factor.dtype, order="F"))
    for start in reversed(range(0, len(factor), BLOCK)):
        own = slice(start, start + BLOCK)
        found[own] -= factor[start + BLOCK :, own].T @ found[start + BLOCK :]
        found[own] = linalg.solve_triangular(factor[own, own], found[own], lower=True, trans="T", check_finite=False)
    return found


def restore(factor: Floats, diagonal: Floats) -> None:
    """Undo `factorize`: write the upper triangle over the lower one, and the diagonal (n,) back."""
    for start in range(0, len(factor), BLOCK):
        own = slice(start, start + BLOCK)
        upper = np.triu(factor[own, own], 1)
        factor[own, own] = upper + upper.T
        factor[start + len(upper) :, own] = factor[own, start + len(upper) :].T
    np.fill_diagonal(factor, diagonal)
