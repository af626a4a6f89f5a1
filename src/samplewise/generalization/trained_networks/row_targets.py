"""The targets of each row, as numbers that a kernel can be compared with."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from samplewise.core.arrays import Array, Floats, equal_but_for_rounding, one_hot, require_finite
from samplewise.core.errors import InputError
from samplewise.data.conversions import as_vector
from samplewise.data.inputs import require_labels
from samplewise.data.targets import describe_target

PROBABILITY = 1e-6  # how far a row of probabilities may be from a sum of 1


@dataclass(frozen=True, slots=True, eq=False)
class RowTargets:
    """Targets of n rows: one column, or one per class.

    Two classes are one column, the difference of the second and the first; of more, every row's mean over the classes
    is taken off (1 / c of probabilities): what does not change a softmax does not count.
    """

    values: Floats  # (n, c)
    classes: bool  # whether the sign, or the largest column, is a class
    probabilities: bool  # whether the network's outputs are to be compared as probabilities

    def less(self, outputs: Floats) -> "RowTargets":
        """What is left to learn: the targets less a network's outputs (n, c)."""
        answers = outputs
        if self.probabilities:
            answers = 2.0 * expit(outputs) - 1.0 if outputs.shape[1] == 1 else softmax(outputs, axis=1)
        answers = _in_columns(answers)
        if answers.shape != self.values.shape:
            raise InputError(
                "the network and the targets have different numbers of outputs",
                got=f"{outputs.shape[1]} outputs, targets of {self.values.shape[1]} columns",
                fix="pass one target per output, or labels of as many classes",
            )
        return replace(self, values=self.values - answers, classes=False)


def from_labels(labels: Any, ids: Array, outputs: int | None = None) -> RowTargets:
    """Labels: -1 and 1 for two classes, indicators less 1 / c for more, numbers less their mean."""
    given = as_vector(labels, "labels", allow_matrix=True)
    if given.ndim == 2:
        return from_numbers(given, ids)
    require_labels(given, ids)
    if len(set(given.tolist())) == 1:
        return RowTargets(np.zeros((len(given), 1)), classes=False, probabilities=False)
    known = _known_codes(given, outputs)
    if known is not None:
        return RowTargets(_in_columns(known), classes=True, probabilities=True)
    target = describe_target(given, ids=ids)
    if target.classes is None:
        return RowTargets((target.codes - target.codes.mean())[:, np.newaxis], classes=False, probabilities=False)
    return RowTargets(_in_columns(one_hot(target.codes, len(target.classes))), classes=True, probabilities=True)


def from_numbers(targets: Any, ids: Array) -> RowTargets:
    """Outputs of a teacher (n, c), or signed scores (n,) as they are; the same for every row counts as zero."""
    values = as_vector(targets, "targets", allow_matrix=True)
    if values.dtype.kind not in "fiub":
        raise InputError("outputs of a teacher are numbers", got=f"dtype {values.dtype}", fix="pass labels as (n,)")
    values = values.astype(np.float64).reshape(len(values), -1)
    require_finite(values, ids, "targets", "drop these rows, or let the teacher predict again")
    wide = values.shape[1] > 1
    sums = values.sum(axis=1)
    probabilities = wide and bool((values >= 0).all() and (np.abs(sums - 1.0) < PROBABILITY).all())
    found = _in_columns(values)
    if equal_but_for_rounding(found, np.broadcast_to(found[0], found.shape)):  # one output for all rows needs no kernel
        return RowTargets(np.zeros_like(found), classes=False, probabilities=False)
    signs = not wide and bool(np.isin(values, (-1.0, 1.0)).all())
    return RowTargets(found, classes=wide or signs, probabilities=probabilities or signs)


def read_targets(targets: Any, ids: Array, outputs: int | None) -> RowTargets:
    """Labels (n,) by the kind of their entries, or numbers: floats, and everything of several columns."""
    held = as_vector(targets, "targets", allow_matrix=True)
    if len(held) != len(ids):
        raise InputError(
            "targets and rows differ in number", got=f"{len(held)} targets, {len(ids)} rows", fix="pass one per row"
        )
    if held.ndim == 2 or held.dtype.kind == "f":
        return from_numbers(held, ids)
    return from_labels(held, ids, outputs)


def _in_columns(values: Floats) -> Floats:
    """One column for two classes, no mean over more."""
    if values.shape[1] == 1:
        return values
    if values.shape[1] == 2:
        return values[:, 1:] - values[:, :1]
    return values - values.mean(axis=1, keepdims=True)


def _known_codes(labels: Array, outputs: int | None) -> Floats | None:
    """Indicators in the order of a network's outputs, where whole labels are codes of them."""
    if outputs is None or labels.dtype.kind not in "iub" or labels.min() < 0 or labels.max() >= max(outputs, 2):
        return None
    return one_hot(labels.astype(np.intp), max(outputs, 2))
