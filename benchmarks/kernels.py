"""What the closed forms and the neighbor graph cost, compared with one plain fit and the refits they replace.

    python benchmarks/kernels.py                    # n = 50,000, d = 256, 10 outputs, as the docs quote it
    python benchmarks/kernels.py --rows 5000        # a quick run; does not overwrite the quoted figures

Every figure is a median of --repeats runs in one process. Ratios compare runs of one process.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors

from samplewise.engine.closed_form import SubsetRidge, deletion_effects, leave_folds_out, leave_one_out
from samplewise.engine.neighbors import build_graph

RESULTS = Path(__file__).parent / "results"
RIDGE = 10.0


def clustered(n: int, d: int, c: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with 25 intrinsic directions around c centers, as embeddings have; one-hot targets; folds."""
    draw = np.random.default_rng(0)
    classes = draw.integers(0, c, size=n)
    latent = 2 * draw.normal(size=(c, 25))[classes] + draw.normal(size=(n, 25))
    features = np.tanh(latent @ draw.normal(size=(25, d)) / 5) + 0.1 * draw.normal(size=(n, d))
    return features, np.eye(c)[classes], draw.integers(0, 5, size=n)


def median_seconds(task: Callable[[], Any], repeats: int) -> float:
    """Wall seconds of a task, the median of some runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def deletion_figures(n: int, d: int, c: int, repeats: int) -> dict[str, float]:
    """All rows at once, against one scikit-learn fit and n of them."""
    features, targets, folds = clustered(n, d, c)
    validation, wanted, _ = clustered(n // 5, d, c)
    one_fit = median_seconds(lambda: Ridge(alpha=RIDGE).fit(features, targets), repeats)
    seconds = {
        "one scikit-learn Ridge fit": one_fit,
        "leave_one_out": median_seconds(lambda: leave_one_out(features, targets, RIDGE), repeats),
        "leave_folds_out, 5 folds": median_seconds(lambda: leave_folds_out(features, targets, folds, RIDGE), repeats),
        "deletion_effects": median_seconds(lambda: deletion_effects(features, targets, RIDGE, validation), repeats),
    }
    effects = deletion_effects(features, targets, RIDGE, validation)
    seconds["effect_on n/5 validation rows"] = median_seconds(lambda: effects.effect_on(validation, wanted), repeats)
    together = sum(seconds.values()) - one_fit
    seconds["everything above but the plain fit"] = together
    seconds["n refits, extrapolated from one"] = n * one_fit
    seconds["ratio: n refits over everything"] = n * one_fit / together
    seconds["ratio: everything over one fit"] = together / one_fit
    return seconds


def subset_figures(n: int, d: int, c: int, repeats: int) -> dict[str, float]:
    """One head of a cross-fitted audit, the ridge chosen by generalized cross-validation each time."""
    features, targets, folds = clustered(n, d, c)
    engine = SubsetRidge(features, targets, folds)
    draw = np.random.default_rng(1)
    relabeled = targets.copy()
    flipped = draw.choice(n, n // 10, replace=False)
    relabeled[flipped] = np.roll(targets[flipped], 1, axis=1)
    pair = folds > 1
    kept = pair & (draw.random(n) > 0.1)
    seconds = {"first fit, all Gram matrices": median_seconds(lambda: engine.fit(folds >= 0), 1)}
    seconds["a fold left out"] = median_seconds(lambda: engine.fit(folds != 0), 3 * repeats)
    seconds["two folds left out"] = median_seconds(lambda: engine.fit(pair), 3 * repeats)
    seconds["two folds left out, 10 % relabeled"] = median_seconds(lambda: engine.fit(pair, relabeled), 3 * repeats)
    seconds["two folds left out, 10 % dropped"] = median_seconds(lambda: engine.fit(kept), 3 * repeats)
    return seconds


def graph_figures(n: int, d: int, repeats: int) -> dict[str, float]:
    """Ten neighbors of every row; scikit-learn's brute search on 2,000 rows, extrapolated to all."""
    features = clustered(n, d, 10)[0]
    part = features[:2000]
    brute = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(features)
    other = median_seconds(lambda: brute.kneighbors(part), repeats) * n / len(part)
    exact = median_seconds(lambda: build_graph(features, 10, method="exact"), 1)
    approximate = median_seconds(lambda: build_graph(features, 10, method="hnsw"), 1)
    return {
        "exact": exact,
        "hnsw, built, measured and queried": approximate,
        "recall of hnsw": build_graph(features, 10, method="hnsw").recall,
        "scikit-learn brute, extrapolated": other,
        "ratio: scikit-learn over exact": other / exact,
    }


def machine() -> dict[str, Any]:
    """What the figures hold for."""
    names = ("numpy", "scipy", "scikit-learn", "faiss-cpu")
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=256)
    parser.add_argument("--outputs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    queried = parser.parse_args()
    n, d, c = queried.rows, queried.features, queried.outputs
    record: dict[str, Any] = {"machine": machine(), "settings": vars(queried), "seconds": {}}
    tables = record["seconds"]
    tables[f"deletion, n = {n:,}, d = {d}, c = {c}"] = deletion_figures(n, d, c, queried.repeats)
    record["peak_gigabytes_after_deletion"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    tables[f"subset heads, n = {n:,}, d = {d}, c = {c}"] = subset_figures(n, d, c, queried.repeats)
    tables["subset heads, n = 1,800, d = 1,024, c = 10"] = subset_figures(1800, 1024, 10, queried.repeats)
    tables[f"graph, n = {n:,}, d = {d}"] = graph_figures(n, d, queried.repeats)
    record["machine"]["load_after"] = os.getloadavg()[0]
    name = "kernels.json" if queried.rows == 50_000 else f"kernels-{n}.json"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / name).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
