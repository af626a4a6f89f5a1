"""The generalization gap of a learner on one data set: measured, bounded, and split over the rows it comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, equal_but_for_rounding
from samplewise.core.errors import InputError, require_count, require_share
from samplewise.core.execution import Executor
from samplewise.core.results import Result, Table
from samplewise.core.texts import sentence
from samplewise.core.values import Estimate, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Task
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits import (
    FitStore,
    FoldedRows,
    Prepared,
    Refits,
    prepare,
    refit_supersamples,
    supersamples,
)
from samplewise.generalization.gap.bounds import Bounds
from samplewise.generalization.gap.gap_analysis import GapAnalysis
from samplewise.generalization.gap.memorization import as_one_set, memorization_of_refits

LEAST_ROWS = 20
LEAST_FITS = 4


@dataclass(frozen=True, slots=True)
class GapCost:
    """What a report took."""

    fits: int
    fit_seconds: float
    read_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class GeneralizationGap(Result):
    """The gap of models of half of the rows, what bounds it, and which rows it comes from."""

    gap: Estimate  # error on ghosts (paired rows left out) - error on training rows
    training_error: Estimate
    ghost_error: Estimate
    bounds: Bounds  # in the unit of the gap
    information: Scores  # nats: how surely the prediction of a row shows that it was trained on
    memorization: Scores
    cost: GapCost
    repeatable: bool | None  # whether the same seed gave the same predictions twice; None: refits were given
    deterministic: bool | None  # whether another seed gave the same predictions as well
    warnings: tuple[str, ...]

    def _sentences(self) -> Iterable[str]:
        yield f"The gap is {self.gap.without_reason()}: the error is {self.ghost_error.without_reason()} on ghosts,"
        yield f"{self.training_error.without_reason()} where they were trained on."
        if self.deterministic is not None:
            yield f"Another seed {'changes nothing' if self.deterministic else 'changes the predictions'}."
        yield from map(sentence, self.warnings[:2])
        yield f"{self.cost.fits} fits in {self.cost.fit_seconds:.1f} s."
        yield "Below, what bounds the gap: lines without a confidence promise nothing about a single model."

    def _table(self) -> Table:
        return self.bounds._table()


@checked
def generalization_gap(  # noqa: PLR0913  # one keyword per part of the design, most with a default
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    n_splits: int = 30,
    n_draws: int = 3,
    refits: Refits | Sequence[Refits] | None = None,
    loss_range: tuple[float, float] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    executor: Executor | None = None,
    run_dir: str | Path | None = None,
) -> GeneralizationGap:
    """How far the error on training rows lies below the error on others, in points, and what bounds the difference.

    Rows are paired within their class; in every split a fair bit per pair, its membership, says which row is
    trained on; the other is its ghost. The gap is the mean loss on ghosts minus that on training rows, over splits and
    pairings.

    Args:
        data, y, label: 20 labeled rows or more, in any form `samplewise.data.as_dataset` takes. Groups and exact
            duplicates stay on one side and count as one row.
        learner: as in `audit`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        n_splits: of each pairing, half of them complements of the others; an odd number is raised by one.
        n_draws: random pairings.
        refits: instead of fits: what `refit_supersamples` made, or "halves" of an audit, whose rows are no pairs; then
            only bounds from single rows are given.
        loss_range: (least, greatest) absolute error there can be, for labels that are numbers.
        confidence: of intervals, and of the one-sided entries "t interval" and "held-out rows" among the bounds.
        seed: of pairings, memberships and fits.
        executor: carries out the fits; default: this process, or all cores where they take long.
        run_dir: where finished fits are kept, so that nothing is fitted twice after a kill.

    Returns:
        `GeneralizationGap`; gap and bounds in points and errors in shares of rows (0..1), or all in the label's unit;
        larger means more was memorized. Information bounds hold for the mean over training sets; only "held-out
        rows" is about one model, the first one fitted, and says so.

    Raises:
        InputError: no or missing labels, fewer than 20 rows, a class with one row or group, rows ordered by time,
            losses outside their range, too few splits, refits of other rows or another design.

    Cost: splits * draws fits on half of the rows, and two more that probe whether the learner repeats itself.
    Not for: the model of all rows, whose gap is smaller; choosing between models on the same rows.
    Source: harutyunyan2021b, clopper1934.

    >>> draw = np.random.default_rng(0)
    >>> X = draw.normal(size=(60, 2))
    >>> y = (X[:, 0] + draw.normal(size=60) > 0).astype(int)
    >>> report = generalization_gap((X, y), learner="logistic", n_splits=4, n_draws=1)
    >>> report.gap.value < report.bounds["ld-MI"].plug_in
    True
    """
    require_share(confidence, "confidence")
    rows = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor, run_dir=run_dir)
    warnings = []
    _require_rows(rows.data)
    rows.require_unordered("measure the gap")
    if refits is None:
        _require_fits(n_splits, n_draws)
        if n_splits % 2:
            n_splits += 1
            warnings.append(f"splits come with their complements: {n_splits} splits were made")
        _require_two_of_each(rows)
        made, probe = _fitted(rows.unsplit, n_splits, n_draws)
    else:
        made = (refits,) if isinstance(refits, Refits) else tuple(refits)
        _require_halves(made, rows.data)
        probe = Probe()
        warnings += _torn(made, rows.groups)
    started = perf_counter()
    read = GapAnalysis(made, rows.target, rows.groups, loss_range, confidence)
    bounds = read.bounds(seed)
    warnings += [*probe.warnings(), *read.warnings(), *bounds.warnings]
    gap, training, ghost = read.errors()
    information, memorized = read.information(), memorization_of_refits(as_one_set(made), rows.target)
    cost = GapCost(probe.fits, probe.seconds, perf_counter() - started)
    same = (probe.repeatable, probe.deterministic)
    return GeneralizationGap(gap, training, ghost, bounds, information, memorized, cost, *same, tuple(warnings))


@dataclass(frozen=True, slots=True)
class Probe:
    """What a few fits show of the learner, and the cost of all fits."""

    fits: int = 0
    seconds: float = 0.0
    repeatable: bool | None = None
    deterministic: bool | None = None

    def warnings(self) -> list[str]:
        """That the learner does not repeat itself, if so."""
        if self.repeatable is not False:
            return []
        return ["the learner ignores its seed: the same fit gave other predictions, so no figure here can be repeated"]


def _fitted(folded: FoldedRows, splits: int, draws: int) -> tuple[tuple[Refits, ...], Probe]:
    """The refits, and what the first of them, made three times, shows of the learner."""
    runner, started = folded.runner, perf_counter()
    pairings = supersamples(runner, n_splits=splits, n_draws=draws)
    first = Fit(pairings[0].inside()[0], np.arange(len(folded)))
    outputs = runner.outputs([first], blocks=folded.all_folds)[0]
    again = [
        replace(runner, seed=seed, store=FitStore()).outputs([first], blocks=folded.all_folds)[0]
        for seed in (runner.seed, runner.seed + 1)
    ]
    refits = refit_supersamples(runner, folded.all_folds, pairings)
    repeatable, deterministic = (equal_but_for_rounding(outputs, other) for other in again)
    seconds = perf_counter() - started
    return refits, Probe(runner.store.made + len(again), seconds, repeatable, repeatable and deterministic)


def _torn(refits: tuple[Refits, ...], groups: Array | None) -> list[str]:
    """A warning where duplicates or rows of one group were on both sides."""
    if groups is None:
        return []
    unit = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(unit)
    torn = np.zeros(len(sizes), dtype=bool)
    for inside in np.concatenate([one.inside for one in refits]):
        trained = np.bincount(unit, weights=inside)
        torn |= (trained > 0) & (trained < sizes)
    if not torn.any():
        return []
    return [f"{int(torn.sum())} groups or sets of duplicates were on both sides in these refits: the gap is too small"]


def _require_fits(n_splits: int, n_draws: int) -> None:
    if require_count(n_splits, "n_splits", 2, usual=30) * require_count(n_draws, "n_draws", usual=3) < LEAST_FITS:
        raise InputError(
            "there are too few splits to compare rows that were trained on with others",
            got=f"n_splits={n_splits}, n_draws={n_draws}", fix="use n_splits=30, n_draws=3",
        )  # fmt: skip


def _require_rows(data: Dataset) -> None:
    if len(data) < LEAST_ROWS:
        raise InputError(
            "there are too few rows to halve", got=f"{len(data)} rows", fix=f"pass {LEAST_ROWS} rows or more"
        )


def _require_two_of_each(rows: Prepared) -> None:
    """Every class needs a row, or a group, for either side."""
    classes = rows.target.classes
    if classes is None:
        return
    groups = np.arange(len(rows.data)) if rows.groups is None else rows.groups
    counts = [len(np.unique(groups[rows.codes == code])) for code in range(len(classes))]
    alone = np.flatnonzero(np.array(counts) < 2)
    if len(alone):
        names = ", ".join(str(classes[code]) for code in alone[:5])
        raise InputError(
            "a class has fewer rows or groups than there are halves", where=f"classes {names}",
            got="one row, or duplicates or a group of rows that stay together",
            fix="drop these classes, merge them, or split the groups",
        )  # fmt: skip


def _require_halves(refits: tuple[Refits, ...], data: Dataset) -> None:
    designs = {one.design for one in refits}
    if not refits or not (designs == {"supersample"} or (designs == {"halves"} and len(refits) == 1)):
        raise InputError(
            "the gap is read from halves", where="refits", got=", ".join(sorted(designs)) or "none",
            fix="pass samplewise.models.refit(data, design='supersample') or design='halves'",
        )  # fmt: skip
    for one in refits:
        one.require_rows(data.ids)
