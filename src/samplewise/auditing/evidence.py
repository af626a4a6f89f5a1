"""What the checks use: every intermediate they share, computed once, on first use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from samplewise.auditing.own_cells import OwnCells
from samplewise.auditing.plan import Plan
from samplewise.auditing.prepare_audit import Intake, unreadable_pictures
from samplewise.auditing.row_cells import RowCells
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.texts import count_of
from samplewise.curves.learning_curve import log_sizes
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.data.shifted_rows import ShiftedRow
from samplewise.data.splits import different_times
from samplewise.data.targets import Target, class_codes
from samplewise.engine.models.feature_encoding import SpaceEncoder
from samplewise.engine.models.learner import Fitted, Learner
from samplewise.engine.models.metrics import Metric
from samplewise.engine.neighbors import NeighborGraph
from samplewise.engine.refits import FitRunner, FitStore, FoldedRows, Prepared, Refits, fit_design
from samplewise.information.unique import UniqueInformation, information_in
from samplewise.labels.facts import Answer, FactLabels, facts_of
from samplewise.labels.facts_or_outcomes import OUTCOMES, LabelMeaning
from samplewise.labels.list_judgment import ListJudgment
from samplewise.labels.list_rules import judge
from samplewise.labels.posterior import LabelPosterior, label_posterior
from samplewise.labels.predictions import checked_predictions
from samplewise.quality.nearness import graph_of
from samplewise.quality.suspicious import CellGroup, cell_groups
from samplewise.shift import LabelCoding
from samplewise.shift.coding_changes import coding_in
from samplewise.shift.coding_sources import Kind, named_sources, sources_of


def gather(taken: Intake, prepared: Prepared, metric: Metric, plan: Plan, n_test_evaluations: int = 1) -> "Evidence":
    """Everything the checks may need; the user's own probabilities are refused here where they look in-sample."""
    predictions = taken.predictions
    if predictions is not None:
        predictions = np.asarray(checked_predictions(prepared.unsplit, predictions), dtype=np.float64)
    unlabeled = tuple(taken.everything.ids[taken.everything.unlabeled()].tolist())
    lost = taken.everything.take(np.flatnonzero(unreadable_pictures(taken.everything)))
    return Evidence(
        prepared, taken.data, taken.columns, metric, plan, taken.test, predictions, taken.embeddings,
        taken.test_embeddings, unlabeled, n_test_evaluations, unreadable=lost, label=str(taken.facts["label"]),
        other_columns=taken.other_columns, test_other_columns=taken.test_other_columns, meaning=taken.meaning,
        answers=taken.answers, shifted=taken.shifted, given_rows=OwnCells(taken.everything, taken.given_beside),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Evidence:
    """One data set, one learner, one plan, and everything derived from them that two checks may need.

    Whole when it is made, and never changed: what is derived is computed on first use, and kept.
    """

    prepared: Prepared  # the rows as the learner sees them, ready for fits
    data: Dataset  # rows with a usable label, ids as the user knows them
    columns: tuple[Column, ...]
    metric: Metric
    plan: Plan
    test: Dataset | None = None
    predictions: Floats | None = None  # (n, c) out-of-sample probabilities the user gave
    embeddings: Floats | None = None  # (n, d) features of the user's own network
    test_embeddings: Floats | None = None  # the same for the test rows, where a function made them
    unlabeled: tuple[Any, ...] = ()  # ids of rows that were set aside because they have no label
    n_test_evaluations: int = 1  # how often models were scored on the test rows, this audit included
    unreadable: Dataset | None = None  # rows that were set aside because their picture cannot be read
    label: str = "y"  # name of the label's column
    other_columns: Any | None = None  # frame of n rows: columns that are neither features nor the label
    test_other_columns: Any | None = None  # the same of the test rows
    meaning: LabelMeaning = OUTCOMES  # whether labels are facts or outcomes
    answers: Mapping[Any, Answer] = field(default_factory=lambda: MappingProxyType({}))  # of people, by id
    shifted: Mapping[Any, ShiftedRow] = field(default_factory=lambda: MappingProxyType({}))  # cells one column aside
    given_rows: OwnCells | None = None  # cells of all rows given, also of those that were set aside; None: of `data`

    # ---- label-free -------------------------------------------------------------------------------------------------

    @property
    def target(self) -> Target:
        """The labels as codes."""
        return self.prepared.target

    @property
    def learner(self) -> Learner:
        """What is fitted."""
        return self.prepared.learner

    @property
    def store(self) -> FitStore:
        """Where outputs of fits are kept."""
        return self.prepared.store

    @property
    def seed(self) -> int:
        """Fixes every draw and every fit."""
        return self.prepared.seed

    @property
    def encoder(self) -> SpaceEncoder:
        """Maps rows of the same kind (the test set) into `space`."""
        return self.prepared.encoder

    @property
    def space(self) -> Floats:
        """(n, d) points in which near means similar."""
        return self.prepared.space

    @cached_property
    def graph(self) -> NeighborGraph:
        """The ten nearest neighbors of every row."""
        return graph_of(self.space, self.data.ids)

    @cached_property
    def odd_cells(self) -> list[CellGroup]:
        """Cells that are not what they look like; single slips of a digit only where the plan looks for them."""
        if self.embeddings is not None or not self.columns:
            return []
        return cell_groups(self.data.X, self.columns, self.data.ids, single="SW108" in self.plan.checks)

    @cached_property
    def row_cells(self) -> RowCells:
        """Which cells of a row a person should look at."""
        return RowCells(self.data, self.target, self.odd_cells)

    @property
    def split_groups(self) -> Array | None:
        """(n,) rows that must share a fold: the user's groups and exact duplicates; None: there are none."""
        return self.prepared.groups

    @cached_property
    def folds(self) -> list[Ints]:
        """One fold assignment (n,) per repeat; the first serves every single-pass quantity."""
        apart = len(self.data) if self.split_groups is None else len(np.unique(self.split_groups))
        if apart < self.plan.folds:
            different = count_of(apart, "different row or group", "different rows or groups")
            raise NotApplicable(
                f"the {len(self.data):,} rows hold only {different}, which cannot be split into {self.plan.folds} folds"
            )
        if self.ordered and (times := different_times(self.data.time, self.split_groups)) < self.plan.folds:
            raise NotApplicable(f"{count_of(times, 'different time')} cannot be cut into {self.plan.folds} folds")
        return [self.prepared.folds(repeat) for repeat in range(self.plan.repeats)]

    @property
    def ordered(self) -> bool:
        """Whether folds are blocks of time."""
        return self.data.time is not None

    @property
    def tests_rules(self) -> bool:
        """Whether rules can be run again on training rows of folds: in time, that takes two folds of the past."""
        return not self.ordered or self.plan.folds > 2

    @cached_property
    def label_coding(self) -> LabelCoding:
        """Whether labels mean the same at all times, sites and annotators; needs a source to compare them over."""
        sources = self.coding_sources
        if not sources:
            raise NotApplicable(
                "nothing to compare labels over: no time, date column, segments or few groups (time=, segments=); the "
                "order of the rows is none, since any file may be sorted by class"
            )
        return coding_in(self.prepared, sources, self.coding_time)

    @cached_property
    def coding_sources(self) -> dict[str, tuple[Kind, Array]]:
        """Time or date columns, segments, few groups and annotators, by name."""
        return sources_of(self.data) | named_sources(self.data)

    @property
    def coding_time(self) -> Array | None:
        """(n,) the time of the rows, or their first date column; None where there is none."""
        times = [values for kind, values in self.coding_sources.values() if kind == "time"]
        return times[0] if times else None

    # ---- fits -------------------------------------------------------------------------------------------------------

    @property
    def runner(self) -> FitRunner:
        """Makes every fit of the audit, each distinct one once."""
        return self.prepared.runner

    @cached_property
    def whole(self) -> FoldedRows:
        """All rows with their folds, as a rule sees them."""
        return self.prepared.with_folds(self.folds[0])

    @cached_property
    def held_out_outputs(self) -> Floats:
        """(n, c) outputs of models that did not see the row (NaN where time allows none)."""
        return self.whole.held_out_outputs()

    @cached_property
    def held_out_probabilities(self) -> Floats:
        """(n, c) the user's own out-of-sample probabilities, else those of the cross-fitted learner, calibrated."""
        return self.whole.probabilities(self.held_out_outputs) if self.predictions is None else self.predictions

    @cached_property
    def label_posterior(self) -> LabelPosterior:
        """The cross-fitted posterior over every row's true label."""
        return label_posterior(self.whole, probabilities=self.predictions)

    @cached_property
    def fact_labels(self) -> FactLabels:
        """The same labels read as facts, with the answers of people."""
        said = {row: self.answers[key] for row, key in enumerate(self.data.ids.tolist()) if key in self.answers}
        return facts_of(self.whole, self.label_posterior, self.predictions, said)

    @cached_property
    def label_judgment(self) -> ListJudgment:
        """Whether the disputed labels may be called wrong, after three kinds of model were asked."""
        return judge(self.whole, self.label_posterior)

    @cached_property
    def information(self) -> UniqueInformation:
        """Unique information of every row, from one closed-form fit."""
        return information_in(self.whole)

    @cached_property
    def halves(self) -> Refits:
        """Models on complementary random halves."""
        if self.ordered:
            raise NotApplicable("random halves would train on the future of the rows they predict")
        return fit_design(self.runner, "halves", self.folds[0], count=self.plan.halves)

    @cached_property
    def nested(self) -> Refits:
        """Models on nested subsets of growing size; with time, of the rows before the last fold."""
        among = self.folds[0] < self.plan.folds - 1 if self.ordered else None
        largest = None if among is None else int(among.sum())
        sizes = log_sizes(len(self.data), self.whole.class_count, self.plan.curve_sizes, largest=largest)
        return fit_design(self.runner, "nested", self.folds[0], count=self.plan.curve_repeats, sizes=sizes, among=among)

    @cached_property
    def test_outputs(self) -> Floats | None:
        """(m, c) outputs of the learner fitted on all rows for the test rows; None where it cannot see them."""
        if self.test is None or (self.embeddings is not None and self.test_embeddings is None):
            return None
        return self.fitted.outputs(self.test.X if self.embeddings is None else self.test_embeddings)

    @cached_property
    def fitted(self) -> Fitted:
        """The learner fitted on all rows, for the test set."""
        return self.learner.fit(self.prepared.data, seed=self.seed, target=self.target)

    @cached_property
    def test_codes(self) -> Array | None:
        """Class codes (-1 for a class the data lacks) or numbers of the test rows."""
        if self.test is None or self.test.y is None:
            return None
        if self.target.classes is None:
            return self.target.codes_of(np.asarray(self.test.y), self.test.ids, "the test rows")
        return class_codes(self.test.y, self.target.classes)
