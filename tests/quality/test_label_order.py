"""The order of a label in that of a column, and the share of rows on one straight line."""

import numpy as np
import pytest

from samplewise.quality.label_order import follows

DRAW = np.random.default_rng(0)


def test_any_rising_or_falling_function_has_the_order_of_the_label():
    label = DRAW.normal(size=200)
    assert follows(np.exp(label), label) == (pytest.approx(1.0), pytest.approx(0.0, abs=0.02))
    assert follows(-2.0 * label + 7.0, label) == (pytest.approx(1.0), 1.0)


def test_a_line_is_seen_through_a_few_wrong_rows():
    label = DRAW.lognormal(3.0, 0.5, 300)
    column = label / 16.0
    column[:6] = 0.1
    order, line = follows(column, label)
    assert line == pytest.approx(294 / 300)
    assert order < 0.98


def test_noise_is_no_line():
    label = DRAW.normal(size=300)
    order, line = follows(label + 0.05 * DRAW.normal(size=300), label)
    assert order > 0.98
    assert line < 0.05


def test_gaps_are_left_out_and_nothing_is_said_of_what_cannot_be_compared():
    label = DRAW.normal(size=100)
    column = np.where(np.arange(100) % 3 == 0, np.nan, 2.0 * label)
    assert follows(column, label) == (pytest.approx(1.0), 1.0)
    assert follows(None, label) == follows(column, None) == follows(column[:10], label[:10]) == (0.0, 0.0)
    assert follows(np.full(100, 3.0), label) == (0.0, 0.0)
