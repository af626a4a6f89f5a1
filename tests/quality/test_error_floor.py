"""The least error of any model that sees equal rows as one, beside what can be worked out by hand."""

import numpy as np
import pytest

from samplewise.data.targets import describe_target
from samplewise.quality.error_floor import error_floor, outvoted_rows


def of_labels(y, task="classification"):
    return describe_target(np.asarray(y), task=task)


def test_the_outvoted_rows_of_every_group_are_missed():
    groups = np.array([0, 0, 0, 1, 1, 2])
    assert outvoted_rows(groups, np.array([1, 1, 0, 0, 2, 5])).tolist() == [0, 0, 1, 0, 1, 0]
    floor = error_floor(groups, of_labels(["b", "b", "a", "a", "b", "a"]))
    assert floor.value == pytest.approx(2 / 6)
    assert floor.low < floor.value < floor.high
    assert floor.unit == "share of rows"


def test_no_equal_rows_no_floor():
    floor = error_floor(np.arange(50), of_labels(np.arange(50) % 2))
    assert floor.value == floor.low == 0.0


def test_numbers_err_by_their_distance_to_the_median_of_their_group():
    floor = error_floor(np.array([0, 0, 0, 1, 1, 2]), of_labels([1.0, 2.0, 9.0, 4.0, 6.0, 3.5], "regression"))
    assert floor.value == pytest.approx((1 + 0 + 7 + 1 + 1) / 6)
    assert floor.low >= 0.0


def test_it_is_a_lower_bound_of_the_best_error_on_new_rows():
    values = []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        groups = np.repeat(np.arange(60), 3)
        y = (draw.random(180) < 0.3).astype(int)
        floor = error_floor(groups, of_labels(y))
        values.append(floor.value)
        assert floor.low <= 0.3
    assert 0.15 < np.mean(values) < 0.3  # majorities of three fit themselves


def test_rows_of_a_group_are_one_observation():
    y = np.r_[np.arange(100) % 2, np.zeros(100, dtype=int)]
    few, many = np.repeat([0, 1], 100), np.arange(200) // 2
    assert error_floor(few, of_labels(y)).value == error_floor(many, of_labels(y)).value == 0.25
    wide, narrow = error_floor(few, of_labels(y)), error_floor(many, of_labels(y))
    assert wide.high - wide.low > narrow.high - narrow.low
