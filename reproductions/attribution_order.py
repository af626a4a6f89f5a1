"""Which attribution methods predict retraining, and in which order: the ordering reported for a small network.

    python reproductions/attribution_order.py     # some minutes; with the ground truth still to be made, some more

Fashion-MNIST, 2,000 rows, a network of 203,530 parameters, 500 queries; evaluated by retrainings on 50 random halves
with three seeds each, which `benchmarks/attribution` makes and keeps. What was reported (linear datamodeling score):

* exact Fisher matrix (0.53), as good as EK-FAC on the same Fisher (0.53), better than EK-FAC with next to no ridge
  (0.31), gradient similarity (0.17) and likeness of representations (0.04; 0.12 with the sign of the labels);
* five models' margin kernels (0.545), better than one (0.438), better than a random projection of it to 512 numbers
  without a ridge (0.18).

Differences below 0.02 are ties. The ridge of 1e-8 was reported in absolute terms; here it is a share of a layer's mean
curvature, which is far less, so this line may fall lower.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "attribution"))

import numpy as np
from tasks import CACHE, TASKS, read_module, read_rows
from truth import prepare

from samplewise.influence import Attributor, linear_datamodeling_score

HERE = Path(__file__).parent
TIE = 0.02
METHODS = {
    "exact Fisher": (1, {"method": "dual_fisher"}, 0.53),
    "EK-FAC": (1, {"method": "ekfac"}, 0.53),
    "EK-FAC, ridge 1e-8": (1, {"method": "ekfac", "ridge": 1e-8}, 0.31),
    "gradient similarity": (1, {"method": "gradient_similarity"}, 0.17),
    "representation similarity, signed": (1, {"method": "representation"}, 0.12),
    "margin kernel, five models": (5, {"method": "dual_margin"}, 0.545),
    "margin kernel, one model": (1, {"method": "dual_margin"}, 0.438),
    "margin sketch of 512, ridge 1e-6": (1, {"method": "sketch", "size": 512, "ridge": 1e-6}, 0.18),
    "tangent kernel (ours)": (1, {"method": "tangent_kernel"}, float("nan")),
}
ORDER = (  # which is reported to beat which, and which to tie
    ("exact Fisher", "=", "EK-FAC"),
    ("EK-FAC", ">", "EK-FAC, ridge 1e-8"),
    ("EK-FAC, ridge 1e-8", ">", "gradient similarity"),
    ("gradient similarity", ">", "representation similarity, signed"),
    ("margin kernel, five models", ">", "margin kernel, one model"),
    ("margin kernel, one model", ">", "margin sketch of 512, ridge 1e-6"),
)


def main() -> None:
    task = TASKS["perceptron"]
    cache = CACHE / "tasks" / task.name
    prepare(task, cache, os.cpu_count() or 1)
    inputs, labels, query_inputs, query_labels = read_rows(cache)
    with np.load(cache / "truth.npz") as stored:
        masks, outputs = stored["masks"], stored["outputs"].astype(np.float64)
    found = {}
    for name, (models, options, reported) in METHODS.items():
        modules = [read_module(task, cache, seed) for seed in range(models)]
        fitted = Attributor(modules, seed=0, **options).fit((inputs, labels))
        score = linear_datamodeling_score(
            fitted.attribute((query_inputs, query_labels)), masks, outputs, n_resamples=400
        )
        found[name] = {
            "reported": reported, "found": score.estimate.value, "low": score.estimate.low, "high": score.estimate.high
        }  # fmt: skip
        print(name, score.estimate, flush=True)
    write(found)


def write(found: dict[str, dict[str, float]]) -> None:
    """The figures, and below them whether the order holds."""
    lines = ["| method | reported | found | 95 % interval |", "|-|-|-|-|"]
    for name, row in found.items():
        notes = "" if np.isnan(row["reported"]) else f"{row['reported']:.2f}"
        lines.append(f"| {name} | {notes} | {row['found']:.3f} | {row['low']:.3f} to {row['high']:.3f} |")
    lines.append("")
    for one, sign, two in ORDER:
        gap = found[one]["found"] - found[two]["found"]
        holds = abs(gap) <= TIE if sign == "=" else gap > TIE
        lines.append(f"* {one} {sign} {two}: {'holds' if holds else 'DOES NOT HOLD'} ({gap:+.3f}).")
    results = HERE / "results" / "attribution_order"
    results.with_suffix(".json").write_text(json.dumps(found, indent=1))
    results.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
