"""The one training loop: hash-ordered batches, any objective, a recorder, checkpoints."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array, Ints
from samplewise.core.errors import InputError, name_rows
from samplewise.core.randomness import Hashes, derive_seed, key_hashes, uniform_from_hashes
from samplewise.engine.models.dynamics_recorder import DynamicsRecorder
from samplewise.engine.models.learner import Objective
from samplewise.engine.models.torch_answers import called, outputs_of
from samplewise.engine.models.torch_inputs import as_inputs
from samplewise.engine.models.torch_loss_functions import (
    ReplacesGradient,
    WatchesModule,
    require_row_losses,
    two_columns,
)
from samplewise.engine.models.torch_optimizers import Optimizer, Schedule, make_optimizer, rate_factor
from samplewise.engine.models.torch_state import packed, read_tensors, unpacked, write_tensors


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """What a `progress` callback gets after every epoch."""

    epoch: int  # from 1
    epochs: int
    loss: float  # mean over the rows, as computed in training
    seconds: float  # this epoch took


EpochProgress = Callable[[EpochEnd], None]


@dataclass(frozen=True, slots=True)
class Regime:
    """How the weights are moved: the settings of `TorchLearner` the loop needs."""

    epochs: int
    batch: int
    rate: float
    optimizer: Optimizer
    schedule: Schedule
    momentum: float | None
    decay: float


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """The n rows of one fit as tensors; a row's position here is what an objective gets."""

    inputs: Tensor  # (n, ...) encoded, bytes where 255 stands for 1
    labels: Tensor  # (n,) codes, or numbers of spread 1
    weights: Tensor | None  # (n,) of mean 1
    ids: Array  # (n,)
    outputs: int  # c a module must give
    classes: int  # 0 for regression

    @cached_property
    def hashes(self) -> Hashes:
        """(n,) of the ids."""
        return key_hashes(self.ids)

    def epoch(self, seed: int, epoch: int, batch: int) -> list[Ints]:
        """Batches of at most `batch` rows, all of nearly one size, in an order fixed by (seed, epoch, id)."""
        order = np.lexsort((self.hashes, uniform_from_hashes(seed, self.hashes, f"epoch {epoch}")))
        return list(np.array_split(order, -(-len(order) // batch)))


@dataclass(eq=False)
class TrainingLoop:
    """The training of one module."""

    module: nn.Module
    rows: TrainingRows
    objective: Objective
    regime: Regime
    seed: int
    recorder: DynamicsRecorder | None = None
    losses: list[float] = field(default_factory=list)  # of each epoch so far

    def __post_init__(self) -> None:
        """The optimizer moves the module's weights and whatever else the objective trains."""
        trained = [weights for weights in self.module.parameters() if weights.requires_grad]
        self.optimizer = make_optimizer(
            self.regime.optimizer, [*trained, *self.objective.parameters()],
            rate=self.regime.rate, momentum=self.regime.momentum, decay=self.regime.decay,
        )  # fmt: skip
        if isinstance(self.objective, WatchesModule):
            self.objective.watch(self.module)
        self._replaced = self.objective if isinstance(self.objective, ReplacesGradient) else None
        self._rates = [group["lr"] for group in self.optimizer.param_groups]

    def run(self, progress: EpochProgress | None = None, checkpoint: Path | None = None, name: str = "") -> None:
        """All epochs that are left; with a checkpoint, from the state in the file."""
        if checkpoint is not None and checkpoint.exists():
            self.resume(checkpoint, name)
        for epoch in range(len(self.losses) + 1, self.regime.epochs + 1):
            began = time.perf_counter()
            torch.manual_seed(derive_seed(self.seed, "epoch", epoch))  # so that nothing random need be kept in a file
            self.losses.append(self._epoch(epoch))
            if checkpoint is not None:
                self.keep(checkpoint, name)
            if progress is not None:
                progress(EpochEnd(epoch, self.regime.epochs, self.losses[-1], time.perf_counter() - began))

    def _epoch(self, epoch: int) -> float:
        batches = self.rows.epoch(self.seed, epoch, self.regime.batch)
        self.module.train()
        if isinstance(self.objective, nn.Module):
            self.objective.train()
        total = 0.0
        for index, batch in enumerate(batches):
            step, steps = (epoch - 1) * len(batches) + index, self.regime.epochs * len(batches)
            factor = rate_factor(self.regime.schedule, step, steps)
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * factor
            total += self._step(batch, epoch)
        self.module.eval()
        self._require_finite_weights(epoch)
        if self.recorder is not None and self.recorder.counted == "epoch_end":
            outputs = outputs_of(self.module, self.rows.inputs, classes=self.rows.classes)
            self.recorder.update(np.arange(len(outputs)), outputs, self.rows.labels.cpu(), epoch)
        return total / len(self.rows.ids)

    def _step(self, batch: Ints, epoch: int) -> float:
        """Move the weights once; the sum of the batch's losses."""
        chosen = torch.from_numpy(batch)
        inputs = as_inputs(self.rows.inputs[chosen], self.module)
        rows = chosen.to(inputs.device)
        labels = self.rows.labels[rows]
        outputs = self._answered(inputs)
        if labels.is_floating_point():
            labels = labels.to(outputs.dtype)
        self.optimizer.zero_grad(set_to_none=True)
        losses = self._backward(outputs, labels, rows, inputs)
        self._require_finite(losses, batch, epoch)
        if self.recorder is not None and self.recorder.counted == "in_batch":
            self.recorder.update(batch, outputs.detach().cpu(), labels.cpu(), epoch)
        self.optimizer.step()
        return float(losses.sum())

    def _backward(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Gradients of the batch's mean loss, or those the objective gives instead; losses (b,) detached."""
        weights = torch.ones_like(outputs[:, 0]) if self.rows.weights is None else self.rows.weights[rows]
        weights = (weights / len(rows)).to(outputs.dtype)
        seen = outputs if self._replaced is None else outputs.detach()  # no label reaches the module by the loss then
        losses = require_row_losses(self.objective.loss(seen, labels, rows, inputs), len(rows))
        if losses.requires_grad:
            torch.autograd.backward((weights * losses).sum())
        if self._replaced is not None:
            gradient = self._replaced.output_gradient(seen, labels, rows, inputs).detach()
            torch.autograd.backward(outputs, weights[:, None] * gradient)
        return losses.detach()

    def _answered(self, inputs: Tensor) -> Tensor:
        outputs = two_columns(called(self.module, inputs), self.rows.classes)
        if outputs.shape[1] != self.rows.outputs:
            raise InputError(
                "the module gives another number of outputs than the labels need",
                got=f"{outputs.shape[1]} outputs, {self.rows.outputs} {'classes' if self.rows.classes else 'needed'}",
                fix="take the number from make_module(shape, outputs)",
            )  # fmt: skip
        return outputs

    def _require_finite(self, losses: Tensor, batch: Ints, epoch: int) -> None:
        finite = torch.isfinite(losses).cpu().numpy()
        if not finite.all():
            self._diverged(epoch, name_rows(self.rows.ids[batch[~finite]].tolist()))

    def _require_finite_weights(self, epoch: int) -> None:
        if not all(bool(torch.isfinite(weights).all()) for weights in self.module.parameters()):
            self._diverged(epoch, "the weights after its last step")

    def _diverged(self, epoch: int, where: str) -> None:
        raise InputError(
            "training ran into NaN or infinity", where=f"epoch {epoch} of {self.regime.epochs}, {where}",
            got=f"rate={self.regime.rate:g}", fix=f"use a smaller rate: rate={self.regime.rate / 10:g}",
        )  # fmt: skip

    def keep(self, checkpoint: Path, name: str) -> None:
        """Write all that the next epoch depends on."""
        state = {
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "objective": self.objective.state_dict() if hasattr(self.objective, "state_dict") else {},
            "recorder": {} if self.recorder is None else self.recorder.state(),
            "losses": self.losses,
        }
        tensors, text = packed(state)
        write_tensors(checkpoint, tensors, {"fit": name, "state": text})

    def resume(self, checkpoint: Path, name: str) -> None:
        """Take up the state of a file that belongs to this very fit."""
        tensors, facts = read_tensors(checkpoint)
        if facts.get("fit") != name:
            raise InputError(
                "this checkpoint belongs to another fit: other rows, labels, settings or seed", where=str(checkpoint),
                fix="name another file, or delete this one to start anew",
            )  # fmt: skip
        state = unpacked(tensors, facts["state"])
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        if hasattr(self.objective, "load_state_dict"):
            self.objective.load_state_dict(state["objective"])
        if self.recorder is not None:
            self.recorder.restore(state["recorder"])
        self.losses = list(state["losses"])


_TURN = threading.RLock()  # torch draws from one state per process: fits in threads take turns


@contextmanager
def reproducible(seed: int, device: str, threads: int) -> Iterator[None]:
    """Torch's random state, thread count and choice of kernels fixed inside, as they were outside."""
    cuda = device.startswith("cuda")
    devices = [torch.device(device).index or 0] if cuda else []
    with _TURN, torch.random.fork_rng(devices), _sure_kernels() if cuda else nullcontext():
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@contextmanager
def _sure_kernels() -> Iterator[None]:
    """Kernels on a GPU that add in a fixed order, where torch has them; it warns where it has none."""
    strict, warns = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warns)


def as_weights(weights: Sequence[float] | Array | None) -> Tensor | None:
    """Row weights (n,) scaled to a mean of 1, so that the rate means what it means without them."""
    if weights is None:
        return None
    held = np.asarray(weights, dtype=np.float64)
    if not held.sum() > 0:
        raise InputError("all rows have weight 0", got=f"{len(held)} rows", fix="give some rows a positive weight")
    return torch.from_numpy(held / held.mean())
