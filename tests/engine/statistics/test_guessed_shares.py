"""Coverage of intervals with a guess, summed exactly, and of intervals that hold at every moment."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics import share_interval
from samplewise.engine.statistics.guessed_shares import any_time_interval, guessed_interval


@pytest.mark.parametrize(("trials", "guess"), [(12, 0.1), (30, 0.18), (30, 0.9), (60, 0.0)])
def test_coverage_summed_over_all_outcomes_is_at_least_as_said(trials, guess):
    ends = np.array([guessed_interval(hits, trials, guess, 0.95) for hits in range(trials + 1)])
    shares = np.linspace(0.0005, 0.9995, 700)[:, np.newaxis]
    covered = (ends[:, 0] <= shares) & (shares <= ends[:, 1])
    coverage = (stats.binom.pmf(np.arange(trials + 1), trials, shares) * covered).sum(axis=1)
    assert coverage.min() >= 0.95


def test_a_good_guess_shortens_the_interval_and_a_bad_one_does_no_harm_to_the_ends():
    low, high = guessed_interval(6, 30, 0.184, 0.95)
    plain = [float(end) for end in share_interval(6, 30)]
    assert (low, high) == pytest.approx((0.090, 0.359), abs=0.002)
    assert high - low < 0.92 * (plain[1] - plain[0])
    assert guessed_interval(0, 30, 0.08, 0.95)[0] == 0.0
    assert guessed_interval(0, 30, 0.08, 0.95)[1] == pytest.approx(0.098, abs=0.002)
    assert guessed_interval(30, 30, 0.08, 0.95)[1] == 1.0


def test_limits_mirror_when_hits_and_misses_change_places():
    low, high = guessed_interval(4, 25, 0.2, 0.9)
    other = guessed_interval(21, 25, 0.8, 0.9)
    assert (1.0 - other[1], 1.0 - other[0]) == pytest.approx((low, high), abs=1e-9)


def test_the_interval_of_every_moment_is_seldom_left_at_any_moment():
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(150):
        wrong = np.cumsum(rng.random(120) < 0.15)
        looks = [any_time_interval(wrong[at - 1], at, 0.15, 0.95) for at in range(5, 121, 5)]
        missed += any(not low <= 0.15 <= high for low, high in looks)
    assert missed / 150 <= 0.09
    wrong = np.cumsum(rng.random((150, 120)) < 0.15, axis=1)
    low, high = share_interval(wrong, np.broadcast_to(np.arange(1, 121), wrong.shape))
    assert missed < ((low > 0.15) | (high < 0.15)).any(axis=1).sum()


def test_the_interval_of_every_moment_holds_the_share_seen_and_all_where_nothing_was():
    low, high = any_time_interval(3, 40, 0.1, 0.95)
    assert low < 3 / 40 < high
    assert any_time_interval(0, 0, 0.3, 0.95) == (0.0, 1.0)
    assert any_time_interval(0, 40, 0.3, 0.95)[0] == 0.0
    assert any_time_interval(40, 40, 0.3, 0.95)[1] == 1.0
