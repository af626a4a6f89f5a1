"""Supervision complexity in kernels (n, n) against the full one (n c, n c): the same order in a fraction of the time.

    OMP_NUM_THREADS=1 python benchmarks/supervision.py     # about three minutes on one core, 2 GB

300 and 500 digits, a student 64-32-10 at its start, seven targets: random labels, the labels, a teacher 64-256-256-10
at five stages of its training. Three kernels: "full" is that of all outputs (3,000 or 5,000 rows and columns), "shared"
their mean, "random" four random sums of them. Processor times of the whole call: gradients, kernel, eigenvectors,
all targets; the fastest of 100 calls, of the full one the fastest of two (one at 500 rows).
"""

import json
import os
import platform
import time
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.datasets import load_digits

from samplewise.generalization import supervision_complexities

RESULTS = Path(__file__).parent / "results" / "supervision.json"
SIZES, STAGES = (300, 500), (1, 2, 5, 15, 40)
REPEATS = {"random": 100, "shared": 100, "full": 2}


def dense(*sizes: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for width_in, width_out in pairwise(sizes):
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


def timed(data: tuple, targets: dict, student: torch.nn.Module, form: str, repeats: int) -> tuple[dict, float]:
    """Results, and processor seconds of the fastest of some calls."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        found = supervision_complexities(data, targets=targets, kernel=student, form=form)
        spent.append(time.process_time() - began)
    return found, min(spent)


def compared(n: int, X: np.ndarray, y: np.ndarray, said: dict[str, np.ndarray]) -> dict:
    """All three kernels between the first n rows."""
    torch.manual_seed(1)
    student = dense(64, 32, 10).eval()
    targets = {"random labels": np.random.default_rng(1).integers(0, 10, n), "labels": y[:n]}
    targets |= {name: one[:n] for name, one in said.items()}
    found, seconds = {}, {}
    for form, repeats in REPEATS.items():
        times = repeats if n == SIZES[0] or form != "full" else 1
        found[form], seconds[form] = timed((X[:n], y[:n]), targets, student, form, times)
    adjusted = {form: [one.adjusted.value for one in by_name.values()] for form, by_name in found.items()}
    reduced = ("shared", "random")
    return {
        "processor seconds": seconds,
        "times less than the full kernel": {form: seconds["full"] / seconds[form] for form in reduced},
        "rank correlation with the full kernel": {
            form: float(spearmanr(adjusted[form], adjusted["full"])[0]) for form in reduced
        },
        "adjusted complexity": {
            name: {form: found[form][name].adjusted.value for form in ("full", *reduced)} for name in targets
        },
        "relative to random labels": {
            name: {form: found[form][name].relative.value for form in ("full", *reduced)} for name in targets
        },
    }


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pictures, labels = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(pictures))[:900]
    X, y = (pictures[rows] / 16).astype(np.float32), labels[rows]
    said = stages_of_a_teacher(torch.from_numpy(X), torch.from_numpy(y))
    results = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread used",
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "torch")},
        **{f"{n} rows": compared(n, X, y, said) for n in SIZES},
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
