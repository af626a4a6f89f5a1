"""One watched training: the lower of two bells of margins, and mean probabilities over the epochs."""

import numpy as np
import pytest

from samplewise.engine.refits import prepare
from samplewise.labels.training_dynamics_method import FEWEST, ProbabilityRecorder, lower_bell, watch

DRAW = np.random.default_rng(0)


def test_the_lower_bell_is_found_and_its_weight_never_rises():
    margins = np.r_[DRAW.normal(3.0, 0.5, 900), DRAW.normal(-2.0, 0.5, 100)]
    weight, share = lower_bell(margins)
    assert share == pytest.approx(0.1, abs=0.01)
    assert (weight[900:] > 0.9).all()
    assert (weight[:900] < 0.1).all()
    assert (np.diff(weight[np.argsort(margins)]) <= 1e-12).all()


def test_one_bell_few_rows_and_a_constant_have_no_lower_one():
    for margins in (DRAW.normal(size=500), DRAW.normal(size=FEWEST - 1), np.ones(100)):
        weight, share = lower_bell(margins)
        assert share == 0.0
        assert not weight.any()


def test_probabilities_are_the_mean_of_the_softmax_over_epochs():
    recorder = ProbabilityRecorder(2, 2)
    logits = [np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [3.0, 0.0]])]
    for epoch, outputs in enumerate(logits, 1):
        recorder.update(np.array([0, 1]), outputs, np.array([0, 1]), epoch)
    shares = np.mean([np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in logits], axis=0)
    np.testing.assert_allclose(recorder.mean_probabilities(), shares, atol=1e-6)
    assert "margin" in recorder.columns()


def test_wrong_labels_are_learned_late():
    pytest.importorskip("torch")
    truth = np.arange(300) % 2
    X = DRAW.normal(size=(300, 2)) + 4.0 * truth[:, None]
    flipped = np.zeros(300, dtype=bool)
    flipped[::15] = True
    watched = watch(prepare((X, np.where(flipped, 1 - truth, truth))).whole)
    assert watched.chosen[flipped].mean() > 0.8
    assert watched.chosen[~flipped].mean() < 0.05
    assert (watched.suggested[watched.chosen] == truth[watched.chosen]).mean() > 0.9
    np.testing.assert_allclose(watched.probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert watched.share == pytest.approx(watched.wrong.mean())
