"""SW601 worst segment.

## Measures
The error in every segment of the rows and the error outside it, with an interval and a test corrected for the number
of segments. Segments are the values of the columns you name (`segments=`). Without any, single values and ranges of the
features and pairs of them are searched on one half of the rows, and the worst are measured on the other half, so the
search is not in the interval. Where columns have no meaning of their own (images, embeddings) classes are compared.

## Why it matters
A good average hides a group for which the model is useless: a site, an age band, one kind of device.

## When it is wrong
A segment can be worse because its labels are wrong, because it is rare, or because it is hard for everybody (rows near
the border between two classes); none of these is the model's unfairness. A pair that was found by search is a hint
where to look, not a proof about a group. Where always predicting the most frequent class would be as right in it, a
found segment holds more of the other classes and is a note.

## Remedy
Look at the labels of the segment first; then collect rows there rather than everywhere, or train with a loss that
weighs its rows more, and audit again.

## Source
clopper1934, holm1979; eyuboglu2022 for the search.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import evaluated_losses, prediction_source
from samplewise.core.arrays import Array, Floats, positions_of
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, p_text, shortened
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.engine.models.row_losses import UNITS, ErrorScale
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.shift import WorstSegments
from samplewise.shift.bins import cells_of
from samplewise.shift.worst import named_segments, segments_in

CODE, TITLE, SLOW = "SW601", "worst segment", False
NEEDS = frozenset({"label", "features"})

GRAVE = 5.0  # points: a found segment whose difference is at least this even at its low end is worth a warning
AS_OFTEN = 0.01  # share of the rows by which a constant answer may be wrong more often and be as good
LISTED = 40
BY_CLASS = "label"
FEWEST_CLASSES, MOST_CLASSES = 3, 100  # compared where there is nothing else to compare
SOURCE = "clopper1934"


def run(evidence: Evidence) -> CheckResult:
    """Errors of named segments, or of the worst that a search finds."""
    losses = evaluated_losses(evidence)
    found = _segments(evidence, losses)
    if not len(found.errors):
        raise NotApplicable("no segment could be measured on the other half of the rows")
    keys = np.array(found.errors.names, dtype=str)
    worse = "wrong more often" if evidence.whole.class_count else "larger errors"
    scale = ErrorScale.of(evidence.target)
    one, unit = (1.0, "share of rows") if scale.one is None else (scale.one, LABEL_UNIT)
    scores = Scores("segment_error", found.errors.error * one, keys, unit, worse, axis="segment")
    worst = found.material()
    findings = (_finding(evidence, found, worst, losses),) if worst else ()
    measured = (_estimate(found, 0, scale), _difference(found, 0, scale))
    return CheckResult(findings, (scores,), (_exhibit(found, scale),), measured)


def _segments(evidence: Evidence, losses: Floats) -> WorstSegments:
    """Named segments, else found ones, else, where columns have no meaning of their own, the classes."""
    unit, groups = UNITS[evidence.target.task], evidence.split_groups
    try:
        return segments_in(losses, evidence.data, unit, groups, seed=evidence.seed)
    except InputError as lacking:
        reason = f"{lacking.what} ({lacking.got}); {lacking.fix}"
    if evidence.data.segments is not None or not FEWEST_CLASSES <= evidence.whole.class_count <= MOST_CLASSES:
        raise NotApplicable(reason)
    cells = [cells_of(BY_CLASS, np.asarray(evidence.data.y), most=MOST_CLASSES)]
    try:
        return named_segments(losses, cells, evidence.data.ids, unit, groups=groups)
    except InputError:  # the classes are too small as well
        raise NotApplicable(reason) from None


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: rows that are not there yet cannot be added."""
    return {}


def _finding(evidence: Evidence, found: WorstSegments, worst: list[int], losses: Floats) -> Finding:
    table, first = found.errors, worst[0]
    name = table.names[first]
    more = len(worst) - 1
    others = f" {count_of(more, 'more segment')} {'is' if more == 1 else 'are'} worse than the rest as well."
    others = others if more else ""
    how = "found by search on half of the rows and measured on the other half" if found.searched else "all rows"
    scale, amount = ErrorScale.of(evidence.target), "in" if evidence.whole.class_count else "by"
    explanation = (
        f"{prediction_source(evidence)} err {amount} {_estimate(found, first, scale).without_reason()} where "
        f"{name} ({count_of(int(table.rows[first]), 'evaluated row')}, {how}), and {amount} "
        f"{scale.text(table.rest[first])} elsewhere "
        f"({p_text(table.p_value[first])} after correction for {len(table)} segments).{others}"
    )
    remedies = (
        Remedy(
            "review",
            tuple(found.ids[first].tolist()),
            action=f"Look at the labels of the rows where {name}.",
        ),
        Remedy("collect", (), action=f"Collect rows where {name} rather than everywhere."),
    )
    names = tuple(table.names[at] for at in worst)
    guessed = _guessed(evidence, found, first, losses)
    explanation += guessed
    caveat = "A segment may be hard for everybody, or hold more wrong labels; the comparison does not say which."
    measured = (_estimate(found, first, scale), _difference(found, first, scale))
    title = f"The model is worst where {name}"
    severity = "note" if guessed and found.searched else _severity(found, first)
    return Finding(CODE, title, severity, names, explanation, remedies, measured, "segment", caveat)


def _guessed(evidence: Evidence, found: WorstSegments, first: int, losses: Floats) -> str:
    """That the most frequent class alone would be right as often there, where it is: rare classes are, the model is not
    worse; else "".
    """
    target = evidence.target
    if target.classes is None:
        return ""
    counts = np.bincount(target.codes, minlength=len(target.classes))
    rows = positions_of(found.ids[first].tolist(), evidence.data.ids)
    rows = rows[np.isfinite(losses[rows])]
    error = float(np.mean(target.codes[rows] != counts.argmax()))
    if error > float(losses[rows].mean()) + AS_OFTEN:
        return ""
    name = shortened(str(target.classes[counts.argmax()]), 40)
    return (
        f" Always predicting {name!r} would be wrong in {percent_text(error)} of these rows, hardly more often: other "
        "classes are more frequent there."
    )


def _severity(found: WorstSegments, first: int) -> Severity:
    """Named segments were chosen by the user; a searched one must be grave, and more than a border in a number."""
    if found.errors.names[first].startswith(f"{BY_CLASS} = "):
        return "note"  # some class is always the hardest
    grave = found.single[first] and found.errors.difference_low[first] >= GRAVE
    return "warning" if grave or not found.searched else "note"


def _estimate(found: WorstSegments, at: int, scale: ErrorScale) -> Estimate:
    table = found.errors
    reason = f"{table.names[at]}: {table.rows[at]:,} rows"
    numbers = (float(table.error[at]), float(table.low[at]), float(table.high[at]))
    return scale.error(Estimate("worst_segment_error", *numbers, "", table.confidence, SOURCE, reason))


def _difference(found: WorstSegments, at: int, scale: ErrorScale) -> Estimate:
    table = found.errors
    points = (table.difference[at], table.difference_low[at], table.difference_high[at])
    value, low, high = (float(scale.point * end) for end in points)
    reason = "segment minus all other rows; not corrected for the number of segments"
    unit = "points" if scale.one is None else LABEL_UNIT
    return Estimate("worse_by", value, low, high, unit, table.confidence, SOURCE, reason)


def _exhibit(found: WorstSegments, scale: ErrorScale) -> Exhibit:
    """Errors as bars next to those of the rest."""
    table = found.errors
    columns: dict[str, Array] = {
        "name": np.array(table.names, dtype=str)[:LISTED],
        "value": scale.drawn(table.error[:LISTED]),
        "low": scale.drawn(table.low[:LISTED]),
        "high": scale.drawn(table.high[:LISTED]),
        "control": scale.drawn(table.rest[:LISTED]),
        "rows": table.rows[:LISTED],
        "shrunk": scale.drawn(table.shrunk[:LISTED]),
        "p_value": table.p_value[:LISTED],
    }
    note = "Gray: the rows outside the segment. Worst first, small segments shrunk toward the average."
    if found.searched:
        note += " Found by search on half of the rows, measured on the other half."
    return Exhibit("bars", "Error by segment", columns, scale.axis, note)
