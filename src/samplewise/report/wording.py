"""How numbers, ids and durations are written: one place, so that page, Markdown and terminal say the same."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from samplewise.core.findings import AuditRecord
from samplewise.core.values import Estimate, is_share, percent_text

MINUS, NO_NUMBER = "\u2212", "\u2013"

# control characters, those that reverse the reading direction, and what is no character at all
NOT_PRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
SEVERITY_WORDS = {"error": "act first", "warning": "look at it", "note": "good to know"}
STATUS_WORDS = {
    "found": "found something",
    "clean": "clean",
    "not_applicable": "not applicable",
    "skipped": "skipped",
    "failed": "failed",
    "not_run": "not run",
}


def printable(value: Any) -> str:
    """Any value as text that every output format may carry; what must not be printed is replaced."""
    return NOT_PRINTABLE.sub("\ufffd", str(value))


def shortened(value: Any, most: int) -> str:
    """The text of a value on one line, cut to `most` characters with an ellipsis."""
    text = " ".join(printable(value).split())
    return text if len(text) <= most else text[: max(most - 1, 1)].rstrip() + "…"


def count_of(number: int, singular: str, plural: str = "") -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listed(items: Sequence[str], most: int = 3) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def decimal_places(scale: float) -> int:
    """How many decimals show two digits of a number of this size."""
    return 0 if not scale or not math.isfinite(scale) else min(max(1 - math.floor(math.log10(abs(scale))), 0), 8)


def number_text(value: Any, places: int | None = None, signed: bool = False) -> str:
    """A number with thousands separated and a true minus, `places` decimals or three digits in all; else its text."""
    if value is None or isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        return "" if value is None else printable(value)
    number = float(value)
    if not math.isfinite(number):
        return NO_NUMBER
    as_needed = places is None
    if places is None:
        places = 0 if number.is_integer() else decimal_places(number / 10)

    if as_needed and number and abs(number) < 10.0**-6:
        return f"{number:.1e}".replace("-", MINUS)
    text = f"{number:+,.{places}f}" if signed else f"{number:,.{places}f}"
    if as_needed and "." in text:
        text = text.rstrip("0").rstrip(".")
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def estimate_text(estimate: Estimate, interval: bool = True, signed: bool = False) -> str:
    """`1.3 points [0.8, 1.9]`, `4.2 % [3.9, 4.6]`, or `12 rows` where there is no interval; `signed` shows a plus."""
    readable = estimate.shown()
    value, low, high, unit = readable.value, readable.low, readable.high, shortened(readable.unit, 40)
    has_interval = math.isfinite(low) and math.isfinite(high)
    alone = max(1, decimal_places(value)) if is_share(estimate.unit) else None
    places = decimal_places((high - low) / 2 or value) if has_interval else alone

    text = f"{number_text(value, places, signed)} {unit}".strip()
    if not (interval and has_interval):
        return text
    return f"{text} [{number_text(low, places, signed)}, {number_text(high, places, signed)}]"


def confidence_text(estimate: Estimate) -> str:
    """`95 % interval`, or the reason why there is none."""
    if math.isfinite(estimate.low) and math.isfinite(estimate.confidence):
        note = f"{percent_text(estimate.confidence)} interval"
        return f"{note}; {estimate.reason}" if estimate.reason else note
    return estimate.reason and f"no interval: {estimate.reason}"


def keys_text(keys: Iterable[Any], most: int = 5) -> str:
    """At most `most` ids, then how many there are in all."""
    ids = [shortened(key_text(key), 60) for key in keys]
    tail = f" ({len(ids):,} in all)" if len(ids) > most else ""
    return ", ".join(ids[:most]) + tail


def key_text(key: Any) -> str:
    """An id or label; one made of parts is written with slashes."""
    return " / ".join(map(key_text, key)) if isinstance(key, tuple | list) else printable(key)


def heading_of(record: AuditRecord) -> str:
    """What the page is about, before the name of the data.

    >>> heading_of(AuditRecord(2, {}, {"question": "how much data"}, {}, ()))
    'How much data:'
    """
    question = str(record.plan.get("question") or "")
    return f"{question[0].upper()}{question[1:]}:" if question else "Audit of"
