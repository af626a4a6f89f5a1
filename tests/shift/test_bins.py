"""Columns cut into cells with names that read like conditions."""

import numpy as np
import pandas as pd
import pytest

from samplewise.shift.bins import cells_of


def test_every_row_has_a_cell_whose_condition_it_meets():
    draw = np.random.default_rng(0)
    values = np.round(draw.normal(40, 10, 500), 2)
    cells = cells_of("age", values, n_bins=5)
    assert len(cells.names) == 5
    assert not cells.values
    edges = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_array_equal(cells.codes, np.searchsorted(edges, values, side="right"))
    shown = [f"{edge:.4g}" for edge in edges]
    assert cells.names[1] == f"{shown[0]} <= age < {shown[1]}"
    assert cells.names[0].startswith("age < ")
    assert cells.names[-1].startswith("age >= ")


def test_values_are_numbers_by_size_and_words_by_name():
    assert cells_of("n", np.array([10, 9, 10])).names == ("n = 9", "n = 10")
    assert cells_of("w", pd.Series(["b", "a", "b"])).names == ("w = a", "w = b")
    assert cells_of("flag", np.array([True, False])).names == ("flag = False", "flag = True")


def test_missing_cells_stand_apart():
    cells = cells_of("age", np.array([20.0, np.nan, 30.0]))
    assert cells.names[cells.codes[1]] == "age missing"
    only = cells_of("age", np.array([np.nan, np.nan]))
    assert only.names == ("age missing",)
    assert only.codes.tolist() == [0, 0]


def test_rare_values_share_a_cell():
    words = np.array(["a"] * 5 + ["b"] * 4 + ["c", "d"])
    cells = cells_of("w", words, most=2)
    assert cells.names == ("w = a", "w = b", "w = other values")
    assert cells.codes[-2:].tolist() == [2, 2]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_the_order_of_the_rows_changes_no_name(order):
    values = np.array(["x", "y", "z", "y"])[order]
    cells = cells_of("w", values)
    assert cells.names == ("w = x", "w = y", "w = z")
    assert [cells.names[code] for code in cells.codes] == [f"w = {value}" for value in values]


def test_edges_of_large_numbers_are_written_out():
    names = cells_of("zip", np.arange(98_001.0, 98_200.0)).names
    assert names[0].startswith("zip < 980")
    assert not any("e+" in name for name in names)
