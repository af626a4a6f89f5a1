"""The named losses on torch tensors, and the checks of losses that users write."""

from typing import Any

import torch

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError
from samplewise.engine.gradients.differentiated_losses import CLASS_LOSSES


def row_values(loss: Any, outputs: torch.Tensor, labels: Any) -> torch.Tensor:  # (b, ...), (b,) -> (b,)
    """One scalar per row, differentiable."""
    if callable(loss):
        return checked_values(loss(outputs, labels), len(outputs))
    if loss == "output":
        return outputs.reshape(len(outputs))
    if loss == "squared_error":
        residuals = outputs.reshape(len(outputs), -1) - labels
        return residuals.square().sum(dim=1) / 2
    if outputs.shape[1] == 1:
        margins = torch.where(labels == 1, 1.0, -1.0).to(outputs.dtype) * outputs[:, 0]
        return margins if loss == "margin" else torch.nn.functional.softplus(-margins)
    own = outputs.gather(1, labels[:, None])[:, 0]
    if loss == "cross_entropy":
        return outputs.logsumexp(dim=1) - own
    hidden = torch.zeros_like(outputs).scatter(1, labels[:, None], -torch.inf)
    return own - (outputs + hidden).logsumexp(dim=1)


def checked_values(values: Any, count: int) -> torch.Tensor:
    """What a user's loss returned, which must be one number per row that can be differentiated."""
    if not isinstance(values, torch.Tensor):
        raise InputError(
            "the loss must return a tensor", got=type(values).__name__, fix="return one differentiable value per row"
        )
    if values.ndim == 0:
        raise InputError(
            "the loss is reduced already: the gradient of a mean belongs to no row",
            got="a scalar",
            fix='return one value per row: reduction="none", then a sum over everything but the rows',
        )
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (count,):
        raise InputError(
            "the loss must return one value per row",
            got=f"shape {tuple(values.shape)} for {count} rows",
            fix=f"return ({count},): sum over every axis but the first",
        )
    return values


def as_labels(labels: Array | None, outputs: torch.Tensor, loss: Any) -> Any:
    """Checked labels as a tensor on the outputs' device: codes as int64, targets in the outputs' dtype."""
    if labels is None:
        return None
    if labels.dtype.kind not in "biuf":
        return labels
    tensor = torch.as_tensor(labels)
    if callable(loss):
        wanted = outputs.dtype if tensor.is_floating_point() else tensor.dtype
    else:
        wanted = torch.int64 if loss in CLASS_LOSSES else outputs.dtype
    return tensor.to(device=outputs.device, dtype=wanted)
