"""A difference of two means in two parts: what moved with the rows, and what rows alike no longer share."""

from typing import NamedTuple

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.engine.statistics.means import mean_and_error

Groups = tuple[Array | None, Array | None]


class MeanPart(NamedTuple):
    """A part of a difference of means, and its standard error."""

    value: float
    error: float


def moved_part(
    losses: Floats, weights: Floats, expected: Floats, there: Floats, groups: Groups = (None, None)
) -> MeanPart:
    """By how much the mean would change if the first sample's rows were as frequent as in the second.

    mean(there) + mean(w (losses - expected)) - mean(losses): right where either the weights or the expected losses are.

    Args:
        losses: (n,) of the first sample.
        weights: (n,) with mean 1 that make the first sample like the second.
        expected: (n,) losses that a model fitted on other rows expects.
        there: (m,) the same of the second sample.
        groups: rows that count as one observation, of either sample.

    Returns: in the unit of the losses; the error takes weights and model as given.
    Cost:    O(n + m).   Source: robins1994.

    >>> moved_part(np.array([0.0, 1.0]), np.array([0.5, 1.5]), np.array([0.0, 1.0]), np.array([1.0, 0.5])).value
    0.25
    """
    residual = weights * (losses - expected)
    value = float(there.mean() + residual.mean() - losses.mean())
    first = _centered(residual, weights) - losses
    return MeanPart(value, _joint(first, there, groups))


def remaining_part(
    losses: Floats, weights: Floats, expected: Floats, there: Floats, second: Floats, groups: Groups = (None, None)
) -> MeanPart:
    """The rest of the difference: mean of the second sample minus that of the first, less `moved_part`.

    Args:    as `moved_part`; second: (m,) losses of the second sample, NaN where they are not known.
    Returns: in the unit of the losses.   Cost: O(n + m).   Source: robins1994.
    """
    known = ~np.isnan(second)
    residual = weights * (losses - expected)
    mean = float(second[known].mean())
    drawn = np.where(known, second - mean, 0.0) / known.mean() - there
    return MeanPart(float(mean - there.mean() - residual.mean()), _joint(_centered(residual, weights), drawn, groups))


def _centered(residual: Floats, weights: Floats) -> Floats:
    """What every row adds to a mean with weights that were divided by their own mean."""
    return residual - weights * residual.mean()


def _joint(first: Floats, second: Floats, groups: Groups) -> float:
    """Standard error of the sum of the means of two independent samples."""
    return float(np.hypot(mean_and_error(first, groups[0])[1], mean_and_error(second, groups[1])[1]))
