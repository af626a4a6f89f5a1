"""Numbers, ids and durations are written the way a careful person writes them."""

import math
from typing import Any

import numpy as np
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
        (Estimate("e", 412, unit="rows"), "412 rows"),
        (Estimate("e", 32561, 31000, 34000, "rows"), "32,561 rows [31,000, 34,000]"),
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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0.13874, "0.139"),
        (-12.34, "~12.3"),
        (np.float32(0.5), "0.5"),
        (np.int64(3), "3"),
        (5.0, "5"),
        (0.99999, "1"),
        (1e-9, "1.0e~09"),
        (None, ""),
        ("a\x07b", "a\ufffdb"),
        (True, "True"),
        (math.inf, texts.NO_NUMBER),
    ],
)
def test_a_number_has_three_digits_and_a_true_minus(value: Any, text: str) -> None:
    assert texts.number_text(value) == text.replace("~", texts.MINUS)


@pytest.mark.parametrize("text", ["\x00", "\x1b[31m", "\u202eevil", "\udcff", "\ufffe", "\u2066x", "\x85"], ids=repr)
def test_what_misleads_or_breaks_a_file_is_replaced(text: str) -> None:
    shown = texts.printable(text)
    assert "\ufffd" in shown
    assert shown.encode("utf-8").decode("utf-8").isprintable() or shown.endswith("[31m")


def test_ordinary_text_of_any_language_is_left_alone() -> None:
    assert texts.printable("Größe 名前 עברית\n\t") == "Größe 名前 עברית\n\t"


def test_ids_are_named_five_at_most_then_counted() -> None:
    assert texts.keys_text(range(3)) == "0, 1, 2"
    assert texts.keys_text([("site", 1), *"abcdefg"]) == "site / 1, a, b, c, d (8 in all)"


def test_lists_in_a_sentence() -> None:
    assert wording.listed(["a"]) == "a"
    assert wording.listed(["a", "b", "c"]) == "a, b and c"
    assert wording.listed(["a", "b", "c", "d"]) == "a, b, c and 1 more"


def test_what_the_interval_covers() -> None:
    assert wording.confidence_text(Estimate("e", 1, 0, 2, "", 0.95)) == "95 % interval"
    assert wording.confidence_text(Estimate("e", 1, 0, 2, "", 0.95, reason="one seed")) == "95 % interval; one seed"
    assert wording.confidence_text(Estimate("e", 1, reason="one seed")) == "no interval: one seed"
    assert wording.confidence_text(Estimate("e", 1)) == ""
