"""What to collect next: the schedule of batches with the least expected cost, re-planned after every round."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_amount, require_count, require_kind
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import number_text
from samplewise.core.values import Estimate
from samplewise.curves.forecasts import FURTHEST, SOURCE
from samplewise.curves.meta.models import MetaModel
from samplewise.curves.points import CurvePoints
from samplewise.curves.requirement import samples_needed

MISSED = 6.0  # default penalty over the price of the rows up to the horizon; chosen on a fifth of the measured families


@dataclass(frozen=True, slots=True, eq=False)
class CollectionPlan(Result):
    """Batches to collect until a target error is reached; after each, measure and plan again."""

    error: float  # the target
    next_batch: int  # rows to collect now
    next_size: int  # rows there are then
    schedule: Array  # (t,) sizes after each of the rounds, as planned now
    arrived: Floats  # (t,) chance to have reached the target by then
    paid: Floats  # (t,) price of collecting up to each size
    cost: Estimate  # expected price of rows and rounds, without the penalty
    chance: Estimate  # to arrive with this schedule
    rounds: Estimate  # expected number of rounds used
    penalty: float  # price of ending without the target
    reason: str

    @checked
    def less_rows_on_hand(self, n_rows: int, price_per_row: float) -> "CollectionPlan":
        """The same schedule where `n_rows` beyond the largest size of the curve are there already, at no price."""
        require_count(n_rows, "n_rows", least=0)
        require_amount(price_per_row, "price_per_row")
        paid = np.maximum(self.paid - price_per_row * n_rows, 0.0)
        cost = replace(self.cost, value=max(self.cost.value - price_per_row * n_rows, 0.0))
        return replace(self, next_batch=max(self.next_batch - n_rows, 0), paid=paid, cost=cost)

    def _sentences(self) -> Iterable[str]:
        yield f"Collect {self.next_batch:,} rows now (to {self.next_size:,}), measure, and plan again."
        yield f"Expected price {number_text(self.cost.value)}; {self.chance.without_reason()} to arrive."
        yield self.reason

    def _table(self) -> Table:
        rounds = np.arange(1, len(self.schedule) + 1)
        columns = {"round": rounds, "rows": self.schedule, "chance_to_arrive": self.arrived, "price_so_far": self.paid}
        return Table(columns, {"chance_to_arrive": "probability"}, "round")


@checked
def collection_plan(  # prices and limits are separate facts, most with a default
    curve: CurvePoints,
    error: float,
    price_per_row: float,
    n_rounds: int = 4,
    max_growth: float = 4.0,
    penalty: float | None = None,
    *,
    price_per_round: float = 0.0,
    learner_name: str | None = None,
    meta: MetaModel | None = None,
) -> CollectionPlan:
    """How many rows to collect next, and what reaching a target error will cost (in the unit of the price).

    Sizes q_1 <= ... <= q_T minimize sum_t (c (q_t - q_{t-1}) + r) (1 - F(q_{t-1})) + penalty (1 - F(q_T)), F the
    chance of having arrived (`samples_needed`), c and r the prices of a row and of a round, q_t <= max_growth q_{t-1}.

    Args:
        curve: at least three sizes, the largest is what there is now.
        error: the target in the unit of the curve (0.05 for 5 %), below the error at the largest size.
        price_per_row: price of one more row, above 0.
        n_rounds: T, of collecting and measuring, at least 1.
        max_growth: how many times the rows may become more in one round: forecasts err by factors.
        penalty: price of ending without the target; default six times that of the rows up to the horizon.
        price_per_round: price of a round besides its rows: time, set-up, training.
        learner_name: the learner that was trained, if `meta.names` holds it.
        meta: models of your own history; default the shipped ones.

    Returns:
        `CollectionPlan`; larger costs are worse, a larger chance better. Follow its first step only, then measure.

    Raises:
        InputError: prices or rounds out of range, or what `samples_needed` refuses.

    Cost: milliseconds.   Not for: rows that get more expensive as they run out.   Source: mahmood2022, mahmood2025.

    >>> n = np.array([50, 100, 200, 400])
    >>> curve = CurvePoints(n, 0.02 + 2 / n[None, :] ** 0.5, np.full(4, 0.004))
    >>> plan = collection_plan(curve, error=0.08, price_per_row=0.2, n_rounds=4)
    >>> bool(0 < plan.next_batch <= 1200), bool(plan.chance.value > 0.3)
    (True, True)
    """
    require_kind(curve, CurvePoints)
    _check(price_per_row, n_rounds, max_growth, penalty, price_per_round)
    need = samples_needed(curve, error, learner_name=learner_name, meta=meta)
    arrived = given_not_yet(need.reach)
    penalty = MISSED * price_per_row * (need.sizes[-1] - need.sizes[0]) if penalty is None else penalty
    path = cheapest_path(need.sizes, arrived, (price_per_row, price_per_round, penalty), n_rounds, max_growth)
    steps = np.r_[0, path]
    left = 1.0 - arrived[steps]
    bought, moved = np.diff(need.sizes[steps]), np.diff(steps) > 0
    cost = float(np.sum((price_per_row * bought + price_per_round * moved) * left[:-1]))
    schedule = np.ceil(need.sizes[path]).astype(np.intp)
    no_interval = "an expectation over the chance of having arrived"
    return CollectionPlan(
        error=float(error),
        next_batch=int(schedule[0] - curve.sizes[-1]),
        next_size=int(schedule[0]),
        schedule=schedule,
        arrived=arrived[path],
        paid=price_per_row * (schedule - curve.sizes[-1]) + price_per_round * np.cumsum(moved),
        cost=Estimate("expected_cost", cost, unit="price", source=SOURCE, reason=no_interval),
        chance=Estimate(
            "chance_to_arrive", float(arrived[path[-1]]), unit="probability", source=SOURCE, reason=no_interval
        ),
        rounds=Estimate("rounds", float(np.sum(left[:-1] * moved)), unit="rounds", source=SOURCE, reason=no_interval),
        penalty=float(penalty),
        reason=_reason(schedule, int(curve.sizes[-1]), float(arrived[path[-1]]), need.reason),
    )


def given_not_yet(reach: Floats) -> Floats:
    """(m,) chance of having arrived, given that the target is not reached at the first size."""
    left = max(1.0 - float(reach[0]), 1e-9)
    return np.clip((reach - reach[0]) / left, 0.0, 1.0)


def cheapest_path(
    sizes: Floats, arrived: Floats, prices: tuple[float, float, float], rounds: int, max_growth: float
) -> Ints:
    """(t,) positions in `sizes` after each round, by dynamic programming from the last round back.

    `prices`: of a row, of a round, and of ending without the target. A round without collecting is free.
    """
    row, turn, penalty = prices
    count = len(sizes)
    here, there = np.arange(count)[:, None], np.arange(count)[None, :]
    allowed = (there >= here) & (sizes[None, :] <= max_growth * sizes[:, None] * (1.0 + 1e-9))
    step = (row * (sizes[None, :] - sizes[:, None]) + turn * (there > here)) * (1.0 - arrived)[:, None]
    ahead = penalty * (1.0 - arrived)
    best = []
    for _ in range(rounds):
        total = np.where(allowed, step + ahead[None, :], np.inf)
        best.append(np.argmin(total, axis=1))
        ahead = np.take_along_axis(total, best[-1][:, None], axis=1)[:, 0]
    path, place = [], 0
    for choice in reversed(best):
        place = int(choice[place])
        path.append(place)
    moves = [stop for stop, before in zip(path, [0, *path], strict=False) if stop > before]
    return np.array(moves + [place] * (rounds - len(moves)), dtype=np.intp)  # waiting costs nothing, so it comes last


def _reason(schedule: Array, now: int, chance: float, reached: str) -> str:
    """The plan as a sentence."""
    if schedule[-1] == now:
        return f"Collecting more costs more than it is expected to save at this penalty. {reached}".strip()
    likely = percent_text(chance, ".0f")
    if chance < 0.5:
        sentence = f"The target will probably not be reached: chance {likely} with {schedule[-1]:,} rows."
        return f"{sentence} {reached}".strip()
    return f"Chance {likely} to arrive by {schedule[-1]:,} rows. Measure after each round, then plan again."


def _check(price_per_row: float, rounds: int, max_growth: float, penalty: float | None, turn: float) -> None:
    """Refuse prices and rounds for which there is no plan."""
    if not price_per_row > 0 or turn < 0 or (penalty is not None and not penalty > 0):
        raise InputError(
            "prices must be above 0",
            got=f"price_per_row={price_per_row}, penalty={penalty}, price_per_round={turn}",
            fix="pass the price of one row, and the price of ending without the target",
        )
    if rounds < 1 or not 1.0 < max_growth <= FURTHEST:
        raise InputError(
            "a plan needs at least one round in which the rows can grow",
            got=f"n_rounds={rounds}, max_growth={max_growth}",
            fix=f"use rounds of 1 or more, and a growth above 1 and up to {FURTHEST}",
        )
