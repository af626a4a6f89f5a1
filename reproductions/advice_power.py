"""How often tested advice sees a gain, how often it is wrong, and whether its intervals hold: by size of the truth.

    python reproductions/advice_power.py                    # hours on two cores; goes on where it was stopped
    python reproductions/advice_power.py --only digits --seeds 10
    python reproductions/advice_power.py --report       # only what was measured so far

Labels of digits, Fashion-MNIST (40 principal components) and Adult are flipped in a known share; five remedies, two of
them random, are tested by `measure_remedies` with five learners. The truth is what the same remedies do on clean rows
that nothing was trained on: at the trained size (the mean over the models of three repeats), and of one refit on all
rows. The same fits are read as the procedure before did: three repeats, the spread over rows alone, zero at 5 %.

What is claimed (docs/tested-advice.md): "helps" in at most 5 % of the runs whose truth is at most 0; in at least 65 %
at half a point to one, 85 % at one to two and 97 % above; intervals hold the trained-size truth in 93 to 97 %, and
what one refit shows in at least 90 %, allowing for the error of the clean rows.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from itertools import product
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import altair as alt
import joblib
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from samplewise.core.execution import SerialExecutor
from samplewise.core.randomness import hashed_order
from samplewise.data import Dataset
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import FitStore, FoldedRows, RowEdit, measure_remedies, prepare
from samplewise.engine.refits.folded_rows import Edit, RemedyRule, outer_folds
from samplewise.engine.refits.preparation import Prepared
from samplewise.engine.refits.remedy_arms import Arms
from samplewise.engine.refits.remedy_effects import MeasurePlan
from samplewise.engine.statistics.means import mean_and_error
from samplewise.labels.remedies import drop_disputed, relabel_disputed

HERE = Path(__file__).parent
RESULTS, PICTURES = HERE / "results" / "advice_power", HERE.parent / "docs" / "pictures"
RUNS = Path(os.environ.get("SAMPLEWISE_RUNS", "build")) / "advice_power"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", HERE.parents[1] / "shared" / "data"))
ACCURACY = METRICS["accuracy"]
NOISES = ("none", "symmetric 10 %", "pair 10 %", "symmetric 5 %", "symmetric 20 %")
BINS = (("below -.5", -np.inf, -0.5), ("-.5 to 0", -0.5, 0.0), ("0 to .5", 0.0, 0.5), (".5 to 1", 0.5, 1.0),
        ("1 to 2", 1.0, 2.0), ("above 2", 2.0, np.inf))  # fmt: skip
CLOSED, OTHER = MeasurePlan((2, 4), refits=3), MeasurePlan((2, 3), refits=4)
BEFORE, TRUTH_REPEATS = 3, 3
WIDE = 1.959964


# ---- data, learners, remedies ---------------------------------------------------------------------------------------


@cache
def rows_of(name: str) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Features, true classes, how many rows are audited and how many others are clean."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X, y, 1200, 597
    if name == "fashion":
        with np.load(DATA / "fashion-mnist" / "train.npz") as stored:
            X, y = (stored[key] for key in sorted(stored.files, key=lambda key: stored[key].ndim, reverse=True)[:2])
        X = X[:20_000].reshape(20_000, -1) / 255.0
        return PCA(40, random_state=0).fit_transform(X), np.asarray(y[:20_000], dtype=int), 1500, 3000
    frame = pd.read_csv(DATA / "groups" / "adult.csv.gz")
    codes = frame.drop(columns="income").apply(
        lambda column: column if column.dtype.kind in "if" else pd.factorize(column)[0]
    )
    return (
        StandardScaler().fit_transform(codes),
        (frame["income"].astype(str).str.contains(">")).to_numpy(int),
        2000,
        5000,
    )


LEARNERS: dict[str, Callable[[int], object]] = {
    "default head": lambda seed: "kernel",
    "tree": lambda seed: DecisionTreeClassifier(min_samples_leaf=2, random_state=seed),
    "forest": lambda seed: RandomForestClassifier(15, random_state=seed),
    "logistic": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(C=100.0, max_iter=200)),
    "boosting": lambda seed: "boosting",
}


SETS = ("digits", "fashion", "adult")
# Boosting grows a tree per class and round: of ten classes one run would take most of an hour.
LEARNED_ON = {name: ("adult",) if name == "boosting" else SETS for name in LEARNERS}


def flipped(truth: np.ndarray, noise: str, seed: int) -> np.ndarray:
    """Labels in which a share is another class: any other, or the next one."""
    draw, classes = np.random.default_rng(1000 + seed), int(truth.max()) + 1
    share = 0.0 if noise == "none" else float(noise.split()[1]) / 100.0
    step = draw.integers(1, classes, len(truth)) if noise.startswith("symmetric") else 1
    return np.where(draw.random(len(truth)) < share, (truth + step) % classes, truth)


def relabel_hard(folded: FoldedRows) -> RowEdit:
    """The 2 % least believed labels become the model's own answer, whether or not they are wrong."""
    P = folded.probabilities(folded.held_out_outputs())
    believed = P[np.arange(len(folded)), folded.codes]
    rows = np.sort(np.argsort(believed, kind="stable")[: len(folded) // 50])
    return RowEdit("relabel", rows, P[rows].argmax(axis=1))


def drop_at_random(folded: FoldedRows) -> RowEdit:
    """5 % of the rows, drawn by hash."""
    return RowEdit("drop", np.sort(hashed_order(1, folded.data.ids, "drop")[: len(folded) // 20]))


def relabel_at_random(folded: FoldedRows) -> RowEdit:
    """2 % of the rows, to another class."""
    rows = np.sort(hashed_order(1, folded.data.ids, "relabel")[: len(folded) // 50])
    return RowEdit("relabel", rows, (folded.codes[rows] + 1 + rows % (folded.class_count - 1)) % folded.class_count)


REMEDIES = {
    "relabel disputed": relabel_disputed, "drop disputed": drop_disputed, "relabel 2 % hard": relabel_hard,
    "random drop": drop_at_random, "random relabel": relabel_at_random,
}  # fmt: skip
RANDOM = ("random drop", "random relabel")


# ---- one run --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One data set: what is drawn, how labels are flipped, what learns."""

    data: str
    learner: str
    noise: str
    seed: int

    @property
    def name(self) -> str:
        """As its file is called."""
        return f"{self.data}, {self.learner}, {self.noise}, {self.seed}"


def carried_out(run: Run, store: FitStore) -> dict[str, object]:
    """What the test says of every remedy, and the truth on clean rows."""
    started = time.perf_counter()
    X, truth, audited, clean = rows_of(run.data)
    order = np.random.default_rng(run.seed).permutation(len(X))
    mine, others = order[:audited], order[audited : audited + clean]
    given, learner = flipped(truth[mine], run.noise, run.seed), LEARNERS[run.learner](run.seed)
    prepared = replace(prepare((X[mine], given), learner, seed=run.seed, executor=SerialExecutor()), store=store)
    plan = CLOSED if prepared.learner.closed_form else OTHER
    folds, rules = [prepared.folds(repeat) for repeat in range(plan.looks[-1])], remembered()
    said = measure_remedies(prepared.runner, rules, folds, metric=ACCURACY, plan=plan)
    before = read_as_before(prepared, rules)
    with_clean = replace(prepared, test=Dataset(X[others], truth[others]))
    apart = [np.r_[each, np.full(clean, -1)] for each in folds[:TRUTH_REPEATS]]
    true = measure_remedies(
        with_clean.runner, rules, apart, metric=ACCURACY, plan=MeasurePlan((TRUTH_REPEATS,), plan.refits)
    )
    refit = one_refit(with_clean, apart[0])
    return {
        "run": asdict(run), "seconds": round(time.perf_counter() - started, 1),
        "remedies": {
            name: {
                "word": said[name].verdict, "before": before[name],
                "repeats": said[name].repeats, "fits": said[name].fits,
                "effect": numbers(said[name].effect), "one refit": numbers(said[name].one_refit),
                "truth": numbers(true[name].effect), "refit": refit[name],
            }
            for name in REMEDIES
        },
    }  # fmt: skip


def numbers(estimate: object) -> list[float]:
    """Value and both ends."""
    return [round(float(getattr(estimate, part)), 4) for part in ("value", "low", "high")]


def remembered() -> dict[str, RemedyRule]:
    """The remedies, each found once in every part: what is asked of a part again gets the same answer."""
    known: dict[tuple[object, ...], Edit] = {}

    def once(name: str) -> RemedyRule:
        def found(folded: FoldedRows) -> Edit:
            key = name, folded.left_out, folded.positions.tobytes(), folded.folds.tobytes()
            if key not in known:
                known[key] = REMEDIES[name](folded)
            return known[key]

        return found

    return {name: once(name) for name in REMEDIES}


def read_as_before(prepared: Prepared, rules: dict[str, RemedyRule]) -> dict[str, str]:
    """The word of the procedure before: three repeats, the spread over rows alone, no random remedy, 5 % two-sided."""
    arms, found = Arms(prepared.runner, ACCURACY), dict[str, list[np.ndarray]]()
    for repeat in range(BEFORE):
        effects, _ = arms.compared(rules, outer_folds(prepared.runner, prepared.folds(repeat)), repeat)
        for name, one in effects.items():
            found.setdefault(name, []).append(one.effect[0])
    words = {}
    for name, each in found.items():
        mean, error = mean_and_error(np.nanmean(each, axis=0))
        words[name] = "not distinguishable" if abs(mean) <= WIDE * error else "helps" if mean > 0 else "hurts"
    return words


def one_refit(with_clean: Prepared, folds: np.ndarray) -> dict[str, list[float]]:
    """What one refit on all rows shows on the clean ones, and the standard error that their number leaves."""
    folded = FoldedRows(with_clean.runner, np.flatnonzero(folds >= 0), folds)
    query = np.flatnonzero(folds < 0)
    codes, found = with_clean.runner.target.codes[query], {}
    for name, rule in REMEDIES.items():
        fits = [folded.changed_fit(query, change) for change in (None, rule(folded))]
        before, after = (
            ACCURACY.contributions(out.astype(float), codes) for out in with_clean.runner.outputs(fits, blocks=folds)
        )
        mean, error = mean_and_error(after - before)
        found[name] = [round(mean, 4), round(error, 4)]
    return found


# ---- all runs -------------------------------------------------------------------------------------------------------


def frame_of(found: list[dict]) -> pd.DataFrame:
    """One line per run and remedy."""
    lines = []
    for one in found:
        for remedy, said in one["remedies"].items():
            effect, refit, truth = said["effect"], said["one refit"], said["truth"]
            of_truth = (truth[2] - truth[1]) / 2.0
            lines.append(one["run"] | {
                "remedy": remedy, "word": said["word"], "before": said["before"], "repeats": said["repeats"],
                "fits": said["fits"], "truth": truth[0], "error": effect[0] - truth[0],
                "holds": abs(effect[0] - truth[0]) <= np.hypot((effect[2] - effect[1]) / 2.0, of_truth),
                "holds refit": abs(refit[0] - said["refit"][0])
                <= np.hypot((refit[2] - refit[1]) / 2.0, WIDE * said["refit"][1]),
            })  # fmt: skip
    return pd.DataFrame(lines)


def figures(frame: pd.DataFrame) -> pd.DataFrame:
    """What is claimed, by size of the truth."""
    lines = []
    for name, low, high in BINS:
        own = frame[(frame["truth"] > low) & (frame["truth"] <= high)]
        if len(own):
            lines.append({
                "true effect, points": name, "runs": len(own), "helps": (own["word"] == "helps").mean(),
                "helped before": (own["before"] == "helps").mean(), "hurts": (own["word"] == "hurts").mean(),
                "bias": own["error"].mean(), "interval holds": own["holds"].mean(),
                "one refit holds": own["holds refit"].mean(),
                "repeats": own["repeats"].mean(), "fits": own["fits"].mean(),
            })  # fmt: skip
    return pd.DataFrame(lines)


def markdown(frame: pd.DataFrame) -> str:
    """A table of texts and numbers."""
    rows = [
        [value if isinstance(value, str) else f"{value:.3g}" for value in line] for line in frame.to_numpy().tolist()
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [list(frame.columns), ["-"] * frame.shape[1], *rows])


def report(found: list[dict]) -> str:
    """The tables of the results."""
    frame = frame_of(found)
    sets = frame.drop_duplicates(["data", "learner", "noise", "seed"])
    counts = sets.groupby(["learner", "noise"]).size().unstack(fill_value=0).reset_index()
    parts = [
        f"{len(found)} data sets, {len(frame)} remedies tested. Data sets by learner and wrong labels:",
        markdown(counts.astype({name: str for name in counts.columns})), "All learners:", markdown(figures(frame)),
    ]  # fmt: skip
    for name, own in frame.groupby("learner"):
        parts += [f"{name}:", markdown(figures(own))]
    random, idle = frame[frame["remedy"].isin(RANDOM)], frame[frame["truth"] <= 0]
    parts += [
        f"* Random remedies said to help: {(random['word'] == 'helps').sum()} of {len(random)} "
        f"(before: {(random['before'] == 'helps').sum()}).",
        f"* Said to help at a true effect of at most 0: {(idle['word'] == 'helps').sum()} of {len(idle)} "
        f"(claimed: at most 5 %; before: {(idle['before'] == 'helps').sum()}).",
        f"* Intervals hold the trained-size truth in {frame['holds'].mean():.1%} (claimed: 93 to 97 %), what one refit "
        f"shows in {frame['holds refit'].mean():.1%} (claimed: at least 90 %).",
    ]
    return "\n\n".join(parts) + "\n"


def picture(frame: pd.DataFrame) -> None:
    """How often a gain is seen, now and before, and how often the intervals hold, by the size of the truth."""
    shown = figures(frame)
    size = [f"{name} ({count})" for name, count in zip(shown["true effect, points"], shown["runs"], strict=True)]
    power = {"looks, beside a random remedy": "helps", "three repeats, before": "helped before"}
    held = {"mean effect, 95 %": "interval holds", "one refit, 95 %": "one refit holds"}
    panels = []
    for title, lines in (("said to help", power), ("interval holds the truth", held)):
        long = pd.concat([
            pd.DataFrame({"truth": size, "share": shown[column], "of": name}) for name, column in lines.items()
        ])  # fmt: skip
        panels.append(alt.Chart(long).mark_line(point=True).encode(
            x=alt.X("truth:N", sort=size, title="true effect, points (how many)", axis=alt.Axis(labelAngle=-35)),
            y=alt.Y("share:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("of:N", title=None, sort=list(lines), legend=alt.Legend(orient="top", labelLimit=260)),
        ).properties(width=330, height=240))  # fmt: skip
    alt.hconcat(*panels).resolve_scale(color="independent").save(PICTURES / "advice-power.png", scale_factor=2)


def wanted(only: str, seeds: int) -> Iterator[list[Run]]:
    """Every run, the learners on the same rows together, seeds and noise outermost: a stopped measurement holds the
    learners alike.
    """  # fmt: skip
    for seed, noise, data in product(range(seeds), NOISES, SETS):
        learners = [name for name, sets in LEARNED_ON.items() if data in sets]
        runs = [Run(data, learner, noise, seed) for learner in learners if only in f"{data}, {learner}, {noise}"]
        if runs:
            yield runs


def kept(runs: list[Run]) -> list[dict[str, object]]:
    """The results of runs on the same rows, from their files where there are such.

    Rules about labels screen with the same kernel head whatever the audited learner is: its fits are made once.
    """
    store = FitStore()
    for run in runs:
        file = RUNS / f"{run.name}.json"
        if not file.exists():
            found = carried_out(run, store)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.with_suffix(".new").write_text(json.dumps(found))
            file.with_suffix(".new").rename(file)
            print(run.name, found["seconds"], flush=True)
    return [json.loads((RUNS / f"{run.name}.json").read_text()) for run in runs]


def main() -> None:
    """Make the runs that are missing, and write what all of them show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", help="runs whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only what was measured so far")
    chosen = parser.parse_args()
    if not chosen.report:
        pool = joblib.Parallel(n_jobs=chosen.jobs, return_as="generator_unordered")
        for _ in pool(joblib.delayed(kept)(runs) for runs in wanted(chosen.only, chosen.seeds)):
            pass
    found = [json.loads(file.read_text()) for file in sorted(RUNS.glob("*.json"))]
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scipy", "scikit-learn")}
    content = {"machine": machine, "versions": versions, "runs": found}
    RESULTS.with_suffix(".json").write_text(json.dumps(content, indent=0))
    RESULTS.with_suffix(".md").write_text(report(found))
    picture(frame_of(found))
    print(report(found))


if __name__ == "__main__":
    main()
