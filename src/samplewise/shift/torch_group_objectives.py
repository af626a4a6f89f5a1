"""Objectives for the one training loop: least loss of the worst group, and agreement between domains.

Each is an `Objective`: pass it to `TorchLearner(...).fit(data, objective=...)`. Groups and domains are the segments of
the data, or given. b rows of a batch, c classes, d inputs of the last linear layer, G groups.
"""

import math
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from samplewise.core.arguments import checked
from samplewise.core.errors import InputError, require_amount, unknown_name
from samplewise.data.dataset import Dataset
from samplewise.shift.group_members import crossed_groups, segment_members

WEIGHTS = {"coral": 1.0, "irm": 100.0, "vrex": 10.0, "hessian": 1e-4}  # those of DomainBed, and of hemati2023
GRADIENTS = 50.0  # gradients of "hessian" weigh so many times as much as the diagonals (hemati2023)


class GroupDRO(nn.Module):
    """Trains for the worst group: groups of larger loss gain weight in every step (nats).

    With L_g the mean loss of group g in the batch, q_g <- q_g exp(rate (L_g + adjustment / sqrt(n_g))) for the groups
    that are in the batch, then sum to 1; the step goes against the gradient of sum_g q_g L_g.

    Args:
        rate: eta >= 0 of the weights q; 0 keeps all groups equal.
        adjustment: C >= 0, for groups of few rows, whose loss in training says less.
        segments: of the rows of the fit, ids (n,), a frame, or (n, k) true and false, overlapping allowed; None for the
            `segments` of the data. Groups are every class within every segment.

    Raises:
        InputError: a setting below 0, no segments, or labels that are numbers.

    Cost: that of cross-entropy, and n G bytes.
    Not for: networks that fit every training row (all losses vanish): stop early, or decay the weights.
    Source: sagawa2020.

    >>> GroupDRO(rate=0.05).rate
    0.05
    """

    log_q: Tensor  # (G,)

    @checked
    def __init__(self, rate: float = 0.01, adjustment: float = 0.0, *, segments: Any = None) -> None:
        super().__init__()
        self.rate = require_amount(rate, "rate", zero=True)
        self.adjustment = require_amount(adjustment, "adjustment", zero=True)
        self.segments = segments
        self.names: tuple[str, ...] = ()
        self.register_buffer("log_q", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("members", torch.zeros(0, 0), persistent=False)
        self.register_buffer("margin", torch.zeros(0), persistent=False)

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """Every group with the same weight."""
        codes = _codes_of(data)
        groups = crossed_groups(_segments_of(self.segments, data), codes, np.arange(int(codes.max()) + 1))
        self.names = groups.names
        self.members = torch.from_numpy(groups.members)
        self.margin = torch.from_numpy(self.adjustment / np.sqrt(groups.counts))
        self.log_q = torch.full((len(self.names),), -math.log(len(self.names)), dtype=torch.float64)

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,) whose mean is sum_g q_g L_g; the weights of the groups in the batch move first."""
        losses = functional.cross_entropy(outputs, labels, reduction="none")
        inside = self.members[rows].to(losses.dtype)
        counts = inside.sum(dim=0)
        seen = counts > 0
        shares = inside / counts.clamp(min=1)
        with torch.no_grad():
            means = (losses[:, None] * shares).sum(dim=0).double()
            self.log_q = self.log_q + torch.where(seen, self.rate * (means + self.margin), 0.0)
            self.log_q = self.log_q - self.log_q.logsumexp(dim=0)
        return losses * (shares @ self.log_q.exp().to(losses.dtype)) * len(rows)

    @property
    def group_weights(self) -> dict[str, float]:
        """The weight q of every group, which sum to 1."""
        return dict(zip(self.names, self.log_q.exp().tolist(), strict=True))


class DomainAlignment(nn.Module):
    """Cross-entropy and a penalty on how domains differ in what the last layer sees, or does with it (nats).

    "coral": means and covariances of the last layer's inputs (squared distance, over d).   "irm": the squared
    derivative of each domain's loss by a common factor of the outputs.   "vrex": the variance of the domains' losses.
    "hessian": gradients and diagonals of the Hessian of each domain's loss in the last linear layer, in closed form:
    with P probabilities, Y labels and Z inputs, (P - Y)' Z / b and [P (1 - P)]' [Z Z] / b.

    Args:
        method: the penalty.
        weight: of the penalty; None for 1, 100, 10 and 0.0001. Of "hessian" the gradients have 50 times that.
        segments: domains of the rows of the fit, ids (n,) or (n, k) true and false; None for those of the data.

    Raises:
        InputError: an unknown method, a weight below 0, no domains, or labels that are numbers.

    Cost: O(b c d) a step, no second backward pass; "coral" O(b d^2).
    Not for: domains that the label follows: a penalty that makes them look alike then takes the label away.
    Source: sun2016, arjovsky2019, krueger2021, hemati2023.

    >>> DomainAlignment("vrex").weight
    10.0
    """

    @checked
    def __init__(
        self, method: Literal["coral", "irm", "vrex", "hessian"] = "coral", weight: float | None = None,
        *, segments: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if method not in WEIGHTS:
            raise unknown_name("method", str(method), WEIGHTS)
        self.method = method
        self.weight = WEIGHTS[method] if weight is None else require_amount(weight, "weight", zero=True)
        self.segments = segments
        self._entering: list[Tensor] = []
        self.register_buffer("members", torch.zeros(0, 0), persistent=False)

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """The domains of the rows."""
        _codes_of(data)
        self.members = torch.from_numpy(segment_members(_segments_of(self.segments, data), len(data))[0])

    def watch(self, module: nn.Module) -> None:
        """Note in training what enters the last linear layer."""
        linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
        if not linear and self.method in ("coral", "hessian"):
            raise InputError(
                "the module has no linear layer whose inputs could be aligned", got=type(module).__name__,
                fix='end it with torch.nn.Linear, or use DomainAlignment("vrex")',
            )  # fmt: skip

        for part in linear:
            part.register_forward_pre_hook(self._note)

    def _note(self, part: nn.Module, given: Any) -> None:
        """A method, not a function made in place: a module with such hooks can be pickled."""
        if part.training:
            self._entering = [given[0]]

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,), the penalty in each; domains that are not in the batch have no part."""
        losses = functional.cross_entropy(outputs, labels, reduction="none")
        inside = self.members[rows].T
        inside = inside[inside.any(dim=1)]
        if len(inside) < 2 or not self.weight:
            return losses
        parts = [self._part(member, outputs, labels, losses) for member in inside]
        self._entering = []
        spread = _spread if self.method != "irm" else _mean_square
        penalty = sum(factor * spread([part[at] for part in parts]) for at, factor in enumerate(self._factors()))
        return losses + self.weight * penalty

    def _factors(self) -> tuple[float, ...]:
        """Of each statistic in the penalty."""
        return {"coral": (1.0, 1.0), "hessian": (1.0, GRADIENTS)}.get(self.method, (1.0,))

    def _part(self, member: Tensor, outputs: Tensor, labels: Tensor, losses: Tensor) -> tuple[Tensor, ...]:
        """The statistics of one domain that should agree; of "irm" the one that should vanish."""
        if self.method == "vrex":
            return (losses[member].mean(),)
        given, codes = outputs[member], labels[member]
        if self.method == "irm":
            return (scale_gradient(given, codes),)
        entering = self._entering[-1][member]
        if self.method == "hessian":
            gradient, diagonal = head_curvature(given, codes, entering)
            return diagonal, gradient
        centered = entering - entering.mean(dim=0)
        width = entering.shape[1]
        return entering.mean(dim=0) / math.sqrt(width), centered.T @ centered / (max(len(entering) - 1, 1) * width)


def scale_gradient(outputs: Tensor, labels: Tensor) -> Tensor:
    """Derivative at 1 of the mean cross-entropy of s f by s: the mean of f' (p - y), f (b, c); no second backward pass.

    Source: arjovsky2019. Two environments chosen to make its square largest are the rows that are predicted right and
    those that are not (creager2021): the objective is convex in the assignment, so its greatest value is at a corner.
    """
    wanted = functional.one_hot(labels, outputs.shape[1]).to(outputs.dtype)
    return (outputs * (outputs.softmax(dim=1) - wanted)).sum(dim=1).mean()


def head_curvature(outputs: Tensor, labels: Tensor, entering: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient and diagonal of the Hessian, (c, d) each, of the mean cross-entropy in the last layer's weights.

    Exact and differentiable, from outputs (b, c) and what enters the layer (b, d).   Cost: O(b c d).
    Source: hemati2023 (who draw 300 random vectors for the diagonal).
    """
    shares = outputs.softmax(dim=1)
    missed = shares - functional.one_hot(labels, outputs.shape[1]).to(outputs.dtype)
    count = len(outputs)
    return missed.T @ entering / count, (shares * (1.0 - shares)).T @ entering.square() / count


def _spread(parts: list[Tensor]) -> Tensor:
    """Mean squared distance to the mean of the domains."""
    stacked = torch.stack(parts)
    return (stacked - stacked.mean(dim=0)).square().sum() / len(parts)


def _mean_square(parts: list[Tensor]) -> Tensor:
    return torch.stack(parts).square().mean()


def _segments_of(given: Any, data: Dataset) -> Any:
    segments = data.segments if given is None else given
    if segments is None:
        raise InputError(
            "the rows have no segments", where="segments", got="None",
            fix="Dataset(X, y, segments=...), or name them: GroupDRO(segments=...)",
        )  # fmt: skip
    return segments


def _codes_of(data: Dataset) -> Any:
    codes = np.asarray(data.y)
    if codes.dtype.kind not in "iu":
        raise InputError(
            "this objective is for classes, and these labels are numbers", got=str(codes.dtype),
            fix='task="classification", or bins of the numbers as classes',
        )  # fmt: skip
    return codes
