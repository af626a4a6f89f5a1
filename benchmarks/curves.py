"""Forecasts of learning curves on data sets of fields that the models never saw: errors, bands, chances, rows, plans.

    python benchmarks/curves.py --models /tmp/models   # trains five times, ten minutes on a free core, and keeps them
    python benchmarks/curves.py --halves 6             # besides: trained on half of the families, judged on the others

Curves of LCDB 1.1 under SAMPLEWISE_DATA. Models are trained without a fifth of the fields (tools/train_curve_models.py:
families of one field or generator stay together) and judged on it; quantiles and all else they choose are chosen
within the other four fifths. A curve is seen up to n0 and judged at its last anchor, at 64 times n0 where that is
nearer: every curve that goes on past n0, however short. Every data set has the same weight; intervals resample data
sets; a decile is that of the worst tenth of the data sets. What is seen is all anchors as means of 25 draws, or sizes
that double as means of five draws or as one draw, whose standard error is known or not. The truth is always the mean
of 25 draws.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samplewise.core.randomness import hashed_order
from samplewise.curves import LearningCurve, MetaModel
from samplewise.curves.laws import fit_law
from samplewise.curves.meta.curve_features import CurveFeatures, describe
from samplewise.curves.meta.models import predict
from samplewise.curves.meta.predictive import Predicted, tails
from samplewise.curves.meta.samples import shake
from samplewise.curves.plans import outcome
from samplewise.curves.requirement import arrival

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from train_curve_models import REPETITIONS, Measured, left_out, measured_curves, trained  # noqa: E402 (beside training)

RESULTS = ROOT / "benchmarks" / "results"
STARTS, OCTAVE, HORIZON = (32, 128, 512), 8, 6
LAWS = ("last_value", "power_law_2", "power_law_3", "mmf")
CONFIDENCES = (0.5, 0.8, 0.95)
ENDS = (0, 1000, 5000, 10**9)
REDUCTIONS, QUARTERS = (0.1, 0.2, 0.3, 0.5), (0.1, 0.25, 0.5, 0.75, 0.9)
GRID = 2.0 ** np.arange(0.0, HORIZON + 0.01, 0.125)
DRAWS = 400
TOLERANCES, STOP = (0.005, 0.01, 0.02, 0.05), 0.9
FORMER_END = {32: 1024, 128: 1024, 512: 2048}  # largest anchor of a curve in the figures of before
# The procedure of before (the commit before 99df36f) trained on the same folds of fields: mean error over these curves.
BEFORE = {
    "power_law_3": {32: 10.84, 128: 7.12, 512: 5.87}, "learner named": {32: 7.64, 128: 5.31, 512: 4.02},
}  # fmt: skip
BANDS_BEFORE = {25: 0.840, 5: 0.828, 1: 0.809}  # families of equal weight, mean over one to six octaves


class Seen(NamedTuple):
    """How a curve was measured: anchors apart, draws, and the share of single draws with a standard error."""

    label: str
    step: int
    draws: int
    known: float


SEEN = (
    Seen("all anchors, 25 draws", 1, REPETITIONS, 1.0), Seen("doubling, 5 draws", OCTAVE, 5, 1.0),
    Seen("doubling, 1 draw, noise known", OCTAVE, 1, 1.0), Seen("doubling, 1 draw, noise unknown", OCTAVE, 1, 0.0),
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """All curves on one grid of anchors, NaN beyond their end."""

    n: np.ndarray
    error: np.ndarray
    spread: np.ndarray
    last: np.ndarray
    measured: Measured


def tabled(measured: Measured) -> Table:
    n = np.unique(np.concatenate([curve.sizes for curve in measured.curves]))
    error = np.full((len(measured.curves), len(n)), np.nan)
    spread = error.copy()
    for row, curve in enumerate(measured.curves):
        error[row, : len(curve.sizes)] = curve.error
        spread[row, : len(curve.sizes)] = curve.standard_error
    return Table(n.astype(float), error, spread, np.isfinite(error).sum(axis=1) - 1, measured)


def anchors(n: np.ndarray, start: int, step: int) -> np.ndarray:
    """Positions up to `start`, `step` anchors apart; at least three."""
    end = int(np.searchsorted(n, start))
    kept = np.arange(end, -1, -step)[::-1]
    return kept if len(kept) >= 3 else np.arange(end, -1, -step // 2)[::-1]


def seen_as(table: Table, rows: np.ndarray, kept: np.ndarray, how: Seen) -> tuple[np.ndarray, CurveFeatures]:
    """Errors and features of curves measured like that."""
    errors, spread = table.error[np.ix_(rows, kept)], table.spread[np.ix_(rows, kept)]
    few = np.full((len(rows), 1), how.draws)
    errors, spread = shake(errors, spread, (REPETITIONS, few), np.random.default_rng(len(rows) + len(kept)), how.known)
    return errors, describe(table.n[kept], errors, spread)


def codes(model: MetaModel, learners: list[str], *, named: bool) -> np.ndarray:
    return np.concatenate([model.for_learner(name if named else None, 1e9)[0] for name in learners])


# ---- records: one per model left out, start and way of measuring -----------------------------------------------------


def judged(table: Table, model: MetaModel, rows: np.ndarray) -> Iterator[dict[str, Any]]:
    """Everything about the curves `rows`, which the model never saw."""
    for start in STARTS:
        end = int(np.searchsorted(table.n, start))
        there = rows[table.last[rows] > end]
        final = np.minimum(table.last[there], end + OCTAVE * HORIZON)
        truth = table.error[there, final]
        for how in SEEN:
            kept = anchors(table.n, start, how.step)
            errors, seen = seen_as(table, there, kept, how)
            record = {"start": start, "seen": how.label, "rows": there}
            for law in LAWS:
                if law != "mmf" or len(kept) >= 4:
                    yield record | {
                        "law": law,
                        "off": np.abs(law_at(law, table.n[kept], errors, table.n[final]) - truth),
                    }
            learners = [table.measured.learners[row] for row in there]
            for named in (True, False):
                who = codes(model, learners, named=named)
                name = "learner named" if named else "learner unknown"
                at_end = predict(model, seen, table.n[final][:, None], who)
                held = {
                    confidence: inside(at_end, truth, confidence) for confidence in CONFIDENCES
                }  # fmt: skip
                low, high = (at_end.quantile(tail)[:, 0] for tail in tails(0.8))
                found = record | {"law": name, "off": np.abs(np.clip(at_end.error[:, 0], 0, 1) - truth), "held": held}
                found |= {"width": np.minimum(high, 1.0) - np.maximum(low, 0.0)}
                found |= nearer(table, model, (there, seen, who, end)) | chances(table, model, (there, seen, who, end))
                if named:
                    if how.draws == 5:
                        found |= {"stops": stops(table, model, (there, seen, who, end))}
                    found |= {"needs": needs(table, model, (there, seen, who, end), errors[:, -1])}
                    if start == STARTS[1] and how.draws == 5:
                        noise = np.nan_to_num(table.spread[there, end]) * np.sqrt(REPETITIONS / how.draws)
                        found |= {"plans": plans(table, model, (there, seen, who, end), noise)}
                yield found
        if how == SEEN[-1]:
            far = rows[table.n[table.last[rows]] >= FORMER_END[start]]
            kept = anchors(table.n, start, 1)
            errors, seen = seen_as(table, far, kept, SEEN[0])
            who = codes(model, [table.measured.learners[row] for row in far], named=True)
            ends = table.n[table.last[far]]
            said = np.clip(predict(model, seen, ends[:, None], who).error[:, 0], 0, 1)
            truth = table.error[far, table.last[far]]
            record = {"start": start, "seen": "as before", "rows": far}
            yield record | {"law": "learner named", "off": np.abs(said - truth)}
            law = law_at("power_law_3", table.n[kept], errors, ends)
            yield record | {"law": "power_law_3", "off": np.abs(law - truth)}


def law_at(law: str, sizes: np.ndarray, errors: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Each curve's law at its own last size."""
    wanted = np.unique(ends)
    values = fit_law(law, sizes, errors).error(wanted)
    return np.clip(values[np.arange(len(ends)), np.searchsorted(wanted, ends)], 0.0, 1.0)


def inside(there: Predicted, truth: np.ndarray, confidence: float) -> np.ndarray:
    low, high = (there.quantile(tail)[:, 0] for tail in tails(confidence))
    return (low <= truth) & (truth <= np.minimum(high, 1.0))


Curves = tuple[np.ndarray, CurveFeatures, np.ndarray, int]


def nearer(table: Table, model: MetaModel, curves: Curves) -> dict[str, Any]:
    """Whether 80 % bands held at whole octaves; NaN beyond the end of a curve."""
    rows, seen, who, end = curves
    places = end + OCTAVE * np.arange(1, HORIZON + 1)
    places = places[places < len(table.n)]
    there, truth = predict(model, seen, table.n[places], who), table.error[np.ix_(rows, places)]
    low, high = (there.quantile(tail) for tail in tails(0.8))
    held = np.where(np.isfinite(truth), (low <= truth) & (truth <= np.minimum(high, 1.0)), np.nan)
    return {"octaves": np.column_stack([held, np.full((len(rows), HORIZON - len(places)), np.nan)])}


def chances(table: Table, model: MetaModel, curves: Curves) -> dict[str, Any]:
    """Chances to be at a target, drawn without looking at what came, and whether the curve was."""
    rows, seen, who, end = curves
    draw = np.random.default_rng(1)
    place = draw.integers(end + 1, np.minimum(table.last[rows], end + OCTAVE * HORIZON) + 1)
    target = seen.level * np.exp(-np.exp(draw.uniform(np.log(0.02), np.log(2.5), len(rows))))
    said = predict(model, seen, table.n[place][:, None], who).chance(target[:, None])[:, 0]
    return {"chance": said, "was": table.error[rows, place] <= target}


def falling(model: MetaModel, seen: CurveFeatures, who: np.ndarray, rows: np.ndarray) -> Predicted:
    """The distributions of some curves on the grid of sizes, with forecasts that never rise."""
    some = CurveFeatures(*(
        getattr(seen, name) if name == "largest" else getattr(seen, name)[rows] for name in CurveFeatures.__slots__
    ))  # fmt: skip
    there = predict(model, some, seen.largest * GRID, who[rows])
    return Predicted(np.minimum.accumulate(there.error, axis=1), there.spread, there.standard)


def needs(table: Table, model: MetaModel, curves: Curves, last: np.ndarray) -> dict[str, np.ndarray]:
    """Octaves until a target was reached, and where the chance passed its quarters; every third curve."""
    every, seen, who, end = curves
    rows, last = every[::3], last[::3]
    there = falling(model, seen, who, np.arange(0, len(every), 3))
    columns: dict[str, list] = {"rows": [], "true": [], "said": [], "end": [], "chance": []}
    for reduction in REDUCTIONS:
        target = np.maximum((1.0 - reduction) * last, 1e-4)
        reach = np.maximum.accumulate(there.chance(target[:, None]), axis=1)
        reach = np.clip((reach - reach[:, :1]) / np.maximum(1.0 - reach[:, :1], 1e-9), 0.0, 1.0)
        later = table.error[rows, end + 1 :] <= target[:, None]
        columns["true"].append(np.where(later.any(axis=1), (later.argmax(axis=1) + 1) / OCTAVE, np.inf))
        columns["said"].append(np.log2([[arrival(GRID, one, share) for share in QUARTERS] for one in reach]))
        columns["chance"].append(reach[:, -1])
        columns["rows"].append(rows)
        columns["end"].append(np.minimum((table.last[rows] - end) / OCTAVE, HORIZON))
    return {name: np.concatenate(part) for name, part in columns.items()}


def stops(table: Table, model: MetaModel, curves: Curves) -> dict[str, np.ndarray]:
    """The chance that no more than a tolerance is left to win (b, tolerances), and whether that was so."""
    rows, seen, _, end = curves
    final = np.minimum(table.last[rows], end + OCTAVE * HORIZON)
    sizes = np.column_stack([np.full(len(rows), table.n[end]), table.n[final]])
    nobody, _ = model.for_learner(None, table.n[end])
    there = predict(model, seen, sizes, nobody)
    chance = [1.0 - there.chance(there.error[:, :1] - tolerance)[:, 1] for tolerance in TOLERANCES]
    left = table.error[rows, end] - table.error[rows, final]
    return {"chance": np.column_stack(chance), "was": left[:, None] <= np.array(TOLERANCES), "rows": rows}


def plans(table: Table, model: MetaModel, curves: Curves, noise: np.ndarray) -> dict[str, np.ndarray]:
    """The chance a doubling schedule of four rounds names, cheap and safe, and whether the curve was at the target.

    Targets are 10 to 30 % below the last error seen; on curves that go on for four octaves. Measured with the noise of
    five draws, ended as the plan says.
    """
    rows, seen, who, end = curves
    draw, path = np.random.default_rng(2), np.array([8, 16, 24, 32])
    long = np.flatnonzero(table.last[rows] >= end + 4 * OCTAVE)[::2]
    there = falling(model, seen, who, long)
    columns: dict[str, list] = {"rows": [], "safe": [], "chance": [], "was": []}
    for at, row in enumerate(long):
        one = Predicted(*(getattr(there, name)[at : at + 1] for name in Predicted.__slots__))
        target = float(draw.uniform(0.7, 0.9)) * float(seen.level[row])
        if table.error[rows[row], end] <= target:
            continue
        true = np.minimum.accumulate(table.error[rows[row], end : end + 33])[path]
        for safe in (False, True):
            limit = max(target - 1.2816 * noise[row] * safe, target / 2)
            before = float(one.chance(np.array([[target]]))[0, 0])
            chance, _ = outcome(one, path, target, (limit, max(noise[row], 1e-6)), before)
            shown = true + noise[row] * draw.standard_normal(4)
            stop = int(np.argmax(shown <= limit)) if (shown <= limit).any() else 3
            for name, value in (("rows", rows[row]), ("safe", safe), ("chance", chance), ("was", true[stop] <= target)):
                columns[name].append(value)
    return {name: np.array(part) for name, part in columns.items()}


# ---- summaries: every data set of the same weight --------------------------------------------------------------------


def by_set(values: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """(d,) means of each data set; NaN counts for nothing."""
    known = np.isfinite(values)
    _, place = np.unique(sets[known], return_inverse=True)
    return np.bincount(place, values[known]) / np.bincount(place)


def interval(means: np.ndarray) -> list[float]:
    """95 % of the means over resampled data sets."""
    drawn = np.random.default_rng(0).integers(0, len(means), (DRAWS, len(means)))
    return [float(edge) for edge in np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])]


def joined(records: list[dict[str, Any]], part: str) -> tuple[np.ndarray, np.ndarray]:
    """A column of all folds and its rows."""
    return np.concatenate([one[part] for one in records]), np.concatenate([one["rows"] for one in records])


def summary(table: Table, records: list[dict[str, Any]]) -> dict[str, Any]:
    """One entry per start, way of measuring and method."""
    sets, ends = table.measured.data_sets, table.n[table.last]
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault((record["seen"], record["start"], record["law"]), []).append(record)
    found: dict[str, Any] = {"errors": [], "bands": []}
    for (seen, start, law), held in groups.items():
        key = {"seen": seen, "start": start, "method": law}
        off, rows = joined(held, "off")
        means = by_set(100 * off, sets[rows])
        if seen == "as before":  # as it was reported: every curve of the same weight
            found["errors"].append(key | {"mean": 100 * off.mean(), "before": BEFORE[law][start]})
            continue
        base, other = joined(groups[seen, start, "power_law_3"], "off")
        order, place = np.argsort(other), np.argsort(rows)
        less = by_set(100 * (off[place] - base[order]), sets[np.sort(rows)])
        found["errors"].append(
            key | {"sets": len(means), "mean": means.mean(), "median": np.median(100 * off), "less": less.mean()}
            | {"less_interval": interval(less)}
        )  # fmt: skip
        if "held" not in held[0]:
            continue
        inside = {c: np.concatenate([one["held"][c] for one in held]).astype(float) for c in CONFIDENCES}
        eighty = by_set(inside[0.8], sets[rows])
        entry = key | {f"{c:g}": by_set(inside[c], sets[rows]).mean() for c in CONFIDENCES}
        entry |= {"interval": interval(eighty), "decile": np.quantile(eighty, 0.1)}
        entry |= {"width": 100 * by_set(joined(held, "width")[0], sets[rows]).mean()}
        octaves = np.concatenate([one["octaves"] for one in held])
        entry |= {"octaves": [by_set(column, sets[rows]).mean() for column in octaves.T if np.isfinite(column).any()]}
        for low, high in pairwise(ENDS):
            part = (ends[rows] >= low) & (ends[rows] < high)
            if part.any():
                entry |= {f"ends below {high:,}": by_set(inside[0.8][part], sets[rows][part]).mean()}
        found["bands"].append(entry)
    return found | chance_summary(sets, [record for held in groups.values() for record in held])


def chance_summary(sets: np.ndarray, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Chances and what they are used for: rows needed, plans and stops."""
    found: dict[str, list] = {"chances": [], "needs": [], "plans": [], "stops": []}
    for seen in dict.fromkeys(how.label for how in SEEN):
        for law in ("learner named", "learner unknown"):
            held = [one for one in records if one["seen"] == seen and one["law"] == law]
            chance, rows = joined(held, "chance")
            was = joined(held, "was")[0].astype(float)
            weight = weights(sets[rows])
            found["chances"].append({"seen": seen, "method": law} | calibration(chance, was, weight))
            if law == "learner named":
                parts = [one["needs"] for one in held if one["start"] <= STARTS[1]]
                found["needs"].append({"seen": seen} | arrivals(parts))
    parts = [one["stops"] for one in records if "stops" in one]
    chance, was, rows = (np.concatenate([part[name] for part in parts]) for name in ("chance", "was", "rows"))
    for place, tolerance in enumerate(TOLERANCES):
        weight, stopped = weights(sets[rows]), chance[:, place] >= STOP
        entry = {"tolerance": tolerance, "cases": len(rows), "stopped": weight[stopped].sum()}
        entry |= {"right": np.average(was[stopped, place], weights=weight[stopped])}
        found["stops"].append(entry | calibration(chance[:, place], was[:, place].astype(float), weight))
    parts = [one["plans"] for one in records if "plans" in one]
    for safe in (False, True):
        chance, was, rows = (
            np.concatenate([part[name][part["safe"] == safe] for part in parts]) for name in ("chance", "was", "rows")
        )
        found["plans"].append(
            {"safe": safe, "cases": len(was)} | calibration(chance, was.astype(float), weights(sets[rows]))
        )
    return found


def weights(sets: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(sets, return_inverse=True, return_counts=True)
    return 1.0 / counts[place] / len(counts)


def calibration(chance: np.ndarray, was: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    """Brier score, mean chance and share, and how far off each tenth of the chances is."""
    bins = np.minimum((10 * chance).astype(int), 9)
    off = [
        float(np.average((chance - was)[bins == at], weights=weight[bins == at])) if (bins == at).sum() > 30 else np.nan
        for at in range(10)
    ]
    share = [weight[bins == at].sum() for at in range(10)]
    return {
        "brier": np.average((chance - was) ** 2, weights=weight), "chance": np.average(chance, weights=weight),
        "was": np.average(was, weights=weight), "ece": np.nansum(np.abs(off) * np.array(share)), "bins": off,
        "worst": np.nanmax(np.abs(off)),
    }  # fmt: skip


def arrivals(parts: list[dict[str, np.ndarray]]) -> dict[str, Any]:
    """Whether targets were reached when the quarters of the chance said so, and how near the middle one was."""
    true, said, end = (np.concatenate([part[name] for part in parts]) for name in ("true", "said", "end"))
    by = []
    for place in range(len(QUARTERS)):
        known = np.isfinite(said[:, place]) & (said[:, place] <= end)
        by.append(float(np.mean(true[known] <= said[known, place] + 1e-9)))
    came, middle = true <= end, said[:, QUARTERS.index(0.5)]
    near = np.abs(np.where(np.isfinite(middle), middle, 99.0) - np.where(np.isfinite(true), true, 0.0)) <= 1.0
    return {
        "cases": len(true), "arrived_by": by, "within_2x": float(np.mean(near[came])),
        "never": float(np.mean(np.isinf(middle[came]))), "promised": float(np.mean(middle[~came] <= end[~came])),
        "held_of_reached": float(np.mean((said[came, 0] <= true[came] + 1e-9) & (true[came] <= said[came, -1] + 1e-9))),
    }  # fmt: skip


def halves(measured: Measured, count: int, models: Path | None) -> list[dict[str, float]]:
    """Trained on half of the families, judged on the other: what a new collection of data sets may show."""
    names, found = np.unique(measured.families), []
    for turn in range(count):
        some = set(names[hashed_order(turn, names, "half")[: len(names) // 2]].tolist())
        seen = np.array([family in some for family in measured.families])
        model = trained(measured.keep(np.flatnonzero(seen)), None if models is None else models / f"half_{turn}.npz")
        table = tabled(measured)
        records = list(judged(table, model, np.flatnonzero(~seen)))
        bands = [one for one in summary(table, records)["bands"] if one["method"] == "learner named"]
        for seen_as_ in dict.fromkeys(one["seen"] for one in bands):
            some_bands = [one for one in bands if one["seen"] == seen_as_]
            found.append({"half": turn, "seen": seen_as_} | {
                name: float(np.mean([one[name] for one in some_bands])) for name in ("0.5", "0.8", "0.95", "decile")
            })  # fmt: skip
        print(f"half {turn + 1} of {count}", flush=True)
    return found


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
                begun = time.process_time()
                call()
                took.append(1e3 * (time.process_time() - begun))
            found[f"{name}, {label}"] = float(np.median(took))
    return found


def table_of(found: dict[str, Any]) -> str:
    """The figures a person compares, as Markdown."""
    lines = ["# Forecasts of learning curves on data sets of fields the models never saw", "", found["setting"], ""]
    took = ", ".join(f"{name} {spent:.1f}" for name, spent in found["milliseconds"].items())
    lines += [f"Milliseconds of one call (processor time): {took}.", "", "## Errors", ""]
    lines += [
        "Points at the last anchor (at most 64 times n0), mean over data sets / median over curves, and the mean less"
    ]
    lines += ["that of power_law_3 with its 95 % interval over data sets.", ""]
    lines += ["| seen | method | " + " | ".join(f"n0 = {start}" for start in STARTS) + " |", "|-" * 5 + "|"]
    errors = {(one["seen"], one["method"], one["start"]): one for one in found["errors"]}
    for seen, method in dict.fromkeys((one["seen"], one["method"]) for one in found["errors"] if "less" in one):
        cells = []
        for start in STARTS:
            one = errors.get((seen, method, start))
            cells.append("" if one is None else f"{one['mean']:.2f} / {one['median']:.2f}, {one['less']:+.2f} "
                         f"[{one['less_interval'][0]:+.2f}, {one['less_interval'][1]:+.2f}]")  # fmt: skip
        lines.append(f"| {seen} | {method} | {' | '.join(cells)} |")
    lines += [
        "",
        "The procedure of before, trained on the same folds, then / now: curves of at least 1,024 rows (for n0 = 512",
    ]
    lines += ["2,048), of the same weight, whatever the distance.", ""]
    lines += ["| method | " + " | ".join(f"n0 = {start}" for start in STARTS) + " |", "|-" * 4 + "|"]
    for method in BEFORE:
        cells = [f"{BEFORE[method][start]:.2f} / {errors['as before', method, start]['mean']:.2f}" for start in STARTS]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join([*lines, *bands_of(found), *chances_of(found)]) + "\n"


def bands_of(found: dict[str, Any]) -> list[str]:
    """The lines about bands."""
    lines: list[str] = []
    lines += [
        "",
        "## Bands",
        "",
        "Share of the errors at the last anchor inside the band; worst decile of data sets and mean width at 80 %.",
    ]
    before = ", ".join(f"{share:.3f} with {draws} draws" for draws, share in BANDS_BEFORE.items())
    lines += [f"Before, for 80 %, families equal, long curves only, mean over one to six octaves: {before}.", ""]
    lines += [
        "| seen | method | n0 | 50 % | 80 % | 95 % | decile | width | 1 to 6 octaves ahead "
        "| ends < 1,000 / < 5,000 / more |",
        "|-" * 10 + "|",
    ]
    for one in found["bands"]:
        octaves = " ".join(f"{share:.2f}" for share in one["octaves"])
        ends = " / ".join(f"{one[name]:.2f}" if (name := f"ends below {high:,}") in one else "-" for high in ENDS[1:])
        low, high = one["interval"]
        lines.append(
            f"| {one['seen']} | {one['method']} | {one['start']} | {one['0.5']:.3f} | {one['0.8']:.3f} [{low:.2f}, "
            f"{high:.2f}] | {one['0.95']:.3f} | {one['decile']:.2f} | {one['width']:.1f} | {octaves} | {ends} |"
        )
    if found.get("halves"):
        lines += ["", "Trained on half of the families, judged on the others: mean over n0, range of the halves.", ""]
        lines += ["| seen | 50 % | 80 % | 95 % | decile |", "|-" * 5 + "|"]
        for seen in dict.fromkeys(one["seen"] for one in found["halves"]):
            part = [one for one in found["halves"] if one["seen"] == seen]
            columns = [[one[name] for one in part] for name in ("0.5", "0.8", "0.95", "decile")]
            cells = [f"{np.mean(column):.3f} ({min(column):.2f}-{max(column):.2f})" for column in columns]
            lines.append(f"| {seen} | {' | '.join(cells)} |")
    return lines


def chances_of(found: dict[str, Any]) -> list[str]:
    """The lines about chances and rows needed."""
    lines: list[str] = []
    lines += [
        "",
        "## Chances",
        "",
        "To be at a target at a later size; of ending at it with a plan (n0 = 128, five draws, four doublings);",
        "of no more than a tolerance left to win (five draws, learner not named; a stop is a chance of .9).",
        "",
    ]
    lines += ["| what | method | said | was | Brier | ECE | worst tenth | said less was, by tenths |", "|-" * 8 + "|"]
    rows = [(one["seen"], one["method"], one) for one in found["chances"]]
    rows += [
        ("plan, " + ("safe" if one["safe"] else "cheap"), f"{one['cases']:,} cases", one) for one in found["plans"]
    ]
    rows += [
        (
            f"no more than {100 * one['tolerance']:g} points left",
            f"stops {one['stopped']:.0%}, right {one['right']:.1%}",
            one,
        )
        for one in found["stops"]
    ]
    for what, method, one in rows:
        bins = " ".join("-" if np.isnan(value) else f"{value:+.2f}" for value in one["bins"])
        lines.append(
            f"| {what} | {method} | {one['chance']:.3f} | {one['was']:.3f} | {one['brier']:.3f} | {one['ece']:.3f} | "
            f"{one['worst']:.3f} | {bins} |"
        )
    lines += [
        "", "## Rows needed", "",
        "For 10 to 50 % less error, n0 = 32 and 128, learner named. Share that had arrived by the size at which the",
        "chance passes .1, .25, .5, .75 and .9 (curves long enough to tell); of those that arrived, the middle within",
        "a factor of two, never, and inside the 80 % interval; of those that did not, promised by the end.", "",
    ]  # fmt: skip
    lines += ["| seen | cases | arrived by .1 .25 .5 .75 .9 | within 2x | never | held | promised |", "|-" * 7 + "|"]
    for one in found["needs"]:
        by = " ".join(f"{share:.2f}" for share in one["arrived_by"])
        lines.append(
            f"| {one['seen']} | {one['cases']:,} | {by} | {one['within_2x']:.3f} | {one['never']:.3f} | "
            f"{one['held_of_reached']:.3f} | {one['promised']:.3f} |"
        )
    return lines


def rounded(found: Any) -> Any:
    """Numbers as JSON knows them, to five digits."""
    if isinstance(found, dict):
        return {str(key): rounded(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [rounded(value) for value in found]
    if isinstance(found, float | np.floating):
        return float(f"{found:.5g}") if np.isfinite(found) else None
    return found.item() if isinstance(found, np.generic) else found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder of trained models, read where they are there")
    parser.add_argument("--halves", type=int, default=0, help="trainings on half of the families besides")
    chosen = parser.parse_args()
    measured = measured_curves()
    table, records = tabled(measured), []
    for model, rows in left_out(measured, chosen.models):
        records += list(judged(table, model, rows))
        print(f"{len(rows)} curves judged", flush=True)
    setting = (
        f"{len(measured.curves):,} curves of {len(set(measured.data_sets))} data sets, {len(set(measured.families))} "
        f"families, {len(set(measured.fields))} fields, {len(set(measured.learners))} learners; five folds of fields."
    )
    found: dict[str, Any] = {
        "setting": setting,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")},
        "milliseconds": speed(),
    } | summary(table, records)
    if chosen.halves:
        found["halves"] = halves(measured, chosen.halves, chosen.models)
    text = table_of(found)
    (RESULTS / "curves.json").write_text(json.dumps(rounded(found), indent=1) + "\n")
    (RESULTS / "curves.md").write_text(text)
    print(text, flush=True)


if __name__ == "__main__":
    main()
