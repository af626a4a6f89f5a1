"""SW502 gap and memorization.

## Measures
The error on training rows compared with the error on held-out rows, and for every row how much more often it is right
when it was trained on (`memorization`, -1..1), from models on complementary random halves.

## Why it matters
A model that memorizes rows repeats their errors and can reveal who was in its training data. Rows that are right only
when trained on are rare cases, or wrong labels: both deserve a look.

## When it is wrong
Models of half the rows memorize more than one of all rows. With ten models on each side a single row's score is known
to about .13. A gap is no fault in itself: a forest with no training error can generalize well.

## Remedy
Look at the memorized rows: fix those that are wrong, collect more like those that are right and rare. A large gap with
few such rows calls for a simpler or more strongly regularized model.

## Source
feldman2020.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of, listed_rows, require_enough_rows
from samplewise.core.arrays import Array, Ints, in_order
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import is_share
from samplewise.core.texts import number_text
from samplewise.core.values import Estimate, Exhibit, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.generalization.gap.half_split_gap import gap_of_refits
from samplewise.generalization.gap.memorization import memorization_of_refits

CODE, TITLE, SLOW = "SW502", "gap and memorization", True
NEEDS = frozenset({"label", "features"})

LEAST_ROWS = 40
MEMORIZED = 0.5  # share of models, or standard deviations of the label
SURE = 2.0  # standard errors above 0.25, so that ten against ten models say it clearly
LOWEST = 0.25


def run(evidence: Evidence) -> CheckResult:
    """The gap with its interval, and the memorized rows."""
    require_enough_rows(evidence, LEAST_ROWS, "the gap between training and held-out rows")
    found = gap_of_refits(evidence.halves, evidence.target, evidence.split_groups)
    trained, other, gap = found.training_error, found.held_out_error, found.gap
    scores = memorization_of_refits(evidence.halves, evidence.target)
    rows = memorized(scores)
    findings = (_finding(evidence, trained, other, gap, rows),) if len(rows) else ()
    exhibits: tuple[Exhibit, ...] = (_exhibit((trained, other), gap),)
    if len(rows):
        exhibits += (
            listed_rows(evidence, "Memorized rows", rows, scores.unit, memorization=scores.values,
                        standard_error=np.asarray(scores.spread)),
        )  # fmt: skip
    return CheckResult(findings, (scores,), exhibits, (gap, trained, other))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: a person decides whether a memorized row is rare or wrong."""
    return {}


def memorized(scores: Scores) -> Ints:
    """Positions of the rows that are memorized beyond doubt, most first."""
    sure = scores.values - SURE * np.asarray(scores.spread) > LOWEST
    rows = np.flatnonzero((scores.values >= MEMORIZED) & sure)
    return rows[in_order(-scores.values[rows])]


def _finding(evidence: Evidence, trained: Estimate, other: Estimate, gap: Estimate, rows: Ints) -> Finding:
    learned, rest, unit = trained.shown().value, other.shown().value, _unit(trained)
    which = "This row is" if len(rows) == 1 else "These rows are"
    right = "right when trained on and wrong when not"
    if evidence.target.classes is None:
        right = "predicted well when trained on and badly when not"
    explanation = (
        f"Models of half the rows err by {number_text(learned)} {unit} on their training rows and "
        f"{number_text(rest)} on held-out rows: a gap of {gap}. {which} {right}, so no other row "
        f"supports {'its' if len(rows) == 1 else 'their'} label."
    )
    action = "Look at these rows: fix the wrong ones, collect more like the rare ones."
    remedy = Remedy("review", ids_of(evidence, rows), action=action)
    title = f"{len(rows):,} row{'s are' if len(rows) > 1 else ' is'} memorized"
    caveat = "Rare but right rows look the same as wrong labels here; SW201 distinguishes them better."
    keys = ids_of(evidence, rows)
    return Finding(CODE, title, "note", keys, explanation, (remedy,), (gap,), caveat=caveat)


def _exhibit(errors: tuple[Estimate, Estimate], gap: Estimate) -> Exhibit:
    columns: dict[str, Array] = {
        "name": np.array(["training rows", "held-out rows"]),
        "value": np.array([estimate.shown().value for estimate in errors]),
        "low": np.array([estimate.shown().low for estimate in errors]),
        "high": np.array([estimate.shown().high for estimate in errors]),
    }
    note = f"A gap of {gap}, {gap.reason}."
    return Exhibit("bars", "Error on training and on held-out rows", columns, _unit(errors[0]), note)


def _unit(error: Estimate) -> str:
    """The unit a page gives errors: per cent needs no word on what it is of."""
    return "%" if is_share(error.unit) else error.unit
