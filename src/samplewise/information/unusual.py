"""Rows with far more information than all others."""

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Ints, in_order
from samplewise.core.errors import InputError, require_kind
from samplewise.core.values import Scores

THRESHOLD = 4.0  # upper spreads above the median
LEAST_ROWS = 50


@checked
def unusual_information(information: Scores, threshold: float = THRESHOLD) -> Array:
    """Ids (r,) of rows with unusually much information, most first.

    Robust on the logarithm: (log s_i - median) / spread > threshold, spread = (third quartile - median) / .6745.
    Squared normal residuals reach 2.1 spreads among 2,000 rows and 2.6 among a million, so chance flags nothing.

    Args:    information: scores in nats.   threshold: in spreads.
    Returns: ids; none for fewer than 50 rows.
    Raises:  InputError for what is no `Scores`, or a threshold below 0.
    Cost:    O(n log n).   Not for: low scores (a residual of about 0 happens to every model).   Source: tukey1977.

    >>> values = np.r_[np.linspace(0.9, 1.1, 99), 1000.0]
    >>> unusual_information(Scores("unique_information", values, np.arange(100), "nats", "rare"))
    array([99])
    """
    require_kind(information, Scores)
    if threshold < 0:
        raise InputError(
            "a threshold in spreads is at least 0", where="threshold", got=f"threshold={threshold}",
            fix=f"use threshold={THRESHOLD}",
        )  # fmt: skip
    return information.keys[unusual_positions(information, threshold)]


def unusual_positions(information: Scores, threshold: float = THRESHOLD) -> Ints:
    """Positions (r,) of `unusual_information`."""
    known = np.flatnonzero(np.isfinite(information.values) & (information.values > 0))
    if len(known) < LEAST_ROWS:
        return np.empty(0, dtype=np.intp)
    logarithm = np.log(information.values[known])
    middle, upper = np.quantile(logarithm, [0.5, 0.75])
    spread = max(float(upper - middle) / 0.6745, 1e-12)
    far = known[(logarithm - middle) / spread > threshold]
    return far[in_order(-information.values[far])]
