"""Held-out scores as a mean over rows, so that a difference between two models has a standard error.

Every metric turns outputs into one contribution per row, larger = better: in points for classes, for numbers in the
label's unit or in R²; their mean is the score. For the
area under the curve and balanced accuracy the contributions are influence values, whose mean is the score and whose
spread gives its standard error.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, unknown_name
from samplewise.core.rates import percent_text
from samplewise.core.units import LOWER_ERROR, R_SQUARED

Contributions = Callable[[Floats, Array], Floats]  # outputs (n, c), codes (n,) -> (n,)


@dataclass(frozen=True, slots=True)
class Metric:
    """A score whose mean over rows can be compared pair by pair, in its unit: points, the label's unit, or R²."""

    name: str
    title: str
    unit: str
    task: str
    contributions: Contributions
    weighted: bool = True  # whether it is a mean over rows, which may be a weighted one; else over classes

    def point(self, codes: Array) -> float:
        """What counts as one point of this score on labels (n,): a hundredth of what there is to explain."""
        return {LOWER_ERROR: _spread(codes) / 100.0, R_SQUARED: 0.01}.get(self.unit, 1.0)

    def can_score(self, codes: Array) -> bool:
        """Whether rows of these classes have a score: one that compares classes needs rows of two of them."""
        return self.weighted or len(np.unique(codes)) > 1


def _correct(outputs: Floats, codes: Array) -> Floats:
    return 100.0 * (outputs.argmax(axis=1) == codes)


def _balanced(outputs: Floats, codes: Array) -> Floats:
    """Per-class means weigh the same; a row's influence on its class mean, spread over all rows."""
    hit = _correct(outputs, codes)
    present, member = np.unique(codes, return_inverse=True)
    counts = np.bincount(member)
    means = np.bincount(member, weights=hit) / counts
    return means.mean() + len(codes) / (len(present) * counts[member]) * (hit - means[member])


def _area_under_curve(outputs: Floats, codes: Array) -> Floats:
    """DeLong's placement values as influence on the area; needs both classes."""
    if outputs.shape[1] != 2:
        raise InputError(
            "metric 'auc' needs two classes", got=f"{outputs.shape[1]} classes", fix="use metric='balanced_accuracy'"
        )
    score = outputs[:, 1] - outputs[:, 0]
    positive = codes == 1
    counts = np.array([(~positive).sum(), positive.sum()])
    if not counts.all():
        raise InputError(
            "metric 'auc' needs rows of both classes", got=f"counts {counts.tolist()}", fix="use metric='accuracy'"
        )
    overall = stats.rankdata(score)
    within = np.empty(len(codes))
    for member in (positive, ~positive):
        within[member] = stats.rankdata(score[member])
    below = (overall - within) / counts[(~positive).astype(int)]  # share of the other class ranked below each row
    placement = np.where(positive, below, 1.0 - below)
    area = placement[positive].mean()
    return 100.0 * (area + len(codes) / counts[positive.astype(int)] * (placement - area))


def _absolute_error(outputs: Floats, codes: Array) -> Floats:
    return -np.abs(outputs[:, 0] - codes)


def _squared_error(outputs: Floats, codes: Array) -> Floats:
    return 1.0 - np.square((outputs[:, 0] - codes) / _spread(codes))


def _spread(codes: Array) -> float:
    return float(np.std(codes)) or 1.0


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", "points of accuracy", "classification", _correct),
        Metric(
            "balanced_accuracy", "balanced accuracy", "points of balanced accuracy", "classification", _balanced, False
        ),
        Metric("auc", "area under the ROC curve", "points of AUC", "classification", _area_under_curve, False),
        Metric("mae", "mean absolute error", LOWER_ERROR, "regression", _absolute_error),
        Metric("r2", "R squared", R_SQUARED, "regression", _squared_error),
    )
}
DEFAULT = {"classification": "accuracy", "regression": "mae"}
UNBALANCED = 0.8  # share of the largest class from which accuracy says little of the others


def choose_metric(name: str | None, task: str, codes: Array | None = None) -> Metric:
    """The metric by name, or the default of the task; log-loss is refused, since a calibrated noisy model wins it.

    Where the codes (n,) of the classes are given and the largest class holds 80 % of the rows or more, the default is
    the area under the ROC curve for two classes, balanced accuracy for more: always predicting the largest class is
    right that often, and a remedy that makes it more frequent would look like help.
    """
    name = name or _default(task, codes)
    fitting = [metric.name for metric in METRICS.values() if metric.task == task]
    if name not in METRICS:
        raise unknown_name("metric", name, fitting)
    if METRICS[name].task != task:
        raise InputError(
            f"metric {name!r} is for {METRICS[name].task}",
            where="metric",
            got=f"task {task}",
            fix=f"use one of: {', '.join(fitting)}",
        )
    return METRICS[name]


def metric_rule(name: str | None, task: str, codes: Array) -> str:
    """Why `choose_metric` chose as it did, as a reason in brackets."""
    if name:
        return "it was asked for"
    if task == "regression":
        return "the label is a number"
    held = percent_text(_largest_share(codes), ".0f")
    if _default(task, codes) == DEFAULT[task]:
        return f"the largest class holds {held} of the rows, less than {percent_text(UNBALANCED, '.0f')}"
    return f"the largest class holds {held} of the rows, and accuracy would say little of the others"


def _default(task: str, codes: Array | None) -> str:
    if task == "regression" or codes is None or _largest_share(codes) < UNBALANCED:
        return DEFAULT[task]
    return "auc" if int(codes.max()) == 1 else "balanced_accuracy"


def _largest_share(codes: Array) -> float:
    """Share of the rows with a class that the largest class holds; 0 where none has one."""
    known = codes[codes >= 0]
    return float(np.bincount(known).max() / len(known)) if len(known) else 0.0
