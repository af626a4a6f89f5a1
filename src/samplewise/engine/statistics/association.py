"""Whether predictions follow the labels: one number per row, whose mean is the association."""

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats
from samplewise.engine.statistics.means import clustered
from samplewise.engine.statistics.significance import p_value_above


def discrimination_rows(outputs: Floats, truth: Floats) -> Floats:
    """(n,) numbers whose mean is cov(outputs, truth) / var(truth), summed over the c columns of both (n, c).

    Their spread is that of the ratio at its own value (delta method).   Source: yates1982.

    >>> float(discrimination_rows(np.eye(2)[[0, 1, 1]], np.eye(2)[[0, 1, 1]]).mean().round(6))
    1.0
    """
    centered = truth - truth.mean(axis=0)
    spread = float(np.square(centered).sum(axis=1).mean()) or 1.0
    together = np.sum(centered * (outputs - outputs.mean(axis=0)), axis=1) / spread
    slope = float(together.mean())
    return np.asarray(slope + together - slope * np.square(centered).sum(axis=1) / spread)


def rank_correlation_rows(one: Array, other: Array) -> Floats:
    """(n,) products of the standardized ranks of two numbers per row; their mean is Spearman's rank correlation.

    >>> float(rank_correlation_rows(np.arange(9.0), np.arange(9.0) ** 3).mean().round(6))
    1.0
    """
    first, second = standard_ranks(one), standard_ranks(other)
    return np.asarray(first * second)


def p_value_of_mean(rows: Floats, groups: Array | None = None) -> float:
    """One-sided p-value of "the mean of these rows (n,) is at most 0"; rows of a group (n,) count as one observation.

    >>> p_value_of_mean(np.array([1.0, 2.0, 1.0, 2.0])) < 0.01
    True
    """
    error, count = clustered(rows, groups)
    return p_value_above(float(rows.mean()), error, max(count - 1, 1))


def standard_ranks(values: Array) -> Floats:
    """Ranks of values (n,), ties shared, with mean 0 and deviation 1; zeros where all values are the same.

    >>> standard_ranks(np.array([5.0, 9.0]))
    array([-1.,  1.])
    """
    ranks = stats.rankdata(values)
    return np.asarray((ranks - ranks.mean()) / (ranks.std() or 1.0))
