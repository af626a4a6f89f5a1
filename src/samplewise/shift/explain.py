"""What the error of a model in another place consists of, in terms of what would mend it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.execution import Executor
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of, keys_text, sentence
from samplewise.core.values import Estimate, Exhibit
from samplewise.data.inputs import as_labeled
from samplewise.data.targets import Target, Task, describe_target
from samplewise.engine.models.estimator import EstimatorLearner
from samplewise.engine.models.feature_encoding import TreeCodes
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.refits import Prepared, prepare
from samplewise.shift.column_drift import MOST_COLUMNS
from samplewise.shift.domain_classifier import chances_of_second, sides_of
from samplewise.shift.domain_probes import domain_probes, linear_chances
from samplewise.shift.linear_probe import LinearProbe, number_probe
from samplewise.shift.nested_probes import (
    NestedLosses,
    balance_weights,
    nested_losses,
    outputs_of,
    require_classes,
)
from samplewise.shift.shared_rows import QUESTIONS, estimate, shared_parts
from samplewise.shift.two_places import Pair, Scored, giving_away

PARTS = (
    ("e0", "error_at_home", "wrong at home already"),
    ("e1", "harder_there", "harder, even for a rule fitted there"),
    ("e2", "one_rule_for_both", "one rule has to serve both places"),
    ("e3", "fitted_at_home", "the rule was fitted at home only"),
)
MENDS = {
    "e0": "a better model or better columns: it errs at home as well",
    "e1": "columns that tell more there: no rule on these features does better there",
    "e2": "a rule of its own for every place",
    "e3": "the same model fitted again with labeled rows from there",
}


@dataclass(frozen=True, slots=True, eq=False)
class ShiftExplanation(Result):
    """The error in another place as a sum of four signed parts, and beside it what else can be said of the change.

    error there = e0 + e1 + e2 + e3 exactly. Parts may be negative, so they are no shares of a whole.

    Args:
        error: on the target, of the model fitted on the source (or of the outputs given).
        change: the error there minus the error at home, e1 + e2 + e3, in points or in the label's unit.
        parts: e0 the error at home; e1 what a rule fitted there errs beyond that; e2 what one rule for both places adds
            to that, every domain weighing the same; e3 what the model adds to that.
        pooled: the same with one rule for both places to which every row counts the same.
        few_rows: what a rule errs more at home that is fitted on as few rows as the target has: so much of e1 may be a
            lack of rows.
        invariance: frame of I0, I1 and I2: the share of rows (0..1) whose domain a linear rule tells, chance, and how
            far it is from chance (0) to certainty (1).
        shared_parts: the change on rows that both places have: rows the target has fewer of; like rows with other
            labels; rows the source has fewer of. Not known where hardly any rows are alike.
        shared: share of rows that both places have, 0 to 1.
        left_out: columns that alone nearly give the place away, which nothing was fitted to.
        copies: target rows that also stand in the source.
        notes: what was decided, in sentences.
    """

    error: Estimate
    change: Estimate
    parts: tuple[Estimate, ...]
    pooled: tuple[Estimate, ...]
    few_rows: Estimate
    invariance: Any
    shared_parts: tuple[Estimate, ...]
    shared: float
    left_out: tuple[str, ...]
    copies: int
    notes: tuple[str, ...]

    @property
    def main_part(self) -> str:
        """The largest of e1, e2 and e3, which make the change: its code, or "" where none is above 0 beyond chance."""
        above = [(part.value, code) for part, (code, _, _) in zip(self.parts, PARTS, strict=True) if part.low > 0]
        above = [one for one in above if one[1] != "e0"]
        return max(above)[1] if above and self.change.low > 0 else ""

    @property
    def mends(self) -> str:
        """What would mend the largest part of the change, in words; a lack of rows is named before anything else."""
        if not self.main_part:
            return "cannot be told" if not self.change.high < 0 else "nothing: the error there is lower than at home"
        if self.main_part == "e1" and self.few_rows.value > self.parts[1].low:
            return "cannot be told: the target has so few rows that a rule fitted there cannot do better"
        return MENDS[self.main_part]

    def exhibit(self) -> Exhibit:
        """A waterfall: every part as a bar from where the one before it ended, with its interval; then their sum."""
        values = np.array([part.value for part in self.parts])
        total = values.sum()
        moved = total - values[0]
        ends = {"low": values[0] + self.change.low, "high": values[0] + self.change.high}
        columns = {
            "name": np.array([words for _, _, words in PARTS] + ["error there"]),
            "value": np.r_[values, total],
            "low": np.array([part.low for part in self.parts] + [ends["low"]]),
            "high": np.array([part.high for part in self.parts] + [ends["high"]]),
            "start": np.r_[0.0, np.cumsum(values)[:-1], 0.0],
        }  # fmt: skip
        note = f"Parts may be negative; they add up to the error there. The change is {moved:+.3g}."
        return Exhibit("bars", "What the error there consists of", columns, self.change.unit, note)

    def _sentences(self) -> Iterable[str]:
        yield f"The error there is {self.error.without_reason()}; at home it is {self.parts[0].without_reason()}."
        changed = self.change.low > 0 or self.change.high < 0
        yield f"Change: {self.change.without_reason()}{'' if changed else ', which chance explains'}."
        yield "The lines below add up to the error there; they may be negative, and are no shares of it."
        if self.main_part:
            yield f"What would mend most of the change: {self.mends}."
        known = [part for part in self.shared_parts if not np.isnan(part.value)]
        if known:
            share = percent_text(self.shared, ".0f")
            named = zip((words for _, words in QUESTIONS), self.shared_parts, strict=True)
            yield f"On the {share} of rows that both places have: "
            yield "; ".join(f"{words} {part.without_reason()}" for words, part in named) + "."
        else:
            yield f"Whether like rows have other labels there {self.shared_parts[1].reason}."
        yield "Other labels for like rows are seen because target rows are labeled; without labels nothing shows them."
        if self.left_out:
            yield f"Left out, since they give the place away: {keys_text(self.left_out)}."
        if self.copies:
            yield f"{count_of(self.copies, 'target row')} also stand in the source, and were kept in one fold with it."
        yield from (sentence(note) for note in self.notes)

    def _table(self) -> Table:
        columns: dict[str, Any] = {"part": [code for code, _, _ in PARTS], "means": [words for _, _, words in PARTS]}
        for name, parts in (("", self.parts), ("pooled_", self.pooled)):
            for field in ("value", "low", "high"):
                columns[name + field] = np.array([getattr(part, field) for part in parts])
        units = {name: self.change.unit for name in columns if name not in ("part", "means")}
        return Table(columns, units, "part", hidden=("pooled_low", "pooled_high"))


@checked
def explain_shift(  # noqa: PLR0913  # one keyword per part of the question, most with a default
    source: Any,
    target: Any,
    *,
    label: str | None = None,
    learner: Any = None,
    embed: Any = None,
    outputs: Any = None,
    drop_columns: Sequence[str] | None = None,
    domain: str | None = None,
    balance: str | None = None,
    task: Task = "auto",
    n_folds: int = 5,
    seed: int = 0,
    executor: Executor | None = None,
) -> ShiftExplanation:
    """What the error (0..1; of numbers, in the label's unit) in another place consists of: four signed parts that add
    up to it exactly, each with what would mend it.

    Four rules of one kind are compared on the same rows, in the same folds: the model at home (e0); one fitted on the
    target alone (e0 + e1 is its error there); one fitted on both, every domain weighing the same (e0 + e1 + e2); and
    the model fitted on the source. Each scores only rows it was not fitted on. For numbers the error is absolute.

    Args:
        source: n labeled rows the model learns from, in any form `samplewise.data.as_dataset` takes; one column of its
            `segments` may name several domains.
        target: m labeled rows of the other place, with the same columns.
        label: name of the label's column in tables or paths.
        learner: what is explained, and what the rules are: a name, a scikit-learn estimator or a `Learner`; None for
            the default of this shape of data, or with `embed` for a linear rule.
        embed: a frozen representation: a function of X that gives (n, d) numbers, or a pair of arrays (of the source,
            of the target). The rules are then fitted on it.
        outputs: pair (n, c), (m, c) of a model of your own, on source rows it was not fitted on and on the target, in
            place of the learner's fit on the source.
        drop_columns: that nothing is fitted to; None for those that alone nearly give the place away (of at most 200
            columns, without `embed`), since with them one rule can be two.
        domain: which column of the source's segments names the domains, where there are several.
        balance: a column of the target's segments that the rule fitted there must not use as a sign of the class: its
            rows are weighted so that both are independent.
        task: "auto", "classification" or "regression".
        n_folds: of all rules.
        seed: of folds, draws and fits.
        executor: carries out fits that are not in closed form.

    Returns:
        `ShiftExplanation`; intervals are of rows drawn anew, paired where two rules are compared on the same rows.

    Raises:
        InputError: fewer than 30 rows that count on a side, one class on a side, no labels, columns that the target
            lacks, columns that all give the place away, or outputs and features that do not fit the rows.

    Cost: four or five fits a fold of at most 20,000 rows a domain, as many domain probes of at most 5,000, and two
        boosted classifiers (a linear one of more than 200 columns).
    Not for: a target without labels (see `certify_error` for a few labels); rows ordered in time, whose neighbors are
        alike.
    Source: galstyan2022, cai2023.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(800, 2)); y = (X[:, 0] > 0).astype(int); there = rng.normal(size=(800, 2))
    >>> found = explain_shift((X, y), (there, (there[:, 0] > 1.0).astype(int)), learner="logistic")
    >>> found.main_part, bool(abs(sum(part.value for part in found.parts) - 100 * found.error.value) < 1e-9)
    ('e3', True)
    """
    given = as_labeled(source, label=label, name="source")
    pair = Pair.of(given, as_labeled(target, label=label, name="target"), domain)
    labels = describe_target(pair.labels(), task)
    if embed is not None:
        left_out: tuple[str, ...] = ()
        pair = pair.with_features(embed)
    else:
        left_out = giving_away(pair, seed) if drop_columns is None else tuple(drop_columns)
        pair = pair.without(left_out)
    rules = _linear(labels) if embed is not None and learner is None else learner
    rows = prepare(pair.joined(), rules, task=labels.task, n_folds=n_folds, seed=seed, executor=executor)
    notes = [*pair.notes, *require_classes(rows, pair)]
    strata = pair.there * (len(labels.classes) if labels.classes is not None else 0) + (
        rows.target.codes if labels.classes is not None else pair.there
    )
    folds = rows.folds(strata=strata)
    balanced = None if balance is None else balance_weights(rows, pair, balance)
    own = None if outputs is None else outputs_of(pair, outputs, labels.classes)
    losses = nested_losses(rows, pair, folds, balanced, own)
    return _explained(rows, pair, losses, folds, left_out, tuple(notes))


def _linear(labels: Target) -> EstimatorLearner:
    """A linear rule on features that are scaled already."""
    return EstimatorLearner(LinearProbe() if labels.classes is not None else number_probe(), "linear rule", "raw")


def _explained(
    rows: Prepared, pair: Pair, losses: NestedLosses, folds: Any, left_out: tuple[str, ...], notes: tuple[str, ...]
) -> ShiftExplanation:
    """Losses as parts, and what stands beside them."""
    scale = ErrorScale.of(rows.target)
    sides = tuple(Scored.of(rows, folds, pair.there == side) for side in (False, True))
    home, away = sides[0].mean(losses.own), sides[1].mean(losses.own)

    def parts(shared: Floats) -> tuple[Estimate, ...]:
        means = (
            home, sides[1].mean(losses.alone).minus(home), sides[1].mean(shared - losses.alone),
            sides[1].mean(losses.own - shared),
        )  # fmt: skip
        return tuple(estimate(name, mean, scale) for (_, name, _), mean in zip(PARTS, means, strict=True))

    few = Estimate("few_rows", 0.0, reason="the target has about as many rows")
    if losses.few is not None:
        few = estimate("few_rows", sides[0].mean(losses.few - losses.own), scale)
    chances, copies = _chances(rows, pair, folds)
    shared, share = shared_parts(losses.own, chances, pair.there, (sides[0], sides[1]), scale)
    half = away.half_width(0.975)
    low, high = max(away.value - half, 0.0), away.value + half
    error = Estimate("error_there", away.value, low, high, "", 0.95, "galstyan2022")
    return ShiftExplanation(
        scale.error(error), estimate("change", away.minus(home), scale), parts(losses.balanced), parts(losses.pooled),
        few, _invariance(rows, pair, folds), shared, share, left_out, copies, notes,
    )  # fmt: skip


def _chances(rows: Prepared, pair: Pair, folds: Any) -> tuple[Floats, int]:
    """(N,) chance that a row is of the target, and how many target rows also stand in the source."""
    copies = int(np.isin(rows.duplicates[pair.there], rows.duplicates[~pair.there]).sum())
    if rows.space.shape[1] > MOST_COLUMNS:
        return linear_chances(rows, pair, folds), copies
    codes = TreeCodes(rows.data.X, columns=rows.data.columns)
    matrix = codes(rows.data.X)
    here, there = (rows.data.take(np.flatnonzero(pair.there == side)) for side in (False, True))
    sides = sides_of(matrix, (here.ids, there.ids), (here.groups, there.groups), rows.seed)
    return chances_of_second(matrix, codes.categorical, sides, rows.seed), copies


def _invariance(rows: Prepared, pair: Pair, folds: Any) -> Any:
    found = domain_probes(rows, pair, folds)
    value, chance = np.array([one.value for one, _, _ in found]), np.array([chance for _, chance, _ in found])
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(chance < 1.0, (value - chance) / (1.0 - chance), np.nan)
    columns = {
        "probe": [one.quantity for one, _, _ in found], "question": [question for _, _, question in found],
        "value": value, "low": np.array([one.low for one, _, _ in found]),
        "high": np.array([one.high for one, _, _ in found]), "chance": chance, "above_chance": above,
        "reason": [one.reason for one, _, _ in found],
    }  # fmt: skip
    return Table(columns, index="probe").to_frame()
