"""How large and how small numbers may be for sums of their squares to mean something; the rest is refused by name."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, name_rows

LARGEST, SMALLEST = 1e36, 1e-36  # trees split in single precision, whose numbers end at 3e38 and lose digits at 1e-38
RESOLVED = 2e-12  # spread of labels, relative to the largest, that leaves four digits of a label in double precision
MOST = 0.95  # of the labels decide how far they spread; a few far ones do not
_RANGE = f"numbers are computed with from {SMALLEST:g} to {LARGEST:g} in size"


def require_sizes(features: Any, ids: Array, name: str = "X") -> None:
    """Refuse infinite and overlarge cells, with row and column, and columns that hold nothing but vanishing numbers.

    Args:
        features: (n, d) array, scipy CSR matrix or pandas frame.   ids: (n,) keys that name the rows.
        name: what the caller calls the features, for messages.

    Raises:
        InputError: an infinite cell, one above 1e36 in size, or a column of which no cell but 0 reaches 1e-36.

    Cost: O(n d), two passes without a copy.

    >>> require_sizes(np.array([[1.0, -3e30], [2.0, np.nan]]), np.arange(2))
    """
    shape = tuple(features.shape)
    if isinstance(features, np.ndarray):
        if features.dtype.kind == "f":
            for place in np.flatnonzero(_are_unusable(_sizes(features))):
                _refuse(features[:, place], ids, name, f"x{place}", shape)
    elif hasattr(features, "tocsr"):
        sizes = _sizes(features.data)
        if features.dtype.kind == "f" and features.nnz and (sizes > LARGEST or np.abs(features.data).min() < SMALLEST):
            columns = features.tocsc()
            for position in range(shape[1]):
                _refuse(columns[:, [position]].toarray()[:, 0], ids, name, f"x{position}", shape)
    elif hasattr(features, "iloc"):
        for column, values in _numbers_of(features):
            if _are_unusable(_sizes(values)):
                _refuse(values, ids, name, column, shape)


def require_weight_sizes(weights: Floats, ids: Array) -> None:
    """Refuse weights (n,) of which one is above 1e36 in size, or none but 0 reaches 1e-36."""
    _refuse(weights, ids, "weights", "", weights.shape)


def require_label_sizes(numbers: Floats, ids: Array) -> None:
    """Refuse numbers as labels (n,) that double precision cannot tell apart; NaN is a missing label.

    They spread by too little beside their size: all of them (1e15 + 0, 1, 2, ...), or all but a few far ones, beside
    which the others vanish in every mean and every variance.

    Raises:
        InputError: a label above 1e36 in size, none that reaches 1e-36, or a spread below 2e-12 of the largest.

    Cost: O(n).

    >>> require_label_sizes(np.array([1.0, 2.0, np.nan, 1e9]), np.arange(4))
    """
    known = np.isfinite(numbers)
    _refuse(numbers, ids, "y", "", numbers.shape)
    away = np.abs(numbers[known] - np.median(numbers[known])) if known.any() else np.empty(0)
    if not away.any():
        return
    largest = float(np.abs(numbers[known]).max())
    spread = float(np.quantile(away[away > 0], MOST, method="lower"))
    if spread >= RESOLVED * largest:
        return
    far = away * RESOLVED > spread
    rest = numbers[known][~far]
    lying = f"the others lie from {rest.min():.6g} to {rest.max():.6g}"
    if far.any():
        raise InputError(
            "some labels are so large that the others cannot be told apart beside them",
            where=name_rows(np.asarray(ids)[known][far]), got=f"{numbers[known][far][0]:.6g}, {lying}",
            fix="correct them, or leave them missing (NaN)",
        )  # fmt: skip
    raise InputError(
        "the labels differ by less than double precision can tell beside their size", where="y",
        got=f"differences of about {spread:.2g} beside {largest:.6g}", fix=f"y - {np.median(numbers[known]):.0f}",
    )  # fmt: skip


def _numbers_of(frame: Any) -> Iterator[tuple[str, Floats]]:
    """The columns of floats, by name."""
    for column, values in frame.items():
        if values.dtype.kind == "f":
            yield str(column), values.to_numpy(dtype=np.float64, na_value=np.nan)


def _sizes(values: Array) -> Any:
    """The largest size in every column of (n, d), or of (n,); NaN where all is missing."""
    return np.fmax(np.fmax.reduce(values, axis=0), -np.fmin.reduce(values, axis=0)) if values.size else np.nan


def _are_unusable(sizes: Any) -> Any:
    return (sizes > LARGEST) | ((sizes > 0) & (sizes < SMALLEST))


def _refuse(values: Floats, ids: Array, name: str, column: str, shape: tuple[int, ...]) -> None:
    """Refuse numbers (n,) with the rows, where they are unusable."""
    sizes = np.abs(values)
    infinite, large = np.isinf(sizes), sizes > LARGEST
    beside = f", column {column!r}" if column else ""
    if infinite.any():
        raise InputError(
            f"{name} has infinite entries", where=_rows(ids, infinite) + beside, got=f"{name} of shape {shape}",
            fix="replace them: NaN means missing and is understood, infinity is not",
        )  # fmt: skip
    if large.any():
        raise InputError(
            f"{name} has numbers too large to compute with", where=_rows(ids, large) + beside,
            got=f"{values[large][0]:.6g}; {_RANGE}",
            fix="correct them, leave them missing (NaN), or divide all by a power of ten",
        )  # fmt: skip
    if _are_unusable(_sizes(values)):
        raise InputError(
            f"{name} has only numbers too small to compute with", where=f"column {column!r}" if column else name,
            got=f"at most {_sizes(values):.2g} in size; {_RANGE}", fix="multiply all by a power of ten",
        )  # fmt: skip


def _rows(ids: Array, flags: Mask) -> str:
    return name_rows(np.asarray(ids)[flags])
