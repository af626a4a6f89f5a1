"""Tangents: gradients of the outputs of every row, whose inner products are the network's tangent kernel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from samplewise.core.arrays import Floats
from samplewise.core.randomness import generator
from samplewise.engine.gradients.differentiated_losses import OutputSum
from samplewise.engine.gradients.factors import OuterGradients
from samplewise.engine.gradients.gradient_sources import Source
from samplewise.engine.gradients.layer import LayerGradients
from samplewise.engine.gradients.rows import RowGradients

MOST_SUMS = 4  # outputs above which that many random sums of them replace all; one where layers have many positions


@dataclass(frozen=True, slots=True, eq=False)
class Tangents:
    """Gradients of several sums of the outputs of every row; the sum of their Gram matrices is the tangent kernel."""

    rows: RowGradients  # ids, outputs, labels
    layers: tuple[tuple[LayerGradients, ...], ...]  # per layer one set of factors, or one per sum
    scale: Floats  # (n,) what a row's inner products are divided by

    @classmethod
    def of(
        cls, source: Source, data: Any, sums: Sequence[OutputSum], *, unit: bool, rows: RowGradients | None = None
    ) -> "Tangents":
        """Layers with one position share their inputs, and their cotangents for all sums are concatenated.

        Args:    unit: whether every row counts with length 1, so that the kernel is a cosine.
                 rows: ids, outputs and labels; None for those of the first sum, labels unchecked.
        """
        parts: list[list[LayerGradients]] = []
        for of in sums:
            made = source.gradients(data, of)
            rows, parts = made if rows is None else rows, parts or [[] for _ in made.layers]
            for found, layer in zip(parts, made.layers, strict=True):
                found.append(_sharing(found, layer))
        if rows is None:
            raise ValueError("a tangent kernel is of at least one sum of the outputs")
        layers = tuple(_others(found) for found in parts)
        scale = np.ones(len(rows))
        if unit:
            squares = np.sum([layer.squared_norms() for found in layers for layer in found], axis=0)
            scale = np.sqrt(np.maximum(squares, np.finfo(np.float64).tiny))
        return cls(replace(rows, layers=()), layers, scale)

    def kernel(self, other: "Tangents | None" = None) -> Floats:
        """(n, m) tangent kernel with other rows, by default with themselves."""
        against = self if other is None else other
        total = np.zeros((len(self.rows), len(against.rows)))
        for own, others in zip(self.layers, against.layers, strict=True):
            for one, two in zip(own, others, strict=True):
                total += one.gram(None if other is None else two)
        total /= self.scale[:, np.newaxis]
        total /= against.scale
        return total


def sums_at_most(rows: RowGradients) -> int:
    """How many sums are affordable: more cost little where every layer has one position."""
    return MOST_SUMS if all(_one_position(layer) for layer in rows.layers) else 1


def output_sums(outputs: int, seed: int, most: int = MOST_SUMS) -> tuple[OutputSum, ...]:
    """Every output by itself; of many, random sums whose Gram matrices add up to the same in the mean."""
    if outputs <= most:
        return tuple(OutputSum(tuple(row)) for row in np.eye(outputs))
    signs = generator(seed, "tangent").choice([-1.0, 1.0], size=(most, outputs))
    return tuple(OutputSum(tuple(row)) for row in signs / np.sqrt(most))


def _sharing(found: list[LayerGradients], layer: LayerGradients) -> LayerGradients:
    """The layer, whose inputs are those of the sums before it: held once."""
    first = found[0] if found else layer
    if isinstance(first, OuterGradients) and isinstance(layer, OuterGradients):
        return replace(layer, inputs=first.inputs)
    return layer


def _one_position(layer: LayerGradients) -> bool:
    """Whether more sums cost little: their cotangents join one product."""
    return isinstance(layer, OuterGradients) and layer.inputs.shape[1] == 1


def _others(found: list[LayerGradients]) -> tuple[LayerGradients, ...]:
    """One set of factors whose Gram matrix is the sum of all of theirs, where they share their inputs."""
    first = found[0]
    if len(found) == 1 or not isinstance(first, OuterGradients) or not _one_position(first):
        return tuple(found)
    cotangents = [layer.cotangents for layer in found if isinstance(layer, OuterGradients)]
    return (replace(first, cotangents=array_namespace(first.cotangents).concat(cotangents, axis=2)),)


def tangent_blocks(rows: Sequence[RowGradients], others: Sequence[RowGradients] | None = None) -> Floats:
    """(n c, m c) inner products of the gradients of every output of every row, rows outermost.

    Args:    rows: per output, gradients of that output at n rows.   others: the same at m rows; default these.
    Cost:    c^2 Gram matrices, half of them for a set with itself; memory 8 n m c^2 bytes.   Source: jacot2018.
    """
    against = rows if others is None else others
    count, (n, m) = len(rows), (len(rows[0]), len(against[0]))
    blocks = np.empty((n, count, m, count))
    for one in range(count):
        for other in range(count):
            if others is None and other < one:
                blocks[:, one, :, other] = blocks[:, other, :, one].T
            else:
                blocks[:, one, :, other] = rows[one].gram(None if others is None and one == other else against[other])
    return blocks.reshape(n * count, m * count)
