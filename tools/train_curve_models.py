"""Trains the models that come with the package on the measured curves of LCDB 1.1 (CC BY 4.0), and stores plain arrays.

    SAMPLEWISE_DATA=../shared/data python tools/train_curve_models.py

Reads `learning-curves/curves.npz` and `datasets.csv` under SAMPLEWISE_DATA; writes `src/samplewise/curves/meta/
shipped.npz`. Data sets of one field or generator (FIELDS) are never split between fitting and judging. The
majority-class baseline is left out: it has no curve. The share of errors that bands held is measured on fields that
had no part in any step: five more trainings, each without a fifth of the fields. Takes half an hour on one core;
`--models DIR` keeps the five, for this and for benchmarks/curves.py.
"""

import argparse
import csv
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from samplewise.core.randomness import hashed_order
from samplewise.curves.meta import MetaModel, fit_meta
from samplewise.curves.meta.meta_training import quantiles_of, standardized
from samplewise.curves.meta.predictive import covered_share
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

FIELDS = {  # families of the same field or generator; a family not named here is a field of its own
    "images": [
        "digits-mfeat",
        "pen-opt-digits",
        "mnist-gina",
        "devnagari-script",
        "fashion-mnist",
        "cifar_10",
        "dilbert",
        "robert",
    ],
    "function generators": ["friedman", "2dplanes", "mv", "kin8nm", "bank32nh", "led24", "agrawal1", "stagger1"],
    "artificial noise": ["madelon", "hill-valley"],
    "genes": ["ova", "burkittlymphoma", "anthracyclinetaxanechemotherapy", "hepatitisc", "arcene"],
    "text": [
        "wc-text",
        "amazon-commerce-reviews",
        "syskillwebert-bands",
        "fabert",
        "internet-advertisements",
        "spambase",
        "phishingwebsites",
    ],
    "physics": ["higgs", "miniboone", "magictelescope", "philippine", "jannis"],
    "challenges": ["jasmine", "volkert", "helena"],
    "finance": ["numerai28.6", "porto-seguro", "bank-marketing", "churn"],
    "cards and chess": ["poker", "poker-hand", "chess-endgame", "connect-4", "first-order-theorem-proving"],
    "medicine": ["breast-w", "wdbc", "diabetes-pima", "parkinsons", "spect", "aids", "breast-tissue", "thyroid"],
    "census": ["adult-census", "ipums", "fars"],
    "credit": ["credit-g", "australian-credit"],
    "sequences": [
        "isolet",
        "har",
        "spoken-arabic-digit",
        "walking-activity",
        "ldpa",
        "vowel",
        "japanesevowels",
        "libras_move",
        "wall-robot-navigation",
        "bci-vehicle-sensor",
        "phoneme",
    ],
    "remote sensing": ["satellite", "indian_pines", "covertype", "wilt", "segment", "texture"],
    "houses": ["house", "california", "space_ga"],
    "colleges": ["colleges", "sleepdata"],
    "chemistry": ["musk", "qsar-biodeg", "wine-quality-white"],
    "industry": [
        "steel-plates-fault",
        "cylinder-bands",
        "page-blocks",
        "shuttle",
        "ijcnn",
        "electricity",
        "wind",
        "climate-model-simulation-crashes",
        "ozone-level-8hr",
    ],
    "biology": ["yeast", "abalone", "eucalyptus", "mushroom", "iris"],
    "others": ["nursery", "collins", "solar-flare", "quake", "dresses-sales"],
}  # fmt: skip
FOLDS = 5


class Measured(NamedTuple):
    """Whole curves and where they come from."""

    curves: list[CurvePoints]
    learners: list[str]
    data_sets: np.ndarray
    families: np.ndarray

    @property
    def fields(self) -> np.ndarray:
        """The field of each curve: families from the same one, or from the same generator, are alike."""
        field = {family: name for name, families in FIELDS.items() for family in families}
        return np.array([field.get(family, family) for family in self.families])

    def keep(self, rows: np.ndarray) -> "Measured":
        """Only some of the curves."""
        curves, learners = ([part[at] for at in rows] for part in (self.curves, self.learners))
        return Measured(curves, learners, self.data_sets[rows], self.families[rows])


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


def trained(measured: Measured, stored: Path | None = None) -> MetaModel:
    """The models of some curves; read from `stored` where that is there, and kept in it otherwise."""
    if stored is not None and stored.exists():
        return MetaModel.load(stored)
    begun = time.perf_counter()
    model = fit_meta(
        measured.curves, measured.families.tolist(), measured.learners, fields=measured.fields.tolist(),
        n_repeats=REPETITIONS,
    )  # fmt: skip
    print(f"trained on {len(measured.curves):,} curves in {time.perf_counter() - begun:.0f} s", flush=True)
    if stored is not None:
        stored.parent.mkdir(parents=True, exist_ok=True)
        model.save(stored)
    return model


def folds_of(groups: np.ndarray, count: int = FOLDS) -> np.ndarray:
    """Folds of about equally many curves that keep groups whole."""
    names, place, sizes = np.unique(groups.astype(str), return_inverse=True, return_counts=True)
    load, fold = np.zeros(count), np.empty(len(names), dtype=int)
    order = hashed_order(0, names, "benchmark")
    for name in order[np.argsort(-sizes[order], kind="stable")]:
        fold[name] = np.argmin(load)
        load[fold[name]] += sizes[name]
    return fold[place]


def left_out(measured: Measured, models: Path | None = None) -> Iterator[tuple[MetaModel, np.ndarray]]:
    """For each fifth of the fields: models that never saw it, and the positions of its curves."""
    fold = folds_of(measured.fields)
    for one in range(FOLDS):
        stored = None if models is None else models / f"without_{one}.npz"
        yield trained(measured.keep(np.flatnonzero(fold != one)), stored), np.flatnonzero(fold == one)


def nested_coverage(measured: Measured, models: Path | None = None) -> np.ndarray:
    """(3, h, levels) share of errors inside bands whose every part was set without the field, families equal."""
    parts: list[tuple[np.ndarray, ...]] = []
    for model, rows in left_out(measured, models):
        some = measured.keep(rows)
        z, *known = standardized(model, some.curves, some.families.tolist(), some.learners, REPETITIONS)
        parts.append((quantiles_of(model.quantiles, *known[:2]), z, *known))
    tables, z, octaves, noise, families = (np.concatenate(part) for part in zip(*parts, strict=True))
    return covered_share(tables, z, (octaves, noise, families))


def main() -> None:
    """Train on everything, measure on what was left out, and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder of the models without a fifth of the fields")
    models = parser.parse_args().models
    measured = measured_curves()
    print(f"{len(measured.curves)} curves of {len(set(measured.data_sets))} data sets")
    model = trained(measured, None if models is None else models / "all.npz")
    replace(model, covered=nested_coverage(measured, models)).save(SHIPPED)
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
