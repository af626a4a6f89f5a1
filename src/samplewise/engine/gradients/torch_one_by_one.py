"""Gradients of parameters that no layer's call explains, in the cheapest of three ways that proves right.

1. Copies: every row gets its own copy of the parameter, as one more leading axis, in one pass over the batch. Right
   where the parameter is broadcast against the activations: positions, class tokens, scales, shifts.
2. Vectorized: `torch.func.vmap` puts every row through the module alone.
3. Looped: one backward pass per row; slow, and right for whatever can be differentiated.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from samplewise.core.arrays import Array
from samplewise.engine.gradients.torch_batches import Batch, mapped
from samplewise.engine.gradients.torch_checks import disagreeing, refuse_mixed_rows

Value = Callable[[Any, Any], Tensor]  # inputs of b rows, labels of b rows -> (b,) values
BUDGET = 2**28  # bytes of gradients made together; three copies are alive at a time
IN_PLACE_OF_FIRST = -1  # a leading axis of one element becomes the rows
AXES = (IN_PLACE_OF_FIRST, 0, 1, 2, 3)  # axes of one element between the rows and the parameter's own
# What torch raises where copies do not fit the module, or where it cannot vectorize it.
FAULTS = (RuntimeError, NotImplementedError, TypeError, ValueError, IndexError, AssertionError)


class ModuleValue(nn.Module):
    """The module with the scalar to differentiate, so that parameters can be replaced by name in one call."""

    def __init__(self, module: nn.Module, value: Value) -> None:
        super().__init__()
        self.module, self._value = module, value

    def forward(self, inputs: Any, labels: Any) -> Tensor:
        """(b,) values."""
        return self._value(inputs, labels)

    def named(self, name: str) -> Tensor:
        """A parameter of the module, detached."""
        return self.module.get_parameter(name).detach()


@dataclass(slots=True, eq=False)
class OneByOne:
    """The way found for each parameter, by name; settled on the first batch and kept."""

    copied: dict[str, int] = field(default_factory=dict)  # name -> axes between the rows and the parameter's own
    vectorized: list[str] = field(default_factory=list)
    looped: list[str] = field(default_factory=list)

    def gradients(self, scalar: ModuleValue, batch: Batch, labels: Any, values: Tensor) -> dict[str, Tensor]:
        """(b, *shape) per parameter; `values` (b,) are those of the batch, which copies must leave as they are."""
        found: dict[str, Tensor] = {}
        vectorized, looped = list(self.vectorized), list(self.looped)
        if self.copied:
            try:
                again, found = by_copies(scalar, self.copied, batch, labels)
            except FAULTS:  # torch may take another path for a batch of another size
                again = values[:0]
            if not _alike(again, values):
                found, vectorized = {}, [*vectorized, *self.copied]
        if vectorized:
            try:
                found |= by_vectorizing(scalar, vectorized, batch, labels)
            except FAULTS:
                looped += vectorized
        return found | by_looping(scalar, looped, batch, labels) if looped else found

    def settle(
        self, scalar: ModuleValue, names: list[str], batch: Batch, labels: Any, check: "RowCheck"
    ) -> None:  # names not settled before
        """Find a way for every name whose weighted sum over the batch is autograd's; refuse where there is none."""
        for name in names:
            axes = _broadcast_axes(scalar, name, batch, labels, check)
            if axes is not None:
                self.copied[name] = axes
        rest = [name for name in names if name not in self.copied]
        try:
            wrong = check.failing(by_vectorizing(scalar, rest, batch, labels)) if rest else []
        except FAULTS:
            wrong = rest
        self.vectorized += [name for name in rest if name not in wrong]
        self.looped += wrong
        if wrong and (mixed := check.failing(by_looping(scalar, wrong, batch, labels))):
            refuse_mixed_rows(mixed)


@dataclass(frozen=True, slots=True, eq=False)
class RowCheck:
    """What the gradients of a batch must add up to."""

    values: Tensor  # (b,)
    weights: Array  # (b,) of the sum
    wanted: dict[str, Tensor]  # name -> gradient of the weighted sum, by autograd
    precision: torch.dtype

    def failing(self, made: dict[str, Tensor]) -> list[str]:
        """Names whose (b, *shape) gradients do not."""
        sums = {
            name: torch.tensordot(torch.as_tensor(self.weights), rows.double().cpu(), dims=1).to(self.wanted[name])
            for name, rows in made.items()
        }
        return disagreeing(sums, {name: self.wanted[name] for name in made}, self.precision)


def _broadcast_axes(scalar: ModuleValue, name: str, batch: Batch, labels: Any, check: RowCheck) -> int | None:
    """Where the axis of the rows goes so that copies are broadcast row by row; None where nowhere."""
    for axes in AXES:
        try:
            values, found = by_copies(scalar, {name: axes}, batch, labels)
        except FAULTS:
            continue
        if _alike(values, check.values) and not check.failing(found):
            return axes
    return None


def _alike(values: Tensor, wanted: Tensor) -> bool:  # (b,)
    loose = 100 * float(torch.finfo(wanted.dtype).eps)
    return values.shape == wanted.shape and torch.allclose(values, wanted, rtol=loose, atol=loose)


def by_copies(
    scalar: ModuleValue, axes: dict[str, int], batch: Batch, labels: Any
) -> tuple[Tensor, dict[str, Tensor]]:  # (b,), (b, *shape) per parameter
    """Values and gradients with one copy of each parameter per row."""
    copies = {}
    for name, between in axes.items():
        held = scalar.named(name)
        if between == IN_PLACE_OF_FIRST and (held.ndim < 2 or held.shape[0] != 1):
            raise ValueError(f"{name} has no leading axis of one element")
        own = held[0] if between == IN_PLACE_OF_FIRST else held.reshape(*[1] * between, *held.shape)
        copies[f"module.{name}"] = own.repeat(len(batch), *[1] * own.ndim).requires_grad_()
    values: Tensor = torch.func.functional_call(scalar, copies, (batch.inputs, labels))
    slopes = torch.autograd.grad(values.sum(), list(copies.values()))
    shapes = {name: scalar.named(name).shape for name in axes}
    found = {name: slope.reshape(len(batch), *shapes[name]) for name, slope in zip(axes, slopes, strict=True)}
    return values.detach(), found


def by_vectorizing(scalar: ModuleValue, names: list[str], batch: Batch, labels: Any) -> dict[str, Tensor]:
    """(b, *shape) per parameter, in chunks of rows together; raises whatever torch raises where it cannot."""
    chosen = {f"module.{name}": scalar.named(name) for name in names}
    numbers = sum(held.numel() for held in chosen.values())

    def value(parameters: dict[str, Tensor], inputs: Any, label: Any) -> Tensor:
        row = mapped(lambda part: part.unsqueeze(0), inputs)
        given = label.unsqueeze(0) if isinstance(label, Tensor) else label
        return torch.func.functional_call(scalar, parameters, (row, given))[0]

    where = 0 if isinstance(labels, Tensor) else None
    gradient = torch.func.vmap(
        torch.func.grad(value),
        in_dims=(None, mapped(lambda _: 0, batch.inputs), where),
        chunk_size=max(1, BUDGET // (12 * numbers)),
    )
    # The fused kernels of attention would be looped over row by row; where others are, torch's warning does not matter.
    with sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop")
        found: dict[str, Tensor] = gradient(chosen, batch.inputs, labels if where == 0 else None)
    return {name: found[f"module.{name}"].detach() for name in names}


def by_looping(scalar: ModuleValue, names: list[str], batch: Batch, labels: Any) -> dict[str, Tensor]:
    """(b, *shape) per parameter, one row after another."""
    chosen = [scalar.module.get_parameter(name) for name in names]
    found: list[list[Tensor]] = [[] for _ in names]
    for row in range(len(batch)):
        span = slice(row, row + 1)
        value = scalar(batch.rows(span).inputs, None if labels is None else labels[span])
        slopes = torch.autograd.grad(value.sum(), chosen, allow_unused=True)
        for parts, slope, parameter in zip(found, slopes, chosen, strict=True):
            dense = torch.zeros_like(parameter) if slope is None else slope
            parts.append(dense.to_dense() if dense.is_sparse else dense)
    return {name: torch.stack(parts) for name, parts in zip(names, found, strict=True)}
