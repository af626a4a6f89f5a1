"""Rows needed for a target: chances that rise, quantiles that follow from them, and targets that have no answer."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, forecast, samples_needed
from samplewise.curves.meta.predictive import PROBABILITIES, Predicted
from samplewise.curves.requirement import ahead_of, arrival, arrived

SIZES = np.array([25, 50, 100, 200, 400, 800])
CURVE = LearningCurve(SIZES, 0.02 + 2.0 * SIZES[None, :] ** -0.6, np.full(6, 0.003))


def test_chances_rise_with_the_rows_and_with_the_target():
    hard, easy = (samples_needed(CURVE, error) for error in (0.035, 0.05))
    for need in (hard, easy):
        assert (np.diff(need.reach) >= 0).all()
        assert need.reachable.value == need.reach[-1]
        assert (need.sizes[0], need.horizon) == (800, 51_200)
    assert (easy.reach >= hard.reach).all()
    assert easy.rows.value <= hard.rows.value


def test_medians_and_intervals_are_quantiles_of_the_chance():
    need = samples_needed(CURVE, 0.04, confidence=0.8)
    assert need.reach[0] == 0
    for rows, share in ((need.rows.low, 0.1), (need.rows.value, 0.5), (need.rows.high, 0.9)):
        assert np.interp(np.log(rows), np.log(need.sizes), need.reach) == pytest.approx(share, abs=1e-9)
    assert need.rows.low < need.rows.value < need.rows.high
    assert need.least <= need.rows.value


@pytest.mark.parametrize("learner", [None, "RandomForestClassifier", "SomethingNew"])
@pytest.mark.parametrize("size", [1600, 6400, 25_600])
def test_band_and_chance_are_one_distribution(learner, size):
    ahead = forecast(CURVE, [size], confidence=0.8, learner_name=learner)
    sizes, there, _ = ahead_of(CURVE, learner)
    column = int(np.argmin(np.abs(sizes - size)))
    assert there.error[0, column] == pytest.approx(ahead.error[0], rel=1e-9)
    for end, chance in ((ahead.low[0], 0.1), (ahead.high[0], 0.9)):
        assert there.chance(np.array([[end]]))[0, column] == pytest.approx(chance, abs=1e-9)


def test_what_is_met_already_is_not_counted():
    standard = np.tile(np.linspace(-2.0, 2.0, len(PROBABILITIES)), (1, 3, 1))
    there = Predicted(np.array([[0.2, 0.15, 0.17]]), np.full((1, 3), 0.05), standard)
    reach, plain = arrived(there, 0.18), there.chance(np.array([[0.18]]))[0]
    assert reach[0] == 0
    assert reach[1] == pytest.approx((plain[1] - plain[0]) / (1.0 - plain[0]))
    assert reach[2] == reach[1]  # what was reached once stays reached


def test_the_truth_lies_inside_for_a_plain_curve():
    need = samples_needed(CURVE, 0.04)
    truth = (0.02 / 2.0) ** (-1 / 0.6)
    assert need.rows.low < truth < need.rows.high


def test_rows_beyond_the_horizon_are_said_in_words():
    said = " ".join(str(samples_needed(CURVE, 0.012)).split())
    assert "more than 51,200 rows" in said
    assert "The chance to arrive with 51,200 rows" in said


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
        (LearningCurve([10, 20], [[0.4, 0.3]]), {"error": 0.1}, "three training sizes", "", "more sizes"),
    ],
)
def test_questions_without_an_answer_are_refused(curve, arguments, what, where, fix):
    with pytest.raises(InputError, match=what) as caught:
        curve.samples_needed(**arguments)
    assert where in caught.value.where
    assert fix in caught.value.fix
