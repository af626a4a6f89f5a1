"""Curvature of the mean loss over rows as a matrix on a module's parameters, known by what it does to vectors."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, unknown_name
from samplewise.engine.gradients.differentiated_losses import CLASS_LOSSES, checked_labels
from samplewise.engine.gradients.torch_batches import Batch, row_batches_of
from samplewise.engine.gradients.torch_curvature import ROWS_AT_ONCE, GaussNewtonMatrix
from samplewise.engine.gradients.torch_named_losses import as_labels, row_values
from samplewise.engine.gradients.torch_rows import Engine

MATRICES = ("hessian", "gauss_newton")
GAUSS_NEWTON_LOSSES = ("cross_entropy", "squared_error")


class LossCurvature:
    """The Hessian of (1/n) sum_i loss_i by p parameters, or its Gauss-Newton part, in loss per squared unit of them.

    Args:
        module: in evaluation mode; left as it is.   data: n rows as `row_gradients` takes them.
        loss: as there; the Gauss-Newton part takes "cross_entropy" or "squared_error".   matrix: which of the two.
        layers: names of submodules; None for all parameters.   forward: as in `row_gradients`.

    Raises:
        InputError: as `row_gradients`, an unknown matrix, a loss whose Gauss-Newton part is not known.

    Cost: a product with one vector is two passes forward and back over the rows.
    Source: pearlmutter1994; martens2010 for the Gauss-Newton part.

    >>> curved = LossCurvature(torch.nn.Linear(2, 1, bias=False), (np.eye(2), np.zeros(2)), "squared_error")
    >>> curved.product(np.eye(2))
    array([[0.5, 0. ],
           [0. , 0.5]])
    """

    def __init__(
        self, module: torch.nn.Module, data: Any, loss: Any, matrix: Literal["hessian", "gauss_newton"] = "hessian",
        layers: Any = None, forward: Callable[[Any, Any], Any] | None = None,
    ) -> None:  # fmt: skip
        if matrix not in MATRICES:
            raise unknown_name("matrix", str(matrix), MATRICES)
        if matrix == "gauss_newton" and loss not in GAUSS_NEWTON_LOSSES:
            raise InputError(
                "the Gauss-Newton part is known for losses by name", got=str(loss),
                fix=f'use loss={GAUSS_NEWTON_LOSSES[0]!r} or {GAUSS_NEWTON_LOSSES[1]!r}, or matrix="hessian"',
            )  # fmt: skip
        self._engine = Engine.of(module, loss, layers, forward, None)
        rows = row_batches_of(data)
        self.count = len(rows.ids)
        self._batches = tuple(rows.batches(module, lambda: ROWS_AT_ONCE))
        chosen = self._engine.layout.names
        self._held = {chosen[id(one)]: one for one in module.parameters() if id(one) in chosen}
        self._gauss_newton = None
        self.mean_loss = self._mean_loss()
        if matrix == "gauss_newton":
            self._gauss_newton = GaussNewtonMatrix(module, data, forward, loss, set(self._held), self.count, 0.0)

    @property
    def size(self) -> int:
        """Parameters, p."""
        return sum(one.numel() for one in self._held.values())

    def product(self, vectors: Floats) -> Floats:
        """(p, k) the matrix times k vectors (p, k)."""
        parts = self._split(np.asarray(vectors, dtype=np.float64))
        if self._gauss_newton is not None:
            return _joined({name: part.detach() for name, part in self._gauss_newton.product(parts).items()})
        total = {name: torch.zeros_like(part) for name, part in parts.items()}
        with torch.inference_mode(False), torch.enable_grad():
            for batch in self._batches:
                self._add_products(batch, parts, total)
        return _joined(total) / self.count

    def _add_products(self, batch: Batch, parts: dict[str, Tensor], total: dict[str, Tensor]) -> None:
        """Products of one batch's Hessian: gradients of the gradient's inner product with each vector."""
        held = list(self._held.values())
        slopes = torch.autograd.grad(self._values(batch).sum(), held, create_graph=True, materialize_grads=True)
        bent = [(slope, name) for slope, name in zip(slopes, self._held, strict=True) if slope.requires_grad]
        if not bent:  # a loss that is linear in the parameters
            return
        for number in range(len(next(iter(parts.values())))):
            along = torch.stack([(slope * parts[name][number]).sum() for slope, name in bent]).sum()
            found = torch.autograd.grad(along, held, retain_graph=True, materialize_grads=True)
            for name, part in zip(self._held, found, strict=True):
                total[name][number] += part

    def _values(self, batch: Batch) -> Tensor:
        """(b,) losses of a batch."""
        outputs = self._engine.outputs(batch.inputs, len(batch))
        loss = self._engine.loss
        if batch.labels is None and loss in CLASS_LOSSES:
            raise InputError(f"the loss {loss!r} needs labels", got="no labels", fix="pass (X, y)")
        checked = checked_labels(batch.labels, tuple(outputs.shape), batch.ids, loss)
        return row_values(loss, outputs, as_labels(None if batch.labels is None else checked, outputs, loss))

    def _mean_loss(self) -> float:
        """Mean loss over the rows; refuses one that is not finite."""
        mean = sum(float(self._values(batch).detach().sum()) for batch in self._batches) / self.count
        if not np.isfinite(mean):
            raise InputError(
                "the loss of some rows is not finite", got=f"mean loss {mean}",
                fix="inspect the rows and outputs, or train for fewer steps",
            )  # fmt: skip
        return mean

    def _split(self, vectors: Floats) -> dict[str, Tensor]:
        """Vectors (p, k) as one part (k, *shape) per parameter."""
        sizes = [one.numel() for one in self._held.values()]
        cut: list[Array] = np.split(vectors, np.cumsum(sizes)[:-1])
        return {
            name: torch.as_tensor(np.ascontiguousarray(part.T)).to(one).reshape(-1, *one.shape)
            for (name, one), part in zip(self._held.items(), cut, strict=True)
        }


def _joined(parts: dict[str, Tensor]) -> Floats:
    """(p, k) from one part per parameter."""
    return np.concatenate([part.flatten(1).T.double().cpu().numpy() for part in parts.values()])
