"""How far two people who label the same rows agree, beyond chance."""

import numpy as np

from samplewise.core.arrays import Ints
from samplewise.engine.statistics.intervals import CONFIDENCE, wilson_interval


def cohen_kappa(one: Ints, other: Ints, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """Low, value and high of Cohen's kappa: the share of the agreement beyond chance that two people reach.

    The limits are Wilson's for the observed agreement, carried over at the agreement that chance gives; that one is
    taken as known, so they are a little narrow, but never a point where few rows happen to agree throughout.

    Args:    one, other: (n,) codes of what each said of the same rows.   confidence: between 0 and 1.
    Returns: numbers up to 1; 0 is chance; NaN without rows, or where both always said one and the same thing.
    Cost:    O(n).   Source: cohen1960.

    >>> ends = cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    >>> print(" ".join(f"{end:.2f}" for end in ends))
    -0.40 0.50 0.91
    """
    if not len(one):
        return np.nan, np.nan, np.nan
    size = 1 + int(max(one.max(), other.max()))
    shares = (np.bincount(codes, minlength=size) / len(one) for codes in (one, other))
    by_chance = float(np.dot(*shares))
    if by_chance == 1.0:
        return np.nan, np.nan, np.nan
    same = int(np.sum(one == other))
    low, high = wilson_interval(same, len(one), confidence)
    first, value, last = ((share - by_chance) / (1.0 - by_chance) for share in (low, same / len(one), high))
    return first, value, last
