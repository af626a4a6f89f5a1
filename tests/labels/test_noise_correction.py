"""Scores on true labels from given ones: unbiased, equal to the closed form, and silent where too little is known."""

from dataclasses import replace

import numpy as np
import pytest

from samplewise.core.values import Estimate
from samplewise.engine.models.metrics import METRICS
from samplewise.labels.list_judgment import ListJudgment
from samplewise.labels.noise_correction import flips_at, true_label_scores
from samplewise.labels.posterior import LabelPosterior

ACCURACY = METRICS["accuracy"]


def rate(value, low=None, high=None):
    return Estimate("noise_rate", value, value - 0.02 if low is None else low, value + 0.02 if high is None else high)


def symmetric(share, classes):
    flips = np.full((classes, classes), share / (classes - 1))
    np.fill_diagonal(flips, 1.0 - share)
    return flips


def posterior_of(codes, flips, estimate):
    nothing, outputs = np.zeros(len(codes)), np.zeros((len(codes), len(flips)))
    return LabelPosterior(codes, nothing, codes, nothing, outputs, flips, estimate, 50.0, True, 2)


def judged(claim):
    nobody = np.zeros(3, dtype=bool)
    return ListJudgment("wrong labels", "error", "", nobody, 0, Estimate("skill", 0.9), claim=claim)


@pytest.fixture
def noisy():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 40_000)
    struck = draw.random(len(truth)) < 0.15
    given = np.where(struck, (truth + draw.integers(1, 4, len(truth))) % 4, truth)
    return truth, given, posterior_of(given, symmetric(0.15, 4), rate(0.15))


def outputs_right_in(truth, share, seed):
    """Outputs whose class is right in so many rows."""
    draw = np.random.default_rng(seed)
    named = np.where(draw.random(len(truth)) < share, truth, (truth + 1) % 4)
    return np.eye(4)[named]


def test_the_weights_invert_the_flips(noisy):
    flips = flips_at(noisy[2], 0.15)
    np.testing.assert_allclose(flips @ np.linalg.inv(flips), np.eye(4), atol=1e-9)
    np.testing.assert_allclose(flips, symmetric(0.15, 4), atol=1e-9)


def test_accuracy_on_given_labels_becomes_that_on_true_ones(noisy):
    truth, given, posterior = noisy
    score, low, high = true_label_scores(posterior, judged(rate(0.14)), ACCURACY)
    for share in (0.5, 0.9):
        outputs = outputs_right_in(truth, share, 1)
        assert ACCURACY.contributions(outputs, given).mean() < 100 * share - 3
        assert score(outputs, given).mean() == pytest.approx(100 * share, abs=1.0)
    better, worse = outputs_right_in(truth, 0.9, 1), outputs_right_in(truth, 0.5, 1)
    gains = [(one(better, given) - one(worse, given)).mean() for one in (low, score, high)]
    assert gains == sorted(gains)  # the more labels are wrong, the more the given ones hide


def test_symmetric_flips_have_a_closed_form(noisy):
    truth, given, posterior = noisy
    score = true_label_scores(posterior, judged(rate(0.15)), ACCURACY)[0]
    better, worse = outputs_right_in(truth, 0.9, 1), outputs_right_in(truth, 0.5, 1)
    on_given = (ACCURACY.contributions(better, given) - ACCURACY.contributions(worse, given)).mean()
    on_true = (score(better, given) - score(worse, given)).mean()
    assert on_true == pytest.approx(on_given / (1 - 0.15 * 4 / 3), rel=1e-9)


def test_two_classes_shrink_the_area_by_the_share_of_wrong_labels_in_each():
    draw = np.random.default_rng(1)
    truth = (draw.random(20_000) < 0.3).astype(int)
    given = np.where(draw.random(len(truth)) < 0.1, 1 - truth, truth)
    score = draw.normal(size=len(truth)) + 1.5 * truth
    outputs = np.column_stack([np.zeros(len(truth)), score])
    posterior = posterior_of(given, symmetric(0.1, 2), rate(0.1))
    metric = METRICS["auc"]
    corrected = true_label_scores(posterior, judged(rate(0.1)), metric)[0]
    above_chance = [
        each.mean() - 50 for each in (metric.contributions(outputs, truth), metric.contributions(outputs, given))
    ]
    ratio = corrected(outputs, given).mean() / metric.contributions(outputs, given).mean()
    assert above_chance[1] * ratio == pytest.approx(above_chance[0], rel=0.03)


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"beyond_chance": False}, 0.15),
        ({"noise_rate": rate(0.3, 0.2, 0.45)}, 0.3),
        ({}, None),
        ({}, 0.05),
        ({"noise_matrix": symmetric(0.62, 4), "noise_rate": rate(0.39, 0.38, 0.399)}, 0.39),
    ],
)
def test_nothing_is_corrected_where_too_little_is_known(noisy, change, claim):
    posterior = replace(noisy[2], **change)
    found = true_label_scores(posterior, judged(None if claim is None else rate(claim)), ACCURACY)
    if "noise_matrix" in change:  # 39 % among four classes can still be inverted; weights stay below three
        assert len(found) == 3
    else:
        assert found == ()


def test_a_rare_class_gets_symmetric_flips():
    codes = np.r_[np.zeros(100, int), np.ones(100, int), np.full(5, 2)]
    shaped = np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    flips = flips_at(posterior_of(codes, shaped, rate(0.1)), 0.1)
    assert np.allclose(flips[~np.eye(3, dtype=bool)], flips[0, 1])


def test_numbers_shrink_by_the_share_of_wrong_ones():
    codes = np.arange(50.0)
    nothing = np.zeros(50)
    posterior = LabelPosterior(
        codes, nothing, codes, nothing, codes[:, None], np.zeros((0, 0)), rate(0.2), 9.0, True, 2
    )
    metric = METRICS["mae"]
    score = true_label_scores(posterior, judged(rate(0.2)), metric)[0]
    np.testing.assert_allclose(score(codes[:, None] + 1, codes), metric.contributions(codes[:, None] + 1, codes) / 0.8)
