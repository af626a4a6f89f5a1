"""Influence under a Kronecker-factored curvature whose eigenvalues are measured in its own eigenbasis (EK-FAC).

Per layer the gradient of row i is sum_t b_t a_t'. With A = E[a a'] and B = E[b b'] diagonalized, every entry of the
rotated gradient is nearly uncorrelated with the others, and its second moment over rows is the curvature along it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from scipy import linalg

from samplewise.core.arrays import Array, Floats
from samplewise.engine.gradients import LayerGradients, MatrixGradients, OuterGradients, RowGradients
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.engine.gradients.parameter_slices import alike, to_numpy
from samplewise.influence.attribution.attribution_method import Additive, Settings
from samplewise.influence.attribution.empirical_fisher import FISHER_RIDGE, RidgedGram

NUMBERS_AT_ONCE = 2**24  # floats of materialized gradients held at a time


class Block(Protocol):
    """The curvature of one layer, ready to weigh inner products of gradients."""

    def products(self, queries: LayerGradients) -> Floats:
        """(m, n) psi_q' (curvature + ridge)^-1 g_i, not yet divided by n."""
        ...

    def own(self) -> Floats:
        """(n,) g_i' (curvature + ridge)^-1 g_i."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class RotatedBlock:
    """One layer in the eigenbasis of its two factors."""

    rows: OuterGradients | MatrixGradients  # rotated
    turn_in: Floats  # (i, i) eigenvectors of E[a a']
    turn_out: Floats  # (o, o) eigenvectors of E[b b']
    inverse: Floats  # (o, i) 1 / (eigenvalue + ridge)
    cut: tuple[Floats, Floats] | None  # (r, o), (r, i): inverse as a sum of r outer products; None: exact

    @classmethod
    def of(cls, layer: OuterGradients | MatrixGradients, ridge: float, rank: int | None) -> "RotatedBlock":
        """Eigenvectors of both factors, then the mean square of every rotated entry over the rows."""
        turn_in, turn_out = (linalg.eigh(moment, check_finite=False)[1] for moment in layer.moments())
        rows = _rotated(layer, turn_in, turn_out)
        curvature = _second_moment(rows)
        inverse = 1.0 / (curvature + max(ridge * float(curvature.mean()), np.finfo(np.float64).tiny))
        cut = _weighted_outer_sum(inverse, rows, rank) if rank and isinstance(rows, OuterGradients) else None
        return cls(rows, turn_in, turn_out, inverse, cut)

    def products(self, queries: LayerGradients) -> Floats:
        """(m, n); in the cut form r Gram products, else entry by entry."""
        queried = _rotated(queries, self.turn_in, self.turn_out)
        if self.cut is None or not isinstance(queried, OuterGradients):
            return self._exact(queried)
        total = np.zeros((len(queried), len(self.rows)))
        for out, into in zip(*self.cut, strict=True):
            inputs, cotangents = (
                queried.inputs * alike(into, queried.inputs),
                queried.cotangents * alike(out, queried.inputs),
            )
            scaled = replace(queried, inputs=inputs, cotangents=cotangents)
            scaled.add_gram(self.rows, total)
        return total

    def own(self) -> Floats:
        """(n,) exact whatever the rank."""
        weights = self.inverse.ravel()
        return np.concatenate([np.square(block) @ weights for _, block in _entries(self.rows)])

    def _exact(self, queried: OuterGradients | MatrixGradients) -> Floats:
        weighted = np.concatenate([block * self.inverse.ravel() for _, block in _entries(queried)])
        total = np.empty((len(queried), len(self.rows)))
        for own, block in _entries(self.rows):
            total[:, own] = weighted @ block.T
        return total


@dataclass(frozen=True, slots=True, eq=False)
class WholeBlock:
    """A layer without two factors (norms, embeddings, custom parameters): its exact Fisher block, through its rows."""

    rows: LayerGradients
    inverse: RidgedGram

    @classmethod
    def of(cls, layer: LayerGradients, ridge: float) -> "WholeBlock":
        """Ridge = share * mean eigenvalue over the layer's own parameters, as in the rotated blocks."""
        gram = layer.gram()
        return cls(layer, RidgedGram.of(gram, ridge * len(gram) / max(layer.size, 1)))

    def products(self, queries: LayerGradients) -> Floats:
        """(m, n)."""
        count = len(self.inverse.factor)
        return count * self.inverse.solve(queries.gram(self.rows).T).T

    def own(self) -> Floats:
        """(n,)."""
        return len(self.inverse.factor) * self.inverse.leverage()


@dataclass(frozen=True, slots=True, eq=False)
class FactoredCurvature(Additive):
    """S = -(1/n) sum over layers of psi' (curvature + ridge)^-1 g_i.

    Cost: O(n (i + o)^2 + i^3 + o^3) to prepare, O(r m n (i + o)) for all effects of a layer; exact: O(m n i o).
    Source: grosse2023, george2018.
    """

    source: Source
    rows: RowGradients
    blocks: tuple[Block, ...]
    ridge: float

    @classmethod
    def prepare(cls, source: Source, train: Any, settings: Settings, *, exact: bool = False) -> "FactoredCurvature":
        """One block per layer."""
        ridge = FISHER_RIDGE if settings.ridge is None else settings.ridge
        rows = source.gradients(train, source.loss)
        blocks = tuple(_block(layer, ridge, None if exact else settings.rank) for layer in rows.layers)
        return cls(source, rows, blocks, ridge)

    @property
    def ids(self) -> Array:
        """(n,) of the training rows."""
        return self.rows.ids

    def effects(self, queries: Any, target: Any) -> tuple[Floats, Array]:
        """(m, n) first-order effects."""
        queried = self.source.gradients(queries, target)
        total = np.zeros((len(queried.ids), len(self.ids)))
        for block, layer in zip(self.blocks, queried.layers, strict=True):
            total -= block.products(layer)
        return total / len(self.ids), queried.ids

    def self_influence(self) -> Floats:
        """(n,) what leaving the row out adds to its own loss."""
        return np.sum([block.own() for block in self.blocks], axis=0) / len(self.ids)


def _block(layer: LayerGradients, ridge: float, rank: int | None) -> Block:
    if isinstance(layer, OuterGradients | MatrixGradients):
        return RotatedBlock.of(layer, ridge, rank)
    return WholeBlock.of(layer, ridge)


def _rotated(
    layer: OuterGradients | MatrixGradients, turn_in: Floats, turn_out: Floats
) -> OuterGradients | MatrixGradients:
    if isinstance(layer, MatrixGradients):
        values = layer.values
        return replace(layer, values=alike(turn_out.T, values) @ values @ alike(turn_in, values))
    into, out = layer.inputs, layer.cotangents
    return replace(layer, inputs=into @ alike(turn_in, into), cotangents=out @ alike(turn_out, into))


def _entries(rows: OuterGradients | MatrixGradients) -> Iterator[tuple[slice, Floats]]:
    """The gradients entry by entry (b, o i), as many rows at a time as the memory for them allows."""
    at_once = max(1, NUMBERS_AT_ONCE // rows.size)
    for start in range(0, len(rows), at_once):
        own = slice(start, min(start + at_once, len(rows)))
        yield own, rows.take(np.arange(own.start, own.stop)).materialise()


def _second_moment(rows: OuterGradients | MatrixGradients) -> Floats:
    """(o, i) mean over rows of the squared gradient entries."""
    if isinstance(rows, OuterGradients) and rows.inputs.shape[1] == 1:
        into, out = np.square(to_numpy(rows.inputs)[:, 0]), np.square(to_numpy(rows.cotangents)[:, 0])
        return (out.T @ into).astype(np.float64) / len(rows)
    total = np.zeros(rows.size)
    for _, block in _entries(rows):
        total += np.square(block).sum(axis=0)
    return total.reshape(rows.matrix_shape) / len(rows)


def _weighted_outer_sum(inverse: Floats, rows: OuterGradients, rank: int) -> tuple[Floats, Floats]:
    """`inverse` as a sum of outer products that is accurate where the gradients are large.

    Entries are weighed by the mean square of the factors they multiply, with those of the rows in place of the
    queries', so that no query's result depends on which other queries come with it.
    """
    factors = (to_numpy(rows.cotangents), to_numpy(rows.inputs))
    squares = (np.mean(np.square(part), axis=(0, 1), dtype=np.float64) for part in factors)
    out, into = (np.maximum(square, square.max() * 1e-12) for square in squares)
    left, strength, right = linalg.svd(out[:, np.newaxis] * inverse * into, full_matrices=False, check_finite=False)
    kept = min(rank, len(strength))
    root = np.sqrt(strength[:kept])
    return (left[:, :kept] * root / out[:, np.newaxis]).T, (right[:kept].T * root / into[:, np.newaxis]).T
