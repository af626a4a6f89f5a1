"""A column in two units: found where the rows are apart and alike, and not where there are two kinds of things."""

import numpy as np
import pytest

from samplewise.quality.units_mixed import FACTORS, second_unit

DRAW = np.random.default_rng(0)
HEIGHTS = np.round(DRAW.normal(66, 3, 400))
WEIGHTS = np.round(DRAW.normal(70, 6, 400), 1)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("side", [1, -1])
def test_a_tenth_of_the_rows_in_another_unit(factor, side):
    values = WEIGHTS.copy()
    values[::10] *= factor**side
    values[1] = np.nan
    found = second_unit(values)
    assert found.factor == pytest.approx(factor**side)
    assert np.flatnonzero(found.rows).tolist() == list(range(0, 400, 10))
    assert found.ends == (np.nanmin(np.delete(WEIGHTS, np.s_[::10])), np.nanmax(np.delete(WEIGHTS, np.s_[::10])))


def test_whole_numbers_that_were_converted_and_rounded():
    values = HEIGHTS.copy()
    values[:60] = np.rint(values[:60] * 2.54)
    found = second_unit(values)
    assert (found.factor, int(found.rows.sum())) == (2.54, 60)


@pytest.mark.parametrize(
    "values",
    [
        WEIGHTS,
        np.where(np.arange(400) < 60, WEIGHTS * 6, WEIGHTS),  # no known factor
        np.where(np.arange(400) < 60, 700 + DRAW.normal(0, 5, 400), WEIGHTS),  # not alike: far too narrow
        np.where(np.arange(400) < 5, WEIGHTS * 10, WEIGHTS),  # too few
        np.where(np.arange(400) < 200, WEIGHTS * 10, WEIGHTS),  # two halves
        np.tile([1.0, 1, 1, 1, 1, 1, 1, 1, 1, 10], 40),  # two values
        DRAW.lognormal(3, 1.2, 400),
        np.r_[np.ones(12), np.tile(np.arange(2.0, 17.0), 40)],  # years of schooling
        np.r_[WEIGHTS[:10] * 10, np.tile(WEIGHTS, 8)],  # too few of all rows
        WEIGHTS - 70,
        np.full(40, np.nan),
        np.array([]),
        np.ones(50),
    ],
)
def test_one_unit(values):
    assert second_unit(values) is None
