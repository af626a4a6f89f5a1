"""What may be claimed of the model on rows to come: one sentence with a number and what it assumes."""

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import at_rows, evaluated_losses, evaluated_outputs
from samplewise.core.arrays import Array, Floats
from samplewise.core.rates import percent, percent_text
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate, Exhibit, with_unit
from samplewise.generalization import EvaluationsClaim, absolute_error, error_rate
from samplewise.generalization.test_scores.adaptive_test_reuse import claim_of_losses, mean_error_after_evaluations
from samplewise.generalization.test_scores.error_rates import prediction_losses

CONFIDENCE = 0.95
ASSUMED = "the test labels are right, and rows to come are drawn like the test rows"
TITLE = "What may be claimed"


def losses_on_test(evidence: Evidence) -> Floats | None:
    """(m,) 1 for a wrong class, else the absolute error, of the model fitted on all rows; None: no labeled test row.

    A class that the data lack is always wrong.
    """
    outputs, codes = evidence.test_outputs, evidence.test_codes
    if outputs is None or codes is None:
        return None
    return prediction_losses(outputs, codes, classes=evidence.whole.class_count > 0)


def held_out_losses(evidence: Evidence) -> tuple[Floats, Array | None]:
    """(r,) the same for rows of the data, by models that did not see them, and their groups."""
    losses = evaluated_losses(evidence)
    known = np.isfinite(losses)
    groups = at_rows(evidence.split_groups, known)
    if evidence.whole.class_count:
        return losses[known], groups
    return prediction_losses(evaluated_outputs(evidence)[known], evidence.target.codes[known], classes=False), groups


def claims(evidence: Evidence) -> EvaluationsClaim | None:
    """The highest test error rate (0..1) under each account of how the test set was used; None without test classes."""
    losses = losses_on_test(evidence)
    if losses is None or evidence.test is None or not evidence.whole.class_count:
        return None
    return claim_of_losses(losses, evidence.test.groups, evidence.n_test_evaluations, CONFIDENCE)


def mean_error_bound(evidence: Evidence, losses: Floats) -> Estimate:
    """The highest mean absolute error on the test rows, one-sided, for as many models as were scored on them."""
    groups = None if evidence.test is None else evidence.test.groups
    return mean_error_after_evaluations(losses, groups, evidence.n_test_evaluations, CONFIDENCE)


def trust_statement(evidence: Evidence) -> Exhibit:
    """One sentence, and the bound under each account of how the test rows were used."""
    accounts, bounds, sentence = _accounts(evidence)
    classes = evidence.whole.class_count
    unit, most = ("%", percent(np.array(bounds))) if classes else (LABEL_UNIT, np.array(bounds))
    columns: dict[str, Array] = {"error_at_most": most, "if": np.array(accounts, dtype=str)}
    return Exhibit("table", TITLE, columns, unit, sentence)


def _accounts(evidence: Evidence) -> tuple[list[str], list[float], str]:
    losses = losses_on_test(evidence)
    if losses is None:
        return _without_test(evidence)
    confidence, n_evaluations = f"said with {percent_text(CONFIDENCE)} confidence", evidence.n_test_evaluations
    found = claims(evidence)
    if found is None:
        high = mean_error_bound(evidence, losses).high
        condition = "the test rows played no part in any choice" if n_evaluations == 1 else _fixed(n_evaluations)
        caveat = "" if n_evaluations == 1 else " If scores shaped later models, no bound is known."
        start = f"On rows drawn like the test set this model is off by at most {with_unit(high, '')} on average"
        return [condition], [high], f"{start}, {confidence}, if {condition}; {ASSUMED}.{caveat}"
    start = "Of rows drawn like the test set this model gets at most"
    if n_evaluations == 1:
        condition = "the test rows played no part in any choice"
        text = f"{start} {percent_text(found.once.high)} wrong, {confidence}, if {condition}; {ASSUMED}."
        return [condition], [found.once.high], text
    text = (
        f"{start} {percent_text(found.fixed.high)} wrong, {confidence}, if {_fixed(n_evaluations)}, and at most "
        f"{percent_text(found.seen.high)} if scores shaped later ones; {ASSUMED}."
    )
    listed = (found.fixed, found.compared, found.improved, found.seen)
    return [bound.reason.removeprefix("if ") for bound in listed], [bound.high for bound in listed], text


def _fixed(n_evaluations: int) -> str:
    return f"all {n_evaluations:,} models were fixed before the first score was seen"


def _without_test(evidence: Evidence) -> tuple[list[str], list[float], str]:
    """Without test rows there is an approximation, and no promise."""
    losses, groups = held_out_losses(evidence)
    known = np.isfinite(evaluated_losses(evidence))
    weights = at_rows(evidence.data.weights, known)
    condition = "models that share rows err independently: an approximation"
    why = "An average over cross-fitted models, no promise for one model: test rows (test=) would allow one."
    if evidence.whole.class_count:
        rate = error_rate(losses, groups, weights=weights)
        text = f"Of rows drawn like these, models of this kind get about {percent_text(rate.value)} wrong"
        likely = f"likely between {percent(rate.low):.3g} and {percent_text(rate.high)}"
        return [condition], [rate.high], f"{text}, {likely}. {why}"
    off = absolute_error(losses, np.zeros(len(losses)), groups, weights=weights)
    text = f"On rows drawn like these, models of this kind are off by about {with_unit(off.value, '')} on average"
    return (
        [condition],
        [off.high],
        f"{text}, likely between {with_unit(off.low, '')} and {with_unit(off.high, '')}. {why}",
    )


def _plain(number: float) -> str:
    """An error in the label's unit, to three digits."""
    return with_unit(number, "")
