"""What the values of a label say: numbers written as text, and classes that differ only in how they are spelled."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints

MOST_WORDS = 5  # so many different words may stand among numbers
MOST_WORD_ROWS = 0.5  # and in so large a share of the rows
MOST_SPELLED = 20_000  # different values up to which a label can be one of classes
TRIED = 200  # values that are read first
FEWEST_NUMBERS = 11  # different numbers from which words among them are no classes of their own

_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})
_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[+-])?\s*(?:[$€£¥]|USD|EUR|GBP|CHF)?\s*(?P<inner>[+-])?"
    r"(?P<digits>\d[\d.,' ]*|[.,]\d+)(?P<power>[eE][+-]?\d+)?"
    r"\s*(?P<unit>%|\+|[$€£¥]|[^\W\d]{1,12}[²³]?)?\s*(?P<close>\))?"
)
_THOUSANDS = re.compile(r"\d{1,3}([,' ]\d{3})+(\.\d+)?")
_EUROPEAN = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+,\d+")


def numbers_in_text(values: Sequence[str]) -> Floats:
    """(k,) the numbers that texts spell; NaN for a word, and for all of them where they are codes such as 007.

    Understood are thousands marks, a decimal comma (where any value can be nothing else), currencies, per cent signs,
    brackets and U+2212 for a minus, and one unit that all of them share.

    >>> numbers_in_text(["$1,234.50", "$ 12", "n.a."])
    array([1234.5,   12. ,    nan])
    """
    found = [_NUMBER.fullmatch(value.strip().translate(_SIGNS)) for value in values]
    written = ["" if match is None else match["digits"].strip() for match in found]
    units = {match["unit"] for match in found if match and match["unit"] and match["unit"].isalpha()}
    if len(units) > 1 or any(re.match(r"0\d", digits) for digits in written):
        return np.full(len(values), np.nan)
    comma = _decimal_comma(written)
    numbers = np.full(len(values), np.nan)
    for place, (match, digits) in enumerate(zip(found, written, strict=True)):
        if match is None or (match["open"] is None) != (match["close"] is None):
            continue
        number = _plain_number(digits, comma)
        negative = "-" in (match["sign"], match["inner"]) or match["open"] is not None
        if number is not None:
            numbers[place] = (-1.0 if negative else 1.0) * float(number + (match["power"] or ""))
    return numbers


def _decimal_comma(written: Sequence[str]) -> bool:
    """Whether a comma is a decimal mark: some value can be nothing else, and none has it as a thousands mark."""
    with_comma = [digits for digits in written if "," in digits]
    clear = [digits for digits in with_comma if not _THOUSANDS.fullmatch(digits)]
    return bool(clear) and all(_EUROPEAN.fullmatch(digits) for digits in with_comma)


def _plain_number(digits: str, comma: bool) -> str | None:
    """The digits as Python writes a number, or None where they are none."""
    if comma:
        digits = digits.replace(".", "").replace(",", ".")
    elif _THOUSANDS.fullmatch(digits):
        digits = re.sub(r"[,' ]", "", digits)
    elif re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", digits):
        digits = digits.replace(".", "")
    return digits if re.fullmatch(r"\d+\.?\d*|\.\d+", digits) else None


def numbers_of_values(values: Array, counts: Ints) -> Floats | None:
    """(k,) the different values of a label as numbers, NaN for a few words among many numbers; None: it holds words.

    Args:
        values: (k,) different values.   counts: (k,) rows of each.

    >>> numbers_of_values(np.array(["12 %", "7 %"]), np.array([3, 1]))
    array([12.,  7.])
    """
    if values.dtype.kind in "iuf":
        return values.astype(np.float64)
    listed = values.tolist()
    if values.dtype.kind not in "OU" or not all(_may_be_number(value) for value in listed):
        return None
    texts = [str(value) for value in listed]
    if np.isnan(numbers_in_text(texts[:TRIED])).sum() > MOST_WORDS:
        return None  # names of many classes need not all be tried
    numbers = numbers_in_text(texts)
    words = np.isnan(numbers)
    if not words.any():
        return numbers
    few = words.sum() <= MOST_WORDS and counts[words].sum() <= MOST_WORD_ROWS * counts.sum()
    return numbers if few and (~words).sum() >= FEWEST_NUMBERS else None


def _may_be_number(value: Any) -> bool:
    return isinstance(value, str | int | float | np.number) and not isinstance(value, bool)


def class_key(value: Any) -> str:
    """What a class is called, whatever its case, blanks, hyphens and closing stops; a lone letter keeps its case.

    >>> class_key(" <=50K. ") == class_key("<=50k"), class_key("a") == class_key("A")
    (True, False)
    """
    text = unicodedata.normalize("NFKC", str(value)).strip().strip("\"'").rstrip(".,;: ").strip()
    text = re.sub(r"(?<=[^\W\d])[\s_-]+(?=[^\W\d])", " ", re.sub(r"\s+", " ", text))
    text = re.sub(r"^(-?\d+)\.0+$", r"\1", text)
    return text.casefold() if len(text) > 1 else text or str(value)


def merged_spellings(values: Array, counts: Ints) -> tuple[Ints, tuple[tuple[Any, ...], ...]]:
    """Which of the different values are one class: (k,) position of the commonest spelling, and the sets of spellings.

    >>> merged_spellings(np.array(["rain", "rain ", "sun"]), np.array([5, 4, 9]))
    (array([0, 0, 2]), (('rain', 'rain '),))
    """
    places = np.arange(len(values), dtype=np.intp)
    if values.dtype.kind not in "OU" or len(values) > MOST_SPELLED:
        return places, ()
    sets: dict[str, list[int]] = {}
    listed = values.tolist()
    for place, value in enumerate(listed):
        sets.setdefault(class_key(value), []).append(place)
    spellings = []
    for members in sets.values():
        if len(members) > 1:
            ordered = sorted(members, key=lambda place: (-counts[place], place))
            places[members] = ordered[0]
            spellings.append(tuple(listed[place] for place in ordered))
    return places, tuple(spellings)
