"""SW501 error, and what it certifies.

## Measures
The error on rows that the model did not see: the share of wrong rows in % with a Clopper-Pearson interval, or the mean
absolute error and R squared of a regression. Where the largest class holds 80 % of the rows, or you asked for it, the
area under the ROC curve or balanced accuracy stands before it. With a test set (`test=`) the same on its rows: that is
a certificate. One sentence says what may be claimed of rows to come, and what that assumes: with a test set the largest
error that its rows allow, and where models were scored on them more than once (`n_test_evaluations=`) what that leaves
of it. The error is compared with that of a baseline that always predicts the same, and a test says whether the
predictions follow the labels at all. Numbers are also judged by ranks, with far labels pulled in, since a few of them
ruin R squared. Where the learner has learned little, three kinds of model are compared on the same folds, and one that
errs clearly less is named.

## Why it matters
It is the number a decision rests on. A score without an interval hides that 3 % of 100 rows may be anything between
0.6 and 8.5 %.

## When it is wrong
The held-out error is an average over models that share rows, each of them trained on four fifths of the data, so its
interval is a good approximation and no guarantee. The certificate of a test set holds only if its rows played no part
in any choice, come from the population the model will meet, and carry right labels. Wrong labels count as errors. Rows
of one group, and exact duplicates, count as one observation. Row weights (`weights=`) count in the held-out errors and
not in the rest: a certificate is of test rows as they were drawn, and the baseline is compared on rows that count once.

## Remedy
Where nothing was learned, look at the features and at the labels before collecting more rows: does any column carry
information on the label, and do the labels belong to these rows?

## Source
clopper1934; delong1988 for the area under the curve; blum2015 for test rows that were used often; korn1998 for grouped
rows; yates1982, spearman1904 and diebold1995 for the comparison with the baseline.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from samplewise.auditing.claims import trust_statement
from samplewise.auditing.evidence import Evidence
from samplewise.auditing.guessing import (
    FOLLOWS,
    Better,
    better_learner,
    constant_prediction,
    follows_labels,
    known_rows,
    rank_correlation,
    saved_on_constant,
)
from samplewise.auditing.heldout import (
    FEWEST_OF_A_CLASS,
    at_rows,
    evaluated_losses,
    evaluated_outputs,
    prediction_source,
    small_classes,
)
from samplewise.core.arrays import Array, Floats
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent, percent_text
from samplewise.core.texts import count_of, shortened
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.models.row_losses import ErrorScale
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.engine.statistics.intervals import CONFIDENCE, half_width, share_interval
from samplewise.engine.statistics.means import mean_and_error
from samplewise.generalization import BaselineTest, absolute_error, error_rate, explained_variance

CODE, TITLE, SLOW = "SW501", "error and what it certifies", False
NEEDS = frozenset({"label", "features"})

LEVEL = 0.05
FEW_ROWS = 100  # below this, "nothing was learned" may be a lack of rows
MOST_CLASSES = 30  # whose errors are drawn
MOST_BOUNDED = 10  # classes of a handful of rows that are named
UNITS_OF = {"auc": "share of pairs ranked right", "balanced_accuracy": "share of rows, by class"}
APPROXIMATE = "average over cross-fitted models that share rows: a good approximation, not a guarantee"
CERTIFICATE = (
    "holds for rows drawn like the test set, whatever the model, if the test rows played no part in any choice"
)
USED_OFTEN = "no certificate (see what may be claimed), for models were scored on the test rows more than once"


def run(evidence: Evidence) -> CheckResult:
    """Held-out error, test error, and whether anything was learned."""
    losses = evaluated_losses(evidence)
    if not np.isfinite(losses).any():
        raise NotApplicable("no row has a held-out prediction")
    measured = (*_held_out(evidence, losses), *_certified(evidence))
    drawn = (_by_class(evidence, losses),) if 0 < evidence.whole.class_count <= MOST_CLASSES else ()
    learned = _not_learned(evidence, losses)
    return CheckResult(() if learned is None else (learned,), (), (trust_statement(evidence), *drawn), measured)


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """Nothing to test: an error is no remedy."""
    return {}


def _held_out(evidence: Evidence, losses: Floats) -> tuple[Estimate, ...]:
    known = np.isfinite(losses)
    groups = at_rows(evidence.split_groups, known)
    weights = at_rows(evidence.data.weights, known)
    if evidence.whole.class_count:
        found: tuple[Estimate, ...] = (error_rate(losses[known], groups, weights=weights),)
    else:
        outputs, numbers = evaluated_outputs(evidence)[known], evidence.target.codes[known]
        measures = (absolute_error, explained_variance)
        found = tuple(measure(outputs, numbers, groups, weights=weights) for measure in measures)
    reason = APPROXIMATE if weights is None else f"{APPROXIMATE}; rows count as they weigh"
    errors = tuple(replace(estimate, quantity=f"held_out_{estimate.quantity}", reason=reason) for estimate in found)
    outputs, codes = evaluated_outputs(evidence)[known], evidence.target.codes[known]
    return (*_by_metric(evidence, outputs, codes, groups, "held_out"), *errors)


def _by_metric(
    evidence: Evidence, outputs: Floats, codes: Array, groups: Array | None, where: str
) -> tuple[Estimate, ...]:
    """The audit's metric where it compares classes, which says more than an error of all rows; nothing of few rows."""
    metric, known = evidence.metric, codes >= 0
    if metric.weighted or small_classes(codes, evidence.target.classes):
        return ()
    groups = at_rows(groups, known)
    score = metric.contributions(outputs[known].astype(np.float64), codes[known].astype(np.intp)) / percent(1.0)
    value, error = mean_and_error(score, groups)
    least = int(np.bincount(codes[known].astype(np.intp)).min())
    # Where every row is right there is no spread, which proves no more than so many rows can.
    low = value - half_width(error) if error > 0 else float(share_interval(least, least, CONFIDENCE)[0])
    title = metric.title.replace(" ", "_")
    reason = f"classes weigh the same; always predicting one class gives {percent_text(_chance(evidence), '.3g')}"
    return (
        Estimate(
            f"{where}_{title}", value, max(low, 0.0), min(value + half_width(error), 1.0), UNITS_OF[metric.name],
            CONFIDENCE, "delong1988", reason,
        ),
    )  # fmt: skip


def _chance(evidence: Evidence) -> float:
    """What a prediction that knows nothing scores in a metric that compares classes."""
    return 0.5 if evidence.metric.name == "auc" else 1.0 / max(evidence.whole.class_count, 1)


def _certified(evidence: Evidence) -> tuple[Estimate, ...]:
    """The same on the test set; a class the data lacks is always wrong."""
    outputs, codes = evidence.test_outputs, evidence.test_codes
    if outputs is None or codes is None or evidence.test is None:
        return ()
    if evidence.whole.class_count:
        found: tuple[Estimate, ...] = (error_rate(outputs.argmax(axis=1) != codes, evidence.test.groups),)
    else:
        found = (absolute_error(outputs, codes, evidence.test.groups),)
    reason = CERTIFICATE if evidence.n_test_evaluations == 1 else f"{USED_OFTEN}: {evidence.n_test_evaluations:,} times"
    small = small_classes(codes, evidence.target.classes)
    if small:
        reason += f"; it says nothing of classes with fewer than {FEWEST_OF_A_CLASS} test rows: {_listed(small)}"
    certified = tuple(replace(estimate, quantity=f"test_{estimate.quantity}", reason=reason) for estimate in found)
    return (*_by_metric(evidence, outputs, codes, evidence.test.groups, "test"), *certified)


def _listed(small: list[tuple[str, int]]) -> str:
    """Classes with their number of rows."""
    return ", ".join(f"{shortened(name, 40)} ({count_of(count, 'row')})" for name, count in small[:10])


def _not_learned(evidence: Evidence, losses: Floats) -> Finding | None:
    """An alarm where predictions do not follow the labels, a note where a constant one scores as much."""
    known = np.isfinite(losses)
    subject = f"{prediction_source(evidence)}, evaluated on {int(known.sum()):,} held-out rows"
    better = better_learner(evidence)
    follows = follows_labels(evidence)
    if follows.p_value >= LEVEL:
        return _does_not_follow(evidence, subject, follows, better)
    if better is not None:
        return _another_learner(evidence, subject, better, "note")
    constant, prediction = constant_prediction(evidence)
    saved = saved_on_constant(evidence).estimate
    if saved.value > 0:
        return None
    scale = ErrorScale.of(evidence.target)
    title, says = f"Always predicting {prediction} would err no more", "Look at the farthest labels first."
    if evidence.whole.class_count:
        title = f"Always predicting {prediction} would be right as often"
        says = f"Accuracy says little where one class is much larger than the others: {_says_more(evidence)}."
    return _finding(
        title, "note",
        f"{subject}, err by {scale.text(losses[known].mean())} and always predicting {prediction} by "
        f"{scale.text(constant.mean())}, though their predictions do follow the labels. {says}",
        scale.difference(saved),
    )  # fmt: skip


def _says_more(evidence: Evidence) -> str:
    """What to look at in place of accuracy."""
    if evidence.metric.weighted:
        better = "'auc' or 'balanced_accuracy' say" if evidence.whole.class_count == 2 else "'balanced_accuracy' says"
        return f"metric={better} more"
    return f"{evidence.metric.title}, by which this audit measures, says more"


def _rows_beside_the_largest(evidence: Evidence, known: Array) -> int:
    """Evaluated rows outside the largest class, by which alone a classifier can be told from a constant."""
    if not evidence.whole.class_count:
        return int(known.sum())
    counts = np.bincount(evidence.target.codes[known])
    return int(counts.sum() - counts.max())


def _does_not_follow(evidence: Evidence, subject: str, follows: BaselineTest, better: Better | None) -> Finding:
    """No better than guessing: because of the learner, because of a few far labels, or altogether."""
    known = known_rows(evidence)
    too_few = int(known.sum()) < FEW_ROWS or _rows_beside_the_largest(evidence, known) < FEWEST_OF_A_CLASS
    few: Severity = "warning" if too_few else "error"
    if better is not None:
        return _another_learner(evidence, subject, better, "warning")
    guessing = (
        f"{subject}, do not follow the labels more than chance would (p = {follows.p_value:.2g}). Every score, list "
        "and remedy that rests on this model says nothing yet."
    )
    measured = replace(follows.estimate, reason="0 where predictions and labels have nothing to do with each other")
    if not evidence.whole.class_count:
        ranks, p_value = rank_correlation(evidence)
        if p_value < LEVEL and ranks.value >= FOLLOWS:
            return _finding(
                "A few labels far from all others hide what the model learned", "note",
                f"{subject}, explain none of the variance, but trained on labels pulled in to three interquartile "
                f"ranges they rank the rows rightly (rank correlation {ranks.value:.2g}). R squared and the mean error "
                "say little here; look at the farthest labels first.", ranks,
            )  # fmt: skip
        if p_value < LEVEL:
            return _finding(
                "The model does hardly better than guessing", "warning",
                f"{subject}, rank the rows a little better than chance would (rank correlation {ranks.value:.2g}) and "
                "explain none of the variance. Lists and remedies that rest on this model say little.", ranks,
            )  # fmt: skip
    return _finding("The model does no better than guessing", few, guessing, measured)


def _another_learner(evidence: Evidence, subject: str, better: Better, severity: Severity) -> Finding:
    """The finding where the audit's learner fails is that, and which learner does not."""
    baseline, scale = constant_prediction(evidence), ErrorScale.of(evidence.target)
    explanation = (
        f"{subject}, err by {scale.text(better.own)}; {better.kind} on the same folds errs by "
        f"{scale.text(better.other)} (always predicting {baseline[1]}: {scale.text(baseline[0].mean())}). "
        "Lists, curves and remedies of this audit rest on the weaker learner."
    )
    remedy = Remedy("review", (), action=f'Audit again with learner="{better.kind}".')
    title = f"Another learner errs less on these rows: {better.kind}"
    saved = scale.difference(better.saved)
    return Finding(
        CODE,
        title,
        severity,
        (),
        explanation,
        (remedy,),
        (saved,),
        "data",
        "Both ran with default settings.",
    )


def _finding(title: str, severity: Severity, explanation: str, saved: Estimate) -> Finding:
    remedy = Remedy(
        "review", (), action="Check that the labels belong to these rows and that some column predicts them."
    )
    caveat = "With few rows, or many wrong labels, a model that has learned something may not show it."
    return Finding(CODE, title, severity, (), explanation, (remedy,), (saved,), "data", caveat)


def _by_class(evidence: Evidence, losses: Floats) -> Exhibit:
    """Held-out error of every class with its interval; of a class of a handful of rows only how large it may be."""
    groups = evidence.split_groups
    rows, bounded = [], []
    for code, name in enumerate(_class_names(evidence)):
        own = np.isfinite(losses) & (evidence.target.codes == code)
        if not own.any():
            continue
        rate = error_rate(losses[own], at_rows(groups, own), weights=at_rows(evidence.data.weights, own))
        if own.sum() < FEWEST_OF_A_CLASS:
            bounded.append(f"{name} ({count_of(int(own.sum()), 'row')}): at most {percent_text(rate.high, '.2g')}")
        else:
            rows.append((name, percent(rate.value), percent(rate.low), percent(rate.high), int(own.sum())))
    names, value, low, high, count = zip(*rows, strict=True) if rows else ((),) * 5
    columns: dict[str, Array] = {
        "name": np.array(names, dtype=str),
        "value": np.array(value, dtype=np.float64),
        "low": np.array(low, dtype=np.float64),
        "high": np.array(high, dtype=np.float64),
        "rows": np.array(count, dtype=np.intp),
    }
    note = "Share of the rows of a class that are predicted wrong."
    if bounded:
        more = f", and {len(bounded) - MOST_BOUNDED} more" if len(bounded) > MOST_BOUNDED else ""
        note += f" Too few rows to measure: {'; '.join(bounded[:MOST_BOUNDED])}{more}."
    return Exhibit("bars", "Held-out error of every class", columns, "%", note)


def _class_names(evidence: Evidence) -> list[str]:
    return [str(value) for value in ([] if evidence.target.classes is None else evidence.target.classes.tolist())]
