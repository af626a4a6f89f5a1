"""A training run as a function of its row weights: run forward, stored at a few steps, differentiated backward."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.func import functional_call, grad, jvp, vmap

from samplewise.core.arrays import Ints
from samplewise.engine.models.torch_inputs import as_inputs
from samplewise.engine.models.torch_loss_functions import require_row_losses, two_columns
from samplewise.engine.models.torch_optimizers import MOMENTUM, rate_factor
from samplewise.engine.models.torch_training import TrainingLoop

Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class ReplayState:
    """Weights and their velocity after some steps."""

    weights: Weights
    velocity: Weights


@dataclass(frozen=True, eq=False)
class Replay:
    """The steps of a `TrainingLoop` by gradient descent with momentum, as functions of weights and row weights."""

    training: TrainingLoop

    @cached_property
    def batches(self) -> list[Ints]:
        """Rows of every step, in order."""
        rows, regime = self.training.rows, self.training.regime
        epochs = (rows.epoch(self.training.seed, epoch, regime.batch) for epoch in range(1, regime.epochs + 1))
        return [batch for epoch in epochs for batch in epoch]

    @property
    def momentum(self) -> float:
        """Share of the velocity that stays."""
        return MOMENTUM if self.training.regime.momentum is None else self.training.regime.momentum

    def rate(self, step: int) -> float:
        """Learning rate at a step."""
        regime = self.training.regime
        return regime.rate * rate_factor(regime.schedule, step, len(self.batches))

    def outputs(self, weights: Weights, inputs: Tensor) -> Tensor:
        """(b, c) outputs at some weights; what is not trained stays as the module holds it."""
        return two_columns(functional_call(self.training.module, weights, (inputs,)), self.training.rows.classes)

    def losses(self, weights: Weights, batch: Ints) -> Tensor:
        """(b,) what each row of a batch adds to the batch's mean loss."""
        rows = self.training.rows
        chosen = torch.from_numpy(batch).to(rows.inputs.device)
        inputs = as_inputs(rows.inputs[chosen], self.training.module)
        outputs, labels = self.outputs(weights, inputs), rows.labels[chosen]
        labels = labels.to(outputs.dtype) if labels.is_floating_point() else labels
        losses = require_row_losses(self.training.objective.loss(outputs, labels, chosen, inputs), len(batch))
        return losses / len(batch) if rows.weights is None else rows.weights[chosen].to(losses) * losses / len(batch)

    def first(self) -> ReplayState:
        """Initial weights, with zero velocity."""
        trained = {k: v.detach().clone() for k, v in self.training.module.named_parameters() if v.requires_grad}
        return ReplayState(trained, {name: torch.zeros_like(value) for name, value in trained.items()})

    def after(self, state: ReplayState, step: int, row_weights: Tensor) -> ReplayState:
        """The state after one step: v <- momentum v + gradient + decay w, then w <- w - rate v."""
        batch, decay = self.batches[step], self.training.regime.decay
        counted = row_weights[torch.from_numpy(batch)]
        slopes = grad(lambda weights: (counted * self.losses(weights, batch)).sum())(state.weights)
        velocity = {k: self.momentum * state.velocity[k] + slopes[k] + decay * w for k, w in state.weights.items()}
        rate = self.rate(step)
        return ReplayState({k: w - rate * velocity[k] for k, w in state.weights.items()}, velocity)

    def run(self, row_weights: Tensor) -> Weights:
        """Last weights of a whole training."""
        state = self.first()
        for step in range(len(self.batches)):
            state = self.after(state, step, row_weights)
        return state.weights

    def kept(self, row_weights: Tensor) -> tuple[list[ReplayState], Weights]:
        """The state at every sqrt(steps)-th step, and the last weights."""
        state, states = self.first(), []
        for step in range(len(self.batches)):
            if step % self.stride == 0:
                states.append(state)
            state = self.after(state, step, row_weights)
        return states, state.weights

    @property
    def stride(self) -> int:
        """Steps between two states that are kept."""
        return max(1, math.isqrt(len(self.batches)))

    def backwards(self, states: list[ReplayState], row_weights: Tensor) -> Iterator[tuple[int, Weights]]:
        """Step and the weights it started from, the last step first; steps between kept states are taken again."""
        for number in reversed(range(len(states))):
            start = number * self.stride
            steps = range(start, min(start + self.stride, len(self.batches)))
            state, weights = states[number], []
            for step in steps:
                weights.append(state.weights)
                if step + 1 < steps.stop:
                    state = self.after(state, step, row_weights)
            yield from zip(reversed(steps), reversed(weights), strict=True)

    def row_effects(self, states: list[ReplayState], row_weights: Tensor, pull: Weights) -> Tensor:
        """(m, n) derivative by every row's weight of what has the derivative `pull` (m, ...) by the last weights.

        With l the adjoint of the weights and v that of the velocity, a step back is v <- v - rate l, then row i of the
        batch gains grad loss_i . v, l <- l + (H + decay) v and v <- momentum v.
        """
        count = len(next(iter(pull.values())))
        effects = row_weights.new_zeros(count, len(row_weights))
        speed = {name: torch.zeros_like(value) for name, value in pull.items()}
        decay = self.training.regime.decay
        for step, weights in self.backwards(states, row_weights):
            batch, rate = self.batches[step], self.rate(step)
            speed = {name: speed[name] - rate * pull[name] for name in pull}
            curved, gained = self._bent(weights, batch, row_weights, speed)
            effects[:, torch.from_numpy(batch)] += gained
            pull = {name: pull[name] + curved[name] + decay * speed[name] for name in pull}
            speed = {name: self.momentum * value for name, value in speed.items()}
        return effects

    def _bent(
        self, weights: Weights, batch: Ints, row_weights: Tensor, directions: Weights
    ) -> tuple[Weights, Tensor]:  # fmt: skip
        """Curvature of the batch's loss along each of m directions, and each row's slope along it (m, b)."""
        counted = row_weights[torch.from_numpy(batch)]

        def slope(at: Weights, along: Weights) -> tuple[Tensor, Tensor]:
            slopes = jvp(lambda held: self.losses(held, batch), (at,), (along,))[1]
            return (counted * slopes).sum(), slopes

        bent: tuple[Weights, Tensor] = vmap(grad(slope, has_aux=True), in_dims=(None, 0))(weights, directions)
        return bent
