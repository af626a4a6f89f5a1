"""Gradients of single rows: factors per layer against `torch.func.vmap(grad)`, and how attribution grows.

    python benchmarks/gradients.py                     # both parts, n up to 100,000; ten minutes, 8 GB of memory
    python benchmarks/gradients.py --only factors
    python benchmarks/gradients.py --only growth --most 2000

Network 784-256-10 with random weights and Gaussian rows: what is timed does not depend on the values. Factors are
compared on one thread, growth uses all. A part that is measured again replaces its figures. Peak memory is that of a
process of its own per figure.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from samplewise.engine.gradients import row_gradients
from samplewise.influence import Attributor

RESULTS = Path(__file__).parent / "results"
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)
SKETCHED = 100_000
BUDGET = "8GB"


def problem(n: int) -> tuple[nn.Module, Tensor, Tensor]:
    """The network and n rows."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)).eval()
    return module, torch.randn(n, 784), torch.randint(0, 10, (n,))


def cpu_seconds(task: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of a task, the median of some runs after one that does not count."""
    task()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def vectorized(module: nn.Module, X: Tensor, y: Tensor) -> Tensor:
    """(n, p) gradients by vectorized differentiation."""
    held = {name: parameter.detach() for name, parameter in module.named_parameters()}

    def loss(parameters: dict[str, Tensor], row: Tensor, label: Tensor) -> Tensor:
        return nn.functional.cross_entropy(torch.func.functional_call(module, parameters, (row[None],)), label[None])

    found = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(held, X, y)
    return torch.cat([part.flatten(1) for part in found.values()], dim=1)


def looped(module: nn.Module, X: Tensor, y: Tensor) -> Tensor:
    """(n, p) gradients, one backward pass per row."""
    found = []
    for row, label in zip(X, y, strict=True):
        loss = nn.functional.cross_entropy(module(row[None]), label[None])
        found.append(torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(module.parameters()))]))
    return torch.stack(found)


def plain_backward(module: nn.Module, X: Tensor, y: Tensor) -> None:
    """The gradient of the mean, as training takes it."""
    module.zero_grad()
    nn.functional.cross_entropy(module(X), y).backward()


def factor_figures(n: int, repeats: int) -> dict[str, float]:
    """CPU seconds for the gradients of n rows, and for their Gram matrix."""
    module, X, y = problem(n)
    rows, dense = row_gradients(module, (X, y)), vectorized(module, X, y)
    gram = rows.gram()
    found = {
        "plain backward of the mean": cpu_seconds(lambda: plain_backward(module, X, y), repeats),
        "factors": cpu_seconds(lambda: row_gradients(module, (X, y)), repeats),
        "Gram matrix from factors": cpu_seconds(rows.gram, repeats),
        "loop of autograd": cpu_seconds(lambda: looped(module, X, y), 1),
        "vmap(grad)": cpu_seconds(lambda: vectorized(module, X, y), 3),
        "Gram matrix from vmap(grad)": cpu_seconds(lambda: dense @ dense.T, 3),
    }
    found["ratio: vmap(grad) over factors"] = found["vmap(grad)"] / found["factors"]
    both = found["factors"] + found["Gram matrix from factors"]
    found["ratio: both with Gram matrix"] = (found["vmap(grad)"] + found["Gram matrix from vmap(grad)"]) / both
    found["largest difference of Gram entries, relative"] = float(
        np.abs(gram - (dense @ dense.T).numpy()).max() / np.abs(gram).max()
    )
    return found


def one_size(n: int) -> dict[str, Any]:
    """Seconds and peak memory of attributing 500 queries to n rows, `method="auto"`; run in a process of its own."""
    module, X, y = problem(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    fitted = Attributor(module, ridge=1.0, memory=BUDGET).fit((X, y))
    taken = time.perf_counter() - start
    fitted.attribute((X[:500], y[:500]))
    return {
        "method": fitted.method,
        "seconds, fit": taken,
        "seconds, fit and 500 queries": time.perf_counter() - start,
        "CPU seconds, fit and 500 queries": time.process_time() - cpu,
        "peak megabytes above the start": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }


def growth_figures(most: int) -> dict[str, Any]:
    """The exact tangent kernel up to 20,000 rows, sketches of the gradients beyond."""
    found = {}
    for n in (*SIZES, SKETCHED):
        if n <= most:
            notes = subprocess.run(
                [sys.executable, __file__, "--size", str(n)], capture_output=True, text=True, check=True
            )
            found[f"{n:,} rows"] = json.loads(notes.stdout)
    return found


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "scipy", "torch")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("factors", "growth"))
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--most", type=int, default=SKETCHED, help="largest number of rows of the growth table")
    parser.add_argument("--size", type=int, help="one row of the growth table, printed as JSON")
    queried = parser.parse_args()
    if queried.size:
        print(json.dumps(one_size(queried.size)))
        return
    file = RESULTS / "gradients.json"
    record: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    record |= {"machine": machine(), "settings": {"rows": queried.rows, "repeats": queried.repeats}}
    # Growth first: a process starts with its parent's peak memory on its account.
    if queried.only != "factors":
        record["growth"] = record.get("growth", {}) | growth_figures(queried.most)
    if queried.only != "growth":
        with threadpool_limits(1):
            torch.set_num_threads(1)
            record["factors"] = factor_figures(queried.rows, queried.repeats)
    record["machine"]["load_after"] = os.getloadavg()[0]
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
