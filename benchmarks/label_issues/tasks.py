"""Data with right labels, rows held back to test a retrained model, and the ways in which labels are flipped."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from samplewise.engine.models import TorchLearner, dense_network

DATA = Path(os.environ.get("SAMPLEWISE_DATA", "../shared/data"))
NETWORK = TorchLearner(partial(dense_network, widths=(256,)), epochs=10, batch=64, optimizer="sgd", rate=0.05)
RATES = (0.05, 0.2, 0.4)
DIGITS_ALIKE = ((3, 8), (8, 3), (4, 9), (9, 4), (1, 7), (7, 1), (5, 6), (6, 5))
GARMENTS_ALIKE = ((0, 6), (6, 0), (2, 4), (4, 2), (5, 7), (9, 7))  # shirts, coats, and whatever looks like a sneaker
MOST = 0.4  # of a class, given to one that looks alike: beyond, the wrong label soon is the usual one
# CIFAR-10N, "worse": share of labels people got right per class, and the confusions above .15 (Wei et al. 2022); the
# rest of a row is spread evenly. The milder matrix has the same flips at the rate of the aggregated labels.
PEOPLE_RIGHT = np.array([0.65, 0.59, 0.63, 0.49, 0.49, 0.58, 0.59, 0.72, 0.68, 0.55])
PEOPLE_CONFUSE = {(1, 9): 0.25, (9, 1): 0.28, (3, 5): 0.21, (5, 3): 0.18, (4, 7): 0.15}
PEOPLE_RATES = (0.09, 0.4)


@dataclass(frozen=True)
class Task:
    """Rows with right labels, a learner, and test rows that nobody spoils."""

    name: str
    X: Any
    truth: np.ndarray
    test: tuple[Any, np.ndarray]
    learner: Any
    alike: tuple[tuple[int, int], ...]
    seeds: int

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.truth.max()) + 1

    def noises(self) -> Iterator[tuple[str, float]]:
        """Kinds of flips and the share of labels each is meant to strike."""
        yield "none", 0.0
        for kind in ("symmetric", "pair", *(["confusable"] if self.alike else [])):
            for rate in RATES:
                yield kind, rate
        if self.classes == 10:
            for rate in PEOPLE_RATES:
                yield "people", rate

    def spoilt(self, kind: str, rate: float, seed: int) -> np.ndarray:
        """Given labels: the right ones, some of them flipped."""
        draw = np.random.default_rng(seed)
        cumulated = np.cumsum(self.flips(kind, rate)[self.truth], axis=1)
        return np.minimum((draw.random(len(self.truth))[:, None] > cumulated).sum(axis=1), self.classes - 1)

    def flips(self, kind: str, rate: float) -> np.ndarray:
        """(c, c) P(given | true)."""
        count = self.classes
        away = np.zeros((count, count))
        if kind == "symmetric":
            away[:] = rate / (count - 1)
        elif kind == "pair":
            struck = range(count) if count > 2 else (0,)  # of two classes one is struck, else the noise is symmetric
            for k in struck:
                away[k, (k + 1) % count] = rate
        elif kind == "confusable":
            struck = np.isin(self.truth, [a for a, _ in self.alike]).mean()
            for a, b in self.alike:
                away[a, b] = min(MOST, rate / struck)
        elif kind == "people":
            away = people_confuse() * rate / (1.0 - PEOPLE_RIGHT.mean())
        np.fill_diagonal(away, 0.0)
        return away + np.diag(1.0 - away.sum(axis=1))


def people_confuse() -> np.ndarray:
    """(10, 10) flips of the worst of three human labels of CIFAR-10, zero on the diagonal."""
    away = np.zeros((10, 10))
    for (one, other), share in PEOPLE_CONFUSE.items():
        away[one, other] = share
    free = (away == 0) & ~np.eye(10, dtype=bool)
    rest = 1.0 - PEOPLE_RIGHT - away.sum(axis=1)
    return away + free * (rest / free.sum(axis=1))[:, None]


def tasks(only: str = "") -> Iterator[Task]:
    """Those whose name contains `only` and whose data are here."""
    for name, make in (("digits", digits), ("Fashion-MNIST", garments), ("Fashion-MNIST, network", garments_network),
                       ("Adult", adult)):  # fmt: skip
        if only in name:
            found = make()
            if found is None:
                print(f"{name}: its data are not under {DATA}")
            else:
                yield found


def digits() -> Task:
    """1,397 images of 8 x 8 pixels; 400 for the test."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[400:], order[:400]
    return Task("digits", X[train], y[train], (X[test], y[test]), "kernel", DIGITS_ALIKE, 5)


def garments(name: str = "Fashion-MNIST", learner: Any = "kernel", seeds: int = 5) -> Task | None:
    """10,000 images as 50 principal components; 5,000 of the published test images."""
    folder = DATA / "fashion-mnist"
    if not (folder / "train.npz").exists():
        return None
    with np.load(folder / "train.npz", allow_pickle=False) as held:
        pixels, labels = held["images"][:10_000].reshape(10_000, -1) / 255.0, held["labels"][:10_000].astype(int)
    with np.load(folder / "test.npz", allow_pickle=False) as held:
        fresh, right = held["images"][:5000].reshape(5000, -1) / 255.0, held["labels"][:5000].astype(int)
    components = PCA(50, random_state=0).fit(pixels)
    X, test = (components.transform(images).astype(np.float32) for images in (pixels, fresh))
    return Task(name, X, labels, (test, right), learner, GARMENTS_ALIKE, seeds)


def garments_network() -> Task | None:
    """The same rows for a network with one hidden layer of 256."""
    return garments("Fashion-MNIST, network", NETWORK, 3)


def adult() -> Task | None:
    """32,561 rows of a mixed table by default: boosted trees are trained on two thirds, one third is the test."""
    file = DATA / "groups" / "adult.csv.gz"
    if not file.exists():
        return None
    table = pd.read_csv(file).drop(columns="fnlwgt")
    y, X = (table["income"] == ">50K").to_numpy().astype(int), table.drop(columns="income")
    order = np.random.default_rng(0).permutation(len(y))
    test, train = order[: len(y) // 3], order[len(y) // 3 :]
    rows = (X.iloc[part].reset_index(drop=True) for part in (train, test))
    return Task("Adult", next(rows), y[train], (next(rows), y[test]), "boosting", (), 5)
