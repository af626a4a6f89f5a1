"""Files are known by their endings; what is not read is refused with the line that converts it."""

import sys
from datetime import datetime

import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.readers import read_dataset
from samplewise.data.table_files import is_table_file, kind_of_file

FRAME = pd.DataFrame({"code": ["007", "010", "011", "012"], "age": [31, 40, 52, 28], "ill": ["yes", "no", "no", "yes"]})


def refused(match, source):
    with pytest.raises(InputError, match=f"(?s){match}"):
        read_dataset(source)


@pytest.mark.parametrize(("name", "call"), [("a.dta", "read_stata"), ("a.json", "read_json"), ("a.xls", "read_excel")])
def test_what_pandas_reads_is_refused_with_the_line_that_converts_it(tmp_path, name, call):
    (tmp_path / name).write_bytes(b"x")
    line = rf"pd\.{call}\('{name}'\)\.to_csv\('a\.csv', index=False\)"
    refused(rf"not known.*fix: +convert it: import pandas as pd; {line}", tmp_path / name)


@pytest.mark.parametrize("name", ["a.pkl", "a.h5"])
def test_the_line_that_converts_what_may_run_code_says_so(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    refused("not known.*only where you trust who made it: reading it may run code", tmp_path / name)


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.jsonl.gz", "t.jsonl.bz2", "t.jsonl.zip", "t.feather"])
def test_tables_of_other_kinds_read_as_the_same_rows(tmp_path, name):
    path = tmp_path / name
    if name.endswith("feather"):
        FRAME.to_feather(path)
    else:
        FRAME.to_json(path, orient="records", lines=True)
    reading = read_dataset(path, label="ill", id="code")
    assert is_table_file(path)
    assert reading.data.ids.tolist() == FRAME["code"].tolist()  # 007 stays text
    assert reading.data.X["age"].tolist() == FRAME["age"].tolist()
    assert reading.data.y.tolist() == FRAME["ill"].tolist()


@pytest.mark.parametrize("name", ["t.csv.bz2", "t.zip", "t.csv.zip"])
def test_compressed_text_is_read_by_its_ending(tmp_path, name):
    FRAME.to_csv(tmp_path / name, index=False)
    assert read_dataset(tmp_path / name, label="ill").data.X["age"].tolist() == FRAME["age"].tolist()


def test_damaged_tables_of_other_kinds_are_refused(tmp_path):
    (tmp_path / "t.jsonl").write_text("{'a': 1\n")
    refused(r"cannot be read as JSON lines.*t\.jsonl.*write it again", tmp_path / "t.jsonl")
    (tmp_path / "l.jsonl").write_text("[1, 2]\n")
    refused(r"cannot be read as JSON lines.*every line must be an object", tmp_path / "l.jsonl")
    (tmp_path / "e.jsonl").write_text("\n")
    refused(r"no rows.*0 lines", tmp_path / "e.jsonl")
    (tmp_path / "t.feather").write_bytes(b"x")
    refused(r"cannot be read as Feather", tmp_path / "t.feather")


def test_a_workbook_needs_openpyxl(tmp_path, monkeypatch):
    (tmp_path / "t.xlsx").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    refused(r"needs openpyxl.*pip install .samplewise\[tables\].*save the sheet as \.csv", tmp_path / "t.xlsx")


def test_the_first_sheet_of_a_workbook_is_read(tmp_path):
    pytest.importorskip("openpyxl", reason='reading .xlsx needs the extra "tables"')
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        FRAME.to_excel(book, sheet_name="rows", index=False)
        FRAME.to_excel(book, sheet_name="more", index=False)
    reading = read_dataset(tmp_path / "t.xlsx", label="ill")
    assert reading.data.X["age"].tolist() == FRAME["age"].tolist()
    assert "other sheets are not read: more" in reading.notes
    (tmp_path / "x.xlsx").write_bytes(b"x")
    refused("cannot be read as an Excel sheet", tmp_path / "x.xlsx")


def workbook(path, **sheets):
    openpyxl = pytest.importorskip("openpyxl", reason='reading .xlsx needs the extra "tables"')
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
        if lines and lines[0][1:] == [None] * (len(lines[0]) - 1):
            sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(lines[0]))
    book.save(path)
    return path


HEADER = ["when", "dose", "word", "ill"]
LINES = [[datetime(2024, 1, day), day / 4, f"w{day}", "yes" if day % 2 else "no"] for day in range(1, 13)]


@pytest.mark.parametrize(
    ("above", "note"),
    [
        ([], ""),
        ([["Ward 3", None, None, None]], "lines above the header are left out: Ward 3"),
        ([["Ward 3", None, None, None], []], "lines above the header are left out: Ward 3"),
        ([["time", None, "other", None]], "lines above the header are left out: time, other"),
    ],
)
def test_a_header_below_titles_and_merged_cells_is_found(tmp_path, above, note):
    reading = read_dataset(workbook(tmp_path / "t.xlsx", rows=[*above, HEADER, *LINES, []]), label="ill")
    assert reading.frame.columns.tolist() == HEADER
    assert reading.data.X["dose"].tolist() == [line[1] for line in LINES]
    assert {column.name: column.kind for column in reading.columns}["when"] == "date"
    assert f"row r is line r + {len(above) + 2} of the sheet 'rows'" in reading.notes
    assert note in " ".join(reading.notes)


def test_a_header_with_a_gap_above_lines_of_text_stays_the_header(tmp_path):
    lines = [[None, "b", "ill"], ["x", "y", "yes"], ["z", "w", "no"]]
    assert len(read_dataset(workbook(tmp_path / "t.xlsx", rows=lines), label="ill").data) == 2


def test_sheets_without_a_table_are_passed_over(tmp_path):
    path = workbook(tmp_path / "t.xlsx", cover=[["about this workbook"], ["by us"]], empty=[], rows=[HEADER, *LINES])
    reading = read_dataset(path, label="ill")
    assert len(reading.data) == 12
    assert "other sheets are not read: cover, empty" in reading.notes
    refused("(?s)no rows.*empty sheets", workbook(tmp_path / "e.xlsx", one=[], two=[]))


def test_a_file_is_of_the_kind_its_ending_says(tmp_path):
    kinds = {"a.csv": "csv", "a.CSV.GZ": "csv", "a.zip": "csv", "a.b.zip": "csv", "a.jsonl.bz2": "jsonl", "a": ""}
    assert {name: kind_of_file(tmp_path / name) for name in kinds} == kinds
    assert [is_table_file(tmp_path / name) for name in ("a.xlsx", "a.npz", "a.png")] == [True, False, False]
