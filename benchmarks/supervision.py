"""Supervision complexity from kernels (n, n) against the full one (n c, n c): the same order, in a fraction of the time.

    OMP_NUM_THREADS=1 python benchmarks/supervision.py     # about two minutes on one core

300 digits, a student 64-32-10 at its start, seven targets: random labels, the labels, a teacher 64-256-256-10 at five
stages of its training. Three kernels: "full" is that of all outputs (3,000 x 3,000), "shared" their mean, "random" four
random sums of them. The reduced ones are timed as the best of twenty, which favours them by what a loaded machine
adds; the full one as the best of two. Times are of the whole call: gradients, kernel, eigenvectors, all targets.
"""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.datasets import load_digits

from samplewise.generalization import supervision_complexity

RESULTS = Path(__file__).parent / "results" / "supervision.json"
ROWS, STAGES = 300, (1, 2, 5, 15, 40)
REPEATS = {"random": 20, "shared": 20, "full": 2}


def dense(*sizes: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for width_in, width_out in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(width_in, width_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def stages_of_a_teacher(X: torch.Tensor, y: torch.Tensor) -> dict[str, np.ndarray]:
    """What a teacher says of the rows after some epochs."""
    teacher, said = dense(64, 256, 256, 10), {}
    optimizer = torch.optim.Adam(teacher.parameters(), lr=1e-3)
    for epoch in range(1, max(STAGES) + 1):
        for rows in torch.randperm(len(X)).split(32):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(teacher(X[rows]), y[rows]).backward()
            optimizer.step()
        if epoch in STAGES:
            said[f"teacher after {epoch} epochs"] = teacher(X).softmax(1).detach().numpy()
    return said


def timed(data: tuple, targets: dict, student: torch.nn.Module, form: str) -> tuple[dict, float]:
    """Results, and seconds of the fastest of some calls."""
    spent = []
    for _ in range(REPEATS[form]):
        began = time.perf_counter()
        found = supervision_complexity(data, targets, kernel=student, form=form)
        spent.append(time.perf_counter() - began)
    return found, min(spent)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pictures, labels = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(pictures))[:900]
    X, y = (pictures[rows] / 16).astype(np.float32), labels[rows]
    said = stages_of_a_teacher(torch.from_numpy(X), torch.from_numpy(y))
    student = dense(64, 32, 10).eval()
    targets = {"random labels": np.random.default_rng(1).integers(0, 10, ROWS), "labels": y[:ROWS]}
    targets |= {name: one[:ROWS] for name, one in said.items()}
    found, seconds = {}, {}
    for form in REPEATS:
        found[form], seconds[form] = timed((X[:ROWS], y[:ROWS]), targets, student, form)
    adjusted = {form: [one.adjusted.value for one in by_name.values()] for form, by_name in found.items()}
    results = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread used",
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "torch")},
        "seconds": seconds,
        "times less than the full kernel": {form: seconds["full"] / seconds[form] for form in ("shared", "random")},
        "rank correlation with the full kernel": {
            form: float(spearmanr(adjusted[form], adjusted["full"])[0]) for form in ("shared", "random")
        },
        "adjusted complexity": {
            name: {form: found[form][name].adjusted.value for form in ("full", "shared", "random")} for name in targets
        },
        "relative to random labels": {
            name: {form: found[form][name].relative.value for form in ("full", "shared", "random")} for name in targets
        },
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
