"""Whether the labels of the rows of a set contradict each other: other classes, or numbers too far apart."""

import numpy as np

from samplewise.core.arrays import Array, Ints, Mask
from samplewise.data.targets import Target

APART = 0.5  # standard deviations by which the numeric labels of duplicates differ when they contradict each other


def tolerance_of(target: Target) -> float:
    """How far labels may differ within a set without contradicting each other: 0 for classes."""
    known = target.codes[np.isfinite(target.codes)]
    return 0.0 if target.classes is not None or not len(known) else APART * float(np.std(known))


def contradicting_sets(members: Ints, codes: Array, tolerance: float) -> Mask:
    """(s,) sets whose known labels differ by more than the tolerance; codes of -1 and NaN are unknown."""
    size = int(members.max()) + 1
    known = is_known(codes)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, members[known], codes[known])
    np.maximum.at(high, members[known], codes[known])
    return high - low > tolerance


def is_known(codes: Array) -> Mask:
    """(n,) which rows have a label: class codes from 0, or finite numbers."""
    return np.asarray(codes >= 0 if codes.dtype.kind == "i" else np.isfinite(codes))
