"""Weights of sources by gradients: a source counts more while a step on its rows also lowers the loss on the target.

The model is linear in the columns (softmax for classes, squared error for numbers), so that every gradient is one
product. While it is trained on the mixture, the weights move by mirror descent on the simplex.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import log_softmax

from samplewise.core.arrays import Array, Floats
from samplewise.core.randomness import generator

Rows = tuple[Floats, Floats]  # (n, d) columns with a constant; (n, c) classes as 0 and 1, or (n, 1) numbers
N_STEPS, BATCH = 600, 64
MOVE = 0.05  # of the log weights for a source whose gradient is the target's
LEAST = 1e-3  # weight below which none falls, so that a source may come back


@dataclass(frozen=True, slots=True)
class LinearLoss:
    """The loss of a linear model and its gradient."""

    classes: bool

    def of(self, weights: Floats, rows: Rows) -> Floats:
        """(n,) nats of classes, or half of the squared error."""
        outputs, truth = rows[0] @ weights, rows[1]
        if self.classes:
            return -(log_softmax(outputs, axis=1) * truth).sum(axis=1)
        return 0.5 * ((outputs - truth) ** 2).sum(axis=1)

    def gradient(self, weights: Floats, rows: Rows) -> Floats:
        """(d, c) mean over the rows."""
        outputs = rows[0] @ weights
        if self.classes:
            outputs = np.exp(log_softmax(outputs, axis=1))
        return rows[0].T @ (outputs - rows[1]) / len(rows[0])


def step_size(columns: Floats) -> float:
    """The longest step that is stable for every source: one over the largest curvature of the squared error."""
    return 1.0 / float(np.linalg.eigvalsh(columns.T @ columns / len(columns))[-1])


def aligned_weights(
    sources: Sequence[Rows], goal: Rows, loss: LinearLoss, strategy: Literal["gradient_alignment", "doge"], seed: int
) -> Floats:
    """(k,) weights, the mean over the second half of the steps.

    "gradient_alignment" moves by the cosine of a source's gradient and the target's, so that no source counts for the
    size of its gradients; "doge" by their inner product in units of the mean squared size.
    """
    draw = generator(seed, "gradient mixing", len(sources))
    rate = 0.5 * step_size(np.vstack([columns for columns, _ in sources]))
    model = np.zeros((goal[0].shape[1], goal[1].shape[1]))
    weights = np.full(len(sources), 1.0 / len(sources))
    total = np.zeros(len(sources))
    for step in range(N_STEPS):
        each = np.array([loss.gradient(model, _batch(rows, draw)) for rows in sources])
        wanted = loss.gradient(model, _batch(goal, draw))
        weights = _moved(weights, each.reshape(len(each), -1), wanted.ravel(), strategy)
        model = model - rate * np.tensordot(weights, each, axes=1)
        total += weights * (step >= N_STEPS // 2)
    return total / total.sum()


def trained(sources: Sequence[Rows], weights: Floats, loss: LinearLoss, seed: int) -> Floats:
    """(d, c) the linear model after as many steps on the mixture."""
    draw = generator(seed, "training on a mixture", len(sources))
    rate = 0.5 * step_size(np.vstack([columns for columns, _ in sources]))
    model = np.zeros((sources[0][0].shape[1], sources[0][1].shape[1]))
    mean = np.zeros_like(model)
    for step in range(N_STEPS):
        each = np.array([loss.gradient(model, _batch(rows, draw)) for rows in sources])
        model = model - rate * np.tensordot(weights, each, axes=1)
        mean += model * (step >= N_STEPS // 2)
    return mean / (N_STEPS - N_STEPS // 2)


def _batch(rows: Rows, draw: np.random.Generator) -> Rows:
    chosen: Array = draw.integers(0, len(rows[0]), min(BATCH, len(rows[0])))
    return rows[0][chosen], rows[1][chosen]


def _moved(weights: Floats, each: Floats, wanted: Floats, strategy: str) -> Floats:
    """The weights after one step of mirror descent."""
    products = each @ wanted
    sizes = np.linalg.norm(each, axis=1)
    if strategy == "gradient_alignment":
        scores = products / np.maximum(sizes * np.linalg.norm(wanted), 1e-300)
    else:
        scores = np.clip(products / max(float(np.mean(sizes**2)), 1e-300), -1.0, 1.0)
    new = weights * np.exp(MOVE * (scores - scores.max()))
    new = np.maximum(new / new.sum(), LEAST)
    return np.asarray(new / new.sum())
