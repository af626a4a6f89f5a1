"""How good an opinion is, and what acting on it does to labels and to a model trained on them."""

from typing import Any

import numpy as np
from finders import DEFAULT_FILTER, Opinion
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from tasks import Task

from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models.default_learner import choose_learner

BINS = 10
DIGITS = 5  # kept of every measure
ACTORS = ("samplewise", "samplewise, 3 rounds", f"cleanlab filter {DEFAULT_FILTER}")


def evaluated(opinion: Opinion, given: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Quality of the ranking, of the flags and of the probabilities; on clean labels only the count of flags."""
    bad = given != truth
    found = {"cpu": opinion.seconds}
    if bad.any():
        found["ap"] = float(average_precision_score(bad, opinion.score))
        found["auroc"] = float(roc_auc_score(bad, opinion.score))
    if opinion.flags is not None:
        found["flags"] = float(opinion.flags.sum())
        if bad.any():
            found["f1"] = float(f1_score(bad, opinion.flags))
        relabeled = np.where(opinion.flags, opinion.suggested, given)
        found["labels_right"] = float(np.mean(relabeled == truth))
    if opinion.chance is not None:
        found["calibration_error"] = calibration_error(opinion.chance, bad)
    return {key: round(value, DIGITS) for key, value in found.items()}


def calibration_error(chance: np.ndarray, bad: np.ndarray) -> float:
    """Mean distance of stated and true shares of wrong labels over ten bins of equal width."""
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    return float(
        sum(abs(chance[bins == b].mean() - bad[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins))
    )


def retrained(task: Task, given: np.ndarray, found: dict[str, Opinion], seed: int) -> dict[str, float]:
    """Accuracy on untouched test rows after training on the labels as given, as right, and as each side mends them."""
    arms = {"as given": (np.ones(len(given), bool), given), "right": (np.ones(len(given), bool), task.truth)}
    for name in ACTORS:
        flags, suggested = found[name].flags, found[name].suggested
        arms[f"{name}: relabeled"] = (np.ones(len(given), bool), np.where(flags, suggested, given))
        arms[f"{name}: dropped"] = (~flags, given)
    return {name: accuracy(task, keep, labels, seed) for name, (keep, labels) in arms.items()}


def accuracy(task: Task, keep: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Of the task's learner, trained on some rows."""
    rows = np.flatnonzero(keep)
    X: Any = task.X.iloc[rows].reset_index(drop=True) if hasattr(task.X, "iloc") else task.X[rows]
    data = Dataset(X, labels[rows])
    learner, _ = choose_learner(task.learner, data, describe_target(data.y, ids=data.ids))
    fitted = learner.fit(data, seed=seed)
    said = fitted.classes[fitted.probabilities(task.test[0]).argmax(axis=1)]
    return round(float(np.mean(said == task.test[1])), DIGITS)
