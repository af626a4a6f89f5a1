"""Losses of rows are expected by models of the other half."""

import numpy as np

from samplewise.data import Dataset
from samplewise.shift.compared_rows import compared_rows
from samplewise.shift.expected_loss import expected_losses, fitted_losses


def test_expected_losses_follow_the_features_on_both_sides():
    rng = np.random.default_rng(0)
    both = compared_rows(Dataset(rng.normal(size=(1500, 2))), Dataset(rng.normal([1.0, 0.0], size=(1000, 2))))
    truth = 0.1 + 0.4 * (both.matrix[:, 0] > 0)
    losses = (rng.random(1500) < truth[:1500]).astype(float)
    found = expected_losses(both.matrix, both.categorical, losses, both.sides, 0)
    assert abs(found[1500:].mean() - truth[1500:].mean()) < 0.03
    assert np.corrcoef(found[1500:], truth[1500:])[0, 1] > 0.7
    assert found.min() >= 0.0
    assert found.max() <= 1.0


def test_a_missing_value_has_an_expectation_of_its_own():
    X = np.array([[0.0], [np.nan]] * 100)
    model = fitted_losses(X, np.array([False]), np.array([0.0, 1.0] * 100), 0)
    assert model.predict([[np.nan]])[0] > 0.9 > 0.1 > model.predict([[0.0]])[0]
