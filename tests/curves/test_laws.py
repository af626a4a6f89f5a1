"""Laws of learning curves: the power law of one measured curve, and the interface all laws share."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve
from samplewise.curves.laws import LAWS, fit_law, power_law

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


NOISY = np.clip(0.1 + 1.2 * SIZES**-0.5 + 0.01 * np.random.default_rng(5).normal(size=(12, 6)), 0, 1)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_has_the_same_interface(name):
    law = fit_law(name, SIZES, NOISY, np.full(6, 1e-4))
    assert law.name == name
    assert law.reference == 800
    assert law.error([800, 1600]).shape == (12, 2)
    assert (law.error([800, 1600]) >= 0).all()
    assert law.asymptote.shape == (12,)
    assert (law.asymptote <= law.error([1e5])[:, 0] + 1e-12)[np.isfinite(law.asymptote)].all()
    assert (law.sizes_for(law.error([1600])[:, 0]) <= 1600 * (1 + 1e-6)).all()


@pytest.mark.parametrize("name", LAWS)
def test_every_law_keeps_a_flat_curve_flat(name):
    law = fit_law(name, SIZES, np.full(6, 0.25))
    assert law.error([100, 10_000]) == pytest.approx(np.full((1, 2), 0.25))
    assert np.isinf(law.sizes_for(0.2)).all()


def test_last_value_is_the_error_at_the_largest_size():
    order = np.array([3, 5, 0, 1, 4, 2])
    law = fit_law("last_value", SIZES[order], NOISY[:, order])
    assert law.error([1e6])[:, 0] == pytest.approx(NOISY[:, -1])
    assert law.sizes_for([0.0] * 11 + [0.9]).tolist() == [np.inf] * 11 + [800.0]


def test_power_law_2_is_a_straight_line_in_logarithms():
    slope, level = np.polyfit(np.log(SIZES), np.log(NOISY[0]), 1)
    law = fit_law("power_law_2", SIZES, NOISY)
    assert law.error([5000])[0, 0] == pytest.approx(np.exp(level + slope * np.log(5000)))
    assert law.sizes_for(0.05)[0] == pytest.approx(np.exp((np.log(0.05) - level) / slope))


def test_power_law_2_weighs_by_the_noise_of_the_logarithm():
    variance = np.array([4e-3, 1e-3, 4e-4, 1e-4, 1e-4, 4e-5])
    weight = NOISY[0] / np.sqrt(variance)  # polyfit takes the root of the weight
    slope, level = np.polyfit(np.log(SIZES), np.log(NOISY[0]), 1, w=weight)
    found = fit_law("power_law_2", SIZES, NOISY, variance).error([5000])[0, 0]
    assert found == pytest.approx(np.exp(level + slope * np.log(5000)))


def test_a_switch_may_be_given_for_each_curve():
    switches = np.array([50.0, 400, 3000] * 4)
    together = fit_law("piecewise_power_law", SIZES, NOISY, switch=switches).error([5000])
    alone = [
        fit_law("piecewise_power_law", SIZES, e, switch=s).error([5000])[0]
        for e, s in zip(NOISY, switches, strict=True)
    ]
    assert together == pytest.approx(np.stack(alone))


def test_errors_of_zero_count_as_the_least_error():
    errors = np.array([0.2, 0.1, 0.05, 0.0, 0.0, 0.0])
    assert (fit_law("power_law_2", SIZES, errors, least_error=0.01).error(SIZES) > 0.003).all()
    assert fit_law("power_law_3", SIZES, errors).asymptote[0] == 0.0


def refusal(*arguments, **options):
    with pytest.raises(InputError) as caught:
        fit_law(*arguments, **options)
    return caught.value


def test_bad_input_is_refused_with_a_way_out():
    assert "did you mean 'power_law_3'?" in refusal("power_law3", SIZES, NOISY).fix
    assert "known: last_value, power_law_2" in refusal("xyz", SIZES, NOISY).fix
    few = refusal("mmf", SIZES[:3], NOISY[:, :3])
    assert "more parameters" in str(few)
    assert "power_law_3" in few.fix
    assert "average repeats" in refusal("power_law_2", [10, 10, 20], [0.3, 0.2, 0.1]).fix
    assert "one number per size" in refusal("power_law_2", SIZES, NOISY[:, :4]).fix
    holes = NOISY.copy()
    holes[2, 3] = np.nan
    assert "curve 2, size 200" in refusal("power_law_2", SIZES, holes).where
    assert "measure their errors again" in refusal("power_law_2", SIZES, holes).fix
    assert "measure their variances again" in refusal("power_law_3", SIZES, NOISY, np.zeros(6)).fix
    assert "or None to fit it" in refusal("piecewise_power_law", SIZES, NOISY, switch=0).fix
