"""A labeling budget for a real table, followed to its end, and what the target truly took.

Adult (32,561 people), gradient boosting, target 14 % error, a label for 0.05. At first 1,500 rows are labeled. Each
round: measure the learning curve on the rows that are labeled, ask how many rows the target needs, collect the planned
batch, and measure again, until the measured error is at the target or four rounds are over. 8,000 rows that are never
labeled are evaluated on: they say what the error truly is, and how many rows it truly took. Ten draws of the first
rows; compared with the plan: doubling every round.
"""

import argparse
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from samplewise import curves
from samplewise.core.randomness import hashed_order
from samplewise.data import Dataset, read_dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import choose_learner

HERE = Path(__file__).parent / "results"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "groups" / "adult.csv.gz"
FIRST, TARGET, PRICE, ROUNDS, TEST_ROWS, REPEATS = 1500, 0.14, 0.05, 4, 8000, 5
NAMED = "GradientBoostingClassifier"  # how the forecaster knows the learner
SIZES = (1500, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 24_000)


def drawn(data: Dataset, seed: int) -> tuple[Dataset, np.ndarray]:
    """Test rows, and the positions of all other rows in the order in which they would be labeled."""
    order = hashed_order(seed, data.ids, "labeled")
    return data.take(np.sort(order[:TEST_ROWS])), order[TEST_ROWS:]


def error_of(data: Dataset, rows: np.ndarray, evaluated_rows: Dataset) -> float:
    """True error after training on some rows."""
    part = data.take(np.sort(rows))
    learner, _ = choose_learner("boosting", part, describe_target(part.y))
    fitted = learner.fit(part, seed=0)
    named = fitted.classes[fitted.outputs(evaluated_rows.X).argmax(axis=1)]
    return float(np.mean(named != evaluated_rows.y))


def followed(data: Dataset, seed: int, policy: str) -> dict[str, object]:
    """Rounds until the target is measured, or four are over."""
    evaluated_rows, order = drawn(data, seed)
    now, notes = FIRST, []
    for _ in range(ROUNDS + 1):
        part = data.take(np.sort(order[:now]))
        curve = curves.measure_learning_curve(part, learner="boosting", n_repeats=REPEATS, seed=seed)
        true = error_of(data, order[:now], evaluated_rows)
        step: dict[str, object] = {"rows": now, "measured": float(curve.error[-1]), "true": true}
        notes.append(step)
        if curve.error[-1] <= TARGET or len(notes) > ROUNDS:
            break
        need = curve.samples_needed(TARGET, learner_name=NAMED)
        plan = curve.collection_plan(TARGET, PRICE, n_rounds=ROUNDS + 1 - len(notes), learner_name=NAMED)
        step |= {
            "needed": need.rows.value, "low": need.rows.low, "high": need.rows.high,
            "chance": need.reachable.value, "guess": need.if_reached.value,
        }  # fmt: skip
        grown = plan.next_size * now / int(curve.sizes[-1])  # the curve ends at four fifths of the rows
        now = min(len(order), max(now + 1, round(2 * now if policy == "doubling" else grown)))
    return {"seed": seed, "policy": policy, "steps": notes, "price": PRICE * (notes[-1]["rows"] - FIRST)}


def true_curve(data: Dataset, seed: int) -> dict[str, float]:
    """True error by rows, for one draw."""
    evaluated_rows, order = drawn(data, seed)
    return {str(size): error_of(data, order[:size], evaluated_rows) for size in SIZES}


def table_of(results: dict) -> str:
    """What the plan and doubling came to."""
    truth = np.array([list(draw.values()) for draw in results["truth"]])
    mean = truth.mean(axis=0)
    lines = ["| rows | " + " | ".join(f"{size:,}" for size in SIZES) + " |", "|-" * (1 + len(SIZES)) + "|"]
    lines.append("| true error, % | " + " | ".join(f"{100 * value:.1f}" for value in mean) + " |")
    lines += [
        "",
        "| policy | rounds | rows at the end | price | true error at the end, % | at the target |",
        "|-|-|-|-|-|-|",
    ]
    for policy in ("plan", "doubling"):
        runs = [run for run in results["runs"] if run["policy"] == policy]
        last = [run["steps"][-1] for run in runs]
        lines.append(
            f"| {policy} | {np.mean([len(run['steps']) - 1 for run in runs]):.1f} | "
            f"{np.median([end['rows'] for end in last]):,.0f} | {np.median([run['price'] for run in runs]):,.0f} | "
            f"{100 * np.mean([end['true'] for end in last]):.2f} | "
            f"{sum(end['true'] <= TARGET + 0.0025 for end in last)} of {len(last)} |"
        )
    held = [
        step["low"] <= reached(mean) <= step["high"] for run in results["runs"] if run["policy"] == "plan"
        for step in run["steps"] if "low" in step
    ]  # fmt: skip
    first = [run["steps"][0] for run in results["runs"] if run["policy"] == "plan" and "guess" in run["steps"][0]]
    guesses = [step["guess"] for step in first]
    chance = 100 * np.median([step["chance"] for step in first])
    lines += [
        "", f"The first single estimate was {np.median(guesses):,.0f} rows in the median of the draws, from "
        f"{min(guesses):,.0f} to {max(guesses):,.0f}; the chance to get there at all was put at {chance:.0f} %.",
    ]  # fmt: skip
    lines += [
        "", f"The target truly needs about {reached(mean):,.0f} rows. The 80 % interval of the first and later rounds "
        f"held that number in {sum(held)} of {len(held)} cases. At the target: true error within a quarter of a point.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def reached(errors: np.ndarray) -> float:
    """Rows at which the mean true error passes the target, between the sizes on a straight line in log n."""
    place = int(np.argmax(errors <= TARGET))
    share = (errors[place - 1] - TARGET) / (errors[place - 1] - errors[place])
    return float(SIZES[place - 1] * (SIZES[place] / SIZES[place - 1]) ** share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    queried = parser.parse_args()
    data = read_dataset(DATA, label="income", drop_columns=("fnlwgt",)).data
    runs = []
    for seed in range(queried.draws):
        for policy in ("plan", "doubling"):
            runs.append(followed(data, seed, policy))
            print(json.dumps(runs[-1]), flush=True)
    results = {"runs": runs, "truth": [true_curve(data, seed) for seed in range(min(3, queried.draws))]}
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")}
    HERE.mkdir(exist_ok=True)
    file = HERE / "labeling_budget.json"
    file.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    file.with_suffix(".md").write_text(table_of(results))
    print(table_of(results))


if __name__ == "__main__":
    main()
