"""What every closed form requires of its arrays: two axes, finite, equal lengths; an error names the rows."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, require_finite
from samplewise.core.errors import InputError


def feature_matrix(features: Any) -> Array:
    """Features (n, d) with n, d >= 1, finite; float32 and float64 stay as they are, the rest becomes float64."""
    matrix = np.asarray(features)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(
            "features must be a matrix with at least one row and one column",
            where="features",
            got=f"shape {matrix.shape}",
            fix="pass an array (n, d); one feature is features[:, None]",
        )
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float64)
    require_finite(matrix, np.arange(len(matrix)), "features", "impute or drop these rows first")
    return matrix


def target_matrix(targets: Any, rows: int) -> Floats:
    """Targets (n, c) float64; a vector (n,) is one output."""
    matrix = np.asarray(targets, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    if matrix.ndim != 2 or len(matrix) != rows or matrix.shape[1] == 0:
        raise InputError(
            "targets must have one row for each row of the features",
            where="targets",
            got=f"shape {matrix.shape} for {rows} rows",
            fix=f"pass an array ({rows},) or ({rows}, c)",
        )
    require_finite(matrix, np.arange(rows), "targets", "drop the rows without a target first")
    return matrix


def block_codes(blocks: Any, rows: int, name: str) -> Array:
    """Block (fold) of each row as integers 0..k-1 (n,), numbered in sorted order."""
    labels = np.zeros(rows, dtype=np.intp) if blocks is None else np.asarray(blocks)
    if labels.shape != (rows,):
        raise InputError(
            f"{name} must name one block for each row",
            where=name,
            got=f"shape {labels.shape} for {rows} rows",
            fix=f"pass integers of shape ({rows},)",
        )
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def require_ridge(ridge: float) -> float:
    """A finite penalty above zero."""
    if not (np.isfinite(ridge) and ridge > 0):
        raise InputError(
            "ridge must be a finite number above 0", where="ridge", got=repr(ridge), fix="use a small one, such as 1e-6"
        )
    return float(ridge)
