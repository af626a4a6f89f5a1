"""Held-out predictions and their losses, which several checks use."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.errors import NotApplicable
from samplewise.core.values import Estimate, Exhibit
from samplewise.engine.models.row_losses import row_losses
from samplewise.engine.refits import Prepared
from samplewise.generalization import absolute_error, error_rate

LISTED = 60
FEWEST_TEST_ROWS = 200  # with fewer, held-out rows tell more
FEWEST_OF_A_CLASS = 10  # held-out rows of a class: of fewer nothing is said but a bound


def evaluated_outputs(evidence: Evidence) -> Floats:
    """(n, c) the user's own out-of-sample probabilities, else outputs of the cross-fitted learner; NaN where none."""
    return evidence.held_out_outputs if evidence.predictions is None else evidence.predictions


def evaluated_losses(evidence: Evidence) -> Floats:
    """(n,) 1 for a wrong class, or the absolute error relative to the median baseline; NaN where no model predicts."""
    return row_losses(evaluated_outputs(evidence), evidence.target)


def held_out_error(evidence: Evidence) -> Estimate:
    """The error that SW501 names: the share of wrong rows, or the mean absolute error in the unit of the label."""
    return _error_of(evidence, evaluated_outputs(evidence), "held_out_error")


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


def errors_with_and_without(evidence: Evidence, names: Collection[str]) -> tuple[Estimate, ...]:
    """The held-out error with every column and with these left out, by the same learner on the same folds.

    None where rows cannot be held out, where the learner sees no frame or array, or where no column would be left.
    """
    data = evidence.prepared.data
    kept = [place for place, column in enumerate(data.columns) if column.name not in names]
    features = [place for place in kept if data.columns[place].role == "feature"]
    if (
        not features
        or len(kept) == len(data.columns)
        or not (hasattr(data.X, "iloc") or isinstance(data.X, np.ndarray))
    ):
        return ()
    try:
        folds = evidence.folds[0]
    except NotApplicable:
        return ()
    X = data.X.iloc[:, kept] if hasattr(data.X, "iloc") else data.X[:, kept]
    said = {name: kind for name, kind in data.kinds.items() if name not in names}
    told = evidence.prepared
    others = Prepared(
        replace(data, X=X, kinds=said), told.target, told.learner, told.n_folds, told.seed, told.executor, told.store
    ).with_folds(folds)  # fmt: skip
    shown = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
    return (
        _error_of(evidence, evidence.held_out_outputs, f"held_out_error with {shown}"),
        _error_of(evidence, others.held_out_outputs(), f"held_out_error without {shown}"),
    )


def _error_of(evidence: Evidence, outputs: Floats, quantity: str) -> Estimate:
    """The held-out error of outputs (n, c), under this name."""
    known = np.asarray(np.isfinite(outputs).all(axis=1))
    groups, weights = at_rows(evidence.split_groups, known), at_rows(evidence.data.weights, known)
    if evidence.whole.class_count:
        found = error_rate(outputs[known].argmax(axis=1) != evidence.target.codes[known], groups, weights=weights)
    else:
        found = absolute_error(outputs[known], evidence.target.codes[known], groups, weights=weights)
    return replace(found, quantity=quantity)


def evaluates_on_test_rows(evidence: Evidence) -> bool:
    """Whether remedies are evaluated on the test rows: there are 200 with known labels, and fits can predict them."""
    codes = evidence.test_codes
    if codes is None or len(codes) < FEWEST_TEST_ROWS or evidence.embeddings is not None:
        return False
    return evidence.target.classes is None or bool((codes >= 0).all())


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


def at_rows(values: Array | None, rows: Array) -> Array | None:
    """What belongs to these rows, given as positions or as a mask; None where there is nothing."""
    return None if values is None else values[rows]
