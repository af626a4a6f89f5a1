"""SW301 redundant rows.

## Measures
How much a model depends on having seen exactly this row (`unique_information`, in nats): how far its predictions on all
rows would move without it. The quarter of the rows with least of it is proposed for leaving out, in rounds, so that of
two rows that can replace each other one stays. Where fits are cheap, the cost of leaving out 10, 25 and 50 % is
measured on held-out rows, and compared with leaving out as many random rows.

## Why it matters
Rows that repeat what other rows say cost storage, labeling and training time. A smaller set that scores the same is
cheaper to check by hand.

## When it is wrong
Redundant for this model is not redundant for a larger one. Frequency is information too: leaving out common rows shifts
class shares and probabilities. With numbers as labels, a row whose residual happens to be small looks redundant too.
Information is measured in a ridge head on kernel features instead of the learner; row weights are not used.

Duplicates hide each other. Of 600 digits the 20 most informative were duplicated once: each of them then scored 16 % of
what it had scored alone, while the two together carried 2.8 times as much. So low scores do not mean that all of them
can go at once: rows go in rounds here, one of every set of equal rows stays, and
`information.unique_information(...).segment` scores sets.

## Remedy
Where fewer rows are wanted, leave them out if the test says "no loss": a loss of more than half a point of the metric
is ruled out. Fewer rows are never said to help, and never left out unless you name the finding.

## Source
harutyunyan2021.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of, require_enough_rows
from samplewise.core.arrays import Ints
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule, RowEdit
from samplewise.information.redundancy import information_curve, redundant_positions, removal_cost_in

CODE, TITLE, SLOW = "SW301", "redundant rows", True
NEEDS = frozenset({"label", "features"})

SHARE = 0.25
LITTLE = 0.5  # of an even share of the information: above this the rows are not redundant
LEAST_ROWS = 100
FITS = 35  # of the measured cost: 5 folds, as they are and without 10, 25 and 50 % of their rows, twice
AFFORDABLE = 5.0  # seconds by the plan's own price per fit


def run(evidence: Evidence) -> CheckResult:
    """The quarter of the rows that carries least, how little that is, and what leaving rows out costs."""
    require_enough_rows(evidence, LEAST_ROWS, "leaving out a quarter of the rows")
    information = evidence.information
    rows = redundant_positions(evidence.whole, SHARE)
    values = np.nan_to_num(information.functional.values)
    carried = float(values[rows].sum()) / max(float(values.sum()), 1e-300)
    measured = Estimate(
        "information_of_the_least", carried, unit="share of all information", source="harutyunyan2021",
        reason="a property of these rows; the effect of leaving them out is tested apart",
    )  # fmt: skip
    exhibits = (information_curve(information.functional), *_cost(evidence))
    little = len(rows) and carried < LITTLE * len(rows) / len(evidence.data)
    findings = (_finding(evidence, rows, measured),) if little else ()
    return CheckResult(findings, (information.functional,), exhibits, (measured,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Leave out the quarter of the given rows with least unique information."""
    return {"drop": drop_redundant}


def drop_redundant(folded: FoldedRows) -> RowEdit:
    """The rule: information is measured within the given rows, in rounds."""
    return RowEdit("drop", np.sort(redundant_positions(folded, SHARE)))


def _finding(evidence: Evidence, rows: Ints, measured: Estimate) -> Finding:
    share, carried = percent_text(len(rows) / len(evidence.data), ".0f"), percent_text(measured.value, ".2g")
    keys = ids_of(evidence, rows)
    explanation = (
        f"{len(rows):,} rows ({share}) carry {carried} of the unique information: without any one "
        "of them a model's predictions would hardly move. They were chosen in rounds, so that of two rows that can "
        "replace each other one stays."
    )
    action = f"Leave out the {len(rows):,} least informative rows, if fewer rows are wanted and the test finds no loss."
    remedy = Remedy("drop", keys, action=action, saves_rows=True)
    caveat = "Redundant for this model is not redundant for a larger one, and leaving out common rows shifts shares."
    title = f"{share} of the rows say hardly anything the others do not"
    return Finding(CODE, title, "note", keys, explanation, (remedy,), (measured,), caveat=caveat)


def _cost(evidence: Evidence) -> tuple[Exhibit, ...]:
    """Measured cost of leaving out 10, 25 and 50 %, where the plan's own prices allow it."""
    affordable = evidence.plan.advice and FITS * evidence.plan.seconds_per_fit <= AFFORDABLE
    if not (affordable and evidence.tests_rules):
        return ()
    return (removal_cost_in(evidence.whole, evidence.metric),)
