"""A noisy table is cleaned: accuracy before and after on people that nobody touched, whose labels are right.

Adult, 10,000 people to learn from, their labels spoilt in one of two ways. Swapped codes: on 15 % of the forms the two
codes were mixed up. Undeclared: of those who earn more than 50,000 three in ten are recorded as earning less, of the
others one in fifty as earning more. `find_label_issues` with its default learner names the likely wrong labels; they
are dropped, or relabeled as suggested, and a model is trained anew. Everything is evaluated on 8,000
other people with their right labels, who are used for nothing else. Two models: gradient boosting, the default for
such a table, and a single tree grown to its last leaf, which memorizes every wrong label.

The differences of one draw have the interval that their 8,000 held-out people allow (paired, normal); the figures over
draws have the range over draws of people and flips. `measured` is what a user sees, who has no right labels: both
models evaluated on held-out rows as they are recorded. Draws are kept as they are made; a run that was stopped goes on.
"""

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import EstimatorLearner, Learner, choose_learner
from samplewise.labels import LabelIssues, find_label_issues

FILE = Path(__file__).parent / "results" / "cleaning_labels.json"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "groups" / "adult.csv.gz"
ROWS, TEST_ROWS = 10_000, 8_000
FLIPS = {"swapped codes": (0.15, 0.15), "undeclared": (0.3, 0.02)}  # of those above 50,000, and of those below
CLASSES = ("<=50K", ">50K")


def drawn(table: pd.DataFrame, kind: str, seed: int) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """People to learn from, the incomes recorded for them, and the people held out."""
    mixed = table.sample(ROWS + TEST_ROWS, random_state=seed)
    people, evaluated_rows = mixed[:ROWS], mixed[ROWS:]
    draw = np.random.default_rng(seed)
    rich = people["income"] == CLASSES[1]
    flipped = draw.random(ROWS) < np.where(rich, *FLIPS[kind])
    recorded = people["income"].where(~flipped, np.where(rich, *CLASSES))
    return people, recorded, evaluated_rows


def learners(data: Dataset) -> dict[str, Learner]:
    """The default of such a table, and one that memorizes wrong labels."""
    boosting, _ = choose_learner("boosting", data, describe_target(data.y))
    return {
        "gradient boosting": boosting,
        "one full tree": EstimatorLearner(DecisionTreeClassifier(random_state=0), "tree", "codes"),
    }


def answers(learner: Learner, data: Dataset, evaluated_rows: pd.DataFrame) -> np.ndarray:
    """Which held-out people are predicted rightly."""
    fitted = learner.fit(data, seed=0)
    named = fitted.classes[fitted.outputs(evaluated_rows.drop(columns="income")).argmax(axis=1)]
    return named == evaluated_rows["income"].to_numpy()


def cleaned(data: Dataset, issues: LabelIssues) -> dict[str, Dataset]:
    """The rows as recorded, without the flagged ones, and with the suggested labels."""
    places = np.isin(data.ids, issues.flagged)
    return {
        "as recorded": data,
        "flagged rows dropped": data.drop(issues.flagged),
        "flagged rows relabeled": data.with_labels(np.where(places, issues.suggested, data.y)),
    }


def one_draw(table: pd.DataFrame, kind: str, seed: int) -> dict:
    """Everything about one draw of people and flips."""
    people, recorded, evaluated_rows = drawn(table, kind, seed)
    X = people.drop(columns="income")
    truth, wrong = people["income"].to_numpy(), (people["income"] != recorded).to_numpy()
    data = Dataset(X, recorded)
    start = time.perf_counter()
    issues = find_label_issues((X, recorded), seed=seed)
    seconds = time.perf_counter() - start
    flagged = np.isin(data.ids, issues.flagged)
    matrix = np.asarray(issues.noise_matrix.columns["value"]).reshape(2, 2)
    rate = issues.noise_rate
    found = {
        "seconds": seconds, "wrong": int(wrong.sum()), "flagged": int(flagged.sum()),
        "flagged_and_wrong": int((flagged & wrong).sum()),
        "expected_wrong": float(issues.wrong.values[flagged].sum()),
        "average_precision": float(average_precision_score(wrong, issues.wrong.values)),
        "first_100": float(wrong[np.isin(data.ids, issues.wrong.top(100).keys)].mean()),
        "noise_rate": [rate.value, *((rate.low, rate.high) if rate.low <= rate.high else (None, None))],
        "flips_above": float(matrix[1, 0]), "flips_below": float(matrix[0, 1]), "models": {},
    }  # fmt: skip
    arms = cleaned(data, issues) | {"right labels": data.with_labels(truth)}
    for name, learner in learners(data).items():
        right = {arm: answers(learner, rows, evaluated_rows) for arm, rows in arms.items()}
        found["models"][name] = {arm: paired(marks, right["as recorded"]) for arm, marks in right.items()}
    if seed == 0:
        found["measured"] = as_measured(issues)
        found["worst"] = worst_rows(people, issues)
    return found


def paired(right: np.ndarray, before: np.ndarray) -> dict[str, float]:
    """Accuracy in %, and points gained over the rows as recorded, with a 95 % interval over the people held out."""
    change = 100.0 * (right.astype(float) - before)
    half = 1.96 * float(change.std()) / np.sqrt(len(change))
    gain = float(change.mean())
    return {"accuracy": 100.0 * float(right.mean()), "gain": gain, "low": gain - half, "high": gain + half}


def as_measured(issues: LabelIssues) -> dict[str, dict]:
    """What the user reads about acting on the labels, without a single right label."""
    notes = issues.measured(("drop", "relabel", "reweight"))
    return {
        name: {"effect": one.effect.value, "low": one.effect.low, "high": one.effect.high, "verdict": one.verdict}
        for name, one in notes.items()
    }


def worst_rows(people: pd.DataFrame, issues: LabelIssues) -> list[dict]:
    """The five surest of the flagged rows as a person would look at them."""
    shown = issues.flagged[:5]
    places = people.index.get_indexer(shown)
    columns = ["age", "education", "occupation", "hours_per_week", "capital_gain"]
    cells = people.loc[shown, columns].astype(object)
    rows = cells.where(cells.notna(), None).to_dict("records")
    given = np.where(issues.posterior.codes == 1, CLASSES[1], CLASSES[0])
    return [
        {"id": int(key)} | row | {
            "recorded": str(given[place]), "suggested": str(issues.suggested[place]),
            "P(wrong)": round(float(issues.wrong.values[place]), 3), "reason": str(issues.reasons[place]),
        }
        for key, row, place in zip(shown, rows, places, strict=True)
    ]  # fmt: skip


def table_of(draws: list[dict], kind: str) -> str:
    """The draws together, then what the first of them showed its user."""
    mean = {key: float(np.mean([draw[key] for draw in draws])) for key in draws[0] if np.isscalar(draws[0][key])}
    share = {key: f"{100 * mean[key]:.0f} %" for key in ("first_100", "flips_above", "flips_below")}
    above, below = (f"{100 * planted:.0f} %" for planted in FLIPS[kind])
    lines = [
        f"### {kind[0].upper()}{kind[1:]} ({len(draws)} draws of {ROWS:,} people, {TEST_ROWS:,} held out)", "",
        f"{mean['wrong']:.0f} labels are wrong. Flagged: {mean['flagged']:.0f}, of which "
        f"{mean['flagged_and_wrong']:.0f} are wrong (expected: {mean['expected_wrong']:.0f}). Of the first "
        f"100, {share['first_100']} are wrong. Average precision {mean['average_precision']:.2f}; "
        f"{mean['seconds']:.0f} s.", "",
        f"Estimated flips: {share['flips_above']} of those above 50,000 (planted {above}), {share['flips_below']} of "
        f"those below (planted {below}).", "",
        "| accuracy on right labels, % | " + " | ".join(draws[0]["models"]) + " |",
        "|-|" + "-|" * len(draws[0]["models"]),
    ]  # fmt: skip
    lines += [f"| {arm} | {' | '.join(cells(draws, arm))} |" for arm in draws[0]["models"]["one full tree"]]
    lines += ["", "First draw, points gained over the rows as recorded, 95 % over the people held out:", ""]
    for name, arms in draws[0]["models"].items():
        lines += [
            f"- {name}, {arm}: {one['gain']:+.1f} [{one['low']:+.1f}, {one['high']:+.1f}]" for arm, one in arms.items()
        ]
    lines += [
        "",
        "As measured for the user, without a right label (boosting, points of accuracy on recorded labels):",
        "",
    ]
    for name, one in draws[0]["measured"].items():
        lines.append(f"- {name}: {one['effect']:+.2f} [{one['low']:+.2f}, {one['high']:+.2f}], {one['verdict']}")
    return "\n".join([*lines, "", ""])


def cells(draws: list[dict], arm: str) -> list[str]:
    """Mean accuracy by model, and the points gained with their range over the draws."""
    made = []
    for name in draws[0]["models"]:
        notes = [draw["models"][name][arm] for draw in draws]
        gains = [one["gain"] for one in notes]
        gain = "" if arm == "as recorded" else f", {np.mean(gains):+.1f} ({min(gains):+.1f} to {max(gains):+.1f})"
        made.append(f"{np.mean([one['accuracy'] for one in notes]):.1f}{gain}")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=5)
    queried = parser.parse_args()
    table = pd.read_csv(DATA).drop(columns="fnlwgt")
    found = kept()
    for seed in range(queried.draws):
        for kind, draws in found["draws"].items():
            if len(draws) <= seed:
                draws.append(one_draw(table, kind, seed))
                keep(found)
    keep(found)
    print(FILE.with_suffix(".md").read_text())


def kept() -> dict:
    """Draws of earlier runs."""
    return json.loads(FILE.read_text()) if FILE.exists() else {"draws": {kind: [] for kind in FLIPS}}


def keep(found: dict) -> None:
    """What there is so far, with the machine and versions it was measured on."""
    found["machine"] = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    found["versions"] = {name: version(name) for name in ("samplewise", "numpy", "scikit-learn", "pandas")}
    FILE.write_text(json.dumps(found, indent=1))
    notes = "".join(table_of(draws, kind) for kind, draws in found["draws"].items() if draws)
    FILE.with_suffix(".md").write_text(notes)


if __name__ == "__main__":
    main()
