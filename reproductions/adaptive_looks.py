"""What evaluating often on the same test rows does to a score, what may still be claimed, and a reusable holdout.

    python reproductions/adaptive_looks.py      # a minute on one core; also draws docs/pictures/what-may-i-claim.png

400 test rows, 50 evaluations, models that are coin flips: whatever a score says, the truth is 50 % wrong. Three ways to
choose: the best of 50 models fixed before; hill climbing that keeps what scored better (blum2015); a vote of all
models, each with the sign its score suggests. For each: the score it arrives at, and in which share of 2,000 runs each
claim at 95 % holds. Then the trap of choosing features on pure noise (freedman1983), with plain held-out rows and with
reusable ones (dwork2015), 20 times.
"""

import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import numpy as np

from samplewise.generalization import claim_after_evaluations, reusable_holdout

RESULTS = Path(__file__).parent / "results" / "adaptive_looks"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "what-may-i-claim.png"
N, LOOKS, RUNS, TRUTH = 400, 50, 2000, 50.0
HELD_OUT, FEATURES, KEPT, SEEDS = 1000, 5000, 101, 20
ACCOUNTS = ("once", "fixed", "compared", "improved", "seen")
INK, SOFT, LINE, ACCENT, QUIET, WRONG = "#1c2024", "#5d656e", "#e2e4e1", "#1d5c9e", "#b4bac1", "#a93a0b"


# --- three ways to choose --------------------------------------------------------------------------------------------


def best_of_fixed(draw: np.random.Generator) -> tuple[int, None]:
    """Wrong rows of the best of 50 models that nobody changed."""
    return int(draw.binomial(N, 0.5, LOOKS).min()), None


def climbing(draw: np.random.Generator) -> tuple[int, int]:
    """Wrong rows after keeping every change that scored better, and how many did."""
    best, improvements = draw.random(N) < 0.5, 0
    for _ in range(LOOKS - 1):
        tried = np.where(draw.random(N) < 0.1, draw.random(N) < 0.5, best)
        if tried.sum() < best.sum():
            best, improvements = tried, improvements + 1
    return int(best.sum()), improvements


def vote(draw: np.random.Generator) -> tuple[int, None]:
    """Wrong rows of the vote of 49 models, each with the sign its score suggests."""
    wrong = draw.random((LOOKS - 1, N)) < 0.5
    sign = np.where(wrong.sum(axis=1) > N / 2, -1.0, 1.0)
    return int((sign @ (wrong - 0.5) > 0).sum()), None


def held(choose: Callable[[np.random.Generator], tuple[int, int | None]]) -> dict:
    """The score arrived at, and in which share of the runs each claim holds."""
    draw, scores, right = np.random.default_rng(0), [], dict.fromkeys(ACCOUNTS, 0)
    highs = dict.fromkeys(ACCOUNTS, 0.0)
    for _ in range(RUNS):
        errors, improvements = choose(draw)
        claim = claim_after_evaluations(errors, N, LOOKS, improvements=improvements)
        scores.append(100.0 * errors / N)
        for name in ACCOUNTS:
            right[name] += 100.0 * getattr(claim, name).high >= TRUTH
            highs[name] += 100.0 * getattr(claim, name).high / RUNS
    return {"error_seen": float(np.mean(scores))} | {
        name: {"holds": right[name] / RUNS, "claimed": highs[name]} for name in ACCOUNTS
    }


# --- choosing features on noise --------------------------------------------------------------------------------------


def chosen(query: Callable[[float, np.ndarray], float], seed: int) -> dict:
    """Accuracies in %: on training rows, as reported for held-out rows, and on fresh rows."""
    draw = np.random.default_rng(seed)
    agrees = draw.random((3, HELD_OUT, FEATURES)) < 0.5  # does the feature's sign equal the label: all coin flips
    training = agrees[0].mean(axis=0)
    notes = np.array([query(training[feature], agrees[1, :, feature]) for feature in range(FEATURES)])
    clear = 0.5 / np.sqrt(HELD_OUT)
    both = (np.abs(training - 0.5) > clear) & (np.abs(notes - 0.5) > clear) & ((training > 0.5) == (notes > 0.5))
    best = np.flatnonzero(both)[np.argsort(-np.abs(training - 0.5)[both])[:KEPT]]
    right = ((2 * agrees[:, :, best] - 1.0) @ np.sign(training[best] - 0.5)) > 0
    told_of_all = query(right[0].mean(), right[1])
    return {"training": 100 * right[0].mean(), "told": 100 * told_of_all, "fresh": 100 * right[2].mean()}


def on_noise() -> dict:
    """Means over seeds, plain and reusable, and the held-out answers that were spent."""
    plain, reusable, spent = [], [], []
    for seed in range(SEEDS):
        plain.append(chosen(lambda value, values: float(values.mean()), seed))
        holdout = reusable_holdout(HELD_OUT, n_queries=FEATURES + 1, n_answers=500, seed=seed)
        reusable.append(chosen(lambda value, values, door=holdout: door.query(value, values).value, seed))
        spent.append(holdout.spent)
    means = {
        name: {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        | {"told_from": min(run["told"] for run in runs), "told_to": max(run["told"] for run in runs)}
        for name, runs in (("plain", plain), ("reusable", reusable))
    }
    return means | {"spent": float(np.mean(spent))}


# --- what is said ----------------------------------------------------------------------------------------------------


def table(ways: dict[str, dict], noise: dict) -> str:
    """Markdown."""
    lines = [
        f"{N} test rows, {LOOKS} evaluations, truth {TRUTH:g} % wrong. Per claim: share of {RUNS:,} runs in which it",
        "holds (95 % is promised) and the mean error it allows.", "",
        "| way to choose | error seen | rows played no part | all fixed before | only compared | only bests seen | "
        "every score seen |",
        "|-|-|-|-|-|-|-|",
    ]  # fmt: skip
    for name, way in ways.items():
        cells = [f"{100 * way[key]['holds']:.1f} %, at most {way[key]['claimed']:.0f} %" for key in ACCOUNTS]
        lines.append(f"| {name} | {way['error_seen']:.1f} % | {' | '.join(cells)} |")
    lines += [
        "", f"Features chosen on noise: {FEATURES:,} coin flips, {HELD_OUT:,} rows each to train on, held out and",
        f"fresh, {SEEDS} draws. Right answers in %, the truth is 50:", "",
        "| held-out rows | training | reported for the held-out rows | fresh |", "|-|-|-|-|",
    ]  # fmt: skip
    for name in ("plain", "reusable"):
        notes = noise[name]
        lines.append(
            f"| {name} | {notes['training']:.1f} | "
            f"{notes['told']:.1f} [{notes['told_from']:.1f}, {notes['told_to']:.1f}] | {notes['fresh']:.1f} |"
        )
    lines += ["", f"The reusable rows were truly read in {noise['spent']:.0f} of {FEATURES + 1:,} questions."]
    return "\n".join(lines) + "\n"


def draw() -> None:
    """What 28 wrong of 400 rows allow to be claimed, by the number of evaluations."""
    names = {
        "fixed": "all fixed before",
        "compared": "only compared",
        "improved": "only bests seen",
        "seen": "every score seen (in %)",
    }
    points = []
    for n_evaluations in np.unique(np.geomspace(1, 1000, 60).round().astype(int)).tolist():
        claim = claim_after_evaluations(28, N, n_evaluations, answers=101)
        points += [
            {"evaluations": n_evaluations, "claim": 100.0 * getattr(claim, key).high, "account": name}
            for key, name in names.items()
        ]
    base = alt.Chart(alt.InlineData(values=points)).mark_line(strokeWidth=2.2).encode(
        x=alt.X("evaluations:Q", scale=alt.Scale(type="log"), title="evaluations on the test rows",
                axis=alt.Axis(format=",d")),
        y=alt.Y("claim:Q", title="error that may be claimed (%)", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color("account:N", title=None, sort=list(names.values()),
                        scale=alt.Scale(domain=list(names.values()), range=[ACCENT, "#5b98d3", INK, WRONG]),
                        legend=alt.Legend(orient="top", symbolStrokeWidth=3)),
    )  # fmt: skip
    seen = (
        alt.Chart(alt.InlineData(values=[{"claim": 7}])).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(y="claim:Q")
    )
    chart = (seen + base).properties(width=640, height=260, title="28 of 400 rows wrong, said with 95 % confidence")
    axis = {"gridColor": LINE, "domainColor": QUIET, "tickColor": QUIET, "labelColor": SOFT, "titleColor": INK}
    chart = chart.configure(font="DejaVu Sans", background="white").configure_view(stroke=None)
    chart = chart.configure_axis(**axis, titleFontWeight="normal", labelFontSize=12, titleFontSize=13)
    chart = chart.configure_title(fontSize=14, color=INK, anchor="start", offset=10)
    chart.configure_legend(labelFontSize=12, labelColor=INK).save(PICTURE, scale_factor=1.5)


def main() -> None:
    ways = {
        "best of 50 fixed models": held(best_of_fixed),
        "hill climbing": held(climbing),
        "vote by score": held(vote),
    }
    noise = on_noise()
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy")}
    notes = {"machine": machine, "versions": versions, "ways": ways, "noise": noise}
    RESULTS.with_suffix(".json").write_text(json.dumps(notes, indent=1) + "\n")
    RESULTS.with_suffix(".md").write_text(table(ways, noise))
    print(table(ways, noise))
    draw()


if __name__ == "__main__":
    main()
