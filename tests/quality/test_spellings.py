"""Spellings of one category: case, blanks, punctuation; signs that carry a meaning stay apart."""

from samplewise.quality.spellings import spelling_variants


def test_the_most_frequent_spelling_is_kept():
    words, counts = ["Rome", "rome", "ROME", "Paris", "paris", "Oslo"], [3, 40, 1, 2, 2, 9]
    assert spelling_variants(words, counts) == [("Paris", ("paris",)), ("rome", ("Rome", "ROME"))]
    assert spelling_variants(words[::-1], counts[::-1]) == spelling_variants(words, counts)


def test_short_codes_in_which_case_carries_the_meaning_are_left_alone():
    assert spelling_variants(["m", "f", "M"], [5, 9, 1]) == [("m", ("M",))]
    assert spelling_variants(["Aa", "AA", "aA", "b", "B", "c", "C"], [1] * 7) == []
