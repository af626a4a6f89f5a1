"""Copies with one changed cell: found where rows have enough cells, not in coarse tables, never by an id."""

import numpy as np
import pytest

from samplewise.quality.one_cell_apart import one_cell_apart


def table(levels: int, columns: int = 8, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(levels).integers(0, levels, (rows, columns)).astype(float)


def test_pairs_that_differ_in_one_cell_are_found():
    cells = table(100)
    cells[390:] = cells[:10]
    cells[390:395, 2] += 50
    left, right = one_cell_apart(cells, 8)
    assert sorted(zip(left.tolist(), right.tolist(), strict=True)) == [(row, 390 + row) for row in range(5)]


@pytest.mark.parametrize("levels", [2, 3, 4, 5])
def test_coarse_tables_explain_them(levels):
    assert not len(one_cell_apart(table(levels, 6), 6)[0])


def test_a_column_that_models_do_not_see_tells_rows_apart():
    cells = table(100)
    cells[390:] = cells[:10]
    cells[390:, 7] += 500
    assert len(one_cell_apart(cells, 8)[0]) == 10
    assert not len(one_cell_apart(cells, 7)[0])


def test_three_columns_are_too_few_and_very_many_are_left_alone():
    cells = table(10**6, 3)
    cells[399, :2] = cells[0, :2]
    assert not len(one_cell_apart(cells, 3)[0])
    wide = table(100, 80)
    wide[399] = wide[0]
    wide[399, 5] += 1
    assert not len(one_cell_apart(wide, 80)[0])
