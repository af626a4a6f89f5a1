"""Optimizers and learning-rate schedules by name, or as the user wrote them."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch

from samplewise.core.errors import InputError, unknown_name

Optimizer = str | Callable[..., Any]  # a name, or (parameters, rate) -> torch.optim.Optimizer
Schedule = str | Callable[[int, int], float]  # a name, or (step, steps) -> share of the rate
OPTIMIZERS = ("sgd", "adam", "adamw")
MOMENTUM = 0.9  # of plain gradient descent, where none is given


def make_optimizer(
    wanted: Optimizer, parameters: Iterable[Any], *, rate: float, momentum: float | None, decay: float
) -> Any:
    """The optimizer over these parameters.

    Args:
        wanted: "sgd", "adam", "adamw" or a callable (parameters, rate) -> torch.optim.Optimizer.
        parameters: tensors to be trained.   rate: learning rate.
        momentum: of "sgd" (default 0.9).   decay: weight decay, decoupled for "adamw".
    """
    held = list(parameters)
    check_optimizer(wanted, momentum, decay)
    if callable(wanted):
        made = wanted(held, rate)
        if not isinstance(made, torch.optim.Optimizer):
            raise InputError(
                "optimizer must make a torch optimizer", got=type(made).__name__,
                fix="return torch.optim.SGD(parameters, lr=rate) or one of its siblings",
            )  # fmt: skip
        return made
    if wanted == "sgd":
        return torch.optim.SGD(held, lr=rate, momentum=MOMENTUM if momentum is None else momentum, weight_decay=decay)
    kind = torch.optim.Adam if wanted == "adam" else torch.optim.AdamW
    return kind(held, lr=rate, weight_decay=decay)


def check_optimizer(wanted: Optimizer, momentum: float | None, decay: float) -> None:
    """Refuse an unknown optimizer, and settings it would ignore."""
    if isinstance(wanted, str) and wanted not in OPTIMIZERS:
        raise unknown_name("optimizer", wanted, OPTIMIZERS)
    if momentum is not None and wanted != "sgd":
        raise InputError(
            'momentum is a setting of optimizer="sgd"', got=f"momentum={momentum} with another optimizer",
            fix="leave momentum out, or set it inside your own optimizer",
        )  # fmt: skip
    if decay and callable(wanted):
        raise InputError(
            "decay is a setting of the optimizers by name", got=f"decay={decay} with a callable",
            fix="set weight_decay inside your own optimizer",
        )  # fmt: skip


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """The share of the learning rate at this step of so many: a pure function, so a fit can go on anywhere."""
    if callable(schedule):
        return float(schedule(step, steps))
    if schedule == "constant":
        return 1.0
    if schedule == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * step / steps))
    raise unknown_name("schedule", schedule, ("cosine", "constant"))
