"""The linear probe chooses its penalty and answers where it saw one class."""

import numpy as np

from samplewise.shift.linear_probe import LinearProbe, number_probe


def test_noise_is_penalized_and_a_clear_rule_is_learned():
    rng = np.random.default_rng(0)
    X, clear = rng.normal(size=(400, 20)), None
    clear = (X[:, 0] > 0).astype(int)
    probe = LinearProbe().fit(X, clear)
    assert (probe.predict(X) == clear).mean() > 0.95
    assert LinearProbe().fit(X, rng.integers(0, 2, 400)).strength_ < probe.strength_


def test_weights_decide_between_rows_that_disagree():
    X, y = np.zeros((80, 1)), np.arange(80) // 20 % 2
    shares = LinearProbe().fit(X, y, np.where(y == 1, 3.0, 1.0)).predict_proba(X[:1])
    assert abs(shares[0, 1] - 0.75) < 0.02


def test_one_class_is_the_answer():
    probe = LinearProbe().fit(np.zeros((5, 2)), np.full(5, 3))
    assert probe.predict(np.ones((2, 2))).tolist() == [3, 3]


def test_numbers_are_fitted_by_a_line():
    X = np.random.default_rng(0).normal(size=(100, 2))
    np.testing.assert_allclose(number_probe().fit(X, X @ [1.0, 2.0]).coef_, [1.0, 2.0], atol=1e-3)
