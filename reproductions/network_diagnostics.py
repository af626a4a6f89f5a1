"""Inside networks on digits: where rows differ, how curved the loss is, and how many directions the task needs.

    python reproductions/network_diagnostics.py     # about four minutes on one core

Published for comparison: digits of MNIST need 750 random directions of a fully connected network's 199,210 weights
(li2018; a later attempt found 600, and less for other networks). Ours are smaller pictures, fewer rows and a network of
9,610 weights, so only the pattern compares: far fewer directions than weights. No published figure for the other two.
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
from sklearn.datasets import load_digits

from samplewise import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.generalization import curvature_spectrum, intrinsic_dimension, layer_profile

RESULTS = Path(__file__).parent / "results" / "network_diagnostics.json"
SPLIT = 400


def profile(X: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> tuple[dict, Dataset, object]:
    """The first 400 rows are trained on, the next 400 are compared with them."""
    data = Dataset(X[rows[:SPLIT]], labels[rows[:SPLIT]])
    fitted = TorchLearner(dense_network, epochs=60, rate=3e-3).fit(data, seed=0)
    found = layer_profile(data, X[rows[SPLIT : 2 * SPLIT]], module=fitted)
    right = float(np.mean(fitted.classes[fitted.outputs(data.X).argmax(axis=1)] == data.y))
    over = dict(zip(found.layers, (found.distance / found.null_high).tolist(), strict=True))
    return {"right on its own rows": right, "apart from": str(found.parting)} | over, data, fitted


def curvature(fitted: object, data: Dataset) -> dict[str, float]:
    """Before and after one layer is scaled up and the next one down by ten."""
    before = curvature_spectrum(data, module=fitted, n_eigenvalues=2)
    first, _, last = fitted.module
    first.weight.data *= 10
    first.bias.data *= 10
    last.weight.data /= 10
    after = curvature_spectrum(data, module=fitted, n_eigenvalues=1, n_probes=2)
    return {
        "largest": before.largest[0], "second": before.largest[1], "least": before.lowest,
        "trace": before.trace.value, "trace, low": before.trace.low, "trace, high": before.trace.high,
        "share above a tenth of the largest": before.share_above(0.1 * before.largest[0]).value,
        "largest after scaling layers by ten, same function": after.largest[0],
    }  # fmt: skip


def directions(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Digits mixed, 1,200 to train on and the others to evaluate on."""
    learner = TorchLearner(dense_network, epochs=20, rate=3e-3)
    found = intrinsic_dimension((X[:1200], y[:1200]), learner=learner, test=(X[1200:], y[1200:]))
    return {
        "weights": found.size, "accuracy of whole training": float(found.full_score.mean()),
        "directions": found.dimension.value, "least of three seeds": found.dimension.low,
        "most of three seeds": found.dimension.high, "effective dimension": found.effective.value,
        "label directions": found.label_directions.value, "error bound, %": 100 * found.error_bound.value,
    }  # fmt: skip


def main() -> None:
    began = time.process_time()
    X, y = load_digits(return_X_y=True)
    X, mixed = X / 16, np.random.default_rng(0).permutation(len(X))
    by_lot = np.random.default_rng(1).integers(0, 10, len(y))
    in_order, _, _ = profile(X, y, np.arange(len(X)))
    fair, _, _ = profile(X, y, mixed)
    memorized, data, fitted = profile(X, by_lot, mixed)
    results = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread used",
        "python": platform.python_version(),
        **{name: version(name) for name in ("samplewise", "numpy", "scipy", "torch")},
        "distance by layer, over what chance gives": {
            "rows in order": in_order, "rows mixed": fair, "rows mixed, labels by lot": memorized,
        },
        "curvature after labels by lot": curvature(fitted, data),
        "random directions of the weights": directions(X[mixed], y[mixed]),
    }  # fmt: skip
    results["processor seconds"] = time.process_time() - began
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
