"""Numbers, ids and tables as text and as HTML: written the way a careful person writes them."""

import math
from typing import Any

import numpy as np
import pytest

from samplewise.core.texts import (
    MINUS,
    NO_NUMBER,
    column_texts,
    common_places,
    count_of,
    decimal_places,
    html_table,
    is_numeric,
    key_text,
    keys_text,
    number_text,
    paragraph,
    printable,
    sentence,
    shortened,
    text_table,
)


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
        ("a\x07b", "a\\u0007b"),
        (True, "True"),
        (math.inf, NO_NUMBER),
    ],
)
def test_a_number_has_three_digits_and_a_true_minus(value: Any, text: str) -> None:
    assert number_text(value) == text.replace("~", MINUS)


@pytest.mark.parametrize("text", ["\x00", "\x1b[31m", "\u202eevil", "\udcff", "\ufffe", "\u2066x", "\x85"], ids=repr)
def test_what_misleads_or_breaks_a_file_is_shown_as_its_code(text: str) -> None:
    shown = printable(text)
    assert "\\u" in shown
    assert shown.encode("utf-8").decode("utf-8").isprintable() or shown.endswith("[31m")


def test_ordinary_text_of_any_language_is_left_alone() -> None:
    assert printable("Größe 名前 עברית\n\t") == "Größe 名前 עברית\n\t"


def test_ids_are_named_five_at_most_then_counted() -> None:
    assert keys_text(range(3)) == "0, 1, 2"
    assert keys_text([("site", 1), *"abcdefg"]) == "site / 1, a, b, c, d (8 in all)"


def test_a_number_takes_the_decimals_and_the_sign_it_is_given() -> None:
    assert number_text(1234.5678, 1) == "1,234.6"
    assert number_text(0.5, 2, signed=True) == "+0.50"
    assert number_text(-0.001, 2) == number_text(-0.001, 2, signed=True) == "0.00"  # no minus before a zero


@pytest.mark.parametrize(("scale", "places"), [(0, 0), (math.nan, 0), (123, 0), (1, 1), (0.05, 3), (1e-12, 8)])
def test_decimals_show_two_digits(scale: float, places: int) -> None:
    assert decimal_places(scale) == places


def test_a_column_has_the_decimals_of_its_median() -> None:
    assert common_places([1.0, 2.0, None, math.nan]) == 0
    assert common_places([0.5, 0.25]) == 3
    assert common_places([1e-9, 2e-9]) == 6
    assert column_texts(np.array([0.5, 0.25, np.nan]), 40) == ["0.500", "0.250", NO_NUMBER]
    assert column_texts(np.array([1, 20_000]), 40) == ["1", "20,000"]
    assert column_texts(np.array(["a", None, ("b", 1)], dtype=object), 40) == ["a", "", "b / 1"]


@pytest.mark.parametrize(
    ("values", "numeric"),
    [
        (np.arange(3), True),
        (np.array([1, None, 2.5], dtype=object), True),
        (np.array(["1"]), False),
        (np.array([True, False]), False),
        (np.array([True, None], dtype=object), False),
        (np.array([None], dtype=object), False),
    ],
)
def test_only_numbers_stand_to_the_right(values: Any, numeric: bool) -> None:
    assert is_numeric(values) is numeric


def test_a_text_is_cut_at_its_limit_on_one_line() -> None:
    assert shortened("a\n  b", 3) == "a b"
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"
    assert shortened("abcd efg", 6) == "abcd…"  # no space before the ellipsis
    assert shortened("abc", 0) == "a…"
    assert len(keys_text(["x" * 500])) == 60


def test_an_id_of_several_entries_is_written_with_slashes() -> None:
    assert key_text((1, ["a", 2])) == "1 / a / 2"
    assert key_text("a\x00") == "a\\u0000"


def test_a_count_has_its_noun() -> None:
    assert [count_of(number, "row") for number in (0, 1, 1234)] == ["0 rows", "1 row", "1,234 rows"]
    assert count_of(2, "class", "classes") == "2 classes"


@pytest.mark.parametrize(("text", "written"), [("", ""), (" a b ", "A b."), ("Why?", "Why?"), ("3 of:", "3 of:")])
def test_a_sentence_starts_large_and_ends(text: str, written: str) -> None:
    assert sentence(text) == written


def test_a_paragraph_is_wrapped_at_its_width() -> None:
    lines = paragraph(["One  two", "three\nfour."], 10).splitlines()
    assert lines == ["One two", "three", "four."]


def test_a_table_is_as_wide_as_it_may_be_and_says_what_it_lacks() -> None:
    head, columns = ["id", "value", "more"], [["a", "bbb"], ["1.5", "10.0"], ["x", "y"]]
    whole = text_table(head, columns, [False, True, False], 16)
    assert whole.splitlines() == ["id   value  more", "a      1.5  x", "bbb   10.0  y"]
    cut = text_table(head, columns, [False, True, False], 15)
    assert cut.splitlines() == ["id   value  …", "a      1.5", "bbb   10.0"]
    assert text_table(["id"], [["a" * 30]], [False], 10).splitlines()[1] == "a" * 30  # the first column always stands


def test_html_escapes_every_string() -> None:
    table = html_table(["<b>"], [["<script>", "a & b"], ["\x1b", ""]])
    assert table.startswith("<table><thead><tr><th>&lt;b&gt;</th>")
    assert "<td>&lt;script&gt;</td><td>a &amp; b</td>" in table
    assert "\x1b" not in table
    assert html_table(["a"], []) == ""
