"""Numbers, ids and durations are written the way a careful person writes them."""

import math

import pytest

from samplewise.core import texts
from samplewise.core.values import Estimate
from samplewise.report import wording


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate("e", 1.31, 0.76, 1.86, "points"), "1.31 points [0.76, 1.86]"),
        (Estimate("e", -0.04, -0.3, 0.22, "points"), "~0.04 points [~0.30, 0.22]"),
        (Estimate("e", 0.1287, 0.1251, 0.1323, "share"), "12.87 % [12.51, 13.23]"),
        (Estimate("e", 0.72, unit="probability"), "72.0 %"),
        (Estimate("e", 0.000373, unit="share of rows"), "0.037 % of rows"),
        (Estimate("e", 0.1667, 0.102, 0.249, "error rate"), "16.7 % [10.2, 24.9]"),
        (Estimate("e", 0.83, 0.8, 0.86, "R²"), "0.830 R² [0.800, 0.860]"),
        (Estimate("e", 0.106, 0.09, 0.116, "share of labels"), "10.6 % of labels [9.0, 11.6]"),
        (Estimate("e", 4.6e-18, -0.12, 0.12, "points"), "0.00 points [~0.12, 0.12]"),
        (Estimate("e", 0.0, 0.0, 0.0092, "share of rows"), "at most 0.92 % of rows"),
        (Estimate("e", 0.0, unit="share of rows"), "0.0 % of rows"),
        (Estimate("e", 0.0, 0.0, 3.0, "points"), "0.0 points [0.0, 3.0]"),
        (Estimate("e", 412, unit="rows"), "412 rows"),
        (Estimate("e", 32561, 31000, 34000, "rows"), "32,600 rows [31,000, 34,000]"),
        (Estimate("e", 0.0000123, unit="nat"), "0.0000123 nat"),
        (Estimate("e", math.nan, unit="nat"), f"{texts.NO_NUMBER} nat"),
        (Estimate("e", -0.001, -0.3, 0.3, "points"), "0.00 points [~0.30, 0.30]"),
    ],
)
def test_an_estimate_shows_two_digits_of_its_interval(estimate: Estimate, text: str) -> None:
    assert wording.estimate_text(estimate) == text.replace("~", texts.MINUS)


def test_a_change_shows_its_sign() -> None:
    change = Estimate("e", 1.31, -0.2, 1.86, "points of accuracy")
    assert wording.estimate_text(change, signed=True) == f"+1.3 points of accuracy [{texts.MINUS}0.2, +1.9]"
    assert wording.estimate_text(change, interval=False) == "1.3 points of accuracy"


def test_lists_in_a_sentence() -> None:
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"


def test_what_the_interval_covers() -> None:
    assert wording.confidence_text(Estimate("e", 1, 0, 2, "", 0.95)) == "95 % interval"
    assert wording.confidence_text(Estimate("e", 1, 0, 2, "", 0.95, reason="one seed")) == "95 % interval; one seed"
    assert wording.confidence_text(Estimate("e", 1, reason="one seed")) == "no interval: one seed"
    assert wording.confidence_text(Estimate("e", 1)) == ""
