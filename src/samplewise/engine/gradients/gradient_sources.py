"""Where the gradients of a trained model come from: a torch module, or the weights of a scikit-learn model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.engine import gradients  # its torch half is loaded where a module comes
from samplewise.engine.gradients.networks import network_gradients
from samplewise.engine.gradients.rows import RowGradients


class Source(Protocol):
    """One trained model as the methods see it: gradients of a scalar per row, with respect to its parameters."""

    @property
    def loss(self) -> Any:
        """What training minimized, per row."""
        ...

    def gradients(self, data: Any, of: Any) -> RowGradients:
        """Gradients of a scalar of every row: a loss, "margin", "output", or a callable of outputs and labels."""
        ...

    def sketches(self, data: Any, of: Any, size: int, seed: int, folder: Path) -> Any:
        """Sketches (n, size) of the same, with the rows' ids and values; kept in a folder where they are many."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sketches:
    """Sketches in memory."""

    ids: Array
    sketch: Floats  # (n, k)
    values: Floats  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class ModuleSource:
    """A torch module, trained already."""

    module: Any
    loss: Any
    layers: Sequence[str] | None = None
    forward: Callable[[Any, Any], Any] | None = None
    dtype: Any = None  # of the factors; None for that of the module

    def gradients(self, data: Any, of: Any) -> RowGradients:
        """Gradients of a scalar of every row."""
        return gradients.row_gradients(
            self.module, data, loss=of, layers=self.layers, forward=self.forward, dtype=self.dtype
        )

    def sketches(self, data: Any, of: Any, size: int, seed: int, folder: Path) -> Any:
        """Sketches of the gradients, streamed to a folder: `RowSketches`."""
        return gradients.stream_sketches(
            self.module, data, folder, size=size, seed=seed, loss=of, layers=self.layers, forward=self.forward
        )

    def opened(self, data: Any) -> tuple[Any, Any, Callable[[Any, Any], Any] | None]:
        """Module, rows and way to call it."""
        return self.module, data, self.forward


@dataclass(frozen=True, slots=True, eq=False)
class FittedSource:
    """A torch module with the encoder it was trained behind: rows are encoded as in its training."""

    fitted: Any
    loss: Any
    layers: Sequence[str] | None = None
    dtype: Any = None  # of the factors; None for that of the module

    def gradients(self, data: Any, of: Any) -> RowGradients:
        """Gradients of a scalar of every row."""
        rows, module = self.rows_of(data), self.fitted.module
        found = gradients.row_gradients(
            module, self.fitted.encoded(rows), loss=of, layers=self.layers, dtype=self.dtype
        )
        return replace(found, ids=rows.ids)

    def sketches(self, data: Any, of: Any, size: int, seed: int, folder: Path) -> Any:
        """Sketches of the gradients, streamed to a folder: `RowSketches`."""
        rows, module = self.rows_of(data), self.fitted.module
        options = {"size": size, "seed": seed, "loss": of, "layers": self.layers}
        return replace(gradients.stream_sketches(module, self.fitted.encoded(rows), folder, **options), ids=rows.ids)

    def opened(self, data: Any) -> tuple[Any, Any, None]:
        """Module, rows and way to call it."""
        return self.fitted.module, self.fitted.encoded(self.rows_of(data)), None

    def rows_of(self, data: Any) -> Dataset:
        """Rows as the learner takes them."""
        return as_dataset(data)


@dataclass(frozen=True, slots=True, eq=False)
class EstimatorSource:
    """A fitted scikit-learn network or linear model; torch is not needed."""

    estimator: Any
    loss: Any

    def gradients(self, data: Any, of: Any) -> RowGradients:
        """Gradients of a scalar of every row."""
        return network_gradients(self.estimator, data, loss=of)

    def sketches(self, data: Any, of: Any, size: int, seed: int, folder: Path) -> Any:
        """Sketches of the gradients; the rows of a scikit-learn estimator are in memory already, and so are these."""
        rows = self.gradients(data, of)
        return Sketches(rows.ids, rows.sketch(size, seed=seed).astype(np.float32), rows.values)


def sources_of(
    models: Any, loss: Any, layers: Sequence[str] | None, forward: Callable[[Any, Any], Any] | None, dtype: Any = None
) -> tuple[Source, ...]:
    """One source per trained model; `dtype` is that of the gradients' factors, None for that of the module."""
    given = list(models) if isinstance(models, list | tuple) else [models]
    if not given:
        raise InputError("an attributor needs a trained model", got="an empty list", fix="pass one module, or several")
    return tuple(_source(model, loss, layers, forward, dtype) for model in given)


def _source(model: Any, loss: Any, layers: Any, forward: Any, dtype: Any) -> Source:
    if hasattr(model, "encoded") and hasattr(model, "module"):
        if forward is not None:
            raise InputError("forward= is for plain modules", got=type(model).__name__, fix="leave forward out")
        return FittedSource(model, loss, layers, dtype)
    if hasattr(model, "named_parameters"):
        return ModuleSource(model, loss, layers, forward, dtype)
    if hasattr(model, "get_params") and hasattr(model, "predict"):
        for name, value in (("layers", layers), ("forward", forward)):
            if value is not None:
                raise InputError(f"{name}= is for torch modules", got=type(model).__name__, fix=f"leave {name} out")
        return EstimatorSource(model, loss)
    raise InputError(
        "a model must be a trained torch module or a fitted scikit-learn estimator", got=type(model).__name__,
        fix="pass the module itself; an unfitted learner is passed as learner= elsewhere",
    )  # fmt: skip


def loss_for(loss: Any, labels: Any) -> Any:
    """The training loss: as given, or by the kind of the labels."""
    if not (isinstance(loss, str) and loss == "auto"):
        return loss
    if hasattr(labels, "is_floating_point"):  # a tensor, which may lie on an accelerator
        numbers = bool(labels.is_floating_point())
    else:
        numbers = labels is not None and np.asarray(labels).dtype.kind == "f"
    return "squared_error" if numbers else "cross_entropy"
