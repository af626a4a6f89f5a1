"""The piecewise power law: parabola, switch, tangent line, and the way back from an error to a size."""

import numpy as np
import pytest
from scipy.optimize import minimize

from samplewise.core.errors import InputError
from samplewise.curves.piecewise import fit_piecewise, fit_switch, piecewise_errors, select, switch_grid

SIZES = np.array([16.0, 23, 32, 45, 64, 91, 128, 181, 256])
WANTED = np.array([20.0, 100, 256, 300, 1000, 20_000])


def law(sizes, t, switch):
    """The definition, written out: t0, t1, t2 with x = log n."""
    x, X = np.log(sizes), np.log(switch)
    straight = t[0] + t[1] * X + t[2] * X**2 + (t[1] + 2 * t[2] * X) * (x - X)
    return np.exp(np.where(x <= X, t[0] + t[1] * x + t[2] * x**2, straight))


TRUE = (-0.2, -0.55, 0.03)


def noisy(count=20, seed=0, noise=0.05):
    draw = np.random.default_rng(seed)
    return law(SIZES, TRUE, 91) * np.exp(noise * draw.normal(size=(count, len(SIZES))))


@pytest.mark.parametrize("switch", [32, 91, 256, 1000])
def test_recovers_its_own_curve_at_a_given_switch(switch):
    fitted = fit_piecewise(SIZES, law(SIZES, TRUE, switch)[None], [switch])
    assert fitted.error(WANTED)[0, 0] == pytest.approx(law(WANTED, TRUE, switch), rel=1e-9)


@pytest.mark.parametrize("switch", [32 * 2**0.5, 64, 90.6])
def test_finds_the_switch(switch):
    fitted = fit_switch(SIZES, law(SIZES, TRUE, switch)[None])
    assert SIZES[-1] * np.exp(fitted.switch) == pytest.approx([switch], rel=0.01)
    assert fitted.error(WANTED)[0] == pytest.approx(law(WANTED, TRUE, switch), rel=1e-3)


def test_without_a_bend_every_switch_gives_the_power_law():
    errors = (0.9 * SIZES**-0.4)[None]
    for row in piecewise_errors(SIZES, errors, WANTED, switch_grid(4, 4096)):
        assert row[0] == pytest.approx(0.9 * WANTED**-0.4, rel=1e-9)


def test_a_switch_before_the_first_size_gives_the_power_law():
    errors = noisy()
    line = np.polynomial.polynomial.polyfit(np.log(SIZES), np.log(errors).T, 1)
    predicted = piecewise_errors(SIZES, errors, WANTED, [3, 16])
    assert predicted == pytest.approx(np.exp(line[0][:, None] + line[1][:, None] * np.log(WANTED))[None].repeat(2, 0))


def test_three_sizes_give_the_power_law_and_one_is_refused():
    bent = piecewise_errors(SIZES[:3], noisy()[:, :3], WANTED, [23])
    assert bent == pytest.approx(piecewise_errors(SIZES[:3], noisy()[:, :3], WANTED, [1]))
    with pytest.raises(InputError, match="at least two training sizes") as caught:
        fit_piecewise([10], np.array([[0.5]]), [10])
    assert "measure more sizes" in caught.value.fix


def test_continuous_with_a_continuous_slope_at_the_switch():
    fitted = fit_piecewise(SIZES, noisy(5), [91.0])
    step = 1e-6
    near = 91.0 * np.exp(np.array([-2, -1, 0, 1, 2]) * step)
    z = np.log(fitted.error(near))[0]
    assert np.abs(np.diff(z, axis=1)).max() < 1e-5
    assert (z[:, 2] - z[:, 1]) / step == pytest.approx((z[:, 3] - z[:, 2]) / step, abs=1e-5)


def test_scaling_laws():
    errors, switch = noisy(), np.array([64.0])
    here = fit_piecewise(SIZES, errors, switch)
    longer = fit_piecewise(5 * SIZES, errors, 5 * switch)
    smaller = fit_piecewise(SIZES, errors / 3, switch)
    assert longer.error(5 * WANTED) == pytest.approx(here.error(WANTED), rel=1e-12)
    assert smaller.intercept == pytest.approx(here.intercept - np.log(3))
    assert smaller.slope == pytest.approx(here.slope)
    assert smaller.curvature == pytest.approx(here.curvature)


def test_brute_force_agrees():
    errors = noisy(3)
    weights = np.random.default_rng(4).uniform(0.2, 3, errors.shape)
    fitted = fit_piecewise(SIZES, errors, [91.0], weights)
    x, X = np.log(SIZES), np.log(91.0)
    q = np.where(x <= X, x**2, 2 * X * x - X**2)
    for curve in range(3):

        def loss(t, curve=curve):
            return np.sum(weights[curve] * (t[0] + t[1] * x + t[2] * q - np.log(errors[curve])) ** 2)

        free = minimize(loss, (-0.2, -0.5, 0.0), method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-16})
        free = minimize(loss, free.x, method="BFGS", options={"gtol": 1e-10})
        assert np.log(fitted.error(SIZES)[0, curve]) == pytest.approx(
            free.x[0] + free.x[1] * x + free.x[2] * q, abs=1e-6
        )


def test_order_of_points_and_scale_of_weights_do_not_matter():
    errors, order = noisy(), np.random.default_rng(1).permutation(len(SIZES))
    weights = np.random.default_rng(2).uniform(0.2, 3, len(SIZES))
    grid = switch_grid(16, 4096)
    one = piecewise_errors(SIZES, errors, WANTED, grid, weights)
    other = piecewise_errors(SIZES[order], errors[:, order], WANTED, grid, 50 * weights[order])
    assert one == pytest.approx(other, rel=1e-9)


def test_shared_and_own_weights_and_switches_agree():
    errors, weights = noisy(), np.linspace(1, 2, len(SIZES))
    shared = piecewise_errors(SIZES, errors, WANTED, [64, 128], weights)
    own = piecewise_errors(
        SIZES, errors, WANTED, np.tile([[64.0], [128.0]], (1, 20)), np.broadcast_to(weights, errors.shape)
    )
    assert shared == pytest.approx(own, rel=1e-12)


def test_a_curve_that_would_end_rising_moves_its_switch_down():
    x = np.log(SIZES / 64)
    errors = np.exp(-1.5 - 0.2 * x + 0.1 * x**2)[None]  # least near n = 174
    fitted = fit_piecewise(SIZES, errors, [32, 64, 200, 256])
    assert (fitted.final_slope() <= 0).all()
    assert SIZES[-1] * np.exp(fitted.switch[:, 0]) == pytest.approx([32, 64, 64, 64])
    assert fitted.error(WANTED)[3] == pytest.approx(fitted.error(WANTED)[1])


def test_inverse_of_forward():
    for switch in (64.0, 256.0, 2000.0):
        fitted = fit_piecewise(SIZES, noisy(5, noise=0.01), [switch])
        for size in (256.5, 500.0, 3000.0, 1e6):
            error = fitted.error(size)[..., 0]
            assert fitted.sizes_for(error) == pytest.approx(np.full((1, 5), size), rel=1e-9)


def test_inverse_finds_the_falling_branch_of_a_hump():
    fitted = fit_piecewise(SIZES, law(SIZES, (-3.0, 0.9, -0.1), 5000)[None], [5000])  # rises to n = 90, then falls
    error = fitted.error(1500)[..., 0]
    assert fitted.sizes_for(error)[0] == pytest.approx([1500])


def test_lower_targets_never_need_less():
    fitted = select(fit_piecewise(SIZES, noisy(), [128]), np.zeros(20, dtype=np.intp))
    needed = np.stack([fitted.sizes_for(target) for target in np.linspace(0.5, 0.0, 51)])
    assert (needed[1:] >= needed[:-1]).all()
    assert needed.min() == SIZES[-1]
    assert np.isinf(needed[-1]).all()


def test_a_flat_curve_never_reaches_less():
    fitted = fit_switch(SIZES, np.full((1, len(SIZES)), 0.3))
    assert fitted.error(WANTED)[0] == pytest.approx(np.full(len(WANTED), 0.3))
    assert np.isinf(fitted.sizes_for(0.29)).all()
    assert fitted.sizes_for(0.3 + 1e-12) == pytest.approx([256])


def test_errors_never_pass_the_most():
    falls_twice = law(SIZES, (-0.5, 0.02, -0.03), 2000)[None]
    assert piecewise_errors(SIZES, falls_twice, [1e-9, 1.0], [2000], most=0.5).max() <= 0.5
