"""What every call of a layer adds to the gradients of its parameters, row by row, from its input and its cotangent.

A forward hook notes the input and the place of the output in the graph; one backward pass to those places gives the
cotangents of all calls. Nothing of the module changes, and no `.grad` is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge


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
    """A call whose rows cannot be told apart: its parameters are differentiated row by row instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of one layer."""

    layer: nn.Module
    inputs: tuple[Any, ...]
    named: dict[str, Any]
    edge: GradientEdge
    versions: tuple[int, ...]

    @property
    def seen(self) -> Tensor:
        """The first input, unless it was changed in place after the call."""
        given = [part for part in (*self.inputs, *self.named.values()) if isinstance(part, Tensor)]
        if not given or self.versions != tuple(part._version for part in given):
            raise Unreadable
        return given[0]

    def parameters(self) -> list[Tensor]:
        """Those of the layer itself."""
        return [held for held in self.layer._parameters.values() if held is not None]


@dataclass(slots=True, eq=False)
class Recorder:
    """Notes the calls of readable layers while it is entered."""

    module: nn.Module
    wanted: set[int]  # id() of the parameters asked about
    calls: list[Call] = field(default_factory=list)
    _hooks: list[Any] = field(default_factory=list)

    def __enter__(self) -> "Recorder":
        """Attach the hooks, before those of the user, which may change outputs."""
        for part in self.module.modules():
            if reader_of(part) and any(id(held) in self.wanted for held in part._parameters.values()):
                self._hooks.append(part.register_forward_hook(self._note, prepend=True, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        """Detach them, whatever happened; a later recomputation of activations is not noted again."""
        for hook in self._hooks:
            hook.remove()

    def _note(self, layer: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            given = (part for part in (*inputs, *named.values()) if isinstance(part, Tensor))
            versions = tuple(part._version for part in given)
            self.calls.append(Call(layer, inputs, named, get_gradient_edge(output), versions))


def reader_of(layer: nn.Module) -> Callable[[Call, Tensor, int], list[Term]] | None:
    """How a layer's calls are read; None for layers that are not known, or whose forward is not torch's own."""
    for kind, reader in READERS.items():
        if isinstance(layer, kind) and type(layer).forward is kind.forward:
            return reader
    return None


def by_row(values: Tensor, count: int) -> Tensor:  # (n u, ...) -> (n, u, ...)
    """Rows first, then the rest of a leading axis into which positions were merged."""
    if values.ndim == 0 or values.shape[0] % count or not values.shape[0]:
        raise Unreadable
    return values.reshape(count, values.shape[0] // count, *values.shape[1:])


def _linear(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    layer: Any = call.layer
    if call.seen.ndim < 2:
        raise Unreadable
    inputs = by_row(call.seen, count).reshape(count, -1, layer.in_features)
    cotangents = by_row(cotangent, count).reshape(count, -1, layer.out_features)
    return [MatrixTerm(layer.weight, 0, layer.out_features, inputs, cotangents, layer.bias)]


def _convolution(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Every output position sees one patch of the padded input; groups are blocks of their own."""
    layer: Any = call.layer
    axes = len(layer.kernel_size)
    if call.seen.ndim != axes + 2:
        raise Unreadable
    patches = _padded(layer, call.seen)
    for axis, (width, stride, gap) in enumerate(zip(layer.kernel_size, layer.stride, layer.dilation, strict=True)):
        patches = patches.unfold(2 + axis, gap * (width - 1) + 1, stride)[..., ::gap]
    # (n, channels, *positions, *kernel) -> (n, positions, channels, kernel)
    order = (0, *range(2, 2 + axes), 1, *range(2 + axes, 2 + 2 * axes))
    rows, per_group = call.seen.shape[0], layer.in_channels // layer.groups
    positions = cotangent[0, 0].numel()
    patches = patches.permute(order).reshape(rows, positions, layer.groups, -1)
    slopes = cotangent.reshape(rows, layer.groups, layer.out_channels // layer.groups, positions)
    terms: list[Term] = []
    for group in range(layer.groups):
        inputs = by_row(patches[:, :, group], count).reshape(count, -1, per_group * layer.weight[0, 0].numel())
        own = by_row(slopes[:, group].transpose(1, 2), count).reshape(count, -1, slopes.shape[2])
        start = group * slopes.shape[2]
        terms.append(MatrixTerm(layer.weight, start, start + slopes.shape[2], inputs, own, layer.bias))
    return terms


def _padded(layer: Any, inputs: Tensor) -> Tensor:
    """The input with the padding the layer adds itself."""
    if layer.padding == "valid":
        return inputs
    if layer.padding == "same":
        totals = [gap * (width - 1) for width, gap in zip(layer.kernel_size, layer.dilation, strict=True)]
        sides = [(total // 2, total - total // 2) for total in totals]
    else:
        sides = [(width, width) for width in layer.padding]
    flat = [width for side in reversed(sides) for width in side]
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return F.pad(inputs, flat, mode=mode) if any(flat) else inputs


def _embedding(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    layer: Any = call.layer
    indices = by_row(call.seen, count).reshape(count, -1)
    cotangents = by_row(cotangent, count).reshape(count, -1, layer.embedding_dim)
    if layer.padding_idx is not None:
        cotangents = cotangents * (indices != layer.padding_idx)[:, :, None]
    return [LookupTerm(layer.weight, indices, cotangents)]


def _normalised(layer: Any, inputs: Tensor) -> Tensor:
    """What the layer multiplies with its weight."""
    if isinstance(layer, nn.LayerNorm):
        return F.layer_norm(inputs, layer.normalized_shape, eps=layer.eps)
    if isinstance(layer, nn.GroupNorm):
        return F.group_norm(inputs, layer.num_groups, eps=layer.eps)
    if isinstance(layer, nn.RMSNorm):
        return F.rms_norm(inputs, layer.normalized_shape, eps=layer.eps)
    own = not layer.track_running_stats
    if isinstance(layer, nn.modules.instancenorm._InstanceNorm):
        return F.instance_norm(inputs, layer.running_mean, layer.running_var, use_input_stats=own, eps=layer.eps)
    return F.batch_norm(inputs, layer.running_mean, layer.running_var, training=own, eps=layer.eps)


def _norm_of_last_axes(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Layer and root-mean-square norms: weights of the shape of the last axes."""
    layer: Any = call.layer
    seen = _normalised(layer, call.seen)
    shape = tuple(layer.normalized_shape)
    return _affine(layer, seen.reshape(-1, *shape), cotangent.reshape(-1, *shape), count)


def _norm_of_channels(call: Call, cotangent: Tensor, count: int) -> list[Term]:
    """Batch, instance and group norms: one weight per channel, the second axis."""
    if call.seen.ndim < 2:
        raise Unreadable
    seen = _normalised(call.layer, call.seen)
    last = [part.movedim(1, -1).reshape(-1, part.shape[1]) for part in (seen, cotangent)]
    return _affine(call.layer, last[0], last[1], count)


def _affine(layer: Any, seen: Tensor, slopes: Tensor, count: int) -> list[Term]:  # (n u, *shape)
    terms: list[Term] = []
    if layer.weight is not None:
        terms.append(DenseTerm(layer.weight, by_row(seen * slopes, count).sum(dim=1)))
    if getattr(layer, "bias", None) is not None:
        terms.append(DenseTerm(layer.bias, by_row(slopes, count).sum(dim=1)))
    return terms


READERS: dict[Any, Callable[[Call, Tensor, int], list[Term]]] = {
    nn.Linear: _linear,
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.Conv3d: _convolution,
    nn.Embedding: _embedding,
    nn.LayerNorm: _norm_of_last_axes,
    nn.RMSNorm: _norm_of_last_axes,
    nn.GroupNorm: _norm_of_channels,
    nn.modules.batchnorm._BatchNorm: _norm_of_channels,
    nn.modules.instancenorm._InstanceNorm: _norm_of_channels,
}
