"""What leaving one row out would change for held-out rows: all rows at once, in closed form."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Floats, Ints
from samplewise.core.values import Scores
from samplewise.data.targets import Task
from samplewise.engine.closed_form.smoother import held_out_residuals
from samplewise.engine.refits import FoldedRows, Surrogate, ThreadExecutor, prepare, surrogate
from samplewise.engine.refits.row_order import in_id_order
from samplewise.engine.statistics.means import standard_error
from samplewise.influence.valuation.network_effects import is_network, network_effects
from samplewise.influence.valuation.row_effects import RowEffects, group_numbers, hash_drawn_rows, means_and_spread
from samplewise.influence.valuation.utility import MOST_FITS, Game

PAIRS_AT_ONCE = 2_000_000


@checked
def leave_one_out(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", n_folds: int = 5, seed: int = 0
) -> Scores:
    """How much each row lowers the squared error of held-out rows (mean per evaluation row).

    benefit_i = mean over evaluation rows j of |y_j - f_-i(x_j)|^2 - |y_j - f(x_j)|^2. A ridge head on label-free
    kernel features is trained on all folds but one and evaluated on that fold, so no row evaluates a fit that it, or
    its group, was part of. Of a `Game` the learner is refitted without each element: u(all) - u(all but i), in points.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes; or a `Game`.
        task: "auto", "classification" or "regression".   n_folds: number of folds.   seed: of the folds.

    Returns:
        Scores "benefit" (n,), larger means the row helps, below 0 it hurts, NaN for a row never trained on; `spread`
        is the standard error over the evaluation rows (a group counts once). Errors are in squared shares of a class,
        or squared standard deviations of the label.

    Raises:
        InputError: no labels, fewer than 2 folds, or a game of more than 50,000 elements.

    Cost: O(n p^2 + n m p) for m evaluation rows, at most 20 million pairs a fold; no refit. Of a game one fit per
        element.
    Not for: duplicates (each hides the other), or learners that a ridge head does not resemble.
    Source: cook1977, koh2017.

    >>> X, y = np.r_[0.0:1.0:20j, 5.0:6.0:20j][:, None], np.repeat([0, 1], 20)
    >>> y[7] = 1
    >>> leave_one_out((X, y)).top(1, largest=False).keys
    array([7])
    """
    if isinstance(data, Game):
        return _refitted_without_each(data)
    return row_effects(data, y, label=label, task=task, n_folds=n_folds, seed=seed).benefit


def _refitted_without_each(game: Game) -> Scores:
    """What every element adds to the others, by refits; the standard error is over the validation rows."""
    elements = len(game)
    game.require_affordable(elements + 1, MOST_FITS, "use leave_one_out(data), which refits nothing")
    sets = np.vstack([np.ones((1, elements), dtype=bool), ~np.eye(elements, dtype=bool)])
    found = game.contributions(sets)
    change = found[0] - found[1:]
    spread = standard_error(change, axis=1)
    return game.scores("benefit", change.mean(axis=1), spread, "raises the validation score")


def row_effects(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", n_folds: int = 5, seed: int = 0
) -> RowEffects:
    """`leave_one_out` with the reach of each row: the squared change of evaluation outputs, without their labels.

    Args, Raises, Cost and Source as `leave_one_out`.
    Returns: `RowEffects`, in squared shares of a class or squared standard deviations; a larger reach says only that a
             row matters, not whether for good.
    """
    return effects_in(prepare(data, y=y, label=label, task=task, n_folds=n_folds, seed=seed).whole)


def effects_in(given: FoldedRows) -> RowEffects:
    """`row_effects` of folded rows, in their own folds.

    Where the learner trains a network, effects are those on that network's loss; else those of a ridge head in place of
    the learner.
    """
    if is_network(given):
        return network_effects(given)
    folded, order = in_id_order(given)
    head, ids = surrogate(folded), folded.runner.data.ids[folded.positions]
    groups = group_numbers(folded)
    tasks = []
    for fold in np.unique(folded.folds):
        trained = np.flatnonzero(folded.folds < fold if folded.ordered else folded.folds != fold)
        if len(trained):
            evaluated_rows = hash_drawn_rows(
                np.flatnonzero(folded.folds == fold), len(trained), ids, folded.runner.seed
            )
            tasks.append(_FoldTask(head, trained, evaluated_rows, groups))
    results = ThreadExecutor().map(_effect_sums, tasks, seeds=[0] * len(tasks))
    sums = np.zeros((5, len(folded)))
    for task, result in zip(tasks, results, strict=True):
        sums[:, task.trained] += result
    means, spread, reaches = means_and_spread(sums)
    place = np.argsort(order)
    unit = "squared share of a class" if folded.class_count else "squared standard deviations of the label"
    return RowEffects(
        Scores("benefit", means[place], ids[place], unit, "lowers the error of other rows", spread=spread[place]),
        Scores("reach", reaches[place], ids[place], unit, "changes the outputs for other rows"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _FoldTask:
    """The evaluation rows of one fold, and the rows trained on without them."""

    head: Surrogate
    trained: Ints
    evaluated_rows: Ints
    groups: Ints  # (n,)


def _effect_sums(task: _FoldTask, *, seed: int) -> Floats:
    """(5, t) sums over groups of evaluation rows: benefit, its square, reach, how many groups and evaluation rows.

    `seed` belongs to the executor's protocol and changes nothing.
    """
    sums = np.zeros((5, len(task.trained)))
    for benefits, reach in _benefits(task):
        sums[0] += benefits.sum(axis=0)
        sums[1] += np.square(benefits).sum(axis=0)
        sums[2] += reach
        sums[3] += len(benefits)
    sums[4] = len(task.evaluated_rows)
    return sums


def _benefits(task: _FoldTask) -> Iterator[tuple[Floats, Floats]]:
    """Benefit (g, t) of every training row summed within groups of evaluation rows, and its reach (t,), in blocks."""
    head, trained, evaluated_rows, groups = task.head, task.trained, task.evaluated_rows, task.groups
    fit = head.at(trained).fitted()
    change = held_out_residuals(fit)
    lengths = np.sum(np.square(change), axis=1)
    evaluated_rows = evaluated_rows[np.argsort(groups[evaluated_rows], kind="stable")]
    starts = np.flatnonzero(np.r_[True, np.diff(groups[evaluated_rows]) > 0])
    at_once = max(1, PAIRS_AT_ONCE // len(trained))
    cuts = np.unique(np.searchsorted(starts, np.arange(0, starts[-1] + 1, at_once)))
    for first, last in zip(starts[cuts], np.r_[starts[cuts][1:], len(evaluated_rows)], strict=True):
        rows = evaluated_rows[first:last]
        weights = fit.weights_at(head.features[rows])
        errors = fit.outputs_at(head.features[rows]) - head.responses[rows]
        # |e - s d|^2 - |e|^2 with e the error with the row, s its weight at the other, d its held-out residual.
        moved = weights * lengths
        reach = np.sum(weights * moved, axis=0)
        moved -= 2.0 * (errors @ change.T)
        own = starts[(starts >= first) & (starts < last)] - first
        yield np.add.reduceat(weights * moved, own, axis=0), reach
