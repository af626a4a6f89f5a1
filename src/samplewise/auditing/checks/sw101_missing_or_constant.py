"""SW101 missing or constant columns.

## Measures
The share of rows without a value in every column, the share of its most frequent value, and by how much the label
differs between rows with and without a value, with an interval. Rows that were set aside because they have no label are
listed too.

## Why it matters
A column without variation teaches nothing and costs time. Values that are missing more often for one class than for
another let a model predict from the gap instead of the value, which fails as soon as the value is recorded differently.

## When it is wrong
A value can be missing for a good reason ("date of divorce"), and then the gap is information that the model may use. A
rare value can be the one that matters: a flag that is set in one row of a thousand is nearly constant.

## Remedy
Leave out columns without variation. Where gaps go with the label, find out how the values were recorded before trusting
a score; fill the gaps by a rule that does not look at the label.

## Source
holm1979 for the correction over columns; newcombe1998 for the interval of a difference between two shares.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.exact_match import numbers_of
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Estimate, Exhibit, Scores, percent, percent_text
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import difference_of_shares, wilson_interval
from samplewise.engine.statistics.multiplicity import holm

CODE, TITLE, SLOW = "SW101", "missing or constant columns", False
NEEDS = frozenset({"features"})

NEARLY = 0.999  # share of one value from which a column is nearly constant
FEWEST = 1000  # rows below which "nearly" would be a single row
MANY_GAPS = 0.5  # share of missing values from which a column is worth a warning
MANY_UNLABELED = 0.1  # share of rows without a label worth a warning
TELLING = 10.0  # points between classes, or hundredths of the label's standard deviation, worth a warning
CONFIDENCE = 0.95
LEVEL = 0.01  # of the test whether gaps go with the label, after Holm's correction


def run(evidence: Evidence) -> CheckResult:
    """Columns with gaps or without variation, and rows without a label."""
    if not evidence.columns and not evidence.unlabeled:
        raise NotApplicable("pictures have no columns, and every row has a label")
    absent = missing_cells(evidence.data.X)
    names = column_names(evidence)
    findings = [*_unlabeled(evidence), *_constant(evidence)]
    scores: tuple[Scores, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    if absent.any():
        share = absent.mean(axis=0)
        findings += [*_gaps(names, share), *_distinctive_gaps(evidence, names, absent)]
        scores = (Scores("missing_share", share, names, "share of rows", "more values are missing", axis="column"),)
        worst = np.argsort(-share, kind="stable")[:50]
        worst = worst[share[worst] > 0]
        columns = {"name": names[worst], "value": percent(share[worst])}
        exhibits = (Exhibit("bars", "missing values by column", columns, "% of rows"),)
    return CheckResult(tuple(findings), scores, exhibits)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Columns are left out by the user; no rule changes rows."""
    return {}


def missing_cells(X: Any) -> Mask:
    """(n, d) cells without a value; one empty column where nothing can be missing (images, sparse rows)."""
    if hasattr(X, "isna"):
        return np.asarray(X.isna().to_numpy(), dtype=bool)
    if isinstance(X, np.ndarray) and X.dtype.kind == "f":
        return np.isnan(X)
    return np.zeros((1, 1), dtype=bool)


def column_names(evidence: Evidence) -> Array:
    """(d,) names of the columns, as texts."""
    return np.array([column.name for column in evidence.columns], dtype=str)


def _unlabeled(evidence: Evidence) -> list[Finding]:
    count, total = len(evidence.unlabeled), len(evidence.unlabeled) + len(evidence.data)
    if not count:
        return []
    share = _share("rows without a label", count, total)
    severity: Severity = "warning" if share.low > MANY_UNLABELED else "note"
    why = f"{count:,} of {total:,} rows have no label; they take no part in anything below."
    caveat = "Rows that were never meant to have a label (a test set in the same file) are no loss."
    remedy = Remedy("collect", evidence.unlabeled, action="Label these rows, or take them out of the file")
    title = f"{count:,} rows have no label"
    return [Finding(CODE, title, severity, evidence.unlabeled, why, (remedy,), (share,), caveat=caveat)]


def _constant(evidence: Evidence) -> list[Finding]:
    """One finding for columns without any variation, one for those with next to none."""
    still = [column.name for column in evidence.columns if column.kind == "constant"]
    nearly = _nearly_constant(evidence)
    findings = []
    if still:
        empty = sum("missing" in column.note for column in evidence.columns if column.kind == "constant")
        why = f"They hold one value or none; {empty:,} of them no value at all, or gaps beside it."
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


def _nearly_constant(evidence: Evidence) -> list[str]:
    """Features in which one value fills nearly every row; sparse rows and pictures are nearly empty by nature."""
    X = evidence.data.X
    if len(evidence.data) < FEWEST or not (hasattr(X, "iloc") or isinstance(X, np.ndarray)):
        return []
    features = [(place, column) for place, column in enumerate(evidence.columns) if column.role == "feature"]
    return [column.name for place, column in features if _commonest_share(X, place) >= NEARLY]


def _commonest_share(X: Any, place: int) -> float:
    """Share of the rows that hold the most frequent value of a column, if it is above one half."""
    column = X.iloc[:, place] if hasattr(X, "iloc") else X[:, place]
    if column.dtype.kind in "biuf":
        numbers = numbers_of(column)
        return float(np.mean(numbers == np.median(numbers)))  # a value in most of the rows is their median
    counts = column.astype(str)[column.notna()].value_counts()
    return float(counts.iloc[0]) / len(column) if len(counts) else 0.0


def _gaps(names: Array, share: Floats) -> list[Finding]:
    many = [str(names[place]) for place in np.argsort(-share, kind="stable") if MANY_GAPS <= share[place] < 1.0]
    if not many:
        return []
    worst = f"{many[0]} most ({percent_text(share.max(where=share < 1, initial=0.0), '.0f')} of rows)"
    return [
        _columns_finding("mostly without a value", many, "warning", f"More than half of the rows lack them, {worst}.")
    ]


# ---- gaps that go with the label ------------------------------------------------------------------------------------


def _distinctive_gaps(evidence: Evidence, names: Array, absent: Mask) -> list[Finding]:
    """Columns whose gaps go with the label, beyond chance over all columns tested."""
    some = np.flatnonzero((absent.sum(axis=0) >= 5) & ((~absent).sum(axis=0) >= 5))
    if not len(some):
        return []
    measure = _class_difference if evidence.target.classes is not None else _mean_difference
    tested = [measure(evidence, absent[:, place], str(names[place])) for place in some]
    adjusted = holm([p_value for _, p_value in tested])
    found = [(item, int(place)) for (item, _), place, p in zip(tested, some, adjusted, strict=True) if p < LEVEL]
    if not found:
        return []
    found.sort(key=lambda pair: -abs(pair[0].value))
    keys = tuple(str(names[place]) for _, place in found)
    why = f"Gaps go with the label in {len(keys):,} columns, most in {keys[0]}: {found[0][0]}."
    remedy = Remedy("review", keys, action="Find out why these values are missing before trusting a score")
    return [
        Finding(
            CODE,
            f"missing values depend on the label in {len(keys):,} column{'s' * (len(keys) > 1)}",
            "warning" if abs(found[0][0].value) >= TELLING else "note",
            keys,
            why,
            (remedy,),
            tuple(item for item, _ in found[:10]),
            axis="column",
            caveat="Where a gap has a meaning of its own it is information; ask whether it will be there in use.",
        )
    ]


def _class_difference(evidence: Evidence, gaps: Mask, name: str) -> tuple[Estimate, float]:
    """Share of gaps in the class that differs most minus that in all others, in points; p-value over all classes."""
    codes = evidence.target.codes
    rows = np.bincount(codes).astype(np.float64)
    held = np.bincount(codes, weights=gaps, minlength=len(rows))
    rows, held = rows[rows > 0], held[rows > 0]
    p_value = float(stats.chi2_contingency(np.stack([held, rows - held])).pvalue)
    most = int(np.argmax(np.abs(held / rows - (held.sum() - held) / (rows.sum() - rows))))
    others = held.sum() - held[most], rows.sum() - rows[most]
    ends = difference_of_shares(held[most], rows[most], *others, CONFIDENCE)
    low, value, high = (100.0 * end for end in ends)
    quantity = f"gaps in {name}: class {_present_classes(evidence)[most]} minus the others"
    reason = "the class that differs most was chosen on the same rows" if len(rows) > 2 else ""
    return Estimate(quantity, value, low, high, "points", CONFIDENCE, "newcombe1998", reason), p_value


def _mean_difference(evidence: Evidence, gaps: Mask, name: str) -> tuple[Estimate, float]:
    """Mean label of rows with a gap minus that of the others, in hundredths of its deviation; Welch's p-value."""
    label = evidence.target.codes / (np.std(evidence.target.codes) or 1.0)
    tested = stats.ttest_ind(label[gaps], label[~gaps], equal_var=False)
    interval = tested.confidence_interval(CONFIDENCE)
    value = float(label[gaps].mean() - label[~gaps].mean())
    quantity = f"mean label where {name} is missing minus elsewhere"
    unit = "hundredths of the label's standard deviation"
    low, high = 100.0 * float(interval.low), 100.0 * float(interval.high)
    return Estimate(quantity, 100.0 * value, low, high, unit, CONFIDENCE, "welch1947"), float(tested.pvalue)


def _present_classes(evidence: Evidence) -> list[object]:
    """Classes that have a row, in the order of their codes."""
    classes = evidence.target.classes
    return [] if classes is None else classes[np.unique(evidence.target.codes)].tolist()


def _share(quantity: str, hits: int, rows: int) -> Estimate:
    low, high = wilson_interval(hits, rows, CONFIDENCE)
    return Estimate(quantity, hits / rows, low, high, "share of rows", CONFIDENCE, "wilson1927")
