"""SW109 what the label holds.

## Measures
Before any fit: classes that are spelled in several ways (case, blanks, a closing stop, 1 and '1'), here or in the test
rows; classes of the test rows that the data lack; classes that are names of splits; cells that hold several labels; a
label that counts rows; and the share of rows without a label.

## Why it matters
A class spelled in two ways is two classes to a model, each with half of the rows, and every second prediction of it
counts as an error. A model cannot name a class it never saw. A label that is an id or a split predicts nothing.

## When it is wrong
Names that differ only in case or blanks may be two classes; a rank is a number although it counts rows.

## Remedy
Write every class in one way: the spellings named are read as one class here, but other programs will not do so. Name
another label column where this one is an id or a split. Several labels per row: `labels.find_multilabel_issues`.

## Source
No publication: a rule on the values, stated above.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of
from samplewise.data.joined_labels import joined_by
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.label_reading import (
    ClassesOfTest,
    are_splits,
    classes_of_test,
    is_id_like,
    is_mostly_unlabeled,
)

CODE, TITLE, SLOW = "SW109", "what the label holds", False
NEEDS = frozenset({"label"})

MOST_NAMED = 5


def run(evidence: Evidence) -> CheckResult:
    """Classes spelled in several ways, unknown to training or none at all; labels that are ids, or missing."""
    found = [*_empty(evidence)]
    if evidence.target.classes is None:
        found += _id_like(evidence)
    else:
        found += [*_spellings(evidence), *_splits(evidence), *_several(evidence), *_of_test(evidence)]
    return CheckResult(tuple(found))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Labels are written anew by the user; no rule changes rows."""
    return {}


def _spellings(evidence: Evidence) -> Iterator[Finding]:
    sets = evidence.target.spellings
    if not sets:
        return
    keys = tuple(str(spellings[0]) for spellings in sets)
    shown = "; ".join(" and ".join(map(repr, spellings[:MOST_NAMED])) for spellings in sets[:MOST_NAMED])
    title = f"class {keys[0]!r} is spelled in {len(sets[0])} ways"
    if len(sets) > 1:
        title = f"{len(sets):,} classes are spelled in several ways"
    why = f"These spellings differ in case, blanks, closing stops or type, and are read as one class: {shown}."
    remedy = Remedy("review", keys, action=f"Write every class in one way, the first of each set: {shown}")
    caveat = "Names that differ only in case or blanks may be two classes; give them names that differ in more."
    yield Finding(CODE, title, "warning", keys, why, (remedy,), axis="class", caveat=caveat)


def _splits(evidence: Evidence) -> Iterator[Finding]:
    classes = evidence.target.classes
    if classes is None or not are_splits(classes):
        return
    keys = tuple(map(str, classes.tolist()))
    why = f"The classes are {', '.join(keys)}: a column that says which split a row is in, not what it is."
    remedy = Remedy("review", keys, action="Name the column to be predicted with label=, and pass test rows as test=")
    caveat = "Where the question is whether two splits differ, the split is the right label."
    yield Finding(CODE, "the classes are names of splits", "warning", keys, why, (remedy,), axis="class", caveat=caveat)


def _several(evidence: Evidence) -> Iterator[Finding]:
    mark, share = joined_by(np.asarray(evidence.data.y))
    if not mark:
        return
    why = (
        f"{percent_text(share, '.1f')} of the rows have several labels in one cell, separated by {mark!r}, which are "
        "read as classes of their own: a row that shares one of two labels with another counts as wrong."
    )
    action = f"Split the cells at {mark!r} into one column of 0 and 1 per label: labels.find_multilabel_issues(X, Y)"
    remedy = Remedy("review", (), action=action)
    caveat = f"A name that holds {mark!r} is one label."
    yield Finding(CODE, "cells hold several labels", "warning", (), why, (remedy,), axis="data", caveat=caveat)


def _of_test(evidence: Evidence) -> Iterator[Finding]:
    test, classes = evidence.test, evidence.target.classes
    if test is None or test.y is None or classes is None:
        return
    found = classes_of_test(np.asarray(test.y), classes)
    yield from _unknown(found, len(test))
    if not found.spellings:
        return
    keys = tuple(known for _, known in found.spellings)
    shown = "; ".join(f"{there!r} for {known!r}" for there, known in found.spellings[:MOST_NAMED])
    why = f"The test rows write classes in other ways than the data, read as the same classes: {shown}."
    remedy = Remedy("review", keys, action=f"Write the classes of the test rows as in the data: {shown}")
    caveat = "Names that differ only in case or blanks may be two classes; give them names that differ in more."
    title = f"the test rows spell {count_of(len(set(keys)), 'class', 'classes')} in another way"
    yield Finding(CODE, title, "warning", keys, why, (remedy,), axis="class", caveat=caveat)


def _unknown(found: ClassesOfTest, rows: int) -> Iterator[Finding]:
    if not found.classes:
        return
    shown, count = ", ".join(map(repr, found.classes[:MOST_NAMED])), int(found.unknown.sum())
    why = (
        f"{count:,} of {rows:,} test rows are of classes that occur only in the test rows, never in the data: {shown}. "
        "No model can be right there."
    )
    remedy = Remedy("collect", found.classes, action="Add rows of these classes to the data, or drop the test rows")
    caveat = "A misspelt class is not unknown but written differently."
    title = f"{count_of(len(found.classes), 'class', 'classes')} of the test rows never seen in training"
    yield Finding(CODE, title, "warning", found.classes, why, (remedy,), axis="class", caveat=caveat)


def _id_like(evidence: Evidence) -> Iterator[Finding]:
    if not is_id_like(np.asarray(evidence.target.codes)):
        return
    why = (
        "Every label is a different whole number and they fill their range at least to a half: a label that counts "
        "rows says where a row stands and nothing of what it is."
    )
    remedy = Remedy("review", (), action="Name the column to be predicted with label=")
    caveat = "A rank takes every value once and is a number to be predicted."
    yield Finding(
        CODE, "the label counts rows, as an id does", "warning", (), why, (remedy,), axis="data", caveat=caveat
    )


def _empty(evidence: Evidence) -> Iterator[Finding]:
    absent = len(evidence.unlabeled)
    total = absent + len(evidence.data)
    if not is_mostly_unlabeled(absent, total):
        return
    why = f"{absent:,} of {total:,} rows have no label and are set aside: what is found holds for the other rows."
    remedy = Remedy("collect", (), action="Label more rows, or name the column to be predicted with label=")
    caveat = "Where only a sample was labeled on purpose, nothing is missing."
    title = f"{percent_text(absent / total, '.0f')} of the rows have no label"
    yield Finding(CODE, title, "warning", (), why, (remedy,), axis="data", caveat=caveat)
