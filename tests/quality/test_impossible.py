"""Values that the name of their column forbids: named where hardly a row breaks the rule, else left alone."""

import numpy as np
import pytest

from samplewise.quality.impossible import impossible_values

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
