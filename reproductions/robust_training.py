"""Training with 80 % and 40 % wrong labels: what is memorized, and who still learns, on Fashion-MNIST.

The claims (harutyunyan2020): standard training memorizes wrong labels; if the gradient of the logits is predicted
without the label, less is memorized and more is learnt, more so with the Laplace form and a heavier weight. And
(liu2020): holding a network to its early answers keeps it from memorizing. Their tables (MNIST, CIFAR, ResNets) do not
fit here; 10,000 training rows, 10,000 clean test rows, a perceptron 784-256-256-256-10 with batch normalization, Adam
at 0.001, batches of 256, 40 epochs at a constant rate, no early stopping; so many draws of rows, flips and first
weights as `--seeds` says (3; the figures kept here say how many they are of). A wrong label is memorized where the
network names it.

Every draw is kept when it is done: a run that was stopped goes on where it was, and `--seeds 5` adds to what is there.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.metrics import roc_auc_score
from torch import nn

from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner
from samplewise.labels import (
    CoTeaching,
    EarlyLearningRegularization,
    LabelNoiseInformation,
    bootstrapping,
    generalized_cross_entropy,
    label_noise_entropy,
    least_training_errors,
    mean_absolute_error,
)

HERE = Path(__file__).parent / "results"
FILE = HERE / "robust_training.json"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
ROWS, ASKED, CLASSES, EPOCHS, BATCH = 10_000, 10_000, 10, 40, 256
SHARES = (0.8, 0.4)


def network(shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Three hidden layers of 256 units, each normalized over its batch."""
    layers: list[nn.Module] = []
    for width in (shape[0], 256, 256):
        layers += [nn.Linear(width, 256), nn.BatchNorm1d(256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, outputs))


def methods(share: float) -> dict[str, tuple[str | Callable[..., Any], Callable[[], Any] | None]]:
    """Name -> loss, and what makes an objective in its place."""
    return {
        "cross-entropy": ("cross_entropy", None),
        "absolute error": (mean_absolute_error, None),
        "generalized cross-entropy": (generalized_cross_entropy(), None),
        "bootstrapping": (bootstrapping(0.8), None),
        "co-teaching, noise rate known": ("auto", partial(CoTeaching, share)),
        "early learning": ("auto", EarlyLearningRegularization),
        "predicted gradient, gaussian, weight 1": ("auto", partial(LabelNoiseInformation, "gaussian", 1.0)),
        "predicted gradient, gaussian, weight 10": ("auto", partial(LabelNoiseInformation, "gaussian", 10.0)),
        "predicted gradient, laplace, weight 1": ("auto", partial(LabelNoiseInformation, "laplace", 1.0)),
        "predicted gradient, laplace, weight 10": ("auto", partial(LabelNoiseInformation, "laplace", 10.0)),
    }


def rows_of(seed: int, share: float) -> tuple[Dataset, np.ndarray, np.ndarray, np.ndarray]:
    """Training rows with uniform flips to other classes, the flips, clean test pictures and their labels."""
    draw = np.random.default_rng([seed, 2])
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        chosen = draw.choice(len(stored["labels"]), ROWS + ASKED, replace=False)
        pixels, labels = stored["images"][chosen], stored["labels"][chosen].astype(np.int64)
    X = ((pixels.reshape(len(pixels), -1) / 255 - 0.286) / 0.353).astype(np.float32)
    flipped = draw.random(ROWS) < share
    given = labels[:ROWS].copy()
    given[flipped] = (given[flipped] + draw.integers(1, CLASSES, flipped.sum())) % CLASSES
    return Dataset(X[:ROWS], given), flipped, X[ROWS:], labels[ROWS:]


def measured(share: float, seed: int) -> dict[str, dict[str, float]]:
    """Test accuracy, memorized share and how well the outputs find wrong labels, for every method."""
    data, flipped, queried, truth = rows_of(seed, share)
    found = {}
    for name, (loss, make) in methods(share).items():
        start = time.process_time()
        objective = None if make is None else make()
        learner = TorchLearner(
            network, EPOCHS, BATCH, 1e-3, "adam", "constant", loss=loss if make is None else "auto", encoding="raw"
        )
        fitted = learner.fit(data, seed=seed, objective=objective)
        shares = np.exp(log_shares(fitted.outputs(data.X)))
        named = shares.argmax(axis=1)
        found[name] = {
            "accuracy": float(np.mean(fitted.outputs(queried).argmax(axis=1) == truth)),
            "memorized": float(np.mean(named[flipped] == data.y[flipped])),
            "training_errors": float(np.mean(named != data.y)),
            "area": float(roc_auc_score(flipped, -shares[np.arange(ROWS), data.y])),
            "seconds": time.process_time() - start,
        }
        print(share, seed, name, {key: round(value, 3) for key, value in found[name].items()}, flush=True)
    return found


def log_shares(outputs: np.ndarray) -> np.ndarray:
    """Log-probabilities of logits."""
    top = outputs.max(axis=1, keepdims=True)
    return outputs - top - np.log(np.exp(outputs - top).sum(axis=1, keepdims=True))


def table_of(results: dict[str, list[dict[str, dict[str, float]]]]) -> str:
    """Means and ranges over the draws."""
    lines = []
    for share, draws in results.items():
        noise = float(share)
        matrix = noise / 9 * np.ones((10, 10)) + (1 - noise - noise / 9) * np.eye(10)
        floor = least_training_errors(label_noise_entropy(matrix), 0.0, CLASSES)
        lines += [
            f"### {noise:.0%} of the labels replaced by another class ({len(draws)} draw{'s' * (len(draws) > 1)})", "",
            f"A model that holds nothing about the labels gets at least {floor:.0%} of them wrong in training.", "",
            "| method | accuracy on clean rows | wrong labels memorized | training labels it gets wrong | "
            "area, wrong labels found by 1 - p(given) | CPU s |",
            "|-|-|-|-|-|-|",
        ]  # fmt: skip
        for name in draws[0]:
            cells = [
                spread([draw[name][key] for draw in draws])
                for key in ("accuracy", "memorized", "training_errors", "area")
            ]
            seconds = np.mean([draw[name]["seconds"] for draw in draws])
            lines.append(f"| {name} | {' | '.join(cells)} | {seconds:.0f} |")
        lines += ["", *claims(draws), ""]
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Mean with the range, or the one value there is."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def claims(draws: list[dict[str, dict[str, float]]]) -> list[str]:
    """Which orders hold in every draw."""
    laplace, gaussian = "predicted gradient, laplace, weight 10", "predicted gradient, gaussian, weight 10"
    light = {name: name.replace("weight 10", "weight 1") for name in (laplace, gaussian)}

    def said(text: str, better: str, worse: str, key: str = "accuracy", sign: int = 1) -> str:
        held = sum(sign * draw[better][key] > sign * draw[worse][key] for draw in draws)
        return f"- {text}: holds in {held} of {len(draws)} draws."

    return [
        said("Laplace, weight 10, is more accurate than the absolute error", laplace, "absolute error"),
        said("the absolute error is more accurate than Gaussian, weight 10", "absolute error", gaussian),
        said("Gaussian, weight 10, is more accurate than cross-entropy", gaussian, "cross-entropy"),
        said("early learning is more accurate than cross-entropy", "early learning", "cross-entropy"),
        said("a heavier weight memorizes less (Laplace)", laplace, light[laplace], "memorized", -1),
        said("a heavier weight memorizes less (Gaussian)", gaussian, light[gaussian], "memorized", -1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    queried = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    results = kept()
    for seed in range(queried.seeds):
        for share in SHARES:
            draws = results.setdefault(str(share), [])
            if len(draws) <= seed:
                draws.append(measured(share, seed))
                keep(results)
    print(table_of(results))


def kept() -> dict[str, list[dict[str, dict[str, float]]]]:
    """Draws of earlier runs with the same version of torch."""
    if not FILE.exists():
        return {}
    stored = json.loads(FILE.read_text())
    return dict(stored["results"]) if stored["versions"]["torch"] == version("torch") else {}


def keep(results: dict[str, list[dict[str, dict[str, float]]]]) -> None:
    """What there is so far, with the machine and versions it was measured on."""
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "torch")}
    FILE.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    FILE.with_suffix(".md").write_text(table_of(results))


if __name__ == "__main__":
    main()
