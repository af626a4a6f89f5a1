"""Predictions compared with guessing, and learners with each other."""

import numpy as np
import pytest
from scipy import stats

from samplewise.auditing.guessing import (
    beats_guessing,
    better_learner,
    constant_prediction,
    follows_labels,
    rank_correlation,
    saved_on_constant,
)

DRAW = np.random.default_rng(0)


def test_the_constant_is_the_largest_class_or_the_median(evidence_of):
    X = DRAW.normal(size=(60, 2))
    losses, name = constant_prediction(evidence_of(X, np.repeat(["a", "b"], [40, 20])))
    assert (name, losses.mean()) == ("'a'", pytest.approx(1 / 3))
    losses, name = constant_prediction(evidence_of(X, DRAW.normal(size=60)))
    assert (name, losses.mean()) == ("the median", pytest.approx(1.0))


def test_noise_does_not_beat_guessing_and_clear_classes_do(evidence_of):
    X, y = DRAW.normal(size=(200, 2)), np.arange(200) % 2
    assert not beats_guessing(evidence_of(X, y))
    clear = evidence_of(X + 3.0 * y[:, None], y)
    assert beats_guessing(clear)
    assert follows_labels(clear).p_value < 1e-6
    assert saved_on_constant(clear).estimate.value > 0.4


def test_ranks_see_what_a_few_far_labels_hide(evidence_of):
    x = np.linspace(0.0, 10.0, 200)
    y = 5.0 + x + 0.5 * DRAW.normal(size=200)
    y[[10, 60, 110]] *= -4000.0
    found, p_value = rank_correlation(evidence_of(x[:, None], y))
    assert found.value > 0.8
    assert p_value < 0.01


def test_the_rank_correlation_is_spearmans_where_nothing_is_far(evidence_of):
    x = DRAW.normal(size=(150, 2))
    y = x[:, 0] + DRAW.uniform(-1, 1, 150)
    evidence = evidence_of(x, y)
    expected = stats.spearmanr(evidence.held_out_outputs[:, 0], y).statistic
    assert rank_correlation(evidence)[0].value == pytest.approx(expected)


def test_a_learner_that_cannot_learn_a_corner_is_told_of_one_that_can(evidence_of):
    X = DRAW.uniform(-1, 1, size=(300, 2))
    y = (X[:, 0] > 0) ^ (X[:, 1] > 0)  # no line separates these
    found = better_learner(evidence_of(X, y, learner="linear"))
    assert found.kind in ("kernel", "boosting", "forest")
    assert found.other < 0.2 < found.own
    assert found.saved.value == pytest.approx(found.own - found.other)


def test_no_other_learner_is_looked_for_where_enough_was_learned_or_no_one_can_learn(evidence_of):
    X, y = DRAW.normal(size=(150, 2)), np.arange(150) % 2
    assert better_learner(evidence_of(X + 4.0 * y[:, None], y, learner="linear")) is None
    assert better_learner(evidence_of(X, y, learner="linear")) is None
    said = np.column_stack([np.full(150, 0.5), np.full(150, 0.5)])
    assert better_learner(evidence_of(X, y, probabilities=said)) is None  # predictions of the user's are no learner
