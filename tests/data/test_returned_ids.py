"""An id that a spreadsheet changed names its row, or none; never another."""

import numpy as np
import pytest

from samplewise.data.returned_ids import ReturnedId, rows_named

LONG = ["1234567890123456", "1234567890123450", "2000000000000001", "77"]


@pytest.mark.parametrize(
    ("text", "ids", "rows"),
    [
        ("007", ["007", "7"], ("007",)),  # a list with zeros was not changed
        ("7", ["007", "8"], ("007",)),
        ("7", ["007", "7"], ("7", "007")),
        ("7.0", [7, 8], (7,)),
        ("1,234", [1234, 8], (1234,)),
        ("1.234", [1234, 8], (1234,)),
        ("1.23E+15", LONG, ("1234567890123456", "1234567890123450")),
        ("2E+15", LONG, ("2000000000000001",)),
        ("2,00E+15", LONG, ("2000000000000001",)),
        ("1234567890123456", LONG, ("1234567890123456",)),
        ("1234567890123450", LONG, ("1234567890123450", "1234567890123456")),
        ("2000000000000000", LONG, ("2000000000000001",)),
        ("1-Mar", ["MAR1", "x"], ("MAR1",)),
        ("1-Mar", ["MAR1", "1-Mar"], ("1-Mar", "MAR1")),
        ("MAR1", ["MAR1", "1-Mar"], ("MAR1",)),
        ("2-Jan", ["1-2", "x"], ("1-2",)),
        ("02.01.2026", ["1-2", "x"], ()),
        ("1.1", ["1.10", "1.1"], ("1.1", "1.10")),
        ("100000", ["1E5", "100000"], ("100000", "1E5")),
        (" b", ["a", "b"], ("b",)),
        ("c", ["a", "b"], ()),
        ("B", ["a", "b"], ()),
    ],
)
def test_a_text_names_its_row_or_says_that_it_may_be_several(text, ids, rows):
    (found,) = rows_named([text], np.array(ids))
    assert set(found) == set(rows)
    assert len(found) == len(rows)


def test_an_id_with_its_zeros_shows_that_the_others_have_theirs():
    assert rows_named(["7", "007"], np.array(["007", "7"])) == [("7",), ("007",)]


def test_an_id_of_a_list_is_a_text():
    assert ReturnedId("7") == "7"
