"""The change of a model's error between two places, in two accounts: by the rows, and by the shares of the classes."""

from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.rates import percent_text
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset, missing
from samplewise.data.targets import Target, class_codes
from samplewise.engine.models.row_losses import ErrorScale, median_error, row_losses
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width, share_interval
from samplewise.engine.statistics.means import effective_counts, mean_and_error
from samplewise.engine.statistics.reweighted import Groups, MeanPart, moved_part, remaining_part
from samplewise.engine.statistics.two_samples import rank_test
from samplewise.shift.compared_rows import ComparedRows
from samplewise.shift.domain_classifier import importance_weights
from samplewise.shift.expected_loss import expected_losses

LEAST_SHARE = 0.1  # of the source rows that the reweighted ones must be worth
LARGEST_AUC = 0.99  # of telling the sides apart
CUT = 0.995  # quantile of the source's errors of numbers, at which errors are cut: a mean without has no sure interval
FEWEST_LABELED = 2
UNSEEN = "the target rows have no labels"


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """What both accounts are computed from.

    Args:
        both: n source rows and m target rows, without columns that give the place away.
        target: labels of the source rows.
        losses: (n,) of the source rows.
        second: (m,) of the target rows, NaN where the label is not known.
        codes: (m,) codes of the target rows' labels, -1 for a class the source lacks; None for numbers.
        sure: (n + m,) how clearly the model decided; None for numbers.
        confidence: of every interval.
    """

    both: ComparedRows
    target: Target
    losses: Floats
    second: Floats
    codes: Ints | None
    sure: Floats | None
    confidence: float = CONFIDENCE

    @property
    def scale(self) -> ErrorScale:
        """How errors are read."""
        return ErrorScale.of(self.target)

    @property
    def n_labels(self) -> int:
        """Target rows whose label is known."""
        return int((~np.isnan(self.second)).sum())

    @property
    def labeled(self) -> bool:
        """Whether labels of the target are known."""
        return self.n_labels >= FEWEST_LABELED

    @property
    def _groups(self) -> Groups:
        return self.both.rows.groups, self.both.held.groups

    def errors(self) -> tuple[Estimate, Estimate, Estimate]:
        """The error of the source, that of the target, and their difference; the latter two need labels."""
        names = ("target_error", "change_of_error")
        here = self._error("source_error", self.losses, self._groups[0])
        if not self.labeled:
            lacking = [self.unknown(name, UNSEEN) for name in names]
            return self.scale.error(here), lacking[0], lacking[1]
        there = self._error(names[0], self.second, self._groups[1])
        value = there.value - here.value
        if self.target.classes is None:
            half = float(np.hypot(here.high - here.value, there.high - there.value))
            change = Estimate(names[1], value, value - half, value + half, "", self.confidence, "", "approximate")
        else:  # limits of either side at half of the miss, so that both hold together
            wide = 1.0 - (1.0 - self.confidence) / 2.0
            first = self._error("", self.losses, self._groups[0], wide)
            other = self._error("", self.second, self._groups[1], wide)
            low, high = other.low - first.high, other.high - first.low
            change = Estimate(names[1], value, low, high, "", self.confidence, "clopper1934")
        return self.scale.error(here), self.scale.error(there), self.scale.difference(change)

    def by_rows(self, apart: str = "") -> tuple[Estimate, Estimate]:
        """What other rows bring, and the rest; `apart` says why that cannot be told, where it is known."""
        names, count = ("covariate_part", "concept_part"), len(self.losses)
        weights, share = importance_weights(self.both.chances[:count])
        if reason := apart or self._no_overlap(share):
            return self.unknown(names[0], reason), self.unknown(names[1], reason if self.labeled else UNSEEN)
        matrix, codes = self.both.matrix, self.both.categorical
        if self.sure is not None:
            matrix, codes = np.column_stack([matrix, self.sure]), np.r_[codes, False]
        expected = expected_losses(matrix, codes, self.losses, self.both.sides, self.both.seed)
        given = (self.losses, weights, expected[:count], expected[count:])
        moved = self._estimate(names[0], moved_part(*given, self._groups))
        if not self.labeled:
            return moved, self.unknown(names[1], UNSEEN)
        return moved, self._estimate(names[1], remaining_part(*given, self.second, self._groups))

    def by_classes(self) -> tuple[Estimate, Estimate]:
        """What other shares of the classes bring, and the rest; over the labeled target rows."""
        names, codes, classes = ("label_part", "rest_beside_the_label_part"), self.target.codes, self.target.classes
        labeled = ~np.isnan(self.second)
        reason = "" if self.labeled else UNSEEN
        if self.codes is None or classes is None:
            reason = "numbers have no classes"
        elif not reason and not np.isin(self.codes[labeled], codes).all():
            reason = "the target has classes that the source lacks"
        if reason or self.codes is None or classes is None:
            return self.unknown(names[0], reason), self.unknown(names[1], reason)
        there, size = self.codes[labeled], len(classes)
        here, now = np.bincount(codes, minlength=size), np.bincount(there, minlength=size)
        weights = (now / now.sum())[codes] / (here / here.sum())[codes]
        by_class = np.bincount(codes, self.losses, size) / np.maximum(here, 1)
        groups = self._groups[0], None if self._groups[1] is None else self._groups[1][labeled]
        given = (self.losses, weights, by_class[codes], by_class[there])
        rest = remaining_part(*given, self.second[labeled], groups)
        return self._estimate(names[0], moved_part(*given, groups)), self._estimate(names[1], rest)

    def unknown(self, name: str, reason: str) -> Estimate:
        """A difference that is not known, and why."""
        return self.scale.difference(Estimate(name, np.nan, reason=reason))

    def _no_overlap(self, share: float) -> str:
        """Why the rows of the source say nothing about those of the target; "" where they do."""
        sides, chances = self.both.sides, self.both.chances
        if rank_test(chances[sides.tested(False)], chances[sides.tested(True)]).auc >= LARGEST_AUC:
            return "source and target rows hardly overlap: a classifier tells nearly every pair apart"
        if share < LEAST_SHARE:
            worth = percent_text(share, ".2g")
            return f"source and target rows hardly overlap: the reweighted source is worth {worth} of its rows"
        return ""

    def _error(self, name: str, losses: Floats, groups: Array | None, confidence: float = 0.0) -> Estimate:
        """Mean of the known losses; Clopper-Pearson of wrong classes, approximate for numbers."""
        confidence = confidence or self.confidence
        known = ~np.isnan(losses)
        groups = None if groups is None else groups[known]
        mean, error = mean_and_error(losses[known], groups)
        if self.target.classes is None:
            half = float(half_width(error, confidence))
            return Estimate(name, mean, max(mean - half, 0.0), mean + half, "", confidence, "", "approximate")
        low, high = share_interval(*effective_counts(losses[known], groups), confidence)
        return Estimate(name, mean, float(low), float(high), "", confidence, "clopper1934")

    def _estimate(self, name: str, part: MeanPart) -> Estimate:
        half = float(half_width(part.error, self.confidence))
        numbers = (part.value, part.value - half, part.value + half)
        return self.scale.difference(Estimate(name, *numbers, "", self.confidence, "robins1994", "approximate"))


def accounts_of(
    both: ComparedRows, target: Target, here: Floats, there: Floats, confidence: float = CONFIDENCE
) -> Accounts:
    """Accounts of a model that saw neither side, by its outputs (n, c) and (m, c).

    Source rows that no model could predict (the first in time) count as the mean of the others.
    """
    losses = row_losses(here, target)
    losses = np.where(np.isfinite(losses), losses, np.nanmean(losses))
    second, codes = _losses_there(both.held, target, there)
    if target.classes is None:
        cut = float(np.quantile(losses, CUT))
        return Accounts(both, target, np.minimum(losses, cut), np.minimum(second, cut), None, None, confidence)
    two = np.sort(np.nan_to_num(np.concatenate([here, there])), axis=1)[:, -2:]
    return Accounts(both, target, losses, second, codes, two[:, 1] - two[:, 0], confidence)


def _losses_there(held: Dataset, target: Target, outputs: Floats) -> tuple[Floats, Ints | None]:
    """(m,) losses of the target rows, NaN without a label, and codes of their classes; a new class is always missed."""
    absent = np.ones(len(held), dtype=bool) if held.y is None else missing(held.y)
    if target.classes is None:
        if absent.all() or held.y is None:
            return np.full(len(held), np.nan), None
        numbers = target.codes_of(np.asarray(held.y), held.ids, "the target rows")
        return np.abs(outputs[:, 0].astype(np.float64) - numbers) / median_error(target.codes), None
    codes = np.full(len(held), -1, dtype=np.intp)
    if held.y is not None:
        codes[~absent] = class_codes(np.asarray(held.y)[~absent], target.classes)
    return np.where(absent, np.nan, (outputs.argmax(axis=1) != codes).astype(np.float64)), codes
