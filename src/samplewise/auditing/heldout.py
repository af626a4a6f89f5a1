"""Held-out predictions and their losses, which several checks use."""

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.values import Exhibit
from samplewise.engine.models.row_losses import row_losses

LISTED = 60
FEWEST_OF_A_CLASS = 10  # held-out rows of a class: of fewer nothing is said but a bound


def evaluated_outputs(evidence: Evidence) -> Floats:
    """(n, c) the user's own out-of-sample probabilities, else outputs of the cross-fitted learner; NaN where none."""
    return evidence.held_out_outputs if evidence.predictions is None else evidence.predictions


def evaluated_losses(evidence: Evidence) -> Floats:
    """(n,) 1 for a wrong class, or the absolute error relative to the median baseline; NaN where no model predicts."""
    return row_losses(evaluated_outputs(evidence), evidence.target)


def prediction_source(evidence: Evidence) -> str:
    """Where the predictions come from, in words that begin a sentence."""
    if evidence.predictions is not None:
        return "The predictions you supplied"
    return f"Models ({evidence.learner.name}) cross-fitted in {evidence.plan.folds} folds"


def small_classes(codes: Array, classes: Array | None) -> list[tuple[str, int]]:
    """Classes of fewer than ten of these rows (n,), each with its number of rows; none where labels are numbers."""
    if classes is None:
        return []
    counts = np.bincount(codes[codes >= 0], minlength=len(classes)).tolist()
    return [(str(name), count) for name, count in zip(classes, counts, strict=True) if count < FEWEST_OF_A_CLASS]


def require_enough_rows(evidence: Evidence, least: int, question: str) -> None:
    """Raise `NotApplicable` where there are too few rows for the question."""
    if len(evidence.data) < least:
        raise NotApplicable(f"{question} needs at least {least} rows, there are {len(evidence.data)}")


def listed_rows(evidence: Evidence, title: str, positions: Ints, unit: str = "", **columns: Array) -> Exhibit:
    """A table of at most 60 rows: id, label as given, and the named numbers (n,) of each."""
    shown = positions[:LISTED]
    table: dict[str, Array] = {"id": evidence.data.ids[shown], "given": np.asarray(evidence.data.y)[shown]}
    note = f"The first {LISTED} of {len(positions)} rows." if len(positions) > LISTED else ""
    return Exhibit("table", title, table | {name: values[shown] for name, values in columns.items()}, unit, note)


def ids_of(evidence: Evidence, positions: Ints) -> tuple[object, ...]:
    """Ids of rows as a finding carries them."""
    return tuple(evidence.data.ids[positions].tolist())
