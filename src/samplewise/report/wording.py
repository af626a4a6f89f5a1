"""How numbers, ids and durations are written: one place, so that page, Markdown and terminal say the same."""

import math
from collections.abc import Sequence

from samplewise.core.findings import AuditRecord
from samplewise.core.rates import is_share, percent_text
from samplewise.core.texts import decimal_places, number_text, shortened
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate

SEVERITY_WORDS = {"error": "act first", "warning": "look at it", "note": "good to know"}
AT_MOST = "at most "
STATUS_WORDS = {
    "found": "found something",
    "clean": "clean",
    "not_applicable": "not applicable",
    "skipped": "skipped",
    "failed": "failed",
    "not_run": "not run",
}


def listed(items: Sequence[str], most: int = 3) -> str:
    """`a, b and c`, or `a, b, c and 4 more`."""
    shown = list(items[:most])
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def estimate_text(estimate: Estimate, interval: bool = True, signed: bool = False) -> str:
    """`1.3 points [0.8, 1.9]`, `4.2 % [3.9, 4.6]`, `2.3 [2.1, 2.5] in the label's unit`, or `12 rows` without interval.

    `signed` shows a plus.
    A share that was never seen is no 0 %: it is `at most 0.9 %`, the upper end of its interval.
    """
    readable = estimate.shown()
    value, low, high, unit = readable.value, readable.low, readable.high, shortened(readable.unit, 60)
    has_interval = math.isfinite(low) and math.isfinite(high)
    if is_share(estimate.unit) and has_interval and value == low == 0.0 < high:
        return f"{AT_MOST}{number_text(high, max(1, decimal_places(high)))} {unit}".strip()
    alone = max(1, decimal_places(value)) if is_share(estimate.unit) else None
    places = decimal_places((high - low) / 2 or value) if has_interval else alone

    value, low, high = (_rounded(number, high - low if has_interval else 0.0) for number in (value, low, high))
    text = number_text(value, places, signed)
    ends = f"[{number_text(low, places, signed)}, {number_text(high, places, signed)}]"
    ends = ends if interval and has_interval else ""
    trailing = unit == LABEL_UNIT  # read as a phrase, it follows the interval
    return " ".join(filter(None, (text, *((ends, unit) if trailing else (unit, ends)))))


def _rounded(number: float, width: float) -> float:
    """A number of hundreds or more without the digits that its interval leaves open: 81,000 for 81,197 +- 20,905."""
    step = 10.0 ** (math.floor(math.log10(width / 2.0)) - 1) if width > 0 and math.isfinite(width) else 1.0
    return round(number / step) * step if step > 1.0 and math.isfinite(number) else number


def confidence_text(estimate: Estimate) -> str:
    """`95 % interval`, or the reason why there is none."""
    if math.isfinite(estimate.low) and math.isfinite(estimate.confidence):
        note = f"{percent_text(estimate.confidence)} interval"
        return f"{note}; {estimate.reason}" if estimate.reason else note
    return estimate.reason and f"no interval: {estimate.reason}"


def heading_of(record: AuditRecord) -> str:
    """What the page is about, before the name of the data.

    >>> heading_of(AuditRecord(2, {}, {"question": "how much data"}, {}, ()))
    'How much data:'
    """
    question = str(record.plan.get("question") or "")
    return f"{question[0].upper()}{question[1:]}:" if question else "Audit of"
