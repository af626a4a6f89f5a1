"""A network that may only move in a random subspace of its weights, trained by the one training loop."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from samplewise.core.errors import InputError
from samplewise.core.machine import usable_memory
from samplewise.core.randomness import generator
from samplewise.engine.models.torch_learner import TorchLearner, wants_shape


class SubspaceModule(nn.Module):
    """A module at weights start + basis @ coordinates, of which only the d coordinates are trained; they start at 0.

    The columns of the basis are orthonormal and random; those of a smaller d are the first of a larger one.

    Args:    inner: holds p weights and its start.   size: d, from 1 to p.   seed: of the basis.
    Raises:  InputError for a size out of range, weights of several kinds, or a basis that does not fit in memory.
    Cost:    O(p d^2) once, O(p d) more per step; memory p d.
    Not for: p d beyond main memory.
    Source:  li2018.

    >>> module = SubspaceModule(nn.Linear(3, 2), 4, seed=0)
    >>> (module.basis.T @ module.basis).round(decimals=4).tolist() == np.eye(4).tolist()
    True
    """

    start: Tensor  # (p,)
    basis: Tensor  # (p, d)

    def __init__(self, inner: nn.Module, size: int, seed: int) -> None:
        super().__init__()
        moved = {name: held for name, held in inner.named_parameters() if held.requires_grad}
        whole = sum(held.numel() for held in moved.values())
        _require_fit(moved, whole, size)
        self._shapes = {name: held.shape for name, held in moved.items()}
        first = next(iter(moved.values()))
        draws = generator(seed, "subspace").normal(size=(size, whole))
        self.register_buffer("basis", torch.as_tensor(np.linalg.qr(draws.T)[0]).to(first))
        self.register_buffer("start", torch.cat([held.detach().reshape(-1) for held in moved.values()]))
        self.inner = inner.requires_grad_(False)
        self.coordinates = nn.Parameter(torch.zeros(size).to(first))

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Outputs of the inner module at the moved weights."""
        flat = self.start + self.basis @ self.coordinates
        parts = torch.split(flat, [shape.numel() for shape in self._shapes.values()])
        state = {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}
        return functional_call(self.inner, state, inputs, named)

    def quantize(self) -> None:
        """Keep 16 bits of every coordinate."""
        with torch.no_grad():
            self.coordinates.copy_(self.coordinates.half())


def in_subspace(learner: TorchLearner, size: int, seed: int, whole: int) -> TorchLearner:
    """The learner, its modules confined to a random subspace.

    Adam moves every coordinate by about its rate; the rate is multiplied by sqrt(p / d), so that a weight moves as far
    as in the whole space.

    Args:    size: d.   seed: of the basis; weights are drawn as in a whole fit.   whole: p.
    Cost:    as `SubspaceModule`.   Source: li2018.
    """
    stretch = math.sqrt(whole / size) if learner.optimizer in ("adam", "adamw") else 1.0
    shaped = wants_shape(learner.make_module)
    return replace(
        learner, make_module=partial(_of_shape if shaped else _of_nothing, learner.make_module, size, seed),
        rate=learner.rate * stretch,
    )  # fmt: skip


def _of_nothing(make_module: Any, size: int, seed: int) -> SubspaceModule:
    return SubspaceModule(make_module(), size, seed)


def _of_shape(make_module: Any, size: int, seed: int, shape: tuple[int, ...], outputs: int) -> SubspaceModule:
    return SubspaceModule(make_module(shape, outputs), size, seed)


def _require_fit(moved: dict[str, nn.Parameter], whole: int, size: int) -> None:
    if not 1 <= size <= whole:
        raise InputError(
            "a subspace has from one dimension to as many as there are weights", got=f"{size} of {whole} weights",
            fix=f"use dimensions from 1 to {whole}",
        )  # fmt: skip
    if len({(held.dtype, held.device) for held in moved.values()}) > 1:
        raise InputError("the weights are of several kinds", got="several dtypes or devices", fix="module.float()")
    widest = int(usable_memory() / 2 / 16 / whole)  # twice while they are made
    if size > widest:
        raise InputError(
            "the random directions do not fit in memory", got=f"{whole:,} weights times {size:,} dimensions",
            fix=f"grid=[...] of at most {widest:,} dimensions, or a smaller network",
        )  # fmt: skip
