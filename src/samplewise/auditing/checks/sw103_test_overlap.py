"""SW103 rows of the test set that are in the training data.

## Measures
Test rows whose cells all equal those of a training row (ids left out), of pictures all pixels at the size of the
training pictures, and test rows that lie far nearer to a training row than the density around it explains. What the
overlap does to the score is the held-out metric on those test rows minus that on all others.

## Why it matters
A test row the model was trained on measures memory. The score is too good by about the share of such rows times their
advantage, and every comparison made on it favors models that memorize.

## When it is wrong
In tables with few different values, rows of two honest samples meet by coincidence; as many as that are stated. Several
rows of one patient or one film in both sets are not found here: compare their groups.

## Remedy
Take these rows out of the test set and report the score on the rest. Taking them out of the training data is as good
where the test set must stay as it is.

## Source
levina2004 for the dimension behind "far nearer", benjamini1995 for the share of false matches.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from samplewise.auditing.duplicates import (
    FEWEST_NEAR,
    agree_but_for_rounding,
    farthest_duplicate,
    is_mixed,
    near_queries,
)
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.exact_match import cell_matrix, coincident_pairs, is_beyond_chance, pairs_within
from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.values import Estimate, Exhibit, percent_text
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.engine.neighbors import NeighborIndex, exact_groups
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import half_width, share_interval
from samplewise.engine.statistics.means import mean_and_error

CODE, TITLE, SLOW = "SW103", "rows of the test set that are in the training data", False
NEEDS = frozenset({"test", "features"})

EXACT_QUERIES = 2_000_000_000  # pairs of rows up to which the nearest training row is searched for exactly
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Test rows with a twin in the training data.

    Args:
        tested: (k,) positions in the test set.   trained: (k,) the twin's position in the training data.
        exact: (k,) whether all cells are equal.
        pairs: equal pairs across the two sets.   expected: those coincidence explains.
    """

    tested: Ints
    trained: Ints
    exact: Mask
    pairs: float
    expected: float


def run(evidence: Evidence) -> CheckResult:
    """Test rows that are, or nearly are, training rows."""
    test = evidence.test
    if test is None:
        raise NotApplicable("no test set was given (test=)")
    overlap = find_overlap(evidence, test)
    if not len(overlap.tested):
        return CheckResult()
    near = int((~overlap.exact).sum())
    beyond = is_beyond_chance(overlap.pairs, overlap.expected) or near >= FEWEST_NEAR
    keys = tuple(dict.fromkeys(evidence.data.ids[overlap.trained].tolist()))
    count, share = len(overlap.tested), percent_text(len(overlap.tested) / len(test), ".2g")
    why = (
        f"{count:,} of {len(test):,} test rows ({share}) have a twin among the training rows: "
        f"{count - near:,} in every cell, {near:,} almost. {_chance(overlap)}"
    )
    ids = ", ".join(map(str, test.ids[overlap.tested[:5]].tolist())) + (", ..." if count > 5 else "")
    finding = Finding(
        CODE,
        f"{count:,} test rows are in the training data",
        "error" if beyond else "warning",
        keys,
        why.strip(),
        (
            Remedy("review", keys, action=f"Take the twins of these rows out of the test set (test ids {ids})"),
            Remedy("drop", keys, action="Or drop these rows from the training data", reason=UNTESTED),
        ),
        (_overlap_share(count, len(test)), *_inflation(evidence, overlap)),
        caveat="In tables with few different values, rows of two honest samples meet by coincidence.",
    )
    return CheckResult((finding,), exhibits=(_exhibit(evidence, test, overlap),))


UNTESTED = "it makes the test honest, not the model better; there is no gain to measure"


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: the remedies mend the test set."""
    return {}


def find_overlap(evidence: Evidence, test: Dataset) -> Overlap:
    """Exact twins by their cells, near ones by distance. Cost: one search of the test rows among the training rows."""
    count = len(evidence.data)
    cells = cell_matrix(evidence.data.X, evidence.columns, test.X)
    groups = exact_groups(cells)
    first = np.full(int(groups.max()) + 1, -1)
    first[groups[:count][::-1]] = np.arange(count)[::-1]
    twin = first[groups[count:]]
    exact = twin >= 0
    across = pairs_within(groups) - pairs_within(groups[:count]) - pairs_within(groups[count:])
    near, trained = _near_twins(evidence, test, twin)
    if is_mixed(evidence):
        same = agree_but_for_rounding(evidence, cells, trained, near + count)
        near, trained = near[same], trained[same]
    twin[near] = np.where(exact[near], twin[near], trained)
    found = np.flatnonzero(twin >= 0)
    return Overlap(found, twin[found], exact[found], across, _expected(cells, count, across))


def _near_twins(evidence: Evidence, test: Dataset, twin: Ints) -> tuple[Ints, Ints]:
    """Test positions and training positions; none where the test rows cannot be placed in the space.

    An exact twin (m,), -1 for none, gets the point of its training row: computed anew beside other rows, it may lie a
    last bit away, and a copy at distance 0 is told from a near one.
    """
    X = test.X if evidence.embeddings is None else evidence.test_embeddings
    if X is None:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    method = "exact" if len(test) * len(evidence.data) <= EXACT_QUERIES else "auto"
    points = evidence.encoder(X)
    if evidence.embeddings is None or isinstance(evidence.data.X, Images):
        points[twin >= 0] = evidence.space[twin[twin >= 0]]
    nearest = NeighborIndex(evidence.space, method=method, seed=evidence.seed).query(points)
    return near_queries(evidence.graph, nearest, farthest_duplicate(evidence.space))


def _expected(cells: object, count: int, across: float) -> float:
    """Pairs across the sets that coincidence explains: its share of all pairs, judged on both sets together."""
    if not across or not isinstance(cells, np.ndarray):
        return 0.0
    total = len(cells)
    every = coincident_pairs(cells, pairs_within(exact_groups(cells)))
    return every * count * (total - count) / max(1.0, total * (total - 1) / 2.0)


def _chance(overlap: Overlap) -> str:
    if overlap.expected < 0.5:
        return ""
    word = "more than" if is_beyond_chance(overlap.pairs, overlap.expected) else "no more than"
    return f"{overlap.pairs:,.0f} equal pairs are {word} coincidence explains, about {overlap.expected:,.0f}."


def _overlap_share(count: int, rows: int) -> Estimate:
    low, high = share_interval(count, rows, CONFIDENCE)
    share = (count / rows, float(low), float(high))
    return Estimate("test rows that are in the training data", *share, "share of test rows", CONFIDENCE, "clopper1934")


def _inflation(evidence: Evidence, overlap: Overlap) -> tuple[Estimate, ...]:
    """The metric on overlapping test rows minus that on the others, by a model fitted on all training rows."""
    codes, outputs = evidence.test_codes, evidence.test_outputs
    if codes is None or outputs is None:
        return ()
    shared = np.zeros(len(codes), dtype=bool)
    shared[overlap.tested] = True
    known = codes >= 0 if codes.dtype.kind == "i" else np.isfinite(codes)
    score = _contributions(evidence, outputs, codes, known)
    one, other = score[shared & known], score[~shared & known]
    if len(one) < 2 or len(other) < 2:
        return ()
    (mean, error), (rest, other_error) = mean_and_error(one), mean_and_error(other)
    value, half = mean - rest, half_width(float(np.hypot(error, other_error)), CONFIDENCE)
    quantity = f"{evidence.metric.title} on these test rows minus on the others"
    ends = (value - half, value + half)
    return (Estimate(quantity, value, *ends, evidence.metric.unit, CONFIDENCE, "difference of two means"),)


def _contributions(evidence: Evidence, outputs: Floats, codes: Array, known: Mask) -> Floats:
    score = np.full(len(codes), np.nan)
    score[known] = evidence.metric.contributions(np.asarray(outputs, dtype=np.float64)[known], codes[known])
    return score


def _exhibit(evidence: Evidence, test: Dataset, overlap: Overlap) -> Exhibit:
    columns = {
        "test_id": test.ids[overlap.tested],
        "train_id": evidence.data.ids[overlap.trained],
        "kind": np.where(overlap.exact, "exact", "near"),
    }
    if test.y is not None and test.y.ndim == 1 and evidence.data.y is not None:
        same = test.y[overlap.tested].astype(str) == evidence.data.y[overlap.trained].astype(str)
        columns["verdict"] = np.where(same, "same label", "different labels")
    return Exhibit("table", "test rows and their twins in the training data", columns)
