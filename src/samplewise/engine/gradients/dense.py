"""Row gradients of small or irregular parameters entry by entry, and of embeddings by the rows that were looked up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.gradients.layer import LayerGradients, add_products
from samplewise.engine.gradients.parameter_slices import (
    POSITIONS_AT_ONCE,
    MatrixPlace,
    alike,
    nbytes_of,
    padded,
    spans,
    stacked_arrays,
    taken,
    to_numpy,
    with_folds,
)
from samplewise.engine.gradients.sketching import Hash, MatrixHash, count_sketch, lookup_sketch


@dataclass(frozen=True, slots=True, eq=False)
class DenseGradients(LayerGradients):
    """Gradients entry by entry: norms, biases shared by several layers, recurrent cells, custom parameters.

    Args:
        name: the layer's.   pieces: (parameter name, its shape), in the order of the columns.
        values: (n, q), q the sum of the sizes.
    """

    name: str
    pieces: tuple[tuple[str, tuple[int, ...]], ...]
    values: Any

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.values.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters covered."""
        return tuple(name for name, _ in self.pieces)

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return nbytes_of(self.values)

    def _columns(self) -> Iterator[tuple[str, tuple[int, ...], slice]]:
        start = 0
        for name, shape in self.pieces:
            yield name, shape, slice(start, start + prod(shape))
            start += prod(shape)

    def materialise(self) -> Array:
        """(n, q) entries of all rows."""
        return to_numpy(self.values)

    def add_gram(self, other: Any, into: Array) -> None:
        """Add inner products."""
        add_products(self.values, self.values if other is self else other.values, into)

    def squared_norms(self) -> Floats:
        """(n,) squared lengths."""
        space = array_namespace(self.values)
        return to_numpy(space.sum(self.values * self.values, axis=1, dtype=space.float64))

    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) count sketch."""
        total = np.zeros((len(self), size))
        for name, _, columns in self._columns():
            plan = Hash.of(columns.stop - columns.start, size, seed, name)
            total += to_numpy(count_sketch(self.values[:, columns], plan))
        return total

    def project(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(n, k) inner products with parameter-shaped vectors."""
        total = None
        for name, shape, columns in self._columns():
            if name in vectors:
                part = with_folds(vectors, name, shape)
                own = self.values[:, columns]
                products = to_numpy(own @ alike(part.reshape(len(part), -1), own).T).astype(np.float64)
                total = products if total is None else total + products
        return total

    def combine(self, weights: Floats, into: dict[str, Array]) -> None:
        """Add weighted sums of the gradients."""
        for name, shape, columns in self._columns():
            own = self.values[:, columns]
            sums = to_numpy(alike(weights.T, own) @ own).reshape(-1, *shape)
            into[name] = into.get(name, 0.0) + sums

    def take(self, positions: Any) -> "DenseGradients":
        """The rows at these positions."""
        return replace(self, values=taken(self.values, positions))

    def at_rest(self, count: int) -> "DenseGradients":
        """The same layer for rows that do not use it."""
        rows = self.take(np.zeros(count, dtype=np.intp))
        return replace(rows, values=rows.values * 0)

    def joined_with(self, others: Sequence[Any]) -> "DenseGradients":
        """These rows followed by those of the others."""
        return replace(self, values=stacked_arrays([part.values for part in (self, *others)]))


@dataclass(frozen=True, slots=True, eq=False)
class LookupGradients(LayerGradients):
    """Gradient of an embedding: row r of the data adds cotangents[r, t] to the matrix row indices[r, t].

    Inner products go over the tokens two rows share; one-hot vectors are never built. Held in main memory.

    Args:
        name: the layer's.   place: of the (v, d) weight.
        indices: (n, t) int.   cotangents: (n, t, d), zero where the index is padding.
    """

    name: str
    place: MatrixPlace
    indices: Array
    cotangents: Array

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.indices)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return prod(self.place.shape)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameter covered."""
        return self.place.names

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return int(self.indices.nbytes + self.cotangents.nbytes)

    def entries(self) -> tuple[Ints, Ints, Array]:
        """(e,) tokens in rising order, (e,) rows, (e, d) gradients, one entry per pair that occurs."""
        width = self.cotangents.shape[2]
        rows = np.repeat(np.arange(len(self)), self.indices.shape[1])
        tokens, values = self.indices.ravel(), self.cotangents.reshape(-1, width)
        used = np.flatnonzero(values.any(axis=1))
        order = used[np.lexsort((rows[used], tokens[used]))]
        if not len(order):
            return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, width), values.dtype)
        tokens, rows, values = tokens[order], rows[order], values[order]
        first = np.flatnonzero(np.r_[True, (np.diff(tokens) != 0) | (np.diff(rows) != 0)])
        return tokens[first], rows[first], np.add.reduceat(values, first, axis=0)

    def materialise(self) -> Array:
        """(n, v d) entries of all rows; only for few rows and short vocabularies."""
        tokens, rows, values = self.entries()
        whole = np.zeros((len(self), *self.place.shape), dtype=self.cotangents.dtype)
        whole[rows, tokens] = values
        return whole.reshape(len(self), -1)

    def add_gram(self, other: Any, into: Array) -> None:
        """Add inner products, token by token."""
        own = self.entries()
        others = own if other is self else other.entries()
        own_spans, other_spans = _by_token(own[0]), _by_token(others[0])
        for token in own_spans.keys() & other_spans.keys():
            a, b = own_spans[token], other_spans[token]
            for part in spans(a.stop - a.start, POSITIONS_AT_ONCE):
                here = slice(a.start + part.start, a.start + part.stop)
                into[np.ix_(own[1][here], others[1][b])] += own[2][here] @ others[2][b].T

    def squared_norms(self) -> Floats:
        """(n,) squared lengths."""
        _, rows, values = self.entries()
        squares = np.square(values, dtype=np.float64).sum(axis=1)
        return np.bincount(rows, weights=squares, minlength=len(self)).astype(np.float64)

    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) the sketch that the whole matrix would have."""
        tokens, rows, values = self.entries()
        shape = (self.place.shape[0], prod(self.place.shape[1:]))
        return lookup_sketch(rows, tokens, values, len(self), MatrixHash.of(self.place, shape, size, seed))

    def project(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(n, k) inner products with parameter-shaped vectors."""
        matrices = self.place.matrices(vectors)
        if matrices is None:
            return None
        return np.stack([np.einsum("ntd,ntd->n", matrix[self.indices], self.cotangents) for matrix in matrices], axis=1)

    def combine(self, weights: Floats, into: dict[str, Array]) -> None:
        """Add weighted sums of the gradients."""
        tokens, rows, values = self.entries()
        sums = np.zeros((weights.shape[1], *self.place.shape), dtype=self.cotangents.dtype)
        for column in range(weights.shape[1]):
            np.add.at(sums[column], tokens, weights[rows, column, np.newaxis] * values)
        self.place.scatter(sums, into)

    def take(self, positions: Any) -> "LookupGradients":
        """The rows at these positions."""
        return replace(self, indices=self.indices[positions], cotangents=self.cotangents[positions])

    def at_rest(self, count: int) -> "LookupGradients":
        """The same layer for rows that do not use it."""
        rows = self.take(np.zeros(count, dtype=np.intp))
        return replace(rows, cotangents=rows.cotangents * 0)

    def joined_with(self, others: Sequence[Any]) -> "LookupGradients":
        """These rows followed by those of the others; shorter ones get padding that adds nothing."""
        parts = [self, *others]
        indices = stacked_arrays(padded([part.indices for part in parts]))
        return replace(self, indices=indices, cotangents=stacked_arrays(padded([part.cotangents for part in parts])))


def _by_token(tokens: Ints) -> dict[int, slice]:
    """Positions of the entries of each token."""
    if not len(tokens):
        return {}
    edges = np.r_[0, np.flatnonzero(np.diff(tokens)) + 1, len(tokens)]
    return {int(tokens[start]): slice(int(start), int(stop)) for start, stop in pairwise(edges)}
