"""Pruning by difficulty: how many rows can go, when keeping the hardest collapses, and what gradients at the start say.

The claims (paul2021): half of the data can be left out by its early error (EL2N) or gradient norm (GraNd) without
loss. And of others: keeping the hardest falls behind random rows when few are kept; wrong labels gather among the
hardest, and leaving out the very hardest mends it; the gradient norm BEFORE training ranks rows by the length of their
input and does not prune well (kirsch2023: the published result for it came from a fault in restoring checkpoints).
10,000 Fashion-MNIST rows, 10,000 clean test rows, a perceptron 784-128-10, 2,400 steps whatever the number of rows,
scores from three runs at step 450; two draws. `--seeds 1` is a quick run.
"""

import argparse
import json
import os
import platform
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from samplewise.core.values import Scores
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.influence import gradient_norm
from samplewise.labels import training_dynamics
from samplewise.selection import prune

HERE = Path(__file__).parent / "results"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
ROWS, ASKED, CLASSES, BATCH, STEPS, LOOK = 10_000, 10_000, 10, 100, 2400, 450
KEEP = (0.7, 0.5, 0.3, 0.15)
WRONG = (0.0, 0.1)
RUNS = 3


def rows_of(seed: int, share: float) -> tuple[Dataset, np.ndarray, np.ndarray, np.ndarray]:
    """Training rows, some labels replaced by another class; which; clean test rows and labels."""
    draw = np.random.default_rng([seed, 3])
    with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
        chosen = draw.choice(len(stored["labels"]), ROWS + ASKED, replace=False)
        pixels, labels = stored["images"][chosen], stored["labels"][chosen].astype(np.int64)
    X = ((pixels.reshape(len(pixels), -1) / 255 - 0.286) / 0.353).astype(np.float32)
    flipped = draw.random(ROWS) < share
    given = labels[:ROWS].copy()
    given[flipped] = (given[flipped] + draw.integers(1, CLASSES, flipped.sum())) % CLASSES
    return Dataset(X[:ROWS], given), flipped, X[ROWS:], labels[ROWS:]


def learner(steps: int, rows: int) -> TorchLearner:
    """The perceptron, trained for so many steps."""
    epochs = max(1, round(steps * BATCH / rows))
    make = partial(dense_network, widths=(128,))
    return TorchLearner(make, epochs, BATCH, 0.05, "sgd", "cosine", momentum=0.9, encoding="raw")


def scores_of(data: Dataset, seed: int) -> dict[str, Scores]:
    """Difficulty of every row, larger is harder."""
    n_evaluations = LOOK * BATCH // ROWS
    dynamics = training_dynamics(
        data, learner=learner(LOOK, ROWS), n_runs=RUNS, error_epochs=[n_evaluations], seed=seed
    )
    early = [learner(LOOK, ROWS).fit(data, seed=seed + run) for run in range(RUNS)]
    fresh = []
    for run in range(RUNS):
        torch.manual_seed(1000 + seed + run)
        fresh.append(dense_network((data.X.shape[1],), CLASSES, widths=(128,)))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # it says that norms before training mean nothing, which is the point
        before = gradient_norm((data.X, data.y), module=fresh)
    return {
        "early error (EL2N)": dynamics.early_error[n_evaluations],
        "gradient norm (GraNd)": gradient_norm(data, module=early),
        "gradient norm before training": before,
        "forgetting": training_dynamics(data, learner=learner(STEPS, ROWS), n_runs=RUNS, seed=seed).forgetting,
    }


def accuracy(data: Dataset, ids: np.ndarray, queried: np.ndarray, truth: np.ndarray, seed: int) -> float:
    """Of the network trained on some of the rows, on the clean test rows."""
    part = data.keep(ids)
    return float(np.mean(learner(STEPS, len(part)).fit(part, seed=seed).outputs(queried).argmax(axis=1) == truth))


def measured(share: float, seed: int) -> dict[str, object]:
    """Accuracy by score and share kept, and what the scores have to do with each other and with wrong labels."""
    data, flipped, queried, truth = rows_of(seed, share)
    scores = scores_of(data, seed)
    window = 0.05 if not share else 0.12
    choices = {name: partial(prune, held, labels=data.y) for name, held in scores.items()}
    hard = scores["early error (EL2N)"]
    choices[f"early error, hardest {window:.0%} left out"] = partial(prune, hard, labels=data.y, skip_hardest=window)
    choices["random"] = partial(prune, hard, labels=data.y, order="random", seed=seed)
    found: dict[str, object] = {"all rows": accuracy(data, data.ids, queried, truth, seed)}
    for name, choose in choices.items():
        found[name] = {str(keep): accuracy(data, choose(keep).ids, queried, truth, seed) for keep in KEEP}
        print(share, seed, name, found[name], flush=True)
    lengths = np.linalg.norm(data.X, axis=1)
    before = scores["gradient norm before training"].values
    found["rank correlation, gradient norm before training and length of the input"] = float(
        spearmanr(before, lengths)[0]
    )
    found["rank correlation, gradient norm before training and early error"] = float(spearmanr(before, hard.values)[0])
    found["rank correlation, gradient norm and early error"] = float(
        spearmanr(scores["gradient norm (GraNd)"].values, hard.values)[0]
    )
    if share:
        for name, held in scores.items():
            found[f"area, wrong labels by {name}"] = float(roc_auc_score(flipped, held.values))
    return found


def table_of(results: dict[str, list[dict]]) -> str:
    """Means over the draws."""
    lines = []
    for share, draws in results.items():
        wrong = f"{float(share):.0%} wrong labels" if float(share) else "clean labels"
        whole = np.mean([draw["all rows"] for draw in draws])
        lines += [f"### {wrong} ({len(draws)} draws)", "", f"Accuracy with all rows: {whole:.3f}.", ""]
        lines += ["| rows kept by | " + " | ".join(f"{keep:.0%}" for keep in KEEP) + " |", "|-" * (1 + len(KEEP)) + "|"]
        for name in (key for key, value in draws[0].items() if isinstance(value, dict)):
            cells = (f"{np.mean([draw[name][str(keep)] for draw in draws]):.3f}" for keep in KEEP)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines += [""]
        lines += [
            f"- {name}: {np.mean([draw[name] for draw in draws]):.3f}"
            for name, value in draws[0].items() if isinstance(value, float) and name != "all rows"
        ]  # fmt: skip
        lines += [""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    queried = parser.parse_args()
    results = {str(share): [measured(share, seed) for seed in range(queried.seeds)] for share in WRONG}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "torch")}
    HERE.mkdir(exist_ok=True)
    file = HERE / "data_diet.json"
    file.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))


if __name__ == "__main__":
    main()
