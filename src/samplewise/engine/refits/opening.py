"""From what a user holds to a `Part`: the one border the rooms share."""

from pathlib import Path
from typing import Any

import numpy as np

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError
from samplewise.core.execution import Executor
from samplewise.core.randomness import derive_seed
from samplewise.data.dataset import Dataset
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import Target, describe_target
from samplewise.engine.models.choice import choose_learner
from samplewise.engine.models.encoding import feature_space
from samplewise.engine.neighbours import exact_groups, groups_with_copies
from samplewise.engine.refits.parts import Part, whole_part
from samplewise.engine.refits.processes import ProcessExecutor
from samplewise.engine.refits.runner import FitRunner
from samplewise.engine.refits.store import FitStore

FITS = "fits"  # where an audit keeps its fits within its run folder


def open_part(
    data: Dataset | tuple[Any, Any],
    learner: Any = None,
    *,
    folds: int = 5,
    seed: int = 0,
    executor: Executor | None = None,
) -> Part:
    """All rows of a data set as a part whose models leave folds out.

    Args:
        data: a `Dataset` or a pair (X, y).
        learner: as in `choose_learner`; None for the default of this shape of data.
        folds: number of folds, at least 2; rows of one group share a fold.
        seed: fixes folds and fits.
        executor: carries out fits that are not in closed form; default one process per core.

    Raises:
        InputError: no labels, or fewer than 2 folds.
    """
    data = data if isinstance(data, Dataset) else Dataset(*data)
    target = _described(data, folds)
    chosen, _ = choose_learner(learner, data, target)
    runner = FitRunner(data, target, chosen, feature_space(data), seed, executor or ProcessExecutor())
    return _dealt(runner, data.groups, folds, seed)


def open_as_audit(
    data: Dataset,
    learner: Any = None,
    *,
    folds: int = 5,
    seed: int = 0,
    executor: Executor | None = None,
    folder: str | Path | None = None,
) -> Part:
    """All rows as the part an audit looks at: its folds, which keep exact copies together, and its fits.

    Args:
        data, learner, folds, seed, executor: as in `open_part`.
        folder: where finished fits are kept and looked for: the run folder of an audit, or one of the caller's own.

    Raises:
        InputError: no labels, fewer than 2 folds, or fewer different rows than folds.
    """
    target = _described(data, folds)
    chosen, _ = choose_learner(learner, data, target)
    space = feature_space(data)
    together = groups_with_copies(exact_groups(space), data.groups, data.ids)
    runner = FitRunner(
        data, target, chosen, space, seed, executor or ProcessExecutor(), fits_in(folder), groups=together
    )
    return _dealt(runner, together, folds, derive_seed(seed, "folds", 0))


def fits_in(folder: str | Path | None) -> FitStore:
    """The store of a folder: the run folder of an audit has a place for fits within it."""
    if folder is None:
        return FitStore()
    path = Path(folder)
    return FitStore(path / FITS if (path / FITS).is_dir() else path)


def _described(data: Dataset, folds: int) -> Target:
    if data.y is None:
        raise InputError("the data has no labels", got="y=None", fix="pass y, one label per row")
    if folds < 2:  # one fold cannot be left out
        raise InputError("at least two folds are needed", got=f"folds={folds}", fix="use folds=5")
    return describe_target(data.y, ids=data.ids)


def _dealt(runner: FitRunner, groups: Array | None, folds: int, seed: int) -> Part:
    """The whole as a part, its rows dealt to folds."""
    codes = None if runner.target.classes is None else runner.target.codes
    dealt = fold_of_rows(runner.data.ids, codes, groups, folds=folds, seed=seed, time=runner.data.time)
    return whole_part(runner, dealt.astype(np.intp), ordered=runner.data.time is not None)
