"""Kernel features: a linear head on them is a kernel machine, at the price of a linear one."""

from typing import Any

import numpy as np
from scipy.linalg import eigh

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine.closed_form.array_checks import feature_matrix

ROWS_AT_ONCE = 4096
# Directions below this share of the largest eigenvalue are round-off (repeated landmarks), not features.
NULL_SHARE = 1e-11


class KernelMap:
    """Features (n, r), without unit, whose inner products are the Gaussian kernel projected on the landmarks.

    k(x, z) = exp(-|x - z|^2 / (2 bandwidth^2)); features = K_nz V diag(s)^-1/2 with K_zz = V diag(s) V^T,
    null directions dropped. With every row a landmark, ridge on the features is kernel ridge exactly.

    Args:    landmarks: (m, d) rows the kernel is anchored at.   bandwidth: > 0, in the units of the columns.
    Returns: a map; map(X) is (n, r), r <= m the rank, directions in descending order of eigenvalue.
    Raises:  InputError if an entry is not finite, the bandwidth is not above 0 or the columns of X differ in number.
    Cost:    O(m^3) once; O(n m (d + r)) per call, 32 KiB m of work space.
    Not for: columns of different scale (standardize first); labels are never seen.
    Source:  williams2001.
    >>> to_features = KernelMap(np.array([[0.0], [1.0]]), bandwidth=1.0)
    >>> features = to_features(np.array([[0.0], [1.0]]))
    >>> (features @ features.T).round(4)
    array([[1.    , 0.6065],
           [0.6065, 1.    ]])
    """

    def __init__(self, landmarks: Any, bandwidth: float) -> None:  # (m, d)
        if not (np.isfinite(bandwidth) and bandwidth > 0):
            raise InputError(
                "the bandwidth must be a finite number above 0",
                where="bandwidth",
                got=repr(bandwidth),
                fix="use median_bandwidth(rows)",
            )
        rows = feature_matrix(landmarks).astype(np.float64)
        self.bandwidth = float(bandwidth)
        self._center = rows.mean(axis=0)
        self._landmarks = rows - self._center
        values, vectors = eigh(self._kernel(self._landmarks), check_finite=False)
        kept = np.flatnonzero(values > NULL_SHARE * values[-1])[::-1]
        self._whiten: Floats = vectors[:, kept] / np.sqrt(values[kept])

    def __call__(self, X: Any, dtype: type = np.float64) -> Array:  # (n, d) -> (n, r)
        """Features of any rows (n, r), computed in float64 and stored as `dtype`."""
        rows = feature_matrix(X)
        if rows.shape[1] != self._landmarks.shape[1]:
            raise InputError(
                "X must have the columns the landmarks have",
                where="X",
                got=f"{rows.shape[1]} columns instead of {self._landmarks.shape[1]}",
                fix="encode X as the landmarks were encoded",
            )
        features: Array = np.empty((len(rows), self._whiten.shape[1]), dtype=dtype)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            features[part] = self._kernel(rows[part] - self._center) @ self._whiten
        return features

    def _kernel(self, rows: Floats) -> Floats:
        squares = squared_distances(rows, self._landmarks)
        return np.asarray(np.exp(squares / (-2.0 * self.bandwidth**2), out=squares))


def nystrom_features(X: Any, landmarks: Array, bandwidth: float) -> Array:
    """Kernel features (n, r) of the rows of X, without unit: `KernelMap` with rows of X itself as landmarks.

    Args:    X: (n, d).   landmarks: (m,) positions in X, chosen by hash(seed, id).   bandwidth: > 0.
    Returns: (n, r), r <= m.
    Raises:  InputError as `KernelMap`.
    Cost:    O(m^3 + n m (d + m)).   Source: williams2001.
    >>> nystrom_features(np.eye(3), np.array([0, 2]), bandwidth=1.0).shape
    (3, 2)
    """
    return KernelMap(np.asarray(X)[landmarks], bandwidth)(X)


def median_bandwidth(rows: Any) -> float:
    """Median distance between two different rows, in the units of the columns: the usual first bandwidth.

    Args:    rows: (n, d), a hash-chosen sample of at most about 2,000 rows.
    Returns: a length > 0; larger means a smoother kernel. Where most rows are equal: the median of the distances that
             are not 0; where all are equal: 1.
    Raises:  InputError if an entry is not finite.
    Cost:    O(n^2 d) time, O(n^2) memory.   Source: garreau2017.
    >>> median_bandwidth(np.array([[0.0], [1.0], [3.0]]))
    2.0
    """
    matrix = feature_matrix(rows).astype(np.float64)
    matrix -= matrix.mean(axis=0)
    squares = squared_distances(matrix, matrix)[np.triu_indices(len(matrix), 1)]
    noise = 1e-14 * float(np.max(np.sum(matrix**2, axis=1)))
    apart = squares[squares > noise]
    if not len(apart):
        return 1.0
    middle = float(np.median(squares))
    return float(np.sqrt(middle if middle > noise else np.median(apart)))


def squared_distances(rows: Floats, others: Floats) -> Floats:
    """Squared Euclidean distances (n, m) by one matrix product; pass centered rows, so that little cancels."""
    squares = rows @ others.T
    squares *= -2.0
    squares += np.einsum("ij,ij->i", rows, rows)[:, None]
    squares += np.einsum("ij,ij->i", others, others)
    return np.asarray(np.maximum(squares, 0.0, out=squares))
