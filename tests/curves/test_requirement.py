"""Rows needed for a target: chances that rise, quantiles that follow from them, and targets that have no answer."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, samples_needed
from samplewise.curves.requirement import arrival

SIZES = np.array([25, 50, 100, 200, 400, 800])
CURVE = LearningCurve(SIZES, 0.02 + 2.0 * SIZES[None, :] ** -0.6, np.full(6, 0.003))


def test_chances_rise_with_the_rows_and_with_the_target():
    hard, easy = (samples_needed(CURVE, error) for error in (0.03, 0.05))
    for need in (hard, easy):
        assert (np.diff(need.reach) >= 0).all()
        assert need.reachable.value == need.reach[-1]
        assert (need.sizes[0], need.horizon) == (800, 51_200)
    assert (easy.reach >= hard.reach).all()
    assert easy.rows.value <= hard.rows.value


def test_medians_and_intervals_are_quantiles_of_the_chance():
    need = samples_needed(CURVE, 0.04, confidence=0.8)
    for estimate, whole in ((need.rows, 1.0), (need.if_reached, need.reachable.value)):
        for rows, share in ((estimate.low, 0.1), (estimate.high, 0.9)):
            if np.isfinite(rows):
                at = np.interp(np.log(rows), np.log(need.sizes), need.reach)
                assert at == pytest.approx(share * whole, abs=1e-9)
    assert need.if_reached.high < np.inf
    assert np.interp(np.log(need.rows.value), np.log(need.sizes), need.reach) == pytest.approx(0.5, abs=1e-9)
    assert need.if_reached.low < need.if_reached.value < need.if_reached.high
    assert need.least <= need.if_reached.value


def test_the_truth_lies_inside_for_a_plain_curve():
    need = samples_needed(CURVE, 0.04)
    truth = (0.02 / 2.0) ** (-1 / 0.6)
    assert need.if_reached.low < truth < need.if_reached.high


def test_a_flat_curve_never_arrives_and_says_why():
    flat = LearningCurve(SIZES, np.full((1, 6), 0.3), np.full(6, 0.01))
    need = samples_needed(flat, 0.1)
    assert need.rows.value == np.inf
    assert need.reachable.value < 0.4
    assert "flat" in need.reason
    assert "the curve is flat" in need.reason


def test_a_chance_is_passed_between_two_sizes():
    sizes, reach = np.array([100.0, 200, 400]), np.array([0.0, 0.5, 0.5])
    assert arrival(sizes, reach, 0.25) == pytest.approx(100 * np.sqrt(2))
    assert arrival(sizes, reach, 0.5) == 200
    assert arrival(sizes, reach, 0.6) == np.inf
    assert arrival(sizes, reach + 0.1, 0.05) == 100


@pytest.mark.parametrize(
    ("curve", "arguments", "what", "where", "fix"),
    [
        (CURVE, {"error": 18}, "error must be a number", "error", "did you mean 0.18"),
        (CURVE, {"error": np.nan}, "error must be a finite number", "error", "pass a number as error="),
        (CURVE, {"error": 0.12}, "already reached", "n 200", "below"),
        (CURVE, {"error": 0.04, "confidence": 0.2}, "confidence", "confidence", "at least 0.5 and at most 0.95"),
        (CURVE, {"error": 0.04, "learner_name": "SVM"}, "this learner", "", "use one of"),
        (LearningCurve([10, 20], [[0.4, 0.3]]), {"error": 0.1}, "three training sizes", "", "more sizes"),
    ],
)
def test_questions_without_an_answer_are_refused(curve, arguments, what, where, fix):
    with pytest.raises(InputError, match=what) as caught:
        curve.samples_needed(**arguments)
    assert where in caught.value.where
    assert fix in caught.value.fix
