"""Cells that are unusual in their column: numbers far out, rare words, gaps."""

import numpy as np
import pytest

from samplewise.quality.unusual_cells import UsualCells


def test_a_zero_where_all_others_are_far_from_it_is_unusual():
    sizes = np.r_[np.random.default_rng(0).normal(5.7, 1.1, 500), 0.0, 0.0]
    surprise = UsualCells(sizes).surprise(np.array([0.0, 5.7, 7.5, 30.0]))
    assert (surprise > 0).tolist() == [True, False, False, True]
    assert surprise[3] > surprise[0]


def test_what_many_rows_hold_is_not_unusual_however_far_it_is():
    values = np.r_[np.random.default_rng(0).normal(size=500), np.full(20, 50.0)]
    assert UsualCells(values).surprise(np.array([50.0])).tolist() == [0.0]
    assert UsualCells(values[:502]).surprise(np.array([50.0]))[0] > 0


def test_a_column_of_one_value_in_most_rows_is_measured_by_its_spread():
    gains = np.r_[np.zeros(950), np.random.default_rng(0).uniform(1e3, 1.5e4, 45), np.full(5, 99_999.0)]
    assert (UsualCells(gains).surprise(np.array([0.0, 99_999.0])) > 0).tolist() == [False, True]
    assert UsualCells(np.ones(100)).surprise(np.array([1.0, 7.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("gaps", "unusual"), [(2, True), (200, False)])
def test_a_gap_is_unusual_where_hardly_any_row_has_one(gaps, unusual):
    values = np.r_[np.arange(800.0), np.full(gaps, np.nan)]
    assert (UsualCells(values).surprise(np.array([np.nan]))[0] > 0) == unusual


def test_words_are_unusual_where_few_rows_hold_one_as_rare():
    cuts = np.array(["Ideal"] * 300 + ["Good"] * 200 + ["idael"], dtype=object)
    assert (UsualCells(cuts).surprise(np.array(["Ideal", "Good", "idael", "new"], dtype=object)) > 0).tolist() == [
        False, False, True, True,
    ]  # fmt: skip
    names = np.array([f"name {place}" for place in range(300)], dtype=object)  # all are rare, so none is
    assert UsualCells(names).surprise(names[:3]).tolist() == [0.0, 0.0, 0.0]
