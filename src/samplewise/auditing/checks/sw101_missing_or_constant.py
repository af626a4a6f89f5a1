"""SW101 missing or constant columns.

## Measures
The share of rows without a value in every column, the share of its most frequent value, and by how much the label
differs between rows with and without a value, with an interval. Rows that were set aside because they have no label are
listed too.

## Why it matters
A column without variation carries no information and costs time. Values that are missing more often for one class than
for another let a model predict from the gap instead of the value, which fails as soon as the value is recorded
differently.

## When it is wrong
A value can be missing for a good reason ("date of divorce"), and then the gap is information that the model may use. A
rare value can be the one that matters: a flag that is set in one row of a thousand is nearly constant.

## Remedy
Leave out columns without variation. Where gaps depend on the label, find out how the values were recorded before
trusting a score; fill the gaps by a rule that does not use the label.

## Source
holm1979 for the correction over columns; newcombe1998 for the interval of a difference between two shares.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.values import Exhibit, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.missing import (
    NEARLY,
    column_names,
    gaps_by_label,
    missing_cells,
    missing_share,
    nearly_constant,
    share_of_rows,
)

CODE, TITLE, SLOW = "SW101", "missing or constant columns", False
NEEDS: frozenset[str] = frozenset()

MANY_GAPS = 0.5  # share of missing values from which a column is worth a warning
MANY_UNLABELED = 0.1  # share of rows without a label worth a warning
STRONG = 10.0  # points between classes, or hundredths of the label's standard deviation, worth a warning
CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Columns with gaps or without variation, and rows without a label."""
    if not evidence.columns and not evidence.unlabeled:
        raise NotApplicable("pictures have no columns, and every row has a label")
    absent = missing_cells(evidence.data.X)
    names = column_names(evidence.columns)
    findings = [*_unlabeled(evidence), *_constant(evidence)]
    scores: tuple[Scores, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    if absent.any():
        share = absent.mean(axis=0)
        findings += [*_gaps(names, share), *_distinctive_gaps(evidence, names, absent)]
        scores = (missing_share(share, names),)
        worst = np.argsort(-share, kind="stable")[:50]
        worst = worst[share[worst] > 0]
        columns = {"name": names[worst], "value": percent(share[worst])}
        exhibits = (Exhibit("bars", "missing values by column", columns, "% of rows"),)
    return CheckResult(tuple(findings), scores, exhibits)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def _unlabeled(evidence: Evidence) -> list[Finding]:
    count, total = len(evidence.unlabeled), len(evidence.unlabeled) + len(evidence.data)
    if not count:
        return []
    share = share_of_rows("rows without a label", count, total, CONFIDENCE)
    severity: Severity = "warning" if share.low > MANY_UNLABELED else "note"
    why = f"{count:,} of {total:,} rows have no label; they take no part in anything below."
    caveat = "Rows that were never meant to have a label (a test set in the same file) are no loss."
    remedy = Remedy("collect", evidence.unlabeled, action="Label these rows, or take them out of the file")
    title = f"{count:,} rows have no label"
    return [Finding(CODE, title, severity, evidence.unlabeled, why, (remedy,), (share,), caveat=caveat)]


def _constant(evidence: Evidence) -> list[Finding]:
    """One finding for columns without any variation, one for those with next to none."""
    still = [column.name for column in evidence.columns if column.kind == "constant"]
    nearly = nearly_constant(evidence.data.X, evidence.columns)
    findings = []
    if still:
        empty = sum("missing" in column.note for column in evidence.columns if column.kind == "constant")
        why = f"They hold one value or none; {empty:,} of them no value at all, or one value and gaps."
        findings.append(_columns_finding("without variation", still, "warning" if empty else "note", why))
    if nearly:
        why = f"One value fills at least {percent_text(NEARLY, '.1f')} of the rows."
        findings.append(_columns_finding("nearly constant", nearly, "note", why))
    return findings


def _columns_finding(what: str, names: list[str], severity: Severity, why: str) -> Finding:
    title = f"{len(names):,} columns {what}" if len(names) > 1 else f"one column {what}: {names[0]}"
    remedy = Remedy("review", tuple(names), action="Leave these columns out, or record them again")
    caveat = "A value that is rare in these rows may be the one that matters where the model is used."
    return Finding(CODE, title, severity, tuple(names), why, (remedy,), axis="column", caveat=caveat)


def _gaps(names: Array, share: Floats) -> list[Finding]:
    many = [str(names[column]) for column in np.argsort(-share, kind="stable") if MANY_GAPS <= share[column] < 1.0]
    if not many:
        return []
    worst = f"{many[0]} most ({percent_text(share.max(where=share < 1, initial=0.0), '.0f')} of rows)"
    return [
        _columns_finding("mostly without a value", many, "warning", f"More than half of the rows lack them, {worst}.")
    ]


def _distinctive_gaps(evidence: Evidence, names: Array, absent: Mask) -> list[Finding]:
    """Columns whose gaps depend on the label, beyond chance over all columns tested."""
    found = gaps_by_label(absent, names, evidence.target, CONFIDENCE)
    if not found:
        return []
    keys = tuple(str(names[column]) for _, column in found)
    why = f"Gaps depend on the label in {len(keys):,} columns, most in {keys[0]}: {found[0][0]}."
    remedy = Remedy("review", keys, action="Find out why these values are missing before trusting a score")
    return [
        Finding(
            CODE,
            f"missing values depend on the label in {len(keys):,} column{'s' * (len(keys) > 1)}",
            "warning" if abs(found[0][0].value) >= STRONG else "note",
            keys,
            why,
            (remedy,),
            tuple(item for item, _ in found[:10]),
            axis="column",
            caveat="Where a gap has a meaning of its own it is information; check whether it will be there in use.",
        )
    ]
