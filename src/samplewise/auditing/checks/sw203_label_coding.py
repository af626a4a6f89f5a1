"""SW203 labels whose coding changes.

## Measures
Whether the same features get other labels at some time, site or annotator: models that see neither predict the label
and the source of every row, and what they leave of one is compared with what they leave of the other, within every
predicted class. Sources are `time=` (without it, date columns), `segments=`, `groups=` where there are 20 or fewer, and
columns called like an annotator. Sums over groups and over stretches of time are turned by random signs, so that
rows that hang together do not count as many; p is corrected over classes, cuts of time and sources.

## Why it matters
Where "rain" is written as "fog" from some day on, every old or every new label looks wrong, and none is. Relabeling row
by row then mixes both codings; a model trained on both learns neither.

## When it is wrong
A cause that no column shows (a new machine, inflation, another kind of patient) looks the same as a changed definition:
people know which. A change that evens out over the rows of a predicted class is not seen. Where the features tell the
time or the site, nothing can be compared. The order of rows in the file is no source, since any file may be sorted by
class. Features that drift while labels follow them are no finding; they are listed as context.

## Remedy
Find out whether the definition of the label was changed, then translate one coding into the other for whole periods or
sites, or audit them apart. No single row is called wrong.

## Source
shah2020, robinson1988, wu1986, holm1979.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.errors import InputError
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent
from samplewise.core.texts import keys_text, shortened
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.shift import CodingChange, FeatureDrift, LabelCoding
from samplewise.shift.coding_sources import names_an_annotator
from samplewise.shift.drift import drift_in
from samplewise.shift.times import moment_text

CODE, TITLE, SLOW = "SW203", "labels whose coding changes", False
NEEDS = frozenset({"label", "features"})

LARGE = 10.0  # points from which a change over time or between annotators is a warning
CAVEAT = "A cause that no column shows looks the same as a changed definition; the rows alone do not say which it was."


def run(evidence: Evidence) -> CheckResult:
    """Sources over which labels change at the same features, and columns that drift, for context."""
    coding = evidence.label_coding
    drift = _drift(evidence)
    findings = tuple(_finding(evidence, change, drift) for change in coding.found)
    measured = tuple(_estimate(change) for change in coding.found)
    exhibits = (_compared(coding), *((_drifting(drift),) if drift is not None else ()))
    return CheckResult(findings, (), exhibits, measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: what a label means is for people to find out."""
    return {}


def _drift(evidence: Evidence) -> FeatureDrift | None:
    """Columns over the time that labels were compared over; None where there is none, or nothing to compare."""
    time = evidence.coding_time
    if time is None:
        return None
    try:
        return drift_in(evidence.data, time)
    except InputError:  # pictures, texts, or too few rows
        return None


def _finding(evidence: Evidence, change: CodingChange, drift: FeatureDrift | None) -> Finding:
    what = f"{change.given!r}" if change.given else "the label"
    title = f"{shortened(what, 40)} means something else {shortened(_there(change), 60)}"
    explanation = (
        f"Models that see neither time nor place: {change.in_words()} (p = {change.p_value:.2g}, corrected over "
        "classes, cuts and sources). No single row is called wrong by this."
    )
    if drift is not None and change.kind == "time" and len(drift.drifting):
        explanation += f" Columns that drift over time, which this takes into account: {keys_text(drift.drifting)}."
    action = (
        f"Ask whether the definition of {what} was changed {_there(change)}; if so, translate one coding into "
        "the other, or audit the parts apart."
    )
    remedy = Remedy("review", (change.place,), action=action)
    return Finding(
        CODE, title, _severity(evidence, change), (change.place,), explanation, (remedy,), (_estimate(change),),
        "segment", CAVEAT,
    )  # fmt: skip


def _there(change: CodingChange) -> str:
    """Where labels differ, as a sentence says it."""
    return f"from {moment_text(change.where)} on" if change.kind == "time" else f"at {change.place}"


def _severity(evidence: Evidence, change: CodingChange) -> Severity:
    """Numbers drift with the world, and a place may be a cause: notes. Classes over time or by annotator: warnings."""
    named = change.kind == "time" or names_an_annotator(change.source)
    return "warning" if named and change.given and abs(change.effect.value) >= LARGE else "note"


def _estimate(change: CodingChange) -> Estimate:
    """The shift at the same features, named for its source."""
    effect = change.effect
    ends = (effect.value, effect.low, effect.high)
    return Estimate(
        f"label_shift_by_{change.source}", *ends, effect.unit, effect.confidence, effect.source, effect.reason
    )


def _compared(coding: LabelCoding) -> Exhibit:
    """One line per source."""
    changes = coding.changes
    columns = {
        "source": np.array([change.source for change in changes]),
        "where": np.array([change.place if change.material else "" for change in changes]),
        "shift": np.array([change.effect.value for change in changes]),
        "p_value": np.array([change.p_value if not change.reason else np.nan for change in changes]),
        "reason": np.array([change.reason for change in changes]),
    }
    note = "Largest change of a label at the same features; one below 3 points, of a number .1 spreads, counts as none."
    return Exhibit("table", "Labels by source", columns, changes[0].effect.unit, note)


def _drifting(drift: FeatureDrift) -> Exhibit:
    """Every column, the most changed first."""
    columns = {
        "column": drift.names, "since": drift.since, "overlap": percent(drift.overlap), "moved": drift.moved,
        "p_value": drift.p_value,
    }  # fmt: skip
    note = "Share of the rows before with a counterpart after, in %, and how far the median moved, in spreads."
    return Exhibit("table", "Columns over time", columns, "", note)
