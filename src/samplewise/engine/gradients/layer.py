"""The interface of every form of a layer's row gradients, and how inner products of many rows are cut into tiles."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine.gradients.parameter_slices import POSITIONS_AT_ONCE, row_positions, spans, to_numpy


class LayerGradients(ABC):
    """Gradients of n rows with respect to one layer's parameters; adding up the layers' inner products is exact."""

    name: str

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of parameters."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The parameters covered."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory held."""

    @abstractmethod
    def add_gram(self, other: Any, into: Array) -> None:
        """Add inner products (n, m) with another set of rows; with itself, only the tiles on and above the diagonal."""

    @abstractmethod
    def squared_norms(self) -> Floats:
        """(n,) squared lengths."""

    @abstractmethod
    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) random sketch whose inner products are unbiased."""

    @abstractmethod
    def project(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(n, k) inner products with k parameter-shaped vectors; None where they do not touch this layer."""

    @abstractmethod
    def combine(self, weights: Floats, into: dict[str, Array]) -> None:
        """Add sum_i weights[i, k] gradient_i to parameter-shaped arrays."""

    @abstractmethod
    def take(self, positions: Any) -> Self:
        """The rows at these positions."""

    @abstractmethod
    def at_rest(self, count: int) -> Self:
        """The same layer for rows that do not use it: their gradients are zero."""

    @abstractmethod
    def joined_with(self, others: Sequence[Any]) -> Self:
        """These rows followed by those of the others."""

    @abstractmethod
    def materialise(self) -> Array:
        """(n, size) the gradients entry by entry; only for few rows."""

    def gram(self, other: Any = None, *, dtype: Any = np.float64) -> Array:
        """(n, m) inner products with another set of rows; default: with themselves."""
        against = self if other is None else other
        into = np.zeros((len(self), len(against)), dtype=dtype)
        self.add_gram(against, into)
        return mirrored(into) if against is self else into


def tiles(own: Any, other: Any, positions: int = 1, others: int = 1) -> list[tuple[slice, slice]]:
    """Pairs of row slices that cover all pairs of rows; of a set with itself, those on and above the diagonal."""
    rows = list(spans(len(own), POSITIONS_AT_ONCE // max(1, positions)))
    columns = rows if other is own else list(spans(len(other), POSITIONS_AT_ONCE // max(1, others)))
    return [(a, b) for a in rows for b in columns if other is not own or b.start >= a.start]


def add_products(own: Any, other: Any, into: Array) -> None:  # (n, q), (m, q), (n, m)
    """Add own @ other.T tile by tile; of an array with itself, only the tiles on and above the diagonal."""
    for rows, columns in tiles(own, other):
        into[rows, columns] += to_numpy(own[rows] @ other[columns].T)


def mirrored(square: Array) -> Array:
    """Fill the tiles below the diagonal from those above, in place."""
    for rows in spans(len(square), POSITIONS_AT_ONCE):
        square[rows, rows] = np.triu(square[rows, rows]) + np.triu(square[rows, rows], 1).T
        square[rows.stop :, rows] = square[rows, rows.stop :].T
    return square


def require_same_layers(own: Sequence[LayerGradients], other: Sequence[LayerGradients]) -> None:
    """Refuse inner products between gradients of different parameters."""
    names, others = [[(layer.name, layer.size) for layer in layers] for layers in (own, other)]
    if names != others:
        raise InputError(
            "row gradients of different parameters have no inner product",
            got=f"layers {', '.join(name for name, _ in names)} and {', '.join(name for name, _ in others)}",
            fix="take both from the same module with the same layers=",
        )


def rows_of(positions: Any, count: int) -> Any:
    """Positions as slices or numbers that both libraries understand."""
    return positions if isinstance(positions, slice) else row_positions(positions, count)
