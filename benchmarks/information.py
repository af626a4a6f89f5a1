"""Unique information: against the published algorithm step by step, and how it grows.

    python benchmarks/information.py                      # all parts; about an hour, 15 GB of memory
    python benchmarks/information.py --only published     # a few minutes
    python benchmarks/information.py --only growth --most 5000
    python benchmarks/information.py --only linear

"published" takes one and the same tangent kernel of a perceptron (784-256-1, Fashion-MNIST 0 against 6, 2,000 steps of
the mean loss at rate 0.001) through both. The published code (harutyunyan2021) no longer runs; its steps were written
anew here: for every row a copy of the kernel in single precision, the inverse without the row by a block update, a
matrix power for the stopping time, and for the weights a copy of all Jacobians. It is timed on a few rows and scaled;
ours does all rows and both quantities. Errors are those of the few rows against deletion in double precision. Both use
two threads. "growth" takes random features, whose values do not change what is timed, and compares the whole with the
eigendecomposition alone. Peak memory is that of a process of its own per figure.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import linalg
from torch import Tensor, nn

from samplewise.engine.closed_form import inner_products
from samplewise.engine.gradients import row_gradients
from samplewise.information import GradientDescent, unique_information

RESULTS = Path(__file__).parent / "results"
DATA = (
    Path(os.environ.get("SAMPLEWISE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "fashion-mnist"
    / "train.npz"
)
STEPS, RATE = 2000, 1e-3
PUBLISHED, LOOKED_AT, JUDGES = (200, 400, 1000), 8, 500
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)
LINEAR = ((50_000, 1), (50_000, 10), (1_000_000, 1))


def pair(n: int) -> tuple[Tensor, Tensor, Tensor]:
    """T-shirts and shirts in equal parts (n), their labels, and other ones to judge."""
    with np.load(DATA) as stored:
        pictures, labels = stored["images"], stored["labels"]
    rows = np.concatenate([np.flatnonzero(labels == one)[: (n + JUDGES) // 2] for one in (0, 6)])
    rows = np.random.default_rng(0).permutation(rows)
    X = torch.from_numpy(pictures[rows].reshape(len(rows), -1).astype(np.float32) / 255)
    return X[:n], torch.from_numpy((labels[rows[:n]] == 6).astype(np.float64)), X[n : n + JUDGES]


def published_predictions(K: Tensor, residuals: Tensor, queried: Tensor, rows: range, rate: float) -> list[float]:
    """Squared prediction change for some rows, as the published code computes it."""
    n = len(K)
    inverse = torch.linalg.inv(K)
    whole = inverse @ ((torch.eye(n) - torch.linalg.matrix_power(torch.eye(n) - rate / n * K, STEPS)) @ residuals)
    before, found = queried @ whole, []
    for row in rows:
        rest = torch.cat([torch.arange(row), torch.arange(row + 1, n)])
        own, kept = inverse[rest][:, rest], K[rest][:, rest]
        own = own - torch.outer(inverse[rest, row], inverse[row, rest]) / inverse[row, row]
        power = torch.linalg.matrix_power(torch.eye(n - 1) - rate / (n - 1) * kept, STEPS)
        without = own @ ((torch.eye(n - 1) - power) @ residuals[rest])
        found.append(float((before - queried[:, rest] @ without).square().mean()))
    return found


def published_weights(K: Tensor, residuals: Tensor, jacobian: Tensor, rows: range, rate: float) -> list[float]:
    """Squared weight change for some rows, the same way, with the Jacobian of all rows but one copied each time."""
    n = len(K)
    inverse = torch.linalg.inv(K)
    whole = inverse @ ((torch.eye(n) - torch.linalg.matrix_power(torch.eye(n) - rate / n * K, STEPS)) @ residuals)
    before, found = jacobian.T @ whole, []
    for row in rows:
        rest = torch.cat([torch.arange(row), torch.arange(row + 1, n)])
        own, kept = inverse[rest][:, rest], K[rest][:, rest]
        own = own - torch.outer(inverse[rest, row], inverse[row, rest]) / inverse[row, row]
        power = torch.linalg.matrix_power(torch.eye(n - 1) - rate / (n - 1) * kept, STEPS)
        without = own @ ((torch.eye(n - 1) - power) @ residuals[rest])
        found.append(float((before - jacobian[rest].T @ without).square().sum()))
    return found


def deleted(K: np.ndarray, residuals: np.ndarray, queried: np.ndarray, row: int) -> tuple[float, float]:
    """Squared change of predictions and weights without a row, by an eigendecomposition of what is left."""

    def coefficients(kept: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(K[np.ix_(kept, kept)])
        step = np.clip(RATE / len(kept) * values, 0.0, None)
        phi = -np.expm1(STEPS * np.log1p(-step)) / np.where(step > 0, values, 1.0)
        found = np.zeros(len(K))
        found[kept] = vectors @ (np.where(step > 0, phi, STEPS * RATE / len(kept)) * (vectors.T @ residuals[kept]))
        return found

    everything = np.arange(len(K))
    change = coefficients(everything) - coefficients(np.delete(everything, row))
    return float(np.square(queried @ change).mean()), float(change @ K @ change)


def against_published(n: int) -> dict[str, Any]:
    """Seconds for all rows and relative errors on the first eight, of both."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 1)).eval()
    X, y, Z = pair(n)
    rows, evaluated_rows = (row_gradients(module, (part, None), loss="output", dtype=np.float64) for part in (X, Z))
    K, queried = rows.gram(), evaluated_rows.gram(rows)
    targets, start = y.numpy(), rows.outputs[:, 0]
    residuals, few = targets - start, range(LOOKED_AT)
    in_single = [torch.from_numpy(part).float() for part in (K, residuals, queried)]
    began = time.perf_counter()
    predictions = published_predictions(*in_single, few, RATE)
    by_predictions = (time.perf_counter() - began) * n / LOOKED_AT
    jacobian = torch.cat([torch.from_numpy(part.materialise()).float() for part in rows.layers], dim=1)
    began = time.perf_counter()
    weights = published_weights(in_single[0], in_single[1], jacobian, few, RATE)
    by_weights = (time.perf_counter() - began) * n / LOOKED_AT
    recipe = GradientDescent(STEPS, RATE)
    unique_information(gram=K[:50, :50], targets=targets[:50], training=recipe)  # what is loaded once does not count
    began = time.perf_counter()
    found = unique_information(
        gram=K, test_gram=queried, targets=targets, initial_outputs=start[:, None], training=recipe
    )
    ours = time.perf_counter() - began
    true = np.array([deleted(K, residuals, queried, row) for row in few])
    made = 2 * np.column_stack([found.functional.values[:LOOKED_AT], found.weights.values[:LOOKED_AT]])
    theirs = np.column_stack([predictions, weights])
    return {
        "published, predictions of all rows, s": by_predictions,
        "published, weights of all rows, s": by_weights,
        "ours, both for all rows, s": ours,
        "ratio, predictions": by_predictions / ours,
        "ratio, weights": by_weights / ours,
        "ratio, both": (by_predictions + by_weights) / ours,
        "median error of predictions, published": float(np.median(np.abs(theirs / true - 1)[:, 0])),
        "median error of predictions, ours": float(np.median(np.abs(made / true - 1)[:, 0])),
        "median error of weights, published": float(np.median(np.abs(theirs / true - 1)[:, 1])),
        "median error of weights, ours": float(np.median(np.abs(made / true - 1)[:, 1])),
        "condition": found.diagnostics.condition,
    }


def peak_gigabytes() -> float:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def one_size(n: int) -> dict[str, Any]:
    """All scores of n rows evaluated on 500 others, and the eigendecomposition alone."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(64, 3000)) / 8
    features, others = (np.tanh(rng.normal(size=(count, 64)) @ mix) for count in (n, JUDGES))
    K, queried, y = inner_products(features), others @ features.T, np.sign(features[:, 0])
    del features
    recipe = GradientDescent(STEPS, n / float(np.trace(K)))
    unique_information(gram=K[:50, :50], targets=y[:50], training=GradientDescent(STEPS, 1e-3))
    began = time.perf_counter()
    found = unique_information(gram=K, test_gram=queried, targets=y, training=recipe)
    taken, peak = time.perf_counter() - began, peak_gigabytes()
    route, error = found.diagnostics.route, found.diagnostics.fit_error
    del found
    began = time.perf_counter()
    linalg.eigh(K, driver="evd", overwrite_a=True, check_finite=False)
    alone = time.perf_counter() - began
    return {
        "everything, s": taken, "eigendecomposition alone, s": alone, "ratio": taken / alone, "peak, GB": peak,
        "route": route, "error of the filter": error,
    }  # fmt: skip


def one_linear(n: int, outputs: int) -> dict[str, Any]:
    """All scores of a linear head on 256 features, the rows in a memory-mapped file of single precision."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        X = np.lib.format.open_memmap(f"{folder}/rows.npy", mode="w+", dtype=np.float32, shape=(n, 256))
        for start in range(0, n, 50_000):
            X[start : start + 50_000] = rng.normal(size=(len(X[start : start + 50_000]), 256))
        X.flush()
        y = rng.normal(size=(n, outputs))
        before = peak_gigabytes()
        began = time.perf_counter()
        rows = np.load(f"{folder}/rows.npy", mmap_mode="r")
        found = unique_information(
            (rows, y), module="linear", test=rng.normal(size=(5000, 256)), training=GradientDescent(STEPS, 0.5)
        )
        taken = time.perf_counter() - began
        began = time.perf_counter()
        total = np.zeros((256, 256))
        for start in range(0, n, 8192):
            part = rows[start : start + 8192].astype(np.float64)
            total += part.T @ part
        product = time.perf_counter() - began
    return {
        "everything, s": taken, "one Gram product, s": product, "ratio": taken / product,
        "peak above the start, GB": peak_gigabytes() - before, "largest score": float(found.functional.values.max()),
    }  # fmt: skip


def in_own_process(*words: Any) -> dict[str, Any]:
    """A figure whose peak memory is its own."""
    command = [sys.executable, __file__, *map(str, words)]
    notes = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(notes.stdout))


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "processor": platform.processor() or platform.machine(), "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0], "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "scipy", "torch")},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("published", "growth", "linear"))
    parser.add_argument("--most", type=int, default=max(SIZES), help="largest number of rows of the growth table")
    parser.add_argument("--size", type=int, help="one row of the growth table, printed as JSON")
    parser.add_argument("--rows", type=int, nargs=2, help="one row of the linear table: rows and outputs")
    queried = parser.parse_args()
    if queried.size or queried.rows:
        print(json.dumps(one_size(queried.size) if queried.size else one_linear(*queried.rows)))
        return
    file = RESULTS / "information.json"
    record: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    record["machine"] = machine()
    if queried.only in (None, "growth"):
        sizes = [size for size in SIZES if size <= queried.most]
        record["growth"] = record.get("growth", {}) | {f"{n:,} rows": in_own_process("--size", n) for n in sizes}
    if queried.only in (None, "linear"):
        record["linear"] = {f"{n:,} rows, {c} output{'s' * (c > 1)}": in_own_process("--rows", n, c) for n, c in LINEAR}
    if queried.only in (None, "published"):
        record["published"] = {f"{n} rows": against_published(n) for n in PUBLISHED}
    record["machine"]["load_after"] = os.getloadavg()[0]
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
