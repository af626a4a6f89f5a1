"""The kernel between rows that targets are compared with: of a network, by name, of features, or a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
from sklearn.metrics.pairwise import pairwise_kernels

from samplewise.core.arrays import Array, Floats, Ints, Mask, require_finite
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.engine.closed_form import FeatureSpectrum, GramSpectrum, KernelMap, Spectrum, median_bandwidth
from samplewise.engine.closed_form.products import inner_products
from samplewise.engine.gradients import (
    OutputSum,
    RowGradients,
    Source,
    Tangents,
    output_sums,
    sources_of,
    tangent_blocks,
)
from samplewise.engine.models import feature_space

KERNELS = ("rbf", "laplacian", "linear", "cosine")
FORMS = ("shared", "random", "full")
MOST_ENTRIES = 8_000  # rows times outputs of a kernel: minutes, and 2.5 GB, for its eigenvectors
CHECKED = 200  # rows on which a sketched kernel is compared with the exact one
SILENT = 1e-12  # share of the largest diagonal entry below which a row's gradient counts as zero
FIRST = OutputSum((1.0,))
DIFFERENCE = OutputSum((-1.0, 1.0))  # two classes: only the difference of their logits matters

Form = Literal["shared", "random", "full"]


@dataclass(frozen=True, slots=True, eq=False)
class RowKernel:
    """Eigenpairs of a kernel between n rows, with labels and outputs of the rows."""

    ids: Array  # (n,)
    labels: Array | None
    spectrum: Spectrum
    outputs: Floats | None  # (n, c) of the network at its weights; None for other kernels
    name: str
    notes: tuple[str, ...] = ()
    error: float = 0.0  # of a sketched kernel, relative, in the Frobenius norm

    @property
    def trace(self) -> float:
        """Sum of the eigenvalues."""
        return float(self.spectrum.values.sum())

    def diagonal(self) -> Floats:
        """(n,) kernel of every row with itself, over all outputs."""
        vectors = self.spectrum.vectors(slice(None))
        return np.asarray((np.square(vectors) @ self.spectrum.values).sum(axis=1))

    def silent(self) -> Mask:
        """(n,) rows that move nothing: no gradient reaches a weight, or all features are zero."""
        own = self.diagonal()
        return np.asarray(own <= SILENT * own.max())


def open_kernel(data: Any, kernel: Any, form: Form, sketch: int | None, seed: int) -> RowKernel:
    """The kernel a user described."""
    if form not in FORMS:
        raise unknown_name("form", str(form), FORMS)
    if sketch is not None and sketch < 1:
        raise InputError("a sketch has at least one number per row", got=f"sketch={sketch}", fix="sketch=4096")
    if hasattr(kernel, "named_parameters") or hasattr(kernel, "module") or hasattr(kernel, "get_params"):
        return _of_network(data, kernel, form, sketch, seed)
    if form != "shared":
        raise InputError(
            "only a network has outputs with kernels of their own", got=f"form={form!r}", fix="leave it out"
        )
    if sketch is not None and not (isinstance(kernel, str) and kernel == "rbf"):
        raise InputError("only networks and the rbf kernel are sketched", got=f"sketch={sketch}", fix="leave it out")
    return _named(_rows(data), kernel, sketch, seed) if isinstance(kernel, str) else _of_array(data, kernel)


def _rows(data: Any) -> Dataset:
    rows = as_dataset(data)
    _require_two(len(rows))
    return rows


def _require_two(count: int) -> None:
    if count < 2:
        raise InputError("a kernel compares rows", got=f"{count} row(s)", fix="pass at least two rows")


def _require_room(entries: int, fix: str) -> None:
    if entries > MOST_ENTRIES:
        raise InputError(
            "the kernel is too large for its eigenvectors", got=f"{entries:,} rows and columns",
            where=f"the widest is {MOST_ENTRIES:,}", fix=fix,
        )  # fmt: skip


def _of_array(data: Any, kernel: Any) -> RowKernel:
    """A Gram matrix (n, n), or features (n, d)."""
    given = np.asarray(kernel)
    if given.ndim != 2 or given.dtype.kind not in "fiub":
        raise InputError(
            "this is no kernel", got=f"{type(kernel).__name__} of shape {given.shape}",
            fix=f"pass a network, one of {', '.join(map(repr, KERNELS))}, a Gram matrix (n, n) or features (n, d)",
        )  # fmt: skip
    _require_two(len(given))
    ids, labels = np.arange(len(given)), None
    if data is not None:
        rows = _rows(data)
        ids, labels = rows.ids, rows.y
        if len(rows) != len(given):
            raise InputError(
                "the kernel and the data have different numbers of rows", got=f"{len(given)} and {len(rows)}",
                fix="pass one row of the kernel, or of the features, per row of the data",
            )  # fmt: skip
    require_finite(given, ids, "kernel", "drop the rows whose kernel or features are not finite")
    if given.shape[0] == given.shape[1]:
        _require_room(len(given), "pass features (n, d) of fewer columns than rows")
        return RowKernel(ids, labels, GramSpectrum.of(given), None, "a given Gram matrix")
    return RowKernel(ids, labels, _of_features(given), None, "inner products of given features")


def _of_features(features: Array) -> Spectrum:
    """By second moments where columns are fewer than rows, else by inner products."""
    if features.shape[1] < len(features):
        return FeatureSpectrum.of(features)
    _require_room(len(features), "pass features of fewer columns than rows, or a sketch of them")
    return GramSpectrum.of(inner_products(features))


def _named(rows: Dataset, name: str, sketch: int | None, seed: int) -> RowKernel:
    """A kernel function of the encoded rows."""
    if name not in KERNELS:
        raise unknown_name("kernel", name, KERNELS)
    space = feature_space(rows)
    if name == "linear":
        return RowKernel(rows.ids, rows.y, _of_features(space), None, "linear")
    width = median_bandwidth(space[np.sort(hashed_order(seed, rows.ids, "bandwidth")[:1000])])
    if sketch is None:
        _require_room(
            len(rows), f"use sketch={MOST_ENTRIES // 4}" if name == "rbf" else 'use kernel="rbf" with sketch='
        )
        return RowKernel(rows.ids, rows.y, GramSpectrum.of(_function(name, space, width)), None, name)
    chosen = np.sort(hashed_order(seed, rows.ids, "landmarks")[:sketch])
    features = KernelMap(space[chosen], width)(space)
    sample = _sample(rows.ids, seed)
    error = _difference(features[sample], _function(name, space[sample], width))
    notes = (f"the kernel is spanned by {len(chosen):,} rows; its error is {percent_text(error, '.1f')}",)
    return RowKernel(rows.ids, rows.y, _of_features(features), None, name, notes, error)


def _function(name: str, space: Floats, width: float) -> Floats:
    options = {"rbf": {"gamma": 0.5 / width**2}, "laplacian": {"gamma": 1.0 / (width * np.sqrt(space.shape[1]))}}
    return np.asarray(pairwise_kernels(space, metric=name, **options.get(name, {})))


def _of_network(data: Any, kernel: Any, form: Form, sketch: int | None, seed: int) -> RowKernel:
    """The tangent kernel of a network at its weights."""
    (source,) = sources_of(kernel, "squared_error", None, None, np.float64)
    probe = source.gradients(_taken(data, np.arange(min(2, _at_hand(data)))) if _at_hand(data) else data, FIRST)
    _require_two(len(probe))
    outputs, count = probe.outputs.shape[1], max(len(probe), _at_hand(data))
    if form == "full" and outputs > 2:
        if sketch is not None:
            raise InputError("a sketch is of one kernel for all outputs", got='form="full"', fix='use form="shared"')
        _require_room(count * outputs, 'use form="shared": one kernel (n, n) for all outputs')
        each = [source.gradients(data, one) for one in _every(outputs)]
        spectrum = GramSpectrum.of(tangent_blocks(each), outputs)
        return RowKernel(each[0].ids, _labels_of(each[0]), spectrum, each[0].outputs, "full tangent kernel")
    sums, notes = _sums(outputs, form, seed)
    if sketch is not None:
        return _sketch_of_network(source, data, sums, notes, sketch, seed)
    _require_room(count, "use sketch=4096: so many numbers per row in place of the exact kernel")
    tangents = Tangents.of(source, data, sums, unit=False)
    rows, spectrum = tangents.rows, GramSpectrum.of(_mean_kernel(tangents))
    return RowKernel(rows.ids, _labels_of(rows), spectrum, rows.outputs, "tangent kernel", notes)


def _sketch_of_network(  # one argument per thing the exact kernel takes, and the size
    source: Source, data: Any, sums: Sequence[OutputSum], notes: tuple[str, ...], sketch: int, seed: int
) -> RowKernel:
    """The same from a random sketch of every row's gradients, its error measured on some rows."""
    rows = source.gradients(data, FIRST)
    features = _sketched(source, data, sums, sketch, seed)
    sample = _sample(rows.ids, seed)
    error = _difference(features[sample], _mean_kernel(Tangents.of(source, _taken(data, sample), sums, unit=False)))
    note = f"the kernel is a sketch of {features.shape[1]:,} numbers per row; its error is {percent_text(error, '.1f')}"
    spectrum = _of_features(features)
    return RowKernel(rows.ids, _labels_of(rows), spectrum, rows.outputs, "tangent kernel", (*notes, note), error)


def _every(outputs: int) -> tuple[OutputSum, ...]:
    """Each output by itself."""
    return tuple(OutputSum(tuple(one)) for one in np.eye(outputs))


def _sums(outputs: int, form: Form, seed: int) -> tuple[tuple[OutputSum, ...], tuple[str, ...]]:
    """Sums of the outputs whose kernels are averaged, and a note on them."""
    if outputs == 1:
        return (FIRST,), ()
    if outputs == 2:
        return (DIFFERENCE,), ("the kernel is that of the difference of the two outputs",)
    sums = output_sums(outputs, seed) if form == "random" else _every(outputs)
    if len(sums) < outputs:
        return sums, (f"{len(sums)} random sums of the outputs are used in place of all {outputs}",)
    return sums, (f"all {outputs} outputs share their mean kernel",)


def _mean_kernel(tangents: Tangents) -> Floats:
    """(n, n) mean over the outputs of their kernels, or the kernel of the difference of two."""
    outputs = tangents.rows.outputs.shape[1]
    kernel = tangents.kernel()
    return kernel if outputs <= 2 else kernel / outputs


def _sketched(source: Source, data: Any, sums: Sequence[OutputSum], sketch: int, seed: int) -> Floats:
    """(n, about sketch) numbers whose inner products are the kernel on average."""
    size, outputs = max(1, sketch // len(sums)), len(sums[0].weights)
    with TemporaryDirectory() as folder:
        parts = [
            np.array(source.sketches(data, one, size, seed, Path(folder) / str(place)).sketch, dtype=np.float64)
            for place, one in enumerate(sums)
        ]
    return np.hstack(parts) / np.sqrt(outputs if outputs > 2 else 1)


def _sample(ids: Array, seed: int) -> Ints:
    """Some rows, chosen by their ids."""
    return np.sort(hashed_order(seed, ids, "sketched kernel")[:CHECKED])


def _difference(features: Floats, exact: Floats) -> float:
    """Relative distance of a sketched kernel from the exact one."""
    return float(np.linalg.norm(features @ features.T - exact)) / max(float(np.linalg.norm(exact)), 1e-300)


def _at_hand(data: Any) -> int:
    """How many rows are in memory; 0 where they come from elsewhere."""
    if isinstance(data, Dataset):
        return len(data)
    whole = isinstance(data, tuple) and hasattr(data[0], "dtype") and hasattr(data[0], "shape")
    return int(data[0].shape[0]) if whole else 0


def _taken(data: Any, positions: Ints) -> Any:
    """Some of the rows, without labels."""
    if not _at_hand(data):
        raise InputError(
            "a sketch is checked on some of the rows, which must be in memory", got=type(data).__name__,
            fix="pass (X, y) of arrays, or a Dataset",
        )  # fmt: skip
    return data.take(positions) if isinstance(data, Dataset) else (data[0][positions], None)


def _labels_of(rows: RowGradients) -> Array | None:
    held = np.asarray(rows.labels)
    return None if held.dtype.kind == "f" and bool(np.isnan(held).all()) else held
