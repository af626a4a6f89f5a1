"""SW104 outliers: rows far from everything.

## Measures
How many times farther a row's tenth neighbor is than is usual around there: its distance over the median of the
distances of its neighbors, of theirs, and of theirs. A row is listed when that is beyond what the bulk of the rows
lets expect, with at most 2 % false listings in the mean if the tail falls off as it does from the 60 % to the 90 %
quantile. The first 60 are shown with their unusual cells: numbers 3.5 deviations from the median of their column, by
its quartiles, and values that hardly any row holds. Codes for missing values and single cells ten times too large are
SW108's.

## Why it matters
Far rows are where units were mixed up, sensors failed, files were corrupted or something else was recorded; a few of
them can change a linear model much. They are also where a model predicts without having seen anything similar.

## When it is wrong
Far is not wrong: rare but correct rows are the ones a model needs most, and data with heavy tails always has far rows.
Outliers that come in tight groups are near each other and are not found here.

## Remedy
Look at them first. Dropping all of them is tested here; where that does not help, keep them.

## Source
breunig2000 for the comparison with the density around the neighbors; benjamini1995 for the share of false listings.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of
from samplewise.auditing.row_exhibit import rows_exhibit
from samplewise.core.arrays import Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.texts import number_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule, RowEdit
from samplewise.quality.outliers import (
    FEWEST_ROWS,
    far_out,
    far_rows,
    log_isolation,
    outlierness,
)

CODE, TITLE, SLOW = "SW104", "outliers: rows far from everything", False
NEEDS = frozenset({"features"})

MANY, SEVERAL = 0.01, 5  # share of the rows, and rows, from which outliers are worth a warning: one row is no pattern
TESTED = 0.002  # share below which dropping them can have no visible effect


def run(evidence: Evidence) -> CheckResult:
    """Rows far from everything, and how far every row is."""
    if len(evidence.data) < FEWEST_ROWS:
        raise NotApplicable(f"fewer than {FEWEST_ROWS} rows: what is usual cannot be told from so few")
    excess = log_isolation(evidence.graph)
    scores, listed = outlierness(excess, evidence.data.ids), far_rows(excess)
    if not len(listed):
        return CheckResult(scores=(scores,))
    return CheckResult((_finding(evidence, listed, excess),), (scores,), (_exhibit(evidence, listed, excess),))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Drop the listed rows; the list uses no label, so it is the same in every fold."""
    if len(evidence.data) < FEWEST_ROWS:
        return {}
    listed = far_out(log_isolation(evidence.graph))
    if listed.mean() < TESTED:
        return {}
    return {"drop": lambda folded: RowEdit("drop", np.flatnonzero(listed[folded.positions]))}


def _finding(evidence: Evidence, listed: Ints, excess: Floats) -> Finding:
    keys = ids_of(evidence, listed)
    share = len(listed) / len(evidence.data)
    severity: Severity = "warning" if share >= MANY and len(listed) >= SEVERAL else "note"
    far = np.exp(excess[listed])
    least, most = _times(far.min()), _times(far.max())
    factor = most if least == most else f"{least} to {most}"
    why = (
        f"The ten nearest rows of {'these' if len(keys) > 1 else 'it'} are {factor} times as far away as is usual "
        f"around there; of a typical row they are {_times(np.exp(np.median(excess)))} times as far."
        f"{_coded(evidence, keys)}"
    )
    few = "too few rows to see an effect" if share < TESTED else ""
    which = f"these {len(keys):,} rows" if len(keys) > 1 else "this row"
    remedies = (
        Remedy("review", keys, action=f"Look at {which}: mixed units, broken sensors, foreign things, or rare cases"),
        Remedy("drop", keys, action=f"Drop {which}", reason=few),
    )
    measured = Estimate("outliers", share, unit="share of rows", source="breunig2000", reason=COUNTED)
    caveat = "Far is not wrong: rare but correct rows are the ones a model needs most."
    title = f"{len(keys):,} row{'s' * (len(keys) > 1)} far from everything"
    return Finding(CODE, title, severity, keys, why, remedies, (measured,), caveat=caveat)


def _coded(evidence: Evidence, keys: tuple[object, ...]) -> str:
    """How many of the rows hold a code for a missing value, which alone may put them there."""
    codes = {key for group in evidence.odd_cells if group.kind == "sentinel" for key in group.ids.tolist()}
    count = sum(key in codes for key in keys)
    if not count:
        return ""
    which = f"{count:,} of them {'hold' if count > 1 else 'holds'}" if len(keys) > 1 else "It holds"
    return f" {which} what looks like a code for a missing value (SW108), which alone may put a row there."


def _times(factor: float) -> str:
    """Two digits, never as a power of ten."""
    return number_text(float(f"{factor:.2g}"))


COUNTED = "a count on these rows, not an estimate for others"


def _exhibit(evidence: Evidence, listed: Ints, excess: Floats) -> Exhibit:
    far = np.exp(excess[listed])
    nearest = evidence.data.ids[evidence.graph.indices[listed, 0]]
    pairs = zip(far.tolist(), nearest.tolist(), strict=True)
    reason = np.array([f"{_times(times)} times the usual distance; nearest is {key}" for times, key in pairs])
    return rows_exhibit(evidence, "rows far from everything", listed, finding=0, outlierness=far, reason=reason)
