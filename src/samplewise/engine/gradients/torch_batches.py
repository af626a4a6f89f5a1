"""What users pass as rows, as batches of tensors on the module's device, every row known by its id."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree
from torch.utils.data import DataLoader, IterableDataset, SequentialSampler, default_collate
from torch.utils.data import Dataset as TorchDataset

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows
from samplewise.data.conversions import default_ids
from samplewise.data.dataset import Dataset
from samplewise.engine.gradients.torch_checks import all_finite
from samplewise.engine.models.torch_inputs import as_inputs, plain_rows

ROWS_AT_ONCE = 256  # collated together from a torch data set


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows, in order."""

    ids: Array  # (b,)
    inputs: Any  # a tensor (b, ...), or a tuple, list or dict of them
    labels: Array | None  # (b, ...)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.ids)

    def rows(self, span: slice) -> "Batch":
        """Some of the rows."""
        labels = None if self.labels is None else self.labels[span]
        return replace(self, ids=self.ids[span], inputs=mapped(lambda part: part[span], self.inputs), labels=labels)


@dataclass(frozen=True, slots=True, eq=False)
class RowBatches:
    """All rows: their ids, and pieces that fit in memory."""

    ids: Array  # (n,)
    pieces: Callable[[], Iterator[Batch]]

    def batches(self, module: torch.nn.Module, size: Callable[[], int]) -> Iterator[Batch]:
        """Batches of at most size() rows, read anew each time; tensors as the module reads them."""
        seen = 0
        for piece in self.pieces():
            start = 0
            while start < len(piece):
                part = piece.rows(slice(start, start + size()))
                start += len(part)
                yield replace(part, inputs=_prepared(part, module))
            seen += len(piece)
        if seen != len(self.ids):
            raise InputError(
                "the loader gave another number of rows than its data set has",
                got=f"{seen} rows of {len(self.ids)}",
                fix="use DataLoader(data, batch_size=..., shuffle=False, drop_last=False)",
            )


def mapped(change: Callable[[Any], Any], inputs: Any) -> Any:
    """Inputs with every tensor in them changed."""
    return _pytree.tree_map(change, inputs)


def tensors_in(inputs: Any) -> list[torch.Tensor]:
    """All tensors of the inputs."""
    return [part for part in _pytree.tree_leaves(inputs) if isinstance(part, torch.Tensor)]


def row_batches_of(data: Any) -> RowBatches:
    """Rows from a `Dataset`, a pair (X, y), a torch data set or a loader in order."""
    if isinstance(data, DataLoader):
        return _from_loader(data)
    if isinstance(data, IterableDataset):
        raise InputError(
            "rows of a stream cannot be named",
            got=type(data).__name__,
            fix="use a data set with a length and items by number",
        )
    if isinstance(data, TorchDataset):
        return _from_torch(data)
    if isinstance(data, Dataset):
        return _in_memory(data.X, data.y, data.ids)
    if isinstance(data, tuple) and len(data) == 2:
        return _in_memory(data[0], data[1], None)
    raise InputError(
        "rows cannot be read from this", got=type(data).__name__,
        fix="pass (X, y), a Dataset, a torch data set, or a DataLoader with shuffle=False",
    )  # fmt: skip


def _in_memory(X: Any, y: Any, ids: Array | None) -> RowBatches:
    if isinstance(X, dict | tuple):
        inputs = _pytree.tree_map(plain_rows, X, is_leaf=lambda part: not isinstance(part, dict | tuple))
    else:
        inputs = plain_rows(X.toarray() if hasattr(X, "toarray") else X)
    parts = _pytree.tree_leaves(inputs)
    counts = {len(part) for part in parts}
    if len(counts) != 1 or not min(counts):
        raise InputError(
            "the inputs hold no rows, or different numbers of them",
            got=f"{sorted(counts)} rows",
            fix="pass arrays with one entry per row",
        )
    count = counts.pop()
    labels = None if y is None else as_array(y)
    if labels is not None and len(labels) != count:
        raise InputError(
            "y and X have different numbers of rows",
            got=f"X {count} rows, y {len(labels)}",
            fix="pass one label per row of X",
        )
    keys = default_ids(X, count) if ids is None else ids
    return RowBatches(keys, lambda: iter([Batch(keys, inputs, labels)]))


def as_array(values: Any) -> Array:
    """Labels of any kind as an array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        return np.asarray(values.float() if values.dtype in (torch.bfloat16, torch.float16) else values)
    return np.asarray(values)


def _from_torch(data: Any) -> RowBatches:
    count = len(data)
    ids = np.arange(count)

    def pieces() -> Iterator[Batch]:
        for start in range(0, count, ROWS_AT_ONCE):
            items = [data[position] for position in range(start, min(start + ROWS_AT_ONCE, count))]
            yield _collated(default_collate(items), ids[start : start + len(items)])

    return RowBatches(ids, pieces)


def _from_loader(loader: Any) -> RowBatches:
    if isinstance(loader.dataset, IterableDataset):
        raise InputError(
            "rows of a stream cannot be named", got="a loader of an IterableDataset",
            fix="use a data set with a length and items by number",
        )  # fmt: skip
    inner = getattr(loader.batch_sampler, "sampler", loader.sampler)
    if loader.batch_size is None or not isinstance(inner, SequentialSampler):
        raise InputError(
            "the loader does not give the rows in order, so gradients could not be named",
            got=f"sampler {type(inner).__name__}",
            fix="use DataLoader(data, batch_size=..., shuffle=False), or pass the data set itself",
        )
    count = len(loader.dataset)
    ids = np.arange(count)

    def pieces() -> Iterator[Batch]:
        start = 0
        for item in loader:
            batch = _collated(item, ids[start:])
            start += len(batch)
            yield batch

    return RowBatches(ids, pieces)


def _collated(item: Any, ids: Array) -> Batch:
    """A collated item as inputs and labels: (inputs, labels), (a, b, ..., labels), or a dict with "labels"."""
    if isinstance(item, dict):
        name = next((key for key in ("labels", "label") if key in item), None)
        inputs: Any = {key: part for key, part in item.items() if key != name}
        labels = None if name is None else item[name]
    elif isinstance(item, list | tuple):
        inputs = item[0] if len(item) <= 2 else tuple(item[:-1])
        labels = item[-1] if len(item) > 1 else None
    else:
        inputs, labels = item, None
    count = len(_pytree.tree_leaves(inputs)[0])
    return Batch(ids[:count], inputs, None if labels is None else as_array(labels))


def _prepared(batch: Batch, module: torch.nn.Module) -> Any:
    """Tensors on the module's device, floats in its precision; whole numbers stay so where something is looked up."""
    lone = not isinstance(batch.inputs, dict | tuple | list)
    looked_up = any(isinstance(part, torch.nn.Embedding | torch.nn.EmbeddingBag) for part in module.modules())

    def prepare(part: Any) -> torch.Tensor:
        tensor = as_inputs(part, module)
        if lone and not looked_up and not tensor.is_floating_point() and not tensor.is_complex():
            tensor = tensor.to(next(held.dtype for held in module.parameters() if held.is_floating_point()))
        return tensor

    inputs = mapped(prepare, batch.inputs)
    for part in tensors_in(inputs):
        if part.is_floating_point() and not all_finite(part):
            finite = part.reshape(len(part), -1).isfinite().all(dim=1)
            raise InputError(
                "the inputs have missing or infinite entries",
                where=name_rows(batch.ids[~finite.cpu().numpy()]),
                got=f"inputs of shape {tuple(part.shape)}, {part.dtype}",
                fix="impute these rows or drop them" + _half_precision(part.dtype),
            )
    return inputs


def _half_precision(dtype: torch.dtype) -> str:
    return "; float16 overflows above 65,504: scale the inputs, or module.float()" if dtype == torch.float16 else ""
