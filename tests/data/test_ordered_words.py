"""An order is named where every word is on a known scale, and never for names, letters or numbers."""

import pytest

from samplewise.data.ordered_words import MOST, order_of


@pytest.mark.parametrize(
    "ordered",
    [
        ("low", "medium", "high"),
        ("XS", "S", "M", "L", "XL", "XXL"),
        ("never", "sometimes", "often", "always"),
        ("strongly disagree", "disagree", "neutral", "agree", "Strongly_Agree"),
        ("poor", "fair", "good", "excellent"),
        ("Fair", "Good", "Very Good", "Premium", "Ideal"),
        ("Low income", "Lower middle income", "Upper middle income", "High income"),
        ("jan", "FEB", "dec"),
        ("<5", "5-10", ">10"),
        ("under 18", "18 to 24", "25 - 64", "65 and over"),
        ("lt $1000", "$1000 to 2999", "$20,000 - 24,999", "$25000 or more"),
        ("0-9", "10-19", "20+"),
        ("1st", "2nd", "10th"),
        ("I", "II", "IV"),
        ("Stage I", "Stage II", "Stage III"),
        ("level 1", "level 2", "level 10"),
    ],
)
def test_known_scales_are_ordered_from_low_to_high(ordered):
    assert order_of(reversed(ordered)) == ordered


@pytest.mark.parametrize(
    "words",
    [
        ("low", "high"),
        ("low", "medium", "red"),
        ("medium", "moderate", "low"),  # two words for one place
        ("A", "B", "C"),
        ("1", "2", "3"),
        ("Mon", "Tue", "Wed"),
        ("3-2", "1-0", "2-1"),
        ("2010-11", "2011-12", "2012-13"),
        ("0-10", "5-20", "20-30"),  # they overlap
        ("<5", ">5", "5"),
        ("v", "x", "i"),
        ("type 1", "type 2", "type 3"),
        tuple(f"level {place}" for place in range(MOST + 1)),
        (),
    ],
)
def test_what_has_no_order_that_everybody_knows_is_left_alone(words):
    assert order_of(words) == ()
