"""Shifted rows are named where all of their cells fit one column aside, and odd cells alone are not."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data.readers import read_dataset
from samplewise.data.shifted_rows import shifted_rows


def people(rows=80):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "name": [f"Person{row:03d}" for row in range(rows)],
            "age": draw.integers(18, 80, rows).astype(str),
            "town": draw.choice(["Ulm", "Kiel", "Graz"], rows),
            "born": [f"19{row % 90 + 10}-0{row % 9 + 1}-15" for row in range(rows)],
            "pay": np.round(draw.normal(3000, 400, rows), 1).astype(str),
            "sick": draw.choice(["yes", "no"], rows),
        }
    )
    return frame.astype(object)


def moved(frame, row, first, side):
    cells = frame.iloc[row].tolist()
    cells = [*cells[:first], "", *cells[first:-1]] if side == "right" else [*cells[:first], *cells[first + 1 :], ""]
    frame.iloc[row] = cells


def found(frame):
    return [(row.position, row.moved, row.column) for row in shifted_rows(frame)]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_shifted_row_is_found_with_its_side_and_first_column(side, first):
    frame = people()
    moved(frame, 11, first, side)
    ((row, to, column),) = found(frame)
    assert (row, to) == (11, side)
    assert frame.columns.get_loc(column) <= first + 1


def test_the_cells_are_told_as_they_stood():
    frame = people()
    moved(frame, 4, 1, "right")
    (row,) = shifted_rows(frame)
    assert row.column == "age"
    assert dict(row.cells) == {"age": None} | frame.iloc[4, 2:].to_dict()


def test_one_word_among_numbers_is_enough_where_it_belongs_beside_them():
    frame = pd.DataFrame({"town": ["Ulm", "Kiel"] * 20, "age": list(range(40)), "pay": list(range(40))}, dtype=object)
    frame.iloc[3] = ["", "Kiel", 3]
    assert found(frame) == [(3, "right", "town")]
    frame.iloc[3] = ["", "unknown", 3]
    assert found(frame) == []


def test_odd_cells_of_rows_that_are_not_shifted_are_not_taken_for_it():
    frame = people()
    frame.loc[3, ["age", "pay"]] = "unknown"
    frame.loc[4, "town"] = "17"
    frame.loc[5, ["age", "town", "born"]] = ["Ulm", "31", "soon"]
    frame.loc[6] = frame.columns.tolist()
    frame.loc[7, ["age", "town", "born", "pay"]] = ""
    assert found(frame) == []


def test_mixed_columns_are_not_shifted_rows():
    frame = people()
    for row in range(0, 80, 8):
        moved(frame, row, 1, "right")
    assert found(frame) == []  # a tenth of the rows: the columns are mixed


def test_tables_of_numbers_and_small_ones_have_none():
    assert found(pd.DataFrame(np.random.default_rng(0).normal(size=(50, 4)))) == []
    frame = people(12)
    moved(frame, 3, 1, "right")
    assert found(frame) == []


def test_lines_are_those_of_the_file(tmp_path):
    frame = people()
    moved(frame, 9, 1, "left")
    path = tmp_path / "people.csv"
    path.write_text("# by hand\n# and more\n" + frame.to_csv(index=False))
    (row,) = shifted_rows(read_dataset(path).frame)
    assert path.read_text().splitlines()[row.line - 1].startswith("Person009")
