"""Columns compared one at a time."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.columns import describe_columns
from samplewise.shift.column_drift import ComparedColumn, compared_columns, most_telling, unseen_values
from samplewise.shift.domain_classifier import Sides


def sides(first, second, groups=1):
    count = first + second
    return Sides(
        np.arange(count) >= first, np.arange(count) % 2 == 0, np.arange(count) % groups == 0, np.arange(count), 0
    )


def test_numbers_are_cut_into_equal_parts_and_rare_values_share_a_cell():
    column = ComparedColumn.of_numbers("x", np.r_[np.arange(400.0), np.nan])
    cells = column.cells()
    assert np.bincount(cells).tolist() == [20] * 20 + [1]
    many = ComparedColumn("c", np.r_[np.repeat(np.arange(254), 2), np.arange(254, 300)], ("",) * 300, None)
    assert len(set(many.cells()[508:])) == 1


def test_the_column_that_moved_comes_first_with_its_overlap_and_its_shift():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"still": rng.normal(size=800), "moved": rng.normal(size=800)})
    frame.loc[400:, "moved"] += 2.0
    columns = compared_columns(frame, describe_columns(frame))
    found = most_telling(columns, sides(400, 400), 0)
    assert found.index.tolist() == ["moved", "still"]
    assert found["p_value"]["moved"] < 1e-6 < 0.05 < found["p_value"]["still"]
    assert found["moved"]["moved"] == pytest.approx(2.0, abs=0.6)
    assert found["overlap"]["moved"] < 0.5 < found["overlap"]["still"]
    assert found["auc"]["moved"] > 0.85


def test_values_only_the_second_side_has_are_named_with_the_chance_of_it():
    number = ComparedColumn.of_numbers("x", np.r_[np.arange(50.0), np.arange(45.0), 90.0, 91.0, 92.0, 93.0, 94.0])
    word = ComparedColumn("c", np.r_[np.zeros(50, int), np.zeros(40, int), np.ones(10, int)], ("c = a", "c = b"), None)
    gap = ComparedColumn("g", np.r_[np.zeros(99, int), -1], ("g = a",), None)
    found = unseen_values([number, word, gap], sides(50, 50)).set_index("what")
    assert found["rows"].to_dict() == {"c = b": 10, "x > 49": 5, "g missing": 1}
    tests = 3 + 3 + 2  # a number has two ends and gaps; the others their values and gaps
    assert found["p_value"]["c = b"] == pytest.approx(tests * np.prod((50 - np.arange(10)) / (100 - np.arange(10))))
    assert found["p_value"]["g missing"] == 1.0
    assert not len(unseen_values([ComparedColumn.of_numbers("x", np.zeros(100))], sides(50, 50)))
