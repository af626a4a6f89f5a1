"""Is the chance that one learner overtakes another what it says it is? Pairs of measured curves, their ends hidden.

    python benchmarks/curve_comparison.py      # some minutes on one core

Measured curves (LCDB 1.1, yan2025, CC BY 4.0; SAMPLEWISE_DATA): pairs of learners on one data set, shown at doubling
sizes from 16 to 64, 128 or 256 rows, with the noise of 1, 3, 5 or 25 repeats; queried for the chance that the second
has the lower error at a size 2 to 64 times as large. How far draws stray (`WANDER`, `WAY`) was chosen on a third of the
families of data sets, `tuned` below; the other two thirds are evaluated on.
"""

import csv
import json
import os
import platform
import zlib
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from samplewise.curves import CurvePoints, compare_curves

RESULTS = Path(__file__).parent / "results" / "curve_comparison"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "learning-curves"
PAIRS, REPEATS, GUESS, BINS = 16, (1, 3, 5, 25), 23, 10
SHOWN = 16 * 2 ** np.arange(5)


def curves() -> dict[int, list[dict[str, np.ndarray]]]:
    """Measured curves from size 16 on, by data set."""
    with np.load(DATA / "curves.npz") as held:
        z = {name: held[name] for name in held.files}
    found: dict[int, list[dict[str, np.ndarray]]] = {}
    for start, stop in zip(z["curve_start"][:-1], z["curve_start"][1:], strict=True):
        if z["learner"][start] != GUESS and z["n"][start] == SHOWN[0]:
            rows = slice(start, stop)
            one = {"n": z["n"][rows], "error": z["err_test"][rows] / 1e4, "spread": z["se_test"][rows] / 1e4}
            found.setdefault(int(z["openml_id"][start]), []).append(one)
    return found


def shown(curve: dict[str, np.ndarray], largest: int, repeats: int, draw: np.random.Generator) -> CurvePoints:
    """The start of a curve as so many repeats would have measured it: the means given come from 25."""
    kept = np.isin(curve["n"], SHOWN[largest >= SHOWN])
    spread = np.maximum(curve["spread"][kept], 1e-3)
    noise = spread * np.sqrt(25 / repeats - 1) * draw.standard_normal(kept.sum())
    errors = np.clip(curve["error"][kept] + noise, 0, 1)
    return CurvePoints(curve["n"][kept], errors[None], spread * np.sqrt(25 / repeats))


def one_pair(one: dict, other: dict, draw: np.random.Generator) -> dict[str, float] | None:
    """What is said about one pair, and what is true; None where the curves share no later size or tie there."""
    largest, repeats = int(draw.choice(SHOWN[2:])), int(draw.choice(REPEATS))
    both = np.intersect1d(one["n"], other["n"])
    later = both[(both >= 2 * largest) & (both <= 64 * largest)]
    if not len(later):
        return None
    rows = int(draw.choice(later))
    truth = one["error"][one["n"] == rows][0] - other["error"][other["n"] == rows][0]
    points = [shown(curve, largest, repeats, draw) for curve in (one, other)]
    if truth == 0 or min(len(curve.sizes) for curve in points) < 3:
        return None
    said = compare_curves(*points, rows=rows)
    place = np.searchsorted(said.sizes, rows)
    inside = said.low[place] <= truth <= said.high[place]
    now = points[0].error[-1] - points[1].error[-1]
    return {"chance": said.at(rows), "second": float(truth > 0), "inside": float(inside), "now": float(now > 0)}


def evaluated(pairs: list[dict[str, float]]) -> dict[str, float | list]:
    """Calibration error, Brier score, coverage of the 80 % interval, and who of three is right more often."""
    chance, second, inside, now = (np.array([pair[key] for pair in pairs]) for key in pairs[0])
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    rows = [[chance[bins == k].mean(), second[bins == k].mean(), int((bins == k).sum())] for k in np.unique(bins)]
    return {
        "pairs": len(pairs),
        "calibration_error": sum(abs(said - seen) * count for said, seen, count in rows) / len(pairs),
        "brier": float(np.mean((chance - second) ** 2)),
        "coverage": inside.mean(),
        "right": float(np.mean((chance > 0.5) == second)),
        "right_by_last_value": float(np.mean(now == second)),
        "bins": rows,
    }


def table(found: dict[str, dict]) -> str:
    lines = [
        "| families | pairs | calibration error | Brier | coverage of 80 % | winner named | winner by the last value |",
        "|-|-|-|-|-|-|-|",
    ]
    lines += [
        f"| {name} | {row['pairs']} | {row['calibration_error']:.3f} | {row['brier']:.3f} | {row['coverage']:.0%} | "
        f"{row['right']:.1%} | {row['right_by_last_value']:.1%} |"
        for name, row in found.items()
    ]
    lines += ["", "Other families, said and seen: "]
    lines[-1] += ", ".join(f"{said:.2f} {seen:.2f} ({count})" for said, seen, count in found["others"]["bins"]) + "."
    return "\n".join(lines) + "\n"


def main() -> None:
    with (DATA / "datasets.csv").open() as lines:
        family = {int(row["openml_id"]): row["family"] for row in csv.DictReader(lines)}
    draw, pairs = np.random.default_rng(0), {"tuned": [], "others": []}
    for key, measured in curves().items():
        side = "tuned" if zlib.crc32(family[key].encode()) % 3 == 0 else "others"
        for _ in range(PAIRS):
            first, second = draw.choice(len(measured), 2, replace=False)
            pair = one_pair(measured[first], measured[second], draw)
            pairs[side] += [pair] if pair else []
    found = {side: evaluated(notes) for side, notes in pairs.items()}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy")}
    RESULTS.with_suffix(".json").write_text(
        json.dumps({"machine": machine, "versions": versions, "found": found}, indent=1) + "\n"
    )
    RESULTS.with_suffix(".md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
