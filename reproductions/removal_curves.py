"""Values of rows evaluated by taking rows away: what the score loses and gains, and how few rows carry a prediction.

The claims: removing the rows of highest value first hurts a model most, and removing the rows of lowest value
mends it (ghorbani2019, jia2019, wang2023, kwon2023); removing a few attributed rows changes single predictions
(ilyas2022). 300 digits, 10 % of them with a label drawn anew, logistic regression. Values see 300 validation rows; the
curves are evaluated on 500 others. Random order is the same for every method.
"""

import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from samplewise.core.execution import SerialExecutor
from samplewise.core.values import Estimate, Scores
from samplewise.data import Dataset
from samplewise.influence import (
    Attributor,
    Game,
    banzhaf,
    brittleness,
    data_shapley,
    knn_shapley,
    leave_one_out,
    mislabel_score,
    open_game,
    out_of_bag_value,
    removal_curve,
)

HERE = Path(__file__).parent / "results"
ROWS, VALIDATION, TEST, FLIPPED = 300, 300, 500, 0.1
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4)
LEARNER = LogisticRegression(C=0.1, max_iter=500)


def rows_of(seed: int) -> tuple[Dataset, Dataset, Dataset, np.ndarray]:
    """Training rows with flips, validation rows, test rows, and which labels were flipped."""
    X, y = load_digits(return_X_y=True)
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(X))
    X, y = X[order] / 16, y[order]
    wrong = np.zeros(ROWS, dtype=bool)
    wrong[draw.choice(ROWS, int(FLIPPED * ROWS), replace=False)] = True
    given = y[:ROWS].copy()
    given[wrong] = (given[wrong] + draw.integers(1, 10, wrong.sum())) % 10
    middle = ROWS + VALIDATION
    test = Dataset(X[middle : middle + TEST], y[middle : middle + TEST])
    return Dataset(X[:ROWS], given), Dataset(X[ROWS:middle], y[ROWS:middle]), test, wrong


def valued(data: Dataset, validation: Dataset) -> dict[str, tuple[Scores, float]]:
    """Values by every method, and the CPU seconds they took."""
    game = open_game(data, validation, learner=LEARNER, executor=SerialExecutor())
    fitted = LEARNER.fit(data.X, data.y)
    makers = {
        "Banzhaf, 500 fits": lambda: banzhaf(game, n_fits=500),
        "Shapley, 2 orders": lambda: data_shapley(game, n_permutations=2, tolerance=1.0),
        "leave-one-out, 301 fits": lambda: leave_one_out(game),
        "leave-one-out of a ridge head, no fit": lambda: leave_one_out(data),
        "nearest neighbors' Shapley value": lambda: knn_shapley(data, test=validation),
        "out-of-bag value, 100 fits": lambda: out_of_bag_value(
            data, learner=LEARNER, n_models=100, executor=SerialExecutor()
        ),
        "influence on the validation margins": lambda: Attributor(fitted).fit(data).attribute(validation).aggregate(),
    }
    found = {}
    for name, make in makers.items():
        start = time.process_time()
        scores = make()
        found[name] = (scores, time.process_time() - start)
    return found


def evaluated(scores: Scores, seconds: float, game: Game, wrong: np.ndarray) -> dict[str, object]:
    """Areas of the removal curve, how well flips are found, and the cost."""
    curve = removal_curve(scores, game, shares=SHARES)
    columns = {name: np.asarray(values).round(2).tolist() for name, values in curve.curve.columns.items()}
    return {
        "helpful_first": interval(curve.helpful_first),
        "harmful_first": interval(curve.harmful_first),
        "flips_found": interval(mislabel_score(scores.aligned_to(game.keys), wrong, larger_is_wrong=False).area),
        "seconds": seconds,
        "curve": columns,
    }


def interval(found: Estimate) -> tuple[float, float, float]:
    """Value and interval."""
    return found.value, found.low, found.high


def table_of(results: dict[str, dict], flips: dict[str, object]) -> str:
    """Areas and flips."""
    lines = [
        "| values | most helpful first: points lost | most harmful first: points gained | "
        "accuracy without the lowest 10 % | flips found (area under ROC) | CPU s |",
        "|-|-|-|-|-|-|",
    ]
    for name, found in results.items():
        cells = [
            "{:.2f} [{:.2f}, {:.2f}]".format(*found[key]) for key in ("helpful_first", "harmful_first", "flips_found")
        ]
        accuracy = found["curve"]["harmful_first"]
        cells.insert(2, f"{accuracy[1 + SHARES.index(0.1)]:.1f} (all: {accuracy[0]:.1f})")
        lines.append(f"| {name} | {' | '.join(cells)} | {found['seconds']:.1f} |")
    lines += [
        "",
        f"Mean distance from random order over removing 0 to {max(SHARES):.0%} of {ROWS} rows, in points of accuracy "
        f"on {TEST} test rows, 95 % intervals over test rows and the seeds of the random order.",
        "",
        "| rows removed | attributed: predictions changed | random | random of the predicted class |",
        "|-|-|-|-|",
    ]
    for row in zip(*flips["columns"].values(), strict=True):
        lines.append("| {:.0f} | {:.0%} | {:.1%} | {:.1%} |".format(*row))
    lines.append("")
    lines.append(f"Share of {flips['queries']} test rows whose predicted class a refit without the rows changes.")
    return "\n".join(lines) + "\n"


def flips_of(data: Dataset, test: Dataset) -> dict[str, object]:
    """Brittleness of the first test rows under the attribution of the trained model."""
    game = open_game(data, test, learner=LEARNER, executor=SerialExecutor())
    fitted = LEARNER.fit(data.X, data.y)
    queried = test.take(np.arange(40))
    found = brittleness(Attributor(fitted).fit(data).attribute(queried), game, counts=(1, 2, 5, 10, 15, 20))
    return {"queries": len(queried), "columns": {k: np.asarray(v).tolist() for k, v in found.shares.columns.items()}}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    data, validation, test, wrong = rows_of(0)
    game = open_game(data, test, learner=LEARNER, executor=SerialExecutor())
    results = {name: evaluated(*found, game, wrong) for name, found in valued(data, validation).items()}
    flips = flips_of(data, test)
    machine = {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}
    versions = {name: version(name) for name in ("samplewise", "numpy", "scikit-learn")}
    file = HERE / "removal_curves.json"
    stored = {"machine": machine, "versions": versions, "results": results, "flips": flips}
    file.write_text(json.dumps(stored, indent=1))
    file.with_suffix(".md").write_text(table_of(results, flips))
    print(table_of(results, flips))


if __name__ == "__main__":
    main()
