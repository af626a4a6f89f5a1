"""What to collect next: the schedule of batches with the least expected cost, re-planned after every round.

There are two, because a measured error is noisy: whoever stops as soon as one meets the target has often met it by
luck. The safe plan stops only once the measured error is below the target by more than its noise, and buys for that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import ndtr

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import InputError, require_amount, require_count, require_kind
from samplewise.core.rates import percent_text
from samplewise.core.results import Result, Table
from samplewise.core.texts import number_text
from samplewise.core.values import Estimate, with_unit
from samplewise.curves.forecasts import CHECKED, SOURCE
from samplewise.curves.meta.models import MetaModel
from samplewise.curves.meta.predictive import Predicted
from samplewise.curves.points import CurvePoints
from samplewise.curves.requirement import ahead_of, arrived, check_target, reason_of
from samplewise.engine.statistics.intervals import quantile

MISSED = 6.0  # default penalty over the price of the rows up to the horizon; chosen on a fifth of the measured families
SURE = 0.9  # that an error measured at the safe limit is truly at the target, as far as the noise goes
LEAST_AIM = 0.5  # of the target: the safe limit goes no lower, however noisy the curve
UNKNOWN_NOISE = 0.1  # of the target, where the curve says nothing about its noise
REASON = "follows every way the curve may go on, with the noise of the measurements"
PATHS = (np.arange(200) + 0.5) / 200.0  # quantiles that stand for the ways the curve may go on


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One way of collecting: until when, in which batches, and what comes of it."""

    name: Literal["cheap", "safe"]
    stop_at: float  # collect until the measured error is at most this
    schedule: Array  # (t,) sizes after each of the rounds, as planned now
    arrived: Floats  # (t,) chance that so many rows are enough for that
    paid: Floats  # (t,) price of collecting up to each size
    chance: Estimate  # that the true error is at the target when collecting ends
    cost: Estimate  # expected price of rows and rounds, without the penalty
    rounds: Estimate  # expected number of rounds used

    def text(self, unit: str) -> str:
        """The choice in a sentence."""
        kind = "Cheap and risky" if self.name == "cheap" else "Safe"
        return (
            f"{kind}: up to {self.schedule[-1]:,} rows, until the measured error is at most "
            f"{with_unit(self.stop_at, unit)}; expected price {number_text(self.cost.value)}, chance that the true "
            f"error is then at the target {percent_text(self.chance.value, '.0f')}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class CollectionPlan(Result):
    """Batches to collect until a target error is reached; after each, measure and plan again."""

    error: float  # the target
    next_batch: int  # rows to collect now, by the choice taken
    next_size: int  # rows there are then
    schedule: Array  # (t,) sizes after each of the rounds, as planned now
    arrived: Floats  # (t,) chance that so many rows are enough to stop
    paid: Floats  # (t,) price of collecting up to each size
    cost: Estimate  # expected price of rows and rounds, without the penalty
    chance: Estimate  # that the true error is at the target when collecting ends
    rounds: Estimate  # expected number of rounds used
    stop_at: float  # collect until the measured error is at most this
    choices: tuple[Choice, Choice]  # cheap and risky, and safe
    unit: str  # of the error
    penalty: float  # price of ending without the target
    reason: str

    @checked
    def less_rows_on_hand(self, n_rows: int, price_per_row: float) -> "CollectionPlan":
        """The same schedule where `n_rows` beyond the largest size of the curve are there already, at no price."""
        require_count(n_rows, "n_rows", least=0)
        require_amount(price_per_row, "price_per_row")
        cheap, safe = (_cheaper(choice, price_per_row * n_rows) for choice in self.choices)
        taken = safe if self.stop_at == safe.stop_at else cheap
        batch = max(self.next_batch - n_rows, 0)
        return replace(self, next_batch=batch, paid=taken.paid, cost=taken.cost, choices=(cheap, safe))

    def _sentences(self) -> Iterable[str]:
        if self.paid[-1] > 0:
            yield f"Collect {self.next_batch:,} rows now (to {self.next_size:,}), measure, and plan again."
            yield from (choice.text(self.unit) for choice in self.choices)
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
    safe: bool = False,
    learner_name: str | None = None,
    meta: MetaModel | None = None,
) -> CollectionPlan:
    """How many rows to collect next, and what reaching a target error will cost (in the unit of the price).

    Sizes q_1 <= ... <= q_T minimize sum_t (c (q_t - q_{t-1}) + r) (1 - F(q_{t-1})) + penalty (1 - F(q_T)), F the
    chance of having arrived (`samples_needed`), c and r the prices of a row and of a round, q_t <= max_growth q_{t-1}.
    The cheap plan collects until the measured error is at the target; the safe one until it is below it by 1.28 of its
    standard errors, for which it buys. Chance and price follow both through every way the curve may go on, with
    measurements as noisy as at the largest size.

    Args:
        curve: at least three sizes, the largest is what there is now.
        error: the target in the unit of the curve (0.05 for 5 %), below the error at the largest size.
        price_per_row: price of one more row, above 0.
        n_rounds: T, of collecting and measuring, at least 1.
        max_growth: how many times the rows may become more in one round: forecasts err by factors.
        penalty: price of ending without the target; default six times that of the rows up to the horizon.
        price_per_round: price of a round besides its rows: time, set-up, training.
        safe: take the safe plan as the answer; `choices` holds both.
        learner_name: the learner that was trained; one of `meta.names` makes the answer better, any other is no error.
        meta: models of your own history; default the shipped ones.

    Returns:
        `CollectionPlan`; larger costs are worse, a larger chance better. Follow its first step only, then measure.

    Raises:
        InputError: prices or rounds out of range, or what `samples_needed` refuses; with `safe` a measured error at the
            target is no reason to refuse as long as it is above the safe limit.

    Cost: milliseconds.   Not for: rows that get more expensive as they run out.   Source: mahmood2022, mahmood2025.

    >>> n = np.array([50, 100, 200, 400])
    >>> curve = CurvePoints(n, 0.02 + 2 / n[None, :] ** 0.5, np.full(4, 0.004))
    >>> plan = collection_plan(curve, error=0.08, price_per_row=0.2, n_rounds=4)
    >>> bool(0 < plan.next_batch <= 1200), bool(plan.chance.value > 0.3)
    (True, True)
    """
    require_kind(curve, CurvePoints)
    _check(price_per_row, n_rounds, max_growth, penalty, price_per_round)
    noise = _noise(curve, error)
    aims = error, max(error - quantile(SURE) * noise, LEAST_AIM * error)
    check_target(curve, aims[1] if safe else error)
    sizes, there, unknown = ahead_of(curve, learner_name, meta)
    penalty = MISSED * price_per_row * float(sizes[-1] - sizes[0]) if penalty is None else penalty
    prices = price_per_row, price_per_round, penalty
    cheap, careful = (
        _choice(curve, (sizes, there), (float(error), aim, noise), prices, (n_rounds, max_growth)) for aim in aims
    )  # fmt: skip
    taken = careful if safe else cheap
    return CollectionPlan(
        error=float(error),
        next_batch=int(taken.schedule[0] - curve.sizes[-1]),
        next_size=int(taken.schedule[0]),
        schedule=taken.schedule,
        arrived=taken.arrived,
        paid=taken.paid,
        cost=taken.cost,
        chance=taken.chance,
        rounds=taken.rounds,
        stop_at=taken.stop_at,
        choices=(cheap, careful),
        unit=curve.unit,
        penalty=float(penalty),
        reason=_reason(taken, int(curve.sizes[-1]), reason_of(curve, float(arrived(there, error)[-1]), unknown)),
    )


def _choice(
    curve: CurvePoints,
    ahead: tuple[Floats, Predicted],
    aim: tuple[float, float, float],
    prices: tuple[float, float, float],
    limits: tuple[int, float],
) -> Choice:
    """The cheapest schedule for a limit to stop at, and what comes of it; `aim` is target, limit and noise."""
    (sizes, there), (target, stop_at, noise), (price_per_row, price_per_round, _) = ahead, aim, prices
    reach = arrived(there, stop_at)
    plain = np.zeros(limits[0], dtype=np.intp)
    if stop_at < target and curve.error[-1] > target:  # the safe plan buys no less than the cheap one
        plain = cheapest_path(sizes, arrived(there, target), prices, *limits)
    done = bool(curve.error[-1] <= stop_at)  # then the target is met as well as this choice asks for
    path = np.zeros(limits[0], dtype=np.intp) if done else cheapest_path(sizes, reach, prices, *limits)
    path = np.maximum(path, plain)
    schedule = np.ceil(sizes[path]).astype(np.intp)
    steps = np.diff(np.r_[0, path]) > 0
    before = 0.0 if curve.error[-1] <= target else float(there.chance(np.array([[target]]))[0, 0])
    met, left = outcome(there, path, target, (stop_at, noise), before)
    bought = price_per_row * np.diff(np.r_[sizes[0], sizes[path]]) + price_per_round * steps

    def said(quantity: str, value: float, unit: str) -> Estimate:
        return Estimate(quantity, value, unit=unit, source=SOURCE, reason=REASON)

    return Choice(
        name="cheap" if stop_at == target else "safe",
        stop_at=stop_at,
        schedule=schedule,
        arrived=np.ones(len(path)) if done else reach[path],
        paid=price_per_row * (schedule - sizes[0]) + price_per_round * np.cumsum(steps),
        chance=said("chance_at_the_target", met, "probability"),
        cost=said("expected_cost", float(bought @ left), "price"),
        rounds=said("rounds", float(steps @ left), "rounds"),
    )


def outcome(
    there: Predicted, path: Ints, target: float, limit: tuple[float, float], before: float
) -> tuple[float, Floats]:
    """Chance that the true error is at the target when collecting ends, and (t,) that each round is begun.

    The curve follows one of the quantiles of its distribution; after every round its error is measured with noise, and
    at most the limit ends it.

    Args:    there: errors at all sizes.   path: (t,) positions after each round.   limit: to stop at, and the noise.
             before: quantiles up to this are out of the question: with them the target were met before collecting.
    """
    stop_at, noise = limit
    ways = np.minimum(before, 1.0 - 1e-9) + (1.0 - min(before, 1.0 - 1e-9)) * PATHS
    errors = np.minimum.accumulate([there.quantile(float(way))[0] for way in ways], axis=1)[:, path]  # (u, t)
    stops = ndtr((stop_at - errors) / noise)
    begun = np.cumprod(np.column_stack([np.ones(len(ways)), 1.0 - stops]), axis=1)  # (u, t + 1)
    ends = np.column_stack([begun[:, :-1] * stops, begun[:, -1]])
    there_then = np.column_stack([errors, errors[:, -1]]) <= target
    return float(np.mean(np.sum(ends * there_then, axis=1))), begun[:, :-1].mean(axis=0)


def _noise(curve: CurvePoints, target: float) -> float:
    """The standard error of a measurement: that at the largest size, or a share of the target where it is unknown."""
    last = float(curve.standard_error[-1])
    return last if np.isfinite(last) and last > 0 else UNKNOWN_NOISE * target


def _cheaper(choice: Choice, price: float) -> Choice:
    """The same choice with rows of that price on hand."""
    cost = replace(choice.cost, value=max(choice.cost.value - price, 0.0))
    return replace(choice, paid=np.maximum(choice.paid - price, 0.0), cost=cost)


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


def _reason(taken: Choice, now: int, reached: str) -> str:
    """The plan as a sentence."""
    last, chance = int(taken.schedule[-1]), taken.chance.value
    if last == now:
        return f"Collecting more costs more than it is expected to save at this penalty. {reached}".strip()
    likely = percent_text(chance, ".0f")
    if chance < 0.5:
        return f"The target will probably not be reached: chance {likely} with {last:,} rows. {reached}".strip()
    return f"Chance {likely} to end at the target by {last:,} rows. Measure after each round, then plan again."


def _check(price_per_row: float, rounds: int, max_growth: float, penalty: float | None, turn: float) -> None:
    """Refuse prices and rounds for which there is no plan."""
    if not price_per_row > 0 or turn < 0 or (penalty is not None and not penalty > 0):
        raise InputError(
            "prices must be above 0",
            got=f"price_per_row={price_per_row}, penalty={penalty}, price_per_round={turn}",
            fix="pass the price of one row, and the price of ending without the target",
        )
    if rounds < 1 or not 1.0 < max_growth <= CHECKED:
        raise InputError(
            "a plan needs at least one round in which the rows can grow",
            got=f"n_rounds={rounds}, max_growth={max_growth}",
            fix=f"use rounds of 1 or more, and a growth above 1 and up to {CHECKED}",
        )
