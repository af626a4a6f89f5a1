"""Skill in closed form, on all rows."""

import numpy as np
import pytest

from samplewise.labels.skills import class_skill, number_skill


def test_class_skill_is_zero_for_the_largest_class_and_one_for_all_right():
    codes = np.repeat([0, 1, 2], [50, 30, 20])
    assert class_skill(np.zeros(100, dtype=int), codes).value == 0.0
    assert class_skill(codes, codes).value == 1.0
    half = np.where(np.arange(100) < 75, codes, 0)  # 75 right of 100, where 50 is guessing
    found = class_skill(half, codes)
    assert found.value == pytest.approx((0.75 - 0.5) / 0.5)
    assert found.low < found.value < found.high


def test_number_skill_is_that_of_medians_and_bears_gross_errors():
    y = np.linspace(0.0, 100.0, 201)
    off = np.where(np.arange(201) % 2, 5.0, -5.0)
    found = number_skill(y + off, y, np.arange(201))
    assert found.value == pytest.approx(1.0 - 5.0 / 25.0)  # half of the labels are 25 or more away from 50
    assert found.low <= found.value <= found.high
    gross = y.copy()
    gross[::20] *= 10.0
    assert number_skill(y + off, gross, np.arange(201)).value > 0.7


def test_number_skill_of_labels_that_are_mostly_equal_is_nothing():
    y = np.r_[np.zeros(80), np.arange(20.0)]
    assert number_skill(y, y, np.arange(100)).value == 0.0


def test_the_order_of_rows_changes_nothing():
    draw = np.random.default_rng(0)
    y, ids = draw.normal(size=300), np.arange(300)
    f, order = y + 0.5 * draw.normal(size=300), draw.permutation(300)
    one, two = number_skill(f, y, ids), number_skill(f[order], y[order], ids[order])
    assert (one.low, one.value, one.high) == pytest.approx((two.low, two.value, two.high))
