"""The one writer of CSV: no cell starts a formula, however a spreadsheet splits the line, and every text comes back."""

import csv
import io
import random

import pandas as pd
import pytest

from samplewise.core.csv_text import csv_text, frame_csv, guarded_cell, is_number, own_cells_csv, plain_cell

PIECES = [*"=+-@;\t\r\n'\" ,a5.u\\\x00\x1b\udcff\u202e\uff1d", "\\u001b", "udcff", "\\u000d", "cmd|' /C calc'!A0"]
NARROW = str.maketrans("\uff1d\uff0b\uff0d\uff20", "=+-@")


def texts(number: int) -> list[str]:
    draw = random.Random(0)
    return ["".join(draw.choices(PIECES, k=draw.randint(0, 9))) for _ in range(number)]


def cells_of(text: str, separator: str = ",", strict: bool = True) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict))


def starts_a_formula(cell: str) -> bool:
    bare = cell.strip().translate(NARROW)
    return bare[:1] in tuple("=+-@") and not is_number(bare.partition(",")[0])


def test_every_text_comes_back_and_keeps_its_line() -> None:
    wanted = texts(3000)
    found = cells_of(csv_text(["id", "next"], [[text, "end"] for text in wanted]))
    assert [[plain_cell(cell) for cell in row] for row in found[1:]] == [[text, "end"] for text in wanted]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_starts_a_formula_however_the_line_is_split(separator: str) -> None:
    made = csv_text(["id", "next"], [[text, "end"] for text in texts(3000)])
    loose = made.replace('"', "") if separator != "," else made  # the worst case: quotes at other places are dropped
    assert not [cell for row in cells_of(loose, separator, strict=False) for cell in row if starts_a_formula(cell)]


@pytest.mark.parametrize("number", ["-5", "+5", "-.5", "-1e-9", "0", "5."])
def test_numbers_stay_numbers(number: str) -> None:
    assert guarded_cell(number) == plain_cell(number) == number


@pytest.mark.parametrize("text", ["a-b", "it's", "C:\\users\\udo", "5 = 2 + 3", "x@y.z", "", "'quoted'"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert guarded_cell(text) == plain_cell(text) == text


def test_lines_end_with_line_feeds_and_nothing_is_written_for_none() -> None:
    assert csv_text(["a", "b"], [[1, None], [0.5, "x"]]) == "a,b\n1,\n0.5,x\n"


def test_text_that_is_no_utf8_can_be_encoded() -> None:
    assert csv_text(["id"], [["caf\udce9.png"]]).encode("utf-8") == b"id\ncaf\\udce9.png\n"


def test_a_frame_of_results_is_guarded_and_the_users_own_cells_are_not() -> None:
    frame = pd.DataFrame({"id": ["=1+1", "-5"], "weight": [0.5, float("nan")]})
    assert frame_csv(frame) == "id,weight\n'=1+1,0.5\n-5,\n"
    assert own_cells_csv(frame, ["id", ""], ";") == "id;\n=1+1;0.5\n-5;\n"
