"""A labeling budget for a real table, followed to its end, and what the target truly took.

Adult (32,561 people), gradient boosting, target 14 % error, a label for 0.05. At first 1,500 rows are labeled. Each
round: measure the learning curve on the rows that are labeled, ask how many rows the target needs, collect the planned
batch, and measure again, until the measured error is at the limit of the plan or four rounds are over. 8,000 rows that
are never labeled are evaluated on: they say what the error truly is, and how many rows it truly took. Thirty draws of
the first rows (thirteen are committed, a draw takes minutes); the cheap plan, the safe plan and doubling every round
start from the same curve. The chance a plan names in its first round is compared with how often the true error was then
at the target.
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
from samplewise.engine.statistics.intervals import quantile

HERE = Path(__file__).parent / "results"
DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "groups" / "adult.csv.gz"
FIRST, TARGET, PRICE, ROUNDS, TEST_ROWS, REPEATS = 1500, 0.14, 0.05, 4, 8000, 5
SAFE = quantile(0.9)  # standard errors below the target at which the safe plan stops
NAMED = "HistGradientBoostingClassifier"  # what learner="boosting" is; the forecaster was trained on no such curve
POLICIES = ("cheap", "safe", "doubling")
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


def followed(data: Dataset, seed: int, policy: str, known: dict[int, tuple]) -> dict[str, object]:
    """Rounds until the error measured is at the limit of the policy, or four are over; `known`: trained already."""
    evaluated_rows, order = drawn(data, seed)
    now, notes = FIRST, []
    for _ in range(ROUNDS + 1):
        if now not in known:
            part = data.take(np.sort(order[:now]))
            measured = curves.measure_learning_curve(part, learner="boosting", n_repeats=REPEATS, seed=seed)
            known[now] = measured, error_of(data, order[:now], evaluated_rows)
        curve, true = known[now]
        step: dict[str, object] = {"rows": now, "measured": float(curve.error[-1]), "true": true}
        notes.append(step)
        aim = TARGET if policy != "safe" else TARGET - SAFE * float(curve.standard_error[-1])
        if curve.error[-1] <= aim or len(notes) > ROUNDS:
            break
        left = ROUNDS + 1 - len(notes)
        plan = curve.collection_plan(TARGET, PRICE, n_rounds=left, safe=policy == "safe", learner_name=NAMED)
        step |= {"chance": plan.chance.value, "stop_at": plan.stop_at}
        if curve.error[-1] > TARGET:
            need = curve.samples_needed(TARGET, learner_name=NAMED)
            step |= {"needed": need.rows.value, "low": need.rows.low, "high": need.rows.high}
            step |= {"reachable": need.reachable.value}
        if policy != "doubling" and plan.next_batch == 0:
            break
        size = plan.next_size
        grown = size * now / int(curve.sizes[-1])  # the curve ends at four fifths of the rows
        now = min(len(order), max(now + 1, round(2 * now if policy == "doubling" else grown)))
    return {"seed": seed, "policy": policy, "steps": notes, "price": PRICE * (notes[-1]["rows"] - FIRST)}


def true_curve(data: Dataset, seed: int) -> dict[str, float]:
    """True error by rows, for one draw."""
    evaluated_rows, order = drawn(data, seed)
    return {str(size): error_of(data, order[:size], evaluated_rows) for size in SIZES}


def table_of(results: dict) -> str:
    """What the plans and doubling came to, beside the chances they named."""
    truth = np.array([list(draw.values()) for draw in results["truth"]])
    mean = truth.mean(axis=0)
    lines = ["| rows | " + " | ".join(f"{size:,}" for size in SIZES) + " |", "|-" * (1 + len(SIZES)) + "|"]
    lines.append("| true error, % | " + " | ".join(f"{100 * value:.1f}" for value in mean) + " |")
    lines += [
        "",
        "| policy | rounds | rows at the end | price | true error at the end, % | at the target | chance it named |",
        "|-|-|-|-|-|-|-|",
    ]
    for policy in POLICIES:
        runs = [run for run in results["runs"] if run["policy"] == policy and "chance" in run["steps"][0]]
        last = [run["steps"][-1] for run in runs]
        named = np.mean([run["steps"][0]["chance"] for run in runs])
        lines.append(
            f"| {policy} | {np.mean([len(run['steps']) - 1 for run in runs]):.1f} | "
            f"{np.median([end['rows'] for end in last]):,.0f} | {np.median([run['price'] for run in runs]):,.0f} | "
            f"{100 * np.mean([end['true'] for end in last]):.2f} | "
            f"{sum(end['true'] <= TARGET for end in last)} of {len(last)} (within a quarter of a point "
            f"{sum(end['true'] <= TARGET + 0.0025 for end in last)}) | "
            f"{'' if policy == 'doubling' else f'{100 * named:.0f} %'} |"
        )
    steps = [step for run in results["runs"] if run["policy"] == "cheap" for step in run["steps"] if "low" in step]
    needs = reached(mean)
    held = [step["low"] <= needs <= step["high"] for step in steps]
    first = [run["steps"][0] for run in results["runs"] if run["policy"] == "cheap" and "low" in run["steps"][0]]
    begun = [step["low"] <= needs <= step["high"] for step in first]
    rows = [step["needed"] for step in first]
    ends = np.sort(rows)[[len(rows) // 10, len(rows) // 2, len(rows) - 1 - len(rows) // 10]]
    shares = ", ".join("beyond the horizon" if np.isinf(end) else f"{end:,.0f}" for end in ends)
    lines += [
        "", f"The target truly needs about {needs:,.0f} rows. From {FIRST:,} rows the answer was {shares} (the "
        f"10 %, 50 % and 90 % points of the draws); the chance to get there at all was put at "
        f"{100 * np.median([step['reachable'] for step in first]):.0f} % in the median.",
        "", f"The 80 % interval of the first round held the number in {sum(begun)} of {len(begun)} draws, those of all "
        f"rounds in {sum(held)} of {len(held)}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def reached(errors: np.ndarray) -> float:
    """Rows at which the mean true error passes the target, between the sizes on a straight line in log n."""
    place = int(np.argmax(errors <= TARGET))
    share = (errors[place - 1] - TARGET) / (errors[place - 1] - errors[place])
    return float(SIZES[place - 1] * (SIZES[place] / SIZES[place - 1]) ** share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--resume", action="store_true", help="keep the draws that are stored and add the others")
    queried = parser.parse_args()
    data = read_dataset(DATA, label="income", drop_columns=("fnlwgt",)).data
    if queried.resume:
        results = json.loads((HERE / "labeling_budget.json").read_text())["results"]
    else:
        results = {"runs": [], "truth": [true_curve(data, seed) for seed in range(min(3, queried.draws))]}
    done = {run["seed"] for run in results["runs"]}
    for seed in (seed for seed in range(queried.draws) if seed not in done):
        known: dict[int, tuple] = {}
        for policy in POLICIES:
            results["runs"].append(followed(data, seed, policy, known))
            print(json.dumps(results["runs"][-1]), flush=True)
        stored(results)
    print(table_of(results))


def stored(results: dict) -> None:
    """Write what there is: a run takes half an hour."""
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")}
    HERE.mkdir(exist_ok=True)
    file = HERE / "labeling_budget.json"
    file.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}, indent=1))
    file.with_suffix(".md").write_text(table_of(results))


if __name__ == "__main__":
    main()
