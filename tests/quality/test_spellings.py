"""Spellings of one category: case, blanks, punctuation; signs that carry a meaning stay apart."""

import pytest

from samplewise.quality.spellings import spelling_key, spelling_variants


@pytest.mark.parametrize(
    ("one", "other"),
    [("male", "Male"), ("male", " male"), ("San Diego", "San  diego"), ("<=50K", "<=50K."), ("co-op", "Co_op"),
     ("\uff26ull", "full"), ("rain", "rain\u00a0")],
)  # fmt: skip
def test_one_category(one, other):
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("A+", "A-"), ("A", "A-"), ("C", "C++"), ("1.5", "15"), ("<=50K", ">50K"), ("1-2", "12"), ("5", "5."), ("ß", "s")],
)
def test_two_categories(one, other):
    assert spelling_key(one) != spelling_key(other)


def test_the_most_frequent_spelling_is_kept():
    words, counts = ["Rome", "rome", "ROME", "Paris", "paris", "Oslo"], [3, 40, 1, 2, 2, 9]
    assert spelling_variants(words, counts) == [("Paris", ("paris",)), ("rome", ("Rome", "ROME"))]
    assert spelling_variants(words[::-1], counts[::-1]) == spelling_variants(words, counts)


def test_short_codes_in_which_case_carries_the_meaning_are_left_alone():
    assert spelling_variants(["m", "f", "M"], [5, 9, 1]) == [("m", ("M",))]
    assert spelling_variants(["Aa", "AA", "aA", "b", "B", "c", "C"], [1] * 7) == []
