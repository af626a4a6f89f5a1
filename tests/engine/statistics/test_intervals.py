"""Quantiles and limits of shares: against scipy, the textbook, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.intervals import (
    counted_interval,
    difference_of_shares,
    half_width,
    highest_rate,
    quantile,
    share_interval,
    wilson_interval,
)


@pytest.mark.parametrize("probability", [1e-9, 0.2, 0.975])
def test_quantiles_are_those_of_scipy(probability):
    assert quantile(probability) == pytest.approx(stats.norm.ppf(probability), rel=1e-12)
    assert quantile(probability, 3) == pytest.approx(stats.t.ppf(probability, 3), rel=1e-9)


def test_half_widths_hold_the_confidence():
    assert half_width(2.0) == pytest.approx(2.0 * 1.959964, abs=1e-5)
    np.testing.assert_allclose(half_width(np.array([0.0, 1.0]), 0.8), [0.0, 1.281552], atol=1e-6)
    low, high = stats.t.interval(0.9, df=7, loc=0.0, scale=0.3)
    assert half_width(0.3, 0.9, 7) == pytest.approx((high - low) / 2)


def test_limits_of_a_share_equal_the_textbook():
    low, high = share_interval(np.array([0, 3, 10]), np.array([10, 100, 10]))
    np.testing.assert_allclose(low, [0.0, 0.00623, 0.69150], atol=1e-4)
    np.testing.assert_allclose(high, [0.30850, 0.08518, 1.0], atol=1e-4)


@pytest.mark.parametrize("trials", [1, 12, 400])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_limits_of_a_share_are_those_of_scipy(trials, confidence):
    for hits in {0, 1, trials // 3, trials}:
        expected = stats.binomtest(hits, trials).proportion_ci(confidence, "exact")
        assert tuple(share_interval(hits, trials, confidence)) == pytest.approx(tuple(expected), abs=1e-10)


def test_limits_of_fractional_counts_lie_between_those_of_whole_ones():
    (low_below, high_below), (low, high), (low_above, high_above) = (share_interval(hits, 40) for hits in (3, 3.5, 4))
    assert low_below < low < low_above
    assert high_below < high < high_above


def test_the_limits_hold_the_truth_at_least_as_often_as_they_say():
    for share in (0.02, 0.3, 0.5):
        hits = np.arange(31)
        low, high = share_interval(hits, np.full(31, 30), 0.9)
        held = stats.binom.pmf(hits, 30, share)[(low <= share) & (share <= high)].sum()
        assert held >= 0.9


def test_the_highest_rate_leaves_just_the_miss():
    assert stats.binom.cdf(4, 50, highest_rate(4, 50, 0.05)) == pytest.approx(0.05)
    assert highest_rate(7, 7, 0.05) == 1.0
    assert highest_rate(4, 50, 0.025) == pytest.approx(float(share_interval(4, 50)[1]))


def test_differences_of_shares_equal_newcombe():
    # Newcombe (1998), Statistics in Medicine 17, Table II, method 10.
    cases = {(56, 70, 48, 80): (0.0524, 0.3339), (9, 10, 3, 10): (0.1705, 0.8090), (10, 10, 0, 20): (0.6791, 1.0)}
    for counts, ends in cases.items():
        low, value, high = difference_of_shares(*counts)
        assert (low, high) == pytest.approx(ends, abs=2e-4)
        assert value == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])


def test_differences_of_shares_hold_the_truth():
    first, second = np.arange(16), np.arange(21)
    chance = np.outer(stats.binom.pmf(first, 15, 0.3), stats.binom.pmf(second, 20, 0.6))
    ends = [[difference_of_shares(one, 15, two, 20) for two in second] for one in first]
    held = [[low <= -0.3 <= high for low, _, high in row] for row in ends]
    assert chance[np.array(held)].sum() == pytest.approx(0.95, abs=0.02)


def test_wilson_solves_its_equation():
    low, high = wilson_interval(3, 20)
    for end in (low, high):
        assert abs(end - 0.15) == pytest.approx(quantile(0.975) * np.sqrt(end * (1 - end) / 20))


def test_limits_of_a_list_without_doubt_about_its_share_are_those_of_jeffreys_in_whole_rows():
    for hits, trials in ((0, 10), (3, 10), (10, 10), (70, 400)):
        low, high = counted_interval(np.array([hits / trials]), np.ones(1), trials, 0.9)
        limits = stats.beta.ppf([0.05, 0.95], hits + 0.5, trials - hits + 0.5) * trials
        assert (low * trials, high * trials) == pytest.approx((np.floor(limits[0]), np.ceil(limits[1])))
    assert counted_interval(np.ones(5), np.ones(5), 20) == (0.85, 1.0)


def test_limits_of_a_long_list_are_those_of_its_expected_share():
    shares, weights = np.linspace(0.0, 1.0, 2_001), np.ones(2_001)
    assert counted_interval(shares, weights, 10**7, 0.9) == pytest.approx((0.05, 0.95), abs=1e-3)
    rare = np.geomspace(1e-4, 1e-2, 2_001)
    ends = tuple(np.quantile(rare, [0.05, 0.95]))
    assert counted_interval(rare, weights, 10**8, 0.9) == pytest.approx(ends, rel=0.04)


@pytest.mark.parametrize("trials", [1, 5, 40])
def test_the_share_of_a_list_lies_within_its_limits_as_often_as_they_say(trials):
    draw = np.random.default_rng(0)
    shares = draw.beta(2.0, 5.0, 4_000)
    low, high = counted_interval(shares, np.ones(4_000), trials, 0.9)
    counts = draw.binomial(trials, shares) / trials
    held = np.mean((low <= counts) & (counts <= high))
    assert held > 0.87
    if trials == 40:
        assert held < 0.95
