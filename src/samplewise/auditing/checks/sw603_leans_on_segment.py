"""SW603 the model leans on a segment.

## Measures
For every column you name (`segments=`): a model is fitted on one half of the rows and asked about the other half with
the column swapped between rows that have other values of it. Where features have no names (embeddings), the directions
in which segments of one class differ are swapped instead. Told are the share of rows whose class flips, what the error
rises by, and the error of every class in every segment.

## Why it matters
A model that reads the background, the site or the sex of a person instead of what it should look at is right on
average and wrong in the segment where the usual goes wrong. Its score hides that, and another place shows it.

## When it is wrong
That a model leans on a segment is no fault where the segment bears on the label, as age does on illness; whether it may
be used, no data tell. So this is a note, and a warning only where one class is wrong more often in one segment than in
the others. Labels of a segment can be wrong more often as well. Swapping can make rows that do not occur, a bearded
woman, and what the model says of them counts. Other columns may tell the segment as well, and are not swapped.

## Remedy
Where the segment must not count, weigh the rows so that class and segment are independent, collect rows of the class
that is rare in its segment, or erase the segment from embeddings (`shift.FeatureSplit`); with known segments, weights
are the stronger tool. Audit again.

## Source
jansen1999, sobol2001 for the share of the variance; clopper1934, holm1979 for the errors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import evaluated_losses
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, p_text, shortened
from samplewise.core.values import Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.shift.bins import cells_of
from samplewise.shift.half_fits import reliance_on_segment
from samplewise.shift.relied_on import Reliance
from samplewise.shift.segments import SegmentErrors, segment_errors

CODE, TITLE, SLOW = "SW603", "the model leans on a segment", False
NEEDS = frozenset({"label", "classes", "features"})

FEWEST = 100
LEANS = 1.0  # points by which swapping must raise the error, at the low end of its interval
GRAVE = 10.0  # points by which a class must be wrong more often in a segment, at the low end, for a warning
SIGNIFICANT = 0.05
NAME = 40


def run(evidence: Evidence) -> CheckResult:
    """Whether the model leans on a named segment, and whom it costs."""
    named = evidence.data.segments
    if named is None:
        raise NotApplicable("no segments were named (segments=)")
    if len(evidence.data) < FEWEST:
        raise NotApplicable(f"fewer than {FEWEST} rows")
    losses, found, refused = evaluated_losses(evidence), [], []
    for name in named.columns:
        try:
            leaning = reliance_on_segment(evidence.prepared, str(name))
            found.append((leaning, _worst(evidence, named[name], losses)))
        except InputError as lacking:
            refused.append(f"{shortened(name, NAME)}: {lacking.what} ({lacking.got})")
    if not found:
        raise NotApplicable("; ".join(refused))
    findings = tuple(_finding(*one) for one in found if one[0].change_of_error.low >= LEANS)
    measured = tuple(number for leaning, _ in found for number in (leaning.flip_rate, leaning.change_of_error))
    return CheckResult(findings, (), (_exhibit([one for one, _ in found]),), measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: whether a segment may count is for a person to say."""
    return {}


def _worst(evidence: Evidence, values: Any, losses: Any) -> tuple[str, SegmentErrors] | None:
    """The class that is wrong more often in one segment than in the others by most, and its errors by segment."""
    classes = evidence.target.classes
    cells = cells_of(shortened(values.name, NAME), values)
    found: list[tuple[float, str, SegmentErrors]] = []
    for code, value in enumerate(() if classes is None else classes.tolist()):
        own = np.where(evidence.target.codes == code, losses, np.nan)
        try:
            table = segment_errors(own, [cells], groups=evidence.split_groups)
        except InputError:
            continue  # too few rows of the class in any segment
        at = int(np.argmax(table.difference_low))
        if table.p_value[at] < SIGNIFICANT:
            found.append((float(table.difference_low[at]), str(value), table))
    if not found:
        return None
    _, value, table = max(found, key=lambda one: one[0])
    return value, table


def _finding(leaning: Reliance, worst: tuple[str, SegmentErrors] | None) -> Finding:
    name = shortened(leaning.on, NAME)
    why = (
        f"With {name} swapped between held-out rows, {leaning.flip_rate.without_reason()} get another class and the "
        f"error rises by {leaning.change_of_error.without_reason()}."
    )
    severity: Severity = "note"
    title = f"The model leans on {name}"
    if worst is not None:
        value, table = worst
        at = int(np.argmax(table.difference_low))
        why += (
            f" Rows of class {shortened(value, NAME)} are wrong in {percent_text(table.error[at])} where "
            f"{table.names[at]}, and in {percent_text(table.rest[at])} elsewhere ({p_text(table.p_value[at])})."
        )
        if table.difference_low[at] >= GRAVE:
            severity = "warning"
            title += f", and errs where class {shortened(value, NAME)} meets {table.names[at]}"
    caveat = "Where the segment bears on the label it may be right to use it; whether it may count, no data tell."
    remedies = (
        Remedy("review", (), action=f"Decide whether {name} may count; audit without it to see what it bears."),
        Remedy("collect", (), action=f"Collect rows of the class that is rare in its {name}, or weigh them."),
    )
    measured = (leaning.flip_rate, leaning.change_of_error, leaning.variance)
    return Finding(CODE, title, severity, (leaning.on,), why, remedies, measured, "column", caveat)


def _exhibit(found: list[Reliance]) -> Exhibit:
    def column(part: str) -> Any:
        return percent(np.array([getattr(one.flip_rate, part) for one in found]))

    columns = {"name": np.array([shortened(one.on, NAME) for one in found], dtype=str)}
    columns |= {part: column(part) for part in ("value", "low", "high")}
    note = f"Measured on {count_of(found[0].rows, 'held-out row')} by a model fitted on the others."
    return Exhibit("bars", "Rows whose class flips with the segment", columns, "%", note)
