"""Row gradients of one matrix of parameters: as sums of outer products, or entry by entry where that is smaller."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from samplewise.core.arrays import Array, Floats
from samplewise.engine.gradients.layer import LayerGradients, add_products, tiles
from samplewise.engine.gradients.parameter_slices import (
    BLOCK_BYTES,
    MatrixPlace,
    alike,
    nbytes_of,
    padded,
    spans,
    stacked_arrays,
    taken,
    to_numpy,
)
from samplewise.engine.gradients.sketching import MatrixHash, entry_sketch, outer_sketch


class _BlockGradients(LayerGradients):
    """What both forms of a matrix of gradients share: entries are computed block by block."""

    place: MatrixPlace

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters covered."""
        return self.place.names

    @property
    def size(self) -> int:
        """Number of parameters."""
        rows, columns = self.matrix_shape
        return rows * columns

    @property
    @abstractmethod
    def matrix_shape(self) -> tuple[int, int]:
        """(o, i), the constant input of a bias counted."""

    @abstractmethod
    def block(self, rows: slice, columns: slice) -> Any:
        """(n, rows * columns) entries."""

    @property
    @abstractmethod
    def itemsize(self) -> int:
        """Bytes of one number."""

    def materialise(self) -> Array:
        """(n, o i) entries of all rows in one array; only for few rows."""
        return to_numpy(self.block(slice(None), slice(None)))

    def _add_gram_by_blocks(self, other: "_BlockGradients", into: Array) -> None:
        out, inner = self.matrix_shape
        room = BLOCK_BYTES // ((len(self) + len(other)) * max(self.itemsize, other.itemsize))
        columns = min(inner, max(1, room))
        for row_span in spans(out, max(1, room // columns)):
            for column_span in spans(inner, columns):
                own = self.block(row_span, column_span)
                add_products(own, own if other is self else other.block(row_span, column_span), into)


@dataclass(frozen=True, slots=True, eq=False)
class OuterGradients(_BlockGradients):
    """Gradient of [W | b] of row r = sum_t cotangents[r, t] inputs[r, t]'; the matrix itself is not held.

    Args:
        name: the layer's.   place: where (o, i) lies in the parameters.
        inputs: (n, t, i) what the layer saw, a last 1 for the bias.   cotangents: (n, t, o) d value / d output.
    """

    name: str
    place: MatrixPlace
    inputs: Any
    cotangents: Any

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.inputs.shape[0])

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """(o, i), the constant input of a bias counted."""
        return int(self.cotangents.shape[2]), int(self.inputs.shape[2])

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return nbytes_of(self.inputs) + nbytes_of(self.cotangents)

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return nbytes_of(self.inputs[:1, :1, :1]) or 4

    @classmethod
    def like(cls, layer: "OuterGradients", inputs: Any, cotangents: Any) -> "OuterGradients":
        """The same layer with changed factors, rotated or scaled; `place` still names the parameters."""
        return cls(layer.name, layer.place, inputs, cotangents)

    def features(self) -> Floats:
        """(n, d) mean over positions of what the layer saw, without the constant of the bias."""
        seen = self.inputs if self.place.bias is None else self.inputs[:, :, :-1]
        return to_numpy(seen).mean(axis=1, dtype=np.float64)

    def moments(self) -> tuple[Floats, Floats]:
        """(i, i) and (o, o): sums over positions of a a' and b b', averaged over rows."""
        return _moment(self.inputs), _moment(self.cotangents)

    def block(self, rows: slice, columns: slice) -> Any:
        """(n, rows * columns) entries."""
        space = array_namespace(self.inputs)
        out, inner = self.cotangents[:, :, rows], self.inputs[:, :, columns]
        if self.inputs.shape[1] == 1:
            entries = out[:, 0, :, None] * inner[:, 0, None, :]
        else:
            entries = space.matmul(space.permute_dims(out, (0, 2, 1)), inner)
        return space.reshape(entries, (len(self), entries.shape[1] * entries.shape[2]))

    def add_gram(self, other: Any, into: Array) -> None:
        """Add inner products; pairs of positions where that is cheaper than the entries."""
        if isinstance(other, OuterGradients) and self._pairs_are_cheaper(other):
            self._add_gram_by_pairs(other, into)
        else:
            self._add_gram_by_blocks(other, into)

    def _pairs_are_cheaper(self, other: "OuterGradients") -> bool:
        """Multiplications per pair of rows: t s (i + o) through positions, i o through the entries."""
        out, inner = self.matrix_shape
        return int(self.inputs.shape[1]) * int(other.inputs.shape[1]) * (out + inner) <= out * inner or (
            self.inputs.shape[1] == 1 == other.inputs.shape[1]
        )

    def _add_gram_by_pairs(self, other: "OuterGradients", into: Array) -> None:
        for rows, columns in tiles(self, other, self.inputs.shape[1], other.inputs.shape[1]):
            inputs = _pairwise(self.inputs[rows], other.inputs[columns])
            inputs *= _pairwise(self.cotangents[rows], other.cotangents[columns])
            into[rows, columns] += to_numpy(_over_positions(inputs, self.inputs.shape[1], other.inputs.shape[1]))

    def squared_norms(self) -> Floats:
        """(n,) squared lengths."""
        space = array_namespace(self.inputs)
        positions = int(self.inputs.shape[1])
        out, inner = self.matrix_shape
        if positions == 1:
            return _squares(self.inputs[:, 0, :]) * _squares(self.cotangents[:, 0, :])
        pairs = positions * (out + inner) <= out * inner
        width = positions**2 if pairs else out * inner
        found = []
        for rows in spans(len(self), BLOCK_BYTES // (2 * self.itemsize * width)):
            own = self.take(rows)
            if pairs:
                a, b = (space.matmul(x, space.permute_dims(x, (0, 2, 1))) for x in (own.inputs, own.cotangents))
                found.append(to_numpy(space.sum(a * b, axis=(1, 2))).astype(np.float64))
            else:
                found.append(_squares(own.block(slice(None), slice(None))))
        return np.maximum(np.concatenate(found), 0.0) if found else np.zeros(0)

    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) tensor sketch: count sketches of both factors, convolved, summed over positions."""
        plan = MatrixHash.of(self.place, self.matrix_shape, size, seed)
        room = BLOCK_BYTES // (8 * self.itemsize * size * max(1, int(self.inputs.shape[1])))
        parts = [outer_sketch(self.inputs[rows], self.cotangents[rows], plan) for rows in spans(len(self), room)]
        return np.concatenate(parts) if parts else np.zeros((0, size))

    def project(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(n, k) inner products with parameter-shaped vectors."""
        matrices = self.place.matrices(vectors)
        if matrices is None:
            return None
        space = array_namespace(self.inputs)
        products = np.empty((len(self), len(matrices)))
        rows_at_once = BLOCK_BYTES // (self.itemsize * sum(self.matrix_shape) * max(1, int(self.inputs.shape[1])))
        for column, matrix in enumerate(matrices):
            turned = alike(matrix, self.inputs)
            for rows in spans(len(self), rows_at_once):
                seen = space.matmul(self.cotangents[rows], turned) * self.inputs[rows]
                products[rows, column] = to_numpy(space.sum(seen, axis=(1, 2)))
        return products

    def combine(self, weights: Floats, into: dict[str, Array]) -> None:
        """Add weighted sums of the gradients."""
        space = array_namespace(self.inputs)
        out, inner = self.matrix_shape
        flat = space.reshape(self.inputs, (-1, inner))
        sums = np.empty((weights.shape[1], out, inner), dtype=to_numpy(self.inputs[:0]).dtype)
        for column in range(weights.shape[1]):
            weighted = self.cotangents * alike(weights[:, column], self.inputs)[:, None, None]
            sums[column] = to_numpy(space.matmul(space.reshape(weighted, (-1, out)).T, flat))
        self.place.scatter(sums, into)

    def two_sided(self, into: Floats, out: Floats) -> Floats:  # (i, k_in), (o, k_out)
        """(n, k_out k_in) sum_t (out' b_t)(into' a_t)'."""
        seen, pulled = self.inputs @ alike(into, self.inputs), self.cotangents @ alike(out, self.inputs)
        return OuterGradients.like(self, seen, pulled).materialise().astype(np.float64)

    def take(self, positions: Any) -> "OuterGradients":
        """The rows at these positions."""
        return replace(self, inputs=taken(self.inputs, positions), cotangents=taken(self.cotangents, positions))

    def at_rest(self, count: int) -> "OuterGradients":
        """The same layer for rows that do not use it."""
        rows = self.take(np.zeros(count, dtype=np.intp))
        return replace(rows, cotangents=rows.cotangents * 0)

    def joined_with(self, others: Sequence[Any]) -> "OuterGradients":
        """These rows followed by those of the others; shorter ones get positions of zeros."""
        parts = [self, *others]
        return replace(
            self,
            inputs=stacked_arrays(padded([part.inputs for part in parts])),
            cotangents=stacked_arrays(padded([part.cotangents for part in parts])),
        )


@dataclass(frozen=True, slots=True, eq=False)
class MatrixGradients(_BlockGradients):
    """Gradients of [W | b] entry by entry, where that takes less memory than t positions of two factors.

    Args:
        values: (n, o, i).   sums: (i, i), (o, o) sums over rows and positions of a a' and b b', which
        cannot be recovered from the entries; of all rows captured together, whatever `take` keeps.
        rows_summed: how many those are.
    """

    name: str
    place: MatrixPlace
    values: Any
    sums: tuple[Floats, Floats]
    rows_summed: int

    def __len__(self) -> int:
        """Number of rows."""
        return int(self.values.shape[0])

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """(o, i), the constant input of a bias counted."""
        return int(self.values.shape[1]), int(self.values.shape[2])

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return nbytes_of(self.values)

    @property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return nbytes_of(self.values[:1, :1, :1]) or 4

    def moments(self) -> tuple[Floats, Floats]:
        """(i, i) and (o, o): sums over positions of a a' and b b', averaged over the rows captured together."""
        return self.sums[0] / self.rows_summed, self.sums[1] / self.rows_summed

    def block(self, rows: slice, columns: slice) -> Any:
        """(n, rows * columns) entries."""
        entries = self.values[:, rows, columns]
        return array_namespace(entries).reshape(entries, (len(self), entries.shape[1] * entries.shape[2]))

    def add_gram(self, other: Any, into: Array) -> None:
        """Add inner products."""
        self._add_gram_by_blocks(other, into)

    def squared_norms(self) -> Floats:
        """(n,) squared lengths."""
        return _squares(self.block(slice(None), slice(None)))

    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) the sketch that the outer products would have."""
        return entry_sketch(self.values, MatrixHash.of(self.place, self.matrix_shape, size, seed))

    def project(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(n, k) inner products with parameter-shaped vectors."""
        matrices = self.place.matrices(vectors)
        if matrices is None:
            return None
        own = self.block(slice(None), slice(None))
        return to_numpy(own @ alike(matrices.reshape(len(matrices), -1), own).T).astype(np.float64)

    def combine(self, weights: Floats, into: dict[str, Array]) -> None:
        """Add weighted sums of the gradients."""
        own = self.block(slice(None), slice(None))
        sums = to_numpy(alike(weights.T, own) @ own)
        self.place.scatter(sums.reshape(len(sums), *self.matrix_shape), into)

    def two_sided(self, into: Floats, out: Floats) -> Floats:  # (i, k_in), (o, k_out)
        """(n, k_out k_in) out' G into."""
        turned = alike(out.T, self.values) @ self.values @ alike(into, self.values)
        return to_numpy(turned).reshape(len(self), -1).astype(np.float64)

    def take(self, positions: Any) -> "MatrixGradients":
        """The rows at these positions."""
        return replace(self, values=taken(self.values, positions))

    def at_rest(self, count: int) -> "MatrixGradients":
        """The same layer for rows that do not use it."""
        rows = self.take(np.zeros(count, dtype=np.intp))
        return replace(rows, values=rows.values * 0, sums=(self.sums[0] * 0, self.sums[1] * 0), rows_summed=count)

    def joined_with(self, others: Sequence[Any]) -> "MatrixGradients":
        """These rows followed by those of the others."""
        parts = [self, *others]
        into, out = (sum(part.sums[side] for part in parts) for side in (0, 1))
        count = sum(part.rows_summed for part in parts)
        return replace(
            self, values=stacked_arrays([part.values for part in parts]), sums=(into, out), rows_summed=count
        )


def _pairwise(own: Any, other: Any) -> Any:  # (r, t, i), (q, s, i)
    """(r t, q s) inner products of all positions of all rows."""
    space = array_namespace(own)
    width = own.shape[2]
    return space.reshape(own, (-1, width)) @ space.reshape(other, (-1, width)).T


def _over_positions(products: Any, positions: int, others: int) -> Any:
    """(r, q) sums of (r t, q s) over t and s."""
    if positions == 1 == others:
        return products
    space = array_namespace(products)
    shape = (products.shape[0] // positions, positions, products.shape[1] // others, others)
    return space.sum(space.reshape(products, shape), axis=(1, 3))


def _squares(values: Any) -> Floats:  # (n, q)
    """(n,) sums of squares, added up in double precision."""
    space = array_namespace(values)
    return to_numpy(space.sum(values * values, axis=1, dtype=space.float64))


def _moment(factor: Any) -> Floats:  # (n, t, q)
    """(q, q) sum over positions of the outer products, averaged over rows."""
    flat = array_namespace(factor).reshape(factor, (-1, factor.shape[2]))
    return to_numpy(flat.T @ flat).astype(np.float64) / max(1, int(factor.shape[0]))
