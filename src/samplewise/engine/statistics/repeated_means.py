"""The mean of per-row values measured again and again on redrawn folds; rows that one model evaluates share its luck.

A row's value in repeat r is m_i + h + e: what is true of the row, the luck of the models that evaluated its fold, and
the rest. Averaging over repeats removes the last two; only more rows remove the first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.engine.statistics.intervals import quantile
from samplewise.engine.statistics.means import summed_by_group
from samplewise.engine.statistics.significance import p_value_above

FEW_ROWS = 100  # below so many, the degrees of freedom are at most a fifth of the rows


@dataclass(frozen=True, slots=True)
class RepeatedMean:
    """A mean over rows and repeats, and where its uncertainty comes from.

    Args:
        value: mean over rows of each row's mean over repeats.
        rows: variance of the mean that more repeats cannot remove: which rows happened to be drawn.
        repeats: variance of the mean that would vanish with ever more repeats.
        luck: variance of the luck that all rows evaluated by one model share.
        count: repeats behind it.
        freedom: degrees of freedom of the standard error.
    """

    value: float
    rows: float
    repeats: float
    luck: float
    count: int
    freedom: float

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return math.sqrt(self.rows + self.repeats)

    def half_width(self, probability: float) -> float:
        """So many standard errors that the mean stays below its truth plus this with that probability."""
        return quantile(probability, self.freedom) * self.error

    def p_value_above(self, value: float = 0.0) -> float:
        """One-sided p-value of "the truth is at most `value`"; 1 where nothing varies and nothing is seen."""
        if not self.error > 0:
            return float(self.value <= value)
        return p_value_above(self.value - value, self.error, self.freedom)

    def p_value_below(self, value: float = 0.0) -> float:
        """One-sided p-value of "the truth is at least `value`"."""
        if not self.error > 0:
            return float(self.value >= value)
        return p_value_above(value - self.value, self.error, self.freedom)

    def minus(self, other: "RepeatedMean") -> "RepeatedMean":
        """The difference to the mean of other, independent rows; Satterthwaite's degrees of freedom."""
        own, theirs = np.square(self.error), np.square(other.error)
        parts = own**2 / self.freedom + theirs**2 / other.freedom
        freedom = float((own + theirs) ** 2 / parts) if parts > 0 else math.inf
        return RepeatedMean(
            self.value - other.value, self.rows + other.rows, self.repeats + other.repeats, self.luck + other.luck,
            min(self.count, other.count), freedom,
        )  # fmt: skip

    def error_after(self, count: int) -> float:
        """Standard error that the same mean would have after so many repeats."""
        return math.sqrt(self.rows + self.repeats * self.count / count)


def repeated_mean(values: Floats, folds: Ints, groups: Array | None = None) -> RepeatedMean:
    """Mean over n rows and R repeats, with a variance that knows which rows the same model evaluated.

    Args:
        values: (R, n), NaN for a row that was not evaluated in a repeat.
        folds: (R, n) fold of every row in every repeat; the same model evaluated rows of one fold.
        groups: (n,) rows that count as one observation and share their folds, or None.

    Returns:
        `RepeatedMean`. With one repeat the luck of the models cannot be told from that of the rows: the variance is the
        larger of that over rows and that over folds, with as many degrees of freedom as there are folds but one.

    Cost: O(R n).   Source: docs/tested-advice.md; a two-way variance decomposition, Satterthwaite's degrees of freedom.
    """
    known = ~np.isnan(values).all(axis=0)
    values, folds = values[:, known], folds[:, known]
    groups = None if groups is None else groups[known]
    if values.shape[1] == 0:
        return RepeatedMean(0.0, 0.0, 0.0, 0.0, len(values), math.inf)
    seen = ~np.isnan(values)
    times = seen.sum(axis=0)
    own = np.nansum(values, axis=0) / times
    value, size = float(own.mean()), values.shape[1]
    between = summed_by_group(own - value, groups)
    units = len(between)
    spread = float(np.sum(np.square(between))) * units / max(units - 1, 1) / size**2
    if len(values) == 1:
        return _once(values[0] - value, folds[0], value, spread)
    rest = np.where(seen, values - own, 0.0)
    # Each deviation from a mean over `times` repeats is smaller than one from the truth by (times - 1) / times.
    larger = np.where(times > 1, times / np.maximum(times - 1, 1), 0.0)
    within, shared, pairs = 0.0, 0.0, 0.0
    for repeat in range(len(values)):
        scaled = rest[repeat] * np.sqrt(larger) / times
        sums = summed_by_group(scaled, groups)
        within += float(np.sum(np.square(sums)))
        together, couples = _pairs(scaled, seen[repeat] / times, folds[repeat], groups)
        shared, pairs = shared + together, pairs + couples
    models = len(np.unique(folds[0][seen[0]])) or 1
    repeats = float(times.mean())
    narrowing = 1.0 - (1.0 - 1.0 / models) / repeats
    luck = max(0.0, shared / pairs / narrowing) if pairs > 0 else 0.0
    conditional = (within + luck * pairs) / size**2
    rows = max(0.0, spread - within / size**2)
    variance = rows + conditional
    parts = conditional**2 / max((repeats - 1.0) * models, 1.0) + rows**2 / max(units - 1, 1)
    freedom = variance**2 / parts if parts > 0 else math.inf
    return RepeatedMean(value, rows, conditional, luck, len(values), _at_most(freedom, size))


def combined_mean(designs: Sequence[tuple[float, Floats, Ints]], groups: Array | None = None) -> RepeatedMean:
    """A sum of factors times means of the same n rows, each mean measured in repeats of its own.

    What repeats remove is independent between the designs. What the rows do is not: rows of a large effect in one
    design have a large one in the other, and the covariance of their means over rows says how much so.

    Args:
        designs: (factor, values (R, n), folds (R, n)) of every mean, as in `repeated_mean`.
        groups: (n,) rows that count as one observation, or None.

    Returns:
        `RepeatedMean` over the rows that every design evaluated; its luck is that of the first design.
    """
    known = np.all([~np.isnan(values).all(axis=0) for _, values, _ in designs], axis=0)
    groups = None if groups is None else groups[known]
    means = [repeated_mean(values[:, known], folds[:, known], groups) for _, values, folds in designs]
    factors = [factor for factor, _, _ in designs]
    own = [np.nanmean(values[:, known], axis=0) for _, values, _ in designs]
    sums = [summed_by_group(each - each.mean(), groups) for each in own]
    units = len(sums[0])
    rows = sum(factor**2 * mean.rows for factor, mean in zip(factors, means, strict=True))
    for (factor, one), (other_factor, other) in combinations(list(zip(factors, sums, strict=True)), 2):
        rows += 2.0 * factor * other_factor * float(one @ other) * units / max(units - 1, 1) / len(own[0]) ** 2
    rows = max(0.0, rows)
    parts = [factor**2 * mean.repeats for factor, mean in zip(factors, means, strict=True)]
    variance = rows + sum(parts)
    freedoms = [max((len(values) - 1.0) * len(np.unique(folds[0])), 1.0) for _, values, folds in designs]
    shares = sum(part**2 / each for part, each in zip(parts, freedoms, strict=True)) + rows**2 / max(units - 1, 1)
    return RepeatedMean(
        sum(factor * mean.value for factor, mean in zip(factors, means, strict=True)), rows, sum(parts), means[0].luck,
        min(mean.count for mean in means), _at_most(variance**2 / shares if shares > 0 else math.inf, len(own[0])),
    )  # fmt: skip


def _once(centered: Floats, folds: Ints, value: float, spread: float) -> RepeatedMean:
    """One repeat: the variance is that over rows or that over folds, whichever is larger."""
    numbers, member, counts = np.unique(folds, return_inverse=True, return_counts=True)
    models = len(numbers)
    means = np.bincount(member, weights=centered) / counts
    by_fold = float(means.var(ddof=1)) / models if models > 1 else 0.0
    variance = max(spread, by_fold)
    luck = max(0.0, (variance - spread) * models)
    return RepeatedMean(value, spread, variance - spread, luck, 1, _at_most(float(max(models - 1, 1)), len(centered)))


def _pairs(values: Floats, weights: Floats, folds: Ints, groups: Array | None) -> tuple[float, float]:
    """Sum of the products of all pairs of one fold (of different groups), of values (n,) and of their weights (n,)."""
    sums, totals = (np.bincount(folds, weights=each) for each in (values, weights))
    alone = [summed_by_group(each, groups) for each in (values, weights)]
    products = float(np.sum(np.square(sums)) - np.sum(np.square(alone[0])))
    return products, float(np.sum(np.square(totals)) - np.sum(np.square(alone[1])))


def _at_most(freedom: float, rows: int) -> float:
    """Few rows are skewed and lumpy: then no more degrees of freedom than a fifth of them."""
    return min(freedom, max(rows / 5.0, 1.0)) if rows < FEW_ROWS else freedom
