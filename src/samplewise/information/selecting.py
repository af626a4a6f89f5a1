"""Which rows to keep so that a model loses least, and what dropping the others costs on validation rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, in_order
from samplewise.core.errors import require_share, unknown_name
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Estimate
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error
from samplewise.information.deletions import Deletions

Strategy = Literal["iterative", "once", "random", "top"]
STRATEGIES: tuple[Strategy, ...] = ("iterative", "once", "random", "top")
RANDOM_DRAWS = 5
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Kept(Result):
    """A choice of rows and its price."""

    ids: Array  # (k,) to keep, in the order of the rows
    dropped: Array  # (n - k,) in the order in which they went
    cost: Estimate  # change of the score on the validation rows, below 0: dropping costs
    control: Estimate  # the same for as many random rows, a mean over five draws

    def _sentences(self) -> Iterable[str]:
        yield f"{count_of(len(self.ids), 'row')} to keep, {len(self.dropped):,} to drop."
        if np.isfinite(self.cost.value):
            yield f"Dropping them changes the score by {self.cost.without_reason()};"
            yield f"as many random rows: {self.control.without_reason()}."
        else:
            yield f"Without a cost: {self.cost.reason}."
        yield "Below, what goes, in that order."

    def _table(self) -> Table:
        return Table({"id": self.dropped, "dropped_as": np.arange(1, len(self.dropped) + 1)}, index="id")


def keep_rows(deletions: Deletions, ids: Array, keep: float, strategy: Strategy, *, step: float, seed: int) -> Kept:
    """Rows to keep by a strategy, with the measured cost; positions are those of the deletions."""
    if strategy not in STRATEGIES:
        raise unknown_name("strategy", str(strategy), STRATEGIES)
    for name, share in (("keep", keep), ("step", step)):
        require_share(share, name)
    count = len(ids)
    going = count - max(1, round(keep * count))
    gone = order_of_removal(deletions, ids, going, strategy, step=step, seed=seed)
    kept = np.setdiff1d(np.arange(count), gone)
    cost = _cost(deletions, [kept], "cost_of_dropping")
    draws = [np.sort(hashed_order(seed + draw, ids, "kept at random")[: len(kept)]) for draw in range(RANDOM_DRAWS)]
    control = _cost(deletions, draws, "cost_of_dropping_at_random")
    return Kept(ids[kept], ids[gone], cost, control)


def order_of_removal(
    deletions: Deletions, ids: Array, going: int, strategy: Strategy, *, step: float, seed: int
) -> Ints:
    """(going,) positions in the order in which they are dropped."""
    if strategy == "random":
        return hashed_order(seed, ids, "dropped at random")[:going]
    if strategy != "iterative":
        values = _information(deletions)
        return in_order(-values if strategy == "top" else values)[:going]
    per_round, gone, left = max(1, round(step * len(ids))), np.empty(0, dtype=np.intp), np.arange(len(ids))
    current = deletions
    while len(gone) < going:
        number = min(per_round, going - len(gone))
        order = in_order(_information(current))
        gone, left = np.r_[gone, left[order[:number]]], np.sort(left[order[number:]])
        if len(gone) < going:
            current = deletions.trained_by(left)
    return gone


def _information(deletions: Deletions) -> Floats:
    """Scores, those that are not known last: a row that alone decides a parameter stays."""
    return np.nan_to_num(deletions.changes.functional, nan=np.inf)


def _cost(deletions: Deletions, choices: list[Ints], quantity: str) -> Estimate:
    """Mean score on the validation rows after training on the choices, minus that of training on all rows."""
    outputs, targets = deletions.evaluated()
    responses = deletions.responses
    unit = "points of accuracy" if responses.classes is not None else "mean squared error, negated"
    if targets is None:
        reason = "needs labeled validation rows: unique_information(..., test=(X, y))"
        return Estimate(quantity, float("nan"), unit=unit, reason=reason)
    scale = 100.0 if responses.classes is not None else 1.0
    before = responses.correct(outputs, targets)
    after = [responses.correct(deletions.trained_by(kept).evaluated()[0], targets) for kept in choices]
    change = scale * (np.mean(after, axis=0) - before)
    value, error = mean_and_error(change)
    half = half_width(error, CONFIDENCE) if len(change) > 1 else float("nan")
    return Estimate(
        quantity, value, value - half, value + half, unit, CONFIDENCE, "harutyunyan2021",
        "the interval holds the spread over the validation rows, for these training rows",
    )  # fmt: skip
