"""Time as something that rows are compared over: ranks, cuts, and times as text."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats
from samplewise.core.texts import number_text

BLOCKS = 12  # of time, between which a change is looked for
LENGTHS = 4.0  # a stretch of time is so many times as long as its rows hang together


def ranks(values: Array) -> Floats:
    """Share of the rows that are earlier, or smaller, (n,) from 0 to 1; ties in the middle.

    >>> ranks(np.array([3.0, 1.0, 3.0]))
    array([0.75, 0.  , 0.75])
    """
    ordered = np.sort(values)
    ends = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray((ends - 1.0) / (2.0 * max(len(values) - 1, 1)))


def cut_indicators(times: Array, least: int) -> tuple[Floats, list[Any]]:
    """Indicators (n, s) of "at or after" and the s times between blocks, with `least` rows or more on either side.

    Between blocks of equal size, moved to the nearest row where another time begins.

    >>> [int(where) for where in cut_indicators(np.arange(24), least=8)[1]]
    [8, 10, 12, 14, 16]
    """
    ordered = np.sort(times)
    places = len(times) * np.arange(1, BLOCKS) // BLOCKS
    first, last = (np.searchsorted(ordered, ordered[places], side) for side in ("left", "right"))
    begins = np.unique(np.where(places - first <= last - places, first, last))
    wheres = list(ordered[begins[(begins >= least) & (begins <= len(times) - least)]])
    return np.array([times >= where for where in wheres], dtype=np.float64).reshape(len(wheres), len(times)).T, wheres


def moment_text(value: Any) -> str:
    """A day where it is a date, else the number.

    >>> moment_text(np.datetime64("2024-01-31T10:00")), moment_text(2012.0)
    ('2024-01-31', '2,012')
    """
    return str(value.astype("M8[D]")) if isinstance(value, np.datetime64) else number_text(value)
