"""SW401 learning curve, and what more data buys.

## Measures
The error after training on nested subsets of growing size, drawn several times, each evaluated on the rows outside its
largest subset; what the next doubling of the rows would take off the error, with a band; the error forecast for twice
and four times the rows; and how many rows would halve the error, with the chance that this is reached at all.

## Why it matters
Labels cost money. A curve that has flattened says to fix the labels or the features first; a steep one says that the
cheapest improvement is more of the same.

## When it is wrong
The forecast holds for rows like these: new sources, new classes and cleaner labels are not on this curve. Its 80 % band
was set on measured curves of 185 other data sets (classifiers) and is as wide as the errors of those forecasts; on data
sets of fields that had no part in it such bands held about 82 % of the errors, in the worst tenth of the data sets two
thirds. Wrong labels put a floor under the curve that more of the same labels will not lower. Subsets are drawn from all
times and places. Beyond 64 times the largest measured size little was checked.

## Remedy
Collect as many rows again where the band lies clearly above 0 and the points are worth their price. Doubling is the
safe step: forecasts further out are mostly wrong by more than they gain.

## Source
viering2023, yan2025; golub1973 for the fit.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import held_out_error
from samplewise.auditing.more_data import curve_exhibit, gain_finding
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult
from samplewise.core.values import Estimate
from samplewise.curves import LearningCurve, forecast, next_doubling, samples_needed
from samplewise.curves.learning_curve import curve_of_refits
from samplewise.engine.models.row_losses import UNITS, ErrorScale
from samplewise.engine.refits.folded_rows import RemedyRule

CODE, TITLE, SLOW = "SW401", "learning curve and what more data buys", True
NEEDS = frozenset({"label", "features"})

LEAST_SIZES = 3
LEAST_ROWS = 60  # below this there are about a dozen evaluation rows


def run(evidence: Evidence) -> CheckResult:
    """The measured curve, where the data stands on it, and the forecast of the next doubling."""
    rows = len(evidence.data)
    if rows < LEAST_ROWS:
        raise NotApplicable(f"a learning curve needs at least {LEAST_ROWS} rows, there are {rows}")
    curve = curve_of_refits(evidence.nested, evidence.target, evidence.split_groups)
    if len(curve.sizes) < LEAST_SIZES:
        raise NotApplicable(f"a curve needs three training sizes, and {rows} rows give {curve.sizes.tolist()}")
    gain = replace(next_doubling(curve, rows, seed=evidence.seed), quantity="gain_of_twice_the_rows")
    ahead = forecast(curve, [rows, 2 * rows, 4 * rows])
    measured = (gain, *_half_the_error(curve))
    drawn = curve_exhibit(curve, ahead, rows)
    exhibits = (replace(drawn, note=f"{drawn.note} {_beside_the_error(evidence, curve)}"),)
    return CheckResult((gain_finding(rows, gain, ErrorScale(curve.median_error)),), (), exhibits, measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: rows that are not there yet cannot be added."""
    return {}


def _beside_the_error(evidence: Evidence, curve: LearningCurve) -> str:
    """Why the curve does not end at the held-out error of SW501, with both numbers."""
    last, largest, scale = float(curve.error[-1]), int(curve.sizes[-1]), ErrorScale(curve.median_error)
    splits = f"the curve ends at {scale.text(last)}, of models trained on {largest:,} rows and evaluated on the others"
    if evidence.predictions is not None:
        return f"This curve is of the audit's learner ({evidence.learner.name}), not of your probabilities: {splits}."
    error = held_out_error(evidence).value / (scale.one or 1.0)  # as the curve counts it
    return (
        f"The held-out error of SW501, {scale.text(error)}, is another average: of models that each saw "
        f"{evidence.plan.folds - 1} of {evidence.plan.folds} folds, over every row once; {splits}."
    )


def _half_the_error(curve: LearningCurve) -> tuple[Estimate, ...]:
    """Whether half of the error can be reached with rows like these, and how many that takes; for error rates."""
    target = float(curve.error[-1]) / 2.0
    if curve.unit != UNITS["classification"] or target <= 0:
        return ()
    need = samples_needed(curve, target)
    reachable = replace(need.reachable, quantity="chance_to_halve_the_error")
    if not np.isfinite(need.rows.value):
        return (reachable,)
    return replace(need.rows, quantity="rows_to_halve_the_error"), reachable
