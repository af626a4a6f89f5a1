"""What a spreadsheet makes of a value is that value again, and of no other."""

import numpy as np
import pytest

from samplewise.data.written_values import decimal_of, number_in, number_readings, significant_digits, stands_for


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("True", True), ("WAHR", True), ("FAUX", False), ("falso", "False"), ("3", 3), ("3,0", 3), ("0,25", 0.25),
        ("0.333333", 1 / 3), ("0,333333", 1 / 3), ("1.23E+15", 1234567890123456), ("1,23457E+15", 1234567890123456),
        ("1.234.567", 1234567), ("1,234,567", 1234567), ("1", "01"), (" cat ", "cat"), ("-5", -5.0),
    ],
)  # fmt: skip
def test_a_value_is_known_again(text, value):
    assert stands_for(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("WAHR", False), ("dog", "cat"), ("Cat", "cat"), ("3", 4), ("0.33", 0.34), ("1.2E+15", 1234567890123456),
        ("cat", np.nan), ("1", "yes"), ("", "cat"), ("1", None), ("x", 1.0),
    ],
)  # fmt: skip
def test_another_is_not(text, value):
    assert not stands_for(text, value)


def test_digits_that_are_not_shown_count_where_they_must():
    assert stands_for("0.333", 1 / 3)
    assert not stands_for("0.333", 1 / 3, rounded=False)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("1,5", 1.5), ("1,234", None), ("1.234", 1.234), ("12,5E+2", 1250.0), ("a", None), ("1,2,3", None)],
)
def test_only_what_has_one_reading_is_a_number(text, number):
    assert number_in(text) == number
    assert number_readings("1,234") == {1.234, 1234.0}


def test_digits_and_exact_numbers():
    assert significant_digits("007.50") == 3
    assert str(decimal_of("12345678901234567890")) == "12345678901234567890"
    assert decimal_of("1,5") is None
