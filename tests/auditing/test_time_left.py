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
    assert left.left() == pytest.approx(10 * pace - 4 + 2)


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
    assert lean[ADVICE] == lean["SW301"] == 0 < full["SW301"]
    assert full[ADVICE] == 5  # one arm in every fold; how many arms there are shows later
    small, large = (other_seconds(Plan(("SW102",)), rows, 5, closed_form=False) for rows in (100, 100_000))
    assert small["SW102"] < 1 < large["SW102"]


def test_the_test_of_remedies_costs_what_the_rules_cost_that_were_proposed(clock):
    left = TimeLeft({"A": 0.0, "SW108": 0.0, ADVICE: 20.0}, {"SW108": 1.0}, 0.1, refits=2, clock=clock)
    unknown = 20 * (1 + 2 * 0.5) * 0.1 + 0.4 * 10 * 0.5 * 1.0  # fits, and half a rule that is as slow as its check
    assert left.left() == pytest.approx(1.0 + unknown)
    left.end("SW108", rules=2, seconds=3.0)
    assert left.left() == pytest.approx(20 * 5 * 0.1 + 0.4 * 10 * 6.0)
    left.end("A", rules=1, seconds=0.0)
    assert left.left() == pytest.approx(20 * 7 * 0.1 + 0.4 * 10 * 6.0)


def test_within_the_test_the_fits_made_tell_how_much_is_left(clock):
    left = TimeLeft({"A": 0.0, ADVICE: 4.0}, {}, 1.0, clock=clock)
    left.end("A", rules=1, seconds=0.0)
    left.begin(ADVICE)
    assert left.left() == pytest.approx(12.0)
    clock.now = 30.0  # slower than expected
    for _ in range(6):
        left.fit()
    assert left.left() == pytest.approx(0.5 * 30.0, rel=0.1)
    for _ in range(20):  # a rule that makes fits of its own
        left.fit()
    assert 0 < left.left() < 5.0


def test_a_machine_is_never_faster_than_idle():
    assert measured_slowdown() >= 1.0
