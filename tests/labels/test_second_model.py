"""A forest in addition to the learner: flips stay, what one model cannot learn is explained."""

import numpy as np

from samplewise.data.dataset import Dataset
from samplewise.engine.refits import prepare
from samplewise.labels.noise import fit_noise
from samplewise.labels.second_model import MOST_CLASSES, second_opinion

DRAW = np.random.default_rng(0)


def test_flipped_labels_still_look_wrong():
    y = np.arange(400) % 2
    X = DRAW.normal(size=(400, 3)) + 4.0 * y[:, None]
    flipped = DRAW.random(400) < 0.15
    found = second_opinion(prepare((X, np.where(flipped, 1 - y, y)), "linear").whole)
    assert found.likelihood_ratio > 10  # chance alone passes 4 once in twenty times
    assert found.share > 0


def test_what_the_learner_cannot_learn_is_explained_by_the_forest():
    X = DRAW.uniform(-1, 1, size=(600, 2))
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int)  # no line separates these
    y[X[:, 0] > 0.6] = 1
    folded = prepare((X, y), "linear").whole
    alone = fit_noise(folded.held_out_outputs(), folded.codes, folded.data.ids)
    with_forest = second_opinion(folded)
    assert with_forest.likelihood_ratio <= max(alone.likelihood_ratio, 6.0)
    assert with_forest.likelihood_ratio < 6.0


def test_rows_of_a_group_do_not_answer_for_each_other():
    y = np.repeat(np.arange(60) % 2, 5)
    X = np.repeat(DRAW.normal(size=(60, 2)), 5, axis=0) + 0.01 * DRAW.normal(size=(300, 2))
    grouped = second_opinion(prepare(Dataset(X, y, groups=np.repeat(np.arange(60), 5)), "linear").whole)
    assert grouped.log_likelihood < -0.5 * 300 * np.log(2)  # labels at random: nothing to learn from other groups


def test_numbers_and_very_many_classes_have_no_second_model():
    X = DRAW.normal(size=(300, 2))
    assert second_opinion(prepare((X, X[:, 0])).whole) is None
    many = np.arange(300) % (MOST_CLASSES + 1)
    assert second_opinion(prepare((X, many)).whole) is None
