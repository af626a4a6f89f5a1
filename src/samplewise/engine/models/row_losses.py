"""Loss of single rows in one unit for both tasks: 1 is a wrong class, or as bad as always answering the median."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import number_text
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.data.targets import Target

UNITS = {"classification": "error rate", "regression": "mean absolute error relative to the median baseline"}


def weighted_rows(values: Floats, weights: Array | None) -> Floats:
    """(n,) values whose plain mean and its standard error are those of the weighted mean of `values`; NaN stays NaN.

    m + w_i (v_i - m), the weights w (n,) scaled to a mean of 1 over the known rows and m the weighted mean. Values
    come back as they are without weights.

    >>> float(weighted_rows(np.array([0.0, 1.0]), np.array([1.0, 3.0])).mean())
    0.75
    """
    if weights is None:
        return values
    known = ~np.isnan(values)
    scaled = weights / weights[known].mean()
    mean = float(np.mean(scaled[known] * values[known]))
    return np.asarray(mean + scaled * (values - mean))


def median_error(labels: Array) -> float:
    """Mean absolute error of always answering the median of these numbers (n,); 1 where they are all equal.

    >>> median_error(np.array([1.0, 2.0, 6.0]))
    1.6666666666666667
    """
    return float(np.mean(np.abs(labels - np.median(labels)))) or 1.0


def row_losses(outputs: Array, target: Target, rows: Ints | None = None) -> Floats:
    """(r,) 1 for a wrong class, 0 for the right one; or the absolute error over the mean one of the median.

    Args:    outputs: (r, c) for the given rows; a row of NaN (no model could predict it) gets NaN.
             target: labels of all n rows.   rows: (r,) positions, default all.
    Returns: (r,), larger means worse; unit as in `UNITS`.
    Cost:    one pass.   Source: exact; no publication.
    """
    codes = target.codes if rows is None else target.codes[rows]
    known: Mask = np.asarray(np.isfinite(outputs).all(axis=1))
    if target.classes is not None:
        wrong = np.where(known[:, None], outputs, 0.0).argmax(axis=1) != codes
        return np.where(known, wrong.astype(np.float64), np.nan)
    return np.asarray(np.abs(outputs[:, 0].astype(np.float64) - codes) / median_error(target.codes))


@dataclass(frozen=True, slots=True)
class ErrorScale:
    """How a person reads what `row_losses` counts: errors of classes in percent, of numbers in the label's unit.

    `one` is the error, in the label's unit, that counts as a loss of 1; None where labels are classes.
    """

    one: float | None = None

    @classmethod
    def of(cls, target: Target) -> Self:
        """The scale of these labels."""
        return cls(None if target.classes is not None else median_error(target.codes))

    @property
    def axis(self) -> str:
        """The unit of numbers from `drawn`."""
        return "%" if self.one is None else LABEL_UNIT

    @property
    def point(self) -> float:
        """What counts as one point of a difference from `difference`."""
        return 1.0 if self.one is None else self.one / percent(1.0)

    def drawn(self, losses: Any) -> Any:
        """Losses as an axis or a column shows them: in percent, or in the label's unit."""
        return percent(losses) if self.one is None else losses * self.one

    def text(self, loss: float, form: str = ".3g") -> str:
        """A loss as a sentence carries it: `16.7 %`, or `2.31 in the label's unit`."""
        return percent_text(loss, form) if self.one is None else f"{self.number(loss)} {LABEL_UNIT}"

    def number(self, loss: float) -> str:
        """The same without its unit."""
        return f"{percent(loss):.3g}" if self.one is None else number_text(float(f"{loss * self.one:.3g}"))

    def error(self, losses: Estimate) -> Estimate:
        """A mean loss with its interval: a share of rows, or in the label's unit."""
        return replace(losses, unit="share of rows") if self.one is None else _times(losses, self.one, LABEL_UNIT)

    def difference(self, losses: Estimate) -> Estimate:
        """A difference of mean losses with its interval: in points, or in the label's unit."""
        if self.one is None:
            return _times(losses, percent(1.0), "points")
        return _times(losses, self.one, LABEL_UNIT)


def _times(estimate: Estimate, factor: float, unit: str) -> Estimate:
    value, low, high = (factor * number for number in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high, unit=unit)
