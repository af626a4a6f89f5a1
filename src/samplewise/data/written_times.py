"""The order of rows as people write it: numbers, dates in any usual form, quarters, months and years as text."""

import re

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import InputError, name_rows

pd = lazy_loader.load("pandas")

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OTHER_MONTHS = {"mär": 3, "mai": 5, "mag": 5, "okt": 10, "dez": 12}  # German, French, Italian
CENTURY = 69  # two digits from here are years of 1900, those below of 2000, as in POSIX
_CLOCK = r"(?:[T ,]+(?P<clock>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<half>[AaPp]\.?[Mm]\.?)?.*)?"
_MONTH = r"(?P<month>[^\W\d_]{3,9})\.?"
_FORMS = tuple(
    re.compile(form + _CLOCK)
    for form in (
        r"(?P<year>\d{4})[-/.](?P<b>\d{1,2})(?:[-/.](?P<c>\d{1,2}))?",
        r"(?P<a>\d{1,2})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})",
        rf"{_MONTH} (?P<c>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
        rf"(?P<c>\d{{1,2}})\.?[ -]{_MONTH}[ -](?P<year>\d{{4}}|\d{{2}})",
        rf"{_MONTH}[ -](?P<year>\d{{4}}|\d{{2}})",
        rf"(?P<year>\d{{4}})[ -]{_MONTH}",
        r"(?P<year>\d{4})[ -]?[Qq](?P<quarter>[1-4])",
        r"[Qq](?P<quarter>[1-4])[ -/](?P<year>\d{4})",
    )
)
_FIX = "write it as year-month-day or as numbers"


def as_times(values: Array, name: str, ids: Array | None = None) -> Array:
    """Times that sort, (n,): numbers and dates as they are, text as the numbers or dates it stands for.

    In 6/18/2016 and 17-08-1984 the number that goes beyond 12 anywhere in the column is the day. A quarter or month
    stands for its first day.

    Args:    values: (n,) of any kind, none missing.   name: of the column, for messages.   ids: (n,) keys of the rows.
    Returns: (n,) numbers or datetime64; anything that is neither text nor a date object is returned as it is.
    Raises:  InputError: text that is no time, or dates whose day and month cannot be told apart.
    Cost:    O(n log n); each different text is read once.   Not for: times of day without a date.

    >>> as_times(np.array(["6/18/2016", "12/1/2015"]), "when").astype(str).tolist()
    ['2016-06-18T00:00:00', '2015-12-01T00:00:00']
    >>> as_times(np.array(["2012Q3", "2012Q1"]), "when").astype("M8[M]").astype(str).tolist()
    ['2012-07', '2012-01']
    """
    array = np.asarray(values)
    if array.dtype.kind not in "OUT":
        return array
    texts = np.array([str(value).strip() for value in array.tolist()])
    cells, member = np.unique(texts, return_inverse=True)
    read = _numbers(cells)
    if read is None:
        read = _iso_dates(cells)
    if read is None:
        read = _written_dates(cells, name, texts, ids)
    return np.asarray(read[member])


def _numbers(cells: Array) -> Floats | None:
    try:
        numbers = cells.astype(np.float64)
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _iso_dates(cells: Array) -> Array | None:
    """Dates of ISO 8601, with time zones; those of a form without a sign between its parts are numbers to us."""
    try:
        return np.asarray(pd.to_datetime(cells, format="ISO8601", utc=True).tz_localize(None).to_numpy())
    except (ValueError, TypeError):
        return None


def _written_dates(cells: Array, name: str, texts: Array, ids: Array | None) -> Array:
    """Every cell as the second it stands for."""
    found = [next((hit for form in _FORMS if (hit := form.fullmatch(cell))), None) for cell in cells.tolist()]
    parts = [_parts(hit) for hit in found]
    known = [part for part in parts if part is not None]
    day_first = _day_first([part for part in known if "a" in part], name)
    read = np.array(["NaT" if part is None else _moment(part, day_first) for part in parts], dtype="M8[s]")
    if (bad := np.isnat(read)).any():
        rows = np.isin(texts, cells[bad])
        raise InputError(
            f"{name} must hold numbers or dates such as 2024-01-31",
            where=f"column {name!r}" if ids is None else name_rows(ids[rows]),
            got=", ".join(map(repr, cells[bad][:3].tolist())), fix=_FIX,
        )  # fmt: skip
    return read


def _parts(found: re.Match[str] | None) -> dict[str, str] | None:
    return None if found is None else {key: value for key, value in found.groupdict().items() if value is not None}


def _day_first(dates: list[dict[str, str]], name: str) -> bool:
    """Whether the first of two numbers is the day: one of them goes beyond 12 somewhere; dots mean it by custom."""
    if not dates:
        return True
    first, second = (max(int(date[part]) for date in dates) for part in "ab")
    if first > 12 or second > 12:
        return first > 12
    if all(date["sign"] == "." for date in dates):
        return True
    raise InputError(
        f"{name}: which number is the day and which the month cannot be told", where=f"column {name!r}",
        got=f"dates such as {dates[0]['a']}{dates[0]['sign']}{dates[0]['b']}{dates[0]['sign']}{dates[0]['year']}, no "
        "number of which goes beyond 12", fix=_FIX,
    )  # fmt: skip


def _moment(part: dict[str, str], day_first: bool) -> str:
    """ISO 8601 of a cell's parts, or NaT where there is no such day."""
    year = int(part["year"])
    year += 0 if year > 99 else 1900 if year >= CENTURY else 2000
    month, day = int(part.get("b", 1)), int(part.get("c", 1))
    if "a" in part:
        month, day = (int(part["b"]), int(part["a"])) if day_first else (int(part["a"]), int(part["b"]))
    elif "quarter" in part:
        month = 3 * int(part["quarter"]) - 2
    elif "month" in part:
        begin = part["month"][:3].lower()
        month = MONTHS.index(begin) + 1 if begin in MONTHS else _OTHER_MONTHS.get(begin, 0)
    text = f"{year:04d}-{month:02d}-{day:02d}T{_clock(part)}"
    try:
        return str(np.datetime64(text, "s"))
    except ValueError:
        return "NaT"


def _clock(part: dict[str, str]) -> str:
    hours, *rest = part.get("clock", "0:00").split(":")
    hour, half = int(hours), part.get("half", "")[:1].lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    return ":".join([f"{hour:02d}", *rest])
