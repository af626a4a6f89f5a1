"""Values that cannot be, by the name of their column: an age below zero, a percentage above 100, a thirteenth month.

A name and the other values must agree: hardly a row may break the rule, so that a column which only sounds like one
(a change of weight, a percentage of growth) is left alone.
"""

import re
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Mask

RARE = 0.01  # share of the rows up to which values beyond a limit are mistakes
FEWEST_ROWS = 50
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
_MONTH, _HOUR, _DAY = _word("month"), _word("hour"), _word("day_of_month", "date_of_month")
_UPPER = (
    (_PERCENT, 100.0, "a percentage reaches to 100"),
    (_MONTH, 12.0, "months are 1 to 12"),
    (_HOUR, 24.0, "hours of a day reach to 24"),
    (_DAY, 31.0, "days of a month are 1 to 31"),
)


def impossible_values(values: Floats, name: str) -> Impossible | None:
    """Cells (n,) beyond what the name of a numeric column allows, where at most 1 % of the rows are.

    Names of counts and measures (age, price, weight): nothing below zero. Percentages up to 100, months to 12, hours
    to 24, days of a month to 31, where the others fill the upper half of that range. Names that also tell of a change,
    a balance or a score are left alone; so are fewer than 50 values.

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
