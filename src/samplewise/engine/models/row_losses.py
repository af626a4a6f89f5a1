"""Loss of single rows in one unit for both tasks: 1 is a wrong class, or as bad as always answering the median."""

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, Mask
from samplewise.data.targets import Target

UNITS = {"classification": "error rate", "regression": "mean absolute error relative to the median baseline"}


def weighted_rows(values: Floats, weights: Array | None) -> Floats:
    """(n,) values whose plain mean and its standard error are those of the weighted mean of `values`; NaN stays NaN.

    m + w_i (v_i - m), the weights w (n,) scaled to a mean of 1 over the known rows and m the weighted mean. Values
    come back as they are without weights.

    >>> float(weighted_rows(np.array([0.0, 1.0]), np.array([1.0, 3.0])).mean())
    0.75
    """
    if weights is None:
        return values
    known = ~np.isnan(values)
    scaled = weights / weights[known].mean()
    mean = float(np.mean(scaled[known] * values[known]))
    return np.asarray(mean + scaled * (values - mean))


def median_error(labels: Array) -> float:
    """Mean absolute error of always answering the median of these numbers (n,); 1 where they are all equal.

    >>> median_error(np.array([1.0, 2.0, 6.0]))
    1.6666666666666667
    """
    return float(np.mean(np.abs(labels - np.median(labels)))) or 1.0


def row_losses(outputs: Array, target: Target, rows: Ints | None = None) -> Floats:
    """(r,) 1 for a wrong class, 0 for the right one; or the absolute error over the mean one of the median.

    Args:    outputs: (r, c) for the given rows; a row of NaN (no model could predict it) gets NaN.
             target: labels of all n rows.   rows: (r,) positions, default all.
    Returns: (r,), larger means worse; unit as in `UNITS`.
    Cost:    one pass.   Source: exact; no publication.
    """
    codes = target.codes if rows is None else target.codes[rows]
    known: Mask = np.asarray(np.isfinite(outputs).all(axis=1))
    if target.classes is not None:
        wrong = np.where(known[:, None], outputs, 0.0).argmax(axis=1) != codes
        return np.where(known, wrong.astype(np.float64), np.nan)
    return np.asarray(np.abs(outputs[:, 0].astype(np.float64) - codes) / median_error(target.codes))
