"""How much of an audit is done and how long the rest takes: by its phases, at the pace of its own fits.

What a fit costs depends on the learner, the columns and what else the machine does, by more than a table can know. So
one is timed before anything is said, and the pace is read anew from every phase that ends. A phase is a check, or the
test of the advice.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from samplewise.auditing.plan import Plan

ADVICE = "advice"
WITH_HELD_OUT = ("SW201", "SW501", "SW503", "SW601", "SW602")  # checks that read the fits of the folds
MOST_OF_A_PHASE = 0.95  # of a phase that takes longer than expected, as long as it is not done
PRIOR = 5.0  # fits that the first measurement counts as
KEPT = 5e-4  # seconds in which no fit is made
SECOND_OPINION = 3.0  # seconds of the other learners that SW201 asks
OVERHEAD = 0.75  # of the gain by several fits at the same time that is left of it
TRIAL = 0.05  # seconds of work by which `measured_slowdown` measures
MANY_COLUMNS = 500  # beyond, checks of single columns look at a part of them
# Rules that a check is expected to propose for the test, before it has run; afterwards they are counted.
USUAL_RULES = {"SW301": 1.0, "SW108": 0.5, "SW102": 0.3}
RULE_AGAIN = 0.4  # of the seconds of its check: what a rule takes that is run again, on the training rows of one fold


def fits_by_phase(plan: Plan) -> dict[str, float]:
    """Whole-data fits that every phase of the plan is worth, as measured on tables of 100 to 33,000 rows.

    Of the test of the remedies, those of a single arm: how many arms there are shows as the checks end.
    """
    worth = {
        "SW201": 8.0 * plan.folds, "SW203": 1.0 * plan.folds, "SW505": 1.5 * plan.folds, "SW502": 2.0 * plan.halves,
        "SW401": 3.3 * plan.curve_repeats, "SW301": 6.0 * plan.folds * plan.advice,
    }  # fmt: skip
    known = {code: worth.get(code, 0.0) for code in plan.checks}
    return known | {ADVICE: float(plan.repeats * plan.folds * plan.refits) * plan.advice * any(known.values())}


def other_seconds(plan: Plan, rows: int, columns: int, *, closed_form: bool) -> dict[str, float]:
    """What the phases take beside fits of the learner on an idle machine: neighbors, columns, other learners."""
    thousands = rows / 1000.0
    by_rows = {"SW102": 0.13, "SW104": 0.05, "SW302": 0.07, "SW303": 0.1, "SW201": 0.1, "SW301": 0.5}
    columns = min(columns, MANY_COLUMNS)
    by_cells = {"SW106": 0.02, "SW108": 0.01, "SW101": 0.002}
    second = {"SW201": SECOND_OPINION * closed_form}  # boosting beside a learner that needs hardly any time
    per_thousand = {code: by_rows.get(code, 0.01) + columns * by_cells.get(code, 0.0) for code in plan.checks}
    return {code: second.get(code, 0.0) + 0.05 + thousands * more for code, more in per_thousand.items()}


def measured_slowdown() -> float:
    """How many times as long as its own work this process takes, because others use the machine too; at least 1."""
    started, worked = time.perf_counter(), time.process_time()
    while time.process_time() - worked < TRIAL:
        pass
    return max((time.perf_counter() - started) / TRIAL, 1.0)


@dataclass(eq=False)
class TimeLeft:
    """The phases of an audit under way.

    Args:
        fits: that every phase is worth.   other: seconds that it takes beside them.
        seconds_per_fit: measured, or from the table.   slowdown: of everything else, against an idle machine.
        at_once: fits that are made at the same time.   refits: of every arm in every part of a test of remedies.
        clock: seconds, rising.
    """

    fits: dict[str, float]
    other: dict[str, float]
    seconds_per_fit: float
    slowdown: float = 1.0
    at_once: int = 1
    refits: int = 1
    clock: Callable[[], float] = time.monotonic
    _phase: str = ""
    _since: float = 0.0
    _made: int = 0
    _spent: float = 0.0
    _worth: float = 0.0
    _done: set[str] = field(default_factory=set)
    _tested: dict[str, tuple[int, float]] = field(default_factory=dict)  # by phase: its rules, and their seconds
    _started: float | None = None
    _share: float = 0.0

    def measured(self, seconds_per_fit: float) -> None:
        """What a fit was measured to take; where it was kept from an earlier run, that is no measurement."""
        if seconds_per_fit > KEPT:
            self.seconds_per_fit = seconds_per_fit / max(OVERHEAD * self.at_once, 1.0)

    def begin(self, phase: str) -> None:
        """A phase starts."""
        self._phase, self._since, self._made = phase, self._now(), 0
        self._started = self._since if self._started is None else self._started

    def fit(self) -> None:
        """A fit was made."""
        self._made += 1

    def end(self, phase: str, *, carried_out: bool = True, rules: int = 0, seconds: float = 0.0) -> None:
        """A phase is over; one that was kept from an earlier run, or did not apply, says nothing about the pace.

        Args:    rules: it proposed for the test of the remedies.   seconds: it took, whenever that was.
        """
        self._done.add(phase)
        self._tested[phase] = rules, rules * seconds
        if phase == self._phase and carried_out and self.fits.get(phase) and phase != "SW201":  # other learners' fits
            self._spent += max(self._now() - self._since - self._beside(phase), 0.0)
            self._worth += self.fits[phase]
        self._phase = ""

    def left(self) -> float:
        """Seconds the rest is expected to take."""
        waiting = sum(self._expected(phase) for phase in self.fits if phase not in self._done and phase != self._phase)
        return waiting + (self._left_of(self._phase) if self._phase else 0.0)

    def share(self) -> float:
        """How much is done, 0 to 1; never less than was said before."""
        spent = 0.0 if self._started is None else self._now() - self._started
        self._share = max(self._share, spent / max(spent + self.left(), 1e-9))
        return self._share

    def _now(self) -> float:
        return self.clock()

    def _pace(self) -> float:
        """Seconds a fit takes: the first measurement and all phases so far, by what they were worth."""
        return (PRIOR * self.seconds_per_fit + self._spent) / (PRIOR + self._worth)

    def _beside(self, phase: str) -> float:
        return self.slowdown * self.other.get(phase, 0.0)

    def _expected(self, phase: str) -> float:
        if phase == ADVICE:
            return self._fits_of_test() * self._pace() + self._rules_again()
        return self.fits[phase] * self._pace() + self._beside(phase)

    def _fits_of_test(self) -> float:
        """Fits of all arms: the rows as they are and, for every rule, after it and after a random change."""
        rules = sum(count for count, _ in self._tested.values())
        return self.fits[ADVICE] * (1.0 + 2.0 * (rules + sum(USUAL_RULES[phase] for phase in self._unknown())))

    def _rules_again(self) -> float:
        """Seconds in which rules are found anew in every part of the test; each takes a part of what its check took."""
        known = sum(seconds for _, seconds in self._tested.values())
        unknown = sum(USUAL_RULES[phase] * self._expected(phase) for phase in self._unknown())
        return RULE_AGAIN * self.fits[ADVICE] / self.refits * (known + unknown)

    def _unknown(self) -> list[str]:
        """Phases that may still propose rules."""
        return [phase for phase in self.fits if phase in USUAL_RULES and phase not in self._done]

    def _left_of(self, phase: str) -> float:
        """Of the phase under way: what is expected less what is spent; of the test, more and more what its fits say."""
        expected, spent = self._expected(phase), self._now() - self._since
        rest = max(expected - spent, (1.0 - MOST_OF_A_PHASE) * max(expected, spent))
        if phase != ADVICE or not self._made:
            return rest
        done = min(self._made / max(self._fits_of_test(), 1.0), MOST_OF_A_PHASE)
        return (1.0 - done) * (rest + spent)
