"""A budget buys a plan from a fixed table: never from the clock, never more than allowed, never silently nothing."""

from dataclasses import replace

import numpy as np
import pytest

from samplewise.auditing.plan import ROOM, Plan, make_plan
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import KernelHead
from samplewise.engine.models.default_learner import choose_learner


def plan(budget=None, rows=50_000):
    return make_plan(("SW201",), rows=rows, columns=256, classes=10, learner=KernelHead(), budget=budget)


def test_the_fewer_rows_the_more_looks_and_refits():
    assert plan(rows=1_000).looks == (2, 4)
    assert plan(rows=1_000).refits == 3
    assert plan(rows=5_000).refits == 1
    assert plan(rows=200_000).looks == (1,)


def test_learners_whose_fits_are_cheap_are_refitted_in_place_of_running_the_rule_again():
    boosting = choose_learner("boosting", *two_classes()).learner
    small = make_plan(("SW201",), rows=500, columns=10, classes=2, learner=boosting, budget=None)
    assert (small.looks, small.refits) == ((2, 3), 4)
    assert small.test_fits() <= 3 * (30 + 4 * 5 * 9)


def two_classes():
    data = Dataset(np.zeros((20, 1)), np.arange(20) % 2)
    return data, describe_target(data.y)


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


def test_a_budget_with_room_buys_more_looks_and_the_effect_with_all_rows():
    usual = plan(rows=500)
    assert not usual.all_rows
    roomy = plan(budget=100 * usual.seconds(), rows=500)
    assert roomy.all_rows
    assert roomy.repeats > usual.repeats
    assert ROOM * roomy.seconds() <= 100 * usual.seconds()
    between = plan(budget=ROOM * replace(usual, all_rows=True).seconds(), rows=500)
    assert (between.looks, between.all_rows) == (usual.looks, True)
    exact = plan(budget=usual.seconds(), rows=500)
    assert replace(exact, budget=None) == usual
