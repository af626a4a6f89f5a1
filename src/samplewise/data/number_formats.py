"""Numbers as people write them: thousands marks, decimal commas, currencies, units, per cent, accounting negatives."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import unknown_name
from samplewise.core.texts import shortened

Decimal = Literal[".", ","]
FEWEST_DIGITS = 7  # of a code that is written in groups
NUMBERS_PER_WORD = 4  # different numbers for every different word, in a column that is read as numbers
FEWEST_THOUSANDS = 10  # different cells with a comma before three digits that leave no doubt
MOST_WORDS = 5  # different cells that are no numbers, in a column that is read as numbers all the same
TRIED = 200  # cells that are tried first
DECIMALS = (".", ",")
_PADDING = ("1", "2")  # plain numbers beside which one cell is tried

_CURRENCY = (
    r"[$€£¥₹₽₩₺₪฿¢]|US\$|[A-Z]{1,2}\$|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|Rs\.?|kr"
)
_BOUND = r"[<>~≈≤≥±]=?"
_CELL = re.compile(
    rf"(?P<open>[(\[])?\s*(?P<sign>[-+\u2212\u2013])?\s*(?P<before>(?:{_CURRENCY}|{_BOUND}))?\s*(?P<inner>[-\u2212\u2013])?"
    r"(?P<body>\d[\d.,'\u2019\u00a0\u202f ]*\d|\d|[.,]\d+|\d+[.,])(?P<power>[eE][-+]?\d{1,3})?"
    r"\s*(?P<after>%|[^\d\s.,;:()\[\]/\\#@_-][^\d\s;:()\[\]\\#@_]{0,11})?\s*(?P<late>-)?\s*(?P<close>[)\]])?"
)
_BOUNDS = frozenset("<>~≈≤≥±")
_SPACES = re.compile(r"[\u00a0\u202f ]")
_GROUPS = {  # whole parts with a mark between thousands, or as in India: 12,34,567
    mark: re.compile(rf"\d{{1,3}}(?:[{mark}]\d{{3}})+|\d{{1,2}}(?:[{mark}]\d{{2}})+[{mark}]\d{{3}}")
    for mark in (",", ".", "'", " ")
}
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "Mio": 1e6, "B": 1e9, "bn": 1e9}
_CODE = re.compile(r"0\d+")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the different cells of a column are read as numbers.

    Args:
        values: (m,) number of every different cell, NaN for words.
        words: the cells that are no number, most frequent order left to the caller.
        marks: what was taken off or understood, in words; empty for plain numbers.
        decimal: the decimal sign the cells are read with.
        clear: the decimal sign that only one reading of the cells allows; "" where both would do.
        ambiguous: the first by alphabet of the cells that the other decimal sign reads as another number; "" for none.
    """

    values: Floats
    words: tuple[str, ...]
    marks: tuple[str, ...]
    decimal: Decimal
    clear: str
    ambiguous: str


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell taken apart; `body` without the spaces and apostrophes between thousands."""

    negative: bool
    before: str
    body: str
    power: str
    after: str
    spaced: bool


def read_numbers(
    cells: Sequence[str], decimal: str | None = None, otherwise: str = ".", leading_zeros: bool = False
) -> NumberFormat | None:
    """The different cells of a column as numbers, or None where they are not numbers.

    A column is numbers when at most five different cells are none of them, and for each there are four that are. Codes
    are no numbers: cells with leading zeros, with different letters behind the digits, or with as many digits each in
    groups, as telephone numbers have.

    Args:
        cells: the different cells.
        decimal: the decimal sign where it is known; else what the cells show, and where they show none `otherwise`.
        leading_zeros: whether cells such as 007 are numbers all the same.

    Cost: O(m), about 3 s per million different cells.   Not for: dates, times, codes with letters.

    >>> read_numbers(["1,234.50", "€ 17", "9", "3.5", "n.d."]).values
    array([1234.5,   17. ,    9. ,    3.5,    nan])
    """
    require_decimal(decimal)
    require_decimal(otherwise)
    texts = [cell.strip() for cell in cells]
    if sum(_taken_apart(text) is None for text in texts[:TRIED]) > MOST_WORDS:
        return None  # names of many classes need not all be tried
    parts = [_taken_apart(text) for text in texts]
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(cells) - MOST_WORDS:
        return None
    if not leading_zeros and (any(_CODE.fullmatch(part.body) for part in found) or _are_grouped_codes(found)):
        return None
    units = {part.after for part in found if part.after}
    if len(units) > 1 and not units <= set(_SCALES):
        return None
    if (len(units) == 1 and not _is_unit(units, found)) or _are_ranges(found):
        return None
    clear = clear_decimal([part.body for part in found])
    used = decimal or clear or otherwise
    values = np.array([np.nan if part is None else _number(part, used, units) for part in parts])
    words = tuple(text for text, value in zip(texts, values.tolist(), strict=True) if value != value)
    if len(words) > MOST_WORDS or NUMBERS_PER_WORD * len(words) > len(texts) - len(words):
        return None
    two = [] if clear else [part.body for part in found if _is_ambiguous(part.body)]
    ambiguous = min(two, default="") if is_doubtful(two, used) else ""
    return NumberFormat(values, words, tuple(_marks(found, used, units)), used, clear, ambiguous)  # type: ignore[arg-type]


def read_every_number(cells: Sequence[str], decimal: str | None = None, otherwise: str = ".") -> NumberFormat | None:
    """The different cells of what is known to be numbers, however many words stand among them and even codes as 007.

    Args:    as in `read_numbers`.
    Returns: None where no cell is a number.
    Cost:    O(m), up to three times that of `read_numbers`.

    >>> read_every_number(["007", "high", "low"]).values
    array([ 7., nan, nan])
    """
    whole = read_numbers(cells, decimal, otherwise, leading_zeros=True)
    if whole is not None and not whole.words:
        return whole
    single = [read_numbers([cell, *_PADDING], decimal, otherwise, leading_zeros=True) for cell in cells]
    read = [cell for cell, alone in zip(cells, single, strict=True) if alone is not None and not alone.words]
    whole = read_numbers(read, decimal, otherwise, leading_zeros=True) if read else None
    if whole is None:
        return None
    known = dict(zip(read, whole.values.tolist(), strict=True))
    words = tuple(cell for cell in cells if cell not in known)
    return replace(whole, values=np.array([known.get(cell, np.nan) for cell in cells]), words=words)


def require_decimal(decimal: str | None) -> None:
    """Refuse a decimal sign other than a point or a comma."""
    if decimal is not None and decimal not in DECIMALS:
        raise unknown_name("decimal sign", decimal, DECIMALS)


def clear_decimal(bodies: Sequence[str]) -> str:
    """The one decimal sign with which all cells can be read: "." or ",", and "" where either would do.

    >>> clear_decimal(["1.234,5", "17"]), clear_decimal(["1,234"])
    (',', '')
    """
    votes = Counter(vote for body in bodies if (vote := _vote(body)))
    return max(votes, key=lambda sign: (votes[sign], sign == ".")) if votes else ""


def as_float(body: str, decimal: str) -> float:
    """One number with this decimal sign, thousands marks taken off; NaN where the marks do not stand at thousands.

    >>> as_float("1.234,5", ","), as_float("12.34", ",")
    (1234.5, nan)
    """
    whole, cut, fraction = body.partition(decimal)
    if (cut and fraction and not fraction.isdigit()) or not (whole or fraction):
        return np.nan
    if not whole.isdigit() and whole:
        if not any(mark != decimal and rule.fullmatch(whole) for mark, rule in _GROUPS.items()):
            return np.nan
        whole = re.sub(r"[^\d]", "", whole)
    return float(f"{whole or 0}.{fraction or 0}")


def is_doubtful(two: Sequence[str], decimal: str) -> bool:
    """Whether cells with one mark before three digits may well mean the other number.

    Ten and more different cells with a comma, all before three digits, hold thousands: fractions differ in length.

    >>> is_doubtful(["1,080"], "."), is_doubtful(["8.442"], ",")
    (True, True)
    """
    return decimal == "," or len(two) < FEWEST_THOUSANDS or any("." in cell for cell in two)


def words_text(words: Sequence[str], counts: Sequence[int]) -> str:
    """Words among numbers with their number of cells, most frequent first.

    >>> words_text(["x", "-"], [2, 5])
    "'-' (5 cells), 'x' (2 cells)"
    """
    ordered = sorted(zip(counts, words, strict=True), key=lambda pair: (-pair[0], pair[1]))
    return ", ".join(f"{shortened(word, 30)!r} ({count:,} cell{'s' * (count != 1)})" for count, word in ordered)


def is_written_number(text: str) -> bool:
    """Whether one cell can be a number, however it is written; what marks mean is told by the other cells.

    >>> is_written_number("1.234,50"), is_written_number("12 kg"), is_written_number("Ulm")
    (True, True, False)
    """
    return _taken_apart(text.strip()) is not None


def _taken_apart(text: str) -> _Cell | None:
    found = _CELL.fullmatch(text)
    if found is None:
        return None
    opened, closed = found["open"] or "", found["close"] or ""
    if opened + closed not in ("", "()", "[]"):
        return None
    body = _SPACES.sub(" ", found["body"]).replace("\u2019", "'")
    signs = [sign for sign in (found["sign"], found["inner"], found["late"]) if sign and sign != "+"]
    after = (found["after"] or "").strip()
    if len(signs) > 1 or (found["late"] and after):
        return None
    spaced = found.start("after") > max(found.end("body"), found.end("power"))
    return _Cell(bool(signs) or opened == "(", found["before"] or "", body, found["power"] or "", after, spaced)


def _is_unit(units: set[str], found: list[_Cell]) -> bool:
    """Whether what stands behind the digits measures: `A` behind 12 names a seat, `kg`, `%` and ` A` do not."""
    unit = next(iter(units))
    spaced = any(part.spaced for part in found if part.after)
    return spaced or not (len(unit) == 1 and unit.isalpha() and unit not in _SCALES) or unit.islower()


def _are_grouped_codes(found: list[_Cell]) -> bool:
    """Whether all cells have the same many digits, in groups cut by blanks or in four and more by points."""
    digits = {len(re.sub(r"\D", "", part.body)) for part in found}
    grouped = all(" " in part.body or part.body.count(".") >= 3 for part in found)
    return grouped and len(found) > 1 and len(digits) == 1 and digits.pop() >= FEWEST_DIGITS


def _are_ranges(found: list[_Cell]) -> bool:
    """Whether cells name ranges, as <=50K beside >50K do: half of them are bounds, or a bound repeats a number."""
    bounds = [part for part in found if part.before[:1] in _BOUNDS or part.after == "+"]
    plain = {part.body for part in found if part not in bounds}
    bodies = {part.body for part in bounds}
    return 2 * len(bounds) > len(found) or len(bodies) < len(bounds) or (len(plain) < 5 and bool(bodies & plain))


def _number(part: _Cell, decimal: str, units: set[str]) -> float:
    value = as_float(part.body, decimal)
    if part.power:
        value *= float(f"1e{int(part.power[1:])}")  # 1e400 is infinite, and refused as such
    if part.after in _SCALES and units <= set(_SCALES):
        value *= _SCALES[part.after]
    return -value if part.negative else value


def _vote(body: str) -> str:
    """The decimal sign that a cell allows only, "" where it has no mark or either would do."""
    if "," in body and "." in body:
        last = max(body.rfind(","), body.rfind("."))
        return body[last] if body.count(body[last]) == 1 else {",": ".", ".": ","}[body[last]]
    for sign, other in ((",", "."), (".", ",")):
        if sign in body:
            if _GROUPS[sign].fullmatch(body):
                ambiguous = body.count(sign) == 1 and not body.startswith("0")
                return "" if ambiguous else other if body.count(sign) > 1 else sign
            return sign
    return ""


def _is_ambiguous(body: str) -> bool:
    return _vote(body) == "" and ("," in body or "." in body)


def _marks(found: list[_Cell], decimal: str, units: set[str]) -> Iterator[str]:
    """What was understood, in words."""
    if decimal == "," and any("," in part.body for part in found):
        yield "decimal commas"
    thousands = {mark for part in found for mark in ",.' " if mark in part.body and mark != decimal}
    if thousands:
        yield f"thousands marks ({' '.join(sorted(map(repr, thousands)))})"
    if before := sorted({part.before for part in found if part.before}):
        yield f"{', '.join(map(repr, before[:3]))} before the digits"
    if units:
        scaled = units <= set(_SCALES)
        yield f"{', '.join(map(repr, sorted(units)))} behind the digits" + (", multiplied out" if scaled else "")


def cells_of(values: Array) -> list[str]:
    """Different cells of a column as text; numbers among them as Python writes them."""
    return [value if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)
            for value in values.tolist()]  # fmt: skip
