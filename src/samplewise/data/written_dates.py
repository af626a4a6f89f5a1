"""Dates as people write them, and in how many formats a column writes them."""

import re
from collections.abc import Sequence
from typing import Any

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array

pd = lazy_loader.load("pandas")

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
_TWO_NUMBERS = re.compile(r"\s*(\d{1,2})([/.-])(\d{1,2})\2")
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


def times_of(column: Any) -> Array | None:
    """(n,) times that sort, NaT where a cell is missing or no date; None where day and month cannot be told apart.

    Numbers stay what they are. Years first are read as ISO 8601. Otherwise the day stands first where points cut it or
    some first number is above 12, and the month where some second number is; the same for the whole column.

    Args:    column: a pandas series of dates, numbers or texts.
    Cost:    O(n).   Not for: names of months in other languages than English.

    >>> times_of(pd.Series(["31.01.2024", "1.2.2024"])).astype("M8[D]").tolist()
    [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]
    """
    if column.dtype.kind in "iuf":
        if isinstance(column.dtype, np.dtype):
            return np.asarray(column)
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if isinstance(column.dtype, pd.PeriodDtype):
        return np.asarray(column.dt.start_time)
    if column.dtype.kind != "M":
        texts = column.astype(object).where(column.notna(), None)
        read = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
        rest = read.isna() & column.notna()
        if rest.any():
            day_first = _day_first(texts[rest].astype(str).tolist())
            if day_first is None:
                return None
            read[rest] = pd.to_datetime(texts[rest], format="mixed", dayfirst=day_first, utc=True, errors="coerce")
        column = read
    return np.asarray(column.dt.tz_localize(None)) if column.dt.tz is not None else column.to_numpy()


def _day_first(cells: Sequence[str]) -> bool | None:
    """Whether the day stands before the month in cells such as 31/01/2024; None where nothing tells."""
    pairs = [(int(found[1]), int(found[3]), found[2]) for cell in cells if (found := _TWO_NUMBERS.match(cell))]
    if not pairs or any(one > 12 or cut == "." for one, _, cut in pairs):
        return True
    return False if any(two > 12 for _, two, _ in pairs) else None
