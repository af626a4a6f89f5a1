"""The calls of all readable layers in one pass through a module.

A forward hook notes the input and the place of the output in the graph; one backward pass to those places gives the
cotangents of all calls. Nothing of the module changes, and no `.grad` is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge

from samplewise.engine.gradients import torch_attention, torch_readers
from samplewise.engine.gradients.torch_terms import Call, Term


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
            if reader_of(part) and any(id(held) in self.wanted for held in part.parameters()):
                self._hooks.append(part.register_forward_hook(self._note, prepend=True, with_kwargs=True))
        return self

    def __exit__(self, *_: object) -> None:
        """Detach them, whatever happened; a later recomputation of activations is not noted again."""
        for hook in self._hooks:
            hook.remove()

    def _note(self, layer: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        if first.requires_grad:
            self.calls.append(Call(layer, inputs, named, get_gradient_edge(first)))


def reader_of(layer: nn.Module) -> Callable[[Call, Tensor, int], list[Term]] | None:
    """How a layer's calls are read; None for layers that are not known, or whose forward is not torch's own."""
    for kind, reader in READERS.items():
        if isinstance(layer, kind) and type(layer).forward is kind.forward:
            return reader
    return None


READERS: dict[Any, Callable[[Call, Tensor, int], list[Term]]] = {
    nn.Linear: torch_readers.linear,
    nn.Conv1d: torch_readers.convolution,
    nn.Conv2d: torch_readers.convolution,
    nn.Conv3d: torch_readers.convolution,
    nn.Embedding: torch_readers.embedding,
    nn.LayerNorm: torch_readers.norm_of_last_axes,
    nn.RMSNorm: torch_readers.norm_of_last_axes,
    nn.GroupNorm: torch_readers.norm_of_channels,
    nn.MultiheadAttention: torch_attention.attention,
    nn.modules.batchnorm._BatchNorm: torch_readers.norm_of_channels,
    nn.modules.instancenorm._InstanceNorm: torch_readers.norm_of_channels,
}
