"""Which scores find wrong labels: influence of a row on itself and the simple scores that match it, Fashion-MNIST.

The claim: self-influence finds mislabeled rows (koh2017, pruthi2020). What our own notes say: it does, it
hardly depends on how long training lasted, and an early loss or a plain vote of the nearest neighbors is
as good. 2,000 training rows, 10 % of the labels flipped, to any other class or (harder) to the next one; a network
784-256-10 measured after 5 and after 30 epochs; three draws of rows, flips and first weights.
"""

import argparse
import json
import math
import os
import platform
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from samplewise.core.values import Scores
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.influence import Attributor, gradient_norm, knn_shapley, leave_one_out, mislabel_score, out_of_bag_value
from samplewise.labels import find_label_issues

HERE = Path(__file__).parent / "results"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
ROWS, FLIPPED, CLASSES, EPOCHS = 2000, 0.1, 10, 30
QUERIES = 500
KINDS = ("any other class", "the next class")


def early_cosine(step: int, steps: int, share: float) -> float:
    """The cosine of all 30 epochs, of which only the first share is run."""
    return 0.5 * (1 + math.cos(math.pi * step / steps * share))


def rows_of(seed: int, kind: str) -> tuple[Dataset, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Training rows with flips, clean validation rows, and which labels were flipped."""
    draw = np.random.default_rng([seed, 1])
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        chosen = draw.choice(len(stored["labels"]), ROWS + QUERIES, replace=False)
        pixels, labels = stored["images"][chosen], stored["labels"][chosen].astype(np.int64)
    X = ((pixels.reshape(len(pixels), -1) / 255 - 0.286) / 0.353).astype(np.float32)
    wrong = np.zeros(ROWS, dtype=bool)
    wrong[draw.choice(ROWS, int(FLIPPED * ROWS), replace=False)] = True
    given = labels[:ROWS].copy()
    step = draw.integers(1, CLASSES, wrong.sum()) if kind == KINDS[0] else 1
    given[wrong] = (given[wrong] + step) % CLASSES
    return Dataset(X[:ROWS], given), (X[ROWS:], labels[ROWS:]), wrong


def network(epochs: int) -> TorchLearner:
    """The network of the common task, its run cut off after so many of 30 epochs."""
    schedule = partial(early_cosine, share=epochs / EPOCHS)
    make = partial(dense_network, widths=(256,))
    return TorchLearner(make, epochs, 50, 0.03, "sgd", schedule, decay=5e-4, encoding="raw")


def row_loss(outputs: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(n,) cross-entropy of each row."""
    top = outputs.max(axis=1, keepdims=True)
    return np.log(np.exp(outputs - top).sum(axis=1)) + top[:, 0] - outputs[np.arange(len(codes)), codes]


def network_scores(data: Dataset, queries: tuple, epochs: int, seed: int) -> dict[str, tuple[Scores, bool]]:
    """Scores of one trained network, and whether the larger are suspected."""
    fitted = network(epochs).fit(data, seed=seed)
    outputs = fitted.outputs(data.X)
    shares = np.exp(-row_loss(outputs, data.y))
    errors = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    errors = errors / errors.sum(axis=1, keepdims=True) - np.eye(CLASSES)[data.y]
    attributor = Attributor(fitted, method="dual_fisher").fit(data)
    found = {
        "loss": (Scores("loss", -np.log(shares), data.ids, "nats", "less expected"), True),
        "error norm (EL2N)": (Scores("el2n", np.linalg.norm(errors, axis=1), data.ids, "share", "further off"), True),
        "gradient norm (GraNd)": (gradient_norm(data, module=fitted), True),
        "self-influence": (attributor.self_influence(), True),
        "mean influence on 500 clean rows": (attributor.attribute(queries).aggregate(), False),
    }
    return {f"{name}, epoch {epochs}": scores for name, scores in found.items()}


def other_scores(data: Dataset, seed: int) -> dict[str, tuple[Scores, bool]]:
    """Scores that need no network."""
    return {
        "nearest neighbors' Shapley value": (knn_shapley(data, seed=seed), False),
        "closed-form leave-one-out": (leave_one_out(data, seed=seed), False),
        "out-of-bag value, 50 kernel heads": (out_of_bag_value(data, learner="kernel", n_models=50, seed=seed), False),
        "label issues of the audit (cross-fitted)": (find_label_issues(data, seed=seed).wrong, True),
    }


def measured(kind: str, seed: int) -> dict[str, dict[str, float]]:
    """Area, precision and CPU seconds of every score on one draw."""
    data, queries, wrong = rows_of(seed, kind)
    results = {}
    makers = [partial(network_scores, data, queries, 5), partial(network_scores, data, queries, 30)]
    for make in [*makers, partial(other_scores, data)]:
        for name, (scores, larger) in make(seed).items():
            found = mislabel_score(scores.aligned_to(data.ids), wrong, larger_is_wrong=larger, n_resamples=200)
            results[name] = {
                "area": found.area.value,
                "low": found.area.low,
                "high": found.area.high,
                "precision": found.precision.value,
            }
    return results


def table_of(results: dict[str, list[dict[str, dict[str, float]]]]) -> str:
    """Means over draws, with their range."""
    head = " | ".join(f"area, {kind} | precision, {kind}" for kind in results)
    lines = [f"| score | {head} |", "|-" * (1 + 2 * len(results)) + "|"]
    for name in next(iter(results.values()))[0]:
        cells = []
        for draws in results.values():
            area, precision = ([run[name][key] for run in draws] for key in ("area", "precision"))
            cells.append(f"{np.mean(area):.3f} ({min(area):.3f} to {max(area):.3f}) | {np.mean(precision):.2f}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    widths = [run["high"] - run["low"] for draws in results.values() for found in draws for run in found.values()]
    lines += [
        "",
        f"Area under the ROC curve and average precision (chance: 0.5 and {FLIPPED:g}), mean of "
        f"{len(next(iter(results.values())))} draws, their range in brackets; one draw's 95 % interval of the area "
        f"is {np.mean(widths):.3f} wide on average, so differences below {np.mean(widths) / 2:.2f} are ties.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    HERE.mkdir(exist_ok=True)
    start = time.process_time()
    results = {kind: [measured(kind, seed) for seed in seeds] for kind in KINDS}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "torch", "scikit-learn")}
    stored = {"machine": machine, "versions": versions, "cpu_seconds": time.process_time() - start, "results": results}
    file = HERE / "mislabel_detection.json"
    file.write_text(json.dumps(stored, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))


if __name__ == "__main__":
    main()
