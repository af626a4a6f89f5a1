"""Rows that could go: in which order, and what leaving them out costs on held-out rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints, Mask, in_order
from samplewise.core.errors import require_kind, require_share, require_shares
from samplewise.core.execution import Executor
from samplewise.core.randomness import hashed_order
from samplewise.core.rates import percent, percent_text
from samplewise.core.values import Exhibit, Scores
from samplewise.data.targets import Task
from samplewise.engine.closed_form.smoother import held_out_residuals
from samplewise.engine.models.metrics import Metric, choose_metric
from samplewise.engine.refits import FoldedRows, RowEdit, Surrogate, ThreadExecutor, prepare, surrogate
from samplewise.engine.refits.folded_rows import outer_folds
from samplewise.engine.refits.row_order import in_id_order
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error

ROUNDS, MANY_ROWS = 3, 10_000  # information is measured again so often; twice for many rows
CLASS_SHARE = 0.5  # no class loses more than this share of its rows, where no more than this is to go
CONFIDENCE = 0.95
SHARES = (0.1, 0.25, 0.5)


@checked
def redundant_rows(
    data: Any, y: Any = None, *, label: str | None = None, task: Task = "auto", share: float = 0.25, seed: int = 0
) -> Array:
    """Ids (r,) of the rows that carry least unique information, in the order in which they could go.

    Taken in three rounds (two for many rows) with the information measured again after each, because a row may be
    redundant only while its neighbor stays. One of every set of equal rows stays, and no class loses more than half of
    its rows, or than `share` of them where that is more.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        task: "auto", "classification" or "regression".
        share: of the rows, between 0 and 1.
        seed: of the encoding.

    Returns:
        At most share * n ids, least informative first.

    Raises:
        InputError: no labels, or a share out of range.

    Cost: O(rounds n p^2), p at most 256; no refit.
    Not for: rare but important cases: list them and keep them.
    Source: harutyunyan2021.

    >>> X, y = np.r_[0.0:0.1:38j, 5.0, 9.0][:, None], np.repeat([0, 1], [38, 2])
    >>> gone = redundant_rows((X, y), share=0.25)
    >>> len(gone), sorted({38, 39} & set(gone.tolist()))
    (10, [])
    """
    require_share(share, "share")
    folded = prepare(data, y=y, label=label, task=task, seed=seed).unsplit
    return folded.data.ids[redundant_positions(folded, share)]


def redundant_positions(folded: FoldedRows, share: float = 0.25) -> Ints:
    """Positions (r,) of `redundant_rows` among folded rows; no other label is read.

    Args:    folded: n rows.   share: of them, between 0 and 1.
    Returns: at most share * n positions, least informative first.
    Cost:    O(rounds n p^2), p at most 256.   Source: harutyunyan2021.
    """
    folded, order_of_rows = in_id_order(folded)
    whole = surrogate(folded)
    duplicates = np.unique(folded.duplicates, return_inverse=True)[1]
    copied = np.bincount(duplicates) > 1
    classes = np.asarray(folded.codes) if folded.class_count else None
    spare = None if classes is None else np.floor(max(CLASS_SHARE, share) * np.bincount(classes)).astype(np.intp)
    wanted, gone = int(share * len(folded)), np.empty(0, dtype=np.intp)
    rounds = ROUNDS if len(folded) < MANY_ROWS else 2
    for turn in range(rounds):
        kept = np.setdiff1d(np.arange(len(folded)), gone)
        quota = wanted * (turn + 1) // rounds - len(gone)
        information = _information(whole, kept)
        order = kept[in_order(information)]
        order = order[~_last_duplicates(duplicates[order], copied)]
        if classes is not None and spare is not None:
            left = spare - np.bincount(classes[gone], minlength=len(spare))
            order = order[_rank_within(classes[order]) < left[classes[order]]]
        gone = np.r_[gone, order[:quota]]
    return order_of_rows[gone]


@checked
def information_curve(information: Scores) -> Exhibit:
    """What share of all unique information (in %) the least informative rows carry, for growing shares of the rows.

    Args:    information: scores (n,) in nats.
    Returns: Exhibit "curve": share of rows, value in %.
    Cost:    O(n log n).   Source: harutyunyan2021.

    >>> scores = Scores("unique_information", np.array([0.0, 0.0, 1.0, 3.0]), np.arange(4), "nats", "rare")
    >>> information_curve(scores).columns["value"][[10, 15]]
    array([ 0., 25.])
    """
    require_kind(information, Scores)
    ranked = np.sort(np.nan_to_num(information.values))
    shares = np.arange(0, 101, 5)
    total = max(float(ranked.sum()), 1e-300)
    carried = np.r_[0.0, np.cumsum(ranked)][(shares * len(ranked)) // 100] / total
    columns: dict[str, Array] = {
        "rows left out (%)": shares,
        "value": percent(carried),
        "low": np.full(len(shares), np.nan),
        "high": np.full(len(shares), np.nan),
        "status": np.full(len(shares), "measured"),
    }
    return Exhibit("curve", "How much information the least informative rows carry", columns, "% of all information")


@checked
def removal_cost(  # the data and its fits
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    metric: str | None = None,
    shares: Sequence[float] = SHARES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    executor: Executor | None = None,
) -> Exhibit:
    """Change of the held-out score, in the metric's points, when the least informative rows go, or random ones.

    The order is found anew on the training rows of every fold; every row is evaluated once, by models that left its
    fold out. Intervals: mean +- z sd / sqrt(n) of the paired differences (by group where the data has groups).

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes.
        learner: as in `audit`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        metric: "accuracy", "balanced_accuracy", "auc", "mae" or "r2"; None as in `audit`.
        shares: of the training rows.   confidence: of the intervals.   seed: of folds and fits.
        executor: carries out fits that are not in closed form.

    Returns:
        Exhibit "bars": name, value, low, high, control, control_low, control_high; below 0 the score falls.

    Raises:
        InputError: no labels, an unknown metric, or shares out of range.

    Cost: 5 (1 + 2 len(shares)) fits and 5 orders.
    Source: harutyunyan2021.

    >>> X = np.r_[0.0:1.0:40j, 5.0:6.0:40j][:, None]
    >>> cost = removal_cost((X, np.repeat([0, 1], 40)), shares=(0.5,))
    >>> cost.columns["name"].tolist(), cost.unit
    (['50 % of the rows'], 'points of accuracy')
    """
    require_shares(shares, "shares")
    require_share(confidence, "confidence")
    folded = prepare(data, learner, y=y, label=label, task=task, seed=seed, executor=executor).whole
    return removal_cost_in(
        folded, choose_metric(metric, folded.target.task, folded.codes), shares, confidence=confidence
    )


def removal_cost_in(
    folded: FoldedRows, metric: Metric, shares: Sequence[float] = SHARES, *, confidence: float = CONFIDENCE
) -> Exhibit:
    """`removal_cost` of folded rows, in their own folds.

    Args:    folded: the whole data, with folds.   metric: per-row contributions.   shares: of the training rows.
             confidence: of the intervals.
    Returns: Exhibit "bars": name, value, low, high, control, control_low, control_high; below 0 the score falls.
    Raises:  InputError for shares or a confidence outside (0, 1).
    Cost:    5 (1 + 2 len(shares)) fits and 5 orders.   Source: harutyunyan2021.
    """
    parts = outer_folds(folded.runner, folded.all_folds, ordered=folded.ordered)
    queries = [np.flatnonzero(folded.all_folds == one.left_out) for one in parts]
    orders = ThreadExecutor().map(_least_first, [(one, max(shares)) for one in parts], seeds=[0] * len(parts))
    fits = []
    for one, query, least in zip(parts, queries, orders, strict=True):
        random = hashed_order(one.runner.seed, one.runner.data.ids[one.positions], "random removal")
        drops = [order[: int(share * len(one))] for order in (least, random) for share in shares]
        fits += [
            one.changed_fit(query, None),
            *(one.changed_fit(query, RowEdit("drop", np.sort(rows))) for rows in drops),
        ]
    answers, arms = folded.runner.outputs(fits, blocks=folded.all_folds), 1 + 2 * len(shares)
    changes = np.full((2 * len(shares), len(folded)), np.nan)
    for number, query in enumerate(queries):
        codes = folded.runner.target.codes[query]
        if not metric.can_score(codes):
            continue
        own = answers[number * arms : (number + 1) * arms]
        before, *after = (metric.contributions(answer.astype(np.float64), codes) for answer in own)
        changes[:, query] = np.array(after) - before
    value, error = np.array([mean_and_error(change, folded.runner.groups) for change in changes]).T
    low, high = value - half_width(error, confidence), value + half_width(error, confidence)
    half = len(shares)
    columns: dict[str, Array] = {
        "name": np.array([f"{percent_text(share, '.0f')} of the rows" for share in shares]),
        "value": value[:half],
        "low": low[:half],
        "high": high[:half],
        "control": value[half:],
        "control_low": low[half:],
        "control_high": high[half:],
    }
    note = "Gray: as many random rows. The order was found anew on the training rows of every fold."
    return Exhibit("bars", "What leaving out the least informative rows costs", columns, metric.unit, note)


def _least_first(task: tuple[FoldedRows, float], *, seed: int) -> Ints:
    """`redundant_positions` as a task; `seed` belongs to the executor's protocol and changes nothing."""
    return redundant_positions(*task)


def _information(whole: Surrogate, kept: Ints) -> Floats:
    """Nats that each kept row carries about the outputs at the kept rows, as `unique_information` measures them."""
    head = whole.at(kept)
    fit = head.fitted()
    squares, _ = fit.query_moments(head.features, np.zeros((len(kept), 1)))
    found = 0.5 * squares * np.sum(np.square(held_out_residuals(fit)), axis=1)
    return np.nan_to_num(found, nan=np.inf)


def _last_duplicates(groups: Ints, copied: Mask) -> Mask:
    """(r,) the last row of every set that had duplicates (g,), in the order given: the one that stays."""
    last = np.zeros(len(groups), dtype=bool)
    _, first_from_end = np.unique(groups[::-1], return_index=True)
    last[len(groups) - 1 - first_from_end] = True
    return last & copied[groups]


def _rank_within(classes: Array) -> Ints:
    """(r,) how many rows of the same class stand before each row."""
    order = np.argsort(classes, kind="stable")
    count = np.bincount(classes)
    rank = np.empty(len(classes), dtype=np.intp)
    rank[order] = np.arange(len(classes)) - np.repeat(np.cumsum(count) - count, count)
    return rank
