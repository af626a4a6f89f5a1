"""Whether a list of disputed labels may be called wrong: rules that ask other models, the columns and chance first.

The first rule that applies decides. Only "wrong labels" says that labels are wrong; every other rule says what else
explains the dispute, or that it cannot be told. The thresholds were set on real tables: docs/decisions/0027.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Array, Floats, Mask, one_hot
from samplewise.core.errors import require_kind
from samplewise.core.findings import Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, keys_text
from samplewise.core.values import Estimate
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.engine.statistics.association import discrimination_rows, p_value_of_mean
from samplewise.labels.disputed_together import disputed_together
from samplewise.labels.list_judgment import ListJudgment, Rule
from samplewise.labels.methods import MethodLabels
from samplewise.labels.noise import wrong_and_suggested
from samplewise.labels.number_slips import WIDEST, NumberSlips, slips_alone, turned_signs_alone
from samplewise.labels.posterior import FLAGGED, LabelPosterior, label_posterior, noise_among, residuals_among
from samplewise.labels.second_model import KINDS, SecondOpinions, second_opinions
from samplewise.labels.skills import class_skill, number_skill
from samplewise.labels.wrong_numbers import TO_DEVIATION, ResidualFit

LEARNED = 0.10  # skill, by the lower end of its interval, below which nothing can be told
FACT, FACT_OF_NUMBERS = 0.50, 0.40  # skill below which labels are outcomes that rows predict and do not show
SURE, OPEN = 0.8, 0.5  # probability below which a row is open; share of open rows that makes an outcome
SLACK = 0.1  # below the surest answer that the claimed flips allow
SHARED, ALIKE = 0.45, 0.3  # of the disputed rows on the list; the least rate of a model over that of the posterior
TOGETHER = 0.3  # excess share of disputed rows in crowded cells
TINY, FEW, SEVERAL = 20, 3, 8  # rows of a class; rows of a list; rows of a list that may be one-sided
MOSTLY = 0.85  # share of a list on one side
RARE, REACHED, HALF = 0.05, 0.25, 0.5  # share of the labels at either end; of predictions that go there; of a list
TRACED = 0.5  # share of a list that a known slip explains
SERIOUS, SERIOUS_LIST = 0.02, 0.01  # claimed share by its lower end, and share of rows listed, that make an error
LEVEL = 0.05


def judge(folded: FoldedRows, posterior: LabelPosterior) -> ListJudgment:
    """Whether the labels a posterior disputes may be called wrong, by three kinds of model on the same folds.

    Args:    folded: the n rows the posterior is about.   posterior: of them.
    Returns: `ListJudgment`.
    Cost:    `second_opinions`, where anything is disputed; then O(n) per column.
    Not for: what a row itself shows (pictures, texts): there many models share the same errors.
    Source:  docs/decisions/0027.
    """
    require_kind(folded, FoldedRows)
    require_kind(posterior, LabelPosterior)
    found = _by_models(folded, posterior)
    return found if posterior.classes else replace(found, slipped=_slipped(posterior, found))


def _by_models(folded: FoldedRows, posterior: LabelPosterior) -> ListJudgment:
    """What the rules say, which rest on models."""
    if not posterior.flagged.any():
        return _nothing(folded, posterior)
    opinions = second_opinions(folded)
    if opinions is None or not opinions.known.any():
        return _alone(folded, posterior)
    case = (_Classes if posterior.classes else _Numbers)(folded, posterior, opinions)
    return case.judgment()


def _slipped(posterior: LabelPosterior, found: ListJudgment) -> Mask:
    """(n,) numbers that their column shows to be slips and no list holds: of the rare sign, or disputed and tenfold."""
    moved = posterior.flagged & slips_alone(posterior.codes, tenfold=WIDEST)
    few = moved.sum() < FEW
    shown = turned_signs_alone(posterior.codes) | (np.zeros_like(moved) if few else moved)
    shown &= ~found.listed
    return shown & ~found.unexplained if len(found.unexplained) else shown


def agreed_posterior(folded: FoldedRows) -> LabelPosterior:
    """The posterior that disputes only what two of three kinds of model dispute; a `LabelMethod`.

    Cost: `label_posterior` and `second_opinions`.
    """
    posterior = label_posterior(folded)
    return with_list(posterior, judge(folded, posterior).listed)


def with_list(posterior: LabelPosterior, listed: Mask) -> LabelPosterior:
    """The same posterior, disputing the rows of a list (n,) only."""
    fields = (
        "codes", "wrong", "suggested", "suggested_probability", "held_out", "noise_matrix", "noise_rate",
        "likelihood_ratio", "beyond_chance", "rounds",
    )  # fmt: skip
    return MethodLabels(*(getattr(posterior, name) for name in fields), chosen=listed & posterior.flagged)


def _nothing(folded: FoldedRows, posterior: LabelPosterior) -> ListJudgment:
    none = np.zeros(len(folded), dtype=bool)
    skill = _own_skill(folded, posterior)
    return ListJudgment("nothing disputed", "", "No label is disputed.", none, 0, skill, ids=folded.data.ids)


def _alone(folded: FoldedRows, posterior: LabelPosterior) -> ListJudgment:
    """What one model alone may say: never more than a warning."""
    flagged, skill = posterior.flagged, _own_skill(folded, posterior)
    if skill.low < LEARNED:
        none = np.zeros(len(folded), dtype=bool)
        count = int(flagged.sum())
        return ListJudgment("nothing learned", "note", _guessing(skill), none, count, skill, ids=folded.data.ids)
    fact = FACT if posterior.classes else FACT_OF_NUMBERS
    serious = posterior.beyond_chance and posterior.noise_rate.low >= SERIOUS and skill.low >= fact
    sentence = (
        f"{count_of(int(flagged.sum()), 'label')} that one model disputes. No second opinion was possible, so this may "
        "say more of the model than of the data."
    )
    return ListJudgment(
        "no second opinion", "warning" if serious else "note", sentence, flagged, int(flagged.sum()), skill,
        ids=folded.data.ids,
    )  # fmt: skip


def _guessing(skill: Estimate) -> str:
    """Why nothing can be told."""
    value = percent_text(max(skill.value, 0.0), ".0f")
    return (
        "Whether labels are wrong cannot be told: models that did not see a row do no better than guessing, or hardly "
        f"(they get {value} of the way from a constant answer to perfect)."
    )


def _own_skill(folded: FoldedRows, posterior: LabelPosterior) -> Estimate:
    """Skill of the posterior's own held-out predictions."""
    known = ~np.isnan(posterior.wrong)
    given, ids = posterior.codes[known], folded.data.ids[known]
    if not known.any():
        return Estimate("skill", float("nan"), reason="no row has a held-out prediction")
    if posterior.classes:
        return class_skill(posterior.held_out.argmax(axis=1)[known], given)
    return number_skill(np.asarray(posterior.suggested, dtype=np.float64)[known], given, ids)


class _Case:
    """What both tasks share: the facts a rule reads, for the rows that all models predict."""

    fact = FACT

    def __init__(self, folded: FoldedRows, posterior: LabelPosterior, opinions: SecondOpinions) -> None:
        self.folded, self.posterior, self.opinions = folded, posterior, opinions
        self.known = opinions.known & ~np.isnan(posterior.wrong)
        self.codes, self.ids = posterior.codes[self.known], folded.data.ids[self.known]
        self.disputed = posterior.flagged[self.known]
        self.tiny = np.zeros(len(self.codes), dtype=bool)
        self.open_share = float("nan")

    # what the tasks define
    skill: Estimate
    low: float
    listed: Mask
    rates: list[float]
    predicted: Array

    def learned(self) -> bool:
        """Whether anything was learned that a dispute could rest on."""
        return self.low >= LEARNED

    def judgment(self) -> ListJudgment:
        """The first rule that applies."""
        rows = self.folded.data.take(np.flatnonzero(self.known))
        self.together = disputed_together(rows, self.disputed, self.groups())
        rule, severity, sentence = next(found for found in self._rules() if found is not None)
        claimed = rule == "wrong labels"
        listed = self._of_all_rows(self.shown(rule))
        unexplained = self._of_all_rows(self.listed) & ~listed if claimed else np.zeros(len(listed), dtype=bool)
        return ListJudgment(
            rule, severity, sentence, listed, int(self.posterior.flagged.sum()), self.skill,
            self._claim() if claimed else None, self.together, self.open_share, self.folded.data.ids, unexplained,
        )  # fmt: skip

    def _of_all_rows(self, rows: Mask) -> Mask:
        """(n,) the same rows (r,) among all, with those that no model predicts."""
        everywhere = np.zeros(len(self.known), dtype=bool)
        everywhere[self.known] = rows
        return everywhere

    def shown(self, rule: Rule) -> Mask:
        """(r,) the rows of the list that are shown where this rule decides."""
        if rule == "nothing learned":
            return np.zeros_like(self.listed)
        return self.called_wrong() if rule == "wrong labels" else self.listed

    @property
    def decided(self) -> float:
        """How far the columns decide the answer."""
        return self.skill.value

    def groups(self) -> Array:
        """(n,) predicted class of every row, within which rows may lie together."""
        return np.zeros(len(self.codes), dtype=np.intp)

    def called_wrong(self) -> Mask:
        """Rows of the list that are called wrong, where the rules come to that."""
        return self.listed

    def share_claimed(self) -> float:
        """Share of wrong labels that the middle one of three models finds, at most that of the posterior."""
        return min(float(np.median(self.rates)), self.posterior.noise_rate.value)

    def _claim(self) -> Estimate:
        """The claim, with the posterior's interval scaled to it."""
        rate, value = self.posterior.noise_rate, self.share_claimed()
        scale = value / max(rate.value, 1e-12)
        low, high = (0.0, 1.0) if np.isnan(rate.low) else (rate.low * scale, min(1.0, rate.high * scale))
        reason = "the middle of three kinds of model, and not more than the learner finds"
        return Estimate("noise_rate", value, low, high, "share of labels", 0.95, rate.source, reason)

    def _rules(self) -> Iterable[tuple[Rule, Severity, str] | None]:
        yield None if self.learned() else self._untold()
        yield self._outcome()
        yield self._one_view()
        yield self._lies_together()
        yield self._tiny_classes()
        yield None if self.listed.sum() >= FEW else ("few rows", "note", self._few())
        yield from self._of_the_task()
        yield self._wrong()

    def _untold(self) -> tuple[Rule, Severity, str]:
        if self.low >= LEARNED:
            return "nothing learned", "note", (
                "Whether labels are wrong cannot be told with this learner: its predictions do not follow the labels, "
                "though other kinds of model learn them. Audit again with one of these."
            )  # fmt: skip
        return "nothing learned", "note", _guessing(self.skill)

    def _outcome(self) -> tuple[Rule, Severity, str] | None:
        if self.decided >= self.fact and not self.open_share > OPEN:
            return None
        rows = f"{count_of(int(self.listed.sum()), 'row')} where models expect another answer."
        if self.open_share > OPEN:
            share = percent_text(self.open_share, ".0f")
            because = f"For {share} of all rows the models agree that the answer is open:"
        else:
            value = percent_text(self.skill.value, ".0f")
            because = f"The columns decide the answer only in part ({value} of the way from guessing to perfect):"
        return "open outcome", "note", f"{rows} {because} an unexpected outcome is no wrong entry."

    def _one_view(self) -> tuple[Rule, Severity, str] | None:
        clear = int((self.disputed & ~self.tiny).sum())
        rate = self.posterior.noise_rate.value
        shared = self.listed.sum() >= SHARED * clear
        if shared and min(self.rates) >= ALIKE * rate and float(np.median(self.rates)) > 0:
            return None
        count, share = count_of(int(self.disputed.sum()), "label"), int(self.listed.sum())
        if shared:
            each = ", ".join(f"{kind} {percent_text(one, '.2g')}" for kind, one in zip(KINDS, self.rates, strict=True))
            said = (
                f"The model disputes {count}, but kinds of model find very different shares of wrong labels ({each})."
            )
        else:
            others = f"{share:,}" if share else "none"
            said = f"One kind of model disputes {count}; the others share its view in {others}."
        return "one model's view", "note", f"{said} This says more of the model than of the data."

    def _lies_together(self) -> tuple[Rule, Severity, str] | None:
        found = self.together
        if found is None or found.excess < TOGETHER:
            return None
        return "together", "note", (
            f"{percent_text(found.share, '.0f')} of the disputed rows lie together at {found.column} = "
            f"{keys_text(found.values)}. Was something recorded differently there, or did a code or a unit change?"
        )  # fmt: skip

    def _tiny_classes(self) -> tuple[Rule, Severity, str] | None:
        inside = int((self.disputed & self.tiny).sum())
        if inside <= 0.5 * self.disputed.sum() or self.listed.sum() >= FEW:
            return None
        return "tiny classes", "note", (
            f"{inside:,} of {count_of(int(self.disputed.sum()), 'disputed label')} are of classes with fewer than "
            f"{TINY} rows: too few rows of a class to say what it looks like."
        )  # fmt: skip

    def _few(self) -> str:
        return (
            f"{count_of(int(self.listed.sum()), 'row')} that two of three kinds of model dispute: single odd rows, no "
            "pattern."
        )

    def _of_the_task(self) -> Iterable[tuple[Rule, Severity, str] | None]:
        return ()

    def _wrong(self) -> tuple[Rule, Severity, str]:
        claim, count = self._claim(), int(self.called_wrong().sum())
        serious = claim.low >= SERIOUS and count >= SERIOUS_LIST * len(self.codes)
        return "wrong labels", "error" if serious else "warning", (
            f"{count_of(count, 'label')} that at least two of three kinds of model dispute; about "
            f"{percent_text(claim.value, '.2g')} of all labels are wrong "
            f"[{percent(claim.low):.2g}, {percent(claim.high):.2g}]."
        )  # fmt: skip


class _Classes(_Case):
    """Labels that are classes."""

    def __init__(self, folded: FoldedRows, posterior: LabelPosterior, opinions: SecondOpinions) -> None:
        super().__init__(folded, posterior, opinions)
        called = {kind: outputs[self.known].argmax(axis=1) for kind, outputs in opinions.outputs.items()}
        chances = opinions.together[self.known]
        self.predicted = chances.argmax(axis=1)
        self.skill = class_skill(self.predicted, self.codes)
        self.low = max(class_skill(one, self.codes).low for one in called.values())
        self.tiny = np.bincount(self.codes, minlength=posterior.classes)[self.codes] < TINY
        votes = np.sum([one != self.codes for one in called.values()], axis=0)
        self.listed = self.disputed & (votes >= 2) & ~self.tiny
        self.rates = [self._rate(outputs) for outputs in opinions.outputs.values()]
        sure = min(SURE, 1.0 - self.share_claimed() - SLACK)  # of labels flipped at this rate no model can be surer
        self.open_share = float(np.mean(chances.max(axis=1) < sure))

    def learned(self) -> bool:
        """Also: whether the learner's own predictions follow the labels at all."""
        return super().learned() and self._follows()

    @property
    def decided(self) -> float:
        """How far the columns decide the class, beyond doubt: a list stands or falls by it."""
        return float(self.skill.low)

    def groups(self) -> Array:
        """(n,) the class that all models together predict."""
        return self.predicted

    def _follows(self) -> bool:
        groups = self.folded.runner.groups
        own = None if groups is None else groups[self.folded.positions][self.known]
        held_out = np.asarray(self.posterior.held_out[self.known], dtype=np.float64)
        rows = discrimination_rows(held_out, one_hot(self.codes, self.posterior.classes))
        return p_value_of_mean(rows, own) < LEVEL

    def _rate(self, outputs: Floats) -> float:
        """Share of wrong labels from one kind of model alone; 0 where that is not beyond chance."""
        fit = noise_among(self.folded, outputs)
        if not fit.beyond_chance:
            return 0.0
        wrong = wrong_and_suggested(fit.probabilities(outputs), fit.matrix(), self.folded.codes)[0]
        return float(np.nanmean(wrong))


class _Numbers(_Case):
    """Labels that are numbers: each kind of model was taught the labels as given, and pulled in."""

    fact = FACT_OF_NUMBERS

    def __init__(self, folded: FoldedRows, posterior: LabelPosterior, opinions: SecondOpinions) -> None:
        super().__init__(folded, posterior, opinions)
        taught = [one for one in (opinions.outputs, opinions.pulled_in) if one]
        fits = [[residuals_among(folded, outputs[:, 0]) for outputs in one.values()] for one in taught]
        voted = [np.sum([np.nan_to_num(fit.wrong) > FLAGGED for fit in one], axis=0) >= 2 for one in fits]
        self.listed = self.disputed & np.any(voted, axis=0)[self.known]
        best, self.predicted, self.skill = self._best(taught)
        self.low = self.skill.low
        self.rates = [_rate_of(fit) for fit in fits[best]]
        self.spread = TO_DEVIATION * float(np.median(np.abs(self.codes - self.predicted)))
        self.slips, self.alone = NumberSlips(self.codes, self.predicted), slips_alone(self.codes)

    def _best(self, taught: list[Mapping[str, Floats]]) -> tuple[int, Floats, Estimate]:
        """Which labels the best model was taught, the best predictions of all, and their skill."""
        answers = [
            (place, np.asarray(outputs[self.known, 0], dtype=np.float64))
            for place, one in enumerate(taught)
            for outputs in one.values()
        ]
        errors = [float(np.median(np.abs(self.codes - answer))) for _, answer in answers]
        place, predicted = answers[int(np.argmin(errors))]
        last = np.asarray(self.posterior.suggested[self.known], dtype=np.float64)
        if float(np.median(np.abs(self.codes - last))) < min(errors):
            predicted = last
        return place, predicted, number_skill(predicted, self.codes, self.ids)

    def shown(self, rule: Rule) -> Mask:
        """(r,) also: where nothing was learned, the slips that the column of labels shows alone."""
        return self.listed & self.alone if rule == "slips" else super().shown(rule)

    def called_wrong(self) -> Mask:
        """Numbers whose slip is known: undone, it takes away most of the distance to the prediction."""
        return self.listed & self.slips.known

    def _untold(self) -> tuple[Rule, Severity, str]:
        """What the column of labels shows alone, where it does."""
        rule, severity, sentence = super()._untold()
        count = int(self.shown("slips").sum())
        if count < FEW:
            return rule, severity, sentence
        return "slips", "warning", (
            f"{count:,} numbers are ten or a hundred times off, or of the other sign, and would otherwise lie among "
            f"the others. That is seen in the labels alone. Of all other labels: {sentence[0].lower()}{sentence[1:]}"
        )  # fmt: skip

    def share_claimed(self) -> float:
        """No more than the part of the list speaks for that is called wrong."""
        return super().share_claimed() * float(self.called_wrong().sum() / max(self.listed.sum(), 1))

    def _of_the_task(self) -> Iterable[tuple[Rule, Severity, str] | None]:
        listed, count = self.listed, int(self.listed.sum())
        if float(self.slips.traces(self.spread)[listed].mean()) >= TRACED:
            return
        far = f"{count:,} numbers far from what at least two of three kinds of model expect"
        above = float((self.codes > self.predicted)[listed].mean())
        if count >= SEVERAL and max(above, 1.0 - above) >= MOSTLY:
            side = "high" if above >= MOSTLY else "low"
            yield "one side", "note", f"{far}, nearly all of them too {side}: an event that no column names?"
        elif float(self._rare()[listed].mean()) >= HALF:
            yield "rare values", "note", (
                f"{far}, but most of them are among the largest or smallest of all and were expected on that side: "
                "rare values, which models reach only in part."
            )  # fmt: skip
        else:
            yield "no trace", "warning", (
                f"{far}. Nothing shows how they went wrong; look before changing anything."
            )  # fmt: skip

    def _rare(self) -> Mask:
        """(r,) labels at either end of all, whose prediction lies beyond, but on the same side of most."""
        low, high = np.quantile(self.codes, [RARE, 1.0 - RARE])
        few, many = np.quantile(self.predicted, [REACHED, 1.0 - REACHED])
        below = (self.codes <= low) & (self.predicted <= few) & (self.codes < self.predicted)
        above = (self.codes >= high) & (self.predicted >= many) & (self.codes > self.predicted)
        return np.asarray(below | above)


def _rate_of(fit: ResidualFit) -> float:
    return fit.rate if fit.beyond_chance else 0.0
