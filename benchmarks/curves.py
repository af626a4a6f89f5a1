"""Forecasts of learning curves on data sets the models never saw: errors, requirements, chances, bands and plans.

    python benchmarks/curves.py                 # both splits, about ten minutes each on one free core
    python benchmarks/curves.py --splits family
    python benchmarks/curves.py --share 0.3     # a third of the families, to try something out

Curves of LCDB 1.1 under SAMPLEWISE_DATA, fitted on the anchors up to n0 (eight per octave, and doubling sizes next to
it), 25 repetitions unless said. Models are trained on four fifths of the families (and, in a second run, of the data
sets) and evaluated on the last fifth; everything they choose, bands and the answering probability included, is chosen
within the four fifths. Intervals resample families. A requirement is evaluated where the target was reached inside the
data set, and a promise counts as false where it was not reached though it was promised by the last anchor.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.randomness import hashed_order
from samplewise.curves import LearningCurve
from samplewise.curves.laws import fit_law
from samplewise.curves.meta import MetaModel, fit_meta
from samplewise.curves.meta.curve_features import CurveFeatures, describe
from samplewise.curves.meta.models import Branch
from samplewise.curves.meta.samples import shake
from samplewise.curves.plans import MISSED, cheapest_path, given_not_yet

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from train_curve_models import REPETITIONS, Measured, measured_curves  # noqa: E402 (the loader lives with the training)

RESULTS = ROOT / "benchmarks" / "results"
STARTS = (32, 64, 128, 256, 512)
FOLDS, DRAWS = 5, 400
LEAST_END = {32: 1024, 64: 1024, 128: 1024, 256: 1024, 512: 2048}  # largest anchor a curve must have
REDUCTIONS = (0.1, 0.2, 0.3, 0.5)
LAWS = ("last_value", "power_law_2", "power_law_3", "mmf", "piecewise_power_law")
GRID = 2.0 ** np.arange(0.0, 6.01, 0.125)
PLAN_START, PLAN_ROUNDS, PLAN_GROWTH = 64, 5, 4.0
PLAN_STEPS = (21, 27, 37)  # anchors ahead of the start at which the true error is the target: 6.2, 10.4 and 24.7 times
TURN_PRICE = 1.0  # a round costs as much as the rows there were at the start; chosen on a fifth of the families


@dataclass(frozen=True)
class Table:
    """All curves on one grid of anchors, NaN beyond their end."""

    n: np.ndarray
    error: np.ndarray
    spread: np.ndarray
    last: np.ndarray  # position of the last anchor
    learners: list[str]
    families: np.ndarray


def tabled(measured: Measured) -> Table:
    n = np.unique(np.concatenate([curve.sizes for curve in measured.curves]))
    error = np.full((len(measured.curves), len(n)), np.nan)
    spread = error.copy()
    for row, curve in enumerate(measured.curves):
        error[row, : len(curve.sizes)] = curve.error
        spread[row, : len(curve.sizes)] = curve.standard_error
    last = np.isfinite(error).sum(axis=1) - 1
    return Table(n.astype(float), error, spread, last, measured.learners, measured.families)


def folds_of(groups: np.ndarray) -> np.ndarray:
    """Folds of about equally many curves that keep groups whole."""
    names, place, sizes = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    load, fold = np.zeros(FOLDS), np.empty(len(names), dtype=int)
    order = hashed_order(0, names, "benchmark")
    for name in order[np.argsort(-sizes[order], kind="stable")]:
        fold[name] = np.argmin(load)
        load[fold[name]] += sizes[name]
    return fold[place]


@dataclass(frozen=True)
class LeftOut:
    """A model and the curves it never saw."""

    table: Table
    model: MetaModel
    rows: np.ndarray

    def branches(self) -> Iterator[tuple[str, Branch, Callable[[np.ndarray], np.ndarray]]]:
        """Name, models and codes of the learners of some curves, without and with the learner."""
        yield "meta", self.model.plain, lambda rows: np.full(len(rows), -1)
        named = self.model.named
        if named is not None:
            code = np.array([self.model.names.index(name) for name in self.table.learners])
            yield "meta, learner named", named, lambda rows: code[rows]

    def long_enough(self, start: int) -> np.ndarray:
        ends = self.table.n[self.table.last[self.rows]]
        return self.rows[ends >= LEAST_END[start]]

    def seen(self, rows: np.ndarray, kept: np.ndarray, repeats: int = REPETITIONS) -> CurveFeatures:
        """Features of what is seen at some anchors, as the mean of fewer repetitions."""
        draw = np.random.default_rng(len(rows) + len(kept) + repeats)
        few = np.full((len(rows), 1), repeats)
        errors, spread = self.table.error[np.ix_(rows, kept)], self.table.spread[np.ix_(rows, kept)]
        return describe(self.table.n[kept], *shake(errors, spread, (REPETITIONS, few), draw))


def anchors(n: np.ndarray, start: int, step: int) -> np.ndarray:
    """Positions up to `start`, `step` anchors apart; at least three."""
    end = int(np.searchsorted(n, start))
    kept = np.arange(end, -1, -step)[::-1]
    return kept if len(kept) >= 3 else np.arange(end, -1, -step // 2)[::-1]


# ---- errors and bands -----------------------------------------------------------------------------------------------


def forecasts_of(others: LeftOut) -> list[dict[str, Any]]:
    """One record per start, grid and method: errors at the last anchor, and whether bands held at every octave."""
    found = []
    for start in STARTS:
        rows = others.long_enough(start)
        end = others.table.n[others.table.last[rows]]
        true = others.table.error[rows, others.table.last[rows]]
        for grid, step in (("dense", 1), ("doubling", 8)):
            kept = anchors(others.table.n, start, step)
            seen = others.seen(rows, kept)
            settled = {"start": start, "grid": grid, "rows": rows}
            for law in LAWS:
                if law in ("mmf", "piecewise_power_law") and len(kept) < 4:
                    continue
                values = at_ends(law, others.table.n[kept], others.table.error[np.ix_(rows, kept)], end)
                found.append(settled | {"method": law, "off": np.abs(values - true)})
            if len(kept) >= 4:
                switch = others.model.switch_of(seen)
                values = at_ends(
                    "piecewise_power_law", others.table.n[kept], others.table.error[np.ix_(rows, kept)], end, switch
                )
                found.append(settled | {"method": "piecewise_power_law, forest", "off": np.abs(values - true)})
            for name, branch, code in others.branches():
                values = np.clip(branch.errors(seen, end[:, None], code(rows))[:, 0], 0.0, 1.0)
                found.append(settled | {"method": name, "off": np.abs(values - true)})
    return found


def at_ends(law: str, sizes: np.ndarray, errors: np.ndarray, ends: np.ndarray, switch: Any = None) -> np.ndarray:
    """Each curve's law at its own last anchor."""
    wanted = np.unique(ends)
    values = fit_law(law, sizes, errors, switch=switch).error(wanted)
    return np.clip(values[np.arange(len(ends)), np.searchsorted(wanted, ends)], 0.0, 1.0)


def bands_of(others: LeftOut) -> list[dict[str, Any]]:
    """Whether the 80 % band held the error one to six octaves ahead, and how wide it was."""
    found = []
    for start in STARTS:
        for repeats in (REPETITIONS, 5, 1):
            rows = others.long_enough(start)
            kept = anchors(others.table.n, start, 4)
            seen = others.seen(rows, kept, repeats)
            for octaves in range(1, 7):
                place = kept[-1] + 8 * octaves
                there = place <= others.table.last[rows]
                if not there.any():
                    continue
                true = others.table.error[rows, np.minimum(place, others.table.last[rows])]
                for name, branch, code in others.branches():
                    _, low, high = branch.band(seen, others.table.n[[place]], code(rows), 0.8)
                    held = (low[:, 0] <= true) & (true <= np.minimum(high[:, 0], 1.0))
                    found.append(
                        {"start": start, "repeats": repeats, "octaves": octaves, "method": name, "rows": rows[there]}
                        | {"held": held[there], "width": (np.minimum(high, 1.0) - low)[there, 0]}
                    )
    return found


# ---- chances and requirements ---------------------------------------------------------------------------------------


def chances_of(others: LeftOut) -> list[dict[str, Any]]:
    """Chances to be at a target, drawn without looking at what came, and whether the curve was."""
    draw, found = np.random.default_rng(1), []
    for start in STARTS:
        for repeats in (REPETITIONS, 5, 3, 1):
            rows = others.long_enough(start)
            kept = anchors(others.table.n, start, 1)
            seen = others.seen(rows, kept, repeats)
            place = draw.integers(kept[-1] + 1, others.table.last[rows] + 1)
            target = seen.level * np.exp(-np.exp(draw.uniform(np.log(0.02), np.log(2.5), len(rows))))
            arrived = others.table.error[rows, place] <= target
            for name, branch, code in others.branches():
                chance = branch.reaches(seen, others.table.n[place][:, None], target, code(rows))[:, 0]
                settled = {"start": start, "repeats": repeats, "method": name, "rows": rows}
                found.append(settled | {"chance": chance, "arrived": arrived})
    return found


def requirements_of(others: LeftOut) -> list[dict[str, Any]]:
    """Rows said and rows needed for targets below the error at n0, on every third curve."""
    found = []
    for start in STARTS[:4]:
        rows = others.long_enough(start)[::3]
        kept = anchors(others.table.n, start, 1)
        errors, seen = others.table.error[np.ix_(rows, kept)], others.seen(rows, kept)
        end = others.table.n[others.table.last[rows]]
        for reduction in REDUCTIONS:
            target = np.maximum((1.0 - reduction) * errors[:, -1], 1e-4)
            later = others.table.error[rows, kept[-1] + 1 :] <= target[:, None]
            reached = later.any(axis=1)
            need = others.table.n[np.minimum(kept[-1] + 1 + later.argmax(axis=1), len(others.table.n) - 1)]
            notes = {law: fit_law(law, others.table.n[kept], errors).sizes_for(target) for law in LAWS[1:]}
            for name, branch, code in others.branches():
                whole = branch.reaches(seen, [seen.largest * GRID[-1]], target, code(rows))[:, 0]
                for level, label in (
                    (np.full(len(rows), 0.5), "median"),
                    (0.5 * whole, "median if reached"),
                    (branch.answer * whole, "chosen quantile if reached"),
                ):
                    notes[f"{name}, {label}"] = arrivals(branch, seen, target, code(rows), level)
            for name, said in notes.items():
                settled = {"start": start, "method": name, "rows": rows, "reached": reached}
                found.append(settled | {"octaves": np.log2(said / need), "promised": said <= end})
    return found


def arrivals(
    branch: Branch, seen: CurveFeatures, target: np.ndarray, code: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """(b,) the first size of the grid at which the chance of having arrived is at least `level` (b,), by bisection."""
    low, high = np.full(len(target), -1), np.full(len(target), len(GRID))
    while (high - low > 1).any():
        middle = (low + high) // 2
        sizes = seen.largest * GRID[np.clip(middle, 0, len(GRID) - 1)]
        there = branch.reaches(seen, sizes[:, None], target, code)[:, 0] >= level
        there |= middle >= len(GRID)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.where(high < len(GRID), seen.largest * GRID[np.minimum(high, len(GRID) - 1)], np.inf)


# ---- plans ----------------------------------------------------------------------------------------------------------


def plans_of(others: LeftOut) -> list[dict[str, Any]]:
    """Rounds and rows until the target, for policies that measure and decide again after every round."""
    start = int(np.searchsorted(others.table.n, PLAN_START))
    rows = others.rows[others.table.last[others.rows] >= start + max(PLAN_STEPS)][::3]
    found = []
    policies: dict[str, Any] = {"double": 1.0, "quadruple": 2.0}
    for name, branch, code in others.branches():
        policies[f"{name}, median, at most 4x"] = (branch, code, None)
        policies[f"{name}, plan"] = (branch, code, 0.0)
        policies[f"{name}, plan, rounds priced"] = (branch, code, TURN_PRICE)
    policies["power_law_3, at most 4x"] = "power_law_3"
    for step in PLAN_STEPS:
        target = others.table.error[rows, start + step]
        fair = (target > 0) & (target < others.table.error[rows, start])
        for name, policy in policies.items():
            case = collected(others, rows[fair], target[fair], start, policy)
            found.append({"method": name, "rows": rows[fair]} | case)
    return found


def collected(others: LeftOut, rows: np.ndarray, target: np.ndarray, start: int, policy: Any) -> dict[str, np.ndarray]:
    """Follow one policy for every curve: where it ends, whether it arrived, and after how many rounds.

    Arrived: as many rows as the first anchor at or below the target has; smaller sizes are measured on the way.
    """
    table = others.table
    true = np.argmax(table.error[rows, start:] <= target[:, None], axis=1) + start
    at, rounds, open_ = np.full(len(rows), start), np.zeros(len(rows), dtype=int), np.ones(len(rows), dtype=bool)
    for turn in range(PLAN_ROUNDS):
        before = at.copy()
        for place in np.unique(before[open_]):
            here = np.flatnonzero(open_ & (before == place))
            steps = next_steps(others, rows[here], target[here], int(place), (policy, PLAN_ROUNDS - turn))
            at[here] = np.minimum(place + np.maximum(steps, 1), table.last[rows[here]])
        rounds += open_
        open_ &= (at < true) & (at < table.last[rows])
    return {"arrived": at >= true, "ratio": table.n[at] / table.n[true], "rounds": rounds}


def next_steps(others: LeftOut, rows: np.ndarray, target: np.ndarray, place: int, how: tuple[Any, int]) -> np.ndarray:
    """(b,) anchors to go ahead."""
    policy, left = how
    most = int(8 * np.log2(PLAN_GROWTH))
    if isinstance(policy, float):
        return np.full(len(rows), int(8 * policy))
    kept = np.arange(place + 1)
    if isinstance(policy, str):
        said = fit_law(policy, others.table.n[kept], others.table.error[np.ix_(rows, kept)]).sizes_for(target)
        return np.minimum(np.ceil(8 * np.log2(said / others.table.n[place])), most).astype(int)
    branch, code, price = policy
    seen = others.seen(rows, kept)
    if price is None:
        said = arrivals(branch, seen, target, code(rows), np.full(len(rows), 0.5))
        return np.minimum(np.ceil(8 * np.log2(said / others.table.n[place])), most).astype(int)
    sizes = seen.largest * GRID
    prices = (1.0, price * PLAN_START, MISSED * (sizes[-1] - sizes[0]))
    reach = branch.reaches(seen, sizes, target, code(rows))
    return np.array([cheapest_path(sizes, given_not_yet(one), prices, left, PLAN_GROWTH)[0] for one in reach])


# ---- summaries ------------------------------------------------------------------------------------------------------


def resampled(values: np.ndarray, families: np.ndarray, measure: Callable[[np.ndarray], float]) -> list[float]:
    """95 % interval of a measure when families are drawn again."""
    draw = np.random.default_rng(0)
    groups = [np.flatnonzero(families == name) for name in np.unique(families)]
    drawn = [
        measure(values[np.concatenate([groups[at] for at in draw.integers(0, len(groups), len(groups))])])
        for _ in range(DRAWS)
    ]
    return [float(edge) for edge in np.quantile(drawn, [0.025, 0.975])]


def pooled(records: list[dict[str, Any]], keys: tuple[str, ...], parts: tuple[str, ...]) -> dict[tuple, dict]:
    """Records of all folds with equal keys put together."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(tuple(record[key] for key in keys), []).append(record)
    return {key: {part: np.concatenate([one[part] for one in held]) for part in parts} for key, held in groups.items()}


def summary_of_errors(records: list[dict[str, Any]], families: np.ndarray) -> list[dict[str, Any]]:
    found, together = [], pooled(records, ("grid", "start", "method"), ("off", "rows"))
    for (grid, start, method), held in together.items():
        off, rows = 100.0 * held["off"], held["rows"]
        reference = together[grid, start, "power_law_3"]
        base = (
            100.0 * reference["off"][np.argsort(reference["rows"])][np.searchsorted(np.sort(reference["rows"]), rows)]
        )
        found.append(
            {"grid": grid, "start": start, "method": method, "curves": len(off), "mean": off.mean()}
            | {"median": np.median(off), "mean_interval": resampled(off, families[rows], np.mean)}
            | {"median_interval": resampled(off, families[rows], np.median)}
            | {"less_power_law_3": (off - base).mean()}
            | {"less_interval": resampled(off - base, families[rows], np.mean)}
        )
    return found


def summary_of_bands(records: list[dict[str, Any]], families: np.ndarray) -> list[dict[str, Any]]:
    found = []
    for keys in (("method", "repeats"), ("method", "repeats", "octaves"), ("method", "repeats", "start")):
        for key, held in pooled(records, keys, ("held", "rows", "width")).items():
            names, place, counts = np.unique(families[held["rows"]], return_inverse=True, return_counts=True)
            inside = np.bincount(place, held["held"]) / counts  # every family of the same weight, as in the bands
            interval = resampled(inside, names, np.mean)
            width = 100.0 * float(np.median(held["width"]))
            found.append(
                dict(zip(keys, key, strict=True)) | {"covered": inside.mean(), "interval": interval, "width": width}
            )
    return found


def summary_of_chances(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for (method, repeats), held in pooled(records, ("method", "repeats"), ("chance", "arrived")).items():
        chance, arrived = held["chance"], held["arrived"].astype(float)
        bins = np.minimum((10 * chance).astype(int), 9)
        gaps = [abs((chance - arrived)[bins == at].sum()) for at in range(10)]
        order = np.argsort(chance, kind="stable")
        rank = np.empty(len(chance))
        rank[order] = np.arange(1, len(chance) + 1)
        ones = arrived.sum()
        area = (rank[arrived == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(arrived) - ones))
        found.append(
            {"method": method, "repeats": repeats, "cases": len(chance), "ece": sum(gaps) / len(chance)}
            | {"brier": np.mean((chance - arrived) ** 2), "auc": area, "arrived": arrived.mean()}
        )
    return found


def summary_of_requirements(records: list[dict[str, Any]], families: np.ndarray) -> list[dict[str, Any]]:
    found = []
    for (method,), held in pooled(records, ("method",), ("octaves", "reached", "promised", "rows")).items():
        octaves, rows = held["octaves"][held["reached"]], held["rows"][held["reached"]]
        near = (np.abs(octaves) <= 1.0).astype(float)
        found.append(
            {"method": method, "reached": len(octaves), "never_reached": int((~held["reached"]).sum())}
            | {"median_octaves": float(np.median(octaves)), "median_off": float(np.median(np.abs(octaves)))}
            | {"within_2x": near.mean(), "within_2x_interval": resampled(near, families[rows], np.mean)}
            | {"over_8x": (octaves > 3.0).mean(), "never": np.isinf(octaves).mean(), "under_2x": (octaves < -1).mean()}
            | {"false_promises": held["promised"][~held["reached"]].mean()}
        )
    return found


def summary_of_plans(records: list[dict[str, Any]], families: np.ndarray) -> list[dict[str, Any]]:
    found = []
    for (method,), held in pooled(records, ("method",), ("arrived", "ratio", "rounds", "rows")).items():
        arrived, ratio = held["arrived"], np.minimum(held["ratio"], 100.0)[held["arrived"]]
        found.append(
            {"method": method, "cases": len(arrived), "arrived": arrived.mean(), "median_ratio": np.median(ratio)}
            | {"mean_ratio": ratio.mean(), "over_2x": (ratio > 2.0).mean(), "rounds": held["rounds"].mean()}
            | {"mean_ratio_interval": resampled(ratio, families[held["rows"][arrived]], np.mean)}
        )
    return found


def run(measured: Measured, groups: np.ndarray) -> dict[str, Any]:
    """Everything for one way of splitting."""
    table, fold = tabled(measured), folds_of(groups)
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in ("errors", "bands", "chances", "needs", "plans")}
    answers, seconds = [], 0.0
    for left_out in range(FOLDS):
        kept = np.flatnonzero(fold != left_out)
        begun = time.perf_counter()
        curves, learners = [measured.curves[at] for at in kept], [measured.learners[at] for at in kept]
        model = fit_meta(curves, groups[kept].tolist(), learners, n_repeats=REPETITIONS)
        seconds += time.perf_counter() - begun
        answers.append([model.plain.answer, model.named.answer if model.named else None])
        others = LeftOut(table, model, np.flatnonzero(fold == left_out))
        for name, work in zip(parts, (forecasts_of, bands_of, chances_of, requirements_of, plans_of), strict=True):
            parts[name] += work(others)
        print(f"fold {left_out + 1} of {FOLDS}: {time.perf_counter() - begun:.0f} s", flush=True)
    return {
        "groups": len(set(groups.tolist())),
        "answers": answers,
        "training_seconds": seconds / FOLDS,
        "errors": summary_of_errors(parts["errors"], table.families),
        "bands": summary_of_bands(parts["bands"], table.families),
        "chances": summary_of_chances(parts["chances"]),
        "requirements": summary_of_requirements(parts["needs"], table.families),
        "plans": summary_of_plans(parts["plans"], table.families),
    }


def table_of(found: dict[str, Any]) -> str:
    """The figures a person compares, as Markdown."""
    lines = ["# Forecasts of learning curves on data sets the models never saw", "", found["setting"], ""]
    lines += [
        "Milliseconds of one call: " + ", ".join(f"{name} {took:.1f}" for name, took in found["milliseconds"].items()),
        "",
    ]
    for split in found["splits"]:
        held = found["splits"][split]
        lines += [f"## Split by {split} ({held['groups']} groups)", ""]
        for grid in ("dense", "doubling"):
            lines += [f"Error at the largest anchor, points, mean / median; sizes {grid}.", ""]
            lines += ["| method | " + " | ".join(f"n0 = {start}" for start in STARTS) + " |", "|---" * 6 + "|"]
            rows = [row for row in held["errors"] if row["grid"] == grid]
            for method in dict.fromkeys(row["method"] for row in rows):
                cells = {
                    row["start"]: f"{row['mean']:.2f} / {row['median']:.2f}" for row in rows if row["method"] == method
                }
                lines.append(f"| {method} | " + " | ".join(cells.get(start, "") for start in STARTS) + " |")
            lines.append("")
        lines += ["Mean error less that of power_law_3, points, with 95 % interval over families (dense).", ""]
        lines += ["| method | " + " | ".join(f"n0 = {start}" for start in STARTS) + " |", "|---" * 6 + "|"]
        for method in ("piecewise_power_law, forest", "meta", "meta, learner named"):
            rows = [row for row in held["errors"] if row["grid"] == "dense" and row["method"] == method]
            cells = [
                f"{row['less_power_law_3']:+.2f} [{row['less_interval'][0]:+.2f}, {row['less_interval'][1]:+.2f}]"
                for row in rows
            ]
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
        lines += ["", "Rows needed for 10 to 50 % less error, n0 = 32 to 256.", ""]
        lines += ["| method | within 2x | over 8x | never | under half | false promises |", "|---|---|---|---|---|---|"]
        for row in held["requirements"]:
            low, high = row["within_2x_interval"]
            lines.append(
                f"| {row['method']} | {row['within_2x']:.1%} [{low:.1%}, {high:.1%}] | {row['over_8x']:.1%} "
                f"| {row['never']:.1%} | {row['under_2x']:.1%} | {row['false_promises']:.1%} |"
            )
        lines += [
            "",
            "Chance to be at a target.",
            "",
            "| method | repeats | ECE | Brier | AUC |",
            "|---|---|---|---|---|",
        ]
        for row in held["chances"]:
            numbers = f"{row['ece']:.3f} | {row['brier']:.3f} | {row['auc']:.3f}"
            lines.append(f"| {row['method']} | {row['repeats']} | {numbers} |")
        lines += ["", "Share of errors inside the 80 % band, one to six octaves ahead, families of equal weight.", ""]
        lines += [
            "| method | repeats | n0 | octaves ahead | covered | median width, points |",
            "|---|---|---|---|---|---|",
        ]
        for row in held["bands"]:
            low, high = row["interval"]
            covered = f"{row['covered']:.1%} [{low:.1%}, {high:.1%}]"
            place = f"{row.get('start', 'all')} | {row.get('octaves', 'all')}"
            lines.append(f"| {row['method']} | {row['repeats']} | {place} | {covered} | {row['width']:.1f} |")
        lines += [
            "",
            f"Collecting from {PLAN_START} rows to a target 6, 10 or 25 times as far, {PLAN_ROUNDS} rounds.",
            "",
        ]
        lines += ["| policy | arrived | rounds | mean n / n_true | median | over 2x |", "|---|---|---|---|---|---|"]
        for row in held["plans"]:
            numbers = (
                f"{row['rounds']:.2f} | {row['mean_ratio']:.2f} | {row['median_ratio']:.2f} | {row['over_2x']:.0%}"
            )
            lines.append(f"| {row['method']} | {row['arrived']:.1%} | {numbers} |")
        lines.append("")
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """Numbers of numpy as JSON knows them, to five digits."""
    if isinstance(value, float | np.floating):
        return float(f"{value:.5g}")
    return value.item() if isinstance(value, np.generic) else value.tolist()


def rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: rounded(value) for key, value in found.items()}
    if isinstance(found, list):
        return [rounded(value) for value in found]
    return plain(found) if isinstance(found, float | np.generic) else found


def speed() -> dict[str, float]:
    """Median milliseconds of one call, models loaded, for curves of six and of 41 sizes."""
    found = {}
    for label, sizes in (("6 sizes", 25 * 2 ** np.arange(6)), ("41 sizes", np.ceil(16 * 2 ** (np.arange(41) / 8)))):
        curve = LearningCurve.from_arrays(np.unique(sizes), 0.02 + 2.0 * np.unique(sizes) ** -0.6, test_size=2000)
        ahead, target = sizes[-1] * np.array([2, 4, 16]), 0.8 * curve.error[-1]
        calls = {
            "forecast": lambda curve=curve, ahead=ahead: curve.forecast(ahead),
            "samples_needed": lambda curve=curve, target=target: curve.samples_needed(target),
            "collection_plan": lambda curve=curve, target=target: curve.collection_plan(target, 1.0),
        }
        for name, call in calls.items():
            call()
            took = []
            for _ in range(30):
                begun = time.perf_counter()
                call()
                took.append(1e3 * (time.perf_counter() - begun))
            found[f"{name}, {label}"] = float(np.median(took))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="share of the families")
    parser.add_argument("--splits", nargs="+", default=["family", "data set"])
    chosen = parser.parse_args()
    measured = measured_curves()
    names = np.unique(measured.families)
    used = names[hashed_order(0, names, "share")[: max(15, round(chosen.share * len(names)))]]
    rows = np.flatnonzero(np.isin(measured.families, used))
    measured = Measured(
        [measured.curves[at] for at in rows], [measured.learners[at] for at in rows],
        measured.data_sets[rows], measured.families[rows],
    )  # fmt: skip
    setting = (
        f"{len(rows):,} curves of {len(set(measured.data_sets))} data sets, {len(used)} families, "
        f"{len(set(measured.learners))} learners; {FOLDS} folds."
    )
    found: dict[str, Any] = {
        "setting": setting,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")},
        "milliseconds": speed(),
        "splits": {},
    }
    for split in chosen.splits:
        found["splits"][split] = run(measured, measured.families if split == "family" else measured.data_sets)
        text = table_of(found)
        if chosen.share == 1.0:
            (RESULTS / "curves.json").write_text(json.dumps(rounded(found), indent=1) + "\n")
            (RESULTS / "curves.md").write_text(text)
        print(text, flush=True)


if __name__ == "__main__":
    main()
