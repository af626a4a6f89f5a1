"""Ids that come back from a spreadsheet: 7 for 007, 1.23E+15 for a long one, 1-Mar for MAR1.

A text names a row only where no other row's id could have become the same text; what several rows may be is none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from samplewise.core.arrays import Array
from samplewise.data.written_values import decimal_of, number_readings, significant_digits

PRECISION = 15  # digits of a number that spreadsheets keep
_CUT = Context(prec=PRECISION, rounding=ROUND_DOWN)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})[ ./-]?(\d{1,4})")
_MONTH_LAST = re.compile(r"(\d{1,4})[ ./-]?([A-Za-z]{3,9})")
_TWO_NUMBERS = re.compile(r"(\d{1,2})[-/](\d{1,2})")
_AS_SHOWN = re.compile(r"\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
Form = tuple[str, Any, Any]


def rows_named(texts: Sequence[str], ids: Array) -> list[tuple[Any, ...]]:
    """The rows that each text may name, by their ids: one where it is plain, none, or several.

    Args:
        texts: ids as a list holds them.
        ids: (n,) ids of the data.

    Cost: O(n + texts).

    >>> import numpy as np
    >>> rows_named(["7", "8", "x"], np.array(["007", "8", "08"]))
    [('007',), ('8', '08'), ()]
    >>> rows_named(["08", "8"], np.array(["007", "8", "08"]))  # zeros were kept
    [('08',), ('8',)]
    """
    by_text = {str(key): key for key in ids.tolist()}
    by_strip = {text.strip(): key for text, key in by_text.items()}
    kept = any(text in by_text and _is_changed_by_spreadsheets(text) for text in texts)
    forms = _Forms(by_text)
    found = []
    for text in texts:
        exact = by_text.get(text, by_strip.get(text.strip()))
        if exact is not None and (kept or _is_changed_by_spreadsheets(text)):
            found.append((exact,))
            continue
        others = forms.alike(text.strip())
        found.append(tuple(dict.fromkeys([*([] if exact is None else [exact]), *others])))
    return found


class ReturnedId(str):
    """An id as a list holds it, which was not compared yet with the ids of the data."""

    __slots__ = ()


class _Forms:
    """Ids by what a spreadsheet makes of them."""

    def __init__(self, by_text: dict[str, Any]) -> None:
        self._by_text = by_text
        self._known: dict[Form, list[Any]] = {}
        for text, key in by_text.items():
            for form in set(_forms(text.strip())):
                self._known.setdefault(form, []).append(key)
        self._rounded: dict[int, dict[Decimal, list[Any]]] = {}

    def alike(self, text: str) -> Iterator[Any]:
        """Ids that a spreadsheet may have turned into this text."""
        for form in set(_forms(text)):
            yield from self._known.get(form, ())
        if "." in text or "," in text or decimal_of(text) is None:  # 1.234 may be 1234
            for number in number_readings(text):
                yield from self._known.get(_number_form(Decimal(repr(number))), ())
        if re.search(r"\d[eE][-+]?\d", text):
            yield from self._with_power(text)

    def _with_power(self, text: str) -> Iterator[Any]:
        """Ids that are 1.23E+15 where no more digits are shown."""
        digits = significant_digits(text)
        if digits not in self._rounded:
            context = Context(prec=digits, rounding=ROUND_HALF_UP)
            table: dict[Decimal, list[Any]] = {}
            for name, key in self._by_text.items():
                if (value := decimal_of(name.strip())) is not None:
                    table.setdefault(context.plus(value).normalize(), []).append(key)
            self._rounded[digits] = table
        for number in [decimal_of(text)] if decimal_of(text) is not None else _powers(text):
            yield from self._rounded[digits].get(number.normalize(), ()) if number is not None else ()


def _powers(text: str) -> Iterable[Decimal]:
    """1,23E+15 as a number."""
    value = decimal_of(text.replace(",", "."))
    return () if value is None else (value,)


def _forms(text: str) -> Iterator[Form]:
    """What a spreadsheet takes an id for: a number, a date, or neither."""
    number = decimal_of(text)
    if number is not None:
        yield _number_form(number)
        yield _number_form(_CUT.plus(number))
        return
    if two := _TWO_NUMBERS.fullmatch(text):
        yield ("date", int(two[1]), int(two[2]))
        yield ("date", int(two[2]), int(two[1]))
    if (first := _MONTH_FIRST.fullmatch(text)) and first[1][:3].lower() in _MONTHS:
        yield ("date", _MONTHS.index(first[1][:3].lower()) + 1, int(first[2]))
    if (last := _MONTH_LAST.fullmatch(text)) and last[2][:3].lower() in _MONTHS:
        yield ("date", _MONTHS.index(last[2][:3].lower()) + 1, int(last[1]))


def _number_form(number: Decimal) -> Form:
    rounded = Context(prec=PRECISION, rounding=ROUND_HALF_UP).plus(number).normalize()
    return ("number", rounded, "")


def _is_changed_by_spreadsheets(text: str) -> bool:
    """Whether a spreadsheet would not leave this id as it is, so that a list that holds it went through none."""
    if re.fullmatch(r"[-+]?0\d+(\.\d*)?|\+\d.*|\d+\.\d*0|\d+[eE]\d+", text):
        return True
    number = decimal_of(text)
    if number is not None:
        return len(number.normalize().as_tuple().digits) > PRECISION
    return any(_forms(text)) and not _AS_SHOWN.fullmatch(text)
