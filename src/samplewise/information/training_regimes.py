"""Recipes of training whose leave-one-out has a closed form: full-batch descent, its flow, and the end of both.

All minimize the squared error, sum_i 1/2 |f(x_i) - y_i|^2 + ridge / 2 |w - w_start|^2. `ridge` always belongs to this
SUM and pulls towards the start, not towards zero. With `loss_reduction="mean"` the sum is divided by the number of
rows, as most torch code does: with n rows the steps are rate / n and the penalty per mean loss is ridge / n; without
one row they are rate / (n - 1) and, because the penalty per mean loss is what stays, ridge (n - 1) / n.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self

import numpy as np

from samplewise.core.arguments import checked_fields
from samplewise.core.errors import InputError, unknown_name
from samplewise.engine.closed_form.filters import ConvergedFilter, DescentFilter, Filter, FlowFilter

LossReduction = Literal["mean", "sum"]


class Training(Protocol):
    """How a model was trained, or would be."""

    def filter_for(self, rows: int, left_out: int = 0) -> Filter:
        """The spectral filter of training on `rows` rows less `left_out` of them."""
        ...

    def at_each_stop(self) -> dict[Any, "Training"] | None:
        """Stopping time -> the same recipe stopped there; None for a single one."""
        ...


@checked_fields
@dataclass(frozen=True, slots=True)
class GradientDescent:
    """Full-batch gradient descent for a number of steps.

    Args:
        steps: t >= 1, or several stopping times, which share one eigendecomposition.
        rate: of learning, as in torch: the gradient of the mean (or sum) of the losses is multiplied by it.
        ridge: penalty on the squared distance from the start, on the sum of the losses, >= 0.
        momentum: as in `torch.optim.SGD`, 0 <= momentum < 1.
        loss_reduction: what `rate` multiplies the gradient of.

    Raises:
        InputError: a setting out of range.

    Source: lee2019 (dynamics of the linearized network), polyak1964 (momentum).

    >>> GradientDescent(steps=2000, rate=1e-3).filter_for(10).rate
    0.0001
    """

    steps: int | Sequence[int]
    rate: float
    ridge: float = 0.0
    momentum: float = 0.0
    loss_reduction: LossReduction = "mean"

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        stops = np.atleast_1d(np.asarray(self.steps, dtype=object))
        if not len(stops) or not all(isinstance(t, int | np.integer) and t >= 1 for t in stops.tolist()):
            raise InputError("steps must be whole numbers of at least 1", got=f"steps={self.steps!r}", fix="steps=1000")
        _require_positive("rate", self.rate)
        _require_settings(self.ridge, self.loss_reduction)
        if not 0 <= self.momentum < 1:
            raise InputError("momentum must be at least 0 and below 1", got=f"momentum={self.momentum}", fix="use 0.9")

    def filter_for(self, rows: int, left_out: int = 0) -> DescentFilter:
        """The spectral filter of training on `rows` rows less `left_out` of them."""
        rate, ridge = _per_sum(self.rate, self.ridge, self.loss_reduction, rows, left_out)
        return DescentFilter(int(np.asarray(self.steps).item()), rate, ridge, self.momentum)

    def at_each_stop(self) -> dict[Any, Training] | None:
        """Steps -> the same recipe stopped there."""
        stops: list[int] = np.atleast_1d(np.asarray(self.steps)).tolist()
        return None if np.ndim(self.steps) == 0 else {stop: replace(self, steps=stop) for stop in stops}

    def rate_at_most(self, largest: float, rows: int) -> float:
        """The rate from which on training diverges, for the largest eigenvalue of the kernel of `rows` rows."""
        scale = max(rows - 1, 1) if self.loss_reduction == "mean" else 1
        return 2.0 * (1.0 + self.momentum) / (largest + self.ridge) * scale

    def stopped(self, steps: int) -> Self:
        """The same recipe with another number of steps."""
        return replace(self, steps=steps)


@checked_fields
@dataclass(frozen=True, slots=True)
class GradientFlow:
    """Gradient descent with infinitely small steps; `rate` times `time` is rate times steps of descent.

    Args:    time: t > 0, or several.   rate: > 0.   ridge, loss_reduction: as `GradientDescent`.
    Raises:  InputError for a setting out of range.
    Source:  lee2019.

    >>> GradientFlow(time=2.0, loss_reduction="sum").filter_for(10).time
    2.0
    """

    time: float | Sequence[float]
    rate: float = 1.0
    ridge: float = 0.0
    loss_reduction: LossReduction = "mean"

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for time in np.atleast_1d(np.asarray(self.time, dtype=np.float64)).tolist() or [0.0]:
            _require_positive("time", time)
        _require_positive("rate", self.rate)
        _require_settings(self.ridge, self.loss_reduction)

    def filter_for(self, rows: int, left_out: int = 0) -> FlowFilter:
        """The spectral filter of training on `rows` rows less `left_out` of them."""
        rate, ridge = _per_sum(self.rate, self.ridge, self.loss_reduction, rows, left_out)
        return FlowFilter(float(np.asarray(self.time).item()) * rate, ridge)

    def at_each_stop(self) -> dict[Any, Training] | None:
        """Time -> the same recipe stopped there."""
        stops: list[float] = np.atleast_1d(np.asarray(self.time)).tolist()
        return None if np.ndim(self.time) == 0 else {stop: replace(self, time=stop) for stop in stops}


@checked_fields
@dataclass(frozen=True, slots=True)
class Converged:
    """Training to the end: kernel ridge regression from the start.

    Args:
        ridge: penalty on the squared distance from the start, on the sum of the losses; 0 interpolates, which needs a
            kernel without dependent rows.
        loss_reduction: "sum" keeps the ridge when a row is left out (the textbook leave-one-out); "mean" keeps the
            penalty per mean loss.

    Raises:
        InputError: a setting out of range.

    Source: allen1974.

    >>> Converged(ridge=1.0).filter_for(10, left_out=1).ridge
    1.0
    """

    ridge: float = 0.0
    loss_reduction: LossReduction = "sum"

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        _require_settings(self.ridge, self.loss_reduction)

    def filter_for(self, rows: int, left_out: int = 0) -> ConvergedFilter:
        """The spectral filter of training on `rows` rows less `left_out` of them."""
        return ConvergedFilter(_per_sum(1.0, self.ridge, self.loss_reduction, rows, left_out)[1])

    def at_each_stop(self) -> None:
        """There is only the end."""


def _per_sum(rate: float, ridge: float, reduction: LossReduction, rows: int, left_out: int) -> tuple[float, float]:
    """Rate and ridge as they act on the sum of the losses of the rows that are left."""
    if reduction == "sum":
        return rate, ridge
    left = max(rows - left_out, 1)
    return rate / left, ridge * left / rows


def _require_positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a finite number above 0", got=f"{name}={value!r}", fix=f"{name}=0.001 or so")


def _require_settings(ridge: float, reduction: str) -> None:
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InputError("ridge must be a finite number of at least 0", got=f"ridge={ridge!r}", fix="ridge=0.0")
    if reduction not in ("mean", "sum"):
        raise unknown_name("loss_reduction", reduction, ("mean", "sum"))
