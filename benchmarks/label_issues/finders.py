"""Everybody's scores and flags for one draw of flipped labels: the same rows, learner and folds for all."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.filter import find_label_issues as peer_flags
from cleanlab.rank import get_label_quality_scores
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from tasks import NETWORK, Task

from samplewise.data import Dataset
from samplewise.engine.models.feature_encoding import SpaceEncoder, TreeCodes
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.refits import FoldedRows, prepare
from samplewise.labels import training_dynamics
from samplewise.labels.posterior import label_posterior

PEER_SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
PEER_FILTERS = ("prune_by_noise_rate", "prune_by_class", "both", "confident_learning", "predicted_neq_given",
                "low_self_confidence", "low_normalized_margin")  # fmt: skip
DEFAULT_FILTER = "prune_by_noise_rate"


@dataclass(frozen=True)
class Opinion:
    """What one method says of every label."""

    score: np.ndarray  # larger: more likely wrong
    flags: np.ndarray | None = None
    chance: np.ndarray | None = None  # the score as a probability, where it is meant as one
    suggested: np.ndarray | None = None
    seconds: float = float("nan")  # of processor time, fits included


class HeadEstimator(BaseEstimator, ClassifierMixin):
    """The kernel head as scikit-learn sees a classifier."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> "HeadEstimator":
        """Fit on all rows."""
        self.classes_ = np.unique(y)
        self.head_ = KernelHead().fit(Dataset(X, y), seed=0)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n, c) calibrated probabilities."""
        return self.head_.probabilities(X)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n,) likeliest classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def opinions(task: Task, given: np.ndarray, seed: int) -> dict[str, Opinion]:
    """Every method by name."""
    data = Dataset(task.X, given)
    found = {
        "samplewise": ours(lambda: prepare(data, task.learner, seed=seed).whole, rounds=2),
        "samplewise, 3 rounds": ours(lambda: prepare(data, task.learner, seed=seed).whole, rounds=3),
    }
    folded = prepare(data, task.learner, seed=seed).whole
    P, spent = timed(lambda: held_out(task, folded, given))
    found["samplewise, their P"] = ours(lambda: folded, rounds=1, predictions=P)
    found |= peers(P, given, spent)
    found |= neighbors(task, given)
    if task.learner is NETWORK:
        found |= dynamics(data, seed)
    return found


def ours(open_it: Callable[[], FoldedRows], **how: Any) -> Opinion:
    posterior, spent = timed(lambda: label_posterior(open_it(), **how))
    wrong = np.nan_to_num(posterior.wrong)
    return Opinion(wrong, posterior.flagged, wrong, posterior.suggested, spent)


def held_out(task: Task, folded: FoldedRows, given: np.ndarray) -> np.ndarray:
    """(n, c) out-of-sample probabilities as users make them: five folds, once."""
    if task.learner is NETWORK:
        return softmax(folded.held_out_outputs().astype(np.float64), axis=1)
    estimator, features = HeadEstimator(), task.X
    if task.learner == "boosting":
        codes = TreeCodes(task.X)
        features = codes(task.X)
        estimator = HistGradientBoostingClassifier(
            early_stopping=False, categorical_features=codes.categorical, random_state=0
        )
    return cross_val_predict(estimator, features, given, cv=PredefinedSplit(folded.folds), method="predict_proba")


def peers(P: np.ndarray, given: np.ndarray, fits: float) -> dict[str, Opinion]:
    """Cleanlab's scores and filters on P; self-confidence ranks as the cross-validated loss does."""
    P = P.astype(np.float64) / P.sum(axis=1, keepdims=True)
    found = {}
    for name in PEER_SCORES:
        quality, spent = timed(lambda method=name: get_label_quality_scores(given, P, method=method))
        chance = 1.0 - P[np.arange(len(given)), given] if name == "self_confidence" else None
        found[f"cleanlab {name}"] = Opinion(-quality, chance=chance, seconds=fits + spent)
    for name in PEER_FILTERS:
        flags, spent = timed(lambda rule=name: peer_flags(given, P, filter_by=rule))
        found[f"cleanlab filter {name}"] = Opinion(
            flags.astype(float), np.asarray(flags), suggested=P.argmax(axis=1), seconds=fits + spent
        )
    return found


def neighbors(task: Task, given: np.ndarray) -> dict[str, Opinion]:
    """Share of the nearest rows that have another label; a flag where their vote is another label."""
    space = SpaceEncoder(task.X)(task.X)
    near, spent = timed(lambda: NearestNeighbors(n_neighbors=31).fit(space).kneighbors(space)[1])
    own = np.arange(len(given))[:, None]
    last = np.argsort(near == own, axis=1, kind="stable")  # the row itself behind its neighbors
    near = np.take_along_axis(near, last, axis=1)
    found = {}
    for count in (10, 30):
        votes = np.stack([(given[near[:, :count]] == k).mean(axis=1) for k in range(task.classes)], axis=1)
        found[f"{count} neighbors"] = Opinion(
            1.0 - votes[own[:, 0], given], votes.argmax(axis=1) != given, suggested=votes.argmax(axis=1), seconds=spent
        )
    return found


def dynamics(data: Dataset, seed: int) -> dict[str, Opinion]:
    """One training run on all rows."""
    seen, spent = timed(lambda: training_dynamics(data, learner=NETWORK, n_runs=1, seed=seed))
    low = {"margin (AUM)": seen.margin, "mean confidence": seen.confidence}
    found = {name: Opinion(-scores.values, seconds=spent) for name, scores in low.items()}
    return found | {"forgetting": Opinion(seen.forgetting.values, seconds=spent),
                    "mean loss": Opinion(seen.mean_loss.values, seconds=spent)}  # fmt: skip


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """A result and the processor time of this process and all it has started."""
    before = cpu_seconds()
    found = work()
    return found, cpu_seconds() - before


def cpu_seconds() -> float:
    tick, parents, used = os.sysconf("SC_CLK_TCK"), {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parts = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(parts[1])
            used[int(entry.name)] = sum(int(value) for value in parts[11:15]) / tick
    mine = {os.getpid()}
    for _ in range(4):  # workers of workers, no deeper
        mine |= {child for child, parent in parents.items() if parent in mine}
    # Between ticks this process's own clock is finer than the kernel's count.
    return sum(used.get(process, 0.0) for process in mine - {os.getpid()}) + time.process_time()
