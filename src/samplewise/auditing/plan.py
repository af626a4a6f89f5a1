"""What an audit will do: which checks, how many fits of each kind, and what that is expected to cost.

A budget buys a plan from a fixed cost table, not from the clock, so the same seed and budget give the same record on a
slow machine and on a fast one.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from samplewise.core.errors import InputError
from samplewise.core.units import seconds_of, seconds_text
from samplewise.engine.models.cost_model import seconds_per_fit
from samplewise.engine.models.learner import Learner
from samplewise.engine.refits import remedy_sizes

FOLDS = 5
# Repeats after which tested remedies are looked at, and fits of every arm in a repeat, most first. Refits replace
# repeats, since running a rule again costs more than a fit: rules about labels ask boosting and a forest in every part,
# whatever the learner (`labels.second_model`), and the price leaves that out.
CLOSED_TESTS = (((2, 4), 3), ((2, 4), 1), ((2,), 1), ((1,), 1))
OTHER_TESTS = (((2, 3), 4), ((2,), 4), ((2,), 1), ((1,), 1))
CLOSED_ROOM, OTHER_ROOM = ((2, 4, 8), 3), ((2, 4, 6), 4)  # where a budget has room
ROOM = 2.0  # times its price that a fuller plan than usual must fit into: what rules ask of second models is not priced
TEST_ROWS = 36_000  # rows times fits of an arm, for tests in closed form without a budget: half a minute a remedy
TWICE = 50_000  # rows up to which there are two repeats at least: one cannot tell the luck of models from that of rows
TEST_SECONDS = 40.0  # what testing other learners may take without a budget, by the cost table
MANY_ROWS = 20_000  # from here, many rows make up for fewer halves and repeats
RULES_TESTED = 4  # remedies a typical audit tests; the plan is priced for that many


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; stands in the record, and with the seed it fixes every number of the audit."""

    checks: tuple[str, ...]
    folds: int = FOLDS
    looks: tuple[int, ...] = (1,)  # repeats (draws of the folds) after which tested remedies are looked at
    refits: int = 1  # fits of every arm in every part of a repeat
    halves: int = 10  # pairs of complementary halves
    curve_repeats: int = 5
    curve_sizes: int = 6
    advice: bool = True
    all_rows: bool = False  # also what remedies that help or hurt would do with all rows
    seconds_per_fit: float = 0.0
    budget: float | None = None  # seconds the fits may take

    def fits(self) -> int:
        """Fits the plan expects to make, counted in whole-data fits."""
        detection = 2 * self.folds
        curve = sum(2.0**-step for step in range(self.curve_sizes)) * self.curve_repeats
        return round(detection + self.halves + curve + self.test_fits() * self.advice)

    def test_fits(self) -> int:
        """Fits that testing remedies takes if none is decided before the last look."""
        second = remedy_sizes.REPEATS * self._repeat_fits(remedy_sizes.TENTHS)
        return self.repeats * self._repeat_fits(self.folds) + second * self.all_rows

    def _repeat_fits(self, folds: int) -> int:
        """Fits of one draw of so many folds: what rules hold out, and every arm in every part."""
        return folds * (folds - 1) // 2 + folds * (folds - 1) + self.refits * folds * (1 + 2 * RULES_TESTED)

    @property
    def repeats(self) -> int:
        """Draws of the folds that a remedy is tested on if it is not decided before."""
        return self.looks[-1]

    def seconds(self) -> float:
        """Expected duration of the fits."""
        return self.fits() * self.seconds_per_fit

    def no_room(self, fits: int) -> str:
        """Why so many fits that the plan does not count are not made: the budget is filled; "" where there is room."""
        seconds = fits * self.seconds_per_fit
        if self.budget is None or self.seconds() + seconds <= self.budget:
            return ""
        return f"the budget has no room for {fits} more fits, about {seconds_text(seconds)}"

    def to_dict(self) -> dict[str, Any]:
        """The plan as the record stores it."""
        return asdict(self) | {"fits": self.fits(), "estimated_seconds": round(self.seconds(), 1)}


def make_plan(
    checks: tuple[str, ...],
    *,
    rows: int,
    columns: int,
    classes: int,
    learner: Learner,
    budget: str | float | None,
    folds: int = FOLDS,
) -> Plan:
    """The fullest plan whose expected time fits the budget; without one, the usual plan.

    A budget of twice its price also buys more repeats than usual, and what remedies would do with all rows.

    Args:
        checks: codes.   rows, columns, classes: of the data.   learner: prices a fit.   budget: seconds, text or None.
        folds: fewer than usual where the rows have fewer different times.

    Raises:
        InputError: a budget that cannot be read, or too small for the smallest plan (which is then named).
    """
    full = Plan(
        checks, folds, halves=10 if rows < MANY_ROWS else 5, curve_repeats=5 if rows < MANY_ROWS else 3,
        seconds_per_fit=seconds_per_fit(rows, columns, classes, learner),
    )  # fmt: skip
    tests = [replace(full, looks=looks, refits=refits) for looks, refits in _tests(learner)]
    fewest = tests[-2 if rows <= TWICE else -1]
    full = next((plan for plan in tests[:-1] if _usual(plan, rows, learner)), fewest)
    limit = seconds_of(budget)
    if limit is None:
        return full
    full = replace(full, budget=limit)
    looks, refits = CLOSED_ROOM if learner.closed_form else OTHER_ROOM
    with_room = replace(full, looks=looks, refits=refits, all_rows=True)
    for plan in (with_room, replace(full, all_rows=True)):
        if ROOM * plan.seconds() <= limit:
            return plan
    for plan in _reductions(full, learner):
        if plan.seconds() <= limit:
            return plan
    least = list(_reductions(full, learner))[-1]
    if least.seconds() <= 2 * limit:
        return least
    raise InputError(
        "the budget is too small for the smallest audit of this data",
        got=f"budget {seconds_text(limit)}, smallest plan {least.fits()} fits in about {seconds_text(least.seconds())}",
        fix=f"allow at least {least.seconds():.0f} s, or audit a subset of the rows",
    )


def _tests(learner: Learner) -> tuple[tuple[tuple[int, ...], int], ...]:
    return CLOSED_TESTS if learner.closed_form else OTHER_TESTS


def _usual(plan: Plan, rows: int, learner: Learner) -> bool:
    """Whether so much testing is what a person expects to wait for without being asked."""
    if learner.closed_form:
        return rows * plan.repeats * plan.refits <= TEST_ROWS
    return plan.test_fits() * plan.seconds_per_fit <= TEST_SECONDS


def _reductions(full: Plan, learner: Learner) -> list[Plan]:
    """Cheaper and cheaper plans: first fewer looks, then fewer halves and curve repeats, last no tested advice."""
    tests = [replace(full, looks=looks, refits=refits) for looks, refits in _tests(learner)]
    fewer = [plan for plan in tests if plan.test_fits() <= full.test_fits()]
    lean = replace(fewer[-1], halves=4, curve_repeats=3, curve_sizes=5)
    return [*fewer, lean, replace(lean, halves=3, curve_repeats=2, advice=False)]
