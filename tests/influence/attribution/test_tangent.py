"""Leave-one-out in the tangent kernel of a linear model, which is ridge regression."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from samplewise.core.errors import InputError
from samplewise.engine.gradients.gradient_sources import EstimatorSource
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.tangent import TangentKernel

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(30, 3)), DRAW.normal(size=(4, 3))
Y = X @ [1.0, -1.0, 0.5] + DRAW.normal(size=30)
Z, ZQ = (np.column_stack([one, np.ones(len(one))]) for one in (X, QUERIES))
ADDED = np.mean(np.square(Z).sum(axis=1))


def answers(keep):
    """Ridge regression on deviations from the mean of all labels."""
    centered = Y - Y.mean()
    return ZQ @ np.linalg.solve(Z[keep].T @ Z[keep] + ADDED * np.eye(4), Z[keep].T @ centered[keep])


@pytest.fixture(scope="module")
def prepared():
    source = EstimatorSource(LinearRegression().fit(X, Y), "squared_error")
    return TangentKernel.prepare((source,), (X, Y), Settings(ridge=1.0))


@pytest.mark.parametrize("group", [[0], [17], [2, 5, 20]])
def test_effects_are_those_of_refits(prepared, group):
    expected = answers(np.arange(30)) - answers(np.delete(np.arange(30), group))
    queries = (QUERIES, np.zeros(4))
    np.testing.assert_allclose(prepared.group_effect(np.array(group), queries, "output")[0], expected, atol=1e-10)
    if len(group) == 1:
        np.testing.assert_allclose(prepared.effects(queries, "output")[0][:, group[0]], expected, atol=1e-10)


def test_self_influence_is_the_error_held_out_minus_fitted(prepared):
    K = Z @ Z.T
    fitted = K @ np.linalg.solve(K + ADDED * np.eye(30), Y - Y.mean())
    keep = np.delete(np.arange(30), 4)
    held_out = K[4, keep] @ np.linalg.solve(K[np.ix_(keep, keep)] + ADDED * np.eye(29), (Y - Y.mean())[keep])
    errors = (Y - Y.mean())[4] - np.array([held_out, fitted[4]])
    assert prepared.self_influence()[4] == pytest.approx(0.5 * (errors[0] ** 2 - errors[1] ** 2))
    assert prepared.ridge == 1.0
    assert prepared.ids.tolist() == list(range(30))


def test_rows_of_classes_count_with_unit_length():
    codes = (Y > 0).astype(int)
    source = EstimatorSource(LogisticRegression().fit(X, codes), "cross_entropy")
    fitted = TangentKernel.prepare((source,), (X, codes), Settings(ridge=1.0))
    np.testing.assert_allclose(fitted.inverse.diagonal, 1.0)
    scaled = TangentKernel.prepare((source, source), (X, codes), Settings(ridge=1.0))
    np.testing.assert_allclose(scaled.held_out, fitted.held_out, atol=1e-10)  # the mean of equal kernels


def test_only_named_targets_are_taken(prepared):
    with pytest.raises(InputError, match="named targets only"):
        prepared.effects((QUERIES, np.zeros(4)), lambda outputs, labels: outputs)
