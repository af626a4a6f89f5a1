"""Bootstraps: counts that add up, intervals against scipy's, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.resampling import (
    bootstrap_mean,
    gumbel_noise,
    percentile_interval,
    reflected_interval,
    resampled_counts,
)


def test_every_resample_holds_as_many_rows():
    counts = resampled_counts(np.random.default_rng(0), 12, 500)
    assert counts.shape == (500, 12)
    assert (counts.sum(axis=1) == 12).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.2)
    np.testing.assert_allclose(counts.var(axis=0), 11 / 12, atol=0.25)


def test_percentile_intervals_leave_out_as_much_on_either_side():
    drawn = np.random.default_rng(1).permutation(1001.0 * np.arange(1001))
    assert percentile_interval(drawn, 0.9) == pytest.approx((50 * 1001.0, 950 * 1001.0))
    low, high = percentile_interval(np.stack([drawn, -drawn]), 0.9, axis=1)
    np.testing.assert_allclose(low, [50 * 1001.0, -950 * 1001.0])
    np.testing.assert_allclose(high, [950 * 1001.0, -50 * 1001.0])


def test_reflection_turns_the_tails_round():
    drawn = np.random.default_rng(2).exponential(size=4000)
    low, high = percentile_interval(drawn)
    assert reflected_interval(1.0, drawn) == pytest.approx((2.0 - high, 2.0 - low))


def test_the_mean_agrees_with_the_bootstrap_of_scipy():
    values = np.random.default_rng(3).normal(2.0, 1.5, size=60)
    ours = bootstrap_mean(values, "mean", "points")
    theirs = stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=0).confidence_interval
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=0.05)
    assert ours.value == pytest.approx(values.mean())
    assert ours.source == "bootstrap of 60 queries"


def test_order_changes_nothing():
    values = np.random.default_rng(4).normal(size=(3, 20))
    shuffled = np.random.default_rng(5).permutation(values, axis=1)
    assert bootstrap_mean(values, "mean", "") == bootstrap_mean(shuffled, "mean", "")


def test_an_axis_of_repeats_widens_what_differs_between_them():
    draw = np.random.default_rng(6)
    rows = draw.normal(size=40)
    alike, apart = np.stack([rows] * 5), rows + 3.0 * draw.normal(size=(5, 1))
    narrow, wide = (bootstrap_mean(table, "mean", "") for table in (alike, apart))
    assert wide.high - wide.low > 2.0 * (narrow.high - narrow.low)
    assert wide.source == "bootstrap of 40 queries and 5 seeds"


def test_the_interval_of_the_mean_covers():
    draw = np.random.default_rng(7)
    found = [bootstrap_mean(draw.exponential(size=50), "mean", "", seed=seed) for seed in range(200)]
    assert 0.87 <= np.mean([one.low <= 1.0 <= one.high for one in found]) <= 0.98


def test_gumbel_noise_has_its_distribution_at_both_ends():
    uniform = (np.arange(20_000) + 0.5) / 20_000
    noise = gumbel_noise(uniform)
    assert stats.kstest(noise, "gumbel_r").statistic < 1e-4
    assert np.isfinite(gumbel_noise(np.array([0.0, 1.0 - 2.0**-53]))).all()
