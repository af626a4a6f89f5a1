"""Does a drift matter: how many points of error it costs, which part the rows explain, and through which columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError, require_amount
from samplewise.core.rates import percent, percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import keys_text, quantity_text, shortened
from samplewise.core.values import Estimate
from samplewise.data.conversions import as_numbers, as_vector
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_labeled, with_columns_of
from samplewise.data.targets import Target, Task, describe_target, with_read_labels
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.refits import Prepared, prepare
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width
from samplewise.shift.column_path import PathStep, column_path
from samplewise.shift.compared_rows import ComparedRows, compared_rows
from samplewise.shift.domain_classifier import OUTSIDE, importance_weights
from samplewise.shift.error_accounts import accounts_of
from samplewise.shift.train_test import TrainTestDrift, drift_of, second_side

MARGIN = 2.0  # points of error that matter
Alarm = Literal["above margin", "below margin", "not distinguishable", "cannot be told"]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorChange(Result):
    """The error of a model in a target, less its error in its source, and the parts of that change.

    Differences are in points, hundredths of an error rate; of predicted numbers in the label's unit. Each part may be
    negative, and the two parts of an account add up to the change.

    Args:
        source_error, target_error: of the model on held-out rows of either side; the target's is not known without
            labels.
        change: target error minus source error, with an exact interval for classes.
        covariate: part that other rows bring, if equal rows keep their labels; needs no target label. Its interval is
            approximate. Not known, with the reason, where the sides hardly overlap.
        concept: the rest: equal rows have other labels now, or rows lie where the source has none. Needs labels.
        label_part, label_rest: another account of the same change: other shares of the classes, and the rest. Both
            accounts are possible; that one is simpler whose rest may be 0.
        path: frame with one line per column that explains how the rows differ, the most telling first: what it
            `moves` the error by beyond those before, what all of them up to it move it by (`together`, with `low` and
            `high`), and the `gain` in telling the sides apart, in nats a row.
        alarm: "above margin", "below margin", "not distinguishable" or "cannot be told".
        margin: in points (of predicted numbers hundredths of the error of always answering the median).
        effective_share: share of the source rows that the reweighted ones are worth, 0 to 1.
        outside_share: share of target rows that have none like them in the source, 0 to 1.
        left_out: columns that give the place away and were left out of the parts: what they bear on the error is not
            known, so without labels nothing is then said to be below the margin.
        n_labels: target rows whose label is known.
        scale: how errors are read.
    """

    source_error: Estimate
    target_error: Estimate
    change: Estimate
    covariate: Estimate
    concept: Estimate
    label_part: Estimate
    label_rest: Estimate
    path: Any
    alarm: Alarm
    margin: float
    effective_share: float
    outside_share: float
    left_out: tuple[str, ...]
    n_labels: int
    scale: ErrorScale

    @property
    def judged(self) -> Estimate:
        """The number the alarm is about: the change where labels are known, else the covariate part."""
        return self.covariate if np.isnan(self.change.value) else self.change

    def margin_text(self) -> str:
        """The margin as a person reads it: `2 points`, or in the label's unit."""
        return self.scale.difference(Estimate("margin", self.margin / percent(1.0))).without_reason()

    def _sentences(self) -> Iterable[str]:
        labeled = not np.isnan(self.change.value)
        if self.alarm == "cannot be told":
            yield f"What the other rows cost cannot be told: {self.covariate.reason}."
        else:
            what = "The error changes by" if labeled else "If equal rows keep their labels, the error changes by"
            yield f"{what} {self.judged.without_reason()}: {self.alarm_text()}."
        if labeled and not np.isnan(self.covariate.value):
            yield (
                f"Other rows explain {self.covariate.without_reason()}; the rest, {self.concept.without_reason()}, is "
                "of other labels on equal rows, or of rows unlike any of the source."
            )
        if len(self.path):
            steps = [f"{shortened(str(name), 40)} ({points:+.2g})" for name, points in self.path["moves"].items()]
            together = float(self.path["together"].iloc[-1])
            explained = self.covariate.low <= together <= self.covariate.high
            left = "" if explained else f"; together {together:+.2g}, the rest of it is of no single column"
            yield f"Columns that explain how the rows differ, with what each moves: {keys_text(steps)}{left}."
        if self.left_out:
            names = keys_text([shortened(name, 40) for name in self.left_out])
            yield f"Left out of the parts, for they give the place away: {names}."
        if self.outside_share > 0:
            yield f"{percent_text(self.outside_share, '.2g')} of the target rows have none like them in the source."
        if not labeled:
            yield "Whether equal rows now have other labels (concept shift) cannot be seen without labels."

    def alarm_text(self) -> str:
        """The alarm in words, with the margin."""
        return {
            "above margin": f"more than the margin of {self.margin_text()}",
            "below margin": f"surely less than the margin of {self.margin_text()}",
            "not distinguishable": f"whether that is more than the margin of {self.margin_text()} is not certain",
            "cannot be told": "that cannot be told",
        }[self.alarm]

    @property
    def parts(self) -> tuple[Estimate, ...]:
        """Errors, their difference, and the parts of both accounts."""
        errors = (self.source_error, self.target_error, self.change)
        return (*errors, self.covariate, self.concept, self.label_part, self.label_rest)

    def _table(self) -> Table:
        columns = {
            name: [getattr(part, name) for part in self.parts]
            for name in ("quantity", "value", "low", "high", "unit", "reason")
        }
        texts = {
            "quantity": [quantity_text(part.quantity) for part in self.parts],
            "value": [part.without_reason() for part in self.parts],
        }
        return Table(columns, index="quantity", texts=texts, hidden=("low", "high", "unit"))


@checked
def error_change(
    source: Any, target: Any, *, labels: Any = None, margin: float = MARGIN, label: str | None = None,
    outputs: Any = None, learner: Any = None, task: Task = "auto", seed: int = 0,
) -> ErrorChange:  # fmt: skip
    """Does the drift from source to target matter: its points of error, in parts, with an alarm above a margin only.

    The change of the error is what other rows bring (covariate part: read from reweighted source rows and a model of
    the loss, without any target label) and the rest (concept part). The alarm is of the lower 95 % limit: of the change
    where target labels are known, else of the covariate part, which holds if equal rows keep their labels.

    Args:
        source: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        target: N rows with the same columns, in any form; labels it holds count as known.
        labels: (N,) labels of the target rows, None or NaN where not known; those known must be drawn at random.
        margin: points of error that matter; of predicted numbers hundredths of the error of always answering the
            median.
        label: name of the label's column in tables or paths; the target may lack it.
        outputs: (outputs of the source rows, outputs of the target rows) of your own model, which saw neither: (n, c)
            and (N, c) with a column per class in sorted order, or numbers. None: a model is cross-fitted to the source.
        learner: what is fitted in that case; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        seed: of halves, folds and fits.

    Returns:
        `ErrorChange`; larger is worse. Errors of predicted numbers are cut at the 99.5 % quantile of the source's.

    Raises:
        InputError: fewer than 20 rows on a side, no labels in the source, other columns, outputs of another shape.

    Cost: the fits of a cross-validation unless outputs are given, and eight boosted classifiers of at most 40,000 rows.
    Not for: rows that follow one another in time, whose intervals are too narrow; labels somebody chose to give.
    Source: robins1994; clopper1934 for the interval of the change.

    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(400, 2)), np.arange(400) % 2
    >>> sure = np.eye(2)[np.where(np.arange(400) % 10 == 0, 1 - y, y)]  # wrong in one row of ten
    >>> error_change((X[:200], y[:200]), (X[200:], y[200:]), outputs=(sure[:200], sure[200:])).change.value
    0.0
    """
    margin = require_amount(margin, "margin", zero=True)
    rows = as_labeled(source, None, label=label, name="source")
    given = second_side(target, label, "target")
    held = with_columns_of(rows, given if labels is None else _labeled(given, labels), "the target rows")
    if outputs is None:
        ready = prepare(rows, learner, task=task, seed=seed)
        return change_of_fits(ready, held, margin)
    coded = describe_target(rows.y, task, ids=rows.ids)
    here, there = _outputs(outputs, (len(rows), len(held)), coded)
    both = compared_rows(with_read_labels(rows, coded), held, seed, ("source", "target"))
    return change_between(both, coded, here, there, margin)


def change_of_fits(ready: Prepared, held: Dataset, margin: float) -> ErrorChange:
    """`error_change` of the learner that was prepared: cross-fitted on its rows, fitted on all of them for others."""
    both = compared_rows(ready.data, held, ready.seed, ("source", "target"))
    here = ready.whole.held_out_outputs()
    there = ready.learner.fit(ready.data, seed=ready.seed, target=ready.target).outputs(both.held.X)
    return change_between(both, ready.target, here, there, margin)


def change_between(
    both: ComparedRows, target: Target, here: Floats, there: Floats, margin: float = MARGIN,
    drift: TrainTestDrift | None = None, confidence: float = CONFIDENCE,
) -> ErrorChange:  # fmt: skip
    """`error_change` of rows that were made comparable, by outputs (n, c) and (m, c) of a model that saw neither.

    Args:   target: labels of the first side.   margin: in points.   drift: of these rows, where it is known.
            confidence: of every interval.
    """
    clear = set((drift_of(both) if drift is None else drift).giving_away)
    left_out = tuple(column.name for column in both.columns if column.name in clear)
    told = 2 * len(left_out) <= len(both.columns)
    both = both.without(left_out) if left_out and told else both
    accounts = accounts_of(both, target, here, there, confidence)
    source_error, target_error, change = accounts.errors()
    covariate, concept = accounts.by_rows("" if told else "most columns alone tell source and target rows apart")
    scale, count = accounts.scale, len(both.rows)
    alarm = _alarm(change if accounts.labeled else covariate, margin * scale.point)
    if left_out and not accounts.labeled and alarm == "below margin":
        alarm = "not distinguishable"  # the columns left out may bear on the error
    path = [] if np.isnan(covariate.value) or alarm == "below margin" else column_path(both, accounts.losses)
    return ErrorChange(
        source_error, target_error, change, covariate, concept, *accounts.by_classes(), _path_frame(path, scale), alarm,
        margin, importance_weights(both.chances[:count])[1], float(np.mean(both.chances[count:] > OUTSIDE)), left_out,
        accounts.n_labels, scale,
    )  # fmt: skip


def _alarm(judged: Estimate, margin: float) -> Alarm:
    """What can be said of a difference and a margin in its unit."""
    if np.isnan(judged.value):
        return "cannot be told"
    if judged.low > margin:
        return "above margin"
    return "below margin" if judged.high < margin else "not distinguishable"


def _path_frame(path: Sequence[PathStep], scale: ErrorScale) -> Any:
    """The path in the unit of differences."""
    unit = scale.difference(Estimate("", 1.0)).value
    moved = unit * np.array([step.moved.value for step in path])
    half = unit * half_width(np.array([step.moved.error for step in path]))
    columns = {
        "column": np.array([step.column for step in path], dtype=object), "moves": np.diff(moved, prepend=0.0),
        "together": moved, "low": moved - half, "high": moved + half, "gain": np.array([step.gain for step in path]),
    }  # fmt: skip
    return Table(columns, index="column").to_frame()


def _labeled(rows: Dataset, labels: Any) -> Dataset:
    """The target rows with these labels."""
    given = as_vector(labels, "labels")
    if len(given) != len(rows):
        raise InputError(
            "every row of the target needs a label or a gap", where="labels",
            got=f"{len(given)} labels, {len(rows)} rows", fix="pass one per row, None or NaN where it is not known",
        )  # fmt: skip
    return rows.with_labels(given)


def _outputs(outputs: Any, counts: tuple[int, int], target: Target) -> tuple[Floats, Floats]:
    """Outputs of both sides (n, c) and (m, c), one column for numbers."""
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        raise InputError(
            "outputs are those of the source rows and those of the target rows", where="outputs",
            got=type(outputs).__name__, fix="pass (outputs of source, outputs of target)",
        )  # fmt: skip
    width = 1 if target.classes is None else len(target.classes)
    found = []
    for at, (given, count) in enumerate(zip(outputs, counts, strict=True)):
        name = f"outputs[{at}]"
        values = as_numbers(given, name, axes=1 if np.ndim(given) == 1 else 2, finite=True)
        values = values[:, None] if values.ndim == 1 and width == 1 else values
        if values.shape != (count, width):
            raise InputError(
                "outputs need one row per row and one column per class", where=name, got=f"shape {values.shape}",
                fix=f"pass shape ({count}, {width}), classes in sorted order; one-hot rows for predicted classes",
            )  # fmt: skip
        found.append(values)
    return found[0], found[1]
