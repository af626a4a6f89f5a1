"""Whether a probability of .8 comes true in 80 % of the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count, require_share
from samplewise.core.randomness import generator
from samplewise.core.results import Result, Table
from samplewise.core.values import Estimate, Exhibit, numbers_table
from samplewise.data.conversions import as_classes, as_numbers
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import mean_and_error
from samplewise.engine.statistics.resampling import reflected_interval
from samplewise.engine.statistics.significance import simulated_p_value

LEAST_IN_BIN = 25
DRAWS = 400


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationError(Result):
    """How far confidences are from what comes true, over all rows and by bin."""

    error: Estimate  # expected calibration error, points
    excess: Estimate  # mean confidence minus accuracy, points: above 0 overconfident
    brier: Estimate  # mean squared error of the probabilities, summed over classes, 0..2
    p_value: float  # chance of an error this large if every probability were right
    reliability: Exhibit  # confidence, accuracy, low, high, count by bin

    def _sentences(self) -> Iterable[str]:
        lean = "over" if self.excess.value > 0 else "under"
        yield f"Confidences are off by {self.error.without_reason()} on average, {lean}confident by"
        yield f"{self.excess.without_reason()}; p = {self.p_value:.2g} that every probability is right."

    def _table(self) -> Table:
        return numbers_table(self.error, self.excess, self.brier, p_value=(self.p_value, ""))


@checked
def calibration_error(
    probabilities: Any,  # (n, c)
    codes: Any,  # (n,)
    *,
    n_bins: int = 15,
    confidence: float = 0.95,
    seed: int = 0,
) -> CalibrationError:
    """Expected calibration error of the top class in points, with interval, Brier score and reliability table.

    sum over bins of (rows in bin / n) |accuracy - mean confidence|, bins of equal size and at least 25 rows. A small
    sample shows an error where there is none, so what right probabilities would show is taken off (never below 0).

    Args:
        probabilities: (n, c) probabilities of models that did not see the row.
        codes: (n,) class of every row.
        n_bins: at most so many.
        confidence: of the intervals.
        seed: of the bootstrap.

    Returns:
        `CalibrationError`; larger errors mean worse.

    Raises:
        InputError: shapes that do not fit, or entries that are not probabilities.

    Cost: 800 passes over the rows.   Not for: ranking models (a useless one may be calibrated).
    Source: naeini2015, brier1950, guo2017.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(0.5, 1, 4000)
    >>> calibration_error(np.column_stack([p, 1 - p]), (rng.random(4000) > p).astype(int)).error.value < 1.5
    True
    """
    confidence, n_bins = require_share(confidence, "confidence"), require_count(n_bins, "n_bins", usual=15)
    probabilities, codes = _checked(probabilities, codes)
    top = probabilities.argmax(axis=1)
    stated, right = probabilities[np.arange(len(probabilities)), top], (top == codes).astype(np.float64)
    # Sorted by content, so that neither bins nor bootstrap depend on the order the rows came in.
    order = np.lexsort((right, stated))
    stated, right = stated[order], right[order]
    member = _bins(stated, n_bins)
    count = np.bincount(member)
    null = _null_errors(stated, member, count, seed)
    observed = _error(right - stated, member, count)
    value = max(observed - float(null.mean()), 0.0)
    low, high = _interval(right - stated, member, count, confidence, seed)
    low, high = min(max(low, 0.0), value), max(high, value)
    p_value = float(simulated_p_value(observed, null))
    square = np.sum(np.square(probabilities), axis=1) - 2.0 * probabilities[np.arange(len(probabilities)), codes] + 1.0
    return CalibrationError(
        Estimate("calibration_error", 100 * value, 100 * low, 100 * high, "points", confidence, "naeini2015"),
        _mean("excess_confidence", 100.0 * (stated - right), "points", confidence),
        _mean("brier", square, "squared probability", confidence),
        p_value,
        _table(stated, right, member, confidence),
    )


def _error(gaps: Floats, member: Ints, count: Ints) -> float:
    return float(np.abs(np.bincount(member, weights=gaps, minlength=len(count))).sum() / count.sum())


def _null_errors(confidence: Floats, member: Ints, count: Ints, seed: int) -> Floats:
    """(draws,) errors seen if every row came true with exactly its probability."""
    draw = generator(seed, "calibrated")
    rows = len(confidence)
    return np.array([_error((draw.random(rows) < confidence) - confidence, member, count) for _ in range(DRAWS)])


def _interval(gaps: Floats, member: Ints, count: Ints, confidence: float, seed: int) -> tuple[float, float]:
    """Basic bootstrap interval: resampling adds the part due to chance once more, and the reflection takes it off."""
    draw = generator(seed, "calibration")
    rows, drawn = len(gaps), np.empty(DRAWS)
    for number in range(DRAWS):
        chosen = draw.integers(0, rows, rows)
        drawn[number] = np.abs(np.bincount(member[chosen], weights=gaps[chosen], minlength=len(count))).sum() / rows
    return reflected_interval(_error(gaps, member, count), drawn, confidence)


def _bins(confidence: Floats, bins: int) -> Ints:
    """(n,) bin of sorted confidences: equal sizes, equal confidences in one bin."""
    number = max(1, min(bins, len(confidence) // LEAST_IN_BIN))
    edges = confidence[np.arange(1, number) * len(confidence) // number]
    return np.unique(np.searchsorted(edges, confidence, side="right"), return_inverse=True)[1].astype(np.intp)


def _table(stated: Floats, right: Floats, member: Ints, confidence: float) -> Exhibit:
    count = np.bincount(member)
    hits = np.bincount(member, weights=right)
    low, high = share_interval(hits, count, confidence)
    columns: dict[str, Array] = {
        "confidence": np.bincount(member, weights=stated) / count,
        "accuracy": hits / count,
        "low": low,
        "high": high,
        "count": count,
    }
    note = "On the diagonal a probability means what it says; below it the model is overconfident."
    return Exhibit("reliability", "How often a confidence comes true", columns, "share of rows", note)


def _mean(quantity: str, values: Floats, unit: str, confidence: float) -> Estimate:
    mean, error = mean_and_error(values)
    half = half_width(error, confidence)
    return Estimate(
        quantity, mean, mean - half, mean + half, unit, confidence, "brier1950" if quantity == "brier" else ""
    )


def _checked(P: Any, codes: Any) -> tuple[Floats, Ints]:
    probabilities, labels = as_numbers(P, "probabilities", 2, finite=True), as_classes(codes, "codes")
    fits = probabilities.ndim == 2 and labels.shape == probabilities.shape[:1] and len(labels) > 0
    if not fits or not (labels < probabilities.shape[1]).all():
        raise InputError(
            "calibration needs one row of probabilities per label and labels that are columns of it",
            where="probabilities and codes",
            got=f"P {probabilities.shape}, codes {labels.shape}",
            fix="pass P (n, c) and codes (n,) from 0 to c - 1",
        )
    if not (probabilities >= -1e-6).all() or not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3):
        raise InputError(
            "the entries of P are not probabilities",
            where="probabilities",
            got=f"from {probabilities.min():.3g} to {probabilities.max():.3g}",
            fix="pass rows that sum to 1, such as predict_proba gives",
        )
    return probabilities, labels
