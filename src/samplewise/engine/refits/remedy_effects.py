"""What acting on a finding would gain, measured on rows the advice was not derived from.

The obvious procedures call harmful advice helpful: scoring on cleaned labels, on "untouched" rows only, or with a list
that was found on all rows. Here the RULE is run again, from nothing, on the training rows of every fold; the model
trained on them as they are and the one trained after the remedy are both scored on every held-out row with its given
label. A cleaning of cells is carried out on the held-out rows as well, as a pipeline would; their labels stay.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from samplewise.core.arrays import Ints
from samplewise.core.findings import RemedyVerdict
from samplewise.core.results import Result, Table
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, numbers_table, with_unit
from samplewise.engine.models.metrics import METRICS, Contributions, Metric
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, outer_folds
from samplewise.engine.refits.preparation import folds_of_repeat
from samplewise.engine.refits.remedy_arms import Arms
from samplewise.engine.refits.remedy_judge import Judge, Tally, units_of
from samplewise.engine.refits.remedy_sizes import with_all_rows
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.statistics.intervals import CONFIDENCE, quantile
from samplewise.engine.statistics.looks import MARGIN, Seen, decide
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.repeated_means import RepeatedMean

BESIDE = {"mae": METRICS["r2"], "r2": METRICS["mae"]}  # what is measured of numbers beside the chosen metric
LIKE_SHARE = 2.0  # remedies whose shares of changed rows differ by at most this factor share the luck of their models


@dataclass(frozen=True, slots=True)
class MeasurePlan:
    """How much is spent on testing remedies.

    Args:
        looks: repeats (draws of the folds) after which the remedies are looked at; most are decided before the last.
        refits: fits of every arm in every part of a repeat. More of them replace repeats where running the rule again
            costs much more than a fit and models differ from fit to fit.
        margin: a difference of at most so many points (`Metric.point`) is not worth acting on.
        all_rows: also say what a remedy that helps or hurts would do with all rows; about as many fits again.
    """

    looks: tuple[int, ...] = (1,)
    refits: int = 1
    margin: float = MARGIN
    all_rows: bool = False


CLOSED_FORM = MeasurePlan((2, 4), refits=3)
OTHERS = MeasurePlan((2, 3), refits=4)


@dataclass(frozen=True, slots=True)
class Measured(Result):
    """What a remedy did to held-out rows, the same for a random remedy of its size, and the verdict."""

    effect: Estimate
    control: Estimate
    verdict: RemedyVerdict
    p_value: float  # one-sided, of the effect above 0 and above the random remedy's, corrected over all remedies (Holm)
    detectable: float  # smallest effect that would have been seen in 80 % of repetitions, in the metric's unit
    share: float  # share of the training rows the rule changed, mean over parts
    beyond: Estimate = field(default_factory=lambda: Estimate("beyond_random", math.nan))  # effect minus control
    one_refit: Estimate = field(default_factory=lambda: Estimate("one_refit", math.nan))  # where one refit may land
    corrected: Estimate = field(default_factory=lambda: Estimate("corrected_effect", math.nan))  # on true labels
    all_rows: Estimate = field(default_factory=lambda: Estimate("effect_with_all_rows", math.nan))  # where asked for
    reason: str = ""  # why the verdict is not decided, and what would decide it
    point: float = 1.0  # one point of the metric in the unit of the effect
    before: Estimate | None = None  # of numbers: the mean absolute error before the remedy, in the label's unit
    beside: Estimate | None = None  # of numbers: the effect in the other metric, R² or the label's unit
    repeats: int = 1
    fits: int = 0

    def _sentences(self) -> Iterable[str]:
        yield f"Effect on held-out rows: {self.effect.without_reason()} ({self.verdict}, p = {self.p_value:.2g});"
        yield f"a random change of the same size: {self.control.without_reason()}."
        if not math.isnan(self.one_refit.low):
            low, high, unit = self.one_refit.low, self.one_refit.high, self.one_refit.unit
            yield f"One refit on all rows may land between {low:+.2g} and {high:+.2g} {unit}."
        yield f"The smallest effect that would be seen is {with_unit(self.detectable, self.effect.unit)}."
        if not math.isnan(self.all_rows.value):
            yield f"With all rows, in place of the share it was tested on: {self.all_rows.without_reason()}."
        if self.reason:
            yield f"Not decided: {self.reason}."

    def _table(self) -> Table:
        effects = replace(self.effect, quantity="effect"), replace(self.control, quantity="random_control")
        others = [
            one for one in (self.beyond, self.one_refit, self.corrected, self.all_rows) if not math.isnan(one.value)
        ]
        detectable = (self.detectable, self.effect.unit)
        return numbers_table(*effects, *others, detectable=detectable, changed=(self.share, "share of rows"))


def measure_remedies(  # the data, the rules, the metric and the design are four different things
    runner: FitRunner,
    rules: Mapping[str, RemedyRule],
    folds: Sequence[Ints],
    *,
    metric: Metric,
    plan: MeasurePlan | None = None,
    ordered: bool = False,
    saving: Collection[str] = (),
    corrected: Sequence[Contributions] = (),
) -> dict[str, Measured]:
    """Test every rule by the nested protocol, with Holm's correction over all of them.

    Args:
        runner: data, learner and seed; all arms use the same.
        rules: name -> rule; each is re-run on the training rows of every fold and sees nothing else.
        folds: one (n,) assignment per repeat; groups must already be kept together in it. Rows of fold -1 are test
            rows: all models are then evaluated on them and on no others.
        metric: per-row contributions whose mean is the score.
        plan: when to look, how often to refit, and what is worth acting on; default one look after all repeats.
        ordered: folds are blocks of time.
        saving: names of rules whose aim is fewer rows. They are never said to help: their verdict is "no loss" where
            the interval rules out a loss beyond the margin.
        corrected: contributions as they would be on true labels, at the estimated share of wrong labels and at both
            ends of its interval; the verdict never uses them.

    Returns:
        `Measured` by name. Effects are the metric after the remedy minus before, larger is better: in points for
        classes, for numbers the error saved in the label's unit, with R² beside it (or the reverse). Intervals allow
        for rows that the same models evaluated, and count groups as one observation; rows are weighted by the
        data's weights where the metric is a mean over rows ("balanced_accuracy" and "auc" are not).

    Cost: per repeat, what the rules need on 5 training sets + 5 J fits + 10 J fits a rule, for J refits.
    Source: docs/tested-advice.md; holm1979.
    """
    plan = plan or MeasurePlan((len(folds),))
    looks = [look for look in plan.looks if look <= len(folds)] or [len(folds)]
    weights = runner.data.weights if metric.weighted else None
    judge = Judge(metric, units_of(runner, ordered), weights, metric.point(runner.target.codes), plan.margin)
    arms = Arms(runner, metric, plan.refits, corrected, BESIDE.get(metric.name))
    tallies = {name: Tally(name in saving) for name in rules}
    done = 0
    for look in looks:
        for repeat in range(done, look):
            going = {name: rule for name, rule in rules.items() if not tallies[name].word}
            parts = outer_folds(runner, folds[repeat], ordered=ordered)
            effects, refused = arms.compared(going, parts, repeat) if going else ({}, {})
            for name, found in effects.items():
                tallies[name].found.append(found)
            for name, reason in refused.items():
                tallies[name].refused, tallies[name].word = reason, "not decided"
            if repeat:
                runner.forget(folds[repeat])
        done = look
        _decide(judge, [tally for tally in tallies.values() if not tally.refused], looks[-1])
    carried = {name: tally for name, tally in tallies.items() if not tally.refused}
    apart = ordered or bool((folds[0] < 0).any())  # the past grows from fold to fold, and test rows have no share
    whole = plan.all_rows and not apart
    sizes = with_all_rows(arms, judge, rules, carried, len(np.unique(folds[0]))) if whole else {}
    measurable = _measured(judge, carried, sizes)
    return {
        name: measurable[name] if name in measurable else _not_measured(tally, metric)
        for name, tally in tallies.items()
    }


def measure_on_redrawn_folds(
    folded: FoldedRows, rules: Mapping[str, RemedyRule], *, metric: Metric
) -> dict[str, Measured]:
    """`measure_remedies` with the usual looks; the first repeat has the folds of `folded`, the others are redrawn."""
    runner, plan = folded.runner, CLOSED_FORM if folded.runner.learner.closed_form else OTHERS
    strata, n_folds = None if folded.target.classes is None else folded.codes, len(np.unique(folded.folds))
    redrawn = [
        folds_of_repeat(folded.data, strata, runner.groups, n_folds, runner.seed, repeat)
        for repeat in range(1, plan.looks[-1])
    ]
    folds = [folded.all_folds, *redrawn]
    return measure_remedies(runner, rules, folds, metric=metric, plan=plan, ordered=folded.ordered)


def _decide(judge: Judge, tallies: Sequence[Tally], last: int) -> None:
    """A word for every remedy that can have one after this look."""
    seen = [judge.seen(tally) for tally in tallies]
    words = decide(seen, [tally.word for tally in tallies], last=last, margin=judge.margin)
    for tally, each, word in zip(tallies, seen, words, strict=True):
        if word and not tally.word:
            unsure = word in ("helps", "hurts") and bool(judge.doubt(tally, each))
            tally.word = "not decided" if unsure else word


def _measured(judge: Judge, tallies: Mapping[str, Tally], sizes: Mapping[str, RepeatedMean]) -> dict[str, Measured]:
    seen = {name: judge.seen(tally) for name, tally in tallies.items()}
    helps = holm([each.p_helps for each in seen.values()]).tolist()
    hurts = holm([each.p_hurts for each in seen.values()]).tolist()
    luck = {name: _luck_of_one_refit(tallies, seen, name) for name in tallies}
    return {
        name: _one(judge, tally, seen[name], down if tally.word == "hurts" else up, luck[name], sizes.get(name))
        for (name, tally), up, down in zip(tallies.items(), helps, hurts, strict=True)
    }


def _one(  # what was seen, and what follows from it
    judge: Judge, tally: Tally, seen: Seen, p_value: float, luck: float, size: RepeatedMean | None
) -> Measured:  # fmt: skip
    effect = judge.estimate("effect", seen.effect)
    corrected = judge.corrected(tally)
    centered = effect if math.isnan(corrected.value) else corrected
    wide = math.sqrt(((centered.high - centered.low) / 2.0) ** 2 + (quantile(0.5 + CONFIDENCE / 2.0) ** 2) * luck)
    one_refit = replace(
        centered, quantity="one_refit", low=centered.value - wide, high=centered.value + wide,
        reason="where one refit on all rows may land; learners that vary from fit to fit scatter by as much",
    )  # fmt: skip
    word: RemedyVerdict = tally.word or "not decided"
    return Measured(
        effect, judge.estimate("control", judge.mean(tally, "control")), word, p_value, seen.detectable, tally.share,
        judge.estimate("beyond_random", seen.beyond), one_refit, corrected, _with_all_rows(judge, size),
        judge.open_question(tally, seen) if word == "not decided" else "",
        judge.point, *_beside(judge, tally), seen.effect.count, sum(repeat.fits for repeat in tally.found),
    )  # fmt: skip


def _with_all_rows(judge: Judge, size: RepeatedMean | None) -> Estimate:
    if size is None:
        return Estimate("effect_with_all_rows", math.nan)
    followed = judge.estimate("effect_with_all_rows", size)
    return replace(followed, reason="followed from two shares of the rows to all of them")


def _beside(judge: Judge, tally: Tally) -> tuple[Estimate | None, Estimate | None]:
    """Of predicted numbers: the error before the remedy, and the effect in the other metric."""
    other = BESIDE.get(judge.metric.name)
    if other is None:
        return None, None
    before, beside = (judge.mean(tally, kind) for kind in ("before", "beside"))
    return judge.estimate("error", before, LABEL_UNIT), judge.estimate("effect", beside, other.unit)


def _not_measured(tally: Tally, metric: Metric) -> Measured:
    """A remedy that cannot be carried out in every part."""
    nothing = Estimate("effect", math.nan, unit=metric.unit, reason=tally.refused)
    return Measured(
        nothing, replace(nothing, quantity="control"), "not decided", 1.0, math.nan, math.nan, reason=tally.refused
    )


def _luck_of_one_refit(tallies: Mapping[str, Tally], seen: Mapping[str, Seen], name: str) -> float:
    """Variance of one refit's luck, pooled over the remedies that change about as many rows: one alone is noisy."""
    own = tallies[name].share
    alike = [
        each.effect.luck
        for other, each in seen.items()
        if other == name or max(own, tallies[other].share) <= LIKE_SHARE * min(own, tallies[other].share)
    ]
    return float(np.mean(alike))
