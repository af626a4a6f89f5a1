"""Filters as sums of poles: the error that is promised, and the settings where there is none."""

import numpy as np
import pytest

from samplewise.engine.closed_form.filters import ConvergedFilter, DescentFilter, FlowFilter
from samplewise.engine.closed_form.pole_fitting import ACCEPTED, partial_fractions

LARGEST = 7.0


def worst(found, phi):
    points = np.r_[0.0, np.geomspace(1e-13, 1.0, 5003), np.random.default_rng(0).uniform(size=5000)] * LARGEST
    return np.abs(found(points) / phi(points) - 1.0).max()


@pytest.mark.parametrize("step", [0.03, 0.5, 0.99, 1.5, 1.95])
@pytest.mark.parametrize("steps", [30, 300, 2000, 100_000, 10_000_000])
def test_few_poles_reach_any_stopping_time(steps, step):
    """Also 10^7 steps, where a fit of the filter itself keeps 1e-6 to 2e-5."""
    phi = DescentFilter(steps, step / LARGEST)
    found = partial_fractions(phi, LARGEST)
    assert worst(found, phi) < 1e-9
    assert len(found.poles) <= 15


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 10.0])
@pytest.mark.parametrize("time", [1e-6, 1.0, 1e3, 1e6])
def test_flows(time, ridge):
    phi = FlowFilter(time, ridge)
    assert worst(partial_fractions(phi, LARGEST), phi) < 1e-9


def test_the_end_is_one_pole_without_error():
    found = partial_fractions(ConvergedFilter(0.3), LARGEST)
    assert found.poles.tolist() == [-0.3 + 0j]
    assert found.error == 0.0


def test_no_pole_lies_among_the_eigenvalues():
    for steps in (30, 2000):
        poles = partial_fractions(DescentFilter(steps, 1.9 / LARGEST), LARGEST).poles
        real = poles[poles.imag == 0].real
        assert ((real < 0) | (real > LARGEST)).all()
        assert (poles.imag >= 0).all()


@pytest.mark.parametrize("phi", [DescentFilter(3, 0.99 / LARGEST), DescentFilter(300, 0.5 / LARGEST, 0.0, 0.9)])
def test_where_no_sum_is_good_enough_there_is_none(phi):
    """Polynomials of low degree have their poles at infinity; heavy momentum oscillates."""
    assert partial_fractions(phi, LARGEST) is None


def test_a_promise_holds_wherever_one_is_made():
    rng = np.random.default_rng(3)
    for _ in range(60):
        phi = DescentFilter(
            int(10 ** rng.uniform(0, 6)), rng.uniform(0.01, 1.99) / LARGEST, 0.0, rng.choice([0.0, 0.5])
        )
        found = partial_fractions(phi, LARGEST)
        if found is not None:
            assert worst(found, phi) < 3 * ACCEPTED


@pytest.mark.parametrize("steps", [2, 3, 4, 6])
def test_a_sum_whose_terms_cancel_is_refused_on_every_processor(steps):
    """Their errors lie on both sides of what is accepted, as the last bits fall."""
    assert partial_fractions(DescentFilter(steps, 0.99 / LARGEST), LARGEST) is None
