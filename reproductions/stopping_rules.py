"""When may collecting stop? Prediction level and proximity (the idea of vilares2024) on measured curves.

    python reproductions/stopping_rules.py       # a minute or two on one core

No number of the source was available. What is claimed, and tested here: a rule on the distance to the final error (gap
+ move) is right more often than the gap alone, and that more often than "the last doubling gained little"; and the
prediction level marks better forecasts of the final error. A stop is right where the true remaining gain is at most the
tolerance. Curves (LCDB 1.1, yan2025, CC BY 4.0; SAMPLEWISE_DATA): largest size at least 2,048, the final size is the
largest. Nothing is fitted across curves; intervals resample families of related data sets.

First on all anchors (eight per octave, means of 25 repeats; agreement is required of the next octave), then as a user
measures: sizes doubling, five repeats, agreement of the next three sizes.
"""

import csv
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.special import ndtri

from samplewise.curves.stopping import FIRST, fit_trends, prediction_levels

RESULTS = Path(__file__).parent / "results" / "stopping_rules"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "learning-curves"
LEAST, GUESS, OCTAVE, RESAMPLES = 2048, 23, 8, 500
SLOWNESS, TOLERANCES = (0.005, 0.01, 0.02, 0.05), (0.005, 0.01, 0.02, 0.05)
RULES = ("gap + move", "gap", "gap + move, any level", "last doubling", "bound without a law")


def read() -> list[dict[str, np.ndarray]]:
    """Curves without holes from size 16 on, in groups of equal length."""
    with np.load(DATA / "curves.npz") as held:
        z = {name: held[name] for name in held.files}
    with (DATA / "datasets.csv").open() as lines:
        family = {int(row["openml_id"]): row["family"] for row in csv.DictReader(lines)}
    groups: dict[int, list[int]] = {}
    for start, stop in zip(z["curve_start"][:-1], z["curve_start"][1:], strict=True):
        whole = np.array_equal(z["n"][start:stop], np.ceil(16 * 2 ** (np.arange(stop - start) / OCTAVE)))
        if z["learner"][start] != GUESS and z["n"][stop - 1] >= LEAST and whole:
            groups.setdefault(int(stop - start), []).append(int(start))
    found = []
    for length, starts in sorted(groups.items()):
        rows = np.array(starts)[:, None] + np.arange(length)
        families = np.array([family[int(key)] for key in z["openml_id"][rows[:, 0]]])
        spread = np.maximum(z["se_test"][rows] / 1e4, 1e-3)
        found.append({"n": z["n"][rows[0]], "error": z["err_test"][rows] / 1e4, "spread": spread, "family": families})
    return found


def coarse(group: dict[str, np.ndarray], draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Sizes doubling and the noise of five repeats; the largest size stays as it is."""
    spread = group["spread"] * np.sqrt(5)
    error = np.clip(group["error"] + group["spread"] * np.sqrt(25 / 5 - 1) * draw.standard_normal(spread.shape), 0, 1)
    kept = slice(0, None, OCTAVE)
    return group | {"n": group["n"][kept], "error": error[:, kept], "spread": spread[:, kept]}


def followed(group: dict[str, np.ndarray], truth: np.ndarray, final: int, octave: int, agree: int) -> dict:
    """For every trend of every curve: level, forecast of the final error, and what each rule says is left."""
    variance = (group["spread"] ** 2 + np.mean(group["spread"] ** 2, axis=1, keepdims=True)) / 2
    trends = fit_trends(group["n"], group["error"], variance, float(final))
    error = group["error"][:, FIRST - 1 :]
    gap = trends.here - trends.final
    past = np.stack([np.abs(trends.final - shifted(trends.final, back)) for back in range(1, agree + 1)])
    before = shifted(group["error"], octave)[:, FIRST - 1 :]
    left = {"gap + move": gap + np.nanmax(past, axis=0, initial=0.0), "gap": gap, "last doubling": before - error}
    left["gap + move, any level"] = left["gap + move"]
    left["last doubling"][:, : max(octave - FIRST + 1, 0)] = np.inf  # there is no half of the first sizes
    left["bound without a law"] = convex_gain(group, float(final))
    levels = {nu: prediction_levels(trends, agree, nu) for nu in SLOWNESS}
    gain = error - truth[:, None]
    return {"n": group["n"][FIRST - 1 :], "left": left, "levels": levels, "gain": gain,
            "off": np.abs(trends.final - truth[:, None]), "family": group["family"], "final": final}  # fmt: skip


def shifted(values: np.ndarray, back: int) -> np.ndarray:
    """(b, l) the values `back` places earlier, the first one where there is none."""
    return values[:, np.maximum(np.arange(values.shape[1]) - back, 0)]


def convex_gain(group: dict[str, np.ndarray], final: float) -> np.ndarray:
    """(b, l) most that a curve falling ever more slowly can still win, from its last two sizes at 90 %."""
    z, error, spread = float(ndtri(0.9)), group["error"], group["spread"]
    noise = np.hypot(spread, shifted(spread, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (shifted(error, 1) - error + z * noise) / np.diff(group["n"], prepend=group["n"][0])
    gain = np.maximum(slope, 0) * (final - group["n"]) + z * spread
    return np.minimum(gain, error)[:, FIRST - 1 :]


def interval(values: np.ndarray, family: np.ndarray) -> list[float]:
    """95 % of the means over resampled families."""
    _, member = np.unique(family, return_inverse=True)
    sums, counts = np.bincount(member, values), np.bincount(member)
    drawn = np.random.default_rng(0).integers(0, len(sums), (RESAMPLES, len(sums)))
    return np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975]).tolist()


def stops(runs: list[dict], rule: str, tolerance: float) -> dict:
    """The first stop of each curve before its end: right or not, what was left, and rows used."""
    right, gain, share, family, total = [], [], [], [], 0
    for run in runs:
        allowed = run["left"][rule] <= tolerance
        if rule in ("gap + move", "gap"):  # only from the prediction level on
            allowed &= run["levels"][0.02] >= 0
        allowed = allowed[:, :-1]  # at the largest size there is nothing left to decide
        stopped = np.flatnonzero(allowed.any(axis=1))
        at = allowed[stopped].argmax(axis=1)
        left = run["gain"][stopped, at]
        right += [left <= tolerance]
        gain += [left]
        share += [run["n"][at] / run["final"]]
        family += [run["family"][stopped]]
        total += len(allowed)
    right, gain, share, family = (np.concatenate(part) for part in (right, gain, share, family))
    return {"stopped": len(right) / total, "right": right.mean(), "interval": interval(right, family),
            "mean_gain_left": gain.mean(), "median_rows_used": float(np.median(share))}  # fmt: skip


def level_quality(runs: list[dict], nu: float) -> dict:
    """How the forecast of the final error is before the level, there, and over all curves at the same sizes."""
    sizes, there, before, control, total = [], [], [], [], 0
    for run in runs:
        reached = run["levels"][nu] >= 0
        known = np.flatnonzero(reached.any(axis=1))
        first = reached[known].argmax(axis=1)
        sizes += [run["n"][first]]
        there += [run["off"][known, first]]
        before += [np.median(run["off"][row, : max(place, 1)]) for row, place in zip(known, first, strict=True)]
        control += [run["off"][:, place].ravel() for place in first]
        total += len(reached)
    return {"reached": sum(map(len, sizes)) / total, "median_n": float(np.median(np.concatenate(sizes))),
            "before": float(np.median(before)), "at_level": float(np.median(np.concatenate(there))),
            "all_curves_there": float(np.median(np.concatenate(control)))}  # fmt: skip


def table(found: dict[str, dict]) -> str:
    lines = []
    for setting, notes in found.items():
        lines += [f"## {setting}", "", "Share of stops that are right [95 % over families] / mean points left / median",
                  "rows used / share of curves stopped before their end.", "",
                  "| tolerance | " + " | ".join(RULES) + " |", "|-" * (len(RULES) + 1) + "|"]  # fmt: skip
        for tolerance, rules in notes["stops"].items():
            cells = [
                f"{r['right']:.0%} [{r['interval'][0]:.0%}, {r['interval'][1]:.0%}] / "
                f"{100 * r['mean_gain_left']:.1f} / {r['median_rows_used']:.3f} / {r['stopped']:.0%}"
                for r in rules.values()
            ]
            lines.append(f"| {100 * float(tolerance):g} points | {' | '.join(cells)} |")
        lines += ["", "| most movement per e-fold | reach the level | median n | error before | at the level | "
                  "all curves at the same sizes |", "|-|-|-|-|-|-|"]  # fmt: skip
        for nu, r in notes["levels"].items():
            lines.append(
                f"| {nu} | {r['reached']:.0%} | {r['median_n']:.0f} | {100 * r['before']:.2f} | "
                f"{100 * r['at_level']:.2f} | {100 * r['all_curves_there']:.2f} |"
            )
        lines += ["", *claims(notes), ""]
    return "\n".join(lines)


def claims(notes: dict) -> list[str]:
    """Whether the orderings hold, at every tolerance."""
    lines = []
    for one, other in (("gap + move", "gap"), ("gap", "last doubling"), ("gap + move", "last doubling")):
        gaps = [rules[one]["right"] - rules[other]["right"] for rules in notes["stops"].values()]
        verdict = "holds" if min(gaps) > 0 else "DOES NOT HOLD at every tolerance"
        lines.append(f"* {one} is right more often than {other}: {verdict} ({min(gaps):+.0%} to {max(gaps):+.0%}).")
    gaps = [r["before"] - r["at_level"] for r in notes["levels"].values()]
    lines.append(f"* Forecasts at the level are better than before: {'holds' if min(gaps) > 0 else 'DOES NOT HOLD'}.")
    gaps = [r["all_curves_there"] - r["at_level"] for r in notes["levels"].values()]
    verdict = "holds" if min(gaps) > 0 else "DOES NOT HOLD: the level mostly says that later is better"
    lines.append(f"* ... and better than those of all curves at the same sizes: {verdict}.")
    return lines


def main() -> None:
    draw, dense, doubling = np.random.default_rng(0), [], []
    for group in read():
        truth, final = group["error"][:, -1], int(group["n"][-1])
        dense.append(followed(group, truth, final, OCTAVE, OCTAVE))
        doubling.append(followed(coarse(group, draw), truth, final, 1, 3))
        print(len(truth), "curves up to", final, flush=True)
    found = {
        name: {
            "stops": {str(tau): {rule: stops(runs, rule, tau) for rule in RULES} for tau in TOLERANCES},
            "levels": {str(nu): level_quality(runs, nu) for nu in SLOWNESS},
        }
        for name, runs in (("All anchors, 25 repeats", dense), ("Sizes doubling, 5 repeats", doubling))
    }
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy")}
    notes = {"machine": machine, "versions": versions, "found": found}
    RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(found))
    print(table(found))


if __name__ == "__main__":
    main()
