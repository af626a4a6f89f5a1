"""Cleanings change the cells they name, in rows of every form, and leave what they were given as it was."""

import numpy as np
import pandas as pd
import pytest

from samplewise.engine.refits.cell_edits import CellEdit, CellStep, ColumnEdit

MISSING = CellStep("set to missing", (-999.0,))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "Int64"])
def test_codes_become_missing_whatever_numbers_hold_them(dtype):
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "w": pd.Series([70, -999, 65]).astype(dtype)})
    cleaned = ColumnEdit(1, (MISSING,)).carried_out(frame)
    assert cleaned["w"].isna().tolist() == [False, True, False]
    assert cleaned["w"].dropna().tolist() == [70, 65]
    assert frame["w"].tolist() == [70, -999, 65]
    if dtype != "Int64":
        array = ColumnEdit(1, (MISSING,)).carried_out(frame.to_numpy())
        np.testing.assert_array_equal(array, cleaned.to_numpy(dtype=float))


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_spellings_become_one_and_words_missing(dtype):
    town = pd.Series(["Ulm", "ulm", "?", "Kiel", " ulm", None], dtype=object).astype(dtype)
    steps = (CellStep("merge", ("ulm", " ulm"), into="Ulm"), CellStep("set to missing", ("?",)))
    cleaned = ColumnEdit(0, steps).carried_out(pd.DataFrame({"town": town}))["town"]
    assert cleaned.dtype == town.dtype
    assert cleaned.isna().tolist() == [False, False, True, False, False, True]
    assert cleaned.dropna().tolist() == ["Ulm", "Ulm", "Kiel", "Ulm"]


def test_what_lies_beyond_a_limit_is_divided_but_not_codes():
    X = np.array([[1, 1700], [2, 180], [3, 9999], [4, 1650]])
    edit = ColumnEdit(1, (CellStep("divide", limits=(-np.inf, 500.0), but=(9999.0,), factor=10.0),))
    np.testing.assert_array_equal(edit.carried_out(X)[:, 1], [170.0, 180.0, 9999.0, 165.0])
    assert edit.changed(X).tolist() == [True, False, False, True]
    assert X[0, 1] == 1700


def test_gaps_are_in_no_unit():
    column = np.array([[np.nan], [400.0]])
    edit = ColumnEdit(0, (CellStep("divide", limits=(-np.inf, 100.0), factor=10.0),))
    np.testing.assert_array_equal(edit.carried_out(column), [[np.nan], [40.0]])


def test_a_cell_follows_the_first_step_that_names_it():
    first, second = ColumnEdit(0, (MISSING, CellStep("divide", limits=(0.0, np.inf), factor=10.0))).cells(
        np.array([[-999.0], [-5.0], [3.0]])
    )
    assert first.tolist() == [True, False, False]
    assert second.tolist() == [False, True, False]


def test_without_steps_nothing_changes():
    X = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(ColumnEdit(1).carried_out(X), X)
    assert not ColumnEdit(1).changed(X).any()


def test_random_cells_are_as_many_in_the_same_column_and_follow_the_ids():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(200, 3))
    X[:30, 1] = -999
    ids, edit = np.arange(200), ColumnEdit(1, (MISSING,))
    random = edit.at_random(X, ids, 4)
    assert np.isnan(random).sum(axis=0).tolist() == [0, 30, 0]
    assert 0 < np.isnan(random[:30, 1]).sum() < 15  # 4.5 of them by chance
    order = draw.permutation(200)
    np.testing.assert_array_equal(edit.at_random(X[order], ids[order], 4), random[order])
    assert not np.array_equal(np.isnan(edit.at_random(X, ids, 5)), np.isnan(random))
    steps = (MISSING, CellStep("divide", limits=(-np.inf, 0.0), factor=2.0))
    several = ColumnEdit(1, steps).at_random(X, ids, 4)
    positive = int((X[:, 1] > 0).sum())
    assert np.isnan(several[:, 1]).sum() == 30
    assert (~np.isnan(several[:, 1]) & (several[:, 1] != X[:, 1])).sum() == positive


def test_several_columns_are_changed_together_and_at_random_each_for_itself():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(200, 3))
    X[:30, 1], X[20:60, 2] = -999, -999
    edit = CellEdit((ColumnEdit(1, (MISSING,)), ColumnEdit(2, (MISSING,))))
    assert np.flatnonzero(edit.changed(X)).tolist() == list(range(60))
    np.testing.assert_array_equal(np.isnan(edit.carried_out(X)), X == -999)
    random = np.isnan(edit.at_random(X, np.arange(200), 4))
    assert random.sum(axis=0).tolist() == [0, 30, 40]
    assert (random[:, 1] & random[:, 2]).sum() < 15  # 6 of them by chance: not the same rows
    assert edit.name_of(edit.carried_out(X)) != edit.name_of(X)
    assert len(edit.steps) == 2


def test_names_follow_the_content_of_the_column():
    X, edit = np.array([[1.0, -999.0], [2.0, 3.0]]), ColumnEdit(1, (MISSING,))
    assert edit.name_of(edit.carried_out(X)) == edit.name_of(edit.carried_out(X.copy()))
    assert edit.name_of(edit.carried_out(X)) != edit.name_of(X)
