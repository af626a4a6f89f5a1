"""How much held-out models learned, measured on ALL rows: what is disputed counts as well."""

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints
from samplewise.core.randomness import generator, hashed_order
from samplewise.core.values import Estimate
from samplewise.engine.statistics.intervals import share_interval
from samplewise.engine.statistics.resampling import percentile_interval

UNIT = "share of the way from the baseline to perfect"
RESAMPLES, MOST_RESAMPLED = 200, 5000  # bootstrap draws, and hash-drawn rows they are drawn from
WORST = -1.0  # twice as far off as the baseline; below this it makes no difference


def class_skill(called: Ints, codes: Ints) -> Estimate:
    """(accuracy - share of the largest class) / (1 - that share): 0 = always the largest class, 1 = always right.

    Args:    called: (n,) likeliest classes by models that did not see the row.   codes: (n,) given classes.
    Returns: Estimate with the Clopper-Pearson interval of the accuracy.
    Cost:    O(n).   Source: clopper1934.

    >>> class_skill(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])).value
    0.0
    """
    right = int(np.sum(called == codes))
    largest = float(np.bincount(codes).max()) / len(codes)
    low, high = share_interval(right, len(codes))
    least, value, most = (
        (accuracy - largest) / max(1.0 - largest, 1e-12) for accuracy in (float(low), right / len(codes), float(high))
    )
    return Estimate("skill", value, least, most, UNIT, 0.95, "clopper1934")


def number_skill(predicted: Floats, labels: Floats, ids: Array) -> Estimate:
    """1 - median |label - prediction| / median |label - median label|: 0 = always the median, 1 = exact for most rows.

    Medians bear a tenth of gross errors, which R squared does not.

    Args:    predicted: (n,) by models that did not see the row.   labels: (n,).   ids: (n,) keys.
    Returns: Estimate with the 90 % bootstrap interval; -1 stands for anything below it, and 0 for labels of which half
             or more are equal.
    Cost:    200 medians of at most 5,000 rows.   Source: exact; no publication.

    >>> y = np.arange(9.0); round(number_skill(y + np.tile([1.0, -1.0, 1.0], 3), y, y).value, 2)
    0.5
    """
    off, guessed = np.abs(labels - predicted), np.abs(labels - np.median(labels))
    drawn = hashed_order(0, ids, "skill")[:MOST_RESAMPLED]
    picks = generator(0, "skill").integers(0, len(drawn), (RESAMPLES, len(drawn)))
    again = _of_medians(np.median(off[drawn][picks], axis=1), np.median(guessed[drawn][picks], axis=1))
    low, high = percentile_interval(again, 0.9)
    value = float(_of_medians(np.median(off), np.median(guessed)))
    return Estimate("skill", value, min(float(low), value), max(float(high), value), UNIT, 0.9)


def _of_medians(off: Array, guessed: Array) -> Array:
    """Skill of median errors of any shape; 0 where the baseline makes none."""
    made = np.where(guessed > 0, 1.0 - off / np.where(guessed > 0, guessed, 1.0), 0.0)
    return np.maximum(made, WORST)
