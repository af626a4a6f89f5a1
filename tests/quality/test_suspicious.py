"""Odd cells of a table: which rows, what they hold, what to write instead."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise import quality
from samplewise.core.errors import InputError
from samplewise.data import Dataset


def table(rows=120):
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "weight": np.round(draw.normal(70, 9, rows), 1),
            "age": draw.integers(18, 80, rows),
            "town": draw.choice(["Ulm", "Kiel", "Graz"], rows),
            "seen": pd.date_range("2020-01-01", periods=rows).astype(str),
        }
    )


def odd():
    frame = table()
    frame.loc[[3, 50], "weight"] = -999
    frame.loc[[4, 5], "town"] = "kiel "
    frame.loc[6, "town"] = "unknown"
    frame.loc[[7, 8], "seen"] = "1900-01-01"
    frame["code"] = pd.Series([f"w{row % 9}" if row % 4 == 0 else row % 5 for row in range(120)], dtype=object)
    return frame


def test_each_kind_with_rows_values_and_remedy():
    data = Dataset(odd(), ids=[f"r{row:03d}" for row in range(120)])
    found = quality.suspicious_cells(data)
    told = [(g.column, g.kind, g.ids.tolist()[:2], g.different[:1], g.remedy, g.suggested) for g in found.groups]
    assert told == [
        ("weight", "sentinel", ["r003", "r050"], [-999.0], "set to missing", None),
        ("town", "sentinel", ["r006"], ["unknown"], "set to missing", None),
        ("town", "spelling", ["r004", "r005"], ["kiel "], "merge", "Kiel"),
        ("seen", "sentinel", ["r007", "r008"], ["1900-01-01"], "set to missing", None),
        ("code", "mixed types", ["r000", "r004"], ["w0"], "convert", "number"),
    ]
    assert found.columns == ["weight", "town", "seen", "code"]
    assert "37 odd cells in 4 columns" in str(found)


def test_the_table_of_cells_is_what_to_change():
    frame = odd()
    cells = quality.suspicious_cells(frame).to_frame()
    for cell in cells[cells["remedy"] != "convert"].itertuples():
        assert frame.loc[cell.id, cell.column] == cell.value
        frame.loc[cell.id, cell.column] = cell.suggested
    frame["code"] = np.arange(120) % 5
    assert quality.suspicious_cells(frame).groups == ()


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, pd.DataFrame])
def test_nothing_where_nothing_is(kind):
    rows = kind(np.random.default_rng(0).integers(0, 9, (100, 4)).astype(float))
    found = quality.suspicious_cells(rows)
    assert (found.groups, found.columns, len(found.to_frame())) == ((), [], 0)
    assert "No cell" in str(found)
    assert quality.suspicious_cells(table()).groups == ()


def test_dates_booleans_categories_durations_and_gaps_are_read():
    frame = table().assign(
        day=pd.to_datetime(["1970-01-01"] * 3 + ["2024-05-05"] * 117),
        flag=np.arange(120) % 2 == 0,
        size=pd.Categorical(["L", "l", None] + ["L", "M", "S"] * 39),
        took=pd.to_timedelta(np.arange(120), unit="s"),
        visits=pd.array([None, 99, 99] + [1, 2, 3] * 39, dtype="Int64"),
    )
    found = quality.suspicious_cells(frame)
    assert [(g.column, g.kind, g.ids.tolist()) for g in found.groups] == [
        ("day", "sentinel", [0, 1, 2]), ("size", "spelling", [1]), ("visits", "sentinel", [1, 2]),
    ]  # fmt: skip


def test_a_code_of_one_column_counts_in_the_others():
    frame = table().assign(mark=np.arange(120) % 40 + 150)
    frame.loc[[1, 2, 3], "weight"] = -9
    frame.loc[7, "mark"] = -9
    assert quality.suspicious_cells(frame).columns == ["weight", "mark"]
    assert quality.suspicious_cells(frame.drop(columns="weight")).columns == []


def test_a_slipped_decimal_point_is_found():
    frame = table(300)
    frame["height"] = np.round(90 + frame["weight"] + np.random.default_rng(1).normal(size=300), 1)
    frame.loc[9, "weight"] = round(10 * frame.loc[9, "weight"], 1)
    found = quality.suspicious_cells(frame)
    (group,) = found.groups
    assert (group.column, group.kind, group.ids.tolist(), group.remedy) == ("weight", "tenfold", [9], "divide")
    assert group.suggested == 10.0
    assert "would be expected there, to which a tenth is nearer" in group.reason


def test_ids_and_few_rows_hold_no_codes():
    frame = table().assign(user_id=np.r_[np.arange(118), 998, 999])
    assert quality.suspicious_cells(frame).groups == ()
    assert quality.suspicious_cells(odd().head(15)).groups == ()


def test_images_are_refused():
    with pytest.raises(InputError, match="images have no columns"):
        quality.suspicious_cells(np.zeros((5, 8, 8), dtype=np.uint8))


def test_another_unit_and_codes_do_not_hide_each_other():
    frame = table(300)
    frame.loc[:39, "weight"] *= 10
    frame.loc[290:, "weight"] = 999
    sentinel, unit = quality.suspicious_cells(frame).groups
    assert (sentinel.kind, sentinel.ids.tolist()) == ("sentinel", list(range(290, 300)))
    assert (unit.kind, unit.remedy, unit.suggested, unit.ids.tolist()) == ("unit", "divide", 10.0, list(range(40)))
