"""Labels that are facts: what is in the picture, which species. An honest interval, and a few answers that settle it.

An outcome (income, default) is only predicted by its row, so a label that a model contradicts may well be right. A fact
is shown by the row, so a contradicted one is an error, of the label or of the model; predictions alone cannot tell
which. See `slope_grid` for what is believed before anyone has looked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order
from samplewise.core.errors import InputError, require_count, require_kind
from samplewise.core.randomness import key_hashes
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.engine.statistics.intervals import CONFIDENCE, counted_interval
from samplewise.labels.contradiction import Contradiction, contradiction
from samplewise.labels.posterior import FLAGGED, LabelPosterior, label_posterior
from samplewise.labels.slope_grid import (
    chances,
    flips_right,
    likely_wrong,
    means_and_totals,
    slope_prior,
    updated,
)

TO_REVIEW = 20  # rows whose answers settle what predictions cannot, on four reviewed data sets
SURE = 0.9  # weight of the curves that must call a label likelier wrong than right before it is changed
SETTLED = 0.4  # width of the interval of the suspects' share, above which nothing can be told
NAMED_RIGHT = 0.5  # of 1,112 labels that people called wrong, 567 were the likeliest other class: about half
SOURCE = "northcutt2021b"
REASONS = (
    "the held-out model agrees with the given label",
    "the held-out model contradicts the given label: more likely an error of the label than of the model",
    "the held-out model contradicts the given label: more likely an error of the model than of the label",
    "no model could be fitted without this row",
    "a person answered that the label is wrong",
    "a person answered that the label is right",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What people said of one label.

    Args:
        wrong: share of them who call it wrong, 0 to 1.
        code: the class they named in its place; -1 for none.
    """

    wrong: float
    code: int = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class FactLabels(LabelPosterior):
    """What held-out predictions and the answers of people say about labels that are facts.

    Args:
        outcomes: the same labels read as outcomes; where they show flips beyond ambiguity, these count as proven.
        found: how strongly each label is contradicted.
        keys: (n,) hashes of the ids, which decide among equals.
        weights: (g, h) of the curves and ceilings, after the answers.
        answers: what people said, by position.
    """

    MADE_BY: ClassVar[str] = 'labels.find_label_issues(data, labels_are="facts").posterior'

    outcomes: LabelPosterior
    found: Contradiction
    keys: Array
    weights: Floats
    answers: Mapping[int, Answer] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def flagged(self) -> Mask:
        """(n,) labels that are likelier wrong than right, among those contradicted or answered."""
        said = np.zeros(len(self.codes), dtype=bool)
        said[list(self.answers)] = True
        return np.asarray((np.nan_to_num(self.wrong) > FLAGGED) & (self.found.against | said))

    @cached_property
    def surely_wrong(self) -> Mask:
        """(n,) flagged labels that may be changed: likelier wrong than right under nine tenths of all curves.

        Without this, whoever has answered a few rows would change labels of which less than half are wrong: where the
        answers leave the slope open, steep curves raise the mean (`benchmarks/label_facts.py`).
        """
        rows = np.flatnonzero(self.flagged)
        flips = proven_flips(self.outcomes, self.found)
        sure = np.zeros(len(self.codes), dtype=bool)
        sure[rows] = likely_wrong(self.found, flips, rows, self.weights) >= SURE
        for row in self.answers:
            sure[row] = self.flagged[row]
        return sure

    @property
    def proven(self) -> LabelPosterior:
        """What needs no curve: flips beyond ambiguity, as far as answers bear them out, and the answers themselves."""
        if not self.answers:
            return self.outcomes
        borne_out = flips_right(self.weights)
        wrong, suggested = borne_out * self.outcomes.wrong, self.outcomes.suggested.copy()
        right = borne_out * self.outcomes.suggested_probability
        for row, answer in self.answers.items():
            wrong[row] = answer.wrong
            suggested[row] = _answered(answer, int(self.codes[row]), int(suggested[row]))
            right[row] = _named_right(answer)
        return replace(self.outcomes, wrong=wrong, suggested=suggested, suggested_probability=right)

    @cached_property
    def reasons(self) -> Array:
        """(n,) why each label is believed or not, one of a few sentences."""
        number = np.where(self.found.against, np.where(self.flagged, 1, 2), 0)
        number[np.isnan(self.wrong)] = 3
        for row, answer in self.answers.items():
            number[row] = 4 if answer.wrong > FLAGGED else 5
        return np.array(REASONS, dtype=object)[number]

    def expected_precision(self, rows: Ints) -> Estimate:
        """Share of the labels of some rows that are wrong, with its interval over all curves.

        Args:    rows: positions, at least one.
        """
        return self._estimate("expected_precision", rows, "share of the list", "if these data are like reviewed ones")

    def suspects(self, n: int | None = None) -> Ints:
        """Positions of contradicted labels, the likeliest errors first.

        Args:    n: how many; by default as many as are expected to be wrong among them.
        """
        rows = self._contradicted(answered=True)
        expected = round(float(self.wrong[rows].sum()))
        return rows[::-1][: expected if n is None else require_count(n, "n")]

    def to_review(self, n: int = TO_REVIEW) -> Ints:
        """Positions of rows whose answers tell most: spread evenly over the contradicted rows nobody has answered.

        The likeliest errors alone would say little of the others.

        Args:    n: how many.
        """
        rows = self._contradicted(answered=False)
        ends = np.linspace(0, len(rows), min(require_count(n, "n"), len(rows)) + 1).astype(int)
        return rows[(ends[:-1] + ends[1:]) // 2]

    def reviewed(self, answers: Mapping[int, Answer]) -> "FactLabels":
        """The same with more answers, by position; the order of answers and how they are divided change nothing.

        Raises: InputError where a row has been answered otherwise before.
        """
        for row in sorted(answers.keys() & self.answers.keys()):
            if answers[row] != self.answers[row]:
                raise InputError(
                    "a row has two different answers", where=f"row at position {row}",
                    got=f"{self.answers[row].wrong:g} and {answers[row].wrong:g}",
                    fix="pass one answer per row; of several people, the share who call the label wrong",
                )  # fmt: skip
        return read_as_facts(self.outcomes, self.found, self.keys, {**self.answers, **answers})

    @cached_property
    def suspects_share(self) -> Estimate:
        """Share of the suspects nobody has answered that are wrong; NaN where there are none."""
        rows = self.suspects()
        rows = rows[~np.isin(rows, list(self.answers))]
        if not len(rows):
            return Estimate("expected_precision", np.nan, unit="share of the list", reason="there are no suspects")
        return self.expected_precision(rows)

    @property
    def cannot_tell(self) -> bool:
        """Whether the interval of the suspects' share is too wide to say anything of them."""
        return bool(self.suspects_share.high - self.suspects_share.low > SETTLED)

    def doubt(self, door: str) -> str:
        """What predictions alone cannot tell, in a sentence that names the way on; "" where it is settled."""
        if not self.cannot_tell:
            return ""
        share, rows = self.suspects_share, len(self.to_review())
        known = f"and {count_of(len(self.answers), 'answer')} cannot yet" if self.answers else "alone cannot"
        return (
            f"Predictions {known} tell errors of the labels from errors of the model: between "
            f"{percent(share.low):.0f} and {percent_text(share.high, '.0f')} of these are wrong. "
            f"Answer {count_of(rows, 'row')}: {door}."
        )

    def _contradicted(self, *, answered: bool) -> Ints:
        """Positions of the contradicted rows, the least doubtful first; without answered ones, or those found wrong."""
        chosen = self.found.against & np.isfinite(self.wrong)
        for row, answer in self.answers.items():
            chosen[row] = answered and answer.wrong > FLAGGED
        rows = np.flatnonzero(chosen)
        rows = rows[np.argsort(self.keys[rows], kind="stable")]
        return rows[in_order(self.wrong[rows])]

    def _estimate(self, quantity: str, rows: Ints, unit: str, reason: str) -> Estimate:
        said = np.isin(rows, list(self.answers))
        flips = proven_flips(self.outcomes, self.found)
        _, totals = means_and_totals(self.found, flips, rows[~said], self.weights)
        counted = _Counted(totals, int(np.sum(~said)), [self.answers[row].wrong for row in rows[said].tolist()])
        return counted.estimate(quantity, self.weights, unit, reason)


def fact_labels(
    folded: FoldedRows,
    *,
    probabilities: Any = None,
    n_rounds: int = 2,
    answers: Mapping[Any, Answer] | None = None,
) -> FactLabels:
    """P(given label is wrong) for every row of labels that are facts, by models that did not see the row.

    Args:
        folded: n rows of classes.
        probabilities: (n, c) out-of-sample probabilities the user has; None for those of `label_posterior`.
        n_rounds: as in `label_posterior`.
        answers: what people said, by id; ids of other rows are passed over.

    Returns:
        `FactLabels`; larger `wrong` means less trust. Without answers it is as good as data sets are alike.

    Raises: InputError for labels that are numbers.
    Cost: `label_posterior`, and about 5 microseconds a row.
    Source: northcutt2021b; docs/decisions/0028.
    """
    require_kind(folded, FoldedRows)
    require_classes(folded)
    outcomes = label_posterior(folded, probabilities=probabilities, n_rounds=n_rounds)
    said = {row: answers[key] for row, key in enumerate(folded.data.ids.tolist()) if key in answers} if answers else {}
    return facts_of(folded, outcomes, probabilities, said)


def facts_of(
    folded: FoldedRows, outcomes: LabelPosterior, probabilities: Any = None, answers: Mapping[int, Answer] | None = None
) -> FactLabels:
    """The labels that were read as outcomes, read as facts; nothing is fitted. `answers` are by position."""
    require_classes(folded)
    ids = folded.data.ids
    found = contradiction(outcomes.held_out if probabilities is None else probabilities, folded.codes, ids)
    return read_as_facts(outcomes, found, key_hashes(ids), answers or {})


def read_as_facts(
    outcomes: LabelPosterior, found: Contradiction, keys: Array, answers: Mapping[int, Answer]
) -> FactLabels:
    """The result for these answers, from what does not depend on them."""
    flips = proven_flips(outcomes, found)
    weights = slope_prior()
    asked = np.array([row for row in sorted(answers) if np.isfinite(found.strength[row])], dtype=np.intp)
    if len(asked):
        said = np.array([answers[row].wrong for row in asked.tolist()])
        weights = updated(weights, chances(found, flips, asked), said)
    known = np.isfinite(found.strength) & np.isfinite(outcomes.wrong)
    known[list(answers)] = False
    wrong = np.full(len(flips), np.nan)
    wrong[known], totals = means_and_totals(found, flips, np.flatnonzero(known), weights)
    suggested = np.where(found.against, found.other, outcomes.codes)
    for row, answer in answers.items():
        wrong[row] = answer.wrong
        suggested[row] = _answered(answer, int(outcomes.codes[row]), int(found.other[row]))
    counted = _Counted(totals, int(np.sum(known)), [answer.wrong for answer in answers.values()])
    rate = counted.estimate("noise_rate", weights, "share of labels", "errors that the model repeats cannot be seen")
    held = {one.name: getattr(outcomes, one.name) for one in fields(LabelPosterior)}
    held |= {
        "wrong": wrong, "suggested": suggested, "noise_rate": rate,
        "beyond_chance": outcomes.beyond_chance and found.graded,
        "suggested_probability": _suggestion_right(
            outcomes.codes, wrong, suggested, flips * flips_right(weights), answers
        ),
    }  # fmt: skip
    return FactLabels(
        **held, outcomes=outcomes, found=found, keys=keys, weights=weights, answers=MappingProxyType(dict(answers))
    )


def proven_flips(outcomes: LabelPosterior, found: Contradiction) -> Floats:
    """(n,) probability that a label was flipped, beyond what ambiguity explains; 0 without evidence."""
    proven = outcomes.beyond_chance and found.graded
    return np.nan_to_num(outcomes.wrong) if proven else np.zeros(len(outcomes.wrong))


def require_classes(folded: FoldedRows) -> None:
    """Refuse labels that are numbers: how far a measured number may lie off is not known from the row alone."""
    if not folded.class_count:
        raise InputError(
            "only classes can be read as facts, and these labels are numbers", where="labels_are", got="regression",
            fix='leave labels_are out, or pass labels_are="outcomes"',
        )  # fmt: skip


def _answered(answer: Answer, given: int, other: int) -> int:
    """The class to suggest for a row that people answered."""
    if answer.wrong <= FLAGGED:
        return given
    return answer.code if answer.code >= 0 else other


def _suggestion_right(
    codes: Ints, wrong: Floats, suggested: Ints, flips: Floats, answers: Mapping[int, Answer]
) -> Floats:
    """(n,) probability of the suggested class: about half of the wrong labels fit no class, or a third one."""
    right = np.where(suggested == codes, 1.0 - wrong, flips + NAMED_RIGHT * (wrong - flips))
    for row, answer in answers.items():
        right[row] = _named_right(answer)
    return right


def _named_right(answer: Answer) -> float:
    """Probability of the class to suggest for a row that people answered."""
    if answer.wrong <= FLAGGED:
        return 1.0 - answer.wrong
    return answer.wrong if answer.code >= 0 else NAMED_RIGHT * answer.wrong


@dataclass(frozen=True, slots=True)
class _Counted:
    """Wrong labels of a list: those of rows nobody answered under every curve, and what people said of the others."""

    totals: Floats  # (g, h) under every curve and ceiling
    unanswered: int
    said: list[float]

    def estimate(self, quantity: str, weights: Floats, unit: str, reason: str) -> Estimate:
        """Their share, with its interval over all curves and over how many of so few rows come out wrong."""
        rows = max(1, self.unanswered + len(self.said))
        ends = (0.0, 0.0, 0.0)
        if self.unanswered:
            shares, chance = (self.totals / self.unanswered).ravel(), weights.ravel()
            low, high = counted_interval(shares, chance, self.unanswered)
            ends = (min(1.0, float(shares @ chance)), low, high)
        value, low, high = ((self.unanswered * share + sum(self.said)) / rows for share in ends)
        return Estimate(quantity, value, low, high, unit, CONFIDENCE, SOURCE, reason)


def other_reading(found: FactLabels, are: str) -> Estimate:
    """The share of wrong labels by the reading that was not chosen, and what it would say in the reason.

    Args:    found: the labels read as facts, which hold both readings.   are: the reading that was chosen.
    """
    if are == "facts":
        rate, count = found.outcomes.noise_rate, int(found.outcomes.flagged.sum())
        said = f"read as outcomes, {count_of(count, 'label')} would be called likelier wrong than right"
        return replace(rate, quantity="noise_rate_if_outcomes", reason="; ".join(filter(None, [said, rate.reason])))
    contradicted, share = int(found.found.against.sum()), found.suspects_share
    said = f"read as facts, {count_of(contradicted, 'label')} would be contradicted"
    if len(found.suspects()):
        likeliest = count_of(len(found.suspects()), "row")
        ends = f"{percent(share.low):.0f} and {percent_text(share.high, '.0f')}"
        said += f", and between {ends} of the likeliest {likeliest} wrong"
    return replace(found.noise_rate, quantity="noise_rate_if_facts", reason=said)
