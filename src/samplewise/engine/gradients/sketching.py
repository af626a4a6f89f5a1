"""Random sketches of gradients whose inner products are right on average: count sketches, and those of outer products.

Every entry of a gradient is hashed to a bucket and a sign, by parameter and seed and never by row, so rows may come in
any order and in any number of batches. An entry (o, i) of a matrix gets bucket h(o) + h(i) and sign s(o) s(i): then the
sketch of b a' is the circular convolution of the sketches of b and a, and no form of storage changes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array
from scipy import sparse

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.engine.gradients.parameter_slices import MatrixPlace, to_numpy


@dataclass(frozen=True, slots=True, eq=False)
class Hash:
    """A bucket in 0..size-1 and a sign for each of q entries."""

    buckets: Ints  # (q,)
    signs: Array  # (q,) int8
    size: int

    @classmethod
    def of(cls, count: int, size: int, seed: int, *key: Any) -> "Hash":
        """Drawn for a purpose, the same for every set of rows."""
        require_size(size)
        draw = generator(seed, "sketch", size, *key)
        return cls(draw.integers(0, size, count), draw.choice(np.array([-1, 1], dtype=np.int8), count), size)


@dataclass(frozen=True, slots=True, eq=False)
class MatrixHash:
    """Hashes of the rows and the columns of a matrix of parameters; an entry's is their sum, modulo the size."""

    out: Hash
    inner: Hash

    @classmethod
    def of(cls, place: MatrixPlace, shape: tuple[int, int], size: int, seed: int) -> "MatrixHash":
        """Named by the parameter, so that every set of rows of one module gets the same."""
        key = (place.weight, place.start)
        return cls(Hash.of(shape[0], size, seed, *key, "out"), Hash.of(shape[1], size, seed, *key, "in"))

    def entries(self) -> Hash:
        """One bucket and sign per entry, row after row."""
        size = self.out.size
        buckets = (self.out.buckets[:, np.newaxis] + self.inner.buckets) % size
        signs = self.out.signs[:, np.newaxis] * self.inner.signs
        return Hash(buckets.ravel(), signs.ravel(), size)


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """What `RowGradients.projected` keeps of every layer: a few directions of its inputs and of its outputs.

    Args:
        pairs: layer name -> (i, k_in), (o, k_out); layers without two sides are count-sketched to `width` numbers.
        width: k_in k_out, as requested.   seed: of the count sketches.
    """

    pairs: Mapping[str, tuple[Floats, Floats]]
    width: int
    seed: int


def require_size(size: int) -> None:
    """Refuse sketches of no number at all."""
    if size < 1:
        raise InputError("a sketch needs at least one number per row", got=f"size {size}", fix="use size=512 or more")


def count_sketch(values: Any, plan: Hash) -> Any:  # (n, q) -> (n, size)
    """Signed sums of the entries of each bucket."""
    if is_numpy_array(values):
        positions = np.arange(len(plan.buckets) + 1)
        adding = sparse.csr_array(
            (plan.signs.astype(values.dtype), plan.buckets, positions), shape=(len(plan.buckets), plan.size)
        )
        return np.asarray(values @ adding)
    space = array_namespace(values)
    signs = space.asarray(plan.signs, dtype=values.dtype, device=device(values))
    buckets = space.asarray(plan.buckets, device=device(values))
    return values.new_zeros((values.shape[0], plan.size)).index_add_(1, buckets, values * signs)


def outer_sketch(inputs: Any, cotangents: Any, plan: MatrixHash) -> Floats:  # (n, t, i), (n, t, o) -> (n, size)
    """The count sketch of sum_t b_t a_t', without the outer products: a product of Fourier transforms."""
    space = array_namespace(inputs)
    spectra = []
    for factor, hashed in ((inputs, plan.inner), (cotangents, plan.out)):
        flat = space.reshape(factor, (-1, factor.shape[2]))
        spectra.append(space.fft.rfft(count_sketch(flat, hashed), n=hashed.size))
    product = spectra[0] * spectra[1]
    summed = space.sum(space.reshape(product, (*inputs.shape[:2], product.shape[1])), axis=1)
    return to_numpy(space.fft.irfft(summed, n=plan.out.size)).astype(np.float64)


def entry_sketch(values: Any, plan: MatrixHash) -> Floats:  # (n, o, i) -> (n, size)
    """The same sketch from the entries."""
    flat = array_namespace(values).reshape(values, (values.shape[0], -1))
    return to_numpy(count_sketch(flat, plan.entries())).astype(np.float64)


def lookup_sketch(
    rows: Ints, tokens: Ints, values: Array, count: int, plan: MatrixHash
) -> Floats:  # (e,), (e,), (e, d) -> (n, size)
    """The same sketch from the looked-up rows of a matrix alone."""
    size = plan.out.size
    buckets = (plan.out.buckets[tokens][:, np.newaxis] + plan.inner.buckets) % size
    signed = values * plan.inner.signs * plan.out.signs[tokens][:, np.newaxis]
    places = (rows[:, np.newaxis] * size + buckets).ravel()
    sums = np.bincount(places, weights=signed.ravel(), minlength=count * size)
    return sums.reshape(count, size).astype(np.float64)


def random_directions(shape: tuple[int, int], sizes: tuple[int, int], seed: int, name: str) -> tuple[Floats, Floats]:
    """(i, k_in), (o, k_out) normal entries of variance 1/k: inner products are kept on average."""
    out, inner = shape
    draw = generator(seed, "directions", name)
    sides = ((inner, min(sizes[0], inner)), (out, min(sizes[1], out)))
    into, outward = (
        np.eye(count) if kept == count else draw.normal(size=(count, kept)) / np.sqrt(kept) for count, kept in sides
    )
    return into, outward


def principal_directions(moments: tuple[Floats, Floats], sizes: tuple[int, int]) -> tuple[Floats, Floats]:
    """(i, k_in), (o, k_out) leading eigenvectors of the second moments of inputs and cotangents."""
    into, out = (
        np.linalg.eigh(moment)[1][:, ::-1][:, : min(size, len(moment))]
        for moment, size in zip(moments, sizes, strict=True)
    )
    return into, out
