"""Dates as people write them, and in how many formats a column writes them."""

import re
from collections.abc import Sequence

_CLOCK = r"([T ,]+\d{1,2}:\d{2}.*)?"
_MONTH = r"(jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zé]*\.?"
FORMATS: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern + _CLOCK, re.IGNORECASE)
    for name, pattern in {
        "year-month-day": r"\d{4}-\d{1,2}-\d{1,2}",
        "year/month/day": r"\d{4}[/.]\d{1,2}[/.]\d{1,2}",
        "day.month.year": r"\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})",
        "n/n/year": r"\d{1,2}/\d{1,2}/(\d{4}|\d{2})",
        "day-month-year": r"\d{1,2}-\d{1,2}-(\d{4}|\d{2})",
        "month day, year": rf"{_MONTH} \d{{1,2}}(st|nd|rd|th)?,? \d{{4}}",
        "day month year": rf"\d{{1,2}}\.?[ -]{_MONTH}[ -](\d{{4}}|\d{{2}})",
    }.items()
}
FEW = 0.01  # a format that fewer of the dates have is not listed


def date_formats(cells: Sequence[str]) -> tuple[tuple[str, ...], float]:
    """The formats in which cells are written as dates, commonest first, and the share of cells that are dates.

    Cost: O(m).   Not for: whether a day exists, or which of two numbers is the month.

    >>> date_formats(["2024-01-31", "31.01.2024", "soon", "1.2.2024"])
    (('day.month.year', 'year-month-day'), 0.75)
    """
    counts = dict.fromkeys(FORMATS, 0)
    for cell in cells:
        found = next((name for name, rule in FORMATS.items() if rule.fullmatch(cell)), None)
        if found is not None:
            counts[found] += 1
    total = sum(counts.values())
    common = [name for name, count in counts.items() if count and count >= FEW * total]
    return tuple(sorted(common, key=lambda name: -counts[name])), total / max(len(cells), 1)
