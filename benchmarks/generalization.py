"""The generalization gap: what a whole report costs compared with its bare fits, and what reading it costs.

    python benchmarks/generalization.py                  # both learners; ten minutes on one core
    python benchmarks/generalization.py --only logistic  # seconds

30 splits of 3 pairings are 90 fits on half of the rows, each evaluated on all rows; the report makes two more to probe
its learner. "Bare" is a loop over 90 calls of scikit-learn's `fit` and `predict_proba` on random halves, in this
process or with joblib on all cores, whichever is faster; for boosting 18 of them are timed and scaled. Reading is
everything after the fits: gap, all bounds with both corrections and the values of pure noise, information and
memorization of rows. Target: a report takes at most 1.3 times its bare fits, and reading at most 1 % of the fits of
boosting, 0.5 s otherwise.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from samplewise.generalization import generalization_gap

RESULTS = Path(__file__).parent / "results" / "generalization.json"
SPLITS, DRAWS = 30, 3
CASES: dict[str, tuple[Any, int, int, int]] = {  # learner, rows, classes, bare fits that are timed
    "logistic": (LogisticRegression(), 1_000, 2, 90),
    "boosting": (HistGradientBoostingClassifier(random_state=0), 5_000, 10, 18),
}


def rows(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """20 columns, half of them informative, and one label in ten at random."""
    return make_classification(
        count, 20, n_informative=10, n_redundant=2, n_classes=classes, flip_y=0.1, random_state=0
    )


def bare_fit(estimator: Any, X: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """One fit on a random half and its answers for all rows."""
    half = np.random.default_rng(seed).permutation(len(X))[: len(X) // 2]
    return clone(estimator).fit(X[half], y[half]).predict_proba(X)


def bare_seconds(estimator: Any, X: np.ndarray, y: np.ndarray, fits: int) -> dict[str, float]:
    """Seconds of 90 bare fits, from `fits` of them, one after the other and on all cores."""

    def timed(work: Callable[[], Any]) -> float:
        started = perf_counter()
        work()
        return (perf_counter() - started) * SPLITS * DRAWS / fits

    tasks = [joblib.delayed(bare_fit)(estimator, X, y, seed) for seed in range(fits)]
    return {
        "bare fits, one after the other, s": timed(lambda: [bare_fit(estimator, X, y, seed) for seed in range(fits)]),
        "bare fits, all cores, s": timed(lambda: joblib.Parallel(n_jobs=-1)(tasks)),
    }


def measure(name: str) -> dict[str, Any]:
    """A report, its parts, and the bare fits."""
    estimator, count, classes, fits = CASES[name]
    X, y = rows(count, classes)
    load = os.getloadavg()[0]  # of other work: wall-clock ratios mean little unless it is near 0
    bare = bare_seconds(estimator, X, y, fits)
    started = perf_counter()
    report = generalization_gap((X, y), learner=estimator, n_splits=SPLITS, n_draws=DRAWS)
    whole, fastest = perf_counter() - started, min(bare.values())
    information = min((row for row in report.bounds if row.confidence is None), key=lambda row: row.plug_in)
    return {
        "load average before": load, "rows": count, "classes": classes, "fits": report.cost.fits, **bare,
        "report, s": whole, "report over bare fits": whole / fastest, "reading, s": report.cost.read_seconds,
        "reading, % of bare fits": 100.0 * report.cost.read_seconds / fastest, "gap, points": report.gap.value,
        "tightest information bound": information.name, "its value, points": information.plug_in,
    }  # fmt: skip


def main() -> None:
    """Measure and print; write the results of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(CASES))
    only = parser.parse_args().only
    measured = json.loads(RESULTS.read_text()).get("measured", {}) if RESULTS.exists() else {}
    for name in CASES if only is None else (only,):
        measured[name] = measure(name)
        for key, value in measured[name].items():
            print(f"{name:10} {key:36} {value:.4g}" if isinstance(value, float) else f"{name:10} {key:36} {value}")
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {package: version(package) for package in ("samplewise", "numpy", "scipy", "scikit-learn")}
    RESULTS.write_text(json.dumps({"machine": machine, "versions": versions, "measured": measured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
