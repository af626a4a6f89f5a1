"""Looks at a growing number of repeats: the error rate of the whole, its power, and when measuring on is no use."""

import math

import numpy as np
import pytest

from samplewise.engine.statistics.looks import Seen, decide, repeats_settle, rows_needed
from samplewise.engine.statistics.repeated_means import RepeatedMean


def after(value, rows, one_repeat, count):
    """A mean of known variances after so many repeats."""
    return RepeatedMean(value, rows, one_repeat / count, 0.0, count, math.inf)


def words(looks, effect, ratio, runs=4000, beyond=None, margin=1e-9):
    """The share of each word over many runs of a process with known variances, and the repeats it took."""
    draw = np.random.default_rng(0)
    rows = 1.0 / (1.0 + ratio / looks[-1])
    found: dict[str, int] = {}
    repeats = 0
    for _ in range(runs):
        draws = effect + draw.normal(0, rows**0.5) + draw.normal(0, (ratio * rows) ** 0.5, looks[-1])
        word = ""
        for count in looks:
            mean = after(draws[:count].mean(), rows, ratio * rows, count)
            seen = Seen(mean, mean if beyond is None else after(beyond, 1.0, 0.0, count))
            (word,) = decide([seen], [word], last=looks[-1], margin=margin)
            if word:
                break
        found[word] = found.get(word, 0) + 1
        repeats += count
    return {word: count / runs for word, count in found.items()}, repeats / runs


@pytest.mark.parametrize("looks", [(2, 4, 8, 12), (2, 3), (2, 4, 6)])
@pytest.mark.parametrize("ratio", [0.3, 5.0, 20.0])
def test_without_an_effect_one_in_twenty_helps(looks, ratio):
    found, _ = words(looks, 0.0, ratio)
    assert 0.040 <= found["helps"] <= 0.060
    assert 0.018 <= found["hurts"] <= 0.034


def test_power_is_that_of_all_repeats_at_a_fraction_of_them():
    found, repeats = words((2, 4, 8, 12), 4.0, 5.0)
    assert found["helps"] > 0.98
    assert repeats < 7


def test_helps_takes_more_than_a_random_remedy():
    assert words((2, 4), 4.0, 1.0, runs=300, beyond=0.0)[0].get("helps", 0.0) == 0.0
    assert words((2, 4), 4.0, 1.0, runs=300, beyond=9.0)[0]["helps"] > 0.9


def test_a_small_spread_around_zero_makes_no_difference_worth_acting_on():
    mean = after(0.05, 0.01, 0.01, 4)
    assert decide([Seen(mean, mean)], [""], last=4) == ["no difference"]
    assert decide([Seen(mean, mean)], [""], last=4, margin=0.1) == ["not decided"]


def test_it_stops_where_no_answer_is_likely():
    hopeless = after(0.3, 1.0, 0.01, 2)
    assert decide([Seen(hopeless, hopeless)], [""], last=12) == ["not decided"]
    open_ended = after(1.2, 0.2, 2.0, 2)
    assert decide([Seen(open_ended, open_ended)], [""], last=12) == [""]


def test_all_remedies_of_a_report_are_corrected_together():
    one = after(2.0, 1.0, 0.0, 4)
    weak = after(0.0, 1.0, 0.0, 4)
    assert decide([Seen(one, one)], [""], last=4) == ["helps"]
    assert decide([Seen(one, one), *[Seen(weak, weak)] * 4], [""] * 5, last=4)[0] == "not decided"


def test_a_word_once_given_stays():
    now = after(9.0, 1.0, 0.0, 4)
    assert decide([Seen(now, now)], ["hurts"], last=4) == ["hurts"]


def test_fewer_rows_are_judged_by_what_is_lost():
    fine, unclear, bad = after(-0.1, 0.01, 0.0, 4), after(-0.1, 0.2, 0.0, 4), after(-2.0, 0.01, 0.0, 4)
    assert decide([Seen(each, each, saves=True) for each in (fine, unclear, bad)], [""] * 3, last=4) == [
        "no loss", "not decided", "hurts",
    ]  # fmt: skip
    still = after(0.0, 0.0, 0.0, 4)
    assert decide([Seen(still, still, saves=True, unseen=0.3)], [""], last=4) == ["no loss"]
    assert decide([Seen(still, still, saves=True, unseen=3.0)], [""], last=4) == ["not decided"]


def test_what_would_decide_it():
    weak = after(0.5, 0.25, 0.0, 12)
    assert not repeats_settle(weak)
    # n times the variance over rows, times the square of (1.645 + .842) over the effect
    assert rows_needed(weak, 1000) == pytest.approx(1000 * 0.25 * (2.487 / 0.5) ** 2, rel=0.05)
    assert math.isinf(rows_needed(after(0.0, 1.0, 0.0, 2), 1000))
    assert repeats_settle(after(2.0, 0.25, 3.0, 2))
