"""Gradients of parameters that no layer's call explains: every row is put through the module alone."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from samplewise.engine.gradients.torch_batches import Batch, mapped

Value = Callable[[Any, Any], Tensor]  # inputs of b rows, labels of b rows -> (b,) values
BUDGET = 2**28  # bytes of gradients made together; three copies are alive at a time


class Asked(nn.Module):
    """The module with the scalar that is asked of it, so that parameters can be replaced by name in one call."""

    def __init__(self, module: nn.Module, value: Value) -> None:
        super().__init__()
        self.module, self._value = module, value

    def forward(self, inputs: Any, labels: Any) -> Tensor:
        """(b,) values."""
        return self._value(inputs, labels)


def vectorised(asked: Asked, names: list[str], batch: Batch, labels: Any, size: int) -> dict[str, Tensor]:
    """(b, *shape) per parameter, in chunks of rows together; raises whatever torch raises where it cannot."""
    held = dict(asked.module.named_parameters())
    chosen = {f"module.{name}": held[name].detach() for name in names}

    def value(parameters: dict[str, Tensor], inputs: Any, label: Any) -> Tensor:
        row = mapped(lambda part: part.unsqueeze(0), inputs)
        given = label.unsqueeze(0) if isinstance(label, Tensor) else label
        return torch.func.functional_call(asked, parameters, (row, given))[0]

    where = 0 if isinstance(labels, Tensor) else None
    gradient = torch.func.vmap(
        torch.func.grad(value), in_dims=(None, mapped(lambda _: 0, batch.inputs), where), chunk_size=size
    )
    with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention are looped over, row by row
        found: dict[str, Tensor] = gradient(chosen, batch.inputs, labels if where == 0 else None)
    return {name: found[f"module.{name}"].detach() for name in names}


def looped(asked: Asked, names: list[str], batch: Batch, labels: Any) -> dict[str, Tensor]:
    """The same, one row after another: slower, and right for everything that can be differentiated."""
    held = dict(asked.module.named_parameters())
    chosen = [held[name] for name in names]
    found: list[list[Tensor]] = [[] for _ in names]
    for row in range(len(batch)):
        span = slice(row, row + 1)
        value = asked(batch.rows(span).inputs, None if labels is None else labels[span])
        slopes = torch.autograd.grad(value.sum(), chosen, allow_unused=True)
        for parts, slope, parameter in zip(found, slopes, chosen, strict=True):
            dense = torch.zeros_like(parameter) if slope is None else slope
            parts.append(dense.to_dense() if dense.is_sparse else dense)
    return {name: torch.stack(parts) for name, parts in zip(names, found, strict=True)}


def rows_together(names: list[str], module: nn.Module) -> int:
    """How many rows' gradients fit the budget."""
    held = dict(module.named_parameters())
    numbers = sum(held[name].numel() for name in names)
    return max(1, BUDGET // (12 * max(1, numbers)))
