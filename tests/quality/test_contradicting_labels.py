"""Labels of a set contradict each other where classes differ, or numbers by more than the tolerance."""

import numpy as np

from samplewise.data.targets import describe_target
from samplewise.quality.contradicting_labels import contradicting_sets, is_known, tolerance_of


def test_numbers_may_differ_by_half_a_deviation_and_classes_not_at_all():
    numbers = np.array([0.0, 2.0] * 20)
    assert tolerance_of(describe_target(numbers, task="regression")) == 0.5
    assert tolerance_of(describe_target(np.array(["a", "b"] * 20), task="classification")) == 0.0


def test_only_known_labels_contradict():
    members = np.array([0, 0, 1, 1, 2, 2])
    assert contradicting_sets(members, np.array([0, 1, 1, 1, 1, -1]), 0.0).tolist() == [True, False, False]
    assert contradicting_sets(members, np.array([1.0, 3.0, 1.0, 1.5, 2.0, np.nan]), 1.0).tolist() == [
        True,
        False,
        False,
    ]


def test_a_class_is_known_from_0_and_a_number_where_it_is_finite():
    assert is_known(np.array([-1, 0, 2])).tolist() == [False, True, True]
    assert is_known(np.array([-1.0, np.nan, np.inf])).tolist() == [True, False, False]
