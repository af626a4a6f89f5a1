"""Calibration error: none where probabilities are right, the right amount where they are not."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.generalization import calibration_error


def binary(rows, distort=lambda p: p, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.5, 1.0, rows)
    codes = (rng.random(rows) > p).astype(int)
    notes = distort(p)
    return np.column_stack([notes, 1 - notes]), codes


def test_right_probabilities_show_no_error_at_any_size():
    low, p_values = [], []
    for seed in range(20):
        found = calibration_error(*binary(300, seed=seed))
        low.append(found.error.low)
        p_values.append(found.p_value)
    assert max(low) < 5.0
    assert np.mean(np.array(p_values) < 0.05) <= 0.2


def test_overconfidence_is_measured_and_named():
    found = calibration_error(*binary(4000, lambda p: np.minimum(p + 0.1, 0.9999)))
    assert found.error.value == pytest.approx(9.0, abs=2.0)
    assert found.error.low > 5.0
    assert found.excess.low > 0
    assert found.p_value < 0.01


def test_underconfidence_has_the_other_sign():
    found = calibration_error(*binary(4000, lambda p: 0.5 + 0.5 * (p - 0.5)))
    assert found.excess.high < 0
    assert found.error.value == pytest.approx(12.5, abs=2.5)


def test_the_interval_covers_the_true_error():
    """Confidence p + .08 in bins: the true expected error is close to 8 points everywhere."""
    found = [
        calibration_error(*binary(1000, lambda p: 0.5 + 0.42 * (p - 0.5) / 0.5 + 0.08, seed=seed)).error
        for seed in range(60)
    ]
    rng = np.random.default_rng(99)
    p = rng.uniform(0.5, 1, 200_000)
    truth = 100 * np.mean(0.5 + 0.42 * (p - 0.5) / 0.5 + 0.08 - p)
    assert np.mean([e.low <= truth <= e.high for e in found]) >= 0.85


def test_row_order_changes_nothing():
    P, codes = binary(500)
    order = np.random.default_rng(5).permutation(500)
    one, two = calibration_error(P, codes), calibration_error(P[order], codes[order])
    assert one.error.low == pytest.approx(two.error.low, abs=1e-10)
    np.testing.assert_allclose(one.reliability.columns["accuracy"], two.reliability.columns["accuracy"], atol=1e-12)


def test_brier_and_the_table_count_every_row():
    P, codes = binary(777)
    found = calibration_error(P, codes)
    assert found.brier.value == pytest.approx(np.mean(np.sum((P - np.eye(2)[codes]) ** 2, axis=1)))
    assert found.reliability.columns["count"].sum() == 777
    assert len(found.reliability.columns["count"]) <= 15
    inside = found.reliability.columns["low"] <= found.reliability.columns["accuracy"]
    assert inside.all()


def test_constant_confidence_is_one_bin():
    found = calibration_error(np.tile([0.75, 0.25], (400, 1)), np.r_[np.zeros(300, int), np.ones(100, int)])
    assert len(found.reliability.columns["count"]) == 1
    assert found.error.value == 0.0


@pytest.mark.parametrize(
    ("P", "codes", "what"),
    [
        (np.ones((3, 2)) / 2, np.array([0, 1]), "one row of probabilities per label"),
        (np.ones((2, 2)) / 2, np.array([0, 2]), "one row of probabilities per label"),
        (np.ones((2, 2)), np.array([0, 1]), "not probabilities"),
    ],
)
def test_what_is_no_probability_is_refused(P, codes, what):
    with pytest.raises(InputError, match=what) as caught:
        calibration_error(P, codes)
    assert "pass" in caught.value.fix
