"""Error against the number of training rows, measured on rows outside every training subset of the draw."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, Numbers
from samplewise.core.errors import InputError, require_count, require_kind, unknown_name
from samplewise.core.execution import Executor
from samplewise.core.units import seconds_of, seconds_text
from samplewise.curves.curve_comparison import CurveComparison, compare_curves
from samplewise.curves.forecasts import Forecast, forecast
from samplewise.curves.meta.models import MetaModel
from samplewise.curves.plans import CollectionPlan, collection_plan
from samplewise.curves.points import CurvePoints, spread_of_draws
from samplewise.curves.requirement import Requirement, samples_needed
from samplewise.curves.stopping import StopAdvice, stop_rule
from samplewise.data.targets import Target, Task
from samplewise.engine.models.cost_model import seconds_per_fit
from samplewise.engine.models.row_losses import UNITS, ErrorScale, row_losses
from samplewise.engine.refits import FoldedRows, Refits, fit_design, prepare
from samplewise.engine.statistics.means import mean_and_error

LEAST_ROWS = 20  # training rows a curve starts from, or two of every class
LARGEST_SHARE = 0.8  # the rest are evaluation rows


class LearningCurve(CurvePoints):
    """Error after training on each of s sizes, in `repeats` independent draws of nested subsets.

    Args:
        sizes: (s,) training rows, increasing.
        errors: (repeats, s) error of each draw; NaN where a draw could not be evaluated.
        standard_error: (s,) of the mean over the draws; default from their spread, or from the evaluation rows.
        unit: what an error of 1 means.
        test_size: number of evaluation rows, where known.
        median_error: of predicted numbers, the error that counts as 1 here, in the label's unit.

    Raises:
        InputError: sizes that do not increase or are no whole numbers, errors of another width, a size without any
            error, infinite or negative errors, error rates above 1, rates that rise as an accuracy does.

    >>> LearningCurve(np.array([10, 20]), np.array([[0.4, 0.2], [0.2, 0.2]])).error
    array([0.3, 0.2])
    """

    __slots__ = ()

    def forecast(
        self,
        sizes: Numbers,
        method: str = "auto",
        confidence: float = 0.8,
        *,
        learner_name: str | None = None,
        meta: MetaModel | None = None,
    ) -> Forecast:
        """Error expected with other numbers of rows; see `forecast`."""
        return forecast(self, sizes, method, confidence, learner_name=learner_name, meta=meta)

    def samples_needed(
        self, error: float, confidence: float = 0.8, *, learner_name: str | None = None, meta: MetaModel | None = None
    ) -> Requirement:
        """How many rows reach a target error; see `samples_needed`."""
        return samples_needed(self, error, confidence, learner_name=learner_name, meta=meta)

    def collection_plan(
        self,
        error: float,
        price_per_row: float,
        n_rounds: int = 4,
        max_growth: float = 4.0,
        penalty: float | None = None,
        **options: Any,
    ) -> CollectionPlan:
        """How many rows to collect next, and what the target will cost; see `collection_plan`."""
        return collection_plan(self, error, price_per_row, n_rounds, max_growth, penalty, **options)

    def compare(
        self, other: CurvePoints, rows: int | None = None, *, confidence: float = 0.8, seed: int = 0
    ) -> CurveComparison:
        """Where this learner and another cross; see `compare_curves`."""
        return compare_curves(self, other, rows, confidence=confidence, seed=seed)

    def stop_rule(self, tolerance: float, final_size: int | None = None, *, confidence: float = 0.9) -> StopAdvice:
        """Whether collecting may stop; see `stop_rule`."""
        return stop_rule(self, tolerance, final_size, confidence=confidence)


@checked
def measure_learning_curve(  # noqa: PLR0913  # one keyword per thing a user may have already
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    sizes: Literal["log"] | Sequence[int] = "log",
    n_repeats: int = 5,
    seed: int = 0,
    budget: str | float | None = None,
    run_dir: str | Path | None = None,
    refits: Refits | None = None,
    executor: Executor | None = None,
) -> LearningCurve:
    """Error against training size, as an error rate (or relative absolute error), on nested subsets.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes; groups and exact duplicates
            stay together, and a row is never evaluated by a model that was trained on a duplicate of it. Rows with
            time are drawn from the past, and the last block of time is evaluated.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        sizes: increasing training sizes, or "log" for up to six, each twice the one before, up to four fifths of n.
        n_repeats: independent draws; their spread gives the standard error.
        seed: fixes draws and fits.
        budget: seconds, or "2min": buys as many of the repeats as a fixed table of prices allows.
        run_dir: where finished fits are kept; the same call goes on there after a kill.
        refits: models on nested subsets of these rows that exist already (of an audit): nothing is fitted then.
        executor: carries out fits that are not in closed form.

    Returns:
        `LearningCurve`, larger means worse. Each draw is evaluated on the rows outside its largest subset, which with
        time is all of the past.

    Raises:
        InputError: no labels, sizes that leave no evaluation row, a budget too small for one draw, or refits of other
            rows.

    Cost: repeats * len(sizes) fits.   Not for: rows whose order matters and that carry no time.
    Source: viering2023.

    >>> X = np.arange(60.0)[:, None]
    >>> measure_learning_curve((X, (X[:, 0] > 30).astype(int)), sizes=[10, 40], n_repeats=2).error.shape
    (2,)
    """
    n_repeats = require_count(n_repeats, "n_repeats", usual=5)
    rows_of = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor, run_dir=run_dir)
    folded = rows_of.whole if rows_of.ordered else rows_of.unsplit
    if refits is not None:
        refits.require_rows(folded.data.ids)
        return curve_of_refits(refits, folded.target, groups=folded.runner.groups)
    rows, past = len(folded), _past(folded)
    largest = None if past is None else int(past.sum())
    wanted = _sizes(sizes, rows, folded.class_count, largest)
    if not wanted or wanted[-1] >= rows:
        raise InputError(
            "the largest training size leaves no row to evaluate on",
            got=f"sizes up to {wanted[-1] if wanted else 0}, {rows} rows",
            fix=f"use sizes up to {int(LARGEST_SHARE * rows)}",
        )
    made = fit_design(
        folded.runner, "nested", folded.folds, count=_affordable(folded, wanted, n_repeats, budget), sizes=wanted,
        among=past,
    )  # fmt: skip
    return curve_of_refits(made, folded.target, groups=folded.runner.groups)


def _past(folded: FoldedRows) -> Mask | None:
    """(n,) the rows before the last block of time, on which rows with time are evaluated; None without time."""
    return np.asarray(folded.folds < folded.folds.max()) if folded.ordered else None


def _sizes(sizes: Any, rows: int, classes: int, largest: int | None) -> list[int]:
    """The training sizes given, each a whole number, every one larger than the one before.

    With time the largest is all of the past, so that no row of it is evaluated.
    """
    if isinstance(sizes, str):
        if sizes != "log":
            raise unknown_name("choice of sizes", sizes, ("log",))
        return log_sizes(rows, classes, largest=largest)
    if not isinstance(sizes, Iterable):
        raise InputError(
            "sizes must be training sizes in a list", where="sizes", got=f"sizes={sizes!r}"[:80],
            fix='pass sizes=[10, 20, 40], or "log"',
        )  # fmt: skip
    wanted = [require_count(size, "sizes") for size in sizes]
    if wanted != sorted(set(wanted)):
        raise InputError("sizes must grow", where="sizes", got=f"sizes={wanted}"[:80], fix="pass sizes=[10, 20, 40]")
    return wanted if largest is None else [*(size for size in wanted if size < largest), largest]


def _affordable(folded: FoldedRows, sizes: Sequence[int], repeats: int, budget: str | float | None) -> int:
    """How many draws the budget buys, at most `repeats`."""
    limit = seconds_of(budget)
    if limit is None:
        return repeats
    columns = int(np.prod(folded.data.X.shape[1:]))
    learner = folded.runner.learner
    draw = sum(seconds_per_fit(size, columns, folded.class_count, learner) for size in sizes)
    if draw > limit:
        raise InputError(
            "the budget is too small for one draw of this curve",
            got=f"{seconds_text(limit)}, one draw takes about {seconds_text(draw)}",
            fix="allow more, or name smaller sizes",
        )  # fmt: skip
    return max(1, min(repeats, int(limit / draw)))


def log_sizes(rows: int, classes: int = 0, n_sizes: int = 6, *, largest: int | None = None) -> list[int]:
    """At most `n_sizes` training sizes, each about twice the one before, up to `largest` (default .8 of the rows).

    >>> log_sizes(1000)
    [25, 50, 100, 200, 400, 800]
    """
    rows, n_sizes = require_count(rows, "rows"), require_count(n_sizes, "n_sizes")
    largest = max(1, int(LARGEST_SHARE * rows)) if largest is None else require_count(largest, "largest")
    least = max(min(LEAST_ROWS, largest), 2 * classes)
    halved = {round(largest * 0.5**step) for step in range(n_sizes)}
    return sorted({size for size in halved if size >= least} | {largest})


def curve_of_refits(refits: Refits, target: Target, groups: Array | None = None) -> LearningCurve:
    """The learning curve of models on nested subsets, as an error rate (or relative absolute error).

    Args:
        refits: design "nested": (repeats * s) models, the sizes of one draw after each other.
        target: the labels of the same n rows.
        groups: (n,) or None; rows that share a group with a training row (duplicates, one patient) are not
            evaluated.

    Returns:
        `LearningCurve`, larger means worse. The standard error is the larger of two: between draws, and that of the
        evaluation rows (draws share them, so their spread alone is too small).

    Raises:
        InputError: another design, or no row is left to evaluate on.

    Cost: one pass over the outputs.   Source: viering2023.
    """
    require_kind(refits, Refits)
    groups = refits.groups if groups is None else groups
    if refits.design != "nested":
        raise InputError(
            "a learning curve needs models on nested subsets",
            got=f"design {refits.design!r}",
            fix="samplewise.models.refit(data, design='nested', sizes=[...])",
        )
    steps = _sizes_per_draw(refits.inside)
    errors, outside = [], []
    for start in range(0, len(refits), steps):
        evaluated = _outside(refits.inside[start + steps - 1], groups)
        rows = np.flatnonzero(evaluated)
        losses = [row_losses(refits.outputs[start + step][rows], target, rows) for step in range(steps)]
        errors.append([np.mean(loss) if len(rows) else np.nan for loss in losses])
        outside.append(_scattered(losses, rows, evaluated))
    if not np.isfinite(np.asarray(errors)).any(axis=0).all():
        raise InputError(
            "no row is left to evaluate the learning curve on",
            got=f"{len(refits.ids)} rows, the largest subset holds {int(refits.sizes().max())}",
            fix="use smaller sizes, or smaller groups",
        )
    sizes = refits.sizes().reshape(-1, steps).mean(axis=0).round().astype(np.intp)
    spread = np.fmax(spread_of_draws(np.asarray(errors)), _spread_of_rows(outside, groups))
    return LearningCurve(sizes, np.asarray(errors), spread, UNITS[target.task], median_error=ErrorScale.of(target).one)


def _sizes_per_draw(inside: Mask) -> int:
    """How many nested subsets one draw has: the models until the size falls."""
    sizes = inside.sum(axis=1)
    falls = np.flatnonzero(np.diff(sizes) < 0)
    return int(falls[0]) + 1 if len(falls) else len(sizes)


def _outside(inside: Mask, groups: Array | None) -> Mask:
    """(n,) rows that were not trained on and share no group with one that was."""
    if groups is None:
        return ~inside
    _, member = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    trained = np.zeros(int(member.max()) + 1, dtype=bool)
    trained[member[inside]] = True
    return np.asarray(~trained[member])


def _scattered(losses: list[Floats], rows: Ints, evaluated: Mask) -> Floats:
    """(s, n) losses of one draw, NaN for the rows that were not evaluated."""
    spread = np.full((len(losses), len(evaluated)), np.nan)
    for step, loss in enumerate(losses):
        spread[step, rows] = loss
    return spread


def _spread_of_rows(losses: list[Floats], groups: Array | None) -> Floats:
    """(s,) standard error of a mean over the rows evaluated, each averaged over the draws that evaluated it.

    Rows of one group (duplicates, one patient) are one observation.
    """
    known = np.isfinite(losses)
    seen = known.sum(axis=0)
    per_row = np.where(seen > 0, np.nansum(losses, axis=0) / np.maximum(seen, 1), np.nan)
    return np.array([mean_and_error(step, groups)[1] for step in per_row])
