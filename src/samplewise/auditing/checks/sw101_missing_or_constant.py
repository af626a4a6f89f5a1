"""SW101 missing or constant columns.

## Measures
The share of rows without a value in every column, the share of its most frequent value, and by how much the label
differs between rows with and without a value, with an interval. Rows that were set aside because they have no label are
listed too. Of pictures: files that cannot be read, each with the reason, and pictures in which no channel varies by
more than 3 of 255 levels at the size they are learned from.

## Why it matters
A column without variation carries no information and costs time. Values that are missing more often for one class than
for another let a model predict from the gap instead of the value, which fails as soon as the value is recorded
differently. A picture that cannot be read, or shows nothing, is a row without a value.

## When it is wrong
A value can be missing for a good reason ("date of divorce"), and then the gap is information that the model may use. A
rare value can be the one that matters: a flag that is set in one row of a thousand is nearly constant. A blank picture
can be a true one (an empty slide), or have lost its range on the way: one outlying pixel makes all others dark.

## Remedy
Leave out columns without variation. Where gaps depend on the label, find out how the values were recorded before
trusting a score; fill the gaps by a rule that does not use the label. Replace broken files, or leave their rows out.

## Source
holm1979 for the correction over columns; newcombe1998 for the interval of a difference between two shares.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, key_text, keys_text
from samplewise.core.values import Exhibit, Scores
from samplewise.data.dataset import Dataset
from samplewise.data.images import BLANK, Images
from samplewise.data.picture_files import is_measured, scale_note
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.label_reading import is_mostly_unlabeled
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
MANY_BLANK = 0.01  # share of pictures of one color worth a warning
MOST_FILES = 500  # listed on the page
MANY_UNLABELED = 0.1  # share of rows without a label worth a warning
STRONG = 10.0  # points between classes, or per cent of the standard deviation of numbers, worth a warning
CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Columns with gaps or without variation, pictures that show nothing, and rows without a label."""
    if isinstance(evidence.data.X, Images):
        return _of_pictures(evidence, evidence.data.X)
    absent = missing_cells(evidence.data.X)
    names = column_names(evidence.columns)
    findings = [*_unlabeled(evidence), *_constant(evidence)]
    scores: tuple[Scores, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    if absent.any():
        share = absent.mean(axis=0)
        still = np.array([column.kind == "constant" for column in evidence.columns])  # named above
        findings += [*_gaps(names, np.where(still, 0.0, share)), *_distinctive_gaps(evidence, names, absent)]
        scores = (missing_share(share, names),)
        worst = np.argsort(-share, kind="stable")[:50]
        worst = worst[share[worst] > 0]
        columns = {"name": names[worst], "value": percent(share[worst])}
        exhibits = (Exhibit("bars", "missing values by column", columns, "% of rows"),)
    return CheckResult(tuple(findings), scores, exhibits)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def _of_pictures(evidence: Evidence, pictures: Images) -> CheckResult:
    """Pictures that cannot be read or show nothing, and those without a label."""
    findings = _unlabeled(evidence)
    exhibits: tuple[Exhibit, ...] = ()
    lost = evidence.unreadable
    if lost is not None and len(lost):
        findings.append(_unreadable(lost, len(evidence.data)))
        files = np.full(len(lost), "in memory") if lost.X.paths is None else lost.X.paths
        columns = {"id": lost.ids, "file": files, "reason": lost.X.faults}
        shown = {name: values[:MOST_FILES].astype(str) for name, values in columns.items()}
        exhibits = (Exhibit("table", "pictures that cannot be read", shown),)
    blank = evidence.data.ids[pictures.blank()]
    if len(blank):
        findings.append(_blank(blank, len(evidence.data), pictures))
    return CheckResult(tuple(findings), exhibits=exhibits)


def _unreadable(lost: Dataset, others: int) -> Finding:
    keys = tuple(lost.ids.tolist())
    share = share_of_rows("pictures that cannot be read", len(keys), len(keys) + others, CONFIDENCE)
    reasons = [f"{key_text(key)}: {reason}" for key, reason in zip(keys, lost.X.faults.tolist(), strict=True)]
    why = f"They take no part in anything below. {keys_text(reasons)}."
    remedy = Remedy("review", keys, action="Replace these files, or leave their rows out")
    title = f"{count_of(len(keys), 'picture')} cannot be read"
    return Finding(CODE, title, "warning", keys, why, (remedy,), (share,), caveat="Another program may read them.")


def _blank(blank: Array, count: int, pictures: Images) -> Finding:
    keys = tuple(blank.tolist())
    share = share_of_rows("pictures that show nothing", len(keys), count, CONFIDENCE)
    size = f"{pictures.height} x {pictures.width}"
    why = f"In {keys_text(keys)} no channel varies by more than {BLANK} of 255 levels, as they are read: {size}"
    if pictures.scale is not None and is_measured(pictures.scale):
        why += f", {scale_note('pixels', pictures.scale)}"
    remedy = Remedy("review", keys, action="Open these pictures: empty, recorded so, or of a narrow range of values")
    caveat = "Whether they are blank or lost their range on the way cannot be told from here; a blank one may be true."
    title = f"{count_of(len(keys), 'picture')} of one color"
    severity: Severity = "warning" if share.value >= MANY_BLANK else "note"
    return Finding(CODE, title, severity, keys, f"{why}.", (remedy,), (share,), caveat=caveat)


def _unlabeled(evidence: Evidence) -> list[Finding]:
    count, total = len(evidence.unlabeled), len(evidence.unlabeled) + len(evidence.data)
    if not count:
        return []
    share = share_of_rows("rows without a label", count, total, CONFIDENCE)
    is_said = "SW109" in evidence.plan.checks and is_mostly_unlabeled(count, total)
    severity: Severity = "warning" if share.low > MANY_UNLABELED and not is_said else "note"
    why = f"{count:,} of {total:,} rows have no label; they take no part in anything below."
    why += " SW109 warns of it; here are the rows." if is_said else ""
    caveat = "Rows that were never meant to have a label (a test set in the same file) are no loss."
    remedy = Remedy("collect", evidence.unlabeled, action="Label these rows, or take them out of the file")
    title = f"{count_of(count, 'row')} {'has' if count == 1 else 'have'} no label"
    return [Finding(CODE, title, severity, evidence.unlabeled, why, (remedy,), (share,), caveat=caveat)]


def _constant(evidence: Evidence) -> list[Finding]:
    """One finding for columns without any variation, one for those with next to none."""
    still = [column.name for column in evidence.columns if column.kind == "constant"]
    nearly = nearly_constant(evidence.data.X, evidence.columns)
    findings = []
    if still:
        empty = sum("missing" in column.note for column in evidence.columns if column.kind == "constant")
        why = "Every row has the same value there."
        if empty:
            why = f"They hold one value or none; {empty:,} of them no value at all, or one value and gaps."
        findings.append(_columns_finding("without variation", still, "warning" if empty else "note", why))
    if nearly:
        why = f"One value fills at least {percent_text(NEARLY, '.1f')} of the rows."
        findings.append(_columns_finding("nearly constant", nearly, "note", why))
    return findings


def _columns_finding(what: str, names: list[str], severity: Severity, why: str, action: str = "") -> Finding:
    title = f"{len(names):,} columns {what}" if len(names) > 1 else f"one column {what}: {names[0]}"
    which, them = ("these columns", "them") if len(names) > 1 else ("this column", "it")
    remedy = Remedy("review", tuple(names), action=f"{action or f'Leave {which} out'}, or record {them} again")
    caveat = "A value that is rare in these rows may be the one that matters where the model is used."
    return Finding(CODE, title, severity, tuple(names), why, (remedy,), axis="column", caveat=caveat)


def _gaps(names: Array, share: Floats) -> list[Finding]:
    many = [str(names[column]) for column in np.argsort(-share, kind="stable") if MANY_GAPS <= share[column] < 1.0]
    if not many:
        return []
    most = percent_text(share.max(where=share < 1, initial=0.0), ".0f")
    why = f"{many[0]} has no value in {most} of the rows."
    if len(many) > 1:
        why = f"Half of the rows or more have no value there, {most} in {many[0]}."
    # Of a column that is mostly empty, that it has a value may be what predicts: no column is left out unmeasured.
    action = "Audit again without them (--drop-columns), leave out those without which the error is no larger"
    if len(many) == 1:
        action = "Audit again without it (--drop-columns), leave it out if the error is no larger"
    return [_columns_finding("mostly without a value", many, "warning", why, action)]


def _distinctive_gaps(evidence: Evidence, names: Array, absent: Mask) -> list[Finding]:
    """Columns whose gaps depend on the label, beyond chance over all columns tested."""
    found = gaps_by_label(absent, names, evidence.target, CONFIDENCE)
    if not found:
        return []
    keys = tuple(str(names[column]) for _, column in found)
    classes = evidence.target.classes is not None
    strong = STRONG if classes else STRONG * float(np.std(evidence.target.codes)) / percent(1.0)
    why = f"Gaps depend on the label in {count_of(len(keys), 'column')}, most in {keys[0]}: {found[0][0]}."
    remedy = Remedy("review", keys, action="Find out why these values are missing before trusting a score")
    return [
        Finding(
            CODE,
            f"missing values depend on the label in {len(keys):,} column{'s' * (len(keys) > 1)}",
            "warning" if abs(found[0][0].value) >= strong else "note",
            keys,
            why,
            (remedy,),
            tuple(item for item, _ in found[:10]),
            axis="column",
            caveat="Where a gap has a meaning of its own it is information; check whether it will be there in use.",
        )
    ]
