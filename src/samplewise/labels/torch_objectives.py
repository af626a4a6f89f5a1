"""Objectives for the one training loop that keep a network from memorizing wrong labels.

Each is an `Objective`: pass it to `TorchLearner(...).fit(data, objective=...)`, or a function that makes one to
`TorchLearner(make_objective=...)`. Classes only; b rows of a batch, c classes, n rows of the fit.
"""

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, require_count, require_share, unknown_name
from samplewise.core.values import Scores
from samplewise.data.dataset import Dataset

LEAST, MOST = 1e-4, 1.0 - 1e-4  # probabilities are kept between these


class EarlyLearningRegularization(nn.Module):
    """Cross-entropy that holds the network to its early predictions, from before it memorized wrong labels (nats).

    t_i <- momentum t_i + (1 - momentum) p_i at every visit, loss_i = CE_i + weight log(1 - <p_i, t_i>). Against a wrong
    label the second term pulls back to the running average of the network's own predictions.

    Args:
        weight: lambda >= 0; 0 is plain cross-entropy. To be tuned: 3 for ten classes, 7 for a hundred.
        momentum: of the running average, 0 <= momentum < 1; results hardly depend on it.

    Raises:
        InputError: a setting out of range, or labels that are numbers.

    Cost: that of cross-entropy, and O(n c) memory, 4 n c bytes.
    Not for: very many rows and classes (4 n c bytes); noise so heavy that no early phase exists; adaptive optimizers at
        small rates, where it only delays what it should prevent.
    Source: liu2020.

    >>> EarlyLearningRegularization.for_noise("asymmetric").weight
    1.0
    """

    targets: Tensor  # (n, c)

    @checked
    def __init__(self, weight: float = 3.0, momentum: float = 0.7) -> None:
        super().__init__()
        if not (weight >= 0 and 0 <= momentum < 1):
            raise InputError(
                "weight must be at least 0, and momentum at least 0 and below 1",
                got=f"weight={weight}, momentum={momentum}", fix="use weight=3.0, momentum=0.7",
            )  # fmt: skip
        self.weight, self.momentum = weight, momentum
        self._ids = np.empty(0)
        self._labels = np.empty(0, dtype=np.intp)
        self.register_buffer("targets", torch.zeros(0, 0))

    @classmethod
    @checked
    def for_noise(cls, noise: Literal["symmetric", "asymmetric", "many classes"]) -> Self:
        """The published settings: CIFAR-10 with symmetric and with asymmetric flips, CIFAR-100."""
        settings = {"symmetric": (3.0, 0.7), "asymmetric": (1.0, 0.9), "many classes": (7.0, 0.9)}
        if noise not in settings:
            raise unknown_name("noise setting", str(noise), settings)
        return cls(*settings[noise])

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """Targets of zero for every row."""
        self._ids, self._labels = data.ids, _codes_of(data)
        self.targets = torch.zeros(len(data), max(2, int(self._labels.max()) + 1))

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,); the targets of these rows move first."""
        shares = outputs.softmax(dim=1).clamp(LEAST, MOST)
        with torch.no_grad():
            if outputs.shape[1] != self.targets.shape[1]:
                self.targets = torch.zeros(len(self.targets), outputs.shape[1])
            own = (shares / shares.sum(dim=1, keepdim=True)).to(self.targets)
            held = self.momentum * self.targets[rows] + (1.0 - self.momentum) * own
            self.targets[rows] = held
        agreement = (shares * held.to(shares)).sum(dim=1).clamp(max=MOST)
        return functional.cross_entropy(outputs, labels, reduction="none") + self.weight * torch.log1p(-agreement)

    def wrong_label(self) -> Scores:
        """1 - running average at the given label, per row of the last fit: larger means more likely wrong (a share)."""
        if not len(self._ids):
            raise InputError("this objective has seen no rows yet", got="no fit", fix="fit with it first")
        held = self.targets.detach().double().cpu().numpy()
        total = np.maximum(held.sum(axis=1), 1e-12)
        values = 1.0 - held[np.arange(len(held)), self._labels] / total
        return Scores("wrong_label", values, self._ids, "share", "more likely wrong")


class LabelNoiseInformation(nn.Module):
    """Training in which no label reaches the network: a second one predicts the gradient of its logits (LIMIT).

    With a the logits, r those of the second network on the same inputs, and Y the label: the network is moved by
    mu = softmax(a) - softmax(r), and r learns from |mu - (softmax(a) - Y)| + weight |mu|^2. What the weights hold about
    the labels beyond the inputs is then bounded by what mu fails to predict.

    Args:
        distribution: of the gradient around its prediction: "laplace" (absolute differences, forgiving) or "gaussian"
            (squares).
        weight: beta >= 0, how strongly r follows the network; larger for heavier noise: 1 to 10, 10 at 80 %.
        sampling: None, or lambda > 0: the network gets mu plus noise of that distribution, of scale 1 / lambda
            (variance 1 / (2 lambda) for "gaussian"), which makes the bound a true channel.

    Raises:
        InputError: a setting out of range, or labels that are numbers.

    Cost: twice the weights and twice the passes of plain training.
    Not for: many classes with "laplace" and weight 0, which learns slowly.
    Source: harutyunyan2020.

    >>> LabelNoiseInformation.for_noise("heavy").weight
    10.0
    """

    predictor: nn.Module
    missed: Tensor  # (2,) sum of |g - mu|^2 over visits, and visits

    @checked
    def __init__(
        self,
        distribution: Literal["laplace", "gaussian"] = "laplace",
        weight: float = 1.0,
        sampling: float | None = None,
    ) -> None:
        super().__init__()
        if distribution not in ("laplace", "gaussian"):
            raise unknown_name("distribution", str(distribution), ("laplace", "gaussian"))
        if not weight >= 0 or (sampling is not None and not sampling > 0):
            raise InputError(
                "weight must be at least 0 and sampling above 0", got=f"weight={weight}, sampling={sampling}",
                fix="use weight=1.0 and leave sampling out",
            )  # fmt: skip
        self.distribution, self.weight, self.sampling = distribution, weight, sampling
        self.predictor = nn.Identity()
        self.register_buffer("missed", torch.zeros(2, dtype=torch.float64))
        self._mu = torch.zeros(0, 0)

    @classmethod
    @checked
    def for_noise(cls, noise: Literal["light", "medium", "heavy"]) -> Self:
        """Laplace with a weight for up to 20 %, 50 % and 80 % of wrong labels."""
        weights = {"light": 1.0, "medium": 3.0, "heavy": 10.0}
        if noise not in weights:
            raise unknown_name("noise setting", str(noise), weights)
        return cls(weight=weights[noise])

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """A second network of the same kind, with weights of its own."""
        _codes_of(data)
        self.predictor = make_module()
        self.missed.zero_()

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,) of the second network; the first is not in them."""
        predicted, wanted = self.predictor(inputs).softmax(dim=1), functional.one_hot(labels, outputs.shape[1])
        mu = outputs.detach().softmax(dim=1) - predicted
        apart = wanted.to(predicted) - predicted  # mu - g: the network's own share cancels
        self._mu = mu.detach()
        self.missed += torch.stack([apart.detach().square().sum().double(), apart.new_tensor(len(apart)).double()]).to(
            self.missed
        )
        distance = apart.abs().sum(dim=1) if self.distribution == "laplace" else apart.square().sum(dim=1)
        return distance + self.weight * mu.square().sum(dim=1)

    def output_gradient(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """(b, c) the predicted gradient, of the forward pass `loss` has just made; no label enters it."""
        if self.sampling is None:
            return self._mu
        if self.distribution == "gaussian":
            return self._mu + torch.randn_like(self._mu) * (0.5 / self.sampling) ** 0.5
        return self._mu + torch.distributions.Laplace(0.0, 1.0 / self.sampling).sample(self._mu.shape).to(self._mu)

    def missed_per_row(self) -> float:
        """Mean squared distance between gradients and their prediction, over all visits (squared probabilities).

        With noise of variance s^2 per coordinate added to mu, half of it over s^2 bounds the information per visit.
        """
        total, rows = self.missed.tolist()
        return total / max(rows, 1.0)


class CoTeaching(nn.Module):
    """Two networks, each trained on the rows that the other finds easy: rows of large loss are left out of every batch.

    Args:
        noise_rate: share of wrong labels that is expected: so many of a batch are left out, 0 to below 1.
        ramp: visits of all rows over which that share rises from 0.

    Raises:
        InputError: a setting out of range, or labels that are numbers.

    Cost: twice plain training.
    Not for: small batches (the smallest losses of 10 rows say little), or an unknown noise rate.
    Source: han2018.

    >>> CoTeaching(0.2).ramp
    10
    """

    other: nn.Module
    seen: Tensor  # (1,) rows visited

    @checked
    def __init__(self, noise_rate: float, ramp: int = 10) -> None:
        super().__init__()
        require_share(noise_rate, "noise_rate", low_open=False)
        require_count(ramp, "ramp", usual=10)
        self.noise_rate, self.ramp = noise_rate, ramp
        self.other = nn.Identity()
        self._rows = 1
        self.register_buffer("seen", torch.zeros(1, dtype=torch.float64))

    def prepare(self, data: Dataset, make_module: Any) -> None:
        """The second network."""
        _codes_of(data)
        self.other, self._rows = make_module(), len(data)
        self.seen.zero_()

    def loss(self, outputs: Tensor, labels: Tensor, rows: Tensor, inputs: Tensor) -> Tensor:
        """Losses (b,) of both networks on the rows the other chose, scaled so that the batch keeps its weight."""
        visits = float(self.seen) / self._rows
        self.seen += len(labels)
        own = functional.cross_entropy(outputs, labels, reduction="none")
        others = functional.cross_entropy(self.other(inputs), labels, reduction="none")
        keep = max(1, round(len(labels) * (1.0 - self.noise_rate * min(1.0, visits / self.ramp))))
        scale = len(labels) / keep
        return scale * (own * _smallest(others, keep) + others * _smallest(own, keep))


def _smallest(losses: Tensor, count: int) -> Tensor:
    """(b,) 1 for the rows with the smallest losses."""
    chosen = torch.zeros_like(losses)
    chosen[losses.detach().topk(count, largest=False).indices] = 1.0
    return chosen


@checked
def generalized_cross_entropy(q: float = 0.7) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss between cross-entropy (q -> 0) and the absolute error (q = 1): (1 - p_y^q) / q, without unit.

    Args:    q: 0 < q <= 1.
    Raises:  InputError for another q.   Cost: that of cross-entropy.   Source: zhang2018.

    >>> generalized_cross_entropy(1.0)(torch.zeros(1, 2), torch.tensor([0]))
    tensor([0.5000])
    """
    if not 0 < q <= 1:
        raise InputError("q lies above 0 and at most at 1", got=f"q={q}", fix="use q=0.7")

    def losses(outputs: Tensor, labels: Tensor) -> Tensor:
        own = outputs.log_softmax(dim=1).gather(1, labels[:, None])[:, 0]
        return -torch.expm1(q * own) / q

    return losses


def mean_absolute_error(outputs: Tensor, labels: Tensor) -> Tensor:
    """2 (1 - p_y), the absolute error between probabilities and label: its gradient does not grow with surprise.

    Cost: that of cross-entropy.   Not for: many classes, where it learns slowly or not at all.   Source: ghosh2017.

    >>> mean_absolute_error(torch.zeros(1, 2), torch.tensor([0]))
    tensor([1.])
    """
    return 2.0 * (1.0 - outputs.softmax(dim=1).gather(1, labels[:, None])[:, 0])


@checked
def bootstrapping(trust: float = 0.95) -> Callable[[Tensor, Tensor], Tensor]:
    """Cross-entropy against a mixture of the label and the network's own probabilities (nats).

    Args:    trust: weight of the label, 0 < trust <= 1; the rest goes to the network.
    Raises:  InputError for another trust.   Cost: that of cross-entropy.   Source: reed2015.

    >>> bootstrapping(1.0)(torch.zeros(1, 2), torch.tensor([0]))
    tensor([0.6931])
    """
    require_share(trust, "trust", high_open=False)

    def losses(outputs: Tensor, labels: Tensor) -> Tensor:
        logs = outputs.log_softmax(dim=1)
        wanted = trust * functional.one_hot(labels, outputs.shape[1]).to(logs) + (1.0 - trust) * logs.exp().detach()
        return -(wanted * logs).sum(dim=1)

    return losses


def _codes_of(data: Dataset) -> Array:
    """(n,) class codes of the fit's rows."""
    labels = np.asarray(data.y)
    if labels.dtype.kind not in "iu":
        raise InputError(
            "this objective is for classes, and these labels are numbers", got=f"dtype {labels.dtype}",
            fix='use loss="squared_error", or pass task="classification"',
        )  # fmt: skip
    return labels.astype(np.intp)
