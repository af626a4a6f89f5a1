"""SW504 the test set was used to choose.

## Measures
Two signs that a test score is too good. How often you say models were scored on the test rows (`n_test_evaluations=`,
`--n-test-evaluations`): the error that may still be claimed is then stated under each account of how the models came
about. And whether the test error lies further below the cross-validated error than chance, and the fifth of the rows
that cross-validation leaves out, explain.

## Why it matters
The best of fifty scores on 400 rows is good by luck as well as by merit. Where each score shaped the next model, those
rows have become training rows, and the score says little about rows to come.

## When it is wrong
The number of evaluations is what you say; nobody can see it in the data. A test error far below the cross-validated one
has honest causes too: easier test rows, fewer wrong labels among them, or a learner that gains much from the last
fifth. Rows that are in both sets are found by SW103.

## Remedy
Evaluate the final model once, on fresh rows; how many it takes is stated. From now on compare models by
cross-validation, or with a reusable holdout, and keep the test rows for the end.

## Source
clopper1934, blum2015, dwork2015.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from samplewise.auditing.claims import claims, held_out_losses, losses_on_test, mean_error_bound
from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Floats
from samplewise.core.errors import InputError, NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.rates import percent_text
from samplewise.core.units import LABEL_UNIT
from samplewise.core.values import Estimate
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import clustered
from samplewise.engine.statistics.significance import p_value_above
from samplewise.generalization import EvaluationsClaim, rows_to_claim

CODE, TITLE, SLOW = "SW504", "a test set that was used to choose", False
NEEDS = frozenset({"label", "test", "features"})

LEVEL = 0.01
UNTESTED = "it mends the claim, not the model"
COUNTED = "The number of evaluations is what was given; those that nobody counted count as well."
HONEST_CAUSES = "Test rows may truly be easier, or carry fewer wrong labels, than the training rows."


def run(evidence: Evidence) -> CheckResult:
    """What the evaluations leave of the claim, and whether the test error is too good."""
    losses = losses_on_test(evidence)
    if losses is None:
        raise NotApplicable("no test row with a label could be predicted")
    found = [_evaluated_often(evidence, losses), _too_good(evidence, losses)]
    return CheckResult(tuple(finding for finding in found if finding is not None))


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: the remedy corrects the test, not the data."""
    return {}


def _evaluated_often(evidence: Evidence, losses: Floats) -> Finding | None:
    n_evaluations = evidence.n_test_evaluations
    if n_evaluations == 1:
        return None
    claim = claims(evidence)
    if claim is None:
        bound = replace(mean_error_bound(evidence, losses), quantity="test error, all models fixed before")
        estimates: tuple[Estimate, ...] = (bound,)
        why = "the bound holds if all were fixed before the first score was seen; else none is known."
    else:
        estimates = tuple(
            replace(getattr(claim, name), quantity=f"test error, {words}")
            for name, words in (
                ("fixed", "all models fixed before"),
                ("compared", "scores only compared with the best"),
                ("improved", "scores seen only where they were the best"),
                ("seen", "every score seen"),
            )
        )
        why = (
            f"{percent_text(claim.once.value)} of them are wrong. If all models were fixed before, at most "
            f"{percent_text(claim.fixed.high)} may be claimed; if scores shaped later models, at most "
            f"{percent_text(claim.seen.high)}."
        )
    return Finding(
        CODE,
        f"Models were evaluated on the test set {n_evaluations:,} times",
        "warning",
        (),
        f"{len(losses):,} test rows scored {n_evaluations:,} models: {why}",
        (_fresh_rows(claim),),
        estimates,
        "data",
        COUNTED,
    )


def _fresh_rows(claim: EvaluationsClaim | None) -> Remedy:
    """To evaluate the final model once more; with how many rows allow the claim that one evaluation would have."""
    action = "Evaluate the final model once on fresh test rows"
    if claim is not None and claim.once.high < 1.0:
        try:
            count = rows_to_claim(claim.once.value, claim.once.high)
            action += (
                f": with a chance of 80 %, about {count:,} allow a claim of at most {percent_text(claim.once.high)}, "
                "if the score was honest"
            )
        except InputError:  # more rows than anybody has
            pass
    return Remedy("collect", (), action=f"{action}.", reason=UNTESTED)


def _too_good(evidence: Evidence, losses: Floats) -> Finding | None:
    """Whether the test error is below the cross-validated one, less what its missing rows may cost."""
    others, groups = held_out_losses(evidence)
    if len(others) < 2 or len(losses) < 2:
        return None
    # Error falls no faster than with the root of the number of rows for nearly every learner and data set.
    share = np.sqrt(1.0 - 1.0 / evidence.plan.folds)
    expected, spread = share * float(others.mean()), share * clustered(others, groups)[0]
    own, count = clustered(losses, None if evidence.test is None else evidence.test.groups)
    if evidence.whole.class_count:
        own = max(own, float(np.sqrt(expected * (1.0 - expected) / count)))  # all right or all wrong shows no spread
    noise = float(np.hypot(spread, own))
    gap = expected - float(losses.mean())
    if noise == 0.0 or p_value_above(gap, noise) >= LEVEL:
        return None
    factor, unit = (100.0, "points") if evidence.whole.class_count else (1.0, LABEL_UNIT)
    half = half_width(noise)
    measured = Estimate(
        "test error below expectation", factor * gap, factor * (gap - half), factor * (gap + half), unit, 0.95,
        "difference of two means",
    )  # fmt: skip
    return Finding(
        CODE,
        "The test score is better than cross-validation explains",
        "warning",
        (),
        f"The error is {factor * losses.mean():.3g} on the test rows and {factor * others.mean():.3g} on held-out rows "
        f"of the data; more training rows explain {factor * expected:.3g} at best. Test rows that were used "
        "to choose the model, its settings or its training rows would look like this.",
        (Remedy("review", (), action="Find out how the test rows were drawn and who used them.", reason=UNTESTED),),
        (measured,),
        "data",
        HONEST_CAUSES,
    )
