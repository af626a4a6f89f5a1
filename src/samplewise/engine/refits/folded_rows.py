"""What a rule may see: some rows of the data, their labels, and outputs of models that were fitted on those rows only.

A remedy is tested as a rule. The rule is applied to the whole data set as one `FoldedRows`, and to the training rows of
every outer fold as another; it cannot distinguish them, and no label of any other row ever reaches it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import ClassVar, Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.data.dataset import Dataset
from samplewise.data.targets import Target
from samplewise.engine.models.learner import Fit, Learner
from samplewise.engine.models.temperature import probabilities, temperature
from samplewise.engine.refits.cell_edits import CellEdit
from samplewise.engine.refits.runner import FitRunner


@dataclass(frozen=True, slots=True, eq=False)
class RowEdit(Result):
    """What a rule wants done to the rows it was given, by position among them."""

    kind: Literal["relabel", "drop", "reweight"]
    rows: Ints  # (r,)
    values: Array | None = None  # (r,) new codes (relabel) or weights (reweight)

    def _sentences(self) -> Iterable[str]:
        yield f"{self.kind.capitalize()} {count_of(len(self.rows), 'row')}, by position among the rows given."

    def _table(self) -> Table:
        columns = {"position": self.rows}
        return Table(columns if self.values is None else columns | {"value": self.values}, index="position")


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """Which of several fits of the same rows: those that are compared with each other share all of it."""

    among: Mask | None = None  # (n,) rows that may be trained on; None: all
    draw: int = 0  # which of the learner's random draws


Edit = RowEdit | CellEdit
RemedyRule = Callable[["FoldedRows"], Edit]


@dataclass(frozen=True, eq=False)
class FoldedRows:
    """n rows a rule may see, out of the N rows of the data set. Positions are 0..n-1, among these rows.

    Args:
        runner: makes the fits, on the whole data set.
        positions: (n,) positions of these rows in the data set.
        all_folds: (N,) fold of every row of the data set, from 0; -1 for rows that are never trained on.
        ordered: folds are blocks of time, so a row is predicted only from earlier folds.
        left_out: the fold that is left out, or None for all rows.
    """

    MADE_BY: ClassVar[str] = "engine.refits.prepare(data).whole"

    runner: FitRunner
    positions: Ints
    all_folds: Ints
    ordered: bool = False
    left_out: int | None = None

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.positions)

    @cached_property
    def data(self) -> Dataset:
        """These rows, with their own labels."""
        return self.runner.data.take(self.positions)

    @property
    def target(self) -> Target:
        """The labels' description for the whole data set (classes, task); use `codes` for the labels of these rows."""
        return self.runner.target

    @cached_property
    def codes(self) -> Array:
        """(n,) class codes or numbers of these rows, as given."""
        return self.runner.target.codes[self.positions]

    @property
    def class_count(self) -> int:
        """Number of classes; 0 for regression."""
        return 0 if self.target.classes is None else len(self.target.classes)

    @cached_property
    def space(self) -> Floats:
        """(n, d) label-free points of these rows."""
        return self.runner.space[self.positions]

    @property
    def duplicates(self) -> Ints:
        """(n,) number of the set of rows with exactly equal points a row belongs to."""
        return self.runner.duplicates[self.positions]

    @cached_property
    def folds(self) -> Ints:
        """(n,) fold of every row; rows of one group share it."""
        return self.all_folds[self.positions]

    @property
    def needs_fits(self) -> bool:
        """Whether held-out outputs take fits that are not in closed form."""
        return not self.runner.learner.closed_form

    def with_learner(self, learner: Learner) -> "FoldedRows":
        """The same rows and folds as another learner sees them."""
        return replace(self, runner=self.runner.with_learner(learner))

    def held_out_outputs(self, *, keep: Mask | None = None, codes: Array | None = None) -> Floats:
        """(n, c) outputs for every row by a model fitted on those of these rows that are in OTHER folds.

        Args:
            keep: (n,) rows that may be trained on; the others are predicted all the same.
            codes: (n,) labels to train on instead of the given ones.

        Rows no earlier fold can predict (the first block of an ordered split) are NaN.
        """
        shared = keep is None and codes is None and self.left_out is not None and not self.ordered
        fits = self._pair_fits() if shared else self._fold_fits(keep, codes)
        answers = self.runner.outputs(fits, blocks=self.all_folds)
        outputs = np.full((len(self.all_folds), answers[0].shape[1]), np.nan)
        own = np.zeros(len(self.all_folds), dtype=bool)
        own[self.positions] = True
        for fit, answer in zip(fits, answers, strict=True):
            if not shared or not (fit.keep & ~own).any():
                outputs[fit.query] = answer
        return outputs[self.positions]

    def timed_fit(self) -> float:
        """Seconds that a fit on the other folds takes, measured on the second one; both are kept for later."""
        fits = self._fold_fits(None, None)[:2]
        self.runner.outputs(fits[:1], blocks=self.all_folds)
        started = perf_counter()
        self.runner.outputs(fits[1:], blocks=self.all_folds)
        return perf_counter() - started

    def changed_fit(self, query: Ints, change: RowEdit | None, refit: Refit | None = None) -> Fit:
        """The fit on these rows after `change`, which predicts the rows at positions `query` of the data set."""
        refit = refit or Refit()
        keep = np.ones(len(self), dtype=bool) if refit.among is None else refit.among.copy()
        codes, weights = None, None
        if change is not None and len(change.rows):
            if change.kind == "drop":
                keep[change.rows] = False
            elif change.kind == "relabel":
                codes = self.codes.copy()
                codes[change.rows] = change.values
            else:
                own = self.data.weights
                weights = np.ones(len(self)) if own is None else own.copy()
                weights[change.rows] = change.values
        return replace(self._fit(keep, query, codes, weights), draw=refit.draw)

    def probabilities(self, outputs: Floats, *, keep: Mask | None = None) -> Floats:
        """(n, c) calibrated probabilities of held-out outputs; one temperature, fitted on the labels of `keep`."""
        usable = np.isfinite(outputs).all(axis=1) & (True if keep is None else keep)
        return probabilities(outputs, temperature(outputs[usable], self.codes[usable]))

    def _fold_fits(self, keep: Mask | None, codes: Array | None) -> list[Fit]:
        """One fit per fold of these rows, trained on the other folds (on earlier ones where the folds are ordered)."""
        fits = []
        for fold in np.unique(self.folds):
            trains = self.folds < fold if self.ordered else self.folds != fold
            trains = trains if keep is None else trains & keep
            if trains.any():
                fits.append(self._fit(trains, self.positions[self.folds == fold], codes))
        return fits

    def _pair_fits(self) -> list[Fit]:
        """One fit per PAIR of folds of the data set: a model that leaves out {a, b} serves the rows without a and those
        without b, so all outer folds together cost half, and making all fits at once keeps the cores busy.
        """  # fmt: skip
        folds, own = self.all_folds, self.all_folds >= 0
        pairs = [(a, b) for a in np.unique(folds[own]) for b in np.unique(folds[own]) if a < b]
        return [Fit(own & (folds != a) & (folds != b), np.flatnonzero((folds == a) | (folds == b))) for a, b in pairs]

    def _fit(self, keep: Mask, query: Ints, codes: Array | None = None, weights: Floats | None = None) -> Fit:
        """A fit on these rows as a fit on the data set: no other row is trained on."""
        whole = len(self.runner.target.codes)
        trains = np.zeros(whole, dtype=bool)
        trains[self.positions[keep]] = True
        own = self.runner.data.weights
        usual = np.ones(whole) if own is None else own
        return Fit(trains, query, self._spread(codes, self.runner.target.codes), self._spread(weights, usual))

    def _spread(self, values: Array | None, default: Array) -> Array | None:
        if values is None or np.array_equal(values, default[self.positions]):
            return None
        spread = default.copy()
        spread[self.positions] = values
        return spread


def whole_rows(runner: FitRunner, folds: Ints, *, ordered: bool = False) -> FoldedRows:
    """All rows of the data set."""
    return FoldedRows(runner, np.arange(len(folds)), folds, ordered)


def outer_folds(runner: FitRunner, folds: Ints, *, ordered: bool = False) -> list[FoldedRows]:
    """The training rows of every fold: those that a model evaluated on the fold may be trained on.

    Ordered folds start at the third: a rule needs at least two folds of the past to hold one out.
    """
    numbers: Iterable[int] = (int(fold) for fold in np.unique(folds) if fold >= 0)
    outer = []
    for fold in numbers:
        inside = np.flatnonzero((folds >= 0) & (folds < fold if ordered else folds != fold))
        if len(np.unique(folds[inside])) > 1:
            outer.append(FoldedRows(runner, inside, folds, ordered, left_out=fold))
    return outer
