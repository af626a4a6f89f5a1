"""Odd curves are named, ordinary ones are not, whatever their noise."""

import numpy as np
import pytest

from samplewise.curves import CurvePoints, diagnose

SIZES = np.array([25, 50, 100, 200, 400, 800])
CLEAN = {
    "power law": 0.1 + 1.5 * SIZES**-0.5,
    "slow power law": 0.6 * SIZES**-0.15,
    "exponential": 0.05 + 0.4 * np.exp(-SIZES / 300),
    "done early": 0.2 + 30.0 * SIZES**-2.0,
    "flat": np.full(6, 0.3),
}


def curve(means, noise=0.004, repeats=5, seed=0):
    draw = np.random.default_rng(seed)
    return CurvePoints(SIZES, np.asarray(means) + noise * draw.normal(size=(repeats, len(SIZES))))


def kinds(points):
    return [warning.kind for warning in diagnose(points)]


@pytest.mark.parametrize("shape", CLEAN)
@pytest.mark.parametrize(("noise", "repeats"), [(0.002, 5), (0.02, 5), (0.02, 3), (0.01, 25)])
def test_clean_curves_raise_no_false_alarm(shape, noise, repeats):
    alarms = {"rising", "peaking", "non-monotone", "non-convex"}
    named = sum(bool(alarms & set(kinds(curve(CLEAN[shape], noise, repeats, seed)))) for seed in range(200))
    assert named <= 8  # 1 % for each of two tests are 4 of 200; 8 or more happen in 5 % of such runs


@pytest.mark.parametrize("shape", sorted(set(CLEAN) - {"flat", "done early", "slow power law"}))
def test_a_curve_that_falls_is_not_called_flat(shape):
    assert not any("flat" in kinds(curve(CLEAN[shape], seed=seed)) for seed in range(50))


def test_flat_within_noise():
    (flat,) = diagnose(curve(np.full(6, 0.3)))
    assert flat.kind == "flat"
    assert "From 25 to 800 rows the error does not change beyond its noise" in str(flat)


def test_rising_end_says_where_it_was_lowest():
    (rising,) = diagnose(curve([0.4, 0.3, 0.25, 0.24, 0.28, 0.33]))
    assert rising.kind == "rising"
    assert "with 200 rows" in rising.text


def test_peaking():
    warnings = diagnose(curve([0.4, 0.3, 0.25, 0.45, 0.2, 0.15]))
    assert warnings[0].kind == "peaking"
    assert "peaks at 200 rows" in warnings[0].text


def test_non_monotone_without_a_way_down():
    points = CurvePoints(SIZES, np.array([[0.5, 0.3, 0.25, 0.31, 0.295, 0.28]]), np.full(6, 0.01))
    warnings = diagnose(points)
    assert warnings[0].kind == "non-monotone"
    assert "rises at 200 rows" in warnings[0].text


def test_late_fall():
    warnings = diagnose(curve([0.5, 0.5, 0.49, 0.48, 0.45, 0.1]))
    assert [warning.kind for warning in warnings] == ["non-convex"]
    assert "at 400 rows" in warnings[0].text


def test_noise_limited():
    assert kinds(curve([0.5, 0.4, 0.35, 0.32, 0.31, 0.309], noise=0.01)) == ["noise-limited"]
    assert kinds(curve([0.5, 0.4, 0.35, 0.32, 0.31, 0.29], noise=0.001)) == []


def test_few_sizes_and_repeats():
    assert kinds(CurvePoints(SIZES[:3], np.array([[0.5, 0.4, 0.3]]))) == ["few sizes", "few repeats"]
    assert kinds(CurvePoints(SIZES, np.array([[0.5, 0.4, 0.3, 0.25, 0.22, 0.2]]), np.full(6, 0.005))) == []
    assert "1 draw per size" in diagnose(CurvePoints(SIZES, np.array([[0.5, 0.4, 0.3, 0.25, 0.22, 0.2]])))[0].text
