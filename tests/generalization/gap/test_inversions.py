"""From nats to an error: against root finding, closed forms, and the conditions the constants must meet."""

import numpy as np
import pytest
from scipy.optimize import brentq

from samplewise.engine.statistics.divergences import binary_kl
from samplewise.generalization.gap import inversions
from samplewise.generalization.gap.inversions import LN2, binary_js

TRAINING = pytest.mark.parametrize("training", [0.0, 0.05, 0.3])
NATS = pytest.mark.parametrize("nats", [1e-4, 0.02, 0.2])


@TRAINING
@NATS
def test_inversions_find_the_root(training, nats):
    for invert, excess in (
        (inversions.invert_js, lambda error: binary_js(training, error) - nats),
        (inversions.invert_kl, lambda error: binary_kl(training, (training + error) / 2) - nats),
    ):
        root = 1.0 if excess(1.0) <= 0 else brentq(excess, training, 1.0, xtol=1e-14)
        assert invert(training, nats) == pytest.approx(root, abs=1e-10)
        assert invert(training, 0.0) == pytest.approx(training, abs=1e-7)


def test_js_from_nothing_is_its_closed_form():
    q = np.linspace(0.01, 0.99, 9)
    closed = 0.5 * (q * LN2 + (1 - q) * np.log((1 - q) / (1 - q / 2)) - np.log(1 - q / 2))
    np.testing.assert_allclose([binary_js(0.0, value) for value in q], closed, atol=1e-12)


def test_slope_meets_its_condition_with_equality():
    rate = np.linspace(0.001, 0.34, 50)
    both = np.exp(2 * rate) + np.exp(-2 * rate * (inversions.slope(rate) + 1))
    np.testing.assert_allclose(both, 2.0, rtol=1e-12)


@TRAINING
@NATS
def test_fast_rate_is_the_least_over_its_constant(training, nats):
    rates = np.linspace(1e-6, LN2 / 2 - 1e-12, 200_001)
    dense = np.min(inversions.slope(rates) * training + nats / rates)
    assert inversions.fast_rate(training, nats) <= dense + 1e-9
    assert inversions.fast_rate(training, nats) <= 4 * nats + 4 * np.sqrt(nats * training) + 1e-9
    if training == 0:
        assert inversions.fast_rate(0.0, nats) == pytest.approx(2 * nats / LN2, rel=1e-6)
    assert inversions.fast_rate(training, 0.0) == 0.0


@TRAINING
@NATS
def test_variance_and_sharpness_forms_never_beat_the_fast_rate(training, nats):
    """Their term is at least gamma^2 of the training error, and the condition has C1 gamma^2 where it had C1."""
    fast = inversions.fast_rate(training, nats)
    for gamma in np.linspace(0.05, 0.999, 20):
        for square in (training**2, training):  # of the mean error, and the largest a mean of squares can be
            rates = np.linspace(1e-4, LN2 / 2 - 1e-9, 2001)
            constant = inversions.slope(rates) / gamma**2
            forms = constant * (training - (1 - gamma**2) * square) + nats / rates
            assert forms.min() >= fast - 1e-9


@TRAINING
@NATS
def test_linear_rate_meets_its_condition(training, nats):
    rates = np.linspace(1e-4, inversions.LINEAR_LIMIT - 1e-9, 4001)
    slopes = np.array([inversions._linear_slope(rate) for rate in rates])
    condition = rates * (1 - slopes) + (np.exp(rates) - 1 - rates) * (1 + slopes**2)
    assert np.abs(condition).max() < 1e-9
    assert (slopes >= 1).all()
    assert inversions.linear_rate(training, nats) <= (slopes * training + nats / rates).min() + 1e-9


def test_root_mean_square_of_no_information_is_that_of_noise():
    assert inversions.root_mean_square(0.0, 100) == pytest.approx(np.sqrt(8 * LN2 / 2 / 100 + 1 / 200))
