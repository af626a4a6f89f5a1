"""samplewise: every method by its name, from one model, from five, and from five with their states along training."""

from functools import partial

import numpy as np
import torch
from measuring import Rows, Setting, run
from scipy.linalg import cho_factor, cho_solve
from sklearn.preprocessing import OneHotEncoder

from samplewise.influence import Attributor

METHODS = (
    "tangent_kernel",
    "dual_fisher",
    "dual_margin",
    "ekfac",
    "ekfac_exact",
    "sketch",
    "two_sided",
    "gradient_similarity",
    "representation",
)
MANY = METHODS[:4]  # also from five models


def attributed(
    setting: Setting, rows: Rows, queries: Rows, *, method: str, models: int = 1, path: bool = False
) -> np.ndarray:
    """Margin effects with the defaults of a method; `path` adds the state each model began in and an early one."""
    modules = [setting.module(seed) for seed in range(models)]
    if path:
        modules += [setting.initial(seed) for seed in range(models)]
        modules += [setting.module(seed, setting.task.early) for seed in range(models)]
    fitted = Attributor(modules, loss="cross_entropy", method=method, seed=0).fit(rows)
    return fitted.attribute(queries, target="margin").values


def ridge_on_inputs(setting: Setting, rows: Rows, queries: Rows) -> np.ndarray:
    """No network at all: leave-one-out of ridge regression on the inputs (words as a bag), ridge = mean diagonal."""
    train, queried = bags(rows[0], queries[0])
    kernel = train @ train.T + 1.0
    kernel[np.diag_indices_from(kernel)] += np.trace(kernel) / len(kernel)
    factor = cho_factor(kernel, lower=True)
    inverse = cho_solve(factor, np.eye(len(kernel)))
    targets = np.asarray(OneHotEncoder(sparse_output=False).fit_transform(rows[1].numpy()[:, None]))
    held_out = inverse @ (targets - targets.mean(0)) / np.diag(inverse)[:, None]
    weights = (queried @ train.T + 1.0) @ inverse
    return weights * held_out.T[queries[1].numpy() % targets.shape[1]]


def bags(*inputs: torch.Tensor) -> list[np.ndarray]:
    """Numbers as they are; word indices as which words occur."""
    if inputs[0].is_floating_point():
        return [part.double().numpy() for part in inputs]
    words = int(max(part.max() for part in inputs)) + 1
    return [torch.zeros(len(part), words, dtype=torch.double).scatter_(1, part, 1.0).numpy()[:, 1:] for part in inputs]


if __name__ == "__main__":
    methods = {name: partial(attributed, method=name) for name in METHODS}
    methods |= {f"{name}-five": partial(attributed, method=name, models=5) for name in MANY}
    methods["tangent_kernel-path"] = partial(attributed, method="tangent_kernel", path=True)
    methods["tangent_kernel-five-path"] = partial(attributed, method="tangent_kernel", models=5, path=True)
    methods["ridge_on_inputs"] = ridge_on_inputs
    run(methods, "samplewise")
