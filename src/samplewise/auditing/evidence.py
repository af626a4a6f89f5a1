"""What the checks look at: every intermediate they share, computed once, on first use."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from samplewise.auditing.plan import Plan
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed
from samplewise.curves import log_sizes
from samplewise.data.columns import Column
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import Target
from samplewise.engine.models.encoding import SpaceEncoder, exact_copies
from samplewise.engine.models.learner import Fitted, Learner
from samplewise.engine.models.metrics import Metric
from samplewise.engine.neighbours import NeighbourGraph, build_graph, exact_groups, groups_with_copies
from samplewise.engine.refits import FitRunner, FitStore, Part, Refits, refit
from samplewise.engine.refits.parts import whole_part
from samplewise.information import UniqueInformation, unique_information
from samplewise.labels import LabelPosterior, label_posterior

NEIGHBOURS = 10


@dataclass(eq=False)
class Evidence:
    """One data set, one learner, one plan, and everything derived from them that two checks may need."""

    data: Dataset  # rows with a usable label, ids as the user knows them
    target: Target
    columns: tuple[Column, ...]
    learner: Learner
    metric: Metric
    plan: Plan
    executor: Executor
    store: FitStore
    seed: int = 0
    test: Dataset | None = None
    predictions: Floats | None = None  # (n, c) out-of-sample probabilities the user brought
    embeddings: Floats | None = None  # (n, d) features of the user's own network
    test_embeddings: Floats | None = None  # the same for the test rows, where a function made them
    unlabelled: tuple[Any, ...] = ()  # ids of rows that were set aside because they have no label
    on_fit: Callable[[], None] = field(default=lambda: None)
    test_looks: int = 1  # how often models were scored on the test rows, this audit included

    # ---- label-free -------------------------------------------------------------------------------------------------

    @cached_property
    def encoder(self) -> SpaceEncoder:
        """Maps rows of the same kind (the test set) into `space`."""
        return SpaceEncoder(self.data.X if self.embeddings is None else self.embeddings)

    @cached_property
    def space(self) -> Floats:
        """(n, d) points in which distance means likeness."""
        return self.encoder(self.data.X if self.embeddings is None else self.embeddings)

    @cached_property
    def graph(self) -> NeighbourGraph:
        """The ten nearest neighbours of every row."""
        return build_graph(self.space, count=min(NEIGHBOURS, len(self.data) - 1), keys=self.data.ids)

    @cached_property
    def exact_duplicates(self) -> Ints:
        """(n,) number of the set of exact copies a row belongs to: to the learner, or as pictures."""
        copies = exact_copies(self.learned_from.X, self.space)
        if self.embeddings is None or not isinstance(self.data.X, Images):
            return copies
        # a network may describe one picture in two ways, a last bit apart, in two places of a batch
        joined = groups_with_copies(copies, exact_copies(self.data.X, self.space), self.data.ids)
        return copies if joined is None else exact_groups(joined)

    @cached_property
    def split_groups(self) -> Array | None:
        """(n,) rows that must share a fold: the user's groups and exact duplicates; None: there are none."""
        return groups_with_copies(self.exact_duplicates, self.data.groups, self.data.ids)

    @cached_property
    def folds(self) -> list[Ints]:
        """One fold assignment (n,) per repeat; the first serves every single-pass quantity."""
        apart = len(self.data) if self.split_groups is None else len(np.unique(self.split_groups))
        if apart < self.plan.folds:
            raise NotApplicable(f"{apart} different rows or groups cannot be split into {self.plan.folds} folds")
        codes = None if self.target.classes is None else self.target.codes
        repeats = 1 if self.ordered else self.plan.repeats
        return [self._assigned(codes, derive_seed(self.seed, "folds", repeat)) for repeat in range(repeats)]

    def _assigned(self, codes: Array | None, seed: int) -> Ints:
        dealt = fold_of_rows(
            self.data.ids, codes, self.split_groups, folds=self.plan.folds, seed=seed, time=self.data.time
        )
        return dealt.astype(np.intp)

    @property
    def ordered(self) -> bool:
        """Whether folds are blocks of time."""
        return self.data.time is not None

    # ---- fits -------------------------------------------------------------------------------------------------------

    @cached_property
    def runner(self) -> FitRunner:
        """Makes every fit of the audit, each distinct one once."""
        data = self.learned_from
        shared = (self.space, self.seed, self.executor, self.store, self.on_fit, self.split_groups)
        return FitRunner(data, self.target, self.learner, *shared)

    @cached_property
    def learned_from(self) -> Dataset:
        """What the learner sees: the data, with the user's own features in place of X where they brought some."""
        return self.data if self.embeddings is None else replace(self.data, X=self.embeddings)

    @cached_property
    def whole(self) -> Part:
        """All rows, as a rule sees them."""
        return whole_part(self.runner, self.folds[0], ordered=self.ordered)

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
        return label_posterior(self.whole, predictions=self.predictions)

    @cached_property
    def information(self) -> UniqueInformation:
        """Unique information of every row, from one closed-form fit."""
        return unique_information(self.whole)

    @cached_property
    def halves(self) -> Refits:
        """Models on complementary random halves."""
        if self.ordered:
            raise NotApplicable("random halves would train on the future of rows they are asked about")
        return refit(self.runner, "halves", self.folds[0], count=self.plan.halves)

    @cached_property
    def nested(self) -> Refits:
        """Models on nested subsets of growing size; with time, of the rows before the last fold."""
        among = self.folds[0] < self.plan.folds - 1 if self.ordered else None
        largest = None if among is None else int(among.sum())
        sizes = log_sizes(len(self.data), self.whole.class_count, self.plan.curve_sizes, largest=largest)
        return refit(self.runner, "nested", self.folds[0], count=self.plan.curve_repeats, sizes=sizes, among=among)

    @cached_property
    def test_outputs(self) -> Floats | None:
        """(m, c) outputs of the learner fitted on all rows for the test rows; None where it cannot see them."""
        if self.test is None or (self.embeddings is not None and self.test_embeddings is None):
            return None
        return self.fitted.outputs(self.test.X if self.embeddings is None else self.test_embeddings)

    @cached_property
    def fitted(self) -> Fitted:
        """The learner fitted on all rows, for the test set."""
        return self.learner.fit(self.learned_from, seed=self.seed, target=self.target)

    @cached_property
    def test_codes(self) -> Array | None:
        """Class codes (-1 for a class the data lacks) or numbers of the test rows."""
        if self.test is None or self.test.y is None:
            return None
        if self.target.classes is None:
            return np.asarray(self.test.y, dtype=np.float64)
        lookup = {value: code for code, value in enumerate(self.target.classes.tolist())}
        return np.array([lookup.get(value, -1) for value in self.test.y.tolist()], dtype=np.intp)
