"""Ridge as a linear smoother: fitted = H targets, in the primal (d x d) or the dual (n x n).

Everything a deletion changes follows from three facts about H, whose rows at new inputs are the weights s(x):
the residual of row i from a head without it is e_i / (1 - h_ii); without a block I it is (I - H_II)^-1 e_I; and
f(x) - f_-i(x) = s_i(x) (y_i - f_-i(x_i)). The intercept is never penalised.
"""

from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine.kernels.inputs import feature_matrix, require_ridge, target_matrix

ROWS_AT_ONCE = 8192
# Below this share of its own freedom a row fixes a parameter alone: without it there is no prediction to speak of.
UNDETERMINED = 1e-10


class Smoother(Protocol):
    """A fitted ridge head that knows what each of its rows contributes."""

    targets: Floats  # (n, c)
    residuals: Floats  # (n, c) targets - fitted

    @property
    def leverage(self) -> Floats:
        """Diagonal of H (n,)."""

    def weights_at(self, queries: Array) -> Floats:
        """The weight of every row in the outputs at the queries (m, n)."""

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""

    def without(self, rows: Array) -> Floats:
        """Outputs (r, c) at these rows by the head fitted without them; NaN where the others do not determine one."""

    def coefficient_changes(self) -> Floats:
        """Squared length (n,) of the change of the coefficients per unit of held-out residual."""

    def query_moments(self, queries: Array, errors: Floats) -> tuple[Floats, Floats]:
        """Means over the queries of s_i(x)^2 (n,) and of s_i(x) error(x) (n, c)."""


def held_out_residuals(smoother: Smoother) -> Floats:
    """Target minus the output of the head without the row (n, c); NaN where leverage is 1."""
    freedom = 1.0 - smoother.leverage
    return smoother.residuals / np.where(freedom < UNDETERMINED, np.nan, freedom)[:, None]


class PrimalSmoother:
    """Ridge by a Cholesky factor of the d x d Gram matrix: for more rows than features."""

    def __init__(self, features: Any, targets: Any, ridge: float) -> None:  # (n, d), (n, c)
        rows = feature_matrix(features).astype(np.float64)
        self.ridge, self.targets = require_ridge(ridge), target_matrix(targets, len(rows))
        self.center, self.target_center = rows.mean(axis=0), self.targets.mean(axis=0)
        rows -= self.center
        self._rows, self._gram = rows, rows.T @ rows
        self._gram.flat[:: len(self._gram) + 1] += self.ridge
        self._factor = _factor(self._gram, self.ridge)
        self.coef: Floats = cho_solve(self._factor, rows.T @ (self.targets - self.target_center))
        self.residuals: Floats = self.targets - self.target_center - rows @ self.coef

    @cached_property
    def leverage(self) -> Floats:
        """Diagonal of H (n,): 1/n + |L^-1 (x_i - mean)|^2, G = L L^T."""
        blocks = range(0, len(self._rows), ROWS_AT_ONCE)
        halves = (self._half_solved(self._rows[start : start + ROWS_AT_ONCE]) for start in blocks)
        return 1.0 / len(self._rows) + np.concatenate([np.einsum("dr,dr->r", half, half) for half in halves])

    def _half_solved(self, rows: Floats) -> Floats:
        half: Floats = solve_triangular(self._factor[0], rows.T, lower=True, check_finite=False)
        return half

    def _row_sums(self, reduce: Any) -> Floats:
        """reduce(rows, rows G^-1) over blocks of rows (n,)."""
        parts = range(0, len(self._rows), ROWS_AT_ONCE)
        blocks = (self._rows[start : start + ROWS_AT_ONCE] for start in parts)
        return np.concatenate([reduce(x, cho_solve(self._factor, x.T, check_finite=False).T) for x in blocks])

    def weights_at(self, queries: Array) -> Floats:  # (m, d) -> (m, n)
        """1/n + (x - mean) G^-1 (x_i - mean)."""
        solved = cho_solve(self._factor, (queries - self.center).T)
        return np.asarray(solved.T @ self._rows.T + 1.0 / len(self._rows))

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""
        return np.asarray((queries - self.center) @ self.coef + self.target_center)

    def coefficient_changes(self) -> Floats:
        """|G^-1 (x_i - mean)|^2 for every row (n,)."""
        return self._row_sums(lambda x, solved: np.sum(solved * solved, axis=1))

    def query_moments(self, queries: Array, errors: Floats) -> tuple[Floats, Floats]:
        """By moments of the queries: the (m, n) weights are never built. Cost: O((m + n) d (d + c))."""
        n, d, m = *self._rows.shape, len(queries)
        second, mean, cross = np.zeros((d, d)), np.zeros(d), np.zeros((d, errors.shape[1]))
        for start in range(0, m, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            x = queries[part] - self.center
            second, mean, cross = second + x.T @ x, mean + x.sum(axis=0), cross + x.T @ errors[part]
        second, mean, cross = second / m, mean / m, cross / m

        def squares(x: Floats, solved: Floats) -> Floats:
            return np.asarray(np.sum((solved @ second) * solved, axis=1) + 2.0 / n * (solved @ mean) + 1.0 / n**2)

        solved_cross = cho_solve(self._factor, cross)
        return self._row_sums(squares), self._rows @ solved_cross + errors.mean(axis=0) / n

    def without(self, rows: Array) -> Floats:
        """The shorter of two ways: solve in the left-out rows, or down-date the Gram matrix."""
        if len(rows) <= len(self._gram):
            x = self._rows[rows]
            hat = x @ cho_solve(self._factor, x.T) + 1.0 / len(self._rows)
            return _without_block(np.eye(len(rows)) - hat, self.residuals[rows], self.targets[rows])
        x, y = self._rows[rows], self.targets[rows] - self.target_center
        left = len(self._rows) - len(rows)
        if left == 0:
            return np.full_like(y, np.nan)
        mean, target_mean = -x.sum(axis=0) / left, -y.sum(axis=0) / left
        gram = self._gram - x.T @ x - left * np.outer(mean, mean)
        cross = (self._gram @ self.coef) - x.T @ y - left * np.outer(mean, target_mean)
        coef = cho_solve(_factor(gram, self.ridge), cross)
        return np.asarray((x - mean) @ coef + target_mean + self.target_center)


class DualSmoother:
    """Ridge by the inverse of an n x n Gram matrix: for kernels, and for more features than rows."""

    def __init__(self, gram: Any, targets: Any, ridge: float, intercept: bool = True) -> None:  # (n, n), (n, c)
        kernel = feature_matrix(gram).astype(np.float64)
        n = len(kernel)
        if kernel.shape != (n, n) or not np.allclose(kernel, kernel.T, rtol=1e-8, atol=1e-8 * np.abs(kernel).max()):
            raise InputError(
                "the Gram matrix must be square and symmetric",
                where="gram",
                got=f"shape {kernel.shape}",
                fix="pass the kernel of every row with every row (n, n)",
            )
        self.ridge, self.targets, self._intercept = require_ridge(ridge), target_matrix(targets, n), intercept
        self._means = kernel.mean(axis=0) if intercept else np.zeros(n)
        self._mean = float(self._means.mean())
        self._kernel = self._centred(kernel)
        shifted = self._kernel.copy()
        shifted.flat[:: n + 1] += self.ridge
        self._inverse: Floats = cho_solve(_factor(shifted, self.ridge), np.eye(n))
        self.target_center = self.targets.mean(axis=0) if intercept else np.zeros(self.targets.shape[1])
        self.alpha: Floats = self._inverse @ (self.targets - self.target_center)
        self.residuals: Floats = self.ridge * self.alpha
        self._share = 1.0 / n if intercept else 0.0

    @cached_property
    def leverage(self) -> Floats:
        """Diagonal of H (n,): 1 - ridge C_ii, plus 1/n for the intercept."""
        return np.asarray(1.0 - (self.ridge * self._inverse.diagonal() - self._share))

    def _centred(self, kernel: Floats) -> Floats:  # (m, n), rows: queries
        if not self._intercept:
            return kernel
        return np.asarray(kernel - kernel.mean(axis=1, keepdims=True) - self._means + self._mean)

    def weights_at(self, queries: Array) -> Floats:  # (m, n) kernel of queries with rows -> (m, n)
        """1/n + k(x) C, the kernel centred; without an intercept k(x) C."""
        return np.asarray(self._centred(queries) @ self._inverse + self._share)

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""
        return np.asarray(self._centred(queries) @ self.alpha + self.target_center)

    def coefficient_changes(self) -> Floats:
        """Diagonal of C K C (n,), by a product: C - ridge C C would cancel."""
        return np.asarray(np.sum(self._inverse * (self._kernel @ self._inverse), axis=0))

    def query_moments(self, queries: Array, errors: Floats) -> tuple[Floats, Floats]:
        """In blocks of queries. Cost: O(m n (n + c))."""
        m, (n, c) = len(queries), (len(self._kernel), errors.shape[1])
        squares, cross = np.zeros(n), np.zeros((n, c))
        for start in range(0, m, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            weights = self.weights_at(queries[part])
            squares += np.einsum("ji,ji->i", weights, weights)
            cross += weights.T @ errors[part]
        return squares / m, cross / m

    def without(self, rows: Array) -> Floats:
        """Block inverse: I - H_II is ridge C_II, less 1/n for the intercept."""
        block = self.ridge * self._inverse[np.ix_(rows, rows)] - self._share
        return _without_block(block, self.residuals[rows], self.targets[rows])


class FeatureDualSmoother(DualSmoother):
    """The dual from features: queries are rows of features, and the Gram matrix is their inner products."""

    def __init__(self, features: Any, targets: Any, ridge: float) -> None:  # (n, d), (n, c)
        rows = feature_matrix(features).astype(np.float64)
        self._center = rows.mean(axis=0)
        self._rows = rows - self._center
        super().__init__(self._rows @ self._rows.T, targets, ridge)

    def weights_at(self, queries: Array) -> Floats:  # (m, d) -> (m, n)
        """The dual's weights at the inner products of queries and rows."""
        return super().weights_at((queries - self._center) @ self._rows.T)

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""
        return super().outputs_at((queries - self._center) @ self._rows.T)


def smoother_of(features: Any, targets: Any, ridge: float) -> Smoother:
    """The cheaper of the two forms for features (n, d)."""
    matrix = feature_matrix(features)
    return (PrimalSmoother if len(matrix) > matrix.shape[1] else FeatureDualSmoother)(matrix, targets, ridge)


def _factor(matrix: Floats, ridge: float) -> tuple[Floats, bool]:
    try:
        return cho_factor(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise InputError(
            "the Gram matrix is singular at this ridge", where="ridge", got=repr(ridge), fix="use a larger ridge"
        ) from None


def _without_block(freedom: Floats, residuals: Floats, targets: Floats) -> Floats:  # (r, r), (r, c), (r, c)
    """Targets minus (I - H_II)^-1 e_I; NaN where I - H_II is singular."""
    try:
        factor = cholesky(freedom, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return np.full_like(targets, np.nan)
    if factor.diagonal().min() ** 2 < UNDETERMINED:
        return np.full_like(targets, np.nan)
    half = solve_triangular(factor, residuals, lower=True)
    return np.asarray(targets - solve_triangular(factor, half, lower=True, trans="T"))
