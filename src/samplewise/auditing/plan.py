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

FOLDS = 5
FEW_ROWS = 10_000  # up to so many, the folds of a tested remedy are drawn three times
MANY_ROWS = 20_000  # from here, many rows make up for fewer halves and repeats
RULES_TESTED = 4  # remedies a typical audit tests; the plan is priced for that many


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; stands in the record, and with the seed it fixes every number of the audit."""

    checks: tuple[str, ...]
    folds: int = FOLDS
    repeats: int = 1  # fold assignments a remedy is tested on
    halves: int = 10  # pairs of complementary halves
    curve_repeats: int = 5
    curve_sizes: int = 6
    advice: bool = True
    seconds_per_fit: float = 0.0
    budget: float | None = None  # seconds the fits may take

    def fits(self) -> int:
        """Fits the plan expects to make, counted in whole-data fits."""
        detection = 2 * self.folds
        curve = sum(2.0**-step for step in range(self.curve_sizes)) * self.curve_repeats
        nested = (
            self.folds * (self.folds - 1) // 2 + self.folds * (self.folds - 1) + self.folds * (1 + 2 * RULES_TESTED)
        )
        return round(detection + self.halves + curve + self.repeats * nested * self.advice)

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
    """The fullest plan whose expected time fits the budget; without one, the full plan.

    Args:
        checks: codes.   rows, columns, classes: of the data.   learner: prices a fit.   budget: seconds, text or None.
        folds: fewer than usual where the rows have fewer different times.

    Raises:
        InputError: a budget that cannot be read, or too small for the smallest plan (which is then named).
    """
    full = Plan(
        checks, folds, repeats=3 if rows <= FEW_ROWS else 1, halves=10 if rows < MANY_ROWS else 5,
        curve_repeats=5 if rows < MANY_ROWS else 3, seconds_per_fit=seconds_per_fit(rows, columns, classes, learner),
    )  # fmt: skip
    limit = seconds_of(budget)
    if limit is None:
        return full
    full = replace(full, budget=limit)
    for plan in _reductions(full):
        if plan.seconds() <= limit:
            return plan
    least = list(_reductions(full))[-1]
    if least.seconds() <= 2 * limit:
        return least
    raise InputError(
        "the budget is too small for the smallest audit of this data",
        got=f"budget {seconds_text(limit)}, smallest plan {least.fits()} fits in about {seconds_text(least.seconds())}",
        fix=f"allow at least {least.seconds():.0f} s, or audit a subset of the rows",
    )


def _reductions(full: Plan) -> list[Plan]:
    """Cheaper and cheaper plans: first fewer repeats, then fewer halves and curve repeats, last no tested advice."""
    once = replace(full, repeats=1)
    lean = replace(once, halves=4, curve_repeats=3, curve_sizes=5)
    return [full, once, lean, replace(lean, halves=3, curve_repeats=2, advice=False)]
