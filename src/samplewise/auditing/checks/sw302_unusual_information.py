"""SW302 rows with unusual information.

## Measures
Rows whose unique information (in nats) stands far above that of all others: more than four robust spreads above the
median of its logarithm, which normal noise does not reach among a million rows.

## Why it matters
A handful of rows can decide what a model says about whole regions. They are typing errors, wrong labels, or the only
examples of a rare case; each deserves a look.

## When it is wrong
Unique does not mean useful: noise scores high. Among 600 digits, rows with a wrong label scored 27 times the median,
and pictures of pure noise 30 times. A rare but right row belongs here and should stay. To find wrong labels the
held-out surprise is the better score. Information is measured in a ridge head on kernel features instead of the
learner; row weights are not used.

## Remedy
Look at each row. Fix or drop the wrong ones, and collect more like the right ones.

## Source
harutyunyan2021; tukey1977 for the threshold.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import ids_of, listed_rows, require_enough_rows
from samplewise.core.arrays import Ints
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.units import NATS
from samplewise.core.values import Estimate
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.information.unusual import unusual_positions

CODE, TITLE, SLOW = "SW302", "rows with unusual information", False
NEEDS = frozenset({"label", "features"})

LEAST_ROWS = 50


def run(evidence: Evidence) -> CheckResult:
    """Rows far above all others, most informative first."""
    require_enough_rows(evidence, LEAST_ROWS, "distinguishing unusual rows from usual ones")
    information = evidence.information
    rows = unusual_positions(information.functional)
    scores = (information.held_out_surprise,)
    if not len(rows):
        return CheckResult(scores=scores)
    table = listed_rows(
        evidence, "Rows with unusually much information", rows, NATS,
        unique_information=information.functional.values, held_out_surprise=information.held_out_surprise.values,
    )  # fmt: skip
    return CheckResult((_finding(evidence, rows),), scores, (table,))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: a person decides whether an unusual row is rare or wrong."""
    return {}


def _finding(evidence: Evidence, rows: Ints) -> Finding:
    values = evidence.information.functional.values
    times = float(np.median(values[rows]) / np.median(values[np.isfinite(values)]))
    keys, count = ids_of(evidence, rows), len(rows)
    each = "each of them" if count > 1 else "it"
    explanation = (
        f"A model depends on {each} about {times:,.0f} times as much as on a typical row. Unique does not "
        "mean useful: noise scores high, and so does the only example of a rare case."
    )
    remedy = Remedy("review", keys, action="Look at each row: fix or drop what is wrong, keep what is rare and right.")
    caveat = "A rare but right row belongs on this list and should stay in the data."
    measured = Estimate(
        "times_a_typical_row", times, unit="times", source="harutyunyan2021", reason="a median over these very rows"
    )
    title = f"{count:,} row{'s carry' if count > 1 else ' carries'} unusually much information"
    return Finding(CODE, title, "note", keys, explanation, (remedy,), (measured,), caveat=caveat)
