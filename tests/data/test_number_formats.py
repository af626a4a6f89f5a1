"""Numbers as people write them."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.number_formats import (
    as_float,
    cells_of,
    clear_decimal,
    is_doubtful,
    read_numbers,
    require_decimal,
    words_text,
)

READ = {
    "thousands": (["1,234.50", "12.00", "999.99"], [1234.5, 12, 999.99]),
    "euro": (["€ 1.234,50", "€ 3,20"], [1234.5, 3.2]),
    "dollar": (["$355.78", "-$6,810.11"], [355.78, -6810.11]),
    "percent": (["12.3 %", "4 %"], [12.3, 4]),
    "unit": (["60 kg", "71.5 kg"], [60, 71.5]),
    "open_ended": (["52", "67.5", "90", "120+"], [52, 67.5, 90, 120]),
    "minus": (["\u22120.623", "1.2"], [-0.623, 1.2]),
    "accounting": (["(12.5)", "3.4"], [-12.5, 3.4]),
    "behind": (["5-", "7"], [-5, 7]),
    "spaces": (["1 234 567", "12"], [1234567, 12]),
    "narrow_spaces": (["1\u202f234,5", "12,5"], [1234.5, 12.5]),
    "swiss": (["1'234.5", "2"], [1234.5, 2]),
    "indian": (["12,34,567", "1"], [1234567, 1]),
    "powers": (["1e-5", "2e3"], [1e-5, 2000]),
    "scales": (["1.2M", "3K", "55"], [1.2e6, 3000, 55]),
    "bare": ([".5", "5."], [0.5, 5]),
    "decimal_comma": (["0,123", "1,5"], [0.123, 1.5]),
}
NO_NUMBERS = {
    "seats": ["12A", "13B", "14C"],
    "rows_of_seats": ["12A", "13A"],
    "leading_zeros": ["007", "012", "123"],
    "addresses": ["192.168.1.1", "10.0.0.1"],
    "dates": ["2024-01-31", "2023-01-01"],
    "local_dates": ["31.01.2024", "1.2.2024"],
    "ranks": ["1st", "2nd", "3rd"],
    "telephones": ["+49 30 123456", "555-1234"],
    "incomes": ["<=50K", ">50K"],
    "mixed_units": ["60 kg", "132 lb", "70 kg"],
    "six_words": [*"abcdef", *map(str, range(90))],
    "mostly_words": ["a", "b", "1"],
    "grades": ["1", "2", "3", "A"],
    "telephones_in_groups": ["555 123 456", "555 234 567"],
    "networks": ["192.168.100.101", "192.168.100.102"],
    "nothing": [],
}


@pytest.mark.parametrize("case", READ)
def test_what_people_write_is_read(case):
    cells, values = READ[case]
    np.testing.assert_allclose(read_numbers(cells).values, values)
    assert read_numbers(cells).words == ()


@pytest.mark.parametrize("case", NO_NUMBERS)
def test_what_only_looks_like_a_number_is_none(case):
    assert read_numbers(NO_NUMBERS[case]) is None


def test_up_to_five_words_remain_and_are_named():
    read = read_numbers(["n.d.", "-", "1", "2", "3.5", *"456789"])
    assert read.words == ("n.d.", "-")
    np.testing.assert_array_equal(read.values[:5], [np.nan, np.nan, 1, 2, 3.5])


def test_a_cell_that_has_two_readings_takes_the_sign_that_is_known():
    cells = ["8.442", "85"]
    assert read_numbers(cells).values.tolist() == [8.442, 85]
    assert read_numbers(cells, ",").values.tolist() == [8442, 85]
    assert read_numbers(cells, None, ",").values.tolist() == [8442, 85]
    assert read_numbers(["8.442", "8,5"]).values.tolist() == [8442, 8.5]
    assert (read_numbers(cells).ambiguous, read_numbers(["8.4", "85"]).ambiguous) == ("8.442", "")


def test_what_was_understood_is_said():
    marks = read_numbers(["€ 1.234,50", "€ 3,20"]).marks
    assert marks == ("decimal commas", "thousands marks ('.')", "'€' before the digits")


def test_the_sign_is_what_most_cells_allow():
    assert clear_decimal(["1.234,5", "17", "2.000,0"]) == ","
    assert clear_decimal(["1,234.5", "1.5", "2,5"]) == "."
    assert clear_decimal(["1.234", "1,234"]) == ""


def test_marks_that_do_not_stand_at_thousands_are_no_marks():
    assert as_float("1.234,5", ",") == 1234.5
    assert np.isnan([as_float("12.34", ","), as_float("1,2,3", "."), as_float("1234,567", ".")]).all()


def test_words_are_listed_by_their_cells():
    assert words_text(["x", "-"], [2, 5000]) == "'-' (5,000 cells), 'x' (2 cells)"


def test_cells_of_every_type_are_text():
    assert cells_of(np.array([1, 2.5, "x", True], dtype=object)) == ["1", "2.5", "x", "True"]


def test_there_are_two_decimal_signs():
    require_decimal(None)
    with pytest.raises(InputError, match="decimal sign"):
        require_decimal(";")


def test_many_commas_before_three_digits_are_thousands_without_a_doubt():
    cells = [f"{number:,}" for number in range(1080, 1090)]
    assert read_numbers(cells).ambiguous == ""
    assert read_numbers(cells[:9]).ambiguous == "1,080"
    assert is_doubtful(cells, ",")
    assert is_doubtful([cell.replace(",", ".") for cell in cells], ".")
