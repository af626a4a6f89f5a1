"""Outputs are read once, with what the model loses on them."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.shift.outputs import outputs_of, probabilities_of, require_alike

NAMES = ("source", "target_outputs")


def test_classes_lose_one_for_every_wrong_answer():
    values = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    known, there = outputs_of(values, [0, 0, 0], values[:2], NAMES, 2)
    assert (known.losses.tolist(), known.largest, known.classes) == ([0.0, 1.0, 0.0], 1.0, True)
    assert known.confidence().tolist() == [0.9, 0.8, 0.6]
    assert there.losses is None
    assert known.take(np.array([1])).labels.tolist() == [0]
    assert known.unlabeled().losses is None


def test_numbers_lose_their_absolute_error_cut_where_few_lie_beyond():
    truth = np.zeros(1000)
    predicted = np.r_[np.full(998, 2.0), 500.0, -900.0]
    known, there = outputs_of(predicted, truth, [1.0], NAMES, 2)
    assert known.losses.max() == known.largest == 2.0
    assert not there.classes
    assert outputs_of(truth, truth, [1.0], NAMES, 2)[0].largest == 1.0


def test_what_is_no_probability_or_of_other_classes_is_refused():
    half = np.full((4, 2), 0.5)
    for values in (half * 3.0, -half, half[:, :1], np.empty((0, 2))):
        with pytest.raises(InputError, match="probabilities"):
            probabilities_of(values, "outputs")
    with pytest.raises(InputError, match="at least 30"):
        require_alike(half, np.zeros(4, dtype=int), half)
    with pytest.raises(InputError, match="same classes"):
        require_alike(half, np.full(4, 2), half, 2)
    with pytest.raises(InputError, match="each with its label"):
        outputs_of(np.zeros(5), np.zeros(4), np.zeros(3), NAMES, 2)
