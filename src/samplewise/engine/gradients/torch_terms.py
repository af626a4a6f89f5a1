"""What one call of a layer adds to the gradients of its parameters, row by row."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import GradientEdge


@dataclass(frozen=True, slots=True, eq=False)
class MatrixTerm:
    """Rows start..stop of a weight, seen as a matrix, get sum_t b a'; the bias, if any, gets sum_t b."""

    weight: Tensor
    start: int
    stop: int
    inputs: Tensor  # (n, t, i)
    cotangents: Tensor  # (n, t, o)
    bias: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class LookupTerm:
    """Row indices[r, t] of a weight gets cotangents[r, t]."""

    weight: Tensor
    indices: Tensor  # (n, t)
    cotangents: Tensor  # (n, t, d), zero where the index is padding


@dataclass(frozen=True, slots=True, eq=False)
class DenseTerm:
    """A parameter gets values[r]."""

    weight: Tensor
    values: Tensor  # (n, *shape)


Term = MatrixTerm | LookupTerm | DenseTerm


class Unreadable(Exception):
    """A call whose rows cannot be separated: its parameters are differentiated row by row instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of one layer."""

    layer: nn.Module
    inputs: tuple[Any, ...]
    named: dict[str, Any]
    edges: tuple[GradientEdge | None, ...]  # of every output, as it was before anything changed it in place

    @property
    def seen(self) -> Tensor:
        """The first input."""
        given = [part for part in (*self.inputs, *self.named.values()) if isinstance(part, Tensor)]
        if not given:
            raise Unreadable
        return given[0]

    def argument(self, position: int, name: str) -> Any:
        """An argument by its position or name; None where it was left out."""
        return self.inputs[position] if len(self.inputs) > position else self.named.get(name)


def by_row(values: Tensor, count: int) -> Tensor:  # (n u, ...) -> (n, u, ...)
    """Rows first, then the rest of a leading axis into which positions were merged."""
    if values.ndim == 0 or values.shape[0] % count or not values.shape[0]:
        raise Unreadable
    return values.reshape(count, values.shape[0] // count, *values.shape[1:])
