"""What acting on a finding would gain, measured on rows the advice was not derived from.

The obvious procedures call harmful advice helpful: scoring on cleaned labels, on "untouched" rows only, or with a list
that was found on all rows. Here the RULE is run again, from nothing, on the training rows of every fold; the model
trained on them as they are and the one trained after the remedy are both scored on every held-out row with its given
label. A cleaning of cells is carried out on the held-out rows as well, as a pipeline would; their labels stay.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.findings import RemedyVerdict
from samplewise.core.randomness import generator, hashed_order
from samplewise.core.rates import percent
from samplewise.core.results import Result, Table
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, numbers_table, with_unit
from samplewise.engine.models.learner import Fit
from samplewise.engine.models.metrics import METRICS, Metric
from samplewise.engine.models.row_losses import weighted_rows
from samplewise.engine.refits.cell_edits import CellEdit
from samplewise.engine.refits.folded_rows import Edit, FoldedRows, RemedyRule, RowEdit, outer_folds
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.refits.threads import ThreadExecutor
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width, quantile, share_interval
from samplewise.engine.statistics.means import mean_and_error
from samplewise.engine.statistics.multiplicity import holm
from samplewise.engine.statistics.significance import two_sided_p_value

TOLERATED_LOSS = 0.5  # `Metric.point`s: a smaller loss counts as none, where the aim is fewer rows
BESIDE = {"mae": METRICS["r2"], "r2": METRICS["mae"]}  # what is measured of numbers beside the chosen metric
SOURCE = (
    "nested test of the rule: re-run in every training part, both arms scored on all held-out rows with given labels"
)


@dataclass(frozen=True, slots=True)
class Measured(Result):
    """What a remedy did to held-out rows, the same for a random remedy of its size, and the verdict."""

    effect: Estimate
    control: Estimate
    verdict: RemedyVerdict
    p_value: float  # two-sided, after Holm's correction over the remedies of one report
    detectable: float  # smallest effect that would have been seen in 80 % of repetitions, in the metric's unit
    share: float  # share of the training rows the rule changed, mean over folds
    point: float = 1.0  # one point of the metric in the unit of the effect
    before: Estimate | None = None  # of numbers: the mean absolute error before the remedy, in the label's unit
    beside: Estimate | None = None  # of numbers: the effect in the other metric, R² or the label's unit

    def _sentences(self) -> Iterable[str]:
        yield f"Effect on held-out rows: {self.effect.without_reason()} ({self.verdict}, p = {self.p_value:.2g});"
        yield f"a random change of the same size: {self.control.without_reason()}."
        yield f"The smallest effect that would be seen is {with_unit(self.detectable, self.effect.unit)}."

    def _table(self) -> Table:
        effects = replace(self.effect, quantity="effect"), replace(self.control, quantity="random_control")
        detectable = (self.detectable, self.effect.unit)
        return numbers_table(*effects, detectable=detectable, changed=(self.share, "share of rows"))


@dataclass(slots=True, eq=False)
class _Tally:
    """Sums over repeats of the paired differences (n,) of a remedy and of its random twin."""

    effect: Floats
    control: Floats
    seen: Floats  # (n,) how often each row was held out
    before: Floats  # sums of the errors of numbers before the remedy
    beside: Floats  # and of the differences in the other metric for numbers
    shares: list[float]
    weights: Array | None = None  # (n,) how much each row counts

    @classmethod
    def empty(cls, count: int, weights: Array | None = None) -> Self:
        """Nothing measured yet."""
        effect, control, seen, before, beside = np.zeros((5, count))
        return cls(effect, control, seen, before, beside, [], weights)

    def mean(self, sums: Floats) -> Floats:
        """(n,) per-row means, by which the rows count as they weigh; NaN for rows that were never held out."""
        means = np.divide(sums, self.seen, out=np.full(len(sums), np.nan), where=self.seen > 0)
        return weighted_rows(means, self.weights)


def measure_remedies(
    runner: FitRunner,
    rules: Mapping[str, RemedyRule],
    folds: Sequence[Ints],
    *,
    metric: Metric,
    ordered: bool = False,
    saving: Collection[str] = (),
) -> dict[str, Measured]:
    """Test every rule by the nested protocol, with Holm's correction over all of them.

    Args:
        runner: data, learner and seed; both arms use the same.
        rules: name -> rule; each is re-run on the training rows of every fold and sees nothing else.
        folds: one (n,) assignment per repeat; groups must already be kept together in it.
        metric: per-row contributions whose mean is the score.
        ordered: folds are blocks of time.
        saving: names of rules whose aim is fewer rows. They are never said to help: their verdict is "no loss" where
            the interval rules out a loss of more than half a point (`TOLERATED_LOSS`, `Metric.point`).

    Returns:
        `Measured` by name. Effects are the metric after the remedy minus before, larger is better: in points for
        classes, for numbers the error saved in the label's unit, with R² beside it (or the reverse); intervals are
        mean +- z sd / sqrt(n) of the per-row paired differences (by group where the data has groups), rows weighted by
        the data's weights where the metric is a mean over rows ("balanced_accuracy" and "auc" are not).

    Cost: per repeat, what the rules need on 5 training sets + 5 fits + 10 fits a rule.
    Source: docs/tested-advice.md; holm1979.
    """
    weights = runner.data.weights if metric.weighted else None
    tallies = {name: _Tally.empty(len(runner.target.codes), weights) for name in rules}
    for repeat, assignment in enumerate(folds):
        parts = outer_folds(runner, assignment, ordered=ordered)
        for name, rule in rules.items():
            changes = _carried_out(rule, parts, runner)
            _compare(runner, parts, changes, tallies[name], metric, repeat)
    means = [mean_and_error(tally.mean(tally.effect), runner.groups) for tally in tallies.values()]
    adjusted = holm([two_sided_p_value(*each) for each in means]).tolist()
    measured = {
        name: _measured(runner, tally, metric, p) for (name, tally), p in zip(tallies.items(), adjusted, strict=True)
    }
    return {name: _judged_by_loss(runner, one) if name in saving else one for name, one in measured.items()}


def random_twin(change: RowEdit, folded: FoldedRows, seed: int) -> RowEdit:
    """A remedy of the same kind and size on hash-drawn ones of the same rows (relabeling to another random class)."""
    rows = np.sort(hashed_order(seed, folded.data.ids, "random remedy")[: len(change.rows)])
    if change.kind != "relabel":
        return RowEdit(change.kind, rows, change.values)
    draw = generator(seed, "random labels", folded.left_out)
    if folded.class_count:
        return RowEdit(
            "relabel", rows, (folded.codes[rows] + draw.integers(1, folded.class_count, len(rows))) % folded.class_count
        )
    return RowEdit("relabel", rows, draw.permutation(folded.codes)[: len(rows)])


def _carried_out(rule: RemedyRule, parts: Sequence[FoldedRows], runner: FitRunner) -> list[Edit]:
    """The rule's change in every outer fold; in parallel where fits are closed forms: most of a rule is algebra then.

    The first fold goes ahead alone: what all folds share (pair fits, Gram blocks) is made there once.
    """
    first = rule(parts[0])
    if not runner.learner.closed_form:
        return [first, *(rule(folded) for folded in parts[1:])]

    def again(folded: FoldedRows, *, seed: int) -> Edit:
        return rule(folded)

    return [first, *ThreadExecutor().map(again, parts[1:], seeds=[runner.seed] * (len(parts) - 1))]


def _compare(
    runner: FitRunner,
    parts: Sequence[FoldedRows],
    changes: Sequence[Edit],
    tally: _Tally,
    metric: Metric,
    repeat: int,
) -> None:
    """Fit the rows of every fold as they are, after the change and after the random twin; add up the differences."""
    queries = [np.flatnonzero(folded.all_folds == folded.left_out) for folded in parts]
    cleaned = _Cleaned(runner)
    arms: list[tuple[FitRunner, Fit]] = []
    for folded, query, change in zip(parts, queries, changes, strict=True):
        seed, as_it_is = runner.seed + repeat, folded.changed_fit(query, None)
        if isinstance(change, RowEdit):
            edits = (change, random_twin(change, folded, seed))
            arms += [(runner, as_it_is), *((runner, folded.changed_fit(query, edit)) for edit in edits)]
        else:
            arms += [(made_by, as_it_is) for made_by in (runner, cleaned.by(change), cleaned.at_random(change, seed))]
    answers, other = _outputs(arms, parts[0].all_folds), BESIDE.get(metric.name)
    for number, (folded, query, change) in enumerate(zip(parts, queries, changes, strict=True)):
        codes = runner.target.codes[query]
        tally.shares.append(_share(change, folded))
        if not metric.can_score(codes):  # held-out rows of one class only: this fold says nothing
            continue
        before, after, random = (
            metric.contributions(answer.astype(np.float64), codes) for answer in answers[3 * number : 3 * number + 3]
        )
        if other is not None:
            tally.beside[query] += other.contributions(answers[3 * number + 1].astype(np.float64), codes)
            tally.beside[query] -= other.contributions(answers[3 * number].astype(np.float64), codes)
            tally.before[query] += np.abs(answers[3 * number][:, 0].astype(np.float64) - codes)
        tally.effect[query] += after - before
        tally.control[query] += random - before
        tally.seen[query] += 1


class _Cleaned:
    """Who makes fits on the rows after a cleaning: one runner for all folds in which the same cells change."""

    def __init__(self, runner: FitRunner) -> None:
        self.runner, self._known = runner, dict[str, FitRunner]()

    def by(self, change: CellEdit) -> FitRunner:
        """For the cells that are to be cleaned."""
        return self._of(change, change.carried_out(self.runner.data.X)) if change.steps else self.runner

    def at_random(self, change: CellEdit, seed: int) -> FitRunner:
        """For as many random ones of the same column, in rows that are trained on and in those that are held out."""
        data = self.runner.data
        return self._of(change, change.at_random(data.X, data.ids, seed)) if change.steps else self.runner

    def _of(self, change: CellEdit, X: Any) -> FitRunner:
        name = change.name_of(X)
        if name not in self._known:
            self._known[name] = self.runner.with_features(X)
        return self._known[name]


def _outputs(arms: Sequence[tuple[FitRunner, Fit]], blocks: Ints) -> list[Array]:
    """The outputs of every arm, in order; all fits of one runner are made together."""
    answers: dict[int, Array] = {}
    for runner in dict.fromkeys(made_by for made_by, _ in arms):
        own = [at for at, (made_by, _) in enumerate(arms) if made_by is runner]
        answers |= zip(own, runner.outputs([arms[at][1] for at in own], blocks=blocks), strict=True)
    return [answers[at] for at in range(len(arms))]


def _share(change: Edit, folded: FoldedRows) -> float:
    """Share of the training rows that a change concerns."""
    if isinstance(change, RowEdit):
        return len(change.rows) / len(folded)
    return float(change.changed(folded.data.X).mean())


def _measured(runner: FitRunner, tally: _Tally, metric: Metric, adjusted: float) -> Measured:
    effect = _estimate(runner, "effect", tally.mean(tally.effect), metric.unit)
    control = _estimate(runner, "control", tally.mean(tally.control), metric.unit)
    other = BESIDE.get(metric.name)
    beside = None if other is None else _estimate(runner, "effect", tally.mean(tally.beside), other.unit)
    before = None if other is None else _estimate(runner, "error", tally.mean(tally.before), LABEL_UNIT)
    helps = effect.value > 0
    verdict: RemedyVerdict = ("helps" if helps else "hurts") if adjusted < 1.0 - CONFIDENCE else "not distinguishable"
    half = (effect.high - effect.low) / 2.0
    detectable = half * (1.0 + quantile(0.8) / half_width(1.0))
    share, point = float(np.mean(tally.shares)), metric.point(runner.target.codes)
    return Measured(effect, control, verdict, adjusted, detectable, share, point, before, beside)


def _judged_by_loss(runner: FitRunner, measured: Measured) -> Measured:
    """The verdict on a remedy whose aim is fewer rows: a loss was measured, is ruled out, or neither.

    Where no held-out row was predicted otherwise the spread is 0, which says no more than so many rows can: the loss
    may be as large as the share of changed rows that their number leaves open.
    """
    if measured.verdict == "hurts":
        return measured
    effect = measured.effect
    independent = len(runner.target.codes) if runner.groups is None else len(np.unique(runner.groups))
    unseen = measured.point * float(percent(share_interval(0, independent, CONFIDENCE)[1]))
    loss = -effect.low if effect.high > effect.low else unseen - effect.value
    return replace(measured, verdict="no loss" if loss <= TOLERATED_LOSS * measured.point else "not distinguishable")


def _estimate(runner: FitRunner, quantity: str, differences: Floats, unit: str) -> Estimate:
    mean, error = mean_and_error(differences, runner.groups)
    half = half_width(error)
    return Estimate(quantity, mean, mean - half, mean + half, unit, CONFIDENCE, SOURCE)
