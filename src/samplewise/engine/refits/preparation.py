"""The one way from data to fits: what the audit, every method and the command use before anything is trained."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.arguments import require_executor, require_folder, require_seed
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_count
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed, generator, key_hashes
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.inputs import as_labeled, as_second, require_labels
from samplewise.data.matched_rows import matched_rows
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import Target, Task, describe_target, with_read_labels
from samplewise.engine.models.default_learner import choose_learner
from samplewise.engine.models.feature_encoding import SpaceEncoder, exact_duplicates, feature_space
from samplewise.engine.models.learner import Learner
from samplewise.engine.neighbors import exact_groups, groups_with_duplicates
from samplewise.engine.refits.auto_executor import AutoExecutor
from samplewise.engine.refits.evaluation_rows import stacked
from samplewise.engine.refits.folded_rows import FoldedRows
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.refits.store import FitStore

FITS = "fits"  # where an audit keeps its fits within its run folder


@dataclass(eq=False)
class Prepared:
    """Rows ready for fits; everything is worked out on first use. n rows, m test rows.

    Args:
        data: the n rows that are trained on.
        target: their labels as codes.
        learner: what is fitted.
        n_folds: folds of every cross-validation.
        seed: every draw and every fit derives its own from it.
        executor: carries out fits that are not in closed form.
        store: where outputs are kept.
        test: m rows that are evaluated on and never trained on, or None.
        on_fit: called after every fit made, for progress.
    """

    data: Dataset
    target: Target
    learner: Learner
    n_folds: int = 5
    seed: int = 0
    executor: Executor = field(default_factory=AutoExecutor)
    store: FitStore = field(default_factory=FitStore)
    test: Dataset | None = None
    on_fit: Callable[[], None] = lambda: None

    @cached_property
    def everyone(self) -> Dataset:
        """The rows, followed by the test rows where there are any."""
        return self.data if self.test is None else stacked(self.data, self.test)

    @cached_property
    def encoder(self) -> SpaceEncoder:
        """Maps rows of the same kind into `space`."""
        return SpaceEncoder(self.everyone.X, columns=self.everyone.columns)

    @cached_property
    def space(self) -> Floats:
        """(n + m, d) points in which distance means likeness; no label enters."""
        return self.encoder(self.everyone.X)

    @cached_property
    def duplicates(self) -> Ints:
        """(n,) number of the set of exactly equal rows a row belongs to."""
        return exact_duplicates(self.data.X, self.space[: len(self.data)])

    @cached_property
    def groups(self) -> Array | None:
        """(n,) rows that stay together in every split: the user's groups and exact duplicates; None: there are none."""
        return joined_groups(self.data, self.duplicates)

    @cached_property
    def codes(self) -> Array:
        """(n + m,) class codes or numbers of the rows and the test rows."""
        if self.test is None:
            return self.target.codes
        labels = np.asarray(self.test.y)
        return np.concatenate([self.target.codes, self.target.codes_of(labels, self.test.ids, "the test rows")])

    @cached_property
    def runner(self) -> FitRunner:
        """Makes every fit, each distinct one once."""
        together = self.target if self.test is None else replace(self.target, codes=self.codes)
        groups = self.groups
        if self.test is not None and groups is not None:
            groups = np.concatenate([groups, key_hashes(self.everyone.ids[len(self.data) :])])
        shared = (self.space, self.seed, self.executor, self.store, self.on_fit, groups)
        return FitRunner(self.everyone, together, self.learner, *shared)

    def folds(self, repeat: int = 0, *, strata: Array | None = None) -> Ints:
        """(n,) fold of every row; classes (or `strata`) in equal share, groups and duplicates whole, time in blocks.

        Repeats draw anew; along time the first has equal blocks, and the others move its cuts by up to half a block.
        """
        if strata is None and self.target.classes is not None:
            strata = self.target.codes
        return folds_of_repeat(self.data, strata, self.groups, self.n_folds, self.seed, repeat)

    def require_unordered(self, instead: str) -> None:
        """Refuse rows with time, for methods that draw random subsets of all rows."""
        if self.ordered:
            raise InputError(
                "random subsets would train on the future of rows that are evaluated", where="time",
                got="rows ordered by time", fix=f"pass data without time to {instead} all the same",
            )  # fmt: skip

    @property
    def ordered(self) -> bool:
        """Whether folds are blocks of time."""
        return self.data.time is not None

    @cached_property
    def unsplit(self) -> FoldedRows:
        """All rows in one fold, for methods that evaluate nothing and so need no folds."""
        return self.with_folds(np.zeros(len(self.data), dtype=np.intp))

    @cached_property
    def whole(self) -> FoldedRows:
        """All rows, their folds and their fits, as a method sees them."""
        return self.with_folds(self.folds())

    def with_folds(self, folds: Ints) -> FoldedRows:
        """All rows with these folds; test rows are of no fold, and so never trained on."""
        n_test = 0 if self.test is None else len(self.test)
        every = np.concatenate([folds, np.full(n_test, -1, dtype=folds.dtype)])
        return FoldedRows(self.runner, np.arange(len(folds)), every, self.ordered)


def prepare(  # one keyword per thing a user may know about their data and its fits
    data: Any, learner: Any = None, *, y: Any = None, label: str | None = None, task: Task = "auto", n_folds: int = 5,
    seed: int = 0, executor: Executor | None = None, run_dir: str | Path | None = None, test: Any = None,
) -> Prepared:  # fmt: skip
    """Rows ready for fits: labels coded, exact duplicates and groups joined in every split, one seed, one executor.

    Args:
        data, y, label: n labeled rows, as in `samplewise.data.as_dataset`.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        n_folds: at least 2.
        seed: of folds, draws and fits.
        executor: carries out fits that are not in closed form; None keeps short ones in this process and gives long
            ones to one process per core.
        run_dir: where finished fits are kept and found again: the run folder of an audit, or one of the caller's own.
        test: m labeled rows that are evaluated on and never trained on: a `Dataset` or (X, y).

    Raises:
        InputError: no labels, labels or learners that cannot be read, fewer than 2 folds, a seed that is no whole
            number, an executor that carries out nothing, a run_dir that is a file, or test rows of another kind or
            class.

    Cost: reads the labels; encodings, splits and fits are made when first needed.

    >>> prepare(([[0.0], [0.0], [1.0], [2.0]], [0, 1, 0, 1]), n_folds=2).duplicates
    array([0, 0, 1, 2])
    """
    rows = as_labeled(data, y, label=label)
    n_folds = require_count(n_folds, "n_folds", 2, "one is left out while the others are fitted on", usual=5)
    require_settings(seed, executor, run_dir)
    target = describe_target(rows.y, task, ids=rows.ids)
    rows = with_read_labels(rows, target)
    require_labels(rows.y, rows.ids)  # words among numbers are labels nobody can learn from
    chosen, _ = choose_learner(learner, rows, target)
    held = None if test is None else as_second(test, "the test rows")
    return Prepared(rows, target, chosen, n_folds, seed, executor or AutoExecutor(), fits_in(run_dir), held)


def require_settings(seed: Any, executor: Any = None, run_dir: Any = None) -> None:
    """Refuse settings of fits that would fail late or be ignored: no whole seed, no `map`, a file for a folder."""
    require_seed(seed)
    require_executor(executor)
    require_folder(run_dir)


def folds_of_repeat(  # what a split depends on
    data: Dataset, strata: Array | None, groups: Array | None, n_folds: int, seed: int, repeat: int
) -> Ints:  # fmt: skip
    """(n,) fold of every row in one repeat; see `Prepared.folds`."""
    seed, ordered = derive_seed(seed, "folds", repeat), data.time is not None
    shift = float(generator(seed, "cuts").uniform(-0.5, 0.5)) if repeat and ordered else 0.0
    folds = fold_of_rows(data.ids, strata, groups, n_folds=n_folds, seed=seed, time=data.time, shift=shift)
    return folds.astype(np.intp)


def with_embeddings(data: Dataset, embeddings: Any) -> Dataset:
    """The rows with features of the user's own network instead of X; rows with equal X still stay together.

    A network may describe the same row in two ways, a last bit apart, at two positions of a batch.
    """
    features = matched_rows(embeddings, data.ids, "embeddings")
    return replace(data, X=features, groups=groups_with_duplicates(_equal_rows(data.X), data.groups, data.ids))


def _equal_rows(X: Any) -> Ints:
    """(n,) number of the set of rows with the same entries, or pixels, a row belongs to; nothing is encoded."""
    if isinstance(X, Images):
        return exact_groups(X.content_keys())
    return exact_groups(X.to_numpy(dtype=object) if hasattr(X, "iloc") else X)


def joined_groups(data: Dataset, duplicates: Ints | None = None) -> Array | None:
    """(n,) rows that stay together in every split: exact duplicates and the user's groups; None: there are none."""
    duplicates = exact_duplicates(data.X, feature_space(data)) if duplicates is None else duplicates
    return groups_with_duplicates(duplicates, data.groups, data.ids)


def fits_in(run_dir: str | Path | None) -> FitStore:
    """The store of a folder: the run folder of an audit has a subfolder for fits."""
    if run_dir is None:
        return FitStore()
    path = Path(run_dir)
    return FitStore(path / FITS if (path / FITS).is_dir() else path)
