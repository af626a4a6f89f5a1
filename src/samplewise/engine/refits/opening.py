"""From what a user holds to a `Part`: the one border the rooms share."""

from typing import Any

import numpy as np

from samplewise.core.errors import InputError
from samplewise.core.execution import Executor
from samplewise.data.dataset import Dataset
from samplewise.data.splits import fold_of_rows
from samplewise.data.targets import describe_target
from samplewise.engine.models.choice import choose_learner
from samplewise.engine.models.encoding import feature_space
from samplewise.engine.refits.parts import Part, whole_part
from samplewise.engine.refits.processes import ProcessExecutor
from samplewise.engine.refits.runner import FitRunner


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
    if data.y is None:
        raise InputError("the data has no labels", got="y=None", fix="pass y, one label per row")
    if folds < 2:  # one fold cannot be left out
        raise InputError("at least two folds are needed", got=f"folds={folds}", fix="use folds=5")
    target = describe_target(data.y, ids=data.ids)
    chosen, _ = choose_learner(learner, data, target)
    runner = FitRunner(data, target, chosen, feature_space(data), seed, executor or ProcessExecutor())
    codes = None if target.classes is None else target.codes
    dealt = fold_of_rows(data.ids, codes, data.groups, folds=folds, seed=seed, time=data.time)
    return whole_part(runner, dealt.astype(np.intp), ordered=data.time is not None)
