"""Values that cannot be: an age below zero, a percentage above 100, a thirteenth month, a day that is not there.

A name and the other values must agree: hardly a row may break the rule, so that a column which only sounds like one
(a change of weight, a percentage of growth) is left alone. Dates are compared with the other dates of their column and
never with today, so that the same table gets the same answer tomorrow.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.quality.sentinels import day_readings

RARE = 0.01  # share of the rows up to which values beyond a limit are mistakes
FEWEST_ROWS = 50
ABSENT = 0.05  # share of the dates up to which days that are not there are mistakes, and no codes that look like dates
FAR = 10  # years by which a date at the least lies beyond all others
LAST_YEAR = 2100  # no record is of a later one
CHANGES = re.compile(
    r"change|diff|delta|growth|gain|loss|balance|net|return|residual|error|score|log|lag", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Impossible:
    """Cells of one column beyond a limit that its name sets.

    Args:
        cells: (n,) which.
        reason: why, as part of a sentence.
        limits: the least and the largest value that can be.
    """

    cells: Mask
    reason: str
    limits: tuple[float, float]


def _word(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{'|'.join(words)})(?![a-z])", re.IGNORECASE)


_COUNTED = _word(
    "age", "ages", "count", "counts", "n", "num", "number", "price", "prices", "weight", "height", "length", "width",
    "depth", "area", "distance", "duration", "population", "visits", "children", "quantity", "qty", "sqft", "bmi",
)  # fmt: skip
_PERCENT = _word("percent", "percentage", "pct", "perc")
_YEAR = _word("year", "yr")
_MONTH, _HOUR, _DAY = _word("month"), _word("hour"), _word("day_of_month", "date_of_month")
_UPPER = (
    (_PERCENT, 100.0, "a percentage reaches to 100"),
    (_MONTH, 12.0, "months are 1 to 12"),
    (_HOUR, 24.0, "hours of a day reach to 24"),
    (_DAY, 31.0, "days of a month are 1 to 31"),
    (_YEAR, float(LAST_YEAR), "it lies in the future, and all others are years to 2100"),
)


def impossible_values(values: Floats, name: str) -> Impossible | None:
    """Cells (n,) beyond what the name of a numeric column allows, where at most 1 % of the rows are.

    Names of counts and measures (age, price, weight): nothing below zero. Percentages up to 100, months to 12, hours
    to 24, days of a month to 31, years to 2100, where the others fill the upper half of that range. Names that also
    tell of a change, a balance or a score are left alone; so are fewer than 50 values.

    Cost: O(n).

    >>> int(impossible_values(np.r_[np.arange(20.0, 90.0), -4.0, 30.0], "age").cells.sum())
    1
    """
    present = np.isfinite(values)
    if present.sum() < FEWEST_ROWS or CHANGES.search(name):
        return None
    most = max(1, int(RARE * present.sum()))
    if _COUNTED.search(name) and 0 < (below := present & (values < 0)).sum() <= most:
        return Impossible(
            below, "the name is that of a count or a measure, and no other value is below zero", (0.0, np.inf)
        )
    for pattern, limit, reason in _UPPER:
        above = present & (values > limit)
        if pattern.search(name) and 0 < above.sum() <= most:
            others = values[present & ~above]
            if others.min() >= 0 and others.max() > 0.5 * limit:
                return Impossible(above, reason, (-np.inf, limit))
    return None


def impossible_dates(distinct: Sequence[str], counts: Ints) -> list[tuple[tuple[str, ...], str]]:
    """Those of the different dates of a column, as texts, that cannot be, each kind with its reason.

    Days that are not there, such as 2021-02-30, in at most 5 % of the rows. Dates of the future, in at most 1 %: beyond
    all others by more than ten years and than the others range over, or after 2100 where all others are before it.

    Cost: O(different dates).   Not for: dates with the month as a word; a date of next year.

    >>> impossible_dates(["2021-02-30", "2019-05-01", "2201-05-01", "2020-05-01"], np.array([1, 99, 1, 99]))
    [(('2021-02-30',), 'there is no such day'), (('2201-05-01',), 'the other dates are of 2019 to 2020')]
    """
    readings = [day_readings(text) for text in distinct]
    dated = np.array([bool(days) for days in readings], dtype=bool)
    there = np.array([any(map(_exists, days)) for days in readings], dtype=bool)
    years = np.array([int(days[0][:4]) if days else 0 for days in readings])
    found = []
    absent = np.flatnonzero(dated & ~there)
    if 0 < counts[absent].sum() <= max(1, ABSENT * counts[dated].sum()):
        found.append((tuple(distinct[at] for at in absent.tolist()), "there is no such day"))
    later = _far_ahead(years, np.where(there, counts, 0))
    if later.any():
        rest = years[there & ~later]
        reason = f"the other dates are of {rest.min()} to {rest.max()}"
        found.append((tuple(distinct[at] for at in np.flatnonzero(later).tolist()), reason))
    return found


def _exists(day: str) -> bool:
    try:
        dt.date(*map(int, day.split()))
    except ValueError:
        return False
    return True


def _far_ahead(years: Ints, counts: Ints) -> Mask:
    """Which of the years, each with its number of rows, lie beyond all others; at most those of 1 % of the rows."""
    most = max(1, int(RARE * counts.sum()))
    for cut in np.unique(years[counts > 0])[:0:-1][:most][::-1].tolist():
        ahead = (years >= cut) & (counts > 0)
        rest = years[~ahead & (counts > 0)]
        gap = cut - int(rest.max())
        apart = gap > max(FAR, int(rest.max() - rest.min())) or (cut > LAST_YEAR >= rest.max() and gap >= FAR)
        if apart and counts[ahead].sum() <= most:
            return np.asarray(ahead)
    return np.zeros(len(years), dtype=bool)
