"""The calls of all readable layers in one pass through a module.

A forward hook notes the input and the graph node of the output; one backward pass to those nodes gives the
cotangents of all calls. Nothing of the module changes, and no `.grad` is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge
from torch.utils._pytree import tree_leaves, tree_map

from samplewise.engine.gradients import torch_attention, torch_layer_rules
from samplewise.engine.gradients.torch_recurrent import recurrent_cell, recurrent_layer
from samplewise.engine.gradients.torch_terms import Call, Term, Unreadable

Slopes = tuple[Tensor | None, ...]  # cotangents of every output of a call
Reader = Callable[[Call, Slopes, int], list[Term]]


@dataclass(slots=True, eq=False)
class Recorder:
    """Notes the calls of readable layers while it is entered."""

    module: nn.Module
    wanted: set[int]  # id() of the parameters whose gradients are wanted
    calls: list[Call] = field(default_factory=list)
    _hooks: list[Any] = field(default_factory=list)

    def __enter__(self) -> "Recorder":
        """Attach the hooks, before those of the user, which may change outputs."""
        for part in self.module.modules():
            if reader_of(part) and any(id(held) in self.wanted for held in part.parameters()):
                self._hooks.append(part.register_forward_hook(self._note, prepend=True, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        """Detach them, whatever happened; a later recomputation of activations is not noted again."""
        for hook in self._hooks:
            hook.remove()

    def _note(self, layer: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
        if isinstance(output, tuple):
            if not isinstance(output[0], Tensor):
                return None
            # One output may be computed from another: clones separate what reaches each from outside.
            output = tree_map(lambda part: part.clone() if isinstance(part, Tensor) else part, output)
        parts = [part for part in tree_leaves(output) if isinstance(part, Tensor)]
        edges = tuple(get_gradient_edge(part) if part.requires_grad else None for part in parts)
        if any(edges):
            self.calls.append(Call(layer, inputs, named, edges))
        return output


def reader_of(layer: nn.Module) -> Reader | None:
    """How a layer's calls are read; None for layers that are not known, or whose forward is not torch's own."""
    for kind, reader in READERS.items():
        if isinstance(layer, kind) and type(layer).forward is kind.forward:
            return reader
    return None


def sole(reader: Callable[[Call, Tensor, int], list[Term]]) -> Reader:
    """A reader of the first output, where no other one is used."""

    def read(call: Call, slopes: Slopes, count: int) -> list[Term]:
        first, *others = slopes
        if first is None or any(slope is not None for slope in others):
            raise Unreadable
        return reader(call, first, count)

    return read


READERS: dict[Any, Reader] = {
    nn.Linear: sole(torch_layer_rules.linear),
    nn.Conv1d: sole(torch_layer_rules.convolution),
    nn.Conv2d: sole(torch_layer_rules.convolution),
    nn.Conv3d: sole(torch_layer_rules.convolution),
    nn.Embedding: sole(torch_layer_rules.embedding),
    nn.LayerNorm: sole(torch_layer_rules.norm_of_last_axes),
    nn.RMSNorm: sole(torch_layer_rules.norm_of_last_axes),
    nn.GroupNorm: sole(torch_layer_rules.norm_of_channels),
    nn.RNN: recurrent_layer,
    nn.LSTM: recurrent_layer,
    nn.GRU: recurrent_layer,
    nn.RNNCell: recurrent_cell,
    nn.LSTMCell: recurrent_cell,
    nn.GRUCell: recurrent_cell,
    nn.MultiheadAttention: sole(torch_attention.attention),
    nn.modules.batchnorm._BatchNorm: sole(torch_layer_rules.norm_of_channels),
    nn.modules.instancenorm._InstanceNorm: sole(torch_layer_rules.norm_of_channels),
}
