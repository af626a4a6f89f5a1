"""Numbers that stand as text, and names that differ only in how they are written."""

import numpy as np
import pytest

from samplewise.data.label_values import class_key, merged_spellings, numbers_in_text, numbers_of_values


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234.50", "12", "-3"], [1234.5, 12, -3]),
        (["€ 1.234,50", "7,5 €"], [1234.5, 7.5]),
        (["8.442", "70,3"], [8442, 70.3]),  # the comma is a decimal mark, so the point is none
        (["8.442", "70.3"], [8.442, 70.3]),
        (["1.234.567"], [1234567]),
        (["12.3 %", "(4)", "\N{MINUS SIGN}5", "120+", "1e3"], [12.3, -4, -5, 120, 1000]),
        (["60 kg", "61.5kg", "58"], [60, 61.5, 58]),
        (["60 kg", "130 lb"], [np.nan, np.nan]),
        (["007", "123"], [np.nan, np.nan]),
        (["0", "0.5", ".5"], [0, 0.5, 0.5]),
        (["1-2", "<5", "2024-01-31", "12:30", "(5", "x", ""], [np.nan] * 7),
    ],
)
def test_numbers_are_read_as_they_are_written(texts, numbers):
    np.testing.assert_array_equal(numbers_in_text(texts), numbers)


def test_few_words_may_stand_among_many_numbers():
    texts = np.array([f"{number}" for number in range(20)] + ["n.a.", "-"])
    numbers = numbers_of_values(texts, np.ones(22, dtype=int))
    assert np.flatnonzero(np.isnan(numbers)).tolist() == [20, 21]
    assert numbers_of_values(texts[10:], np.ones(12, dtype=int)) is None  # ten numbers may be names of classes
    assert numbers_of_values(texts, np.r_[np.ones(20, dtype=int), 50, 50]) is None
    assert numbers_of_values(np.array([True, False]), np.ones(2, dtype=int)) is None
    assert numbers_of_values(np.array([1, 2]), np.ones(2, dtype=int)).tolist() == [1.0, 2.0]


def test_a_class_is_called_the_same_whatever_its_case_blanks_and_stops():
    assert len({class_key(name) for name in ("New York", " new  york", "NEW_YORK.", "New-York", "'New York'")}) == 1
    assert len({class_key(name) for name in ("<5", ">5", "+1", "-1", "a", "A", "C", "C++", "1-2", "12")}) == 10
    assert class_key(1) == class_key("1") == class_key(1.0)


def test_the_commonest_spelling_stands_for_the_others():
    places, spellings = merged_spellings(np.array(["No", "Yes", "no"]), np.array([2, 3, 5]))
    assert places.tolist() == [2, 1, 2]
    assert spellings == (("no", "No"),)
    assert merged_spellings(np.array([1, 2]), np.array([1, 1]))[1] == ()
