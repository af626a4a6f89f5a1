"""Prediction level, proximity and the bound without a law."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import CurvePoints, stop_rule
from samplewise.curves.requirement import ahead_of
from samplewise.curves.stopping import convexity_bound, fit_trends, least_size, prediction_levels

SIZES = np.array([25, 50, 100, 200, 400, 800, 1600, 3200])


def points(errors, spread=None):
    errors = np.asarray(errors, dtype=float)
    return CurvePoints(SIZES[: len(errors)], errors[None], None if spread is None else np.full(len(errors), spread))


POWER = 0.1 + 2.0 * SIZES**-0.7


def test_noise_free_power_law_has_a_constant_backbone_from_the_third_size():
    trends = fit_trends(SIZES, POWER[None], final_size=100_000)
    assert trends.asymptote == pytest.approx(np.full((1, 6), 0.1), abs=1e-8)
    levels = prediction_levels(trends)
    assert levels.tolist() == [[-1, -1, -1, 0, 0, 0]]
    advice = stop_rule(points(POWER), 0.02, 100_000)
    assert advice.level == SIZES[2]
    assert advice.gap == pytest.approx(POWER[-1] - 0.1 - 2.0 * 100_000**-0.7, abs=1e-8)
    assert advice.move == pytest.approx(0.0, abs=1e-8)
    assert advice.total == advice.gap + advice.move


def test_unlimited_rows_take_the_asymptote():
    assert stop_rule(points(POWER), 0.02).gap == pytest.approx(POWER[-1] - 0.1, abs=1e-8)


def test_straight_in_log_n_is_too_early_to_say():
    advice = stop_rule(points(0.6 - 0.05 * np.log(SIZES)), 0.01, 10_000)
    assert advice.level is None
    assert not advice.stop
    assert "Too early to say" in advice.reason


def test_the_unit_of_rows_does_not_matter():
    noisy = POWER + 0.002 * np.random.default_rng(0).normal(size=(20, 8))
    here, there = fit_trends(SIZES, noisy, final_size=1e5), fit_trends(9 * SIZES, noisy, final_size=9e5)
    assert prediction_levels(here).tolist() == prediction_levels(there).tolist()
    assert here.final == pytest.approx(there.final, abs=1e-8)


def test_gap_shrinks_and_a_larger_tolerance_never_stops_later():
    gaps, stopped = [], []
    for count in range(6, 9):
        gaps.append(stop_rule(points(POWER[:count]), 0.01, 10_000).gap)
        stopped.append([stop_rule(points(POWER[:count]), tau, 10_000).stop for tau in (0.002, 0.005, 0.01, 0.05)])
    assert gaps == sorted(gaps, reverse=True)
    for row in stopped:
        assert row == sorted(row)


def test_an_asymptote_that_falls_sets_the_level_back():
    errors = np.concatenate([0.2 + 2.0 * SIZES[:6] ** -0.9, [0.19, 0.17]])
    levels = prediction_levels(fit_trends(SIZES, errors[None]))[0]
    assert levels[3] == 0
    assert levels[5] == -1


def test_the_move_is_how_far_forecasts_wander():
    errors = POWER.copy()
    errors[-1] += 0.02
    advice = stop_rule(points(errors, 0.002), 0.01, 10_000)
    before = fit_trends(SIZES[:-1], errors[None, :-1], np.full(7, 4e-6), 10_000).final[0, -1]
    after = fit_trends(SIZES, errors[None], np.full(8, 4e-6), 10_000).final[0, -1]
    assert advice.move >= abs(after - before) > 0.003


def test_special_curves_get_their_reason():
    flat = stop_rule(points(np.full(8, 0.3)), 0.01)
    assert flat.stop
    assert flat.gap == 0.0
    assert "flat" in flat.reason
    noisy = stop_rule(points(0.3 + 0.01 * np.array([1, -1, 1, -1, 1, -1, 1, -1]), 0.02), 0.01)
    assert not noisy.stop
    assert "repeat the measurements" in noisy.reason
    rising = stop_rule(points(np.linspace(0.2, 0.4, 8), 0.01), 0.05)
    assert not rising.stop
    assert "rises with more rows" in rising.reason
    assert "No error is left" in stop_rule(points([0.4, 0.2, 0.1, 0.0]), 0.01).reason


def test_convexity_bound_holds_for_convex_curves_and_grows_with_noise():
    wanted = np.array([1600, 2000, 10_000])
    truth = 0.1 + 2.0 * wanted**-0.7
    short = points(POWER[:6])
    bound = convexity_bound(short, wanted)
    assert (bound <= truth).all()
    slope = (POWER[4] - POWER[5]) / 400
    assert bound == pytest.approx(np.maximum(POWER[5] - slope * (wanted - 800), 0))
    assert (convexity_bound(points(POWER[:6], 0.01), wanted) <= bound).all()
    assert least_size(short, float(bound[0])) == pytest.approx(1600)
    assert least_size(short, 0.9) == 800
    assert least_size(points(np.full(5, 0.2)), 0.1) == np.inf


def test_convexity_gain_stands_in_the_advice():
    advice = stop_rule(points(POWER[:6]), 0.01, 1000)
    assert advice.convexity_gain == pytest.approx((POWER[4] - POWER[5]) / 400 * 200)
    assert stop_rule(points(POWER[:6]), 0.01).convexity_gain == pytest.approx(POWER[5])  # all of it


@pytest.mark.parametrize(
    ("errors", "options", "message", "fix"),
    [
        (POWER[:3], {"tolerance": 0.1}, "at least four", "measure more sizes"),
        (POWER, {"tolerance": 1.5}, "tolerance must be a number", "did you mean 0.015"),
        (POWER, {"tolerance": np.nan}, "tolerance must be a finite number", "pass a number as tolerance="),
        (POWER, {"tolerance": 0.1, "final_size": 100}, "below the largest", "or None for unlimited"),
        (POWER, {"tolerance": 0.1, "confidence": 0.3}, "confidence must be a number", "above 0.5"),
    ],
)
def test_bad_input_is_refused(errors, options, message, fix):
    with pytest.raises(InputError, match=message) as caught:
        stop_rule(points(errors), **options)
    assert fix in caught.value.fix


def test_the_chance_says_how_curves_like_this_one_went_on():
    near, far = (stop_rule(points(POWER[:6], 0.003), tolerance, 3200) for tolerance in (0.005, 0.05))
    assert 0 < near.chance < far.chance <= 1
    sizes, there, _ = ahead_of(points(POWER[:6], 0.003))
    at = np.flatnonzero(sizes == 3200)[0]
    left = there.chance(np.array([[there.error[0, 0] - 0.005]]))[0, at]
    assert near.chance == pytest.approx(1.0 - left)
    assert np.isnan(stop_rule(CurvePoints(SIZES, POWER[None], unit="absolute error"), 0.01).chance)


def test_the_chance_decides_for_rates_and_the_trend_for_other_errors():
    curve = points(POWER, 0.002)
    chance = stop_rule(curve, 0.03, 100_000).chance
    assert stop_rule(curve, 0.03, 100_000, confidence=chance - 0.01).stop
    refused = stop_rule(curve, 0.03, 100_000, confidence=chance + 0.01)
    assert not refused.stop
    assert "with a chance of" in refused.reason
    plain = CurvePoints(SIZES, POWER[None], unit="absolute error")
    assert stop_rule(plain, 0.02, 100_000).stop
    assert "how far forecasts move" in stop_rule(plain, 0.02, 100_000).reason
