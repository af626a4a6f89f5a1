"""Ridge as a linear smoother: fitted = H targets, in the primal (d x d) or the dual (n x n).

Everything a deletion changes follows from three facts about H, whose rows at new inputs are the weights s(x):
the residual of row i from a head without it is e_i / (1 - h_ii); without a block I it is (I - H_II)^-1 e_I; and
f(x) - f_-i(x) = s_i(x) (y_i - f_-i(x_i)). The intercept is never penalized.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import feature_matrix, require_ridge, target_matrix

ROWS_AT_ONCE = 8192
# Below this share of its own freedom a row fixes a parameter alone: without it there is no meaningful prediction.
UNDETERMINED = 1e-10


class Smoother(Protocol):
    """A fitted ridge head with the contribution of each of its rows."""

    targets: Floats  # (n, c)
    residuals: Floats  # (n, c) targets - fitted
    leverage: Floats  # (n,) diagonal of H

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
    """Ridge by a Cholesky factor of the d x d Gram matrix: for more rows than features.

    Rows are kept whitened, z = L^-1 (x - mean) with L L^T the Gram matrix plus ridge: there the Gram matrix plus ridge
    is the identity, and H = 1/n + Z Z^T.
    """

    def __init__(self, features: Any, targets: Any, ridge: float) -> None:  # (n, d), (n, c)
        rows = feature_matrix(features).astype(np.float64)
        self.ridge, self.targets = require_ridge(ridge), target_matrix(targets, len(rows))
        self._center, self._target_center = rows.mean(axis=0), self.targets.mean(axis=0)
        rows -= self._center
        gram = rows.T @ rows
        gram.flat[:: len(gram) + 1] += self.ridge
        self._factor = _factor(gram, self.ridge)
        for part in _blocks(len(rows)):
            rows[part] = self._whitened(rows[part])
        self._rows: Floats = rows
        self._coef: Floats = rows.T @ (self.targets - self._target_center)
        self.residuals: Floats = self.targets - self._target_center - rows @ self._coef
        self.leverage: Floats = np.einsum("ij,ij->i", rows, rows) + 1.0 / len(rows)

    def _whitened(self, centered: Floats) -> Floats:
        half: Floats = solve_triangular(self._factor, centered.T, lower=True, check_finite=False)
        return half.T

    def weights_at(self, queries: Array) -> Floats:  # (m, d) -> (m, n)
        """1/n + z(x) z_i."""
        return np.asarray(self._whitened(queries - self._center) @ self._rows.T + 1.0 / len(self._rows))

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""
        coef = solve_triangular(self._factor, self._coef, lower=True, trans="T")
        return np.asarray((queries - self._center) @ coef + self._target_center)

    def coefficient_changes(self) -> Floats:
        """|L^-T z_i|^2 for every row (n,)."""
        inverse = solve_triangular(self._factor, np.eye(len(self._factor)), lower=True)
        parts = (self._rows[part] @ inverse for part in _blocks(len(self._rows)))
        return np.concatenate([np.einsum("ij,ij->i", part, part) for part in parts])

    def query_moments(self, queries: Array, errors: Floats) -> tuple[Floats, Floats]:
        """By moments of the queries: the (m, n) weights are never built. Cost: O((m + n) d (d + c))."""
        n, d, m = *self._rows.shape, len(queries)
        second, mean, cross = np.zeros((d, d)), np.zeros(d), np.zeros((d, errors.shape[1]))
        for part in _blocks(m):
            z = self._whitened(queries[part] - self._center)
            second += z.T @ z / m
            mean += z.sum(axis=0) / m
            cross += z.T @ errors[part] / m
        squares = [
            np.einsum("ij,ij->i", self._rows[part] @ second, self._rows[part]) + 2.0 / n * (self._rows[part] @ mean)
            for part in _blocks(n)
        ]
        return np.concatenate(squares) + 1.0 / n**2, self._rows @ cross + errors.mean(axis=0) / n

    def without(self, rows: Array) -> Floats:
        """The shorter of two ways: solve in the left-out rows, or down-date the Gram matrix, here the identity."""
        z, (n, d) = self._rows[rows], self._rows.shape
        if len(rows) <= d:
            return self.targets[rows] - _solved(np.eye(len(rows)) - z @ z.T - 1.0 / n, self.residuals[rows])
        y, left = self.targets[rows] - self._target_center, n - len(rows)
        if left == 0:
            return np.full_like(y, np.nan)
        mean, target_mean = -z.sum(axis=0) / left, -y.sum(axis=0) / left
        gram = np.eye(d) - z.T @ z - left * np.outer(mean, mean)
        coef = _solved(gram, self._coef - z.T @ y - left * np.outer(mean, target_mean))
        return np.asarray((z - mean) @ coef + target_mean + self._target_center)


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
        self._kernel = self._centered(kernel)
        shifted = self._kernel.copy()
        shifted.flat[:: n + 1] += self.ridge
        self._inverse: Floats = cho_solve((_factor(shifted, self.ridge), True), np.eye(n))
        self._target_center = self.targets.mean(axis=0) if intercept else np.zeros(self.targets.shape[1])
        self.alpha: Floats = self._inverse @ (self.targets - self._target_center)
        self.residuals: Floats = self.ridge * self.alpha
        self._share = 1.0 / n if intercept else 0.0
        self.leverage: Floats = 1.0 - (self.ridge * self._inverse.diagonal() - self._share)

    def _centered(self, kernel: Floats) -> Floats:  # (m, n), rows: queries
        if not self._intercept:
            return kernel
        return np.asarray(kernel - kernel.mean(axis=1, keepdims=True) - self._means + self._mean)

    def weights_at(self, queries: Array) -> Floats:  # (m, n) kernel of queries with rows -> (m, n)
        """1/n + k(x) C, the kernel centered; without an intercept k(x) C."""
        return np.asarray(self._centered(queries) @ self._inverse + self._share)

    def outputs_at(self, queries: Array) -> Floats:
        """Outputs of the head at the queries (m, c)."""
        return np.asarray(self._centered(queries) @ self.alpha + self._target_center)

    def coefficient_changes(self) -> Floats:
        """Diagonal of C K C (n,), by a product: C - ridge C C would cancel."""
        return np.asarray(np.sum(self._inverse * (self._kernel @ self._inverse), axis=0))

    def query_moments(self, queries: Array, errors: Floats) -> tuple[Floats, Floats]:
        """In blocks of queries. Cost: O(m n (n + c))."""
        m, (n, c) = len(queries), (len(self._kernel), errors.shape[1])
        squares, cross = np.zeros(n), np.zeros((n, c))
        for part in _blocks(m):
            weights = self.weights_at(queries[part])
            squares += np.einsum("ji,ji->i", weights, weights)
            cross += weights.T @ errors[part]
        return squares / m, cross / m

    def without(self, rows: Array) -> Floats:
        """Block inverse: I - H_II is ridge C_II, less 1/n for the intercept."""
        block = self.ridge * self._inverse[np.ix_(rows, rows)] - self._share
        return self.targets[rows] - _solved(block, self.residuals[rows])


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


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, rows, ROWS_AT_ONCE))


def _factor(matrix: Floats, ridge: float) -> Floats:
    """Lower Cholesky factor."""
    try:
        factor: Floats = cholesky(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        raise InputError(
            "the Gram matrix is singular at this ridge", where="ridge", got=repr(ridge), fix="use a larger ridge"
        ) from None
    return factor


def _solved(freedom: Floats, right: Floats) -> Floats:  # (r, r), (r, c) -> (r, c)
    """freedom^-1 right, where the identity is full freedom; NaN where there is none left in some direction."""
    try:
        factor = cholesky(freedom, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
    if factor.diagonal().min() ** 2 < UNDETERMINED:
        return np.full_like(right, np.nan)
    return np.asarray(cho_solve((factor, True), right))
