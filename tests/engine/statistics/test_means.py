"""Mean and standard error: by hand, by simulation, with groups, and and the effective number of grouped rows."""

import numpy as np
import pytest

from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import (
    clustered,
    effective_counts,
    mean_and_error,
    standard_error,
    summed_by_group,
)


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
    assert clustered(np.repeat(values, 2), groups) == (pytest.approx(alone[1]), 200)
    assert mean_and_error(np.repeat(values, 2))[1] < 0.75 * alone[1]


def test_the_interval_covers():
    draw = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        mean, error = mean_and_error(draw.normal(loc=0.3, size=60))
        hits += abs(mean - 0.3) <= half_width(error)
    assert 0.92 <= hits / 400 <= 0.98


def test_errors_along_an_axis_are_those_of_its_means():
    values = np.random.default_rng(2).normal(size=(7, 3))
    np.testing.assert_allclose(standard_error(values), [mean_and_error(column)[1] for column in values.T])
    np.testing.assert_allclose(standard_error(values.T, axis=1), standard_error(values))


@pytest.mark.parametrize("names", [["b", "a", "b"], [2, 1, 2], [1, "x", 1]])
def test_groups_may_be_named_by_numbers_and_words(names):
    groups = np.empty(3, dtype=object)
    groups[:] = names
    assert sorted(summed_by_group(np.array([1.0, 2.0, 4.0]), groups).tolist()) == [2.0, 5.0]


def test_rows_of_a_group_count_as_one_where_they_agree():
    wrong, groups = np.repeat([0.0, 1.0, 0.0, 0.0, 1.0], 4), np.repeat(np.arange(5), 4)
    errors, rows = effective_counts(wrong, groups)
    assert errors / rows == pytest.approx(0.4)
    assert 3.0 < rows < 6.0
    assert effective_counts(wrong) == (8.0, 20.0)


def test_rows_that_differ_within_groups_lose_nothing():
    assert effective_counts(np.tile([0.0, 1.0], 10), np.repeat(np.arange(10), 2)) == (10.0, 20.0)


def test_without_a_wrong_row_groups_count():
    assert effective_counts(np.zeros(12), np.repeat(np.arange(3), 4)) == (0.0, 3.0)
    assert effective_counts(np.zeros(0), np.zeros(0)) == (0.0, 0.0)
