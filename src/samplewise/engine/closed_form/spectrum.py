"""Eigenpairs of the kernel between rows, from a Gram matrix or from features: what every stopping time shares.

K has one row and one column for each of n rows and b outputs, rows outermost. b = 1 where all outputs have one kernel
in common; then the residuals carry the outputs, and nothing of size n c by n c is ever built.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import feature_matrix

ROWS_AT_ONCE = 8192
ASYMMETRY, NEGATIVE = 1e-6, 1e-6  # shares of the largest entry and the largest eigenvalue
NOISE = 1e-13  # share of the largest eigenvalue below which a direction of features is rounding


class Spectrum(Protocol):
    """K = U diag(values) U^T, and kernels of other rows projected on U."""

    @property
    def values(self) -> Floats:
        """(r,) eigenvalues, >= 0."""
        ...

    @property
    def count(self) -> int:
        """Rows, n."""
        ...

    @property
    def width(self) -> int:
        """Outputs with kernels of their own per row, b."""
        ...

    @property
    def complete(self) -> bool:
        """Whether U spans everything; else K is 0 on the rest."""
        ...

    def vectors(self, rows: Any) -> Floats:
        """Rows of U (q, b, r)."""
        ...

    def against(self, queries: Any) -> Floats:
        """K(queries, rows) U (m, b, r)."""
        ...

    def take(self, rows: Ints) -> "Spectrum":
        """The spectrum of some of the rows. Cost: that of a new one."""
        ...

    def restricted(self, queries: Array, rows: Ints) -> Array:
        """Queries as the spectrum of some of the rows takes them."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GramSpectrum:
    """From a Gram matrix."""

    values: Floats
    count: int
    width: int
    _vectors: Floats  # (n b, r)
    complete: bool = True

    @classmethod
    def of(cls, gram: Any, width: int = 1) -> "GramSpectrum":
        """The eigendecomposition, in double precision.

        Args:    gram: (n b, n b) symmetric and positive semi-definite, a copy is made.   width: b.
        Raises:  InputError for another shape, an asymmetric kernel or one with negative eigenvalues.
        Cost:    O((n b)^3) time, about four times the memory of the matrix.
        """
        matrix = np.array(gram, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size or len(matrix) % width:
            raise InputError(
                "the Gram matrix must be square, one row for every row of the data and output",
                where="gram", got=f"shape {matrix.shape} for {width} outputs per row",
                fix=f"pass (n, n) for a kernel all outputs share, or (n {width}, n {width}) with rows outermost",
            )  # fmt: skip
        _require_symmetric(matrix, width)
        values, vectors = linalg.eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
        if values[0] < -NEGATIVE * max(values[-1], 0.0) or not values[-1] > 0:
            raise InputError(
                "the kernel is not positive semi-definite" if values[-1] > 0 else "the kernel is zero",
                where="gram", got=f"eigenvalues from {values[0]:.3g} to {values[-1]:.3g}",
                fix="use inner products of features or gradients, or a kernel function such as rbf_kernel",
            )  # fmt: skip
        return cls(np.maximum(values, 0.0), len(matrix) // width, width, vectors)

    def vectors(self, rows: Any) -> Floats:
        """Rows of U (q, b, r)."""
        return self._vectors.reshape(self.count, self.width, -1)[rows]

    def against(self, queries: Any) -> Floats:
        """K(queries, rows) U (m, b, r) for the kernel of queries with the rows (m b, n b)."""
        kernel = np.asarray(queries, dtype=np.float64)
        if kernel.ndim != 2 or kernel.shape[1] != len(self._vectors) or len(kernel) % self.width or not len(kernel):
            raise InputError(
                "a kernel of other rows with the training rows has another shape",
                where="queries", got=f"shape {kernel.shape}",
                fix=f"pass (m {'' if self.width == 1 else f'{self.width} '}, {len(self._vectors)})".replace(" ,", ","),
            )  # fmt: skip
        return np.asarray(kernel @ self._vectors).reshape(-1, self.width, len(self.values))

    def take(self, rows: Ints) -> "GramSpectrum":
        """The spectrum of some of the rows."""
        own = self.vectors(rows).reshape(len(rows) * self.width, -1)
        return GramSpectrum.of((own * self.values) @ own.T, self.width)

    def restricted(self, queries: Array, rows: Ints) -> Array:
        """Queries as the spectrum of some of the rows takes them."""
        return np.asarray(queries)[:, _entries(rows, self.width)]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSpectrum:
    """From features that all outputs share, n >> d: nothing of size n by n, rows read in blocks.

    The features may be a memory-mapped file; what is kept in addition is (d, d).
    """

    values: Floats
    count: int
    _features: Array  # (n, d)
    _basis: Floats  # (d, r)
    _constant: bool
    width: int = 1
    complete: bool = False

    @classmethod
    def of(cls, features: Any, *, constant: bool = False) -> "FeatureSpectrum":
        """From the second moments of the features.

        Args:    features: (n, d), any float type.   constant: add a feature that is 1 for every row, as an intercept.
        Raises:  InputError for entries that are not finite, or features that are all zero.
        Cost:    O(n d^2 + d^3) time, O(d^2) memory.
        """
        matrix = feature_matrix(features)
        width = matrix.shape[1] + constant
        moments = np.zeros((width, width))
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            part = _in_double(matrix[start : start + ROWS_AT_ONCE], constant)
            moments += part.T @ part
        values, basis = linalg.eigh(moments, driver="evd", overwrite_a=True, check_finite=False)
        if not values[-1] > 0:
            raise InputError("the features are all zero", where="features", fix="pass features that vary")
        kept = values > NOISE * values[-1]
        return cls(values[kept], len(matrix), matrix, basis[:, kept], constant)

    def vectors(self, rows: Any) -> Floats:
        """Rows of U (q, 1, r)."""
        part = _in_double(self._features[rows], self._constant)
        return np.asarray(part @ (self._basis / np.sqrt(self.values)))[:, np.newaxis]

    def against(self, queries: Any) -> Floats:
        """K(queries, rows) U (m, 1, r) for features of queries (m, d)."""
        queried = feature_matrix(queries)
        if queried.shape[1] != self._features.shape[1]:
            raise InputError(
                "queries must have the columns of the training rows", where="queries",
                got=f"{queried.shape[1]} columns instead of {self._features.shape[1]}",
                fix="encode the queries as the rows were encoded",
            )  # fmt: skip
        scaled = self._basis * np.sqrt(self.values)
        parts = (queried[start : start + ROWS_AT_ONCE] for start in range(0, len(queried), ROWS_AT_ONCE))
        return np.concatenate([_in_double(part, self._constant) @ scaled for part in parts])[:, np.newaxis]

    def take(self, rows: Ints) -> "FeatureSpectrum":
        """The spectrum of some of the rows."""
        return FeatureSpectrum.of(self._features[rows], constant=self._constant)

    def restricted(self, queries: Array, rows: Ints) -> Array:
        """Queries as the spectrum of some of the rows takes them."""
        return queries


def _in_double(part: Array, constant: bool) -> Floats:
    """Features in double precision, with a column of ones where there is an intercept."""
    rows = part.astype(np.float64)
    return np.hstack([rows, np.ones((len(rows), 1))]) if constant else rows


def _entries(rows: Ints, width: int) -> Ints:
    """Positions of the entries of some rows in a kernel with `width` entries per row."""
    return np.asarray((np.asarray(rows)[:, np.newaxis] * width + np.arange(width)).ravel())


def _require_symmetric(matrix: Floats, width: int) -> None:
    """Refuse entries that are not finite, rows named, and a matrix that differs from its transpose."""
    worst, largest = 0.0, 0.0
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        part = matrix[start : start + ROWS_AT_ONCE]
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            raise InputError(
                "the Gram matrix has missing or infinite entries", where="gram",
                got=f"row {(start + int(np.argmin(finite))) // width}", fix="drop the rows whose kernel is not finite",
            )  # fmt: skip
        worst = max(worst, float(np.abs(part - matrix[:, start : start + ROWS_AT_ONCE].T).max()))
        largest = max(largest, float(np.abs(part).max()))
    if worst > ASYMMETRY * largest:
        raise InputError(
            "the kernel is not symmetric", where="gram",
            got=f"entries that differ by {worst:.3g} from their mirror image, largest entry {largest:.3g}",
            fix="pass the kernel of the training rows with themselves, in one order; (K + K.T) / 2 mends rounding",
        )  # fmt: skip
