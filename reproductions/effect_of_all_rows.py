"""What a remedy does with all rows, followed from its effects on two shares of them.

    python reproductions/effect_of_all_rows.py      # a quarter of an hour on one core

800 digits are audited, a label in ten is wrong; disputed labels are replaced, or their rows dropped. The truth is what
the same rule, run on all 800 rows, does to 997 clean rows nothing was trained on (mean over six refits for the tree),
times what given labels show of a gain: 1 - e - e / (K - 1) at a share e of wrong labels among K classes. Beside it: the
effect on four fifths of the rows, which is what a remedy is tested on, and the effect followed to all rows, each with
its interval, allowing for the error that the clean rows leave. Source: docs/tested-advice.md.
"""

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from samplewise.data import Dataset
from samplewise.engine.models.metrics import METRICS
from samplewise.engine.refits import measure_remedies, prepare
from samplewise.engine.refits.folded_rows import FoldedRows, Refit, RemedyRule
from samplewise.engine.refits.preparation import folds_of_repeat
from samplewise.engine.refits.remedy_effects import CLOSED_FORM, OTHERS, MeasurePlan
from samplewise.labels.remedies import drop_disputed, relabel_disputed

RESULTS = Path(__file__).parent / "results" / "effect_of_all_rows"
ROWS, WRONG, CLASSES, REFITS, TEST = 800, 0.1, 10, 6, -1
RULES: dict[str, RemedyRule] = {"relabel": relabel_disputed, "drop": drop_disputed}
LEARNERS: dict[str, Any] = {
    "kernel ridge": "kernel",
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "tree": DecisionTreeClassifier(min_samples_leaf=2, random_state=0),
}


def one_set(learner: Any, seed: int) -> list[dict[str, Any]]:
    """Both remedies on one draw of rows and wrong labels: what was said, and the truth."""
    X, digits = load_digits(return_X_y=True)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(X))
    audited, clean = order[:ROWS], order[ROWS:]
    given = digits[audited].copy()
    flipped = draw.choice(ROWS, round(WRONG * ROWS), replace=False)
    given[flipped] = (given[flipped] + draw.integers(1, CLASSES, len(flipped))) % CLASSES
    data = Dataset(X[audited], given, ids=audited)
    opened = prepare(data, learner, seed=seed)
    usual = CLOSED_FORM if opened.runner.learner.closed_form else OTHERS
    again = [folds_of_repeat(data, opened.whole.codes, opened.runner.groups, 5, seed, each) for each in range(1, 4)]
    folds = [opened.whole.all_folds, *again][: usual.looks[-1]]
    plan = MeasurePlan(usual.looks, usual.refits, all_rows=True)
    said = measure_remedies(opened.runner, RULES, folds, metric=METRICS["accuracy"], plan=plan)
    whole = prepare(data, learner, seed=seed, test=Dataset(X[clean], digits[clean], ids=clean)).whole
    truths = {name: true_effect(whole, rule, digits[clean]) for name, rule in RULES.items()}
    return [
        {
            "seed": seed, "remedy": name, "verdict": found.verdict, "truth": truths[name][0],
            "error_of_truth": truths[name][1],
            "tested": [found.effect.value, found.effect.low, found.effect.high],
            "all_rows": [found.all_rows.value, found.all_rows.low, found.all_rows.high],
        }
        for name, found in said.items()
    ]  # fmt: skip


def true_effect(whole: FoldedRows, rule: RemedyRule, labels: np.ndarray) -> tuple[float, float]:
    """Points of accuracy on clean rows, after less before, as given labels would show them; and the error of that."""
    change, gains = rule(whole), np.zeros(len(labels))
    query = np.flatnonzero(whole.all_folds == TEST)
    refits = 1 if whole.runner.learner.closed_form else REFITS
    for number in range(refits):
        fits = [whole.changed_fit(query, edit, Refit(None, number)) for edit in (None, change)]
        before, after = (
            whole.target.classes[answer.argmax(axis=1)] == labels
            for answer in whole.runner.outputs(fits, blocks=whole.all_folds)
        )
        gains += (after.astype(float) - before) / refits
    shown = 100.0 * (1.0 - WRONG - WRONG / (CLASSES - 1))
    return shown * float(gains.mean()), shown * float(gains.std() / np.sqrt(len(gains)))


def table_of(results: dict[str, list[dict[str, Any]]]) -> str:
    """Errors and coverage of both numbers, by learner, over the remedies that were said to help or hurt."""
    lines = [
        "Remedies that were said to help or hurt: points of accuracy, means over data sets and remedies; an error is",
        "the root of the mean squared one.", "",
        "| learner | remedies | truth | on four fifths | error | interval holds | all rows | error | interval holds |",
        "|-" * 9 + "|",
    ]  # fmt: skip
    for learner, found in results.items():
        kept = [one for one in found if np.isfinite(one["all_rows"][0])]
        truth, error = (np.array([one[name] for one in kept]) for name in ("truth", "error_of_truth"))
        cells = []
        for kind in ("tested", "all_rows"):
            value, low, high = np.array([one[kind] for one in kept]).T
            held = np.mean(np.abs(value - truth) <= np.hypot((high - low) / 2.0, 1.96 * error))
            cells.append(f"{value.mean():.2f} | {np.sqrt(np.mean((value - truth) ** 2)):.2f} | {100 * held:.0f} %")
        lines.append(f"| {learner} | {len(kept)} of {len(found)} | {truth.mean():.2f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=15)
    sets = parser.parse_args().sets
    results: dict[str, list[dict[str, Any]]] = {}
    for name, learner in LEARNERS.items():
        results[name] = [one for seed in range(sets) for one in one_set(learner, seed)]
        print(table_of(results), flush=True)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {each: version(each) for each in ("samplewise", "numpy", "scikit-learn")}
    written = {"machine": machine, "versions": versions, "results": results}
    RESULTS.with_suffix(".json").write_text(json.dumps(written, indent=1))
    RESULTS.with_suffix(".md").write_text(table_of(results))


if __name__ == "__main__":
    main()
