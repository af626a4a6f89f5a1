"""SW103 rows of the test set that are in the training data.

## Measures
Test rows that equal a training row in every column both sets have, those no model sees as well (names, ids, dates,
groups; not columns that merely number the rows), of pictures in all pixels at the size of the training pictures; and
test rows that lie far nearer to a training row than the density around it explains. What the overlap does to the score
is the held-out metric on those test rows minus that on all others. It is an error from three equal pairs, and three
times as many as coincidence explains, on; near duplicates alone are a note.

## Why it matters
A test row the model was trained on measures memory. The score is too good by about the share of such rows times their
advantage, and every comparison made on it favors models that memorize.

## When it is wrong
In tables with few different values, rows of two independent samples can be equal by chance; how many is stated. Several
rows of one patient or one film in both sets are not found here: compare their groups.

## Remedy
Take these rows out of the test set and report the score on the rest. Taking them out of the training data is as good
where the test set must stay as it is.

## Source
levina2004 for the dimension behind "far nearer", benjamini1995 for the share of false matches.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.data.dataset import Dataset
from samplewise.engine.models.metrics import METRICS, Metric
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.cells import coincidence
from samplewise.quality.compared_cells import compared_cells
from samplewise.quality.overlap import OverlappingRows, overlapping_rows, score_advantage

CODE, TITLE, SLOW = "SW103", "rows of the test set that are in the training data", False
NEEDS = frozenset({"test", "features"})

CONFIDENCE = 0.95


def run(evidence: Evidence) -> CheckResult:
    """Test rows that are, or nearly are, training rows."""
    test = cast("Dataset", evidence.test)  # never run without: NEEDS
    overlap = find_overlap(evidence, test)
    if not len(overlap.tested):
        return CheckResult()
    keys = tuple(dict.fromkeys(evidence.data.ids[overlap.trained].tolist()))
    count, share = len(overlap.tested), percent_text(len(overlap.tested) / len(test), ".2g")
    why = (
        f"{count:,} of {len(test):,} test rows ({share}) have a duplicate among the training rows: "
        f"{count - overlap.near:,} in every cell, {overlap.near:,} almost. {_chance(overlap)}"
    )
    ids = ", ".join(map(str, test.ids[overlap.tested[:5]].tolist())) + (", ..." if count > 5 else "")
    finding = Finding(
        CODE,
        f"{count:,} test rows are in the training data",
        "error" if overlap.proven else "note",
        keys,
        why.strip(),
        (
            Remedy("review", keys, action=f"Take the duplicates of these rows out of the test set (test ids {ids})"),
            Remedy("drop", keys, action="Or drop these rows from the training data", reason=UNTESTED),
        ),
        (overlap.share(CONFIDENCE), *_inflation(evidence, overlap)),
        caveat="In tables with few different values, rows of two independent samples can be equal by chance.",
    )
    return CheckResult((finding,), exhibits=(_exhibit(evidence, test, overlap),))


UNTESTED = "it mends the test, not the model"


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: the remedies correct the test set, not the training data."""
    return {}


def find_overlap(evidence: Evidence, test: Dataset) -> OverlappingRows:
    """The overlap in the points the audit has; none where the test rows cannot be placed among them."""
    seen = test.X if evidence.embeddings is None else evidence.test_embeddings
    compared = compared_cells(
        evidence.data, evidence.columns, evidence.other_columns, test, evidence.test_other_columns
    )
    return overlapping_rows(
        evidence.data.X, compared, evidence.space, evidence.graph, None if seen is None else evidence.encoder(seen),
        embedded=evidence.embeddings is not None, seed=evidence.seed,
    )  # fmt: skip


def _chance(overlap: OverlappingRows) -> str:
    return " ".join(coincidence(overlap.pairs, overlap.expected))


def _inflation(evidence: Evidence, overlap: OverlappingRows) -> tuple[Estimate, ...]:
    """The metric on overlapping test rows minus that on the others, by a model fitted on all training rows."""
    codes, outputs = evidence.test_codes, evidence.test_outputs
    if codes is None or outputs is None:
        return ()
    shared = np.zeros(len(codes), dtype=bool)
    shared[overlap.tested] = True
    known = codes >= 0 if codes.dtype.kind == "i" else np.isfinite(codes)
    metric = evidence.metric if evidence.metric.weighted else METRICS["accuracy"]  # of single rows, not of classes
    score = _contributions(metric, outputs, codes, known)
    found = score_advantage(score, shared, metric.title, metric.unit, CONFIDENCE)
    return () if found is None else (found,)


def _contributions(metric: Metric, outputs: Floats, codes: Array, known: Mask) -> Floats:
    score = np.full(len(codes), np.nan)
    score[known] = metric.contributions(np.asarray(outputs, dtype=np.float64)[known], codes[known])
    return score


def _exhibit(evidence: Evidence, test: Dataset, overlap: OverlappingRows) -> Exhibit:
    columns = {
        "test_id": test.ids[overlap.tested],
        "train_id": evidence.data.ids[overlap.trained],
        "kind": np.where(overlap.exact, "exact", "near"),
    }
    if test.y is not None and test.y.ndim == 1 and evidence.data.y is not None:
        same = test.y[overlap.tested].astype(str) == evidence.data.y[overlap.trained].astype(str)
        columns["verdict"] = np.where(same, "same label", "different labels")
    return Exhibit("table", "test rows and their duplicates in the training data", columns)
