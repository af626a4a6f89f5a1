"""Advice that is tested before it is given: the nested protocol against the truth and the obvious procedures.

    python reproductions/tested_advice.py                 # 100 seeds; goes on where an earlier run stopped
    python reproductions/tested_advice.py --seeds 10 --only "pair 10 %, kernel, relabel"

Digits: 1,200 rows are audited, 597 rows with right labels are kept apart. The truth of a remedy is what it does to the
accuracy on those 597 when its rule is applied to all 1,200 rows. Each procedure estimates that number from the 1,200
rows alone, on three draws of five folds:

* CV on cleaned data: the cleaned labels (or the kept rows) are both trained on and evaluated on;
* untouched rows: the list is found on all rows, evaluated on rows that are not on it;
* list, then CV: the list is found on all rows, evaluated on all rows with their given labels;
* nested: the rule is run again inside every training part (`samplewise.engine.refits.measure_remedies`).

The committed results are those of the first procedure (three repeats, one look, the spread over rows alone); how often
the present one sees a gain, beside it, is in `advice_power.py`. The obvious procedures have not changed.

What is claimed: nested says "helps" in at most 5 % of runs where nothing helps, and in at least 80 % where 10 % of the
labels were flipped; it lies within two standard errors of the truth in at least 90 % of runs on planted noise; and the
labels of held-out rows never change a remedy.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from samplewise.core.randomness import hashed_order
from samplewise.data import Dataset
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import describe_target
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.feature_encoding import feature_space
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import FitRunner, FoldedRows, RemedyRule, RowEdit, measure_remedies
from samplewise.engine.refits.folded_rows import outer_folds, whole_rows
from samplewise.labels.remedies import drop_disputed, relabel_disputed

HERE = Path(__file__).parent / "results"
AUDITED, CLASSES, FOLDS, REPEATS, POINTS = 1200, 10, 5, 3, 100.0
NAIVE = ("CV on cleaned data", "untouched rows", "list, then CV")
HARD = 0.02  # share of rows that "relabel hard rows" relabels


# ---- rules ----------------------------------------------------------------------------------------------------------


def drop_at_random(folded: FoldedRows) -> RowEdit:
    """5 % of the rows, drawn by hash."""
    return RowEdit("drop", np.sort(hashed_order(1, folded.data.ids, "drop")[: len(folded) // 20]))


def relabel_at_random(folded: FoldedRows) -> RowEdit:
    """2 % of the rows, to another class."""
    rows = np.sort(hashed_order(1, folded.data.ids, "relabel")[: len(folded) // 50])
    return RowEdit("relabel", rows, (folded.codes[rows] + 1 + rows % (CLASSES - 1)) % CLASSES)


def relabel_hard(folded: FoldedRows) -> RowEdit:
    """The 2 % least believed labels become the model's own answer, whether or not they are wrong."""
    outputs = folded.held_out_outputs()
    P = folded.probabilities(outputs)
    rows = np.sort(np.argsort(P[np.arange(len(folded)), folded.codes], kind="stable")[: int(HARD * len(folded))])
    return RowEdit("relabel", rows, P[rows].argmax(axis=1))


@dataclass(frozen=True)
class Case:
    """What is planted, what learns, which remedy is tested, and whether anything can help."""

    flips: str
    learner: str
    remedy: str
    rule: RemedyRule
    helpful: bool
    share: float = 1.0  # of the seeds

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.flips}, {self.learner}, {self.remedy}"


CASES = (
    Case("no flips", "kernel", "random drop", drop_at_random, False),
    Case("no flips", "kernel", "random relabel", relabel_at_random, False),
    Case("no flips", "kernel", "relabel disputed", relabel_disputed, False),
    Case("no flips", "kernel", "relabel 2 % hard rows", relabel_hard, False),
    Case("sym 10 %", "kernel", "relabel disputed", relabel_disputed, True),
    Case("sym 10 %", "kernel", "drop disputed", drop_disputed, True),
    Case("pair 10 %", "kernel", "relabel disputed", relabel_disputed, True),
    Case("pair 10 %", "kernel", "drop disputed", drop_disputed, True),
    Case("sym 10 %", "fixed ridge", "relabel disputed", relabel_disputed, True, 0.2),
    Case("sym 10 %", "fixed ridge", "drop disputed", drop_disputed, True, 0.2),
    Case("no flips", "fixed ridge", "relabel 2 % hard rows", relabel_hard, False, 0.2),
    Case("no flips", "logistic", "relabel disputed", relabel_disputed, False, 0.1),
    Case("no flips", "logistic", "relabel 2 % hard rows", relabel_hard, False, 0.1),
    Case("sym 10 %", "logistic", "relabel disputed", relabel_disputed, True, 0.1),
    Case("sym 10 %", "logistic", "drop disputed", drop_disputed, True, 0.1),
)


# ---- one run --------------------------------------------------------------------------------------------------------


def flipped(truth: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """10 % of the labels flipped, to any other class or to the next one."""
    draw = np.random.default_rng(seed)
    struck = draw.random(len(truth)) < 0.1 * (kind != "no flips")
    step = draw.integers(1, CLASSES, len(truth)) if kind.startswith("sym") else 1
    return np.where(struck, (truth + step) % CLASSES, truth)


def fixed_ridge() -> Pipeline:
    """Kernel ridge with a small penalty that is not chosen by the data, so that wrong labels do harm."""
    kernel = Nystroem(gamma=4e-4, n_components=300, random_state=0)
    return make_pipeline(kernel, RidgeClassifier(alpha=1e-3))


def prepared(case: Case, seed: int) -> tuple[FitRunner, list[np.ndarray], Callable[[RowEdit | None], float]]:
    """A runner on the 1,200 rows, three draws of folds, and the accuracy on the 597 others after a change."""
    X, truth = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(X))
    mine, others = order[:AUDITED], order[AUDITED:]
    given = np.r_[flipped(truth[mine], case.flips, seed), truth[others]]
    data = Dataset(X[order], given)
    target = describe_target(data.y)
    learner, _ = choose_learner(fixed_ridge() if case.learner == "fixed ridge" else case.learner, data, target)
    audited = data.take(np.arange(AUDITED))
    own = describe_target(audited.y)
    runner = FitRunner(audited, own, learner, feature_space(audited), seed)
    folds = [
        fold_of_rows(audited.ids, own.codes, None, n_folds=FOLDS, seed=100 * seed + r).astype(np.intp)
        for r in range(REPEATS)
    ]
    everything = FitRunner(data, target, learner, feature_space(data), seed)
    block = np.r_[folds[0], np.full(len(others), FOLDS)]

    def score(change: RowEdit | None) -> float:
        folded = FoldedRows(everything, np.arange(AUDITED), block)
        outputs = everything.outputs([folded.changed_fit(np.arange(AUDITED, len(order)), change)], blocks=block)[0]
        return POINTS * float(np.mean(outputs.argmax(axis=1) == truth[others]))

    return runner, folds, score


def one_run(case: Case, seed: int) -> dict[str, object]:
    """Truth, and what every procedure says, for one draw of rows and flips."""
    started = time.perf_counter()
    runner, folds, score = prepared(case, seed)
    everyone = whole_rows(runner, folds[0])
    change = case.rule(everyone)
    measured = measure_remedies(runner, {"remedy": case.rule}, folds, metric=METRICS["accuracy"])["remedy"]
    effect = measured.effect
    found: dict[str, object] = {
        "truth": score(change) - score(None), "rows": len(change.rows), "share": measured.share,
        "nested": [effect.value, (effect.high - effect.low) / 2 / 1.959964], "nested says": measured.verdict,
        "control": [measured.control.value, (measured.control.high - measured.control.low) / 2 / 1.959964],
    }  # fmt: skip
    found |= naive(runner, folds, change)
    if seed < 5:
        found["poisoned"] = poisoned_changes(case.rule, runner, folds[0])
    return found | {"seconds": round(time.perf_counter() - started, 2)}


def naive(runner: FitRunner, folds: list[np.ndarray], change: RowEdit) -> dict[str, list[float]]:
    """[effect, standard error] of the three obvious procedures, the list being found on all rows."""
    codes = runner.target.codes
    cleaned = codes.copy()
    if change.kind == "relabel":
        cleaned[change.rows] = change.values
    touched = np.zeros(len(codes), dtype=bool)
    touched[change.rows] = True
    before, after, evaluated = (np.zeros(len(codes)) for _ in range(3))
    for assignment in folds:
        for folded in outer_folds(runner, assignment):
            query = np.flatnonzero(assignment == folded.left_out)
            fits = [folded.changed_fit(query, done) for done in (None, within(change, folded))]
            plain, changed = (o.argmax(axis=1) for o in runner.outputs(fits, blocks=assignment))
            before[query] += POINTS * (plain == codes[query]) / len(folds)
            after[query] += POINTS * (changed == codes[query]) / len(folds)
            evaluated[query] += POINTS * (changed == cleaned[query]) / len(folds)
    kept = touched & (change.kind == "drop")
    return {
        "CV on cleaned data": difference(evaluated[~kept], before),
        "untouched rows": paired((after - before)[~touched]),
        "list, then CV": paired(after - before),
    }


def within(change: RowEdit, folded: FoldedRows) -> RowEdit:
    """A list found on all rows, as far as it lies inside a part."""
    inside = np.isin(change.rows, folded.positions)
    rows = np.searchsorted(folded.positions, change.rows[inside])
    return RowEdit(change.kind, rows, None if change.values is None else change.values[inside])


def paired(differences: np.ndarray) -> list[float]:
    return [float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))]


def difference(after: np.ndarray, before: np.ndarray) -> list[float]:
    if len(after) == len(before):
        return paired(after - before)
    error = np.sqrt(after.var(ddof=1) / len(after) + before.var(ddof=1) / len(before))
    return [float(after.mean() - before.mean()), float(error)]


def poisoned_changes(rule: RemedyRule, runner: FitRunner, folds: np.ndarray) -> int:
    """How many of the five parts get another remedy when the labels of their held-out rows are replaced: must be 0."""
    changed = 0
    for folded in outer_folds(runner, folds):
        codes = runner.target.codes.copy()
        outside = folds == folded.left_out
        codes[outside] = (codes[outside] + 1 + np.arange(outside.sum()) % (CLASSES - 1)) % CLASSES
        data = runner.data.with_labels(runner.target.classes[codes])
        other = FitRunner(data, describe_target(data.y), runner.learner, runner.space, runner.seed)
        poisoned = next(p for p in outer_folds(other, folds) if p.left_out == folded.left_out)
        one, two = rule(folded), rule(poisoned)
        changed += not (np.array_equal(one.rows, two.rows) and np.array_equal(one.values, two.values))
    return changed


# ---- all runs -------------------------------------------------------------------------------------------------------


def says(effect: list[float]) -> str:
    """The word a procedure would use at the 5 % level."""
    if abs(effect[0]) <= 1.959964 * effect[1]:
        return "not distinguishable"
    return "helps" if effect[0] > 0 else "hurts"


def summary(case: Case, runs: dict[str, dict]) -> dict[str, object]:
    """Means over seeds, how often each procedure says "helps", and how often nested covers the truth."""
    rows = [runs[seed] for seed in sorted(runs, key=int)]
    truth = np.array([run["truth"] for run in rows])
    nested = np.array([run["nested"] for run in rows])
    # The truth is measured on 597 rows of another draw, so both errors count.
    spread = np.sqrt(nested[:, 1] ** 2 + (POINTS**2 * np.maximum(np.abs(truth) / POINTS, 0.005)) / (1797 - AUDITED))
    notes = {"nested": [run["nested says"] for run in rows]} | {p: [says(run[p]) for run in rows] for p in NAIVE}
    return {
        "seeds": len(rows), "truth": float(truth.mean()), "helpful": case.helpful,
        "rows changed": float(np.mean([run["rows"] for run in rows])),
        "effect": {p: float(np.mean([run[p][0] for run in rows])) for p in ("nested", *NAIVE)},
        "helps": {p: float(np.mean([word == "helps" for word in words])) for p, words in notes.items()},
        "hurts": {p: float(np.mean([word == "hurts" for word in words])) for p, words in notes.items()},
        "nested within 2 se of the truth": float(np.mean(np.abs(nested[:, 0] - truth) <= 2 * spread)),
        "random control helps": float(np.mean([says(run["control"]) == "helps" for run in rows])),
        "remedies changed by poisoned labels": int(sum(run.get("poisoned", 0) for run in rows)),
        "seconds a run": float(np.median([run["seconds"] for run in rows])),
    }  # fmt: skip


def table(found: dict[str, dict]) -> str:
    """The table of the docs, and below it whether each claim holds."""
    head = ["case", "seeds", "rows", "truth", *NAIVE, "nested", "nested says helps / hurts", "within 2 se"]
    lines = ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    for name, case in found.items():
        effects = [f"{case['effect'][p]:+.2f}, helps {case['helps'][p]:.0%}" for p in NAIVE]
        lines.append(
            f"| {name} | {case['seeds']} | {case['rows changed']:.0f} | {case['truth']:+.2f} | {' | '.join(effects)} | "
            f"{case['effect']['nested']:+.2f} | {case['helps']['nested']:.0%} / {case['hurts']['nested']:.0%} | "
            f"{case['nested within 2 se of the truth']:.0%} |"
        )
    return "\n".join([*lines, "", *claims(found)]) + "\n"


def claims(found: dict[str, dict]) -> list[str]:
    """One line per claim, with the figures it rests on."""
    idle = {name: case for name, case in found.items() if not case["helpful"]}
    planted = {name: case for name, case in found.items() if case["helpful"]}
    runs = sum(case["seeds"] for case in idle.values())
    false = sum(case["helps"]["nested"] * case["seeds"] for case in idle.values())
    lines = [f'* Nothing to gain: nested says "helps" in {false:.0f} of {runs} runs (claimed: at most 5 %).']
    for name, case in planted.items():
        lines.append(
            f'* {name}: "helps" in {case["helps"]["nested"]:.0%} (claimed: at least 80 %), within 2 standard errors of '
            f"the truth in {case['nested within 2 se of the truth']:.0%} (claimed: at least 90 %)."
        )
    poisoned = sum(case["remedies changed by poisoned labels"] for case in found.values())
    return [*lines, f"* Replacing the labels of held-out rows changed {poisoned} remedies (claimed: none)."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    file = HERE / "tested_advice.json"
    held = json.loads(file.read_text()) if file.exists() else {"runs": {}}
    for case in CASES:
        runs = held["runs"].setdefault(case.name, {})
        wanted = [seed for seed in range(max(1, round(case.share * chosen.seeds))) if str(seed) not in runs]
        if chosen.only not in case.name or not wanted:
            continue
        pool = joblib.Parallel(n_jobs=chosen.jobs, return_as="generator")
        for seed, run in zip(wanted, pool(joblib.delayed(one_run)(case, seed) for seed in wanted), strict=True):
            runs[str(seed)] = run
            write(file, held)
        print(case.name, json.dumps(summary(case, runs)["helps"]), flush=True)
    print(table(write(file, held)))


def write(file: Path, held: dict) -> dict[str, dict]:
    """Results with machine and versions, and their table; returns the summaries."""
    found = {case.name: summary(case, held["runs"][case.name]) for case in CASES if held["runs"].get(case.name)}
    packages = ("samplewise", "numpy", "scipy", "scikit-learn")
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in packages}
    file.write_text(
        json.dumps({"machine": machine, "versions": versions, "summary": found, **{"runs": held["runs"]}}, indent=1)
    )
    file.with_suffix(".md").write_text(table(found))
    return found


if __name__ == "__main__":
    main()
