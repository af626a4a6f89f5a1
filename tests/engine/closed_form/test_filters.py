"""Spectral filters against the recursions they stand for."""

import numpy as np
import pytest

from samplewise.engine.closed_form.filters import ConvergedFilter, DescentFilter, FlowFilter

EIGENVALUES = np.r_[0.0, np.geomspace(1e-9, 2.0, 40)]


def gone_step_by_step(steps, rate, ridge, momentum):
    """Phi by the recursion of descent itself."""
    phi, velocity = np.zeros_like(EIGENVALUES), np.zeros_like(EIGENVALUES)
    for _ in range(steps):
        velocity = momentum * velocity + 1.0 - (EIGENVALUES + ridge) * phi
        phi = phi + rate * velocity
    return phi


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
@pytest.mark.parametrize("rate", [0.01, 0.4, 0.85])
@pytest.mark.parametrize("steps", [1, 2, 7, 500])
def test_descent_is_what_its_steps_give(steps, rate, ridge, momentum):
    phi = DescentFilter(steps, rate, ridge, momentum)
    np.testing.assert_allclose(phi(EIGENVALUES), gone_step_by_step(steps, rate, ridge, momentum), rtol=1e-11)


def test_small_eigenvalues_keep_their_digits():
    """1 - (1 - a)^t written plainly would lose nine digits here."""
    assert DescentFilter(2000, 1e-3)(np.array([1e-12]))[0] == pytest.approx(2.0 - 1e-12 * 1999.0 * 1e-3, rel=1e-14)
    assert FlowFilter(2.0)(np.array([1e-12]))[0] == pytest.approx(2.0 - 2e-12, rel=1e-14)


def test_small_steps_are_a_flow_and_many_are_the_end():
    flow = FlowFilter(5.0, 0.1)(EIGENVALUES)
    np.testing.assert_allclose(DescentFilter(5_000_000, 1e-6, 0.1)(EIGENVALUES), flow, rtol=1e-5)
    np.testing.assert_allclose(FlowFilter(1e6, 0.1)(EIGENVALUES), ConvergedFilter(0.1)(EIGENVALUES), rtol=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_beyond_the_largest_eigenvalue_it_diverges(momentum):
    phi = DescentFilter(40_000, 0.1, 0.2, momentum)
    at = np.array([phi.largest - 0.01, phi.largest + 0.01])
    below, above = np.abs(phi(at))
    assert below < 1.0 < above
    assert FlowFilter(1.0).largest == ConvergedFilter(1.0).largest == np.inf
