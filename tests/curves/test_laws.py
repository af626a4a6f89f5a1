"""The power law through a learning curve."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, power_law

SIZES = np.array([25, 50, 100, 200, 400, 800])


def curve_from(law, noise=0.0, repeats=5, seed=0):
    draws = law(SIZES) + noise * np.random.default_rng(seed).normal(size=(repeats, len(SIZES)))
    return LearningCurve(SIZES, np.clip(draws, 0, 1))


def test_recovers_a_power_law():
    law = power_law(curve_from(lambda n: 0.05 + 3.0 * n**-0.8))
    assert law.asymptote == pytest.approx(0.05, abs=0.003)
    assert law.exponent == pytest.approx(0.8, rel=0.06)
    assert law.error([1600])[0] == pytest.approx(0.05 + 3.0 * 1600**-0.8, abs=5e-4)


def test_a_curve_that_rises_is_flat_at_its_mean():
    law = power_law(curve_from(lambda n: 0.2 + n / 8000))
    assert law.scale == 0.0
    assert law.error([10_000])[0] == pytest.approx((0.2 + SIZES / 8000).mean())


def test_asymptote_is_never_negative():
    law = power_law(curve_from(lambda n: np.maximum(0.5 - 0.05 * np.log2(n), 0.01)))
    assert law.asymptote == 0.0
    assert (law.error(SIZES * 1000) >= 0).all()


def test_precise_sizes_weigh_more():
    errors = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.3])[None, :]
    trusted_last = LearningCurve(SIZES, errors, standard_error=np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.001]))
    doubted_last = LearningCurve(SIZES, errors, standard_error=np.array([0.001] * 5 + [0.2]))
    at_last = [abs(float(power_law(curve).error(800)) - 0.3) for curve in (trusted_last, doubted_last)]
    assert at_last[0] < at_last[1]


def test_matches_a_free_search():
    rng = np.random.default_rng(3)
    curve = LearningCurve(SIZES, 0.1 + 2.0 * SIZES**-0.5 + 0.01 * rng.normal(size=(1, 6)), np.full(6, 0.01))
    law = power_law(curve)

    def misfit(asymptote, scale, exponent):
        return np.sum((curve.error - asymptote - scale * (SIZES / 800) ** -exponent) ** 2)

    best = misfit(law.asymptote, law.scale, law.exponent)
    tries = rng.uniform([0, 0, 0.02], [0.4, 0.4, 4], size=(20_000, 3))
    assert best <= min(misfit(*one) for one in tries) + 1e-5


def test_too_few_sizes_are_refused():
    with pytest.raises(InputError, match="at least three training sizes") as caught:
        power_law(LearningCurve(np.array([5, 10]), np.array([[0.5, 0.4]])))
    assert "measure more sizes" in caught.value.fix
