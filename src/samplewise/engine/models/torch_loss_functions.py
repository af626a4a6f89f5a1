"""Losses of single rows, by name or as the user wrote them, and the objective a plain loss is."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from samplewise.core.errors import InputError, unknown_name
from samplewise.data.dataset import Dataset

RowLoss = Callable[[Tensor, Tensor], Tensor]  # outputs (b, c), labels (b,) -> losses (b,)


@runtime_checkable
class ReplacesGradient(Protocol):
    """An objective that gives the module a gradient of its own instead of that of its loss.

    Any `Objective` with this method: the module is then moved by J^T g, J the Jacobian of its outputs and g what the
    method returns, and `loss` sees detached outputs, so it trains the objective's own `parameters()` only. A label can
    reach the module through g alone.

    Not for: losses whose gradient autograd knows; return those from `loss`.
    Source: harutyunyan2020 (a second network on x predicts the gradient, so that no label is memorized).
    """

    def output_gradient(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """(b, c) what is taken for the gradient of each row's loss at the outputs; `outputs` are detached."""
        ...


@runtime_checkable
class WatchesModule(Protocol):
    """An objective that needs more of the module than its outputs, such as what enters its last layer.

    Source: exact; no publication.
    """

    def watch(self, module: Any) -> None:
        """Called once with the module of the fit, before its first step."""
        ...


class PlainObjective:
    """A loss without auxiliary networks or per-row state."""

    def __init__(self, row_loss: RowLoss) -> None:
        """`row_loss` maps outputs (b, c) and labels (b,) to losses (b,)."""
        self.row_loss = row_loss

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """Nothing to build."""

    def parameters(self) -> Iterable[Any]:
        """Nothing else to train."""
        return ()

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,)."""
        return self.row_loss(outputs, labels)


def row_loss(loss: str | RowLoss, classes: int) -> RowLoss:
    """The loss by name: "auto", "cross_entropy", "squared_error" (half the sum of squares), or a callable.

    `classes` is 0 for regression, where "auto" is the squared error.
    """
    if callable(loss):
        return loss
    if loss not in ("auto", "cross_entropy", "squared_error"):
        raise unknown_name("loss", loss, ("auto", "cross_entropy", "squared_error"))
    if loss == "cross_entropy" and not classes:
        raise InputError(
            "cross-entropy needs classes, and these labels are numbers",
            got='loss="cross_entropy" for a regression', fix='use loss="squared_error" or task="classification"',
        )  # fmt: skip
    if not classes:
        return _squared_error
    return _indicator_error if loss == "squared_error" else _cross_entropy


def _cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(outputs, labels, reduction="none")


def _squared_error(outputs: Tensor, labels: Tensor) -> Tensor:
    return 0.5 * (outputs[:, 0] - labels).square()


def _indicator_error(outputs: Tensor, labels: Tensor) -> Tensor:
    wanted = functional.one_hot(labels, outputs.shape[1]).to(outputs.dtype)
    return 0.5 * (outputs - wanted).square().sum(dim=1)


def require_row_losses(losses: Any, count: int) -> Tensor:
    """Losses (b,), or the reason they cannot be used."""
    if not isinstance(losses, Tensor) or losses.shape != (count,):
        shape = tuple(losses.shape) if isinstance(losses, Tensor) else type(losses).__name__
        raise InputError(
            "a loss must give one number per row", got=f"{shape} for {count} rows",
            fix='do not reduce over rows: reduction="none", then a sum over everything but the first axis',
        )  # fmt: skip
    return losses


def two_columns(outputs: Tensor, classes: int) -> Tensor:
    """(b, c) outputs; a single logit f of two classes becomes (-f/2, f/2), whose softmax is the sigmoid of f."""
    return torch.cat([-outputs / 2, outputs / 2], dim=1) if classes == 2 and outputs.shape[1:] == (1,) else outputs
