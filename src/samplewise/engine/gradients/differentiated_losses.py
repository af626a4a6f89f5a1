"""The scalar of a row whose gradient is taken, by name, and the labels each of them accepts.

- "cross_entropy": -log of the probability of the label; one logit column means two classes, 0 and 1.
- "margin": the label's logit minus the log-sum-exp of the others = log(p / (1 - p)); one column f: (2 y - 1) f.
- "squared_error": half the sum of squared differences between outputs and targets; class codes become indicators.
- "output": the only output column itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp, softmax

from samplewise.core.arrays import Array, Floats, one_hot
from samplewise.core.errors import InputError, name_rows, unknown_name

CLASS_LOSSES = ("cross_entropy", "margin")
LOSSES = (*CLASS_LOSSES, "squared_error", "output")


@dataclass(frozen=True, slots=True)
class OutputSum:
    """A weighted sum of the outputs, as the scalar whose gradient is taken: one row of a Jacobian, or a random mix."""

    weights: tuple[float, ...]  # (c,)

    def __call__(self, outputs: Any, labels: Any) -> Any:  # (b, c), (b,) -> (b,)
        """The sum, for outputs of either library."""
        return sum(weight * outputs[:, column] for column, weight in enumerate(self.weights) if weight)


def require_loss(loss: Any) -> None:
    """Refuse names that are none of ours."""
    if not callable(loss) and loss not in LOSSES:
        raise unknown_name("loss", str(loss), LOSSES)


def checked_labels(labels: Any, outputs: tuple[int, ...], ids: Array, loss: Any) -> Array:
    """Labels as the loss reads them: (n,) codes, or (n, c) numbers; `outputs` is the shape of the model's outputs."""
    if loss == "output":
        _require_one_column(outputs)
        return np.full(len(ids), np.nan) if labels is None else np.asarray(labels)
    if labels is None:
        if callable(loss):
            return np.full(len(ids), np.nan)
        raise InputError(
            f"the loss {loss!r} needs labels", got="no labels", fix="pass (X, y), or a Dataset with labels"
        )
    given = np.asarray(labels)
    if loss in CLASS_LOSSES:
        if len(outputs) != 2:
            raise InputError(
                f"the loss {loss!r} needs one row of logits per row of data",
                got=f"outputs of shape {outputs}",
                fix="pass forward=lambda module, inputs: ... that returns (b, c) logits, or a callable loss",
            )
        return _checked_codes(given, max(2, outputs[1]), ids)
    if loss == "squared_error":
        return _checked_targets(given, outputs, ids)
    return given


def _require_one_column(outputs: tuple[int, ...]) -> None:
    if len(outputs) > 2 or (len(outputs) == 2 and outputs[1] != 1):
        raise InputError(
            "a model with several outputs has no gradient of one output",
            got=f"outputs of shape {outputs}",
            fix='use loss="margin", or a callable that picks one column',
        )


def _checked_codes(labels: Array, count: int, ids: Array) -> Array:
    if labels.ndim != 1 or labels.dtype.kind not in "biuf" or (labels.dtype.kind == "f" and _fractions(labels)):
        raise InputError(
            "labels must be class codes",
            got=f"shape {labels.shape}, dtype {labels.dtype}",
            fix="pass the column each class has in the outputs: np.unique(y, return_inverse=True)[1]",
        )
    codes = labels.astype(np.int64)
    outside = (codes < 0) | (codes >= count)
    if outside.any():
        raise InputError(
            "some labels are out of range",
            where=name_rows(ids[outside]),
            got=f"label {codes[outside][0]} for a model with {count} classes",
            fix=f"use codes 0..{count - 1}, in the order of the model's outputs",
        )
    return codes


def _fractions(labels: Array) -> bool:
    return bool((~np.isfinite(labels) | (labels != np.rint(labels))).any())


def _checked_targets(labels: Array, outputs: tuple[int, ...], ids: Array) -> Array:
    if labels.dtype.kind not in "biuf":
        raise InputError("targets must be numbers", got=f"dtype {labels.dtype}", fix="convert the labels to numbers")
    width = int(np.prod(outputs[1:]))
    if width > 1 and labels.ndim == 1 and labels.dtype.kind in "iub":
        labels = one_hot(_checked_codes(labels, width, ids), width)
    targets = labels.reshape(len(labels), -1).astype(np.float64)
    if targets.shape[1] != width:
        raise InputError(
            "targets and outputs differ in shape",
            got=f"y of shape {labels.shape}, outputs of shape {outputs}",
            fix=f"pass {width} targets per row or whole class codes",
        )
    bad = ~np.isfinite(targets).all(axis=1)
    if bad.any():
        raise InputError(
            "some targets are missing or infinite",
            where=name_rows(ids[bad]),
            got=f"y of shape {labels.shape}",
            fix="drop these rows, or fill their labels",
        )
    return targets


def values_and_cotangents(outputs: Floats, labels: Array, loss: str) -> tuple[Floats, Floats]:
    """(n,) values and (n, c) their derivatives with respect to the outputs (n, c), in closed form."""
    rows = np.arange(len(outputs))
    if loss == "output":
        return outputs[:, 0].copy(), np.ones_like(outputs)
    if loss == "squared_error":
        residuals = outputs - labels
        return 0.5 * np.square(residuals).sum(axis=1), residuals
    if outputs.shape[1] == 1:
        sign = np.where(labels == 1, 1.0, -1.0)[:, np.newaxis]
        margins = sign * outputs
        if loss == "margin":
            return margins[:, 0], sign
        return np.logaddexp(0.0, -margins)[:, 0], -sign * expit(-margins)
    if loss == "cross_entropy":
        slopes = softmax(outputs, axis=1)
        values = logsumexp(outputs, axis=1) - outputs[rows, labels]
        slopes[rows, labels] -= 1.0
        return values, slopes
    others = outputs.copy()
    others[rows, labels] = -np.inf
    slopes = -softmax(others, axis=1)
    slopes[rows, labels] = 1.0
    return outputs[rows, labels] - logsumexp(others, axis=1), slopes
