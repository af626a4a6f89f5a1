"""`row_gradients`: the gradients of every row of a torch module, in one backward pass per batch."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError
from samplewise.core.randomness import generator
from samplewise.engine.gradients.differentiated_losses import checked_labels, require_loss
from samplewise.engine.gradients.rows import RowGradients, joined_rows
from samplewise.engine.gradients.torch_batches import Batch, RowBatches, row_batches_of
from samplewise.engine.gradients.torch_calls import Recorder
from samplewise.engine.gradients.torch_checks import (
    checked_outputs,
    chosen_parameters,
    disagreeing,
    require_finite_rows,
    require_memory_for_rows,
    require_own_rows,
    require_ready,
)
from samplewise.engine.gradients.torch_layers import Layout, layers_of, terms_of
from samplewise.engine.gradients.torch_named_losses import as_labels, row_values
from samplewise.engine.gradients.torch_one_by_one import ModuleValue, OneByOne, RowCheck
from samplewise.engine.gradients.torch_terms import Term

PROBED = 16  # rows of the first batch, which is checked against autograd and measured
CHUNK_BYTES = 2**28  # of what a batch keeps, when the size of batches is chosen here
MOST_ROWS = 1024

Loss = Literal["cross_entropy", "margin", "squared_error", "output"] | Callable[[Any, Any], Any]


def row_gradients(
    module: nn.Module,
    data: Any,
    *,
    loss: Loss = "cross_entropy",
    layers: Iterable[str] | None = None,
    forward: Callable[[nn.Module, Any], Tensor] | None = None,
    chunk: int | Literal["auto"] = "auto",
    dtype: Any = None,
) -> RowGradients:
    """Gradients of one scalar per row with respect to the parameters, in units of value per unit of parameter.

    For a layer with inputs a_t and cotangents b_t, g = sum_t b_t a_t': both are noted in one backward pass and the
    outer product is never made. Parameters no layer explains are differentiated row by row. The first rows are always
    checked against autograd, with random weights per row.

    Args:
        module: trained, in evaluation mode; nothing in it is changed.
        data: (X, y), a `Dataset`, a torch data set, or a DataLoader with shuffle=False.
        loss: "cross_entropy" | "margin" | "squared_error" | "output", or a callable that takes
            outputs (b, c) and labels (b,) and returns (b,) values.
        layers: names of submodules or parameters; default: all that require gradients.
        forward: callable (module, inputs) -> outputs, for modules that return something else or take several inputs.
        chunk: rows per batch.   dtype: of the factors, numpy.float32 or numpy.float64; default: the module's, at least
            float32.

    Returns:
        RowGradients of n rows; `skipped` names parameters that do not enter.

    Raises:
        InputError: rows that depend on each other or cannot be named, labels or outputs of the wrong shape, entries
            that are not finite (rows named), no parameter, several devices, more memory needed than there is.

    Cost: one forward and one backward pass; memory n t (i + o) per layer, at most n i o.
    Not for: parameters no layer explains where n times their number does not fit in memory (see `stream_sketches`).
    Source: goodfellow2015, rochette2019.

    >>> module = nn.Linear(2, 3)
    >>> row_gradients(module, (np.eye(2), [0, 2])).gram().shape
    (2, 2)
    """
    engine = Engine.of(module, loss, layers, forward, dtype)
    rows = row_batches_of(data)
    parts: list[RowGradients] = []
    with torch.inference_mode(False), torch.enable_grad():
        for _, part in engine.batches(rows, chunk):
            if not parts:
                require_memory_for_rows(part.nbytes * len(rows.ids) // len(part), len(rows.ids), part.layers)
            parts.append(part)
    return replace(joined_rows(parts), skipped=engine.skipped | engine.unused, notes=engine.notes())


@dataclass(slots=True, eq=False)
class Engine:
    """One module and one scalar to differentiate, ready for batches."""

    module: nn.Module
    loss: Any
    forward: Callable[[nn.Module, Any], Any]
    layout: Layout
    skipped: dict[str, int]
    precision: torch.dtype
    checked: int = 0  # rows of the largest batch that was checked
    alone: OneByOne = field(default_factory=OneByOne)
    unused: dict[str, int] = field(default_factory=dict)  # parameters on which the values do not depend -> size

    @classmethod
    def of(cls, module: nn.Module, loss: Any, layers: Any, forward: Any, dtype: Any) -> "Engine":
        """Refuse what can be refused before a row is seen."""
        require_loss(loss)
        require_ready(module)
        names, skipped = chosen_parameters(module, layers)
        precision = next(held.dtype for held in module.parameters() if id(held) in names)
        return cls(module, loss, forward or _called, Layout(names, _factor_dtype(dtype, precision)), skipped, precision)

    def batches(
        self, rows: RowBatches, chunk: int | Literal["auto"] = "auto", done: int = 0
    ) -> Iterator[tuple[int, RowGradients]]:
        """Start and row gradients of every batch; a short first one is checked and, for "auto", measured.

        Of rows that are `done` already only the first batch is made again; the cuts between batches stay the same.
        """
        if chunk != "auto" and (not isinstance(chunk, int) or chunk < 1):
            raise InputError("chunk must be a number of rows", got=repr(chunk), fix='use chunk=256, or "auto"')
        size, start = [PROBED if chunk == "auto" else min(chunk, PROBED)], 0
        for batch in rows.batches(self.module, lambda: size[0]):
            if not start or start + len(batch) > done:
                found, held = self.gradients(batch)
                if not start:
                    measured = min(MOST_ROWS, max(1, CHUNK_BYTES // max(1, held // len(batch))))
                    size[0] = measured if chunk == "auto" else chunk
                yield start, found
            start += len(batch)

    def gradients(self, batch: Batch) -> tuple[RowGradients, int]:
        """Row gradients of one batch, and the bytes it kept alive on the way."""
        with Recorder(self.module, set(self.layout.names)) as recorder:
            outputs = self.outputs(batch.inputs, len(batch))
        checked = checked_labels(batch.labels, tuple(outputs.shape), batch.ids, self.loss)
        labels = as_labels(None if batch.labels is None else checked, outputs, self.loss)
        values = row_values(self.loss, outputs, labels)
        require_finite_rows([outputs.detach(), values.detach()], batch.ids, self.precision, "outputs or values")
        terms = self._terms(recorder, values, batch)
        if self.checked < min(2, len(batch)):  # a single row agrees with anything
            self._settle(batch, outputs, values, terms, labels)
        self._require_unused(values)
        layers = layers_of(terms, self._one_by_one(batch, labels, values.detach()), self.layout)
        flat = outputs.detach().reshape(len(batch), -1).double().cpu().numpy()
        found = RowGradients(batch.ids, layers, flat, checked, values.detach().double().cpu().numpy())
        return found, sum(_bytes(term) for term in terms) + flat.nbytes

    def _terms(self, recorder: Recorder, values: Tensor, batch: Batch) -> list[Term]:
        """What every call adds, from one backward pass to the calls' outputs."""
        edges = [edge for call in recorder.calls for edge in call.edges if edge]
        slopes = torch.autograd.grad(values.sum(), edges, allow_unused=True, retain_graph=True) if edges else ()
        own = [part for part in slopes if part is not None and len(part) == len(batch)]
        require_finite_rows(own, batch.ids, self.precision, "gradients")
        left = iter(slopes)
        by_call = [tuple(next(left) if edge else None for edge in call.edges) for call in recorder.calls]
        return terms_of(zip(recorder.calls, by_call, strict=True), len(batch), self.layout)

    def outputs(self, inputs: Any, count: int) -> Tensor:
        """(b, c) of the module; torch's error about inputs that do not fit becomes an `InputError`."""
        try:
            given = self.forward(self.module, inputs)
        except (RuntimeError, TypeError, IndexError, ValueError) as fault:
            if isinstance(fault, InputError):
                raise
            raise InputError(
                "the module cannot take these rows", got=str(fault).splitlines()[0] if str(fault) else repr(fault),
                fix="give inputs of the shape and kind its first layer expects, or pass forward=",
            ) from fault  # fmt: skip
        return checked_outputs(given, count)

    def _settle(self, batch: Batch, outputs: Tensor, values: Tensor, terms: list[Term], labels: Any) -> None:
        """Decide from one batch which parameters are differentiated row by row, and refuse what cannot be right."""
        self.checked = len(batch)
        with torch.no_grad():
            part = batch.rows(slice(0, max(1, len(batch) // 2)))
            again = self.forward(self.module, part.inputs)
            require_own_rows(outputs.detach(), again if again.ndim > 1 else again[:, None], batch.ids)
        weights = generator(0, "check", len(batch)).uniform(0.5, 1.5, len(batch))
        wanted = self._autograd(values, weights)
        made = _combined(layers_of(terms, {}, self.layout), weights, self.layout.dtype)
        covered = {name: held for name, held in wanted.items() if name in made}
        failing = disagreeing(made, covered, self.precision) if covered else []
        for name in [*(name for name in wanted if name not in made), *failing]:
            self.layout.one_by_one.setdefault(name, "no layer that is known explains its gradient")
        self.layout.names = {key: name for key, name in self.layout.names.items() if name in wanted}
        new = [name for name in self.layout.one_by_one if name in wanted]
        self.alone = OneByOne()
        self.alone.settle(
            self._scalar(), new, batch, labels, RowCheck(values.detach(), weights, wanted, self.precision)
        )

    def _scalar(self) -> ModuleValue:
        def value(inputs: Any, given: Any) -> Tensor:
            outputs = self.forward(self.module, inputs)
            return row_values(self.loss, outputs if outputs.ndim > 1 else outputs[:, None], given)

        return ModuleValue(self.module, value)

    def _one_by_one(self, batch: Batch, labels: Any, values: Tensor) -> dict[str, Tensor]:
        """(b, *shape) per parameter that no layer explains."""
        found = self.alone.gradients(self._scalar(), batch, labels, values)
        require_finite_rows(found.values(), batch.ids, self.precision, "gradients")
        return {name: held.to(self.layout.dtype) for name, held in found.items()}

    def _require_unused(self, values: Tensor) -> None:
        """Refuse batches that use parameters which the first one did not."""
        held = [self.module.get_parameter(name) for name in self.unused]
        slopes = torch.autograd.grad(values.sum(), held, allow_unused=True, retain_graph=True) if held else ()
        for name, slope in zip(self.unused, slopes, strict=True):
            if slope is not None and bool(slope.any()):
                raise InputError(
                    "some batches use a parameter that the first one does not",
                    where=f"parameter {name!r}",
                    got=f"a first batch of {self.checked} rows",
                    fix="put rows that use every part first, or name the parts to be used with layers=",
                )

    def _autograd(self, values: Tensor, weights: Array) -> dict[str, Tensor]:
        """Name -> gradient of the weighted sum of the values, as torch takes it; parameters without one are noted."""
        held = [parameter for parameter in self.module.parameters() if id(parameter) in self.layout.names]
        total = (values * torch.as_tensor(weights, dtype=values.dtype, device=values.device)).sum()
        slopes: tuple[Tensor | None, ...] = torch.autograd.grad(total, held, allow_unused=True)
        found = {}
        for parameter, slope in zip(held, slopes, strict=True):
            name = self.layout.name(parameter)
            if slope is None:
                self.unused[name] = parameter.numel()
            else:
                dense = slope.to_dense() if slope.is_sparse else slope
                found[name] = dense.detach().to("cpu", self.layout.dtype)
        return found

    def notes(self) -> tuple[str, ...]:
        """What was done otherwise than by factors, and what was left out."""
        notes = [f"{name} was differentiated row by row: {why}" for name, why in self.layout.one_by_one.items()]
        notes += [f"{name} is used by no row: its gradient is zero" for name in self.unused]
        if self.skipped:
            notes.append(f"{sum(self.skipped.values()):,} parameters do not enter: {', '.join(list(self.skipped)[:5])}")
        return tuple(notes)


def _called(module: nn.Module, inputs: Any) -> Any:
    """The module's own call: several inputs in order, or by name."""
    if isinstance(inputs, dict):
        return module(**inputs)
    return module(*inputs) if isinstance(inputs, tuple | list) else module(inputs)


def _factor_dtype(dtype: Any, precision: torch.dtype) -> torch.dtype:
    if dtype is None:
        return torch.float64 if precision == torch.float64 else torch.float32
    named = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64}
    try:
        return named[np.dtype(dtype)]
    except (KeyError, TypeError):
        raise InputError(
            "factors are float32 or float64", got=f"dtype {dtype}", fix="use dtype=numpy.float64, or leave it out"
        ) from None


def _combined(layers: Iterable[Any], weights: Array, dtype: torch.dtype) -> dict[str, Tensor]:
    """Name -> weighted sum of the row gradients."""
    sums: dict[str, Any] = {}
    for layer in layers:
        layer.combine(weights[:, np.newaxis], sums)
    return {name: torch.as_tensor(held[0]).to(dtype) for name, held in sums.items()}


def _bytes(term: Term) -> int:
    parts = (getattr(term, name, None) for name in ("inputs", "cotangents", "values", "indices"))
    return sum(part.numel() * part.element_size() for part in parts if isinstance(part, Tensor))
