"""The value of a row: how well models that were not trained on it predict its label."""

from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import require_count
from samplewise.core.execution import Executor
from samplewise.core.values import Scores
from samplewise.data.splits import nested_subsets
from samplewise.data.targets import Task
from samplewise.engine.models.learner import Fit
from samplewise.engine.refits import FoldedRows, prepare
from samplewise.engine.refits.row_order import in_id_order

IN_BAG = 0.632  # share of the rows each model is trained on: as many as are distinct in a bootstrap draw


@checked
def out_of_bag_value(  # the data and its fits
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    n_models: int = 100,
    seed: int = 0,
    executor: Executor | None = None,
) -> Scores:
    """How often models that were not trained on a row predict its label (share of models, 0..1).

    v_i = mean over the models whose bag leaves out row i of [prediction = y_i]; for numbers minus the squared error in
    variances of the label. Each bag holds 63.2 % of every class, drawn by id; rows of one group share bags.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        learner: as in `open_game`.   task: "auto", "classification" or "regression".
        n_models: bags, at least 10.
        seed: of bags and fits.
        executor: carries out fits that are not in closed form.

    Returns:
        Scores "out_of_bag_value" (n,), larger means the other rows support the label; `spread` is the standard error
        over bags, NaN with its value for a row that was in every bag.

    Raises:
        InputError: no labels, or fewer than 10 bags.

    Cost: `n_models` fits.
    Not for: what a row does to others (`banzhaf`): a rare but right row scores low.
    Source: kwon2023.

    >>> X, y = np.r_[0.0:1.0:20j, 5.0:6.0:20j][:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> out_of_bag_value((X, y), n_models=20).top(1, largest=False).keys
    array([7])
    """
    n_models = require_count(n_models, "n_models", 10, "a standard error needs bags that differ", usual=100)
    rows = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor)
    rows.require_unordered("value the rows")
    given = rows.unsplit
    folded, order = in_id_order(given)
    correct = _out_of_bag_rightness(folded, n_models, seed)
    seen = np.isfinite(correct).sum(axis=0)
    total = np.nansum(correct, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / seen
        spread = np.sqrt(np.nansum(np.square(correct - mean), axis=0) / (seen - 1) / seen)
    place = np.argsort(order)
    ids = given.runner.data.ids[given.positions]
    unit = "share of models" if folded.class_count else "variances of the label, below 0"
    values = np.where(seen > 0, mean, np.nan)[place]
    return Scores("out_of_bag_value", values, ids, unit, "the other rows support its label", spread=spread[place])


def _out_of_bag_rightness(folded: FoldedRows, count: int, seed: int) -> Floats:
    """(bags, n) how right each model is on the rows outside its bag; NaN inside."""
    codes = folded.codes if folded.class_count else None
    groups = None if folded.runner.groups is None else folded.runner.groups[folded.positions]
    size = max(2, round(IN_BAG * len(folded)))
    ids = folded.runner.data.ids[folded.positions]
    bags = nested_subsets(ids, codes, groups, sizes=[size], n_repeats=count, seed=seed)[:, 0]
    whole = len(folded.runner.data)
    fits = []
    for bag in bags:
        keep = np.zeros(whole, dtype=bool)
        keep[folded.positions[bag]] = True
        fits.append(Fit(keep, folded.positions[~bag]))
    right = np.full(bags.shape, np.nan)
    outputs = folded.runner.outputs(fits, blocks=folded.all_folds)
    for row, bag, answers in zip(right, bags, outputs, strict=True):
        row[~bag] = _rightness(answers, folded.codes[~bag], folded)
    return right


def _rightness(outputs: Array, codes: Array, folded: FoldedRows) -> Floats:
    if folded.class_count:
        return (outputs.argmax(axis=1) == codes).astype(np.float64)
    return -np.square(outputs[:, 0] - codes) / (np.var(folded.codes) or 1.0)
