"""Collection plans: the cheapest schedule agrees with trying every one, and follows prices as it should."""

import itertools

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, collection_plan
from samplewise.curves.meta.predictive import PROBABILITIES, Predicted
from samplewise.curves.plans import cheapest_path, outcome

SIZES = np.array([25, 50, 100, 200, 400, 800])
CURVE = LearningCurve(SIZES, 0.02 + 2.0 * SIZES[None, :] ** -0.6, np.full(6, 0.003))
GRID = 100 * 2.0 ** (np.arange(17) / 4)


def price(path, sizes, arrived, prices):
    row, turn, penalty = prices
    steps = [0, *path]
    total = sum((row * (sizes[b] - sizes[a]) + turn * (b > a)) * (1 - arrived[a]) for a, b in itertools.pairwise(steps))
    return total + penalty * (1 - arrived[steps[-1]])


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("growth", [2.0, 4.0, 16.0])
def test_no_other_schedule_is_cheaper(rounds, growth):
    draw = np.random.default_rng(rounds)
    for _ in range(20):
        arrived = np.r_[0.0, np.sort(draw.random(len(GRID) - 1))]
        prices = (1.0, float(draw.choice([0.0, 50.0])), float(draw.choice([100.0, 1000.0, 1e5])))
        path = cheapest_path(GRID, arrived, prices, rounds, growth)
        tried = [
            price(other, GRID, arrived, prices)
            for other in itertools.product(range(len(GRID)), repeat=rounds)
            if all(b >= a and GRID[b] <= growth * GRID[a] * (1 + 1e-9) for a, b in itertools.pairwise((0, *other)))
        ]
        assert price(path, GRID, arrived, prices) == pytest.approx(min(tried), abs=1e-9)


def certain(*errors):
    """Errors at some sizes that are as good as known, the first of them above every target."""
    standard = np.tile(np.linspace(-1.0, 1.0, len(PROBABILITIES)), (1, len(errors), 1))
    return Predicted(np.array([errors]), np.full((1, len(errors)), 1e-6), standard)


def test_without_noise_collecting_ends_where_the_target_is_met():
    there, path = certain(0.3, 0.2, 0.1, 0.05), np.array([1, 2, 3])
    met, begun = outcome(there, path, 0.15, (0.15, 1e-9), 0.0)
    assert met == pytest.approx(1.0)
    np.testing.assert_allclose(begun, [1.0, 1.0, 0.0], atol=1e-9)
    assert outcome(there, path, 0.01, (0.01, 1e-9), 0.0)[0] == pytest.approx(0.0, abs=1e-9)


def test_noise_ends_too_early_as_often_as_it_should():
    there, path = certain(0.3, 0.2, 0.1), np.array([1, 2])
    met, begun = outcome(there, path, 0.15, (0.15, 0.05), 0.0)  # a standard error above the limit after the first round
    assert begun[1] == pytest.approx(0.8413, abs=1e-3)
    assert met == pytest.approx(0.8413, abs=1e-3)
    safer, _ = outcome(there, path, 0.15, (0.10, 0.05), 0.0)
    assert safer == pytest.approx(0.9772, abs=1e-3)


def test_chances_agree_with_following_the_plan_by_simulation():
    draw = np.random.default_rng(0)
    standard = np.sort(draw.normal(size=(1, 4, len(PROBABILITIES))), axis=2)
    there = Predicted(np.array([[0.3, 0.22, 0.18, 0.15]]), np.full((1, 4), 0.03), standard)
    path, target, noise = np.array([1, 2, 3]), 0.19, 0.02
    before, hits, rounds = there.chance(np.array([[target]]))[0, 0], 0, 0
    met, begun = outcome(there, path, target, (target, noise), before)
    for way in before + (1.0 - before) * draw.random(4000):
        errors = np.minimum.accumulate(there.quantile(way)[0])[path]
        measured = errors + noise * draw.normal(size=3)
        ended = int(np.argmax(measured <= target)) if (measured <= target).any() else 2
        hits += errors[ended] <= target
        rounds += ended + 1
    assert met == pytest.approx(hits / 4000, abs=0.03)
    assert begun.sum() == pytest.approx(rounds / 4000, abs=0.05)


def test_a_plan_adds_up():
    plan = CURVE.collection_plan(error=0.04, price_per_row=0.2, n_rounds=4)
    assert plan.schedule[0] == plan.next_size == 800 + plan.next_batch
    assert (plan.schedule[1:] <= 4.01 * plan.schedule[:-1]).all()
    assert (np.diff(np.r_[800, plan.schedule]) >= 0).all()
    np.testing.assert_allclose(plan.paid, 0.2 * (plan.schedule - 800))
    assert 0 < plan.cost.value < plan.paid[-1]
    assert 1 <= plan.rounds.value <= 4
    assert "Measure after each round" in plan.reason


def test_the_safe_plan_is_surer_dearer_and_stops_lower():
    cheap, safe = CURVE.collection_plan(0.04, 0.2).choices
    assert (cheap.name, safe.name) == ("cheap", "safe")
    assert cheap.stop_at == 0.04
    assert safe.stop_at == pytest.approx(0.04 - 1.2816 * 0.003, abs=1e-5)
    assert safe.chance.value > cheap.chance.value + 0.02
    assert safe.cost.value > cheap.cost.value
    taken = CURVE.collection_plan(0.04, 0.2, safe=True)
    assert taken.chance.value == safe.chance.value
    assert taken.next_size == safe.schedule[0]
    assert "Cheap and risky" in str(taken)
    assert "Safe: up to" in str(taken)


def test_the_safe_plan_buys_no_less_where_the_target_is_far():
    noisy = LearningCurve(SIZES, 0.02 + 2.0 * SIZES[None, :] ** -0.6, np.full(6, 0.015))
    cheap, safe = noisy.collection_plan(0.02, 0.2).choices
    assert (safe.schedule >= cheap.schedule).all()
    assert safe.chance.value >= cheap.chance.value


def test_a_target_met_by_luck_is_no_end_for_the_safe_plan():
    with pytest.raises(InputError, match="already reached"):
        collection_plan(CURVE, 0.0565, 0.2)
    plan = collection_plan(CURVE, 0.0565, 0.2, safe=True)
    assert plan.next_batch > 0
    assert plan.choices[0].schedule[-1] == 800
    assert plan.choices[0].chance.value < plan.choices[1].chance.value
    with pytest.raises(InputError, match="already reached"):
        collection_plan(CURVE, 0.0565 + 0.01, 0.2, safe=True)


def test_dearer_rounds_make_larger_steps_and_a_dearer_miss_goes_further():
    cheap = collection_plan(CURVE, 0.04, 1.0, n_rounds=4, penalty=50_000)
    dear = collection_plan(CURVE, 0.04, 1.0, n_rounds=4, penalty=50_000, price_per_round=3_000)
    assert dear.next_batch > cheap.next_batch
    assert dear.rounds.value < cheap.rounds.value
    modest = collection_plan(CURVE, 0.04, 1.0, n_rounds=4, penalty=5_000)
    assert modest.chance.value < cheap.chance.value


def test_only_ratios_of_prices_matter():
    one, ten = (collection_plan(CURVE, 0.04, unit, penalty=20_000 * unit) for unit in (1.0, 10.0))
    assert one.schedule.tolist() == ten.schedule.tolist()
    assert ten.cost.value == pytest.approx(10 * one.cost.value)


def test_what_costs_more_than_it_saves_is_not_collected():
    flat = LearningCurve(SIZES, np.full((1, 6), 0.3), np.full(6, 0.01))
    plan = collection_plan(flat, 0.05, 1.0, penalty=10.0)
    assert plan.next_batch == 0
    assert "costs more than" in plan.reason


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        ({"price_per_row": 0.0}, "prices must be above 0", "price of one row"),
        ({"penalty": -1.0}, "prices must be above 0", "ending without the target"),
        ({"n_rounds": 0}, "at least one round", "1 or more"),
        ({"max_growth": 1.0}, "at least one round", "growth above 1"),
        ({"error": 0.5}, "already reached", "below"),
    ],
)
def test_plans_that_cannot_be_made_are_refused(arguments, what, fix):
    with pytest.raises(InputError, match=what) as caught:
        collection_plan(CURVE, **({"error": 0.04, "price_per_row": 0.2} | arguments))
    assert fix in caught.value.fix


def test_rows_on_hand_are_paid_for():
    plan = collection_plan(CURVE, 0.04, 0.5)
    later = plan.less_rows_on_hand(100, 0.5)
    assert later.next_batch == plan.next_batch - 100
    assert later.cost.value == pytest.approx(plan.cost.value - 50)
    np.testing.assert_allclose(later.paid, np.maximum(plan.paid - 50, 0.0))
    assert later.schedule.tolist() == plan.schedule.tolist()
    assert plan.less_rows_on_hand(10**7, 0.5).next_batch == 0
