"""SW602 test rows come from elsewhere.

## Measures
Whether test rows differ from training rows beyond chance: a classifier is fitted on one half of both and tested on the
other half, and so is every column alone; values, ranges and classes that no training row has are counted. Whether the
difference matters: the change of the error in points, with its interval, and its parts: what other rows bring, and the
rest, which is other labels on equal rows. Without labels of the test rows only the first part can be measured.

## Why it matters
A score on test rows from elsewhere is no score of the place the training rows are from, and the other way round. With
many rows every test of a difference is significant; only the points of error say whether to act.

## When it is wrong
Rows that follow one another in time, or in groups that are not named, are no random draws, and then p is too small. A
column that gives the place away is left out of the parts, which assumes that the place itself does not matter. Where
both sides hardly overlap, what the other rows cost cannot be told, and the check says so.

## Remedy
Look at the columns that tell: a unit, a new code or a filter may be the cause. Where the error rises, collect labeled
rows from there. `samplewise shift TRAIN TEST` draws the whole page, and names the rows to label.

## Source
lopezpaz2017, mann1947, holm1979; robins1994 for the parts, clopper1934 for the interval of the change.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from samplewise.auditing import elsewhere as rows_elsewhere
from samplewise.auditing.evidence import Evidence
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.folded_rows import RemedyRule

CODE, TITLE, SLOW = "SW602", "whether test rows come from elsewhere", False
NEEDS = frozenset({"label", "test", "features"})


def run(evidence: Evidence) -> CheckResult:
    """Whether test rows come from elsewhere, which columns tell, and what it costs."""
    test, outputs = cast("Dataset", evidence.test), evidence.test_outputs  # never run without: NEEDS
    if outputs is None:
        raise NotApplicable("the features of the test rows are not known: pass embeddings as a function")
    seen = test if evidence.embeddings is None else replace(test, X=evidence.test_embeddings, kinds={})
    try:
        found = rows_elsewhere.elsewhere(evidence.prepared, seen, evidence.held_out_outputs, outputs)
    except InputError as lacking:
        raise NotApplicable(f"{lacking.what} ({lacking.got})") from None
    return found.result()


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: rows from elsewhere that are not there yet cannot be added."""
    return {}
