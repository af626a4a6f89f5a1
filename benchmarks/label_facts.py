"""Labels that are facts: the constants fitted to what people said of labels, and how far they carry to a set left out.

    python benchmarks/label_facts.py            # about a minute on one core

Four published test sets of pictures whose suspected labels five people reviewed (SAMPLEWISE_DATA, folder
`label-errors`; without it nothing is measured, and the reason is printed). A label is wrong where fewer than three of
the five people stand by it. Two of the sets come with probabilities, of the others it is known which labels the model
contradicts, and no more. All numbers are about the reviewed rows: of the others nobody knows.

First the constants of `labels/slope_grid.py` are fitted again to all four sets. Then each set is left out: the
constants come from the three others (and two published shares), and the rule is tried on it, without answers and after
10, 20 and 30 answers drawn 60 times from rows spread over the contradicted.
"""

import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, roc_auc_score

from samplewise.engine.refits import prepare
from samplewise.engine.statistics.intervals import counted_interval
from samplewise.labels import slope_grid
from samplewise.labels.contradiction import AGAINST, FOR, Contradiction, contradiction, pair_lift
from samplewise.labels.facts import SURE, proven_flips
from samplewise.labels.posterior import label_posterior

RESULTS = Path(__file__).parent / "results" / "label_facts"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")).resolve() / "label-errors"
SETS = ("mnist", "cifar10", "cifar100", "caltech256")
PUBLISHED = (732 / 1000, 275 / 307)  # of contradicted labels people called wrong: Amazon reviews, AudioSet; as quoted
AGREE = 3  # of five people, from whom on the given label stands
N_ANSWERS = (0, 10, 20, 30)
DRAWS = 60
SHARES = (0.05, 0.5, 0.8)  # of wrong labels among the reviewed rows, made by leaving rows out


@dataclass(frozen=True)
class Reviewed:
    """The reviewed rows of one set: what the model says against them, and what people said."""

    name: str
    found: Contradiction
    flips: np.ndarray
    votes_wrong: np.ndarray  # of five people
    doubt: np.ndarray  # 1 - probability of the given label; NaN where there is none
    known: bool  # whether the set comes with probabilities

    @property
    def wrong(self) -> np.ndarray:
        return (self.votes_wrong > 5 - AGREE).astype(float)

    def take(self, rows: np.ndarray) -> "Reviewed":
        found = Contradiction(self.found.strength[rows], self.found.lift[rows], self.found.other[rows])
        return Reviewed(self.name, found, self.flips[rows], self.votes_wrong[rows], self.doubt[rows], self.known)


def read(name: str) -> Reviewed:
    """What all rows of a set say about its reviewed ones."""
    with np.load(DATA / f"{name}.npz", allow_pickle=False) as held:
        given, called = held["given_labels"].astype(int), held["predicted_labels"].astype(int)
        rows, votes = held["reviewed_index"].astype(int), held["votes"].astype(int)
        P = held["pred_probs"].astype(np.float64) if "pred_probs" in held else None
    if P is None:
        against = called != given
        lift = pair_lift(given, called, against, int(max(given.max(), called.max())) + 1)
        found, flips = Contradiction(np.where(against, AGAINST, FOR), lift, called), np.zeros(len(given))
        doubt = np.full(len(given), np.nan)
    else:
        found = contradiction(P, given, np.arange(len(given)))
        outcomes = label_posterior(prepare((P, given), "linear").whole, probabilities=P, n_rounds=1)
        flips = proven_flips(outcomes, found)
        doubt = 1.0 - P[np.arange(len(given)), given]
    whole = Reviewed(name, found, flips, np.zeros(len(given)), doubt, P is not None)
    part = whole.take(rows)
    return Reviewed(name, part.found, part.flips, votes.sum(axis=1) - votes[:, 0], part.doubt, part.known)


# ---- constants ------------------------------------------------------------------------------------------------------


def fitted(sets: list[Reviewed], start: float | None = None) -> dict[str, Any]:
    """Start and rise with the lift that the sets share, and a slope for each, by likelihood; `start` may be given."""
    highest = slope_grid.flips_right(slope_grid.slope_prior())

    def surprise(values: np.ndarray) -> float:
        begin, values = (values[0], values[1:]) if start is None else (start, values)
        total = 0.0
        for slope, one in zip(np.exp(values[1:]), sets, strict=True):
            strength = one.found.strength
            rise = np.where(
                strength > 0, slope * np.minimum(strength, slope_grid.STRONGEST), max(1.0, slope) * strength
            )
            chance = np.clip(highest * expit(begin + rise + values[0] * one.found.lift), 1e-9, 1.0 - 1e-9)
            total -= float(np.sum(one.wrong * np.log(chance) + (1.0 - one.wrong) * np.log1p(-chance)))
        return total

    begin = [] if start is not None else [slope_grid.START]
    best = minimize(surprise, np.array([*begin, 0.5, *[-0.8] * len(sets)]), method="BFGS")
    first = float(best.x[0]) if start is None else start
    slopes = best.x[len(begin) + 1 :]
    elsewhere = np.log([(logit(share) - first) / AGAINST for share in PUBLISHED])  # with so many, a ceiling near 1
    every = np.r_[slopes, elsewhere]
    return {
        "START": first, "PAIR": float(best.x[len(begin)]), "SLOPE": float(every.mean()),
        "SLOPE_SPREAD": float(every.std(ddof=1)), "slopes": np.exp(slopes).tolist(),
        "spread of the reviewed sets alone": float(slopes.std(ddof=1)),
    } | ({} if start is not None else {"standard error of START": float(np.sqrt(best.hess_inv[0, 0]))})  # fmt: skip


@contextmanager
def constants(values: dict[str, Any]) -> Iterator[None]:
    """The rule with other constants."""
    names = ("START", "PAIR", "SLOPE", "SLOPE_SPREAD")
    before = {name: getattr(slope_grid, name) for name in names}
    try:
        for name in names:
            setattr(slope_grid, name, values[name])
        yield
    finally:
        for name, value in before.items():
            setattr(slope_grid, name, value)


# ---- one set left out -----------------------------------------------------------------------------------------------


def spread_rows(wrong: np.ndarray, against: np.ndarray, n: int, draw: np.random.Generator) -> np.ndarray:
    """A row of each of n equal parts of the contradicted rows, in the order of their chance of being wrong."""
    rows = np.flatnonzero(against)
    rows = rows[np.argsort(wrong[rows], kind="stable")]
    ends = np.linspace(0, len(rows), n + 1).astype(int)
    return rows[[draw.integers(*part) for part in pairwise(ends)]]


def tried(one: Reviewed, n: int, draw: np.random.Generator, *, person: bool = False) -> dict[str, float]:
    """The rule on rows nobody answered, after n answers of the majority, or of one person each."""
    under = slope_grid.chances(one.found, one.flips, np.arange(len(one.wrong)))
    weights = slope_grid.slope_prior()
    left = np.ones(len(one.wrong), dtype=bool)
    if n:
        asked = spread_rows(under @ (weights @ slope_grid.CEILINGS), one.found.against, n, draw)
        said = (draw.random(n) < one.votes_wrong[asked] / 5).astype(float) if person else one.wrong[asked]
        weights = slope_grid.updated(weights, under[asked], said)
        left[asked] = False
    chance, truth, against = (under @ (weights @ slope_grid.CEILINGS))[left], one.wrong[left], one.found.against[left]
    low, high = interval(under[left], weights)
    flagged = (chance > 0.5) & against
    rows = np.flatnonzero(left)[flagged]
    sure = rows[slope_grid.likely_wrong(one.found, one.flips, rows, weights) >= SURE]
    ends = interval(under[rows], weights) if len(rows) else (np.nan, np.nan)
    precision = float(truth[flagged].mean()) if flagged.any() else np.nan
    return {
        "mean": float(chance.mean()), "share wrong": float(truth.mean()), "gap": float(chance.mean() - truth.mean()),
        "low": low, "high": high, "covered": float(low <= truth.mean() <= high),
        "calibration error": calibration_error(chance, truth),
        "auroc": ranked(roc_auc_score, truth, chance),
        "average precision": ranked(average_precision_score, truth, chance),
        "auroc of self-confidence": ranked(roc_auc_score, truth, one.doubt[left]) if one.known else 0.5,
        "flags": float(flagged.sum()), "expected precision": float(chance[flagged].mean()) if flagged.any() else np.nan,
        "precision": precision,
        "precision covered": float(ends[0] <= precision <= ends[1]) if flagged.any() else np.nan,
        "recall": float(truth[flagged].sum() / truth.sum()) if truth.any() else np.nan,
        "changed": float(len(sure)), "changed and wrong": float(one.wrong[sure].sum()),
    }  # fmt: skip


def interval(under: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """90 % limits of the share of wrong labels of a list, by its chances (r, g) under every curve."""
    shares = (under.mean(axis=0)[:, None] * slope_grid.CEILINGS).ravel()
    return counted_interval(shares, weights.ravel(), len(under), 0.9)


def ranked(score: Callable[..., Any], truth: np.ndarray, chance: np.ndarray) -> float:
    """How well chances rank the wrong rows; NaN where all are right."""
    return float(score(truth, chance)) if 0 < truth.sum() < len(truth) else np.nan


def calibration_error(chance: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of chance and share wrong over ten bins of width a tenth."""
    bins = np.minimum((10 * chance).astype(int), 9)
    return float(sum(abs((chance - truth)[bins == one].sum()) for one in np.unique(bins)) / len(chance))


def repeated(one: Reviewed, n: int, **given: bool) -> dict[str, float]:
    """Means over the draws; without answers there is nothing to draw."""
    drawn = [tried(one, n, np.random.default_rng(seed), **given) for seed in range(DRAWS if n else 1)]
    with np.errstate(invalid="ignore"):
        means = {
            key: float(np.nanmean([each[key] for each in drawn])) if any_known(drawn, key) else None for key in drawn[0]
        }
    gaps = np.array([each["gap"] for each in drawn])
    return means | {"distance": float(np.abs(gaps).mean()), "within .10": float((np.abs(gaps) <= 0.1).mean())}


def any_known(drawn: list[dict[str, float]], key: str) -> bool:
    return bool(np.isfinite([each[key] for each in drawn]).any())


def with_share(one: Reviewed, share: float) -> Reviewed | None:
    """The set with right or wrong rows left out at random until this share is wrong; None with fewer than 60 rows."""
    right, wrong = np.flatnonzero(one.wrong == 0), np.flatnonzero(one.wrong == 1)
    draw = np.random.default_rng(0)
    if len(wrong) > share * len(one.wrong):
        wrong = draw.choice(wrong, round(share * len(right) / (1 - share)), replace=False)
    else:
        right = draw.choice(right, round((1 - share) * len(wrong) / share), replace=False)
    rows = np.sort(np.r_[right, wrong])
    return one.take(rows) if len(rows) >= 60 else None


def measured() -> dict[str, Any]:
    """Everything, by set."""
    sets = [read(name) for name in SETS]
    found: dict[str, Any] = {
        "samplewise": version("samplewise"),
        "reviewed": {one.name: [len(one.wrong), int(one.wrong.sum()), int(one.found.against.sum())] for one in sets},
        "constants": {
            "shipped": {name: getattr(slope_grid, name) for name in ("START", "PAIR", "SLOPE", "SLOPE_SPREAD")},
            "likeliest": fitted(sets),
            "with the shipped START": fitted(sets, slope_grid.START),
        },
        "left out": {}, "one person": {}, "other shares": {},
    }  # fmt: skip
    for one in sets:
        others = fitted([other for other in sets if other is not one])
        with constants(others):
            found["left out"][one.name] = {"constants": others} | {str(n): repeated(one, n) for n in N_ANSWERS}
            found["one person"][one.name] = {str(n): repeated(one, n, person=True)["distance"] for n in N_ANSWERS[1:]}
            made = {str(share): with_share(one, share) for share in SHARES}
            found["other shares"][one.name] = {
                share: {str(n): repeated(part, n) for n in N_ANSWERS}
                for share, part in made.items()
                if part is not None
            }
    return found


# ---- page -----------------------------------------------------------------------------------------------------------


def number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form).replace("0.", ".", 1)


def page(found: dict[str, Any]) -> str:
    """The figures as tables, and the targets they miss."""
    shipped, refit = found["constants"]["shipped"], found["constants"]["with the shipped START"]
    likeliest = found["constants"]["likeliest"]
    lines = ["Constants of `labels/slope_grid.py`, fitted to the four sets and two published shares:", ""]
    lines += ["| | START | PAIR | SLOPE | SLOPE_SPREAD |", "|-|-|-|-|-|"]
    for name, values in (("shipped", shipped), ("with this START", refit), ("likeliest", likeliest)):
        lines.append(f"| {name} | " + " | ".join(f"{values[key]:.2f}" for key in shipped) + " |")
    error = likeliest["standard error of START"]
    slopes = ", ".join(f"{name} {slope:.2f}" for name, slope in zip(SETS, refit["slopes"], strict=True))
    lines += ["", f"Standard error of START {error:.2f}; slopes with the shipped one: {slopes}.", ""]
    lines += ["One set left out; rows nobody answered; means over 60 draws of answers (majority of five people):", ""]
    head = ("set (rows, wrong)", "answers", "mean chance", "share wrong", "distance", "within .10",
            "90 % interval covers", "its width", "calibration error", "AUROC (self-confidence)")  # fmt: skip
    lines += [f"| {' | '.join(head)} |", "|-" * len(head) + "|"]
    for name, rows in found["left out"].items():
        count, wrong, _ = found["reviewed"][name]
        for n in map(str, N_ANSWERS):
            one = rows[n]
            cells = [number(one[key]) for key in ("mean", "share wrong", "distance", "within .10", "covered")]
            cells += [number(one["high"] - one["low"]), number(one["calibration error"])]
            cells += [f"{number(one['auroc'], '.3f')} ({number(one['auroc of self-confidence'], '.3f')})"]
            lines.append(f"| {name} ({count:,}, {wrong}) | {n} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "What is flagged (likelier wrong than right) among them, and changed (so under nine tenths of curves):",
    ]
    lines += [""]
    head = ("set", "answers", "flags", "precision", "expected", "90 % interval covers", "recall", "changed",
            "of them wrong")  # fmt: skip
    lines += [f"| {' | '.join(head)} |", "|-" * len(head) + "|"]
    for name, rows in found["left out"].items():
        for n in ("0", "20"):
            one = rows[n]
            cells = [number(one[key]) for key in ("precision", "expected precision", "precision covered", "recall")]
            cells += [f"{one['changed']:.1f}", f"{one['changed and wrong']:.1f}"]
            lines.append(f"| {name} | {n} | {one['flags']:.0f} | " + " | ".join(cells) + " |")
    lines += ["", "One person's answer in place of the majority, distance: " + "; ".join(
        f"{name} " + ", ".join(f"{number(value)} at {n}" for n, value in by.items())
        for name, by in found["one person"].items()) + "."]  # fmt: skip
    lines += ["", "Rows left out until another share is wrong, signed gap (and cover) at 0, 10, 20, 30 answers:", ""]
    for name, shares in found["other shares"].items():
        for share, by in shares.items():
            texts = [f"{one['gap']:+.2f} ({number(one['covered'])})" for one in by.values()]
            changed = f"{by['20']['changed and wrong']:.0f} of {by['20']['changed']:.0f}"
            lines.append(f"- {name}, {share} wrong: {', '.join(texts)}; changed after 20, of them wrong: {changed}")
    missed = list(misses(found))
    lines += ["", "Targets missed: " + ("; ".join(missed) if missed else "none") + ".", ""]
    return "\n".join(lines)


def misses(found: dict[str, Any]) -> Iterator[str]:
    """After 20 answers: distance at most .10, cover at least .8, AUROC not below self-confidence - .01."""
    for name, rows in found["left out"].items():
        one = rows["20"]
        if one["distance"] > 0.1:
            yield f"{name}: distance {number(one['distance'])} > .10"
        if one["covered"] < 0.8:
            yield f"{name}: 90 % intervals cover {number(one['covered'])} < .80"
        if one["auroc"] < one["auroc of self-confidence"] - 0.01:
            least = number(one["auroc of self-confidence"] - 0.01, ".3f")
            yield f"{name}: AUROC {number(one['auroc'], '.3f')} < {least}"


def main() -> None:
    if not DATA.is_dir():
        print(f"nothing measured: no folder {DATA} (SAMPLEWISE_DATA names the folder above it)")
        return
    found = measured()
    RESULTS.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    RESULTS.with_suffix(".md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
