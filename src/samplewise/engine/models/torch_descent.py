"""Full-batch descent of a network on the squared error, in the one training loop."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError
from samplewise.engine.models.torch_answers import called
from samplewise.engine.models.torch_inputs import as_inputs, plain_rows
from samplewise.engine.models.torch_training import Regime, TrainingLoop, TrainingRows, reproducible

BLOCK = 1024


@dataclass(frozen=True, slots=True)
class FullBatchDescent:
    """Gradient descent on all rows at once: mean of 1/2 |f(x) - y|^2, plus ridge / 2 |w - w_start|^2.

    Args:    steps: t.   rate: of the mean loss.   momentum: as `torch.optim.SGD`.   ridge: added to the mean loss.
    Source:  lee2019 (its linearization is what unique information is defined on).

    >>> module = nn.Linear(1, 1)
    >>> trained = FullBatchDescent(500, 0.5).trained(module, np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]]), [0, 1])
    >>> [round(float(weights), 2) for weights in trained.parameters()]
    [2.0, 1.0]
    """

    steps: int
    rate: float
    momentum: float = 0.0
    ridge: float = 0.0

    def trained(
        self,
        module: nn.Module,
        X: Any,
        targets: Floats,
        ids: Any,
        *,
        layers: Sequence[str] | None = None,
        seed: int = 0,
    ) -> nn.Module:
        """A trained copy.

        Args:    X: (n, ...) as the module takes it.   targets: (n, c).   ids: (n,).
                 layers: names of the submodules whose parameters move; None for all that require gradients.
        Raises:  InputError for layers that behave otherwise in training, and where training runs into NaN.
        Cost:    one forward and one backward pass over all rows per step.
        """
        copied = deepcopy(module)
        _require_plain(copied)
        for name, weights in copied.named_parameters():
            chosen = layers is None or any(name == one or name.startswith(f"{one}.") for one in layers)
            weights.requires_grad_(chosen and weights.requires_grad)
        inputs = as_inputs(torch.as_tensor(np.asarray(plain_rows(X))), copied)
        labels = torch.from_numpy(np.ascontiguousarray(targets))
        rows = TrainingRows(inputs, labels, None, np.asarray(ids), targets.shape[1], 0)
        regime = Regime(self.steps, len(rows.ids), self.rate, "sgd", "constant", self.momentum, 0.0)
        with reproducible(seed, "cpu", torch.get_num_threads()):
            TrainingLoop(copied, rows, PulledToStart(copied, self.ridge), regime, seed).run()
        return copied


class PulledToStart:
    """Half the squared error, with a penalty on the squared distance from the weights at the start."""

    def __init__(self, module: nn.Module, ridge: float) -> None:
        """`ridge` is added to the mean of the losses."""
        self._moved = [weights for weights in module.parameters() if weights.requires_grad]
        self._start = [weights.detach().clone() for weights in self._moved]
        self._ridge = ridge

    def prepare(self, data: Any, make_module: Any) -> None:
        """Nothing to build."""

    def parameters(self) -> Iterable[Any]:
        """Nothing else to train."""
        return ()

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,)."""
        losses = 0.5 * (outputs - labels).square().sum(dim=1)
        if not self._ridge:
            return losses
        apart = [(now - then).square().sum() for now, then in zip(self._moved, self._start, strict=True)]
        return losses + 0.5 * self._ridge * torch.stack(apart).sum()


def answers_of(module: nn.Module, X: Any, forward: Callable[[Any, Any], Any] | None = None) -> Array:
    """(m, c) outputs as they are, in evaluation mode.

    Args:    X: (m, ...) as the module takes it.   forward: callable (module, inputs) -> outputs.

    >>> answers_of(nn.Identity(), np.eye(2))
    array([[1., 0.],
           [0., 1.]])
    """
    held, parts = plain_rows(X), []
    module.eval()
    with torch.no_grad():
        for start in range(0, len(held), BLOCK):
            inputs = as_inputs(torch.as_tensor(np.asarray(held[start : start + BLOCK])), module)
            answer = called(module, inputs) if forward is None else forward(module, inputs)
            parts.append(answer.double().reshape(len(inputs), -1).cpu().numpy())
    return np.concatenate(parts)


def _require_plain(module: nn.Module) -> None:
    for name, part in module.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm | nn.modules.dropout._DropoutNd):
            raise InputError(
                "this layer behaves otherwise in training than the linearized network", where=f"layer {name!r}",
                got=type(part).__name__, fix="pass trained=module, trained with the layer in evaluation mode",
            )  # fmt: skip
