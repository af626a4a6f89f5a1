"""A budget buys a plan from a fixed table: never from the clock, never more than allowed, never silently nothing."""

from dataclasses import replace

import pytest

from samplewise.auditing.plan import Plan, make_plan
from samplewise.core.errors import InputError
from samplewise.engine.models import KernelHead


def plan(budget=None, rows=50_000):
    return make_plan(("SW201",), rows=rows, columns=256, classes=10, learner=KernelHead(), budget=budget)


def test_small_data_is_tested_on_three_fold_assignments():
    assert plan(rows=2_000).repeats == 3
    assert plan(rows=20_000).repeats == 1


def test_a_smaller_budget_buys_fewer_fits_and_the_same_budget_the_same_plan():
    full = plan()
    lean = plan(budget=0.5 * full.seconds())
    assert lean.fits() < full.fits()
    assert lean.seconds() <= 0.5 * full.seconds()
    assert lean == plan(budget=0.5 * full.seconds())


def test_a_budget_below_the_smallest_plan_says_what_it_takes():
    with pytest.raises(InputError, match="too small") as caught:
        plan(budget=0.01)
    assert "allow at least" in caught.value.fix


def test_the_plan_stands_in_the_record_as_plain_values():
    content = plan().to_dict()
    assert content["fits"] == plan().fits()
    assert content["estimated_seconds"] > 0


def test_fits_beyond_the_plan_need_room_in_the_budget():
    plan = Plan(("SW108",), seconds_per_fit=1.0)
    assert plan.no_room(1000) == ""
    assert replace(plan, budget=plan.seconds() + 30.0).no_room(30) == ""
    told = replace(plan, budget=plan.seconds() + 29.0).no_room(30)
    assert told.startswith("the budget has no room for 30 more fits, about ")
