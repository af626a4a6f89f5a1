"""SW303 rows that hurt.

## Measures
What leaving out one row would change for rows that had no part in the fit (`benefit`): the squared error without it
minus the error with it, for all rows in closed form, evaluated on the rows of the fold that was left out. Rows are
listed whose benefit is below zero beyond chance, with Benjamini and Hochberg's correction, among the tenth of the rows
that move the predictions for others most (their reach, which uses no label of an evaluation row).

## Why it matters
A row that makes the predictions for its neighbors worse has a wrong label or wrong features, or comes from another
population. It does harm whether or not it looks odd.

## When it is wrong
The labels of the evaluation rows are taken as given: among many wrong labels a right row can seem to hurt. One row
moves little, so most harmful rows stay below what can be shown; an empty list does not say that all rows are fine.
Effects are those in a ridge head on kernel features instead of the learner; for a torch network they are those in the
network itself, linearized at its trained weights. Row weights are not used.

## Remedy
Look at the rows, then drop or fix them; dropping is tested as a rule that is run again on other rows. Under half a per
cent of the rows it is not offered, since no test would show its effect, and the list is a note.

## Source
cook1977, koh2017, jacot2018; benjamini1995 and bourgon2010 for the test.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of, listed_rows, require_enough_rows
from samplewise.core.arrays import Ints
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent_text
from samplewise.core.units import R_SQUARED
from samplewise.core.values import Estimate, Scores
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import half_width
from samplewise.influence.valuation.harmful_rows import drop_harmful, harmful_rows
from samplewise.influence.valuation.leave_one_out import effects_in

CODE, TITLE, SLOW = "SW303", "rows that hurt", True
NEEDS = frozenset({"label", "features"})

LEAST_ROWS = 50
LEVEL = 0.05
TESTED = 0.005  # share of the rows below which dropping them can have no effect that a test would show


def run(evidence: Evidence) -> CheckResult:
    """Rows that raise the error of others beyond chance, most harmful first."""
    require_enough_rows(evidence, LEAST_ROWS, "measuring what a row does to others")
    effects = effects_in(evidence.whole)
    benefit, rows = effects.benefit, harmful_rows(effects, LEVEL)
    if not len(rows):
        return CheckResult(scores=(benefit,))
    table = listed_rows(
        evidence, "Rows that hurt the predictions for others", rows, benefit.unit, benefit=benefit.values,
        standard_error=np.asarray(benefit.spread),
    )  # fmt: skip
    return CheckResult((_finding(evidence, benefit, rows),), (benefit,), (table,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Drop the rows that hurt held-out rows among the given ones."""
    return {"drop": drop_harmful}


def _finding(evidence: Evidence, benefit: Scores, rows: Ints) -> Finding:
    keys, count = ids_of(evidence, rows), len(rows)
    worst = int(rows[0])
    value, error = float(benefit.values[worst]), float(np.asarray(benefit.spread)[worst])
    which, it = ("any one of these rows", "the worst") if count > 1 else ("this row", "it")
    explanation = (
        f"Without {which}, rows that had no part in the fit would be predicted better; {it} raises "
        f"their {_evaluated_in(benefit)} by {-value:.2g} (standard error {error:.2g})."
    )
    if count * LEVEL >= 1:
        explanation += f" About {percent_text(LEVEL, '.0f')} of the list are expected to be there by chance."
    drop = Remedy("drop", keys, action=f"Drop the {count:,} rows that hurt, after a look at them.")
    review = Remedy("review", keys, action="Look at these rows: a wrong entry is better corrected than dropped.")
    some = count >= TESTED * len(evidence.data)  # fewer are no pattern, and no test would show what they do
    remedies: tuple[Remedy, ...] = (drop, review) if some else (review,)
    severity: Severity = "warning" if some else "note"
    caveat = "The labels of the evaluation rows are taken as given: where many are wrong, a right row can seem to hurt."
    measured = Estimate(
        f"rise of the {_evaluated_in(benefit)} by the worst row", -value, -value - half_width(error),
        -value + half_width(error), "" if evidence.target.classes is not None else R_SQUARED, 0.95, "koh2017",
        "not corrected for having picked the worst",
    )  # fmt: skip
    title = f"{count:,} row{'s make' if count > 1 else ' makes'} the predictions for others worse"
    return Finding(CODE, title, severity, keys, explanation, remedies, (measured,), caveat=caveat)


def _evaluated_in(benefit: Scores) -> str:
    """What it is that the row raises: a network is evaluated by its own loss."""
    return "loss" if benefit.unit == "loss" else "squared error"
