"""Values that the name of their column forbids: named where hardly a row breaks the rule, else left alone."""

import numpy as np
import pytest

from samplewise.quality.impossible import impossible_dates, impossible_values

DRAW = np.random.default_rng(0)
AGES = DRAW.integers(18, 80, 300).astype(float)
SHARES = DRAW.uniform(0, 100, 300)
MONTHS = np.arange(300) % 12 + 1.0


def with_cells(values, value, rows=1):
    changed = values.copy()
    changed[5 : 5 + rows] = value
    return changed


@pytest.mark.parametrize(
    ("values", "name", "reason"),
    [
        (with_cells(AGES, -4), "age", "below zero"),
        (with_cells(AGES, -40, 2), "height_cm", "below zero"),
        (with_cells(SHARES, 118), "grad_percent", "100"),
        (with_cells(MONTHS, 13), "start_month", "1 to 12"),
        (with_cells(DRAW.integers(0, 24, 300).astype(float), 31), "hour", "24"),
    ],
)
def test_what_the_name_forbids_is_named(values, name, reason):
    found = impossible_values(values, name)
    assert np.flatnonzero(found.cells).tolist() == list(range(5, 5 + found.cells.sum()))
    assert reason in found.reason


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (AGES, "age"),
        (with_cells(AGES, -4), "x"),
        (with_cells(AGES, -4), "wage"),  # an age within a word
        (with_cells(AGES, -4), "weight_change"),
        (with_cells(AGES, -4, 20), "age"),  # a twentieth of the rows: no mistake
        (with_cells(SHARES, 118, 30), "percent"),
        (SHARES / 100, "percent"),
        (with_cells(MONTHS, 18), "months_employed"),
        (with_cells(AGES, -4)[:30], "age"),
        (np.full(300, np.nan), "age"),
    ],
)
def test_what_may_be_is_left_alone(values, name):
    assert impossible_values(values, name) is None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2021-02-30", "there is no such day"),
        ("31/11/2019", "there is no such day"),
        ("2020-13-13", "there is no such day"),
        ("2201-05-01", "the other dates are of 2015 to 2019"),
        ("9999-12-31", "the other dates are of 2015 to 2019"),
        ("2051-01-01", "the other dates are of 2015 to 2019"),
    ],
)
def test_dates_that_cannot_be_are_told_with_the_reason(written, reason):
    dates = [f"20{year}-{month:02d}-11" for year in range(15, 20) for month in range(1, 13)]
    counts = np.full(len(dates) + 1, 3)
    counts[7] = 1
    assert impossible_dates([*dates[:7], written, *dates[7:]], counts) == [((written,), reason)]


@pytest.mark.parametrize("more", ["2024-06-01", "1950-01-01", "2020-02-29", "soon", ""])
def test_dates_that_may_be_are_left_alone(more):
    dates = [f"20{year}-{month:02d}-11" for year in range(15, 20) for month in range(1, 13)]
    assert impossible_dates([*dates, more], np.ones(len(dates) + 1, dtype=int)) == []


def test_far_dates_that_many_rows_have_are_plans():
    counts = np.array([50, 50, 10])
    assert impossible_dates(["2019-01-01", "2020-01-01", "2060-01-01"], counts) == []
    assert impossible_dates([], np.zeros(0, dtype=int)) == []
    assert impossible_dates(["2019-01-01"], np.array([5])) == []


def test_a_year_of_the_future_is_impossible_and_a_count_of_years_is_none():
    years = np.r_[np.arange(1950.0, 2020.0), 2201.0]
    assert impossible_values(years, "year").cells.sum() == 1
    assert impossible_values(np.r_[np.arange(0.0, 70.0), 2201.0], "year") is None
