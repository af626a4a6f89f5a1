"""The three tasks: what is trained, on which rows, and how. It needs numpy and torch, which every environment has.

A task's rows are written once to the cache by `truth.py`; peers read them from there and never see the source.
"""

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

CACHE = Path(os.environ.get("SAMPLEWISE_BENCHMARKS", Path.home() / ".cache" / "samplewise-attribution"))
QUOTED = ("perceptron", "convolutional", "transformer")


class Transformer(nn.Module):
    """One pre-norm block with hand-written attention over words, their mean, and a linear head."""

    def __init__(self, words: int, length: int, classes: int, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.embedding = nn.Embedding(words, width)
        self.position = nn.Embedding(length, width)
        self.before_attention, self.before_mixing = nn.LayerNorm(width), nn.LayerNorm(width)
        self.after = nn.LayerNorm(width)
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.head = nn.Linear(width, classes)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Logits (n, c) of word indices (n, t); index 0 is padding."""
        present = words != 0
        hidden = self.embedding(words) + self.position(torch.arange(words.shape[-1]))
        hidden = hidden + self.attention(self.before_attention(hidden), present)
        hidden = hidden + self.narrow(nn.functional.gelu(self.widen(self.before_mixing(hidden))))
        share = present.to(hidden.dtype).unsqueeze(-1)
        return self.head((self.after(hidden) * share).sum(-2) / share.sum(-2))

    def attention(self, hidden: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Softmax attention among the words that are present."""
        apart = lambda values: values.unflatten(-1, (self.heads, -1)).transpose(-2, -3)  # noqa: E731
        query, key, value = apart(self.query(hidden)), apart(self.key(hidden)), apart(self.value(hidden))
        closeness = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        closeness = closeness.masked_fill(~present[..., None, None, :], -1e9)
        return self.attended((closeness.softmax(-1) @ value).transpose(-2, -3).flatten(-2))


def perceptron() -> nn.Module:
    """784-256-10 with ReLU: 203,530 parameters."""
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def convolutional() -> nn.Module:
    """Two strided convolutions and a linear head: 20,490 parameters."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 49, 10),
    )


def transformer() -> nn.Module:
    """One block over 24 words of a vocabulary of 1,000: 41,541 parameters."""
    return Transformer(words=1000, length=24, classes=5)


@dataclass(frozen=True)
class Task:
    """A module, its rows and the recipe that trains it: momentum SGD on shuffled batches, cosine schedule."""

    name: str
    make_module: Callable[[], nn.Module]
    source: str
    rows: int = 2000
    queries: int = 500
    epochs: int = 30
    batch: int = 50
    rate: float = 0.03
    momentum: float = 0.9
    decay: float = 5e-4
    one_start: bool = False  # as in fine-tuning: every run begins at the same weights, and seeds only order the batches
    early: int = 5  # an epoch whose weights are kept, when the module has learned the easy part


TASKS = {
    task.name: task
    for task in (
        Task("perceptron", perceptron, "fashion-mnist"),
        Task("convolutional", convolutional, "fashion-mnist"),
        Task("transformer", transformer, "docstrings", epochs=10, rate=0.1, early=2, one_start=True),
        # Other rows of the same source: what was seen to work above is tried again here.
        Task("perceptron-rehearsal", perceptron, "fashion-mnist-rehearsal"),
        # Stopped long before it fits its rows: the rule for the ridge, found on the transformer, is tried here.
        Task("perceptron-early", perceptron, "fashion-mnist-rehearsal", epochs=2),
    )
}


def initial(task: Task, seed: int) -> nn.Module:
    """The module before its first step."""
    torch.manual_seed(0 if task.one_start else seed)
    return task.make_module()


def train(
    task: Task, inputs: torch.Tensor, labels: torch.Tensor, seed: int, keep: Iterable[int] = ()
) -> tuple[nn.Module, dict[int, dict[str, torch.Tensor]]]:
    """The trained module in eval mode, and copies of its parameters after the epochs in `keep`."""
    module = initial(task, seed)
    optimizer = torch.optim.SGD(module.parameters(), lr=task.rate, momentum=task.momentum, weight_decay=task.decay)
    steps = math.ceil(len(labels) / task.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, task.epochs * steps)
    order, wanted, kept = torch.Generator().manual_seed(seed), set(keep), {}
    for epoch in range(1, task.epochs + 1):
        for rows in torch.randperm(len(labels), generator=order).split(task.batch):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(inputs[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
        if epoch in wanted:
            kept[epoch] = {name: value.detach().clone() for name, value in module.state_dict().items()}
    return module.eval(), kept


def margins(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Own logit minus the log-sum-exp of the others: log p / (1 - p), without the cancellation."""
    own = labels.unsqueeze(-1) == torch.arange(logits.shape[-1])
    return (logits * own).sum(-1) - logits.masked_fill(own, -torch.inf).logsumexp(-1)


def read_rows(cache: Path) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs and labels of the training rows, then of the queries, as `truth.py` cached them."""
    with np.load(cache / "rows.npz") as stored:
        return tuple(torch.from_numpy(stored[name]) for name in ("inputs", "labels", "query_inputs", "query_labels"))  # type: ignore[return-value]


def read_module(task: Task, cache: Path, seed: int, epoch: int | None = None) -> nn.Module:
    """The module trained on all rows with a seed, at its end or after an epoch that was kept."""
    module = task.make_module()
    at = task.epochs if epoch is None else epoch
    with np.load(cache / f"module-{seed}-{at}.npz") as stored:
        module.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
    return module.eval()
