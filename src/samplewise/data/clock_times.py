"""Times of day and durations as numbers: 14:30, 2:05:33 PM, 2h 30m, 1 day 4:00:00."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats

MOST_WORDS = 5

_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:[.,]\d+)?))?\s*([AaPp]\.?[Mm]\.?)?")
_SPAN = re.compile(  # small letters, as units are written: 3D is no duration
    r"(?:(?P<d>\d+(?:\.\d+)?)\s*d(?:ays?)?,?\s*)?(?:(?P<h>\d+(?:\.\d+)?)\s*h(?:(?:ou)?rs?)?\s*)?"
    r"(?:(?P<m>\d+(?:\.\d+)?)\s*m(?:in(?:ute)?s?)?\s*)?(?:(?P<s>\d+(?:\.\d+)?)\s*s(?:ec(?:ond)?s?)?)?"
    r"(?P<clock>\d{1,2}:\d{2}:\d{2}(?:\.\d+)?)?"
)
_ISO_SPAN = re.compile(r"P(?=\d|T)(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_DURATION_NAME = re.compile(r"duration|elapsed|length|runtime|time_?taken|\blap|pace|split", re.IGNORECASE)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}


@dataclass(frozen=True, slots=True)
class ClockFormat:
    """How the different cells of a column are read as times.

    Args:
        values: (m,) number of every different cell, NaN for words.   words: the others.   note: the reading, in words.
    """

    values: Floats
    words: tuple[str, ...]
    note: str


def read_times(cells: Sequence[str], name: str = "") -> ClockFormat | None:
    """Different cells as hours since midnight or seconds, or None where at most five of them are neither.

    Hours and minutes below 24:00 are times of day, unless the column is named for a duration; all else is a duration.

    Cost: O(m).   Not for: dates.

    >>> read_times(["14:30", "00:15"]).values
    array([14.5 ,  0.25])
    >>> read_times(["2h 30m", "45m"]).values
    array([9000., 2700.])
    """
    texts = [cell.strip() for cell in cells]
    clocks = [_CLOCK.fullmatch(text) for text in texts]
    if sum(found is not None for found in clocks) > max(len(texts) - MOST_WORDS - 1, len(texts) // 2):
        return _clock_values(texts, clocks, name)
    values = np.array([_span_seconds(text) for text in texts])
    absent = np.isnan(values)
    if absent.sum() > min(MOST_WORDS, (len(texts) - 1) // 2):
        return None
    words = tuple(text for text, gone in zip(texts, absent.tolist(), strict=True) if gone)
    return ClockFormat(values, words, "durations, read as seconds")


def _clock_values(texts: list[str], clocks: list[re.Match[str] | None], name: str) -> ClockFormat:
    hours = [int(found[1]) for found in clocks if found is not None]
    duration = max(hours) >= 24 or bool(_DURATION_NAME.search(name))
    minutes_first = duration and all(found is None or found[3] is None for found in clocks)
    unit = (1 / 60 if minutes_first else 1.0) * (3600.0 if duration else 1.0)
    values = np.array([np.nan if found is None else unit * _clock_hours(found) for found in clocks])
    words = tuple(text for text, found in zip(texts, clocks, strict=True) if found is None)
    if not duration:
        return ClockFormat(values, words, "times of day, read as hours since midnight")
    shape = "minutes:seconds" if minutes_first else "hours:minutes:seconds"
    return ClockFormat(values, words, f"durations ({shape}), read as seconds")


def _clock_hours(found: re.Match[str]) -> float:
    hours, half = int(found[1]), (found[4] or "").lower()[:1]
    if half and hours <= 12:
        hours = hours % 12 + (12 if half == "p" else 0)
    return hours + int(found[2]) / 60 + float((found[3] or "0").replace(",", ".")) / 3600


def _span_seconds(text: str) -> float:
    """Seconds of a duration with units; NaN for anything else."""
    found = _SPAN.fullmatch(text[1:].replace("T", "").lower() if _ISO_SPAN.fullmatch(text) else text)
    if found is None or not any(found.groupdict().values()):
        return np.nan
    seconds = sum(factor * float(found[unit] or 0) for unit, factor in _SECONDS.items())
    if found["clock"]:
        hours, minutes, rest = found["clock"].split(":")
        seconds += 3600 * int(hours) + 60 * int(minutes) + float(rest)
    return seconds
