"""How many rows of a series count as one."""

import numpy as np
import pytest

from samplewise.engine.statistics.autocorrelation import autocorrelation_time, best_step, without_line, without_step


def series(carried, rows=4000, seed=0):
    rng = np.random.default_rng(seed)
    values = np.zeros(rows)
    for row in range(1, rows):
        values[row] = carried * values[row - 1] + rng.normal()
    return values


@pytest.mark.parametrize("carried", [0.5, 0.8, 0.9])
def test_it_is_that_of_a_process_that_carries_a_share_over(carried):
    wanted = (1 + carried) / (1 - carried)
    assert 0.7 * wanted < autocorrelation_time(series(carried)) < 1.3 * wanted


def test_independent_rows_and_constants_count_one_each():
    assert autocorrelation_time(series(0.0)) < 1.2
    assert autocorrelation_time(np.ones(50)) == autocorrelation_time(np.arange(3.0)) == 1.0


def test_a_step_is_found_and_not_taken_for_a_slow_series():
    values = series(0.0, rows=400)
    values[150:] += 5.0
    assert best_step(values) == 150
    assert best_step(values, least=200) == 200
    assert autocorrelation_time(values) < 1.3
    assert np.abs(without_step(values)[150:].mean()) < 1e-9


def test_a_trend_is_not_taken_for_a_slow_series_either():
    line = 0.1 * np.arange(400.0)
    assert np.abs(without_line(line)).max() < 1e-9
    assert autocorrelation_time(series(0.0, rows=400) + line) < 1.3
