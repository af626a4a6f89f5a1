"""The primal and the dual are one smoother."""

import numpy as np
import pytest

from samplewise.engine.closed_form.smoother import DualSmoother, FeatureDualSmoother, PrimalSmoother, smoother_of


@pytest.fixture
def forms():
    draw = np.random.default_rng(0)
    features, targets, queries = draw.normal(size=(30, 4)) + 5, draw.normal(size=(30, 2)), draw.normal(size=(8, 4)) + 5
    primal, dual = PrimalSmoother(features, targets, 0.2), FeatureDualSmoother(features, targets, 0.2)
    gram = DualSmoother(features @ features.T, targets, 0.2)
    return [(primal, queries), (dual, queries), (gram, queries @ features.T)]


@pytest.mark.parametrize("form", [1, 2])
def test_they_agree_on_everything(forms, form):
    (primal, x), (dual, k) = forms[0], forms[form]
    errors = np.random.default_rng(1).normal(size=(8, 2))
    for one, two in (
        (primal.leverage, dual.leverage),
        (primal.residuals, dual.residuals),
        (primal.weights_at(x), dual.weights_at(k)),
        (primal.outputs_at(x), dual.outputs_at(k)),
        (primal.coefficient_changes(), dual.coefficient_changes()),
        (primal.query_moments(x, errors)[0], dual.query_moments(k, errors)[0]),
        (primal.query_moments(x, errors)[1], dual.query_moments(k, errors)[1]),
        (primal.without(np.array([3, 9])), dual.without(np.array([3, 9]))),
        (primal.without(np.arange(12)), dual.without(np.arange(12))),
    ):
        np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-11)


def test_the_weights_of_the_rows_make_the_outputs(forms):
    for smoother, queries in forms:
        weights = smoother.weights_at(queries)
        np.testing.assert_allclose(weights @ smoother.targets, smoother.outputs_at(queries), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-9)


def test_the_cheaper_form_is_chosen():
    assert isinstance(smoother_of(np.eye(5)[:, :2], np.ones(5), 1.0), PrimalSmoother)
    assert isinstance(smoother_of(np.eye(5), np.ones(5), 1.0), FeatureDualSmoother)
