"""Diagnostics that come with the numbers."""

import math

import numpy as np
import pytest

from samplewise.information import Converged, unique_information
from samplewise.information.diagnostics import Diagnostics, Linearity


def test_nothing_is_claimed_that_was_not_measured():
    plain = Diagnostics("closed form")
    assert plain.exact
    assert (plain.linearity, plain.warnings, plain.kernel_error) == (None, (), 0.0)
    assert math.isnan(plain.condition)
    assert math.isnan(plain.step_share)
    with pytest.raises(AttributeError):
        plain.exact = False


def test_they_describe_the_kernel_of_the_rows():
    X = np.random.default_rng(0).normal(size=(12, 3))
    K = X @ X.T + np.eye(12)
    found = unique_information(gram=K, targets=X[:, 0], training=Converged(ridge=0.5)).diagnostics
    values = np.linalg.eigvalsh(K)
    assert found.largest_eigenvalue == pytest.approx(values[-1])
    assert found.condition == pytest.approx((values[-1] + 0.5) / (values[0] + 0.5))


def test_a_perfect_linearization_has_no_doubt():
    assert Linearity(1.0, 1.0, 0.0) == Linearity(r_squared=1.0, correlation=1.0, kernel_drift=0.0)
