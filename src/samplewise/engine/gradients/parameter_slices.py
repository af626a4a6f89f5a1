"""Where a block of gradients lies in a model's parameters, and how arrays of either library are cut to memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError

BLOCK_BYTES = 2**27  # of materialized gradients, or of products of positions, held at a time
POSITIONS_AT_ONCE = 1024  # rows times positions on one side of a tile of inner products


@dataclass(frozen=True, slots=True)
class MatrixPlace:
    """A matrix (o, i) of gradients: rows `start` to `stop` of a parameter (o', ...), with its bias as last column.

    Args:
        weight: the parameter's name.   shape: of the whole parameter, (o', ...).
        start, stop: the rows of the parameter this matrix covers.
        bias: name of the (o',) parameter whose gradient is the last column, or None.
    """

    weight: str
    shape: tuple[int, ...]
    start: int
    stop: int
    bias: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are covered."""
        return (self.weight,) if self.bias is None else (self.weight, self.bias)

    def matrices(self, vectors: Mapping[str, Any]) -> Floats | None:
        """(k, o, i) entries of parameter-shaped vectors that lie here; None where no vector touches this block."""
        found = {name: with_folds(vectors, name, shape) for name, shape in self._shapes() if name in vectors}
        if not found:
            return None
        count = len(next(iter(found.values())))
        width = prod(self.shape[1:])
        zeros = np.zeros((count, self.shape[0], width))
        weight = found.get(self.weight, zeros).reshape(count, self.shape[0], width)
        if self.bias is not None:
            bias = found.get(self.bias, zeros[:, :, 0])
            weight = np.concatenate([weight, bias[:, :, np.newaxis]], axis=2)
        return weight[:, self.start : self.stop]

    def scatter(self, matrices: Array, into: dict[str, Array]) -> None:  # (k, o, i)
        """Add matrices, made for this, to the parameter-shaped arrays they belong to."""
        width = prod(self.shape[1:])
        for name, shape in self._shapes():
            part = matrices[:, :, :width] if name == self.weight else matrices[:, :, -1]
            part = part.reshape(len(matrices), self.stop - self.start, *shape[1:])
            if name not in into and part.shape[1] == shape[0]:
                into[name] = part
                continue
            whole = into.setdefault(name, np.zeros((len(matrices), *shape), dtype=matrices.dtype))
            whole[:, self.start : self.stop] += part

    def _shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        bias = [] if self.bias is None else [(self.bias, self.shape[:1])]
        return [(self.weight, self.shape), *bias]


def with_folds(vectors: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Floats:
    """(k, *shape) the vectors' entries at one parameter, in double precision."""
    part = np.asarray(to_numpy(vectors[name]), dtype=np.float64)
    if part.shape[1:] != shape:
        raise InputError(
            f"the vectors do not have the shape of parameter {name!r}",
            got=f"shape {part.shape}",
            fix=f"pass (k, {', '.join(map(str, shape))}): k vectors of the parameter's shape",
        )
    return part


def to_numpy(values: Any) -> Array:
    """An array of either library in main memory, as numpy."""
    if isinstance(values, np.ndarray):
        return values
    return np.asarray(values.detach().cpu().numpy() if hasattr(values, "detach") else values)


def alike(values: Any, template: Any) -> Any:
    """`values` as an array of the template's library, dtype and device."""
    space = array_namespace(template)
    if is_numpy_array(template):
        return np.asarray(values, dtype=template.dtype)
    return space.asarray(np.ascontiguousarray(values), dtype=template.dtype, device=device(template))


def taken(values: Any, positions: Any) -> Any:
    """Rows of an array of either library."""
    if is_numpy_array(values) or isinstance(positions, slice):
        return values[positions]
    return values[array_namespace(values).asarray(positions, device=device(values))]


def stacked_arrays(parts: list[Any]) -> Any:
    """Arrays of either library, one below the other."""
    return parts[0] if len(parts) == 1 else array_namespace(*parts).concat(parts, axis=0)


def padded(parts: list[Any], axis: int = 1) -> list[Any]:
    """Arrays whose positions are filled up with zeros to the longest: a zero factor adds nothing to a gradient."""
    longest = max(part.shape[axis] for part in parts)
    filled = []
    for part in parts:
        missing = longest - part.shape[axis]
        if missing:
            space = array_namespace(part)
            shape = (*part.shape[:axis], missing, *part.shape[axis + 1 :])
            part = space.concat([part, space.zeros(shape, dtype=part.dtype, device=device(part))], axis=axis)
        filled.append(part)
    return filled


def spans(count: int, at_once: int) -> Iterator[slice]:
    """Slices that cover 0..count-1 in steps."""
    step = max(1, at_once)
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def nbytes_of(values: Any) -> int:
    """Memory of an array of either library."""
    size: int = values.itemsize if hasattr(values, "itemsize") else values.element_size()
    return prod(values.shape) * size


def row_positions(positions: Any, count: int) -> Ints:
    """Positions, mask or slice as numbers 0..count-1."""
    return np.arange(count)[positions]
