"""SW503 calibration.

## Measures
Whether a probability of 80 % comes true in 80 % of the rows: the expected calibration error of the top class in points,
less what chance alone would show, with a bootstrap interval; the Brier score; the reliability table; the temperature
that would fix it. Probabilities are the model's own, on rows it did not see; a learner that has none is given
probabilities by one temperature fitted on the same held-out rows, and the explanation says so.

## Why it matters
Thresholds, expected costs and "send the doubtful rows to a person" all take probabilities at their word.

## When it is wrong
Only the confidence in the top class is evaluated; a rare class may be off unseen. Wrong labels make a right model look
overconfident. Bins hide errors of both signs within one bin. Where predictions do not err less than guessing would, it
is a note: confidence in them is of no use, however well it is calibrated.

## Remedy
Divide the log-probabilities by the stated temperature (one number, fitted on held-out rows) before using them; ranking
and accuracy stay as they are.

## Source
naeini2015, brier1950, guo2017.
"""

from collections.abc import Mapping

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.guessing import beats_guessing
from samplewise.auditing.heldout import evaluated_outputs, prediction_source, require_enough_rows
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.values import Estimate
from samplewise.engine.models.temperature import probabilities, temperature
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.generalization import CalibrationError, calibration_error

CODE, TITLE, SLOW = "SW503", "calibration", False
NEEDS = frozenset({"label", "classes", "features"})

LEAST_ROWS = 100
MATERIAL = 5.0  # points
NO_CHANGE = 0.05  # of the temperature
SMALLEST = 1e-12  # probabilities below this are taken for it


def run(evidence: Evidence) -> CheckResult:
    """Expected calibration error of held-out probabilities, and the temperature that would fix it."""
    require_enough_rows(evidence, LEAST_ROWS, "a calibration error that chance does not swamp")
    rows = np.flatnonzero(np.isfinite(evaluated_outputs(evidence)).all(axis=1))
    if len(rows) < LEAST_ROWS:
        raise NotApplicable(f"only {len(rows)} rows have a held-out prediction")
    own, P = _probabilities(evidence, rows)
    codes = evidence.target.codes[rows]
    found = calibration_error(P, codes, seed=evidence.seed)
    factor = temperature(np.log(np.clip(P, SMALLEST, None)), codes)
    scale = Estimate(
        "temperature", 1.0 / factor, unit="", source="guo2017", reason="one number fitted on the same held-out rows"
    )
    measured = (found.error, found.brier, scale)
    finding = _finding(evidence, found, factor, own) if found.error.low > MATERIAL else None
    return CheckResult(() if finding is None else (finding,), (), (found.reliability,), measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: rescaling probabilities changes no predicted class."""
    return {}


def _probabilities(evidence: Evidence, rows: Ints) -> tuple[bool, Floats]:
    """Whether the learner has probabilities of its own, and (r, c) those that are evaluated."""
    outputs: Array = evaluated_outputs(evidence)[rows].astype(np.float64)
    if evidence.predictions is not None:
        return True, outputs
    own = bool(np.allclose(np.exp(outputs).sum(axis=1), 1.0, atol=1e-3))
    return own, probabilities(outputs, 1.0) if own else evidence.held_out_probabilities[rows]


def _finding(evidence: Evidence, found: CalibrationError, factor: float, own: bool) -> Finding:
    over = found.excess.value > 0
    word = "overconfident" if over else "underconfident"
    less = (
        "" if own else " They come from one temperature fitted on held-out rows, since the learner gives none itself."
    )
    explanation = (
        f"{prediction_source(evidence)} are {word}: on held-out rows, their confidence is off by "
        f"{found.error}, and on average it is {abs(found.excess.value):.3g} points too "
        f"{'high' if over else 'low'}.{less}"
    )
    action = f"Divide the log-probabilities by the temperature {1.0 / factor:.3g} before using them."
    if abs(1.0 / factor - 1.0) < NO_CHANGE:
        action = "Fit a monotone map (isotonic regression) on held-out rows: no single temperature fixes this."
    caveat = "Wrong labels make a right model look overconfident; fix those first."
    title = f"Probabilities are {word} by {found.error.value:.2g} points"
    remedy = Remedy("review", (), action=action)
    learned = beats_guessing(evidence)
    if not learned:
        explanation += (
            " These predictions do not err less than guessing would, so their confidence is of no use anyway."
        )
    # What we made of a learner without probabilities is no fault, and where nothing was learned there is another one.
    severity: Severity = "warning" if own and learned else "note"
    return Finding(CODE, title, severity, (), explanation, (remedy,), (found.error, found.excess), "data", caveat)
