"""The effect of every row on a prediction: the derivative by its weight, through every step of training."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.modules import batchnorm, dropout

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.randomness import derive_seed, hashed_uniform
from samplewise.core.results import Result, Table
from samplewise.core.values import Attribution
from samplewise.data.inputs import as_second
from samplewise.engine.models.torch_answers import called
from samplewise.engine.models.torch_inputs import as_inputs
from samplewise.engine.models.torch_learner import TorchLearner
from samplewise.engine.models.torch_training import reproducible
from samplewise.influence.attribution.torch_replay import Replay, Weights

AttributedQuantity = Literal["auto", "margin", "loss", "output"]
TARGETS = ("auto", "margin", "loss", "output")
QUERY_BYTES = 4e8  # for the adjoints of the queries that go back together, five arrays of the weights' size for each
NUDGES = (1e-3, 1e-2, 1e-1)
TOLERATED = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Smoothness(Result):
    """Whether a training run responds to small changes of its row weights as its derivative predicts."""

    nudges: Floats  # (e,) sizes of the change of the row weights, along one random direction
    slopes: Floats  # (e, m) change of the target at each query per unit, from two trainings each
    exact: Floats  # (m,) the same by the derivative
    factor: float  # largest factor between slopes and derivative; 1 is smooth, infinity another direction

    @property
    def smooth(self) -> bool:
        """Whether every slope agrees with the derivative to a factor of two."""
        return self.factor <= TOLERATED

    def _sentences(self) -> Iterable[str]:
        yield f"Slopes and derivative differ by a factor of up to {self.factor:.3g};"
        yield (
            "the training is smooth enough to be attributed."
            if self.smooth
            else ("the training jumps: its derivative does not predict what leaving rows out does.")
        )

    def _table(self) -> Table:
        columns = {"nudge": self.nudges, "mean_slope": self.slopes.mean(axis=1)}
        return Table(columns | {"derivative": np.full(len(self.nudges), self.exact.mean())}, index="nudge")


@checked
def unrolled_attribution(
    data: Any,
    queries: Any,
    *,
    learner: TorchLearner,
    target: AttributedQuantity = "auto",
    seed: int = 0,
    check: bool = True,
) -> Attribution:
    """What every training row did to a target at every query, in the target's unit, through every step of training.

    S[q, i] = d f_q(theta_T) / d w_i with w_i the weight of row i in each batch it was in, by reverse mode through
    gradient descent with momentum; to first order f with the row minus f without it.

    Args:
        data: n labeled rows, a `Dataset` or (X, y).
        queries: m labeled rows, a `Dataset` or (X, y).
        learner: a `TorchLearner` with optimizer="sgd" and a loss of single rows.
        target: "margin" (log odds of the query's label), "loss", "output" (a predicted number); "auto" is margin for
            classes and output for numbers.
        seed: of the training: the run examined is `learner.fit(data, seed=seed)`.
        check: train six times more with nudged row weights, and warn where the answers disagree by over a factor of 2.

    Returns:
        Attribution (m, n), larger means the row raises the target.

    Raises:
        InputError: another optimizer, an objective, a module that mixes rows or draws at random, an unknown target.

    Cost: about 4 passes of the training for each query; memory for 2 sqrt(steps) copies of the weights.
    Not for: long runs with kinks (ReLU at high rates): the derivative is then exact and of no use, as `check` reports.
    Source: maclaurin2015, ilyas2025.

    >>> from functools import partial
    >>> X, y = np.repeat([[0.0], [1.0]], 10, axis=0), np.repeat([0, 1], 10)
    >>> learner = TorchLearner(partial(torch.nn.Linear, 1, 2), epochs=3, rate=0.1, optimizer="sgd")
    >>> unrolled_attribution((X, y), (X[:1], y[:1]), learner=learner).values.shape
    (1, 20)
    """
    run = _opened(learner, data, queries, target, seed)
    with reproducible(derive_seed(seed, "training"), learner.device, learner.threads):
        values = run.values()
        found = run.smoothness(values) if check else None
    if found is not None and not found.smooth:
        warnings.warn(
            f"this training is not smooth: nudged row weights move the queries {found.factor:.2g} times more or less "
            "than the derivative says, so the values may predict retraining badly; a smaller rate or a smooth "
            "activation helps, and influence.Attributor does not depend on it",
            stacklevel=2,
        )
    return Attribution(values, run.queried.ids, run.replay.training.rows.ids, run.target)


@checked
def training_smoothness(
    data: Any,
    queries: Any,
    *,
    learner: TorchLearner,
    target: AttributedQuantity = "auto",
    seed: int = 0,
) -> Smoothness:
    """How far a training departs from its derivative when row weights are nudged by 0.001, 0.01 and 0.1 (a factor).

    slope_e = (f_q(1 + e u) - f_q(1 - e u)) / (2 e) along one random direction u of signs over the rows; compared over
    all queries with the derivative along u, in size and by its projection on the derivative.

    Args, Raises and Source: as `unrolled_attribution`.

    Returns:
        `Smoothness`; a factor near 1 means that first-order values predict small changes, above 2 that they may not.

    Cost: 7 trainings and one `unrolled_attribution`.

    >>> from functools import partial
    >>> X, y = np.repeat([[0.0], [1.0]], 10, axis=0), np.repeat([0, 1], 10)
    >>> learner = TorchLearner(partial(torch.nn.Linear, 1, 2), epochs=3, rate=0.1, optimizer="sgd")
    >>> training_smoothness((X, y), (X[:1], y[:1]), learner=learner).smooth
    True
    """
    run = _opened(learner, data, queries, target, seed)
    with reproducible(derive_seed(seed, "training"), learner.device, learner.threads):
        return run.smoothness(run.values())


@dataclass(frozen=True, slots=True, eq=False)
class _Queried:
    """Rows whose target is attributed, as the module takes them."""

    inputs: Tensor
    labels: Tensor
    ids: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Unrolled:
    """One training run, and the targets evaluated at its last weights."""

    replay: Replay
    queried: _Queried
    target: str
    scale: float  # of one unit of the module's output, in the label's unit

    def values(self) -> Floats:
        """(m, n) derivative of each target by each row's weight."""
        row_weights = self._ones()
        states, last = self.replay.kept(row_weights)
        size = sum(value.numel() * value.element_size() for value in last.values())
        at_once = max(1, int(QUERY_BYTES / (5 * size)))
        found = []
        for start in range(0, len(self.queried.ids), at_once):
            part = slice(start, start + at_once)
            pull = vmap(grad(self._of_one), in_dims=(None, 0, 0))(
                last, self.queried.inputs[part], self.queried.labels[part]
            )
            found.append(self.replay.row_effects(states, row_weights, pull).cpu().numpy())
        return np.concatenate(found).astype(np.float64)

    def smoothness(self, values: Floats) -> Smoothness:
        """Slopes along a random direction of signs against the derivative."""
        direction = np.where(hashed_uniform(0, self.replay.training.rows.ids, "nudge") < 0.5, -1.0, 1.0)
        moved = torch.from_numpy(direction).to(self._ones())
        slopes = []
        for nudge in NUDGES:
            above, below = (self._after(self._ones() + sign * nudge * moved) for sign in (1, -1))
            slopes.append((above - below) / (2 * nudge))
        exact = values @ direction
        return Smoothness(np.array(NUDGES), np.array(slopes), exact, _largest_factor(np.array(slopes), exact))

    def _after(self, row_weights: Tensor) -> Floats:
        """(m,) targets after a training with these row weights."""
        last = self.replay.run(row_weights)
        found = vmap(self._of_one, in_dims=(None, 0, 0))(last, self.queried.inputs, self.queried.labels)
        return found.detach().cpu().numpy().astype(np.float64)

    def _of_one(self, weights: Weights, inputs: Tensor, label: Tensor) -> Tensor:
        """The target at one row."""
        outputs = self.replay.outputs(weights, inputs[None])
        if self.target == "output":
            return self.scale * outputs[0, 0]
        if self.target == "loss":
            return self.replay.training.objective.loss(outputs, label[None], label[None], inputs[None])[0]
        own = torch.arange(outputs.shape[1], device=outputs.device) == label
        others = outputs[0].masked_fill(own, -torch.inf)
        return (outputs[0] * own).sum() - torch.logsumexp(others, dim=0)

    def _ones(self) -> Tensor:
        first = next(value for value in self.replay.training.module.parameters() if value.requires_grad)
        return torch.ones(len(self.replay.training.rows.ids), dtype=first.dtype, device=first.device)


def _largest_factor(slopes: Floats, exact: Floats) -> float:
    """The largest factor, up or down, between slopes (e, m) and the derivative (m,), in size and projection."""
    length = float(np.linalg.norm(exact))
    if length == 0:
        return 1.0 if not slopes.any() else np.inf
    ratios = np.r_[np.linalg.norm(slopes, axis=1) / length, slopes @ exact / length**2]
    return float(np.max(np.maximum(ratios, 1.0 / ratios))) if (ratios > 0).all() else np.inf


def _opened(learner: TorchLearner, data: Any, queries: Any, target: AttributedQuantity, seed: int) -> _Unrolled:
    """The training to be differentiated, and the queries as its module takes them."""
    _require_plain(learner)
    rows, wanted = as_second(data, "data"), as_second(queries, "queries")
    with reproducible(derive_seed(seed, "weights"), learner.device, learner.threads):
        training, fitted = learner.unstarted(rows, seed=seed)
    _require_separate_rows(training.module)
    called(training.module, as_inputs(training.rows.inputs[:2], training.module))  # refuses outputs of another kind
    inputs, labels = fitted.encoded(wanted)
    queried = _Queried(inputs, cast(Tensor, labels), wanted.ids)
    return _Unrolled(Replay(training), queried, _chosen(target, training.rows.classes), fitted.scale)


def _chosen(target: AttributedQuantity, classes: int) -> str:
    if target not in TARGETS:
        raise unknown_name("target", target, TARGETS)
    named = target if target != "auto" else ("margin" if classes else "output")
    if (named == "margin") != bool(classes) and named != "loss":
        raise InputError(
            "margins are of classes, and outputs of numbers", got=f"target={target!r}, {classes or 'no'} classes",
            fix=f"use target={'margin' if classes else 'output'!r}, or 'loss'",
        )  # fmt: skip
    return named


def _require_plain(learner: Any) -> None:
    if not isinstance(learner, TorchLearner):
        raise InputError(
            "only the training of a TorchLearner can be differentiated step by step", where="learner",
            got=type(learner).__name__,
            fix="pass TorchLearner(make_module, optimizer='sgd'); for a trained module use influence.Attributor",
        )  # fmt: skip
    if learner.optimizer != "sgd" or learner.make_objective is not None:
        raise InputError(
            "only gradient descent with momentum on a loss of single rows is differentiated",
            got=f"optimizer={learner.optimizer!r}" + (", make_objective" if learner.make_objective else ""),
            fix="use TorchLearner(..., optimizer='sgd') without make_objective",
        )  # fmt: skip


def _require_separate_rows(module: torch.nn.Module) -> None:
    """Refuse layers that mix the rows of a batch, and layers that draw at random."""
    for name, layer in module.named_modules():
        drawing = isinstance(layer, dropout._DropoutNd) and layer.p > 0
        if drawing or isinstance(layer, batchnorm._BatchNorm):
            raise InputError(
                "a row has no derivative of its own through this layer", where=f"layer {name!r}",
                got=type(layer).__name__, fix="use LayerNorm or GroupNorm for BatchNorm, and no Dropout",
            )  # fmt: skip
