"""`RowGradients`: one gradient per row over all layers, used through inner products and never materialized."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, unknown_name
from samplewise.engine.gradients.dense import LookupGradients
from samplewise.engine.gradients.factors import MatrixGradients, OuterGradients
from samplewise.engine.gradients.layer import LayerGradients, mirrored, require_same_layers, rows_of
from samplewise.engine.gradients.sketching import Directions, principal_directions, random_directions, require_size


@dataclass(frozen=True, slots=True, eq=False)
class RowGradients:
    """Gradients g_i of one scalar per row with respect to a model's parameters, held as factors per layer.

    The (n, p) matrix is never built: for a linear layer the inner product of two rows is (a_i' a_j)(b_i' b_j), with a
    what the layer saw and b the gradient of its output; positions (tokens, pixels, repeated calls) add up first.

    Args:
        ids: (n,).   layers: one set of factors per layer, in the order of the module's parameters.
        outputs: (n, c) of the model.   labels: (n,) or (n, c), as codes or numbers.
        values: (n,) the scalar itself.   skipped: parameter name -> numbers in it that do not enter.
        notes: what a user should know, such as parameters that were differentiated row by row.

    Source: goodfellow2015 (norms), exact.
    """

    ids: Array
    layers: tuple[LayerGradients, ...]
    outputs: Floats
    labels: Array
    values: Floats
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    @property
    def count(self) -> int:
        """Number of rows, n."""
        return len(self.ids)

    @property
    def size(self) -> int:
        """Number of parameters that enter, p."""
        return sum(layer.size for layer in self.layers)

    @property
    def nbytes(self) -> int:
        """Memory the factors take."""
        return sum(layer.nbytes for layer in self.layers)

    @property
    def skipped_share(self) -> float:
        """Share of the module's parameters that do not enter (0..1)."""
        left_out = sum(self.skipped.values())
        return left_out / max(1, left_out + self.size)

    def gram(self, other: "RowGradients | None" = None, *, dtype: Any = np.float64) -> Array:
        """(n, m) inner products g_i' h_j with the rows of another set, by default with themselves.

        Args:    other: m rows of the same module and layers.   dtype: of the result; products of float32 factors are
                 made in float32 and added up over layers in this one.
        Returns: (n, m), in squared units of value per parameter; larger means pushed in the same direction.
        Raises:  InputError if the layers differ.
        Cost:    O(n m sum(i + o)) for layers with one position, at most O(n m p); memory of the result, twice where
                 a layer's entries are needed.
        Source:  exact; no publication.
        """
        others = self if other is None else other
        require_same_layers(self.layers, others.layers)
        into = np.zeros((len(self), len(others)), dtype=dtype)
        for own, against in zip(self.layers, others.layers, strict=True):
            own.add_gram(against, into)
        return mirrored(into) if others is self else into

    def norms(self) -> Floats:
        """(n,) lengths of the gradients, in units of value per parameter; larger means a larger step.

        Cost: O(n sum(i + o)) for layers with one position.   Source: goodfellow2015.
        """
        return np.sqrt(np.sum([layer.squared_norms() for layer in self.layers], axis=0))

    def sketch(self, size: int, *, seed: int) -> Floats:
        """(n, size) random features whose inner products equal those of the gradients on average.

        The count sketch of all p entries, for matrices by convolving the sketches of the two factors. The variance of
        an inner product is at most about 2 |g|^2 |h|^2 / size (a little more for matrices). Hashes belong to
        parameters, so other rows of the same module, sketched with the same seed, may be compared.

        Args:    size: k >= 1.   seed: of the hashes.
        Raises:  InputError if size < 1.
        Cost:    O(n t (i + o + k log k)) per layer.
        Source:  pham2013.
        """
        require_size(size)
        return np.sum([layer.sketch(size, seed=seed) for layer in self.layers], axis=0)

    def directions(
        self, sizes: tuple[int, int], *, kind: Literal["random", "principal"] = "principal", seed: int = 0
    ) -> Directions:
        """A few input and output directions per layer, for `projected`.

        Args:    sizes: (k_in, k_out) per layer, at most its widths.   kind: "principal", leading eigenvectors of the
                 second moments of these rows' factors; "random", normal entries.
        Raises:  InputError for an unknown kind or a size below 1.
        Cost:    O(i^3 + o^3) per layer for "principal".
        Source:  choe2024.
        """
        if kind not in ("random", "principal"):
            raise unknown_name("kind of directions", str(kind), ("random", "principal"))
        if min(sizes) < 1:
            raise InputError("directions need sizes of at least 1", got=f"sizes {sizes}", fix="use sizes=(16, 16)")
        pairs = {}
        for layer in self.layers:
            if isinstance(layer, OuterGradients | MatrixGradients):
                pairs[layer.name] = (
                    principal_directions(layer.moments(), sizes)
                    if kind == "principal"
                    else random_directions(layer.matrix_shape, sizes, seed, layer.name)
                )
        return Directions(pairs, sizes[0] * sizes[1], seed)

    def projected(self, directions: Directions) -> dict[str, Floats]:
        """Layer name -> (n, k_out k_in) gradient projected on the directions, sum_t (P_out' b_t)(P_in' a_t)'.

        Layers without two sides are written out where they have at most k_in k_out parameters, else count-sketched.

        Cost: O(n t (i k_in + o k_out + k_in k_out)) per layer.   Source: choe2024.
        """
        found = {}
        for layer in self.layers:
            if isinstance(layer, OuterGradients | MatrixGradients) and layer.name in directions.pairs:
                found[layer.name] = layer.two_sided(*directions.pairs[layer.name])
            elif layer.size <= directions.width and not isinstance(layer, LookupGradients):
                found[layer.name] = layer.materialise().astype(np.float64)
            else:
                found[layer.name] = layer.sketch(directions.width, seed=directions.seed)
        return found

    def project(self, vectors: Mapping[str, Any]) -> Floats:
        """(n, k) inner products with k vectors given in the shapes of the parameters, as `combine` returns them.

        Args:    vectors: parameter name -> (k, *shape); parameters that are not named count as zero.
        Raises:  InputError for a name that is no parameter here, or another shape.
        Cost:    O(n k p) at most, O(n t k i o) per layer with factors.
        """
        known = {name for layer in self.layers for name in layer.names}
        for name in vectors:
            if name not in known:
                raise unknown_name("parameter", name, sorted(known))
        count = {len(part) for part in vectors.values()}
        if len(count) != 1:
            raise InputError(
                "the parts of the vectors disagree about how many there are",
                got=f"{sorted(count)} vectors" if count else "no part",
                fix="pass (k, *shape) for every parameter named, with one k",
            )
        total = np.zeros((len(self), count.pop()))
        for layer in self.layers:
            part = layer.project(vectors)
            total += 0.0 if part is None else part
        return total

    def combine(self, weights: Any) -> dict[str, Array]:
        """Parameter name -> (k, *shape): the k sums over rows of weights[i, k] g_i, in the precision of the factors.

        Args:    weights: (n, k), or (n,) for one sum.
        Raises:  InputError if there is not one weight per row.
        Cost:    O(n t k i o) per layer; memory k p.
        """
        given = np.asarray(weights, dtype=np.float64)
        columns = given[:, np.newaxis] if given.ndim == 1 else given
        if columns.ndim != 2 or len(columns) != len(self):
            raise InputError(
                "there must be one weight per row",
                got=f"weights of shape {given.shape} for {len(self)} rows",
                fix=f"pass ({len(self)},) or ({len(self)}, k) weights",
            )
        sums: dict[str, Array] = {}
        for layer in self.layers:
            layer.combine(columns, sums)
        return sums

    def take(self, positions: Any) -> "RowGradients":
        """The rows at these positions (numbers, mask or slice); they keep their ids."""
        where = rows_of(positions, len(self))
        return replace(
            self,
            ids=self.ids[where],
            layers=tuple(layer.take(where) for layer in self.layers),
            outputs=self.outputs[where],
            labels=self.labels[where],
            values=self.values[where],
        )

    def per_layer(self) -> dict[str, "RowGradients"]:
        """Layer name -> the same rows with that layer's parameters alone."""
        return {layer.name: replace(self, layers=(layer,)) for layer in self.layers}


def joined_rows(parts: Sequence[RowGradients]) -> RowGradients:
    """Batches of one module, in order, as one set of rows; the first one uses every layer that any does."""
    first, *rest = parts
    if not rest:
        return first
    held = [{layer.name: layer for layer in part.layers} for part in rest]
    return replace(
        first,
        layers=tuple(
            layer.joined_with(
                [one.get(layer.name) or layer.at_rest(len(part)) for one, part in zip(held, rest, strict=True)]
            )
            for layer in first.layers
        ),
        ids=np.concatenate([part.ids for part in parts]),
        outputs=np.concatenate([part.outputs for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        values=np.concatenate([part.values for part in parts]),
    )
