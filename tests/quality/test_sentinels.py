"""Codes for missing values among numbers, words and dates: found, and not found where the value is a value."""

import numpy as np
import pytest

from samplewise.quality.sentinels import date_sentinels, number_sentinels, word_sentinels, written_as_codes

DRAW = np.random.default_rng(0)
AGES = DRAW.integers(15, 60, 300).astype(float)
BLOOD = np.round(DRAW.normal(120, 9, 300), 1)
CODES = np.arange(300) % 4.0
COUNTS = DRAW.poisson(1.5, 300).astype(float)
TEMPERATURES = np.round(DRAW.normal(5, 12, 300), 1)


def with_cells(values, code, count=6):
    changed = values.copy()
    changed[:: len(values) // count][:count] = code
    return changed


def found(values, name="", known=()):
    return sorted(code for item in number_sentinels(values, name, known) for code in item.values)


@pytest.mark.parametrize(
    ("values", "code"),
    [(AGES, 999), (AGES, 99.0), (AGES, -1), (AGES, -9), (BLOOD, 999.9), (BLOOD, -999), (TEMPERATURES, -9999),
     (TEMPERATURES, 99999), (CODES, 9), (CODES, 99), (CODES, -9), (BLOOD, 0), (BLOOD, -1)],
)  # fmt: skip
def test_a_repeated_code_apart_from_all_others_is_found(values, code):
    (item,) = number_sentinels(with_cells(values, code))
    assert item.values == (code,)
    assert "the others reach from" in item.reason


def test_codes_at_both_ends_and_of_one_family_are_found():
    values = with_cells(with_cells(with_cells(AGES, 998), 999, 5), -1, 4)
    assert found(values) == [-1, 998, 999]


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100.0),  # percentages up to 99
        np.r_[np.arange(90.0), 99, 99],  # far, but not apart
        with_cells(COUNTS, 9, 1),  # the tail of a count
        np.tile([-1.0, 0.0, 1.0], 50),  # three codes
        np.tile([0.0, 1.0], 50),
        np.tile([4.0, 5.0, 6.0, 8.0], 40),  # cylinders
        with_cells(AGES, 99, 1),  # one old person
        with_cells(DRAW.lognormal(3, 1.5, 300).round(1), 999, 1),  # the tail of a skewed quantity
        with_cells(AGES, 777.0),  # not written as a code
        np.where(np.arange(300) % 3, BLOOD, 0.0),  # many zeros: a quantity
        with_cells(DRAW.lognormal(3, 1, 300), 0.0),  # zeros at the end of a skewed quantity
        with_cells(TEMPERATURES, -9.0),  # one among values below zero
        np.full(30, np.nan),
        np.full(30, 999.0),
    ],
)
def test_values_are_left_alone(values):
    assert found(values) == []


def test_a_code_in_a_single_row_is_found_where_it_is_far_from_all_others():
    assert found(with_cells(AGES, 999, 1)) == [999]
    assert found(with_cells(AGES, -999, 1)) == [-999]  # the only value below zero
    assert found(with_cells(TEMPERATURES, -999, 1)) == [-999]
    assert found(with_cells(AGES, -9, 1)) == []  # a slip of the sign is as likely


def test_a_code_known_from_another_column_needs_one_row():
    once = with_cells(AGES, 99, 1)
    assert found(once) == []
    assert found(once, known={99.0}) == [99]
    assert found(np.arange(100.0), known={99.0}) == []


def test_zero_is_no_month_no_day_and_no_year():
    months = np.arange(300) % 13.0
    assert found(months, "start_month") == found(months, "Month") == [0]
    assert found(np.arange(320) % 32.0, "day") == [0]
    assert found(months, "months_employed") == found(np.arange(300) % 12.0, "month") == found(months, "size") == []
    assert found(with_cells(np.repeat(np.arange(1990.0, 2010), 15), 0, 100)) == [0]


def test_row_order_changes_nothing():
    values = with_cells(with_cells(AGES, 998), -1, 4)
    assert found(values) == found(np.random.default_rng(1).permutation(values))


def test_words_that_say_missing():
    assert word_sentinels(["Ulm", " unknown ", "N/A", "-", "  "]) == [" unknown ", "N/A", "-", "  "]
    assert word_sentinels(["12", "14", "?"]) == ["?"]
    assert word_sentinels(["none", "little", "much"]) == []
    assert word_sentinels(["none", "?", "much"]) == ["none", "?"]
    assert word_sentinels(["?", "unknown"]) == []
    assert word_sentinels(["DE", "DK", "NA", "FR"]) == []
    assert word_sentinels(["agree", "disagree", "DK"]) == ["DK"]
    assert word_sentinels(["agree", "disagree", "Dk"]) == []


def test_default_dates_far_from_all_others():
    dates, counts = ["1984-08-17", "1999-02-03", "1900-01-01", "31.12.9999"], np.array([1, 1, 3, 2])
    early, late = date_sentinels(dates, counts)
    assert (early.values, late.values) == (("1900-01-01",), ("31.12.9999",))
    assert "1984 to 1999" in early.reason
    assert date_sentinels(dates, np.array([1, 1, 1, 1])) == []
    assert date_sentinels(["1900-01-01", "1901-02-03", "1950-05-05"], np.array([3, 1, 1])) == []
    assert date_sentinels(["1970-01-01", "1970-01-02"], np.array([3, 1])) == []


def test_codes_are_told_by_how_they_are_written():
    assert written_as_codes(np.array([99, 999.9, 98, 9, 990, np.nan, 99])).tolist() == [1, 1, 0, 0, 0, 0, 1]
