"""SW105 rare classes.

## Measures
Rows per class; classes with one row, which were set aside; classes with fewer than ten rows, of which no more than a
bound can be said; and the accuracy of always predicting the largest class (the majority baseline).

## Why it matters
A class of a handful of rows is neither learned nor measured: its accuracy can only be 0 %, 50 % or 100 %. Where one
class holds most rows, a high accuracy may say no more than that class's share.

## When it is wrong
A rare class that is easy (its rows lie apart from all others) can be learned from few rows; look at its own accuracy.

## Remedy
Collect rows of the rare classes, merge classes that are used alike, and evaluate imbalanced data by balanced accuracy.

## Source
clopper1934 for the interval of a share.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import FEWEST_OF_A_CLASS
from samplewise.core.arrays import Array, Ints
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import share_interval

CODE, TITLE, SLOW = "SW105", "rare classes", False
NEEDS = frozenset({"label", "classes"})

UNEVEN = 10.0  # times the smallest class
DOMINANT = 0.9  # share of the largest class from which accuracy says little
CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Classes too rare to learn or to measure, and the accuracy of the majority baseline."""
    classes = cast("Array", evidence.target.classes)  # never run without: NEEDS
    counts = np.bincount(evidence.target.codes, minlength=len(classes))
    baseline = _majority_baseline(counts)
    findings = [
        *_single(evidence),
        *_rare(classes, counts),
        *_uneven(evidence, classes, counts, baseline),
    ]
    order = np.argsort(-counts, kind="stable")
    columns = {"name": classes[order].astype(str), "value": counts[order]}
    exhibit = Exhibit("bars", "rows per class", columns, "rows")
    return CheckResult(tuple(findings), exhibits=(exhibit,), measured=(baseline,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Rows that are not there yet cannot be tested."""
    return {}


def _majority_baseline(counts: Ints) -> Estimate:
    low, high = share_interval(counts.max(), counts.sum(), CONFIDENCE)
    share = float(counts.max() / counts.sum())
    quantity = "accuracy of always predicting the largest class"
    return Estimate(quantity, share, float(low), float(high), "share of rows", CONFIDENCE, "clopper1934")


def _single(evidence: Evidence) -> list[Finding]:
    keys = evidence.target.single
    if not keys:
        return []
    why = f"{len(keys):,} classes have a single row, which cannot be both learned from and tested; it was set aside."
    remedy = Remedy("collect", keys, action="Collect rows of these classes, merge them with others, or leave them out")
    caveat = "A misspelled label makes a class of one row; then the class is not rare but written differently."
    title = f"{len(keys):,} classes have one row" if len(keys) > 1 else f"class {keys[0]} has one row"
    return [Finding(CODE, title, "warning", keys, why, (remedy,), axis="class", caveat=caveat)]


def _rare(classes: Array, counts: Ints) -> list[Finding]:
    """Classes with so few rows that how well they are learned cannot be told."""
    rare = np.flatnonzero((counts > 0) & (counts < FEWEST_OF_A_CLASS))
    if not len(rare):
        return []
    rare = rare[np.argsort(counts[rare], kind="stable")]
    keys, most = tuple(classes[rare].tolist()), int(counts[rare].max())
    bound = percent_text(float(share_interval(0, most, CONFIDENCE)[1]), ".2g")
    least = int(counts[rare].min())
    rows = f"{most} rows{' each' * (len(keys) > 1)}" if least == most else f"{least} to {most} rows"
    why = (
        f"{'It has' if len(keys) == 1 else 'They have'} {rows}. Even if all {most} were predicted right, up to {bound} "
        "of the rows to come could be wrong: how well such a class is learned cannot be told."
    )
    remedy = Remedy("collect", keys, action="Collect rows of these classes, or merge them with others")
    caveat = "A rare class that lies apart from all others can be learned from few rows."
    title = (
        f"{len(keys):,} classes have fewer than {FEWEST_OF_A_CLASS} rows"
        if len(keys) > 1
        else f"class {keys[0]} has {most} rows, too few to tell how well it is learned"
    )
    return [Finding(CODE, title, "warning", keys, why, (remedy,), axis="class", caveat=caveat)]


def _uneven(evidence: Evidence, classes: Array, counts: Ints, baseline: Estimate) -> list[Finding]:
    present = counts[counts > 0]
    ratio = float(present.max() / present.min())
    dominant = baseline.value >= DOMINANT
    if ratio < UNEVEN and not dominant:
        return []
    largest = classes[int(np.argmax(counts))]
    severity: Severity = "warning" if dominant and evidence.metric.name == "accuracy" else "note"
    why = (
        f"The largest class ({largest}) has {ratio:,.0f} times the rows of the smallest; always predicting it is right "
        f"for {percent_text(baseline.value, '.1f')} of the rows."
    )
    action = "Collect rows of the smaller classes"
    if evidence.metric.weighted:
        better = "auc" if len(classes) == 2 else "balanced_accuracy"
        action = f"Evaluate with metric='{better}', and collect rows of the smaller classes"
    keys = tuple(classes[np.argsort(counts, kind="stable")[:5]].tolist())
    caveat = "Where mistakes on the rare class cost no more than others, accuracy is the right measure."
    remedy = Remedy("review", keys, action=action)
    held = percent_text(baseline.value, ".0f")
    title = f"class {largest} holds {held} of the rows" if dominant else "the classes are of very different sizes"
    return [Finding(CODE, title, severity, keys, why, (remedy,), (baseline,), axis="class", caveat=caveat)]
