"""The cross-fitted posterior over true labels: what each label should be, and how likely the given one is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import key_hashes
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.engine.statistics.intervals import half_width
from samplewise.labels.chunked_rows import BlockedRows, log_probabilities
from samplewise.labels.noise import BEYOND_CHANCE, NoiseFit, class_posterior, fit_noise, wrong_and_suggested
from samplewise.labels.skills import class_skill, number_skill
from samplewise.labels.wrong_numbers import ResidualFit, fit_residuals

FLAGGED = 0.5  # a label is disputed when it is likelier wrong than right
AS_ACCURATE = 0.01  # a learner may join user-supplied predictions when it is at most this much less accurate
SCREEN = KernelHead(landmarks=500)  # finds the errors a thousand landmarks find, at less than half the cost
MUCH_BETTER = 0.1  # held-out accuracy by which the kernel head must be ahead to judge alone
HEAD_WEIGHT = 0.5  # of the kernel head's logits, added to those of a learner it screened for
FEWEST = 2  # rows every class keeps in the second round
LEAST_KEPT = 0.1  # share of the rows; a model that disputes more of the labels says nothing about them
UNLIKE = 0.5  # probability of the likeliest class below which no class fits well
REASONS = (
    "the held-out model agrees with the given label",
    "the held-out model is confident of another class",
    "the held-out model leans to another class",
    "no class fits this row well",
    "no model could be fitted without this row",
)
REASONS_NUMBER = (*REASONS[:1], "the label lies far outside what the held-out model expects", *REASONS[2:4], REASONS[4])


@dataclass(frozen=True, eq=False)
class LabelPosterior(Result):
    """What the other rows say about every label.

    Args:
        codes: (n,) given classes, or numbers for regression.
        wrong: (n,) probability that the given label is wrong; NaN where no model could be fitted without the row.
        suggested: (n,) likeliest class, -1 where unknown; for regression the held-out prediction.
        suggested_probability: (n,) its probability; NaN for regression.
        held_out: (n, c) class probabilities of the last round; for regression (n, 1) predictions. User-supplied
            predictions of a single round are `BlockedRows`, which compute their rows when they are read.
        noise_matrix: (c, c) P(given | true); (0, 0) for regression.
        noise_rate: share of labels that are wrong.
        likelihood_ratio: evidence that labels are wrong, beyond what ambiguity (or heavy tails) explains.
        beyond_chance: whether that evidence passes the 0.5 % level; if not, hardly any row is flagged.
        rounds: rounds of cross-fitting made.
    """

    MADE_BY: ClassVar[str] = "labels.find_label_issues(data).posterior"

    codes: Array
    wrong: Floats
    suggested: Array
    suggested_probability: Floats
    held_out: Any
    noise_matrix: Floats
    noise_rate: Estimate
    likelihood_ratio: float
    beyond_chance: bool
    rounds: int

    @property
    def classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.noise_matrix)

    @cached_property
    def flagged(self) -> Mask:
        """(n,) labels that are likelier wrong than right, and another class likelier than the given one."""
        doubted = np.nan_to_num(self.wrong) > FLAGGED
        return np.asarray(doubted & (self.suggested != self.codes)) if self.classes else doubted

    @property
    def posterior(self) -> Floats:
        """(n, c) P(true class | row, given label); computed on demand, rows of NaN where no model could be fitted."""
        if not self.classes:
            raise InputError("a regression has no classes to be uncertain about", fix="use .suggested and .wrong")
        return class_posterior(self.held_out, self.noise_matrix, self.codes)

    @cached_property
    def reasons(self) -> Array:
        """(n,) why each label is believed or not, one of a few sentences."""
        number = np.where(self.flagged, 2, 0)
        sure = self.suggested_probability > 0.9 if self.classes else self.wrong > 0.9  # words only
        number[self.flagged & sure] = 1
        if self.classes:
            number[self.flagged & (np.nan_to_num(self.held_out.max(axis=1)) < UNLIKE)] = 3
        number[np.isnan(self.wrong)] = 4
        return np.array(REASONS if self.classes else REASONS_NUMBER, dtype=object)[number]

    def expected_precision(self, rows: Ints) -> Estimate:
        """Share of the labels of some rows that are wrong; the interval is the spread if the probabilities are right.

        Args:    rows: positions, at least one.
        """
        chances = self.wrong[rows]
        value = float(np.mean(chances))
        half = half_width(float(np.sqrt(np.sum(chances * (1.0 - chances)))) / len(chances))
        return Estimate(
            "expected_precision", value, max(0.0, value - half), min(1.0, value + half), "share of the list", 0.95,
            "patrini2017", "holds if the probabilities are calibrated",
        )  # fmt: skip

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(int(self.flagged.sum()), 'label')} of {len(self.codes):,} likelier wrong than right."
        yield f"Share of wrong labels: {self.noise_rate.without_reason()},"
        yield "beyond chance." if self.beyond_chance else "within what ambiguous rows explain."
        yield "Rows are by position, classes by code."

    def _table(self) -> Table:
        columns = {
            "position": np.arange(len(self.codes)), "wrong": self.wrong, "given": self.codes,
            "suggested": self.suggested, "suggested_probability": self.suggested_probability,
        }  # fmt: skip
        units = {"wrong": "probability", "suggested_probability": "probability"}
        return Table(columns, units, "position", in_order(-self.wrong))


def skill(posterior: LabelPosterior) -> Estimate:
    """How much held-out models learned: 0 = no better than a constant baseline, 1 = perfect, on all rows.

    On undisputed rows alone a model that disputes much would seem to have learned much. Classes: (accuracy - share of
    the largest class) / (1 - that share); numbers: 1 - median error / median error of the median.

    Args:    posterior: of either task, in the order of its rows.
    Returns: Estimate; below about .1 the posterior itself is not to be relied on.
    Cost:    O(n); numbers: 200 medians of at most 5,000 rows.   Source: clopper1934.
    """
    require_kind(posterior, LabelPosterior)
    known = np.flatnonzero(~np.isnan(posterior.wrong))
    given = posterior.codes[known]
    if posterior.classes:
        return class_skill(posterior.held_out.argmax(axis=1)[known], given)
    return number_skill(posterior.suggested[known], given, known)


def label_posterior(folded: FoldedRows, *, probabilities: Floats | None = None, n_rounds: int = 2) -> LabelPosterior:
    """P(given label is wrong) for every row, from models that did not see the row.

    A round: held-out outputs, a noise matrix and the posterior r_i[k] ~ q_i[k] T[k, g_i]. Where labels are wrong beyond
    what ambiguity explains, the next round fits again without the rows that are disputed, and the rounds' outputs are
    averaged on the logit scale. Where they are not, T stays next to the identity and the rounds end.

    A learner without closed form skips its first round unless that is stored already: the kernel head disputes rows in
    its place, at a fraction of the cost, and keeps a weight of one half where that makes the given labels likelier
    beyond chance. Where the head is more than ten points more accurate on the given labels, it judges alone.

    Args:
        folded: n rows, classes or numbers.
        probabilities: (n, c) the user's own out-of-sample probabilities (numbers (n, 1) for regression): they are round
            1, and round 2 is made only where the learner is about as accurate as they are.
        n_rounds: at most so many rounds, 1 or more; with 1 only the learner is used, once. 3 is worth its cost where
            many labels of a class are given to one other class.

    Returns:
        `LabelPosterior`; a larger `wrong` means less trust in the given label, calibrated against planted flips.

    Raises: InputError for fewer than one round.
    Cost: 5 fits a round; for a learner without closed form rounds - 1 times 5 fits and as many rounds of the head.
    Not for: rows whose near duplicates share the label (put them in one group); flips that strike only ambiguous rows.
    Source: docs/decisions/0005; northcutt2021, patrini2017.
    """
    require_kind(folded, FoldedRows)
    n_rounds = require_count(n_rounds, "n_rounds", usual=2)
    if not folded.class_count:
        return _of_numbers(folded, probabilities, n_rounds)
    if probabilities is not None:
        logs = log_probabilities(probabilities)  # with one round they are read in blocks, never copied
        found = _cross_fit(folded, logs if n_rounds == 1 else np.asarray(logs))
        accurate = partial(_as_accurate, first=found.outputs, codes=folded.codes)
        return _of_classes(folded, _further(folded, found, n_rounds, accurate))
    if n_rounds > 1 and folded.needs_fits:
        return _of_classes(folded, _screened(folded, n_rounds))
    return _of_classes(folded, _further(folded, _cross_fit(folded, folded.held_out_outputs()), n_rounds))


@dataclass(frozen=True, slots=True, eq=False)
class _CrossFit:
    """Held-out outputs (n, c) of some rounds, and how they become probabilities."""

    outputs: Any
    fit: NoiseFit
    rounds: int


def _cross_fit(folded: FoldedRows, outputs: Floats | BlockedRows, rounds: int = 1) -> _CrossFit:
    return _CrossFit(outputs, noise_among(folded, outputs), rounds)


def _further(
    folded: FoldedRows,
    found: _CrossFit,
    rounds: int,
    accepted: Callable[[Floats, Mask], bool] = lambda again, keep: True,
) -> _CrossFit:
    """More rounds, each without the rows that those before dispute, while labels look wrong beyond chance."""
    while found.fit.beyond_chance and found.rounds < rounds:
        keep = _training_rows(folded, found)
        again = folded.held_out_outputs(keep=keep)
        if not accepted(again, keep):
            break
        outputs = found.fit.logits(found.outputs) + noise_among(folded, again).logits(again)
        found = _cross_fit(folded, outputs, found.rounds + 1)
    return found


def _screened(folded: FoldedRows, rounds: int) -> _CrossFit:
    """The learner's rounds, the first already without the rows that the kernel head disputes; or the head's alone."""
    screened = folded.with_learner(SCREEN)
    screen = _further(screened, _cross_fit(screened, screened.held_out_outputs()), rounds)
    found = screen.fit.beyond_chance
    outputs = folded.held_out_outputs(keep=_training_rows(folded, screen) if found else None)
    own = _further(folded, _cross_fit(folded, outputs, 1 + found), rounds)
    if _accuracy(screen.outputs, folded.codes) > _accuracy(own.outputs, folded.codes) + MUCH_BETTER:
        return screen  # a learner that suffers from wrong labels lists right ones
    both = own.fit.logits(own.outputs) + HEAD_WEIGHT * screen.fit.logits(screen.outputs)
    joined = _cross_fit(folded, both, own.rounds)
    gain = joined.fit.log_likelihood - own.fit.log_likelihood
    # Without evidence the labels would select the outputs that agree with them.
    return joined if 2.0 * gain > BEYOND_CHANCE else own


def _accuracy(outputs: Floats, codes: Array) -> float:
    """Share of the given labels that held-out outputs (n, c) agree with."""
    known = np.isfinite(outputs).all(axis=1)
    return float(np.mean(outputs[known].argmax(axis=1) == codes[known])) if known.any() else 0.0


def noise_among(folded: FoldedRows, outputs: Floats | BlockedRows) -> NoiseFit:
    """How labels are flipped, by these held-out outputs (n, c); exact duplicates with one label count once."""
    if isinstance(outputs, BlockedRows):  # user-supplied predictions have no missing rows
        return fit_noise(outputs, folded.codes, folded.data.ids)
    rows = _different(folded)[0]
    rows = rows[np.isfinite(outputs[rows]).all(axis=1)]
    return fit_noise(outputs[rows], folded.codes[rows], folded.data.ids[rows])


def residuals_among(folded: FoldedRows, predicted: Floats) -> ResidualFit:
    """The residual fit of all rows by predictions (n,); exact duplicates with one label count once."""
    rows, place = _different(folded)
    fit = fit_residuals(predicted[rows], folded.codes[rows], folded.data.ids[rows])
    return replace(fit, wrong=fit.wrong[place])


def _different(folded: FoldedRows) -> tuple[Ints, Ints]:
    """Positions (r,) of one row of every set of exact duplicates with one label, and which of them represents each row.

    Repeated, an observation is no stronger evidence.
    """
    _, sets = np.unique(np.column_stack([folded.duplicates, folded.codes]), axis=0, return_inverse=True)
    order = np.argsort(key_hashes(folded.data.ids), kind="stable")  # which of them must not depend on the order of rows
    rows = order[np.unique(sets.reshape(-1)[order], return_index=True)[1]]
    return rows, sets.reshape(-1)


def _summary(folded: FoldedRows, fit: NoiseFit, outputs: Floats) -> tuple[Floats, Ints, Floats]:
    return wrong_and_suggested(fit.probabilities(outputs), fit.matrix(), folded.codes)


def _training_rows(folded: FoldedRows, found: _CrossFit) -> Mask:
    """Rows the next round is trained on; a class that would be left with fewer than two keeps all of its rows."""
    wrong = _summary(folded, found.fit, found.outputs)[0]
    keep = ~(np.nan_to_num(wrong) > FLAGGED)
    left = np.bincount(folded.codes[keep], minlength=folded.class_count)
    return np.asarray(keep | (left[folded.codes] < FEWEST))


def _as_accurate(again: Floats, keep: Mask, *, first: Floats, codes: Ints) -> bool:
    """Whether the learner is about as accurate as the user-supplied predictions on the undisputed rows."""
    usable = keep & np.isfinite(again).all(axis=1)
    ours, theirs = (np.mean(outputs[usable].argmax(axis=1) == codes[usable]) for outputs in (again, first))
    return bool(ours >= theirs - AS_ACCURATE)


def _of_classes(folded: FoldedRows, found: _CrossFit) -> LabelPosterior:
    fit = found.fit
    held_out = fit.probabilities(found.outputs)
    wrong, suggested, chance = wrong_and_suggested(held_out, fit.matrix(), folded.codes)
    rate = float(np.nanmean(wrong))
    if fit.beyond_chance:
        low, high = rate * fit.low / fit.share, min(1.0, rate * fit.high / fit.share)
        reason = "flips that strike only ambiguous rows are not counted"
        estimate = Estimate("noise_rate", rate, low, high, "share of labels", 0.95, "patrini2017", reason)
    else:
        estimate = Estimate(
            "noise_rate", rate, unit="share of labels", source="patrini2017",
            reason="ambiguity explains every disagreement; flips among ambiguous rows cannot be counted",
        )  # fmt: skip
    return LabelPosterior(
        folded.codes, wrong, suggested, chance, held_out, fit.matrix(), estimate, fit.likelihood_ratio,
        fit.beyond_chance, found.rounds,
    )  # fmt: skip


def _of_numbers(folded: FoldedRows, predictions: Floats | None, rounds: int) -> LabelPosterior:
    """The same for regression: a residual is either of the core or of a label that has nothing to do with the row."""
    predicted = folded.held_out_outputs()[:, 0] if predictions is None else np.asarray(predictions).reshape(-1)
    fit = residuals_among(folded, predicted)
    made = 1
    while fit.beyond_chance and made < rounds:
        keep = ~(np.nan_to_num(fit.wrong) > FLAGGED)
        if keep.mean() < LEAST_KEPT:
            break
        again = folded.held_out_outputs(keep=keep)[:, 0]
        later = residuals_among(folded, again)
        if predictions is not None and later.scale > (1.0 + AS_ACCURATE) * fit.scale:
            break
        predicted, fit, made = again, later, made + 1
    rate = Estimate("noise_rate", fit.rate, fit.low, fit.high, "share of labels", 0.95, "lange1989")
    if not fit.beyond_chance:
        rate = Estimate(
            "noise_rate", fit.rate, unit="share of labels", source="lange1989",
            reason="heavy tails explain every large residual",
        )  # fmt: skip
    nothing = np.full(len(predicted), np.nan)
    return LabelPosterior(
        folded.codes, fit.wrong, predicted, nothing, predicted[:, None], np.empty((0, 0)), rate, fit.likelihood_ratio,
        fit.beyond_chance, made,
    )  # fmt: skip
