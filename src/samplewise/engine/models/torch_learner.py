"""A torch network as a learner: made anew for every fit, trained by the one loop."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from samplewise.core.arguments import checked_fields
from samplewise.core.arrays import Array, Floats, Ints, fingerprint
from samplewise.core.errors import InputError, name_rows, require_amount, unknown_name
from samplewise.core.randomness import derive_seed, key_hashes
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target, describe_target
from samplewise.engine.models.dynamics_recorder import DynamicsRecorder
from samplewise.engine.models.function_fingerprint import identity_of
from samplewise.engine.models.learner import Fit, Objective
from samplewise.engine.models.torch_answers import outputs_of
from samplewise.engine.models.torch_fitted import FittedTorch, finite_outputs
from samplewise.engine.models.torch_inputs import ENCODINGS, TensorEncoder, TensorEncoding, as_inputs, resolved
from samplewise.engine.models.torch_loss_functions import PlainObjective, RowLoss, row_loss
from samplewise.engine.models.torch_optimizers import Optimizer, Schedule, check_optimizer, rate_factor
from samplewise.engine.models.torch_state import require_suffix
from samplewise.engine.models.torch_training import (
    EpochProgress,
    Regime,
    TrainingLoop,
    TrainingRows,
    as_weights,
    reproducible,
)


@checked_fields
@dataclass(frozen=True, eq=False)
class TorchLearner:
    """A torch network still to be trained, for `audit(learner=...)`, refits and every method that fits.

    Each step moves the weights against the gradient of the batch's mean loss. Batches follow hash(seed, epoch, id), so
    the order of the rows changes nothing; same seed, same bits, in this process or in a worker of a pool.

    Args:
        make_module: a function that returns a fresh `torch.nn.Module`: without arguments, or from the shape of one
            encoded row and the number of outputs, such as `dense_network`. A lambda will do, in worker processes too;
            never a module: those are trained already.
        epochs: passes over the rows.   batch: rows per step at the most; batches of an epoch differ by one row.
        rate: learning rate at its peak.
        optimizer: "sgd", "adam", "adamw", or a callable (parameters, rate) -> torch.optim.Optimizer.
        schedule: "cosine" (to zero), "constant", or a callable (step, steps) -> share of the rate.
        momentum: of "sgd", default 0.9.   decay: weight decay.
        loss: "auto" (cross-entropy for classes, half the squared error for numbers), either by name, or a callable
            (outputs (b, c), labels (b,)) -> losses (b,).
        make_objective: makes the `Objective` of each fit, where a loss is not enough.
        encoding: "auto" (tables as points of one scale, pictures as 0..1 with channels first), "space", "raw" (numbers
            as they are) or "tokens" (whole numbers).
        device: "cpu", "cuda", "cuda:1", ...   threads: of torch in one fit; more than 1 may change the last bits.

    Raises:
        InputError: a trained module, an unknown name, or a setting that could have no effect.

    Cost: epochs passes forward and back; single fits on small data take about a second.
    Not for: modules that return anything but logits (b, c), or numbers (b, 1).
    Source: docs/decisions/0008.

    >>> from samplewise.engine.models import dense_network
    >>> X = np.repeat([[0.0], [5.0]], 40, axis=0) + np.linspace(-1, 1, 80)[:, None]
    >>> fitted = TorchLearner(dense_network, epochs=5, rate=0.01).fit(Dataset(X, np.repeat(["a", "b"], 40)), seed=0)
    >>> fitted.classes[fitted.outputs(X[[0, -1]]).argmax(axis=1)].tolist()
    ['a', 'b']
    """

    make_module: Callable[..., nn.Module]
    epochs: int = 20
    batch: int = 64
    rate: float = 1e-3
    optimizer: Optimizer = "adam"
    schedule: Schedule = "cosine"
    momentum: float | None = None
    decay: float = 0.0
    loss: str | RowLoss = "auto"
    make_objective: Callable[[], Objective] | None = None
    encoding: TensorEncoding = "auto"
    device: str = "cpu"
    threads: int = 1
    closed_form = False

    def __post_init__(self) -> None:
        """Refuse settings no fit could use."""
        if isinstance(self.make_module, nn.Module) or not callable(self.make_module):
            raise InputError(
                "a learner makes a fresh module for every fit, and this is no function that makes one",
                got=type(self.make_module).__name__,
                fix="pass a function that returns a new module; a trained module goes to "
                "audit(embeddings=embeddings_of(module, X))",
            )
        for name in ("epochs", "batch", "rate", "threads"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive", got=f"{name}={getattr(self, name)}", fix=f"{name}=1 or so")
        if self.encoding not in ENCODINGS:
            raise unknown_name("encoding", self.encoding, ENCODINGS)
        require_amount(self.decay, "decay", zero=True)
        check_optimizer(self.optimizer, self.momentum, self.decay)
        rate_factor(self.schedule, 0, 1)
        row_loss(self.loss, 2)
        if self.make_objective is not None and self.loss != "auto":
            raise InputError(
                "an objective has its own loss", got=f"loss={self.loss!r} with make_objective",
                fix="leave loss out",
            )  # fmt: skip
        _require_device(self.device)

    @property
    def name(self) -> str:
        """How reports call it."""
        inner = getattr(self.make_module, "func", self.make_module)  # of a partial
        return f"torch network ({getattr(inner, '__name__', type(inner).__name__)})"

    def fingerprint(self) -> str:
        """A name for the code that makes the module and the settings; where a fit runs does not enter."""
        made = [self.make_module, self.optimizer, self.schedule, self.loss, self.make_objective]
        settings = (self.epochs, self.batch, self.rate, self.momentum, self.decay, self.encoding)
        return fingerprint("TorchLearner", [identity_of(part) if callable(part) else part for part in made], settings)

    def fit(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None,
        recorder: DynamicsRecorder | None = None, checkpoint: str | Path | None = None,
        progress: EpochProgress | None = None,
    ) -> FittedTorch:  # fmt: skip
        """Train a fresh module on all rows, labels read as `target` says.

        `recorder` is updated as its `counted` says; `checkpoint` names a .safetensors file written after every epoch,
        from which the same fit continues; `progress` is called with an `EpochEnd` after every epoch.
        """
        training, fitted = self.unstarted(data, seed=seed, objective=objective, target=target)
        training.recorder = recorder
        path, name = None if checkpoint is None else Path(checkpoint), ""
        if path is not None:
            require_suffix(path)
            _require_state(training.objective)
            name = self._name_of(training, data)
        with reproducible(derive_seed(seed, "training"), self.device, self.threads):
            training.run(progress, path, name)
        return replace(fitted, losses=np.array(training.losses))

    def unstarted(
        self, data: Dataset, *, seed: int, objective: Objective | None = None, target: Target | None = None
    ) -> tuple[TrainingLoop, FittedTorch]:
        """The training that `fit` would carry out, at its first weights, and the answerer its module will have."""
        target = describe_target(data.y, ids=data.ids) if target is None else target
        if len(target) != len(data):
            raise InputError(
                "the target describes other rows than the data", got=f"{len(target)} codes for {len(data)} rows",
                fix="replace(target, codes=target.codes[rows])",
            )  # fmt: skip
        encoder = self._encoder(data)
        task = _Task(target, encoder(data.X), data.ids, data.weights)
        training = self._prepared(task, data, seed, objective)
        self._require_fresh(task, training.module)
        return training, FittedTorch(target.classes, training.module, encoder, *task.scale, np.empty(0))

    def fitter(self, data: Dataset, target: Target, *, blocks: Ints, space: Floats | None = None) -> "TorchFitter":
        """Encode the rows once; no label enters."""
        shared = resolved(self.encoding, data.X) == "space" and space is not None
        inputs = space if shared and space is not None else self._encoder(data)(data.X)
        task = _Task(target, inputs, data.ids, data.weights)
        with reproducible(0, self.device, self.threads):
            module = self._made(task)
        self._require_fresh(task, module)
        return TorchFitter(self, task, None if self.make_objective is None else data)

    def _name_of(self, training: TrainingLoop, data: Dataset) -> str:
        """A name for one fit: all that its state depends on, ids in their order for what is kept by position."""
        watched = training.recorder and (training.recorder.counted, training.recorder.error_epochs)
        pursued = identity_of(type(training.objective))
        labels = training.rows.labels.cpu().numpy()
        return fingerprint(self.fingerprint(), data.fingerprint(), data.ids, labels, training.seed, pursued, watched)

    def _encoder(self, data: Dataset) -> TensorEncoder:
        """Scales are sums over rows, so they are taken in one order of the ids, to the last bit."""
        if resolved(self.encoding, data.X) == "space":
            data = data.take(np.argsort(key_hashes(data.ids), kind="stable"))
        return TensorEncoder(self.encoding, data.X)

    def _prepared(self, task: "_Task", data: Dataset | None, seed: int, objective: Objective | None) -> TrainingLoop:
        """Module, objective and rows of one fit, its first weights drawn from the seed."""
        make_objective = self.make_objective
        if objective is None and make_objective is not None:
            objective = make_objective()
        with reproducible(derive_seed(seed, "weights"), self.device, self.threads):
            module = self._made(task)
            if objective is None:
                objective = PlainObjective(row_loss(self.loss, task.classes))
            elif data is not None:
                seen = replace(data, y=task.labels, weights=task.weights)
                objective.prepare(seen, lambda: self._made(task))
            if isinstance(objective, nn.Module):
                objective.to(self.device)
        rows = task.rows(module, self.device)
        regime = Regime(
            self.epochs, self.batch, self.rate, self.optimizer, self.schedule, self.momentum, self.decay
        )  # fmt: skip
        return TrainingLoop(module, rows, objective, regime, seed)

    def _made(self, task: "_Task") -> nn.Module:
        """A fresh module on the device; refuses what cannot be trained."""
        given = (tuple(task.inputs.shape[1:]), task.outputs) if wants_shape(self.make_module) else ()
        module = self.make_module(*given)
        if not isinstance(module, nn.Module):
            raise InputError("make_module must return a torch.nn.Module", got=type(module).__name__, fix="return it")
        if not any(weights.requires_grad for weights in module.parameters()):
            raise InputError(
                "the module has no weights to train", got=type(module).__name__, fix="leave requires_grad of some True"
            )
        return module.to(self.device)

    def _require_fresh(self, task: "_Task", module: nn.Module) -> None:
        """Refuse a function that returns the same module every time."""
        with reproducible(0, self.device, self.threads):
            again = self._made(task)
        if again is module:
            raise InputError(
                "make_module returned the same module twice, so a fit would start from the weights of another",
                got=type(module).__name__, fix="build the module inside the function",
            )  # fmt: skip


class TorchFitter:
    """One data set, encoded, for many fits of one network; goes to worker processes as arrays."""

    def __init__(self, learner: TorchLearner, task: "_Task", data: Dataset | None) -> None:
        """Keep what every fit needs; `data` only where an objective needs it."""
        self.learner, self.task, self.data = learner, task, data

    def outputs(self, fit: Fit, *, seed: int) -> Floats:
        """(q, c) outputs for the rows `fit.query` of a module trained on `fit.keep`."""
        rows = np.flatnonzero(fit.keep)
        task = self.task.at(rows, fit)
        kept = None if self.data is None else self.data.take(rows)
        training = self.learner._prepared(task, kept, seed, None)
        with reproducible(derive_seed(seed, "training"), self.learner.device, self.learner.threads):
            training.run()
            outputs = outputs_of(training.module, self.task.inputs[fit.query], classes=task.classes)
        center, scale = task.scale
        return finite_outputs(center + scale * outputs)


@dataclass(frozen=True, eq=False)
class _Task:
    """What one fit is trained on, as arrays: encoded rows and their labels."""

    target: Target
    inputs: Array  # (n, ...)
    ids: Array  # (n,)
    weights: Array | None

    @property
    def classes(self) -> int:
        """Number of classes; 0 for regression."""
        return 0 if self.target.classes is None else len(self.target.classes)

    @property
    def outputs(self) -> int:
        """Outputs a module must give."""
        return self.classes or 1

    @property
    def scale(self) -> tuple[float, float]:
        """Center and spread of the numbers to be predicted; sorted first, so that row order changes no bit."""
        if self.classes:
            return 0.0, 1.0
        ordered = np.sort(self.target.codes)
        return float(ordered.mean()), float(ordered.std()) or 1.0

    @property
    def labels(self) -> Array:
        """(n,) codes, or numbers of mean 0 and spread 1: what losses take."""
        center, scale = self.scale
        return self.target.codes if self.classes else (self.target.codes - center) / scale

    def at(self, rows: Ints, fit: Fit) -> "_Task":
        """The rows of one fit, with its labels and weights."""
        codes = self.target.codes if fit.codes is None else fit.codes
        weights = self.weights if fit.weights is None else fit.weights
        target = replace(self.target, codes=np.asarray(codes)[rows])
        return _Task(target, self.inputs[rows], self.ids[rows], None if weights is None else weights[rows])

    def rows(self, module: nn.Module, device: str) -> TrainingRows:
        """The same as tensors on the device; bytes stay bytes."""
        absent = np.isnan(self.target.codes) if not self.classes else self.target.codes < 0
        if absent.any():
            raise InputError(
                "some rows have no label", where=name_rows(self.ids[absent]), fix="data.keep(data.complete_ids())"
            )
        inputs = torch.from_numpy(np.require(self.inputs, requirements=["W", "C"])).to(device)
        if inputs.is_floating_point():
            inputs = as_inputs(inputs, module)
        weights = as_weights(self.weights)
        held = None if weights is None else weights.to(device)
        return TrainingRows(
            inputs, torch.from_numpy(self.labels).to(device), held, self.ids, self.outputs, self.classes
        )


def wants_shape(make_module: Callable[..., Any]) -> bool:
    """Whether a function takes (shape, outputs), or nothing."""
    try:
        given = inspect.signature(make_module).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [p for p in given if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(needed) not in (0, 2):
        raise InputError(
            "make_module takes nothing, or the shape of one row and the number of outputs",
            got=f"{len(needed)} arguments: {', '.join(p.name for p in needed)}",
            fix="fill the others with functools.partial",
        )  # fmt: skip
    return len(needed) == 2  # shape and outputs


def _require_state(objective: Objective) -> None:
    """Refuse to go on later with an objective whose networks and per-row state would be lost."""
    if not (isinstance(objective, PlainObjective) or hasattr(objective, "load_state_dict")):
        raise InputError(
            "this objective cannot be kept in a checkpoint", got=type(objective).__name__,
            fix="give it state_dict() and load_state_dict(state), or make it a torch.nn.Module",
        )  # fmt: skip


def _require_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as fault:
        raise InputError(
            "this device is not there", got=f"{device!r}: {str(fault).splitlines()[0]}",
            fix=f'use "cpu"{" or cuda" if torch.cuda.is_available() else ""}',
        ) from None  # fmt: skip
