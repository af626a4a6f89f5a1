"""Training rows of a model that is linear in its parameters: kernel, targets, and outputs before training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked_fields
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count, unknown_name
from samplewise.core.machine import usable_memory
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent_text
from samplewise.core.units import bytes_text
from samplewise.engine.closed_form.products import inner_products
from samplewise.engine.closed_form.spectrum import FeatureSpectrum, GramSpectrum, Spectrum
from samplewise.engine.gradients import (
    OutputSum,
    Source,
    Tangents,
    output_sums,
    sources_of,
    sums_at_most,
    tangent_blocks,
)
from samplewise.information.training_targets import Responses, Rows

EXACT_AT_MOST = 4_000  # rows times outputs up to which the exact kernel of several outputs is the default
SPECTRUM_BYTES = 40  # per entry of the kernel: it, its eigenvectors, and the work space of LAPACK
CHECKED = 200  # rows on which a sketched kernel is compared with the exact one


@checked_fields
@dataclass(frozen=True, slots=True)
class LinearizedNetwork:
    """A network at its weights, f(x) + gradient f(x)' (w - w_start), with a choice of its parameters and outputs.

    Args:
        module: a torch module, a `Fitted` with one, or a fitted scikit-learn network.
        layers: names of the submodules whose parameters move; None for all that require gradients.
        forward: callable (module, inputs) -> outputs (b, c), for modules that return something else.
        outputs: "exact" keeps products of gradients of different outputs, in a kernel (n c, n c); "shared" gives all
            outputs the mean of their kernels (n, n); "auto" is exact up to n c = 4,000.
        sketch: numbers per row in place of the exact kernel, for many rows: an unbiased random sketch of the shared
            kernel, whose error is measured. None for the exact kernel.
        seed: of the sketch, and of the random sums used in place of more than four outputs.

    Source: jacot2018, lee2019; pham2013 for the sketch.
    """

    module: Any
    layers: Sequence[str] | None = None
    forward: Callable[[Any, Any], Any] | None = None
    outputs: Literal["auto", "exact", "shared"] = "auto"
    sketch: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what could have no effect."""
        if self.outputs not in ("auto", "exact", "shared"):
            raise unknown_name("form of outputs", str(self.outputs), ("auto", "exact", "shared"))
        if self.sketch is not None and (require_count(self.sketch, "sketch", usual=4096) and self.outputs == "exact"):
            raise InputError(
                "a sketch is of the shared kernel", where="sketch",
                got=f"sketch={self.sketch}, outputs={self.outputs!r}", fix='sketch=4096 with outputs="shared"',
            )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Queried:
    """Queries as the spectrum takes them, with the model's outputs before training."""

    kernel: Array
    start: Floats  # (m, c)
    ids: Array  # (m,)
    targets: Floats | None  # (m, c)
    rows: Rows | None = None  # None for a precomputed kernel


@dataclass(frozen=True, slots=True, eq=False)
class Linearized:
    """The training rows."""

    ids: Array  # (n,)
    spectrum: Spectrum
    start: Floats  # (n, c) outputs before training
    responses: Responses
    query: Callable[[Any], Queried]
    validation: Queried | None  # None: the rows themselves
    notes: tuple[str, ...] = ()
    kernel_error: float = 0.0  # of a sketched kernel, relative, in the Frobenius norm

    @property
    def targets(self) -> Floats:
        """(n, c)."""
        return self.responses.values

    @property
    def residuals(self) -> Floats:
        """(n, b, c / b) targets minus start, as the spectrum takes them."""
        return shaped(self.targets - self.start, self.spectrum.width)

    def take(self, rows: Ints) -> "Linearized":
        """The same problem with some of its rows; queries stay."""
        queried = self.validation
        if queried is not None:
            queried = replace(queried, kernel=self.spectrum.restricted(queried.kernel, rows))
        part = replace(self.responses, values=self.targets[rows])
        return replace(
            self, ids=self.ids[rows], spectrum=self.spectrum.take(rows), start=self.start[rows], responses=part,
            validation=queried,
        )  # fmt: skip


def shaped(outputs: Floats, width: int) -> Floats:
    """(n, b, c / b) from (n, c): outputs with kernels of their own, or columns that share one."""
    return outputs.reshape(len(outputs), width, -1)


def of_gram(gram: Any, rows: Rows, start: Any, validation_gram: Any) -> Linearized:
    """From a precomputed kernel (n, n), or (n c, n c) with an entry for every output."""
    entries = len(np.asarray(gram))
    responses = rows.responses(None)
    width = 1 if entries == len(rows.ids) else responses.values.shape[1]
    require_memory_for_kernel(entries)
    spectrum = GramSpectrum.of(gram, width)
    if spectrum.count != len(rows.ids):
        raise InputError(
            "the Gram matrix and the targets are about different numbers of rows", where="gram",
            got=f"{spectrum.count} rows in the kernel, {len(rows.ids)} in the targets",
            fix="pass the kernel between exactly the rows of the targets",
        )  # fmt: skip

    def query(queries: Any) -> Queried:
        kernel = np.asarray(queries, dtype=np.float64)
        count = len(kernel) // width
        return Queried(kernel, np.zeros((count, responses.values.shape[1])), np.arange(count), None)

    queried = None if validation_gram is None else _not_empty(query(validation_gram))
    outputs = _start(start, responses.values.shape)
    return Linearized(rows.ids, spectrum, outputs, responses, query, queried)


def of_features(rows: Rows, validation: Any, start: Any) -> Linearized:
    """From plain features with an intercept: a linear head whose outputs share one kernel."""
    features, responses = rows.matrix(), rows.responses(None)
    if features.shape[1] + 1 < len(features):
        spectrum: Spectrum = FeatureSpectrum.of(features, constant=True)
    else:
        require_memory_for_kernel(len(features))
        spectrum = GramSpectrum.of(_products(features))

    def query(queries: Any) -> Queried:
        queried = Rows.of(queries)
        own = queried.matrix()
        if own.shape[1] != features.shape[1]:
            raise InputError(
                "queries must have the columns of the training rows", where="queries",
                got=f"{own.shape[1]} columns in place of {features.shape[1]}", fix="encode them as the rows",
            )  # fmt: skip
        kernel = _products(own, features) if spectrum.complete else own
        return Queried(
            kernel, np.zeros((len(own), responses.values.shape[1])), queried.ids, queried.like(responses), queried
        )

    queried = None if validation is None else _not_empty(query(validation))
    return Linearized(rows.ids, spectrum, _start(start, responses.values.shape), responses, query, queried)


def of_kernel_function(kernel: Callable[[Any, Any], Array], rows: Rows, validation: Any, start: Any) -> Linearized:
    """From a kernel function of two sets of rows, as a fitted kernel model has one."""
    features, responses = rows.matrix(), rows.responses(None)
    require_memory_for_kernel(len(features))
    spectrum = GramSpectrum.of(kernel(features, features))

    def query(queries: Any) -> Queried:
        queried = Rows.of(queries)
        start = np.zeros((len(queried.ids), responses.values.shape[1]))
        return Queried(kernel(queried.matrix(), features), start, queried.ids, queried.like(responses), queried)

    queried = None if validation is None else _not_empty(query(validation))
    return Linearized(rows.ids, spectrum, _start(start, responses.values.shape), responses, query, queried)


def of_network(network: LinearizedNetwork, data: Any, validation: Any, start: Any) -> Linearized:
    """From the gradients of a network's outputs at its weights."""
    (source,) = sources_of(network.module, "squared_error", network.layers, network.forward, np.float64)
    rows = Rows.of(data)
    linear = _Network.of(network, source, rows)
    responses = rows.responses(linear.start.shape[1])
    outputs = linear.start if start is None else _start(start, linear.start.shape)
    from_zero = start is not None and np.ndim(start) == 0

    def query(queries: Any) -> Queried:
        queried = Rows.of(queries)
        kernel, at_start = linear.against(queried)
        return Queried(
            kernel,
            np.full_like(at_start, start) if from_zero else at_start,
            queried.ids,
            queried.like(responses),
            queried,
        )

    queried = None if validation is None else _not_empty(query(validation))
    return Linearized(rows.ids, linear.spectrum, outputs, responses, query, queried, linear.notes, linear.kernel_error)


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """A network's kernel between the training rows, and a function that evaluates it at others."""

    spectrum: Spectrum
    start: Floats  # (n, c)
    against: Callable[[Rows], tuple[Array, Floats]]
    notes: tuple[str, ...] = ()
    kernel_error: float = 0.0

    @classmethod
    def of(cls, network: LinearizedNetwork, source: Source, rows: Rows) -> "_Network":
        """In the form that suits the sizes."""
        first = source.gradients(rows.unlabeled(), OutputSum((1.0,)))  # what the first output's layers look like
        outputs = first.outputs.shape[1]
        exact = network.outputs == "exact" or (
            network.outputs == "auto"
            and network.sketch is None
            and (outputs == 1 or len(rows.ids) * outputs <= EXACT_AT_MOST)
        )
        if exact:
            return cls._exact(source, rows, outputs)
        sums = output_sums(outputs, network.seed, sums_at_most(first))
        shared = () if outputs == 1 else (f"all {outputs} outputs share the mean of their kernels",)
        if network.sketch is not None:
            return cls._sketched(network, source, rows, sums, outputs, shared)
        require_memory_for_kernel(len(rows.ids))
        tangents = Tangents.of(source, rows.unlabeled(), sums, unit=False)

        def against(queried: Rows) -> tuple[Array, Floats]:
            own = Tangents.of(source, queried.unlabeled(), sums, unit=False)
            return own.kernel(tangents) / outputs, own.rows.outputs

        return cls(GramSpectrum.of(tangents.kernel() / outputs), first.outputs, against, shared)

    @classmethod
    def _exact(cls, source: Source, rows: Rows, outputs: int) -> "_Network":
        require_memory_for_kernel(
            len(rows.ids) * outputs, "" if outputs == 1 else 'use outputs="shared": one kernel (n, n)'
        )
        each = [OutputSum(tuple(one)) for one in np.eye(outputs)]
        known = [source.gradients(rows.unlabeled(), one) for one in each]

        def against(queried: Rows) -> tuple[Array, Floats]:
            own = [source.gradients(queried.unlabeled(), one) for one in each]
            return tangent_blocks(own, known), own[0].outputs

        return cls(GramSpectrum.of(tangent_blocks(known), outputs), known[0].outputs, against)

    @classmethod
    def _sketched(
        cls, network: LinearizedNetwork, source: Source, rows: Rows, sums: Sequence[OutputSum], outputs: int, notes: Any
    ) -> "_Network":
        size = max(1, int(network.sketch or 0) // len(sums))

        def sketch(queried: Rows) -> tuple[Array, Floats]:
            with TemporaryDirectory() as folder:
                found = [
                    source.sketches(queried.unlabeled(), one, size, network.seed, Path(folder) / str(place))
                    for place, one in enumerate(sums)
                ]
                features = np.hstack([np.asarray(part.sketch) for part in found]) / np.sqrt(outputs)
                return features, np.array(found[0].outputs)

        features, start = sketch(rows)
        if features.shape[1] < len(features):
            spectrum: Spectrum = FeatureSpectrum.of(features)
        else:
            require_memory_for_kernel(len(features))
            spectrum = GramSpectrum.of(inner_products(features))

        def against(queried: Rows) -> tuple[Array, Floats]:
            own, at_start = sketch(queried)
            return own @ features.T if spectrum.complete else own, at_start

        sample = np.sort(hashed_order(network.seed, rows.ids, "sketched kernel")[:CHECKED])
        exact = Tangents.of(source, rows.take(sample).unlabeled(), sums, unit=False).kernel() / outputs
        sketched = features[sample].astype(np.float64) @ features[sample].T.astype(np.float64)
        error = float(np.linalg.norm(sketched - exact) / np.linalg.norm(exact))
        wide, off = f"{features.shape[1]:,}", percent_text(error, ".1f")
        all_notes = (*notes, f"the kernel is a sketch of {wide} numbers per row; its error is {off}")
        return cls(spectrum, start, against, all_notes, error)


def require_memory_for_kernel(entries: int, fix: str = "") -> None:
    """Refuse a kernel whose eigendecomposition would not fit in memory."""
    needed, there = SPECTRUM_BYTES * entries**2, usable_memory()
    if needed > there:
        most = int(np.sqrt(there / SPECTRUM_BYTES))
        raise InputError(
            "the kernel and its eigenvectors do not fit in memory",
            got=f"{entries:,} x {entries:,}: {bytes_text(needed)}; {bytes_text(there)} are enough for {most:,}",
            fix=fix or "take fewer rows, plain features (fewer than rows), or LinearizedNetwork(module, sketch=4096)",
        )  # fmt: skip


def _products(features: Floats, others: Floats | None = None) -> Floats:
    """Inner products of rows with a constant 1 appended to their features."""
    if others is None:
        return inner_products(features) + 1.0
    return np.asarray(np.asarray(features, dtype=np.float64) @ np.asarray(others, dtype=np.float64).T + 1.0)


def _start(given: Any, shape: tuple[int, ...]) -> Floats:
    """Outputs before training (n, c): zeros, one number, or as given."""
    if given is None:
        return np.zeros(shape)
    values = np.asarray(given, dtype=np.float64)
    if values.ndim and (values.shape[0] != shape[0] or values.size != np.prod(shape)):
        raise InputError(
            "outputs before training and targets differ in shape", where="initial_outputs",
            got=f"{values.shape} for targets {shape}", fix=f"pass {shape}, or one number for all",
        )  # fmt: skip
    if not np.isfinite(values).all():
        raise InputError("outputs before training are missing or infinite", where="initial_outputs", fix="use 0.0")
    return np.full(shape, float(values)) if not values.ndim else values.reshape(shape)


def _not_empty(queried: Queried) -> Queried:
    if not len(queried.ids):
        raise InputError(
            "there are no rows to evaluate on", where="test", fix="leave it out to evaluate on the training rows"
        )
    return queried
