"""Wrong labels by how a network learns them: small loss, forgetting, margins; early, late, and over the whole training.

The claims: a network fits right labels before wrong ones, so rows of small loss EARLY in training are mostly right
(han2018); wrong labels are forgotten more often while they are learned (toneva2019, CIFAR-10); the margin
averaged over training finds them (pleiss2020). Their data (CIFAR, convolutions) do not fit here: digits (1,797 rows)
and 5,000 Fashion-MNIST pictures as 50 principal components, 20 % of the labels flipped to any other class or to the
next one, a perceptron with one hidden layer of 256, Adam at 0.003, batches of 64, 40 epochs at a constant rate, three
runs a draw; three draws of flips and first weights. Chance has an average precision of 0.2.
"""

import argparse
import json
import os
import platform
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score

from samplewise.data import Dataset
from samplewise.engine.models import DynamicsRecorder, TorchLearner, dense_network

HERE = Path(__file__).parent / "results"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
RATE, EPOCHS, RUNS, CLASSES, PICTURES = 0.2, 40, 3, 10, 5000
LOOKS = (1, 3, 10, 40)  # epochs at which the loss is read
KINDS = ("any other class", "the next class")


class LossRecorder(DynamicsRecorder):
    """Training dynamics, and the loss of every row at a few epochs."""

    def __init__(self, count: int) -> None:
        """Nothing is known yet."""
        super().__init__(count)
        self.losses = {epoch: np.full(count, np.nan) for epoch in LOOKS}

    def update(self, rows: Any, outputs: Any, labels: Any, epoch: int) -> None:
        """One reading of some rows."""
        super().update(rows, outputs, labels, epoch)
        if epoch in self.losses:
            logits = np.asarray(outputs, dtype=np.float64)
            top = logits.max(axis=1)
            own = logits[np.arange(len(logits)), np.asarray(labels, dtype=np.intp)]
            self.losses[epoch][rows] = top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - own


def data_sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Features and right labels."""
    found = {"digits": load_digits(return_X_y=True)}
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        pixels, labels = stored["images"][:PICTURES], stored["labels"][:PICTURES].astype(np.int64)
    found["Fashion-MNIST"] = (PCA(50, random_state=0).fit_transform(pixels.reshape(PICTURES, -1) / 255.0), labels)
    return found


def watched(X: np.ndarray, truth: np.ndarray, kind: str, seed: int) -> dict[str, dict[str, float]]:
    """How well every score ranks the flipped labels, its mean over three runs taken."""
    draw = np.random.default_rng([seed, 5])
    flipped = draw.random(len(truth)) < RATE
    step = draw.integers(1, CLASSES, len(truth)) if kind == KINDS[0] else 1
    data = Dataset(X, np.where(flipped, (truth + step) % CLASSES, truth))
    make = partial(dense_network, widths=(256,))
    learner = TorchLearner(make, EPOCHS, 64, 3e-3, "adam", "constant")
    scores: dict[str, list[np.ndarray]] = {}
    for run in range(RUNS):
        recorder = LossRecorder(len(truth))
        learner.fit(data, seed=1000 * seed + run, recorder=recorder)
        columns = recorder.columns()
        notes = {f"loss, epoch {epoch}": losses for epoch, losses in recorder.losses.items()}
        notes |= {
            "mean loss": columns["mean_loss"], "forgetting": columns["forgetting"],
            "mean confidence": -columns["confidence"], "mean margin": -columns["margin"],
        }  # fmt: skip
        for name, values in notes.items():
            scores.setdefault(name, []).append(values)
    found = {name: evaluated(np.mean(values, axis=0), flipped) for name, values in scores.items()}
    forgotten = np.mean(scores["forgetting"], axis=0)
    found["forgetting"] |= {"wrong": float(forgotten[flipped].mean()), "right": float(forgotten[~flipped].mean())}
    return found


def evaluated(score: np.ndarray, flipped: np.ndarray) -> dict[str, float]:
    """Average precision and area under the curve."""
    return {"precision": float(average_precision_score(flipped, score)), "area": float(roc_auc_score(flipped, score))}


def table_of(results: dict[str, list[dict]]) -> str:
    """Average precision of every score on every setting, then which claims hold."""
    names = list(next(iter(results.values()))[0])
    lines = [f"| average precision | {' | '.join(results)} |", "|-|" + "-|" * len(results)]
    for name in names:
        cells = []
        for draws in results.values():
            values = [draw[name]["precision"] for draw in draws]
            cells.append(f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    for setting, draws in results.items():
        wrong, right = (np.mean([draw["forgetting"][key] for draw in draws]) for key in ("wrong", "right"))
        early, last = f"loss, epoch {LOOKS[1]}", f"loss, epoch {LOOKS[-1]}"
        lines.append(
            f"- {setting}: the loss finds more at epoch {LOOKS[1]} than at epoch {LOOKS[-1]} in "
            f"{held(draws, early, last)}; wrong labels are forgotten {wrong:.1f} times, right ones {right:.1f} (of "
            f"{EPOCHS} readings); the mean margin ranks better than forgetting in "
            f"{held(draws, 'mean margin', 'forgetting')}."
        )
    return "\n".join(lines) + "\n"


def held(draws: list[dict], better: str, worse: str) -> str:
    """In how many draws one score ranks better than another."""
    return f"{sum(draw[better]['precision'] > draw[worse]['precision'] for draw in draws)} of {len(draws)} draws"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    queried = parser.parse_args()
    results: dict[str, list[dict]] = {}
    for name, (X, truth) in data_sets().items():
        for kind in KINDS:
            results[f"{name}, {kind}"] = [watched(X, truth, kind, seed) for seed in range(queried.draws)]
            print(name, kind, json.dumps(results[f"{name}, {kind}"]), flush=True)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "torch")}
    file = HERE / "small_loss_and_forgetting.json"
    file.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))


if __name__ == "__main__":
    main()
