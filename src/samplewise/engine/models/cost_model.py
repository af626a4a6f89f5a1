"""What a fit is expected to cost: from a fixed table, so that what a budget buys does not depend on the clock."""

import re

from samplewise.core.errors import InputError, unknown_name
from samplewise.engine.models.kernel_head import landmark_count
from samplewise.engine.models.learner import Learner

UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_budget(budget: str | float | None) -> float | None:
    """Seconds of "60s", "2min", "1h" or a number; None stays None."""
    if budget is None or isinstance(budget, int | float):
        seconds = budget
    else:
        found = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]*)\s*", budget.lower())
        if not found:
            raise InputError("the budget cannot be read", got=repr(budget), fix="write it like 60s, 2min or 1h")
        number, unit = found.groups()
        if (unit or "s") not in UNITS:
            raise unknown_name("unit of time", unit, UNITS)
        seconds = float(number) * UNITS[unit or "s"]
    if seconds is not None and not seconds > 0:
        raise InputError("the budget must be positive", got=repr(budget), fix="write it like 60s, 2min or 1h")
    return seconds


def seconds_per_fit(rows: int, columns: int, classes: int, learner: Learner) -> float:
    """Expected seconds of one fit on so many rows, from a table measured on two cores (benchmarks/audit.py)."""
    outputs = max(1, classes if classes > 2 else 1)  # two classes need one tree a round
    if learner.closed_form:
        width = landmark_count(rows)
        return 0.02 + 2e-10 * width**3 + 4e-11 * rows * width**2 * 0.2
    return 0.03 + 4e-7 * rows * max(columns, 1) * outputs
