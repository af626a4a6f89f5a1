"""From the per-row differences of all repeats to estimates, and to what may be said of a remedy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.rates import percent
from samplewise.core.texts import count_of
from samplewise.core.units import LABEL_UNIT, LOWER_ERROR
from samplewise.core.values import Estimate, with_unit
from samplewise.engine.models.metrics import Metric
from samplewise.engine.models.row_losses import weighted_rows
from samplewise.engine.refits.remedy_arms import RepeatEffects
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.statistics.intervals import CONFIDENCE, quantile, share_interval
from samplewise.engine.statistics.looks import (
    HELPS_LEVEL,
    HURTS_LEVEL,
    MARGIN,
    Decision,
    Seen,
    repeats_settle,
    rows_needed,
)
from samplewise.engine.statistics.repeated_means import RepeatedMean, combined_mean, repeated_mean

FEW_GROUPS, SURE = 20, 4.0  # with fewer groups the word takes so many standard errors
FEW_SHARE, HALF = 0.01, 0.5  # an effect rests on few rows where a hundredth of them hold half of its spread
MANY = 1e8  # rows; an effect that takes more is next to none
ONE_ONLY = "found only on all rows: in most parts of them the rule finds nothing, so it cannot be tested"
SOURCE = (
    "nested test of the rule: re-run in every training part, both arms scored on all held-out rows with given labels"
)


@dataclass(slots=True, eq=False)
class Tally:
    """What all repeats so far say of one remedy."""

    saves: bool
    found: list[RepeatEffects] = field(default_factory=list)
    word: Decision = ""
    refused: str = ""  # why it cannot be carried out in every part

    def values(self, kind: str) -> Floats:
        """(R, n) differences of a kind: "effect", "beyond", "control", "before" or "beside"."""
        return np.concatenate([getattr(repeat, kind) for repeat in self.found])

    def corrected(self, rate: int) -> Floats:
        """(R, n) the effect on true labels, at one of three noise rates."""
        return np.concatenate([repeat.corrected[rate] for repeat in self.found])

    @property
    def has_corrected(self) -> bool:
        """Whether effects on true labels were asked for."""
        return len(self.found[0].corrected) > 0

    @property
    def evaluated(self) -> int:
        """How many rows were evaluated in any repeat."""
        return int((~np.isnan(self.values("effect"))).any(axis=0).sum())

    def folds(self) -> Ints:
        """(R, n) which models evaluated a row."""
        return np.concatenate([repeat.folds for repeat in self.found])

    @property
    def share(self) -> float:
        """Share of the training rows that changed, mean over parts."""
        return float(np.mean([repeat.shares.mean() for repeat in self.found]))

    @property
    def mostly_idle(self) -> bool:
        """Whether the rule finds nothing to change in more than half of the parts."""
        return bool((np.concatenate([repeat.shares for repeat in self.found]) == 0).mean() > HALF)


@dataclass(frozen=True, eq=False)
class Judge:
    """From per-row differences to estimates and words.

    Args:
        metric: what was scored.
        units: (N,) rows that count as one observation, or None.
        weights: (N,) how much each row counts, or None.
        point: one point of the metric, in its unit.
        points: a difference of at most so many is not worth acting on.
    """

    metric: Metric
    units: Array | None
    weights: Array | None
    point: float = 1.0
    points: float = MARGIN

    @property
    def margin(self) -> float:
        """A difference of at most so much, in the metric's unit, is not worth acting on."""
        return self.points * self.point

    @cached_property
    def groups(self) -> int | None:
        """How many groups there are; None where every row is its own."""
        return None if self.units is None else len(np.unique(self.units.astype(str)))

    def mean(self, tally: Tally, kind: str, without: Ints | None = None) -> RepeatedMean:
        """Mean of one kind of difference: "effect", "beyond", "control", "before" or "beside"."""
        return self._mean(tally, tally.values(kind), without)

    def combined(self, designs: Sequence[tuple[float, Floats, Ints]]) -> RepeatedMean:
        """A sum of factors times means of the same rows, measured in designs of their own: values and folds (R, n)."""
        return combined_mean([(factor, self._weighed(values), folds) for factor, values, folds in designs], self.units)

    def _weighed(self, values: Floats) -> Floats:
        """(R, n) values whose plain mean is the weighted one."""
        return values if self.weights is None else np.stack([weighted_rows(each, self.weights) for each in values])

    def _mean(self, tally: Tally, values: Floats, without: Ints | None = None) -> RepeatedMean:
        if without is not None:
            values = values.copy()
            values[:, without] = np.nan
        mean = replace(repeated_mean(self._weighed(values), tally.folds(), self.units), count=len(tally.found))
        few = self.groups is not None and self.groups < FEW_GROUPS
        return replace(mean, freedom=min(mean.freedom, float(max(self.groups or 0, 2) - 1))) if few else mean

    def seen(self, tally: Tally, without: Ints | None = None) -> Seen:
        """The effect, and what is beyond that of a random remedy."""
        effect, beyond = (self.mean(tally, kind, without) for kind in ("effect", "beyond"))
        evaluated = tally.evaluated or 1
        independent = min(evaluated, self.groups or evaluated)
        unseen = self.point * float(percent(share_interval(0, independent, CONFIDENCE)[1]))
        return Seen(effect, beyond, tally.saves, unseen)

    def doubt(self, tally: Tally, seen: Seen) -> str:
        """Why a word that the p-value gives may not be said, or ""."""
        if tally.mostly_idle:
            return ONE_ONLY
        near = abs(seen.effect.value) <= SURE * seen.effect.error
        if near and self.groups is not None and self.groups < FEW_GROUPS:
            return f"only {count_of(self.groups, 'independent group')}, of which each weighs much"
        few = self.few_rows(tally)
        if few is None:
            return ""
        others = self.seen(tally, without=few)
        level = HELPS_LEVEL if seen.effect.value > 0 else HURTS_LEVEL
        p_value = others.p_helps if seen.effect.value > 0 else others.p_hurts
        return "" if p_value < level else f"it rests on {count_of(len(few), 'row')} with very large differences"

    def few_rows(self, tally: Tally) -> Ints | None:
        """Of numbers: the hundredth of the rows that holds half of the sum of squares, or None."""
        if self.metric.task != "regression":
            return None
        values = tally.values("effect")
        known = np.flatnonzero(~np.isnan(values).all(axis=0))
        squares = np.square(np.nanmean(values[:, known], axis=0))
        most = int(FEW_SHARE * len(squares))
        largest = np.argsort(-squares, kind="stable")[:most]
        heavy = most > 0 and squares[largest].sum() > HALF * squares.sum()
        return np.asarray(known[largest]) if heavy else None

    def open_question(self, tally: Tally, seen: Seen) -> str:
        """Why nothing was decided, and what would decide it."""
        effect = seen.effect
        if doubt := self.doubt(tally, seen):
            return doubt
        if not effect.error > 0:
            return "no evaluated row was predicted otherwise"
        if effect.p_value_above() < HELPS_LEVEL <= seen.beyond.p_value_above():
            return "no better than the same change of random rows"
        unit = LABEL_UNIT if self.metric.unit == LOWER_ERROR else self.metric.unit
        if tally.saves:
            loss = seen.half_width(HURTS_LEVEL) - effect.value
            return f"a loss of up to {with_unit(loss, unit)} is not ruled out"
        inside = abs(effect.value) + quantile(1.0 - HELPS_LEVEL) * math.sqrt(effect.rows) < self.margin
        if not repeats_settle(effect) and not inside:
            half = quantile(0.5 + CONFIDENCE / 2.0) * math.sqrt(effect.rows)
            rows = rows_needed(effect, tally.evaluated)
            wanted = f"about {count_of(round(rows), 'row')}" if rows < MANY else "more rows than can be had"
            return f"more repeats would not help, the rows alone leave ± {with_unit(half, unit)}: it takes {wanted}"
        seen_at = f"an effect of {with_unit(seen.detectable, unit)} would have been seen"
        return f"{seen_at}; more repeats would show a smaller one"

    def corrected(self, tally: Tally) -> Estimate:
        """The effect as it would be on true labels; NaN where that cannot be said."""
        kinds = [tally.corrected(rate) for rate in range(3)] if tally.has_corrected else []
        if not kinds:
            return Estimate("corrected_effect", math.nan)
        at_rate, low, high = (self._mean(tally, each) for each in kinds)
        of_rate = (high.value - low.value) / (2.0 * quantile(0.5 + CONFIDENCE / 2.0))
        half = quantile(0.5 + CONFIDENCE / 2.0, at_rate.freedom) * math.hypot(at_rate.error, of_rate)
        return Estimate(
            "corrected_effect", at_rate.value, at_rate.value - half, at_rate.value + half, self.metric.unit,
            CONFIDENCE, SOURCE, "as it would be on true labels, if labels are wrong as they seem to be",
        )  # fmt: skip

    def estimate(self, quantity: str, mean: RepeatedMean, unit: str = "") -> Estimate:
        """A mean with its 95 % interval."""
        half = mean.half_width(0.5 + CONFIDENCE / 2.0)
        low, high = mean.value - half, mean.value + half
        return Estimate(quantity, mean.value, low, high, unit or self.metric.unit, CONFIDENCE, SOURCE)


def units_of(runner: FitRunner, ordered: bool) -> Array | None:
    """(N,) rows that count as one observation: groups; along time, blocks of about the cube root of all rows."""
    if runner.groups is not None or not ordered or runner.data.time is None:
        return runner.groups
    order = np.argsort(np.asarray(runner.data.time), kind="stable")
    length = max(round(len(order) ** (1.0 / 3.0)), 1)
    blocks = np.empty(len(order), dtype=np.intp)
    blocks[order] = np.arange(len(order)) // length
    return blocks
