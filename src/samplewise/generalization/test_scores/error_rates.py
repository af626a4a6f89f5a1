"""Error of a model on rows it did not see, with an interval."""

from numbers import Real
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, require_share
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_numbers
from samplewise.engine.models.row_losses import weighted_rows
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import clustered, effective_counts


@checked
def clopper_pearson(errors: float, n: float, confidence: float = 0.95) -> Estimate:
    """Error rate (0..1) with an interval that covers the true rate at least as often as it says.

    The ends are the rates at which so few, or so many, errors have probability (1 - coverage) / 2.

    Args:
        errors: wrong rows; a fraction where rows were weighted or grouped.
        n: rows evaluated, drawn independently of the model.
        confidence: between 0 and 1.

    Returns:
        Estimate "error" in shares of rows (0..1), larger means worse.

    Raises:
        InputError: no rows, more errors than rows, or a confidence outside (0, 1).

    Cost: constant.   Not for: rows that chose the model.   Source: clopper1934.

    >>> print(clopper_pearson(3, 100))
    3 % [0.623, 8.52] of rows
    """
    confidence = require_share(confidence, "confidence")
    if not are_counts(errors, n):
        raise InputError(
            "an error rate needs rows, and at most as many errors",
            where="errors and n",
            got=f"{errors} errors in {n} rows",
            fix="count the wrong rows among those evaluated, for example clopper_pearson(3, 100)",
        )
    low, high = map(float, share_interval(errors, n, confidence))
    return Estimate("error", errors / n, low, high, "share of rows", confidence, "clopper1934")


def are_counts(errors: Any, rows: Any) -> bool:
    """Whether these are numbers of rows, and at most as many of them wrong as there are."""
    known = isinstance(errors, Real) and isinstance(rows, Real)
    return known and bool(rows > 0 and 0 <= errors <= rows)


@checked
def error_rate(
    wrong: Any, groups: Array | None = None, confidence: float = 0.95, weights: Array | None = None
) -> Estimate:  # fmt: skip
    """Share of wrong rows (0..1), with a Clopper-Pearson interval; fewer effective rows where rows come in groups.

    With groups, rows are divided by the design effect, the variance of the rate between groups over that of
    independent rows (never below 1).

    Args:
        wrong: (n,) 0 or 1, or True for wrong.
        groups: (n,) or None; rows of one group (patient, duplicates) are one observation.
        confidence: between 0 and 1.
        weights: (n,) or None; rows count as they weigh, and the interval is an approximation.

    Returns:
        Estimate "error" in shares of rows (0..1), larger means worse.

    Raises:
        InputError: no rows, or a confidence outside (0, 1).

    Cost: O(n log n).   Source: clopper1934, korn1998.

    >>> error_rate([0, 0, 1, 1], groups=["a", "a", "b", "b"]).high > error_rate([0, 0, 1, 1]).high
    True
    """
    flags = as_numbers(wrong, "wrong", finite=True)
    counts = effective_counts(flags, groups) if weights is None else _weighted_counts(flags, groups, weights)
    return clopper_pearson(*counts, confidence)


@checked
def absolute_error(
    outputs: Any, numbers: Any, groups: Array | None = None, confidence: float = 0.95, weights: Array | None = None
) -> Estimate:  # fmt: skip
    """Mean absolute error of predicted numbers, in the units of the label, with a t interval over rows or groups.

    Args:    outputs: (n,) predictions.   numbers: (n,) labels.   groups: (n,) or None.   confidence: between 0 and 1.
             weights: (n,) or None; rows count as they weigh.
    Returns: Estimate "error" in the label's own unit, larger means worse.
    Raises:  InputError for fewer than two rows, or a confidence outside (0, 1).   Cost: O(n).   Source: student1908.
    >>> print(absolute_error([1.0, 2.0, 3.0], [1.5, 2.5, 3.5]))
    0.5 [0.5, 0.5] in the label's unit
    """
    predicted, given = _pair(outputs, numbers)
    low, high, mean = _t_interval(weighted_rows(np.abs(predicted - given), weights), groups, confidence)
    return Estimate("error", mean, low, high, LABEL_UNIT, confidence, "student1908")


@checked
def explained_variance(
    outputs: Any, numbers: Any, groups: Array | None = None, confidence: float = 0.95, weights: Array | None = None
) -> Estimate:  # fmt: skip
    """R squared of predicted numbers (at most 1), with a t interval over the rows' influence on it.

    1 - mean squared error / variance; 0 is always predicting the mean, below 0 is worse than that.

    Args:    outputs: (n,) predictions.   numbers: (n,) labels.   groups: (n,) or None.   confidence: between 0 and 1.
             weights: (n,) or None; rows count as they weigh.
    Returns: Estimate "explained_variance", larger means better.
    Raises:  InputError for fewer than two rows, labels that are all equal, or a confidence outside (0, 1).
    Cost:    O(n).
    Source:  student1908.
    >>> explained_variance([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).value
    1.0
    """
    predicted, given = _pair(outputs, numbers)
    spread = np.square(given - weighted_rows(given, weights).mean())
    if not spread.any():
        raise InputError("R squared needs labels that differ", got="one value", fix="use absolute_error(...)")
    squares, variance = np.square(predicted - given), weighted_rows(spread, weights).mean()
    ratio = float(weighted_rows(squares, weights).mean() / variance)
    # Delta method: the influence of a row on the ratio of the two means.
    influence = (squares - ratio * spread) / variance
    low, high, mean = _t_interval(weighted_rows(1.0 - ratio - influence, weights), groups, confidence)
    return Estimate("explained_variance", mean, low, high, "R²", confidence, "student1908")


def prediction_losses(outputs: Array, codes: Array, *, classes: bool) -> Floats:
    """(m,) 1 for a wrong class, else the absolute error in the label's own unit.

    Args:    outputs: (m, c) scores of the classes, or (m, 1) predicted numbers.   classes: whether they are classes.
             codes: (m,) class codes, or numbers; a code that no class has, such as -1, is always wrong.
    """
    if classes:
        return (outputs.argmax(axis=1) != codes).astype(np.float64)
    return np.abs(np.asarray(outputs, dtype=np.float64).reshape(-1) - codes)


def _t_interval(values: Floats, groups: Array | None, confidence: float) -> tuple[float, float, float]:
    error, count = clustered(values, groups)
    half = half_width(error, require_share(confidence, "confidence"), max(count - 1, 1))
    mean = float(values.mean())
    return mean - half, mean + half, mean


def _weighted_counts(wrong: Floats, groups: Array | None, weights: Array) -> tuple[float, float]:
    """(errors, rows) of flags (n,) as independent rows of equal weight would show them."""
    names = np.arange(len(wrong)) if groups is None else np.asarray(groups).astype(str)
    values = weighted_rows(wrong, weights)
    rate = float(np.clip(values.mean(), 0.0, 1.0))
    if 0.0 < rate < 1.0:
        return effective_counts(values, names)
    # Without a right and a wrong row nothing is known of the spread: the rows as Kish counts them.
    shares = np.bincount(np.unique(names, return_inverse=True)[1], weights=weights / weights.sum())
    rows = 1.0 / float(np.square(shares).sum())
    return rate * rows, rows


def _pair(outputs: Any, numbers: Any) -> tuple[Floats, Floats]:
    predicted, given = as_numbers(outputs, "outputs", finite=True), as_numbers(numbers, "numbers", finite=True)
    if len(predicted) != len(given) or len(given) < 2:
        raise InputError(
            "an interval for the error needs one prediction per label and at least two rows",
            where="outputs and numbers",
            got=f"{len(predicted)} predictions, {len(given)} labels",
            fix="pass arrays (n,) of equal length",
        )
    return predicted, given
