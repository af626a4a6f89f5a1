"""Trains the models that come with the package on the measured curves of LCDB 1.1 (CC BY 4.0), and stores plain arrays.

    SAMPLEWISE_DATA=../shared/data python tools/train_curve_models.py

Reads `learning-curves/curves.npz` and `datasets.csv` under SAMPLEWISE_DATA; writes `src/samplewise/curves/meta/
shipped.npz`. Related data sets (column `family`) are never split between fitting and judging. The majority-class
baseline is left out: it has no curve. Takes some minutes on one core.
"""

import csv
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from samplewise.curves.meta import fit_meta
from samplewise.curves.points import CurvePoints

DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data")) / "learning-curves"
SHIPPED = Path(__file__).parents[1] / "src" / "samplewise" / "curves" / "meta" / "shipped.npz"
REPETITIONS = 25
LEAST_POINTS = 9  # an octave
NAMES = {  # as in LCDB: as its library calls it
    "SVM_Linear": "LinearSVC",
    "SVM_Poly": "SVC poly",
    "SVM_RBF": "SVC",
    "SVM_Sigmoid": "SVC sigmoid",
    "Decision Tree": "DecisionTreeClassifier",
    "ExtraTree": "ExtraTreeClassifier",
    "LogisticRegression": "LogisticRegression",
    "PassiveAggressive": "PassiveAggressiveClassifier",
    "Perceptron": "Perceptron",
    "RidgeClassifier": "RidgeClassifier",
    "SGDClassifier": "SGDClassifier",
    "MLP": "MLPClassifier",
    "LDA": "LinearDiscriminantAnalysis",
    "QDA": "QuadraticDiscriminantAnalysis",
    "BernoulliNB": "BernoulliNB",
    "MultinomialNB": "MultinomialNB",
    "ComplementNB": "ComplementNB",
    "GaussianNB": "GaussianNB",
    "KNN": "KNeighborsClassifier",
    "NearestCentroid": "NearestCentroid",
    "ens.ExtraTrees": "ExtraTreesClassifier",
    "ens.RandomForest": "RandomForestClassifier",
    "ens.GradientBoosting": "GradientBoostingClassifier",
    "CatBoost": "CatBoostClassifier",
    "TabNet": "TabNet",
    "RealMLP": "RealMLP",
    "TabPFNv2": "TabPFN",
}


class Measured(NamedTuple):
    """Whole curves and where they come from."""

    curves: list[CurvePoints]
    learners: list[str]
    data_sets: np.ndarray
    families: np.ndarray


def measured_curves() -> Measured:
    """Every curve without a hole that starts at 16 rows, of every learner but the baseline."""
    with np.load(DATA / "curves.npz", allow_pickle=False) as stored:
        held = {name: stored[name] for name in stored.files}
    with (DATA / "datasets.csv").open() as lines:
        family = {int(row["openml_id"]): row["family"] for row in csv.DictReader(lines)}
    grid = np.unique(held["n"])
    curves, learners, data_sets = [], [], []
    for start, stop in zip(held["curve_start"][:-1], held["curve_start"][1:], strict=True):
        n, learner = held["n"][start:stop], str(held["learner_names"][held["learner"][start]])
        whole = n[0] == grid[0] and len(n) == np.searchsorted(grid, n[-1]) + 1
        if learner not in NAMES or not whole or len(n) < LEAST_POINTS:
            continue
        error, spread = (held[f"{kind}_test"][start:stop] / held["scale"] for kind in ("err", "se"))
        curves.append(CurvePoints(n.astype(np.intp), error[None, :], np.where(spread > 0, spread, np.nan)))
        learners.append(NAMES[learner])
        data_sets.append(int(held["openml_id"][start]))
    return Measured(curves, learners, np.array(data_sets), np.array([family[one] for one in data_sets]))


def main() -> None:
    """Train on everything and store."""
    measured = measured_curves()
    print(f"{len(measured.curves)} curves of {len(set(measured.data_sets))} data sets")
    model = fit_meta(measured.curves, measured.families.tolist(), measured.learners, n_repeats=REPETITIONS)
    model.save(SHIPPED)
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
