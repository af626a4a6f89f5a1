"""What a person or a spreadsheet writes for a value: 0,5 for 0.5, WAHR for True, 1.23E+15 for a long number."""

import math
import re
from decimal import Decimal
from typing import Any

from samplewise.data.number_formats import DECIMALS, as_float
from samplewise.data.text_columns import truth_of

_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_WRITTEN = re.compile(r"(?P<sign>[-+\u2212])?(?P<body>[.,]?\d[\d.,'\u2019\u00a0\u202f ]*)(?P<power>[eE][-+]?\d{1,3})?")
_SPACES = re.compile(r"[\u00a0\u202f]")
ROUNDED = 3  # significant digits from which a number may be another one rounded
SHOWN = 6  # significant digits that lists show of a fraction


def number_readings(text: str) -> frozenset[float]:
    """The numbers a text may mean, with a point and with a comma as the decimal sign; none for other texts.

    >>> sorted(number_readings("1,234")), sorted(number_readings("0,5")), sorted(number_readings("cat"))
    ([1.234, 1234.0], [0.5], [])
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return frozenset()
    body = _SPACES.sub(" ", found["body"]).replace("\u2019", "'").rstrip()
    scale = 10.0 ** int(found["power"][1:]) if found["power"] else 1.0
    sign = -1.0 if found["sign"] in ("-", "\u2212") else 1.0
    read = {as_float(body, decimal) for decimal in DECIMALS}
    return frozenset(sign * scale * value for value in read if value == value)


def number_in(text: str) -> float | None:
    """The one number a text means: as programs write it, or with a comma where no other reading is possible; else None.

    >>> number_in("1.234"), number_in("0,5"), number_in("1,234")
    (1.234, 0.5, None)
    """
    stripped = text.strip()
    if _PLAIN.fullmatch(stripped):
        return float(stripped)
    readings = number_readings(stripped)
    return next(iter(readings)) if len(readings) == 1 else None


def stands_for(text: str, value: Any, *, rounded: bool = True) -> bool:
    """Whether a text is what a list, a person or a spreadsheet writes for a value; `rounded`: with fewer digits too.

    >>> stands_for("WAHR", True), stands_for("0,333333", 1 / 3), stands_for("cat", "dog")
    (True, True, False)
    """
    written, held = text.strip(), str(value).strip()
    if written == held:
        return True
    if held.casefold() in ("true", "false"):
        return truth_of(written) is truth_of(held)
    number = number_in(held) if isinstance(value, str) else value
    if number is None or isinstance(number, bool) or not _is_number(number):
        return False
    readings = number_readings(written)
    if not rounded:
        return number in readings
    return any(_is_rounded(written, read, float(number)) for read in readings)


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except TypeError:
        return False


def _is_rounded(text: str, read: float, value: float) -> bool:
    """Whether `read`, the number of the text, is the value, or is it with the digits that the text or a list shows."""
    if read == value or float(f"{value:.{SHOWN}g}") == read:
        return True
    digits = significant_digits(text)
    return digits >= ROUNDED and float(f"{value:.{digits - 1}e}") == read


def significant_digits(text: str) -> int:
    """How many digits a written number shows, without those in front that are 0 and without its power of ten.

    >>> significant_digits("0,0120"), significant_digits("1.23E+15")
    (3, 3)
    """
    return max(1, len(re.sub(r"\D", "", re.split(r"[eE]", text)[0]).lstrip("0")))


def decimal_of(text: str) -> Decimal | None:
    """A number as programs write it, exactly; None for other texts."""
    return Decimal(text) if _PLAIN.fullmatch(text) else None
