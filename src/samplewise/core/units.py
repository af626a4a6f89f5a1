"""Units as a person reads them: of errors of numbers, of times and of amounts of memory.

>>> seconds_of("2min"), bytes_of("1.5 GB")
(120.0, 1500000000)
"""

import math
import re
from collections.abc import Mapping
from typing import Any, SupportsFloat

from samplewise.core.errors import InputError, unknown_name

LABEL_UNIT = "in the label's unit"  # of every error of predicted numbers, and of every difference of such errors
LOWER_ERROR = f"lower error, {LABEL_UNIT}"  # of what lowers such an error: more is better
R_SQUARED = "R²"
NATS = "nats (1 nat is 1.44 bits of information)"

TIMES = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
DECIMAL = {"TB": 1000**4, "GB": 1000**3, "MB": 1000**2, "kB": 1000, "B": 1}  # as they are written out, largest first
MEMORY = {
    **{name.lower(): float(size) for name, size in DECIMAL.items()},
    **{name: float(size) for name, size in zip("tgmk", DECIMAL.values(), strict=False)},
    **{name: 1024.0**power for power, name in enumerate(("kib", "mib", "gib", "tib"), start=1)},
}
LARGEST = 1e18  # seconds or bytes; more is no amount anybody has
AMOUNT = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*([a-z]*)\s*", re.IGNORECASE)


def seconds_of(budget: str | float | None) -> float | None:
    """Seconds of "60s", "2min", "1h" or a number; None stays None.

    Raises: InputError for what is no amount of time, or none above 0.
    """
    if budget is None:
        return None
    return _amount(budget, TIMES, "s", ("time", "write it like 60s, 2min or 1h"), "budget")


def bytes_of(budget: str | float, name: str = "memory") -> int:
    """Bytes of "4GB", "500 MB", "2GiB" or a number of bytes.

    Args:   name: of the argument, for the error.
    Raises: InputError for what is no amount of memory, or none above 0.
    """
    return int(_amount(budget, MEMORY, "b", ("memory", 'use "4GB" or a number of bytes'), name))


def seconds_text(seconds: Any) -> str:
    """`0.04 s`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return ""
    if seconds < 0.1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def rough_seconds(seconds: float) -> str:
    """A time that is only expected: `8 s`, `40 s`, `3 min`, `2 h 10 min`.

    >>> rough_seconds(37), rough_seconds(200), rough_seconds(7900)
    ('40 s', '3 min', '2 h 10 min')
    """
    if seconds < 10:
        return f"{max(seconds, 1.0):.0f} s"
    if seconds < 90:
        return f"{round(seconds, -1):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    hours, minutes = divmod(round(seconds / 600) * 10, 60)
    return f"{hours:.0f} h {minutes:.0f} min" if minutes else f"{hours:.0f} h"


def bytes_text(count: float) -> str:
    """An amount of memory in units of a thousand, to three digits.

    >>> bytes_text(3.2e9), bytes_text(12)
    ('3.2 GB', '12 B')
    """
    name, size = next(((name, size) for name, size in DECIMAL.items() if count >= size), ("B", 1))
    return f"{count / size:.3g} {name}"


def _amount(given: str | float, units: Mapping[str, float], usual: str, said: tuple[str, str], name: str) -> float:
    """A number of `usual` units; `said` names the quantity and says how to write it, `name` is of the argument."""
    quantity, fix = said
    refused = InputError(f"{name} must be an amount of {quantity} above 0", where=name, got=repr(given), fix=fix)
    if isinstance(given, str):
        found = AMOUNT.fullmatch(given)
        if not found:
            raise refused
        unit = found[2].lower() or usual
        if unit not in units:
            error = unknown_name(f"unit of {quantity}", found[2], units)
            error.where = name
            raise error
        amount = float(found[1]) * units[unit]
    else:
        amount = math.nan if isinstance(given, bool) or not isinstance(given, SupportsFloat) else given
    if not 0 < amount < LARGEST:
        raise refused
    return float(amount)
