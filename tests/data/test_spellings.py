"""Names that differ only in how they are written."""

import pytest

from samplewise.data.spellings import class_key, spelling_key


@pytest.mark.parametrize(
    ("one", "other"),
    [("male", "Male"), ("male", " male"), ("San Diego", "San  diego"), ("<=50K", "<=50K."), ("co-op", "Co_op"),
     ("\uff26ull", "full"), ("rain", "rain\u00a0"), ("'red'", "red"), ("A", "a")],
)  # fmt: skip
def test_one_category(one, other):
    assert spelling_key(one) == spelling_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A+", "A-"),
        ("A", "A-"),
        ("C", "C++"),
        ("1.5", "15"),
        ("<=50K", ">50K"),
        ("1-2", "12"),
        ("5", "5."),
        ("ß", "s"),
        ("a", "a'"),
    ],
)
def test_two_categories(one, other):
    assert spelling_key(one) != spelling_key(other)
    assert class_key(one) != class_key(other)


def test_a_class_is_called_the_same_whatever_its_case_blanks_and_stops():
    assert len({class_key(name) for name in ("New York", " new  york", "NEW_YORK.", "New-York", "'New York'")}) == 1
    assert len({class_key(name) for name in ("<5", ">5", "+1", "-1", "a", "A", "C", "C++", "1-2", "12")}) == 10
    assert class_key(1) == class_key("1") == class_key(1.0)
    assert class_key(" ") == " "  # a blank is a name too
