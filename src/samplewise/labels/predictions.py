"""Probabilities a user brings: what they must be, and how in-sample ones are told."""

from typing import Any

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, require_finite
from samplewise.core.errors import InputError, name_rows

TOLERANCE = 1e-3  # how far from 1 a row may sum
IN_SAMPLE = 0.999  # accuracy on given labels above which predictions were made for rows the model had seen
ENOUGH = 200  # rows from which so high an accuracy is no luck


def check_predictions(P: Any, codes: Ints, ids: Array) -> Floats:
    """The out-of-sample class probabilities (n, c) as floats whose rows sum to 1, or the reason they cannot be used.

    Args:
        P: (n, c) probabilities in the order of the classes; for two classes also (n,), that of the second.
        codes: (n,) given classes.   ids: (n,) keys that name rows in messages.

    Returns:
        (n, c) float64.

    Raises:
        InputError: wrong shape, NaN, outside 0..1, rows that do not sum to 1 within 1e-3, or predictions so right about
            the given labels that they were made in-sample: those repeat wrong labels and hide them.

    Cost: O(n c).
    Not for: logits (take their softmax first).

    >>> check_predictions([0.2, 0.9], np.array([0, 1]), np.array(["a", "b"]))
    array([[0.8, 0.2],
           [0.1, 0.9]])
    """
    classes = int(codes.max(initial=1)) + 1
    values = np.asarray(P, dtype=np.float64)
    if classes == 2 and values.size == len(codes):  # one column says all about two classes
        values = np.column_stack([1.0 - values.reshape(-1), values.reshape(-1)])
    if values.shape != (len(codes), classes):
        raise InputError(
            "predictions need one row per row of X and one column per class",
            got=f"shape {values.shape}",
            fix=f"pass shape ({len(codes)}, {classes}), columns in the sorted order of the classes",
        )
    require_finite(values, ids, "predictions", "predict every row out of sample, or drop these rows")
    off = np.abs(values.sum(axis=1) - 1.0)
    bad = (off > TOLERANCE) | (values < -TOLERANCE).any(axis=1)
    if bad.any():
        raise InputError(
            "predictions must be probabilities: not negative, each row summing to 1",
            where=name_rows(np.asarray(ids)[bad]),
            got=f"row sums from {values.sum(axis=1).min():.4g} to {values.sum(axis=1).max():.4g}",
            fix="take the softmax of logits; keep all classes in the sum",
        )
    accuracy = float(np.mean(values.argmax(axis=1) == codes))
    if accuracy > IN_SAMPLE and len(codes) >= ENOUGH:
        raise InputError(
            "these predictions look in-sample: a model that saw a row repeats its label, right or wrong",
            got=f"accuracy {accuracy:.4f} on the given labels of {len(codes)} rows",
            fix="pass predictions of models that did not see the row (cross_val_predict), or leave predictions out",
        )
    values = np.maximum(values, 0.0)
    return np.asarray(values / values.sum(axis=1, keepdims=True))
