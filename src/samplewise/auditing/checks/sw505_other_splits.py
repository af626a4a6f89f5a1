"""SW505 does the random split flatter the score.

## Measures
Where a column looks like groups of rows (a patient, a site) and no `groups=` was given: the held-out error with rows
split at random, and that with the rows of a group kept together and the column left out, as `groups=` does. Where a
column holds dates and no `time=` was given: the error on the last three of five blocks of time, by models of rows of
any time and by models of as many rows of the past. The difference has a t interval by group, or by a fiftieth of the
time. A warning takes p < .01 after Holm's correction, and 2 % of the rows (of the median's error, for numbers) or a
quarter of the random error.

## Why it matters
Rows of one patient, or of one day, resemble each other. A random split trains on some of them and is tested on the
others, so the score is that of patients already seen. New patients, and tomorrow, are predicted worse.

## When it is wrong
Where the model will be used for rows of groups it has seen, or to fill gaps in the past, the random split is the right
one. A column that looks like groups may be none. With few groups the interval is wide, and no difference that can be
seen is not the same as none.

## Remedy
Run again with `groups=` or `time=` where new groups, or later rows, are to be predicted: every figure then holds for
those.

## Source
roberts2017 for splits by group and time; diebold1995 for the comparison.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.data.written_times import as_times
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.multiplicity import holm
from samplewise.generalization.gap.other_splits import (
    FORWARD_FITS,
    SplitComparison,
    forward_in_time,
    with_groups_apart,
)

CODE, TITLE, SLOW = "SW505", "whether the random split flatters the score", True
NEEDS = frozenset({"label", "columns", "features"})

MOST_GROUPS = 3  # columns that look like groups, of which the first so many are tried
LEVEL = 0.01  # one-sided, after Holm's correction: a warning questions the score itself, and should be no chance
USEFUL, USEFUL_SHARE = 0.02, 0.25  # a difference worth acting on: of all rows, or of the random error
ASKED = "no column looks like groups or dates beyond those that groups= and time= name"


@dataclass(frozen=True, slots=True)
class _Question:
    """A column that another split would use, by which option, and what that split gives."""

    column: str
    option: str
    found: SplitComparison


def run(evidence: Evidence) -> CheckResult:
    """Both errors for every question; a warning where the random split flatters by more than chance and a bit."""
    groups, dates = _candidates(evidence)
    if not groups and dates is None:
        raise NotApplicable(ASKED)
    _require_room(evidence, evidence.plan.folds * len(groups) + FORWARD_FITS * (dates is not None))
    reasons: list[str] = []
    asked = [*_by_group(evidence, groups, reasons), *_by_time(evidence, dates, reasons)]
    if not asked:
        raise NotApplicable("; ".join(reasons))
    p_values = holm([one.found.more.p_value for one in asked]).tolist()
    findings = [_finding(evidence, one, p_value) for one, p_value in zip(asked, p_values, strict=True)]
    return CheckResult(tuple(findings))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Another split changes no rows."""
    return {}


def _candidates(evidence: Evidence) -> tuple[list[str], str | None]:
    """Columns that may be groups, and the first that holds dates, where the user has not said."""
    if not hasattr(evidence.data.X, "columns") or evidence.ordered:
        return [], None
    groups = [column.name for column in evidence.columns if column.group and column.role == "feature"]
    dates = [column.name for column in evidence.columns if column.kind == "date"]
    return groups[:MOST_GROUPS] if evidence.data.groups is None else [], dates[0] if dates else None


def _require_room(evidence: Evidence, fits: int) -> None:
    if why := evidence.plan.no_room(fits):
        raise NotApplicable(why)


def _by_group(evidence: Evidence, names: list[str], reasons: list[str]) -> Iterator[_Question]:
    for name in names:
        try:
            found = with_groups_apart(evidence.prepared, name, evidence.held_out_outputs)
        except NotApplicable as fact:
            reasons.append(str(fact))
        else:
            yield _Question(name, "groups", found)


def _by_time(evidence: Evidence, name: str | None, reasons: list[str]) -> Iterator[_Question]:
    if name is None:
        return
    try:
        yield _Question(name, "time", forward_in_time(evidence.prepared, _times(evidence.data.X[name], name)))
    except NotApplicable as fact:
        reasons.append(str(fact))
    except InputError as fault:  # dates whose day and month cannot be told apart order nothing
        reasons.append(fault.what)


def _times(column: Any, name: str) -> Array:
    """(n,) times of a column of dates, NaT or NaN where a cell is empty."""
    known = column.notna().to_numpy()
    read = as_times(np.asarray(column[known]), name)
    times = np.full(len(column), np.nan) if read.dtype.kind in "iuf" else np.full(len(column), "NaT", read.dtype)
    times[known] = read
    return times


def _finding(evidence: Evidence, asked: _Question, p_value: float) -> Finding:
    found, column = asked.found, asked.column
    seen = p_value < LEVEL and found.more.estimate.value > 0
    useful = found.relative >= min(USEFUL, USEFUL_SHARE * _relative_error(found))
    more = _difference(evidence, found)
    how, what, new = _words(asked)
    explanation = (
        f"Models ({evidence.learner.name}) err by {found.random.without_reason()} on {found.rows:,} rows where rows "
        f"are split at random, and by {found.other.without_reason()} {how}, a difference of "
        f"{more.without_reason()} (p = {p_value:.2g}). "
    )
    if seen and useful:
        title = f"The random split flatters the score: {what}"
        explanation += f"Where {new} to be predicted, the second is the error to expect."
    elif seen:
        title = f"The random split flatters the score by little: {what}"
        explanation += "The difference is no chance, and too small to matter for most uses."
    else:
        title = f"{'A forward split' if asked.option == 'time' else 'Keeping groups together'} shows no larger error"
        title += f": `{column}`"
        explanation += f"Where {new} to be predicted, the random split has not been seen to flatter."
    action = f"Where {new} to be predicted, run again with {asked.option}={column!r} (--{asked.option} {column})"
    caveat = "Where rows of groups or days that were seen are to be predicted, the random split is the right one."
    measured = (more, replace(found.random, quantity="error at random"), replace(found.other, quantity=f"error {how}"))
    severity = "warning" if seen and useful else "note"
    remedy = Remedy("review", (column,), action=action)
    return Finding(CODE, title, severity, (column,), explanation, (remedy,), measured, "column", caveat)  # type: ignore[arg-type]


def _words(asked: _Question) -> tuple[str, str, str]:
    """How the other split holds rows out, what the random one does, and what then is to be predicted."""
    name = f"`{asked.column}`"
    if asked.option == "time":
        return f"forward in time by {name}", f"it trains on the future by {name}", "later rows are"
    return f"with the rows of one {name} kept together", f"rows of one {name} are on both sides", "new groups are"


def _relative_error(found: SplitComparison) -> float:
    """The random error as `row_losses` counts it."""
    per_unit = found.relative / found.more.estimate.value if found.more.estimate.value else 1.0
    return found.random.value * per_unit


def _difference(evidence: Evidence, found: SplitComparison) -> Estimate:
    """The difference in points of rows, or in the label's unit."""
    more = replace(found.more.estimate, quantity="error hidden by the random split")
    if not evidence.whole.class_count:
        return replace(more, unit=LABEL_UNIT)
    return replace(more, value=100 * more.value, low=100 * more.low, high=100 * more.high, unit="points")
