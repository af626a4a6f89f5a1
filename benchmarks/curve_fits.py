"""Closed fits of learning curves compared with scipy with random starts and the `learning-curves` package.

    python benchmarks/curve_fits.py            # some minutes on one core

Measured curves (LCDB 1.1, yan2025, CC BY 4.0; SAMPLEWISE_DATA): every learner but the majority baseline, fitted on all
anchors up to n0 (eight per octave), evaluated by |predicted - measured| error at the largest anchor, in points. Nothing
is trained, so families of data sets only matter twice: intervals resample families, and the ranges of the bent laws
were chosen on a third of the families, so quality is given for the other two thirds, too.

Peers, on the same curves at n0 = 128: `scipy.optimize.curve_fit` from five random starts, the best kept (as the authors
of LCDB do), and `learning-curves` 0.2.2 (best of its four laws by R squared; the last value where it raises) from an
environment of its own: SAMPLEWISE_PEERS names its python, default ~/.cache/samplewise-peers/bin/python.
"""

import csv
import json
import os
import platform
import subprocess
import time
import warnings
import zlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import curve_fit

from samplewise.curves.laws import LAWS, fit_law

RESULTS = Path(__file__).parent / "results" / "curve_fits"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "learning-curves"
PEERS = Path(os.environ.get("SAMPLEWISE_PEERS", "~/.cache/samplewise-peers/bin/python")).expanduser()
STARTS, PEER_CURVES, RESAMPLES = 5, 200, 500
GUESS = 23  # the learner that always answers the majority
PEER = """import json, sys, time, warnings
import numpy as np
from learning_curves import LearningCurve
warnings.simplefilter("ignore")
given, found = json.load(sys.stdin), []
start = time.process_time()
for y, last in zip(given["errors"], given["last"]):
    x, accuracy = np.array(given["sizes"], float), 1 - np.array(y)
    try:
        curve = LearningCurve()
        error = 1 - float(curve.best_predictor_cust(curve.predictors, x, accuracy)(np.array([float(last)]))[0])
        found.append(error if np.isfinite(error) else None)
    except Exception:
        found.append(None)
print(json.dumps({"errors": found, "ms": 1e3 * (time.process_time() - start) / len(found)}))
"""


def read(n0: int) -> dict[str, np.ndarray]:
    """Curves (b, s) up to n0 with their error at the largest anchor, data set families, and which third they are in."""
    with np.load(DATA / "curves.npz") as held:
        z = {name: held[name] for name in held.files}
    with (DATA / "datasets.csv").open() as lines:
        family = {int(row["openml_id"]): row["family"] for row in csv.DictReader(lines)}
    anchors = np.ceil(16 * 2 ** (np.arange(8 * int(np.log2(n0 / 16)) + 1) / 8)).astype(int)
    rows = []
    for start, stop in zip(z["curve_start"][:-1], z["curve_start"][1:], strict=True):
        n = z["n"][start : start + len(anchors)]
        largest = z["n"][stop - 1]
        if z["learner"][start] != GUESS and largest >= max(1024, 4 * n0) and np.array_equal(n, anchors):
            rows.append((start, stop - 1))
    first, last = np.array(rows).T
    visible = first[:, None] + np.arange(len(anchors))
    families = np.array([family[int(key)] for key in z["openml_id"][first]])
    return {
        "sizes": anchors.astype(float),
        "errors": z["err_test"][visible] / 1e4,
        "spread": z["se_test"][visible] / 1e4,
        "last": z["n"][last].astype(float),
        "truth": z["err_test"][last] / 1e4,
        "family": families,
        "tuned": np.array([zlib.crc32(name.encode()) % 3 == 0 for name in families]),
    }


def laws(n0: int) -> dict[str, dict]:
    """How each law is called; the piecewise law also with its switch where nobody fitted it."""
    piecewise = "piecewise_power_law"
    queried = {name: {"name": name} for name in LAWS}
    queried[f"{piecewise}, switch at n0 / 4"] = {"name": piecewise, "switch": n0 / 4}
    queried[f"{piecewise}, switch at n0"] = {"name": piecewise, "switch": n0}
    queried[f"{piecewise}, switch at 4 n0"] = {"name": piecewise, "switch": 4 * n0}
    return queried


def off(data: dict[str, np.ndarray], options: dict) -> tuple[np.ndarray, float]:
    """(b,) points a law is off by, and its milliseconds of processor time per curve."""
    variance = (data["spread"] ** 2 + np.mean(data["spread"] ** 2, axis=1, keepdims=True)) / 2 + 1e-6
    start = time.process_time()
    law = fit_law(sizes=data["sizes"], errors=data["errors"], variances=variance, **options)
    spent = 1e3 * (time.process_time() - start) / len(variance)
    sizes, place = np.unique(data["last"], return_inverse=True)
    predicted = law.error(sizes)[np.arange(len(place)), place]
    return 100 * np.abs(np.clip(predicted, 0, 1) - data["truth"]), spent


def interval(values: np.ndarray, family: np.ndarray) -> list[float]:
    """95 % of the means over resampled families."""
    _, member = np.unique(family, return_inverse=True)
    sums, counts = np.bincount(member, values), np.bincount(member)
    drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLES, len(sums)))
    return np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975]).tolist()


def one_size(n0: int) -> dict[str, dict]:
    data, found = read(n0), {}
    reference, _ = off(data, {"name": "power_law_3"})
    for label, options in laws(n0).items():
        points, spent = off(data, options)
        fresh = points[~data["tuned"]]
        found[label] = {
            "mean": points.mean(), "median": float(np.median(points)), "interval": interval(points, data["family"]),
            "mean_untuned": fresh.mean(), "median_untuned": float(np.median(fresh)),
            "less_power_law_3": interval(points - reference, data["family"]), "ms": spent,
        }  # fmt: skip
        print(n0, f"{label:42s} {points.mean():6.2f} {np.median(points):6.2f} {spent:.3f} ms", flush=True)
    return found


# ---- peers ----------------------------------------------------------------------------------------------------------

FREE: dict[str, tuple[Callable, int]] = {
    "power_law_3": (lambda n, c, a, b: c + a * n ** (-b), 3),
    "mmf": (lambda n, a, b, c, d: (a * b + c * n**d) / (b + n**d), 4),
    "shifted_power_law": (lambda n, c, a, b, u: c + a * (n + u) ** (-b), 4),
}


def random_starts(law: Callable, count: int, data: dict[str, np.ndarray]) -> tuple[np.ndarray, float]:
    """Predicted errors at the largest anchor by the best of five starts; the last value where none converges."""
    draw, predicted = np.random.default_rng(0), []
    start = time.process_time()
    for errors, last in zip(data["errors"], data["last"], strict=True):
        best, answer = np.inf, errors[-1]
        for _ in range(STARTS):
            try:
                p, _ = curve_fit(law, data["sizes"], errors, p0=draw.random(count), maxfev=2000)
            except RuntimeError:
                continue
            misfit = np.sum((law(data["sizes"], *p) - errors) ** 2)
            if misfit < best and np.isfinite(law(last, *p)):
                best, answer = misfit, law(last, *p)
        predicted.append(answer)
    return np.array(predicted), 1e3 * (time.process_time() - start) / len(predicted)


def peers() -> list[dict]:
    """Ours and the peers on the same curves."""
    data = read(128)
    chosen = np.random.default_rng(1).choice(len(data["truth"]), PEER_CURVES, replace=False)
    some = {name: part if name == "sizes" else part[chosen] for name, part in data.items()}
    lines = []

    def add(who: str, predicted: np.ndarray, ms: float) -> None:
        points = 100 * np.abs(np.clip(predicted, 0, 1) - some["truth"])
        lines.append({"who": who, "mean": points.mean(), "median": float(np.median(points)), "ms": ms})
        print(lines[-1], flush=True)

    for name, (law, count) in FREE.items():
        points, spent = off(some, {"name": name})
        lines.append({"who": f"samplewise {name}", "mean": points.mean(), "median": np.median(points), "ms": spent})
        add(f"scipy curve_fit, five random starts, {name}", *random_starts(law, count, some))
    if PEERS.exists():
        given = {"sizes": some["sizes"].tolist(), "errors": some["errors"].tolist(), "last": some["last"].tolist()}
        run = subprocess.run([PEERS, "-c", PEER], input=json.dumps(given), capture_output=True, text=True, check=True)
        notes = json.loads(run.stdout.splitlines()[-1])
        failed = np.array([error is None for error in notes["errors"]])
        predicted = np.where(failed, some["errors"][:, -1], [error or 0.0 for error in notes["errors"]])
        add(f"learning-curves 0.2.2, raised on {failed.mean():.0%} of curves", predicted, notes["ms"])
    add("last value", some["errors"][:, -1], 0.0)
    return lines


# ---- results --------------------------------------------------------------------------------------------------------


def table(found: dict[int, dict[str, dict]], peer_rows: list[dict]) -> str:
    lines = [
        "Error at the largest anchor in points, mean / median. In brackets: the two thirds of the families on which no",
        "range was chosen.",
        "",
        "| law | " + " | ".join(f"n0 = {n0}" for n0 in found) + " | ms per curve |",
        "|-" * (len(found) + 2) + "|",
    ]
    for label in found[128]:
        cells = []
        for rows in found.values():
            row = rows[label]
            cells.append(
                f"{row['mean']:.2f} / {row['median']:.2f} ({row['mean_untuned']:.2f} / {row['median_untuned']:.2f})"
            )
        lines.append(f"| {label} | {' | '.join(cells)} | {max(rows[label]['ms'] for rows in found.values()):.3f} |")
    lines += ["", "Mean difference to `power_law_3`, 95 % over resampled families:", ""]
    lines += ["| law | " + " | ".join(f"n0 = {n0}" for n0 in found) + " |", "|-" * (len(found) + 1) + "|"]
    for label in found[128]:
        cells = ["{:+.2f} to {:+.2f}".format(*rows[label]["less_power_law_3"]) for rows in found.values()]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    lines += ["", f"Beside peers, {PEER_CURVES} curves, n0 = 128:", "", "| who | mean | median | ms per curve |"]
    lines += ["|-|-|-|-|"]
    lines += [f"| {row['who']} | {row['mean']:.2f} | {row['median']:.2f} | {row['ms']:.3f} |" for row in peer_rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    warnings.simplefilter("ignore")
    found = {n0: one_size(n0) for n0 in (32, 64, 128, 256, 512)}
    peer_rows = peers()
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy")}
    notes = {"machine": machine, "versions": versions, "laws": found, "peers": peer_rows}
    RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(found, peer_rows))
    print(table(found, peer_rows))


if __name__ == "__main__":
    main()
