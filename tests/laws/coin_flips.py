"""150 coin-flip rows, each twice: the truth is 50 % error, and no method that fits may be talked into less.

    python tests/laws/coin_flips.py             # twenty seeds of every method, written to coin_flips.json
    pytest tests/laws/test_coin_flips.py        # two seeds, and the committed figures

Every entry gives the error a method measured and its 95 % interval, as a share of rows. Where a method gives no
interval, that of the held-out rows stands in for it, copies counted once.
"""

import json
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import samplewise
from samplewise import curves, generalization, influence, labels, quality, shift
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.engine.refits import prepare
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error
from samplewise.generalization import error_rate

ROWS, SEEDS, NEEDED = 150, 20, 16
FIGURES = Path(__file__).with_name("coin_flips.json")


def coin_flips(seed, rows=ROWS, duplicates=2):
    """Rows whose labels say nothing, each several times under ids of its own."""
    draw = np.random.default_rng(seed)
    X, y = draw.normal(size=(rows, 4)), draw.integers(0, 2, rows)
    order = draw.permutation(duplicates * rows)
    return Dataset(
        np.tile(X, (duplicates, 1))[order],
        np.tile(y, duplicates)[order],
        segments=pd.DataFrame({"site": _sites(X, duplicates)[order]}),
    )


def _sites(X, duplicates):
    return np.tile(np.where(X[:, 0] > 0, "north", "south"), duplicates)


def share(estimate):
    """A rate with its interval."""
    return np.array([estimate.value, estimate.low, estimate.high])


def over_rows(values, data):
    """Mean of values (n,) with its interval, copies counted once."""
    mean, error = mean_and_error(np.asarray(values, dtype=np.float64), prepare(data).groups)
    return np.array([mean, mean - half_width(error), mean + half_width(error)])


def of_audit(data, seed):
    record = samplewise.audit(data, checks="SW501", seed=seed).record
    return share(
        next(
            item
            for item in record.outcomes[0].result.measured
            if item.quantity.endswith("error") and item.unit.startswith("share")
        )
    )


def of_learning_curve(data, seed):
    curve = curves.measure_learning_curve(data, seed=seed)
    value, half = curve.error[-1], 1.96 * curve.standard_error[-1]
    return np.array([value, value - half, value + half])


def of_mixtures(data, seed):
    source = np.array(["old", "new", "judge"])[np.arange(len(data)) % 3]
    found = curves.forecast_mixtures(data, source=source, test="judge", seed=seed)
    groups, evaluation = prepare(data).groups, source == "judge"
    evaluated_rows = len(np.unique(groups[evaluation & ~np.isin(groups, groups[~evaluation])]))
    value, half = found.errors[:, -1].mean(), 1.96 * np.sqrt(0.25 / evaluated_rows)
    return np.array([value, value - half, value + half])


def of_gap(data, seed):
    return share(generalization.generalization_gap(data, n_splits=10, n_draws=1, seed=seed).ghost_error)


def of_memorization(data, seed):
    found = generalization.memorization(data, n_models=20, seed=seed)
    outside = ~found.inside
    return over_rows(1.0 - (found.success * outside).sum(axis=0) / outside.sum(axis=0), data)


def of_supervision(data, seed):
    return share(generalization.supervision_complexity(data, kernel="rbf", seed=seed).held_out_error)


def of_game(data, seed):
    fresh = coin_flips(seed + 1000, duplicates=1)
    game = influence.open_game(data, fresh, seed=seed)
    right = round(game.ends[1] / 100.0 * len(fresh))
    return share(error_rate(np.arange(len(fresh)) >= right))


def of_bags(data, seed):
    return over_rows(1.0 - influence.out_of_bag_value(data, n_models=20, seed=seed).values, data)


def of_neighbors(data, seed):
    return over_rows(1.0 - influence.knn_shapley(data, seed=seed).values, data)


def of_disagreement(data, seed):
    return over_rows(labels.neighbor_disagreement(data).values, data)


def of_label_issues(data, seed, **options):
    posterior = labels.find_label_issues(data, seed=seed, **options).posterior
    wrong = np.asarray(posterior.held_out).argmax(axis=1) != posterior.codes
    return share(error_rate(wrong, prepare(data).groups))


def of_column_skill(data, seed):
    found = quality.column_skill(data, seed=seed)
    return share(error_rate(np.arange(found.rows) >= found.hits[0], np.arange(found.rows) // 2))


def of_segments(data, seed):
    table = shift.worst_segments(data, seed=seed).errors
    place = [name.endswith("north") for name in table.names].index(True)
    return np.array([table.error[place], table.low[place], table.high[place]])


NETWORK = TorchLearner(partial(dense_network, widths=(8,)), epochs=5, rate=0.02)
METHODS = {
    "audit": of_audit,
    "curves.measure_learning_curve": of_learning_curve,
    "curves.forecast_mixtures": of_mixtures,
    "generalization.generalization_gap": of_gap,
    "generalization.memorization": of_memorization,
    "generalization.supervision_complexity": of_supervision,
    "influence.open_game": of_game,
    "influence.out_of_bag_value": of_bags,
    "influence.knn_shapley": of_neighbors,
    "labels.find_label_issues": of_label_issues,
    "labels.find_label_issues, neighbors": partial(of_label_issues, method="neighbors"),
    "labels.find_label_issues, network": partial(of_label_issues, learner=NETWORK),
    "labels.neighbor_disagreement": of_disagreement,
    "quality.column_skill": of_column_skill,
    "shift.worst_segments": of_segments,
}
WITHOUT_AN_ERROR = {  # methods that fit and state no held-out error
    "generalization.curvature_spectrum": "of the module's own loss on the rows given",
    "generalization.intrinsic_dimension": "its score is of the rows the caller names as held_out",
    "generalization.kernel_similarity": "no label enters",
    "models.refit": "outputs of models, which the methods that take refits= score",
    "generalization.layer_profile": "both sets of rows are the caller's",
    "influence.gradient_coherence": "of a module that was trained elsewhere",
    "influence.gradient_norm": "of a module that was trained elsewhere",
    "influence.leave_one_out": "a difference of errors; see test_rows_that_say_nothing_are_worth_nothing",
    "influence.training_smoothness": "about the derivative of a training",
    "influence.unrolled_attribution": "both sets of rows are the caller's",
    "information.redundant_rows": "an order of rows",
    "information.removal_cost": "a difference of scores",
    "information.unique_information": "deletes single rows by definition and says that copies hide each other",
    "shift.error_change": "both sets of rows are the caller's",
    "shift.monitor": "as error_change, of many sets of rows",
    "shift.explain_shift": "of two places, about a loss that labels of both show",
    "shift.shortcut_scan": "differences of errors; its own test has honest and useless columns",
    "shift.train_test_drift": "about which side a row is of, and no label",
    "labels.training_dynamics": "of rows that are trained on",
    "quality.find_duplicates": "no model is fitted",
    "quality.find_test_overlap": "no model is fitted",
    "quality.id_or_date_columns": "no model is fitted",
    "quality.missing_values": "no model is fitted",
    "quality.outlier_scores": "no label enters",
    "quality.suspicious_cells": "no label enters",
}


def measured(name, seed):
    """Error, low and high of one method on one draw, and whether the interval holds 50 %."""
    value, low, high = METHODS[name](coin_flips(seed), seed).tolist()
    return {"error": round(value, 3), "low": round(low, 3), "high": round(high, 3), "holds": bool(low <= 0.5 <= high)}


def main():
    names = sys.argv[1:] or list(METHODS)
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    for name in names:
        draws = [measured(name, seed) for seed in range(SEEDS)]
        held = sum(draw["holds"] for draw in draws)
        figures[name] = {"holds": held, "of": SEEDS, "mean error": round(np.mean([draw["error"] for draw in draws]), 3)}
        print(f"{name:<42} {held} of {SEEDS}, mean error {figures[name]['mean error']:.3f}", flush=True)
        FIGURES.write_text(json.dumps(dict(sorted(figures.items())), indent=1) + "\n", "utf-8")
    return any(figures[name]["holds"] < NEEDED for name in names)


if __name__ == "__main__":
    sys.exit(main())
