"""Mean and standard error of paired differences: by hand, by simulation, with groups."""

import numpy as np
import pytest

from samplewise.engine.refits.effects import half_width, mean_and_error


def test_by_hand():
    mean, error = mean_and_error(np.array([1.0, 2.0, 3.0, np.nan]))
    assert mean == 2.0
    assert error == pytest.approx(1.0 / np.sqrt(3))


def test_a_copied_row_is_no_new_observation():
    draw = np.random.default_rng(0)
    values = draw.normal(size=200)
    alone = mean_and_error(values)
    groups = np.repeat(np.array([f"g{number}" for number in range(200)], dtype=object), 2)
    doubled = mean_and_error(np.repeat(values, 2), groups)
    assert doubled == pytest.approx(alone)
    assert mean_and_error(np.repeat(values, 2))[1] < 0.75 * alone[1]


def test_the_interval_covers():
    draw = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        mean, error = mean_and_error(draw.normal(loc=0.3, size=60))
        hits += abs(mean - 0.3) <= half_width(error)
    assert 0.92 <= hits / 400 <= 0.98
