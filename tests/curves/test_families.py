"""Families of falling curves: exact recovery, the global optimum, forwards and backwards."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from samplewise.curves.families import FAMILIES, Family, fit_family

SIZES = np.array([16.0, 23, 32, 46, 64, 91, 128, 181, 256])
RATIO = SIZES / SIZES[-1]
EQUAL = np.ones((1, len(SIZES)))


def drawn(family: Family, count: int = 60, seed: int = 0):
    """Curves of a family with parameters inside its range, starting at .35 and ending above .05."""
    low, high = family.bounds(RATIO[0])
    theta = np.random.default_rng(seed).uniform(0.8 * low + 0.2 * high, 0.2 * low + 0.8 * high, (count, len(low)))
    shape = family.shape(theta, RATIO)
    return 0.05 + 0.3 * shape / shape.max(axis=1, keepdims=True)


def noisy(count=40, seed=1):
    draw = np.random.default_rng(seed)
    return np.clip(0.1 + 1.2 * SIZES**-0.5 + 0.01 * draw.normal(size=(count, len(SIZES))), 0, 1)


def misfit(fitted, errors, weight=EQUAL):
    return np.sum(weight * (fitted.error(SIZES) - errors) ** 2, axis=1)


@pytest.fixture(params=FAMILIES, ids=list(FAMILIES))
def family(request):
    return FAMILIES[request.param]


def test_recovers_its_own_curves(family):
    errors = drawn(family)
    off = np.abs(fit_family(family, SIZES, errors, EQUAL).error(SIZES) - errors).max(axis=1)
    assert np.median(off) < 1e-12
    assert off.max() < (1e-3 if len(family.points) > 2 else 1e-4)  # parameters of bent laws trade against each other


def test_shapes_are_positive_and_only_fall(family):
    shapes = family.shape(family.grid(RATIO[0]), np.geomspace(RATIO[0], 1e6, 200))
    assert (shapes >= 0).all()
    assert (np.diff(shapes, axis=1) <= 0).all()


def test_no_free_search_finds_a_better_fit(family):
    errors = noisy(3)
    ours = misfit(fit_family(family, SIZES, errors, EQUAL), errors)
    low, high = family.bounds(RATIO[0])
    draw = np.random.default_rng(2)
    limits = (np.r_[0, 0, low - 1e-9], np.r_[1, 1, high + 1e-9])
    for curve, found in zip(errors, ours, strict=True):

        def residuals(p, curve=curve):
            return p[0] + p[1] * family.shape(p[2:], RATIO) / family.shape(p[2:], RATIO[:1]) - curve

        starts = [np.r_[0.1, 0.2, draw.uniform(low, high)] for _ in range(4)]
        tries = [least_squares(residuals, start, bounds=limits, xtol=1e-12, max_nfev=300) for start in starts]
        assert found <= min(2 * one.cost for one in tries) * (1 + (1e-3 if len(low) > 2 else 1e-6))


def test_inverse_of_forward(family):
    fitted = fit_family(family, SIZES, drawn(family, 20), EQUAL)
    for size in (270.0, 300.0, 1000.0):
        error = fitted.error(size)[:, 0]
        steep = fitted.error(size * 0.99)[:, 0] - error > 1e-5
        assert steep.any() or size > 270  # exponentials are done soon
        assert fitted.sizes_for(error)[steep] == pytest.approx(np.full(steep.sum(), size), rel=1e-8)


def test_lower_targets_never_need_less(family):
    fitted = fit_family(family, SIZES, noisy(), EQUAL)
    needed = np.stack([fitted.sizes_for(target) for target in np.linspace(0.4, 0.0, 41)])
    assert (needed[1:] >= needed[:-1]).all()
    assert (needed >= SIZES[-1]).all()
    assert np.isinf(needed[-1][fitted.asymptote > 0]).all()


def test_scaling_laws(family):
    errors = noisy(10)
    fitted = fit_family(family, SIZES, errors, EQUAL)
    longer = fit_family(family, 7 * SIZES, errors, EQUAL)
    smaller = fit_family(family, SIZES, errors / 4, EQUAL)
    wanted = np.array([16, 100, 600, 3000])
    assert longer.error(7 * wanted) == pytest.approx(fitted.error(wanted), abs=1e-9)
    assert 4 * smaller.error(wanted) == pytest.approx(fitted.error(wanted), abs=1e-5)


def test_curves_do_not_know_each_other(family):
    errors = noisy(8)
    together = fit_family(family, SIZES, errors, EQUAL).error([1000])
    alone = np.concatenate([fit_family(family, SIZES, curve[None], EQUAL).error([1000]) for curve in errors])
    assert together == pytest.approx(alone, abs=1e-10)


def test_order_of_the_sizes_and_scale_of_the_weights_do_not_matter(family):
    errors, order = noisy(10), np.random.default_rng(0).permutation(len(SIZES))
    weight = np.random.default_rng(1).uniform(0.5, 2, errors.shape)
    fitted = fit_family(family, SIZES, errors, weight).error([700])
    other = fit_family(family, SIZES[order], errors[:, order], 9 * weight[:, order]).error([700])
    assert fitted == pytest.approx(other, abs=1e-6)


def test_rising_and_flat_curves_become_flat(family):
    errors = np.stack([np.linspace(0.1, 0.3, len(SIZES)), np.full(len(SIZES), 0.2)])
    fitted = fit_family(family, SIZES, errors, EQUAL)
    assert fitted.error([16, 10_000]) == pytest.approx(np.full((2, 2), 0.2), abs=1e-9)
    assert np.isinf(fitted.sizes_for(0.15)).all()


def test_a_point_without_weight_is_as_good_as_absent(family):
    errors, weight = noisy(3), np.ones((1, len(SIZES)))
    errors[:, 4] += 0.1
    weight[0, 4] = 1e-12
    kept = np.delete(np.arange(len(SIZES)), 4)
    doubted = fit_family(family, SIZES, errors, weight).error([500])
    absent = fit_family(family, SIZES[kept], errors[:, kept], EQUAL[:, kept]).error([500])
    assert doubted == pytest.approx(absent, abs=1e-4)
