"""Predictions compared with guessing: whether they follow the labels at all, and whether a constant is as good."""

from dataclasses import dataclass

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.heldout import at_rows, evaluated_losses, evaluated_outputs
from samplewise.core.arrays import Floats, Mask, one_hot
from samplewise.core.values import Estimate
from samplewise.engine.models.row_losses import row_losses
from samplewise.engine.statistics.association import p_value_of_mean, rank_correlation_rows
from samplewise.generalization import BaselineTest, beats_baseline, discrimination
from samplewise.labels.second_model import KINDS, kind_of, pulled_in, second_opinions
from samplewise.labels.skills import class_skill, number_skill

LEVEL, SURE = 0.05, 0.01
FOLLOWS = 0.3  # rank correlation from which predictions of numbers follow the labels in a way that is of use
LEARNED = {"classification": 0.5, "regression": 0.4}  # skill from which another learner is not looked for
MARGIN, POINTS = 0.1, 0.02  # of the learner's own loss, and of a loss of 1: what another learner has to save


@dataclass(frozen=True, slots=True)
class Better:
    """Another kind of learner that errs less on the same rows."""

    kind: str  # as `learner=` names it
    saved: Estimate  # mean loss, paired over rows
    own: float  # mean loss of the audit's learner
    other: float


def known_rows(evidence: Evidence) -> Mask:
    """(n,) rows with a held-out prediction."""
    return np.asarray(np.isfinite(evaluated_losses(evidence)))


def follows_labels(evidence: Evidence) -> BaselineTest:
    """Whether predictions follow the labels at all."""
    known = known_rows(evidence)
    if evidence.whole.class_count:
        truth = one_hot(evidence.target.codes[known], evidence.whole.class_count)
        outputs = evidence.held_out_probabilities[known]
    else:
        outputs, truth = evaluated_outputs(evidence)[known].astype(np.float64), evidence.target.codes[known, None]
    return discrimination(outputs, truth, at_rows(evidence.split_groups, known))


def constant_prediction(evidence: Evidence) -> tuple[Floats, str]:
    """Losses (r,) of the best constant prediction for the known rows, and its name."""
    known = known_rows(evidence)
    codes = evidence.target.codes[known]
    if evidence.target.classes is None:
        middle = float(np.median(codes))
        return row_losses(np.full((len(codes), 1), middle), evidence.target, np.flatnonzero(known)), "the median"
    largest = np.bincount(codes).argmax()
    return (codes != largest).astype(np.float64), repr(str(evidence.target.classes.tolist()[largest]))


def saved_on_constant(evidence: Evidence) -> BaselineTest:
    """Mean loss saved against the best constant prediction."""
    known = known_rows(evidence)
    losses, constant = evaluated_losses(evidence)[known], constant_prediction(evidence)[0]
    return beats_baseline(losses, constant, at_rows(evidence.split_groups, known))


def beats_guessing(evidence: Evidence) -> bool:
    """Whether predictions follow the labels, and err less than a constant one, both beyond chance."""
    return follows_labels(evidence).p_value < LEVEL and saved_on_constant(evidence).p_value < LEVEL


def rank_correlation(evidence: Evidence) -> tuple[Estimate, float]:
    """Spearman's correlation of numbers with held-out predictions, and the p-value of "none at all".

    Models are trained on labels pulled in to three interquartile ranges: a few far labels ruin R squared, and the
    models, but not this.
    """
    near = pulled_in(evidence.target.codes)
    if evidence.predictions is not None or near is None:
        outputs = evaluated_outputs(evidence)
    else:
        outputs = evidence.whole.held_out_outputs(codes=near)
    known = np.isfinite(outputs[:, 0])
    rows = rank_correlation_rows(outputs[known, 0], evidence.target.codes[known])
    estimate = Estimate(
        "held_out_rank_correlation", float(rows.mean()), unit="", source="spearman1904",
        reason="models trained on labels pulled in to three interquartile ranges",
    )  # fmt: skip
    return estimate, p_value_of_mean(rows, at_rows(evidence.split_groups, known))


def better_learner(evidence: Evidence) -> Better | None:
    """Another kind of learner that errs clearly less, where the audit's own has learned little.

    Both are cross-fitted on the same folds and compared row by row; the saving must be beyond chance for both kinds
    together, at least a tenth of the learner's own loss, and 2 points.
    """
    if evidence.predictions is not None or _has_learned(evidence):
        return None
    opinions = second_opinions(evidence.whole)
    if opinions is None or not opinions.known.any():
        return None
    known = opinions.known & known_rows(evidence)
    own, groups = evaluated_losses(evidence)[known], at_rows(evidence.split_groups, known)
    found = []
    for kind in KINDS:
        if kind != kind_of(evidence.learner):
            losses = row_losses(opinions.outputs[kind], evidence.target)[known]
            saved = beats_baseline(losses, own, groups)
            if saved.p_value * (len(KINDS) - 1) < SURE and saved.estimate.value >= max(MARGIN * own.mean(), POINTS):
                found.append(Better(kind, saved.estimate, float(own.mean()), float(losses.mean())))
    return min(found, key=lambda one: one.other) if found else None


def _has_learned(evidence: Evidence) -> bool:
    """Whether the audit's learner is far enough from guessing that no other has to be looked for."""
    known = known_rows(evidence)
    outputs, codes = evaluated_outputs(evidence)[known], evidence.target.codes[known]
    if evidence.target.classes is not None:
        found = class_skill(outputs.argmax(axis=1), codes)
    else:
        found = number_skill(outputs[:, 0].astype(np.float64), codes, evidence.data.ids[known])
    return found.value >= LEARNED[evidence.target.task]
