"""The time left is read from the phases that are over, and no phase without fits stands still."""

import pytest

from samplewise.auditing.plan import Plan
from samplewise.auditing.time_left import ADVICE, TimeLeft, fits_by_phase, measured_slowdown, other_seconds


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def timer(clock, **more):
    return TimeLeft({"A": 10.0, "B": 10.0, "C": 0.0}, {"C": 2.0}, 1.0, clock=clock, **more)


def test_all_that_is_to_come_counts(clock):
    assert timer(clock).left() == pytest.approx(22.0)
    assert timer(clock, slowdown=3.0).left() == pytest.approx(26.0)


def test_a_slow_phase_makes_the_others_slow(clock):
    left = timer(clock)
    left.begin("A")
    clock.now = 40.0
    left.end("A")
    pace = (5 * 1.0 + 40.0) / 15
    assert left.left() == pytest.approx(10 * pace + 2)
    left.begin("B")
    clock.now = 44.0
    left.fit()
    left.fit()
    assert left.left() == pytest.approx(max(10 * pace - 4, 8 * 2.0) + 2)


def test_a_phase_without_fits_moves_the_share_and_a_late_one_is_never_done_early(clock):
    left = timer(clock)
    left.begin("C")
    before = left.share()
    clock.now = 1.0
    assert left.share() > before
    clock.now = 100.0
    assert left.left() > 20.0
    said = left.share()
    left.end("C")
    assert left.share() >= said


def test_what_was_kept_or_did_not_apply_says_nothing_about_the_pace(clock):
    left = timer(clock)
    left.begin("A")
    left.end("A", carried_out=False)
    assert left.left() == pytest.approx(12.0)
    left.measured(0.0)  # a fit that was read from the folder
    assert left.seconds_per_fit == 1.0
    left.measured(3.0)
    assert left.left() == pytest.approx(32.0)


def test_only_phases_of_the_plan_cost_and_advice_only_where_models_are_fitted():
    assert sum(fits_by_phase(Plan(("SW101", "SW102"))).values()) == 0
    lean, full = (fits_by_phase(Plan(("SW201", "SW301"), advice=advice)) for advice in (False, True))
    assert lean[ADVICE] == lean["SW301"] == 0 < full["SW301"] < full[ADVICE]
    small, large = (other_seconds(Plan(("SW102",)), rows, 5, closed_form=False) for rows in (100, 100_000))
    assert small["SW102"] < 1 < large["SW102"]


def test_a_machine_is_never_faster_than_idle():
    assert measured_slowdown() >= 1.0
