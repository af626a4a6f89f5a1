"""Sums over groups and means over models."""

import numpy as np

from samplewise.influence.attribution.attribution_method import Additive, Mean, mean_of


class Fixed(Additive):
    """Effects that are given."""

    def __init__(self, values, ridge=1.0):
        self.values, self.ridge = values, ridge
        self.ids = np.array(list("abc"))

    def effects(self, queries, target):
        return self.values.copy(), np.array([7, 8])

    def self_influence(self):
        return self.values[0]


ONE, TWO = np.arange(6.0).reshape(2, 3), np.full((2, 3), 3.0)


def test_a_group_is_the_sum_of_its_rows():
    effect, query_ids = Fixed(ONE).group_effect(np.array([0, 2]), None, "margin")
    assert effect.tolist() == [2.0, 8.0]
    assert query_ids.tolist() == [7, 8]


def test_several_models_are_averaged():
    both = Mean([Fixed(ONE, 1.0), Fixed(TWO, 3.0)])
    values, query_ids = both.effects(None, "margin")
    np.testing.assert_array_equal(values, (ONE + TWO) / 2)
    assert query_ids.tolist() == [7, 8]
    assert both.ridge == 2.0
    assert both.ids.tolist() == ["a", "b", "c"]
    assert both.self_influence().tolist() == [1.5, 2.0, 2.5]
    again = Mean([Fixed(ONE), Fixed(TWO)])
    assert again.group_effect(np.array([0, 2]), None, "margin")[0].tolist() == [4.0, 7.0]


def test_a_mean_is_taken_of_matrices_made_one_at_a_time():
    np.testing.assert_array_equal(mean_of(iter([ONE.copy(), TWO.copy(), TWO.copy()])), (ONE + 2 * TWO) / 3)
    np.testing.assert_array_equal(mean_of([ONE]), ONE)
