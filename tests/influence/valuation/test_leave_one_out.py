"""Leaving out one row by fitting again; the closed form is tested with the harm it finds."""

import numpy as np
import pytest

from samplewise.influence import leave_one_out


def test_leaving_out_is_the_difference_of_two_fits(clouds_game):
    game = clouds_game(learner="logistic", metric="auc")
    found = leave_one_out(game)
    sets = np.ones((2, 40), dtype=bool)
    sets[1, 6] = False
    assert found.values[6] == pytest.approx(np.subtract(*game.utility(sets)))
    assert found.unit == "points of AUC"


def test_flipped_labels_have_lower_values(clouds_game):
    wrong = [3, 10, 17, 24, 31]
    scores = leave_one_out(clouds_game(wrong=wrong))
    assert scores.values[wrong].mean() < np.delete(scores.values, wrong).mean()
    assert np.isfinite(scores.spread).all()
