"""Whether a model knows more than the frequencies of the labels."""

from typing import Any

import numpy as np
from scipy import stats

from samplewise.core.arrays import Array, Floats
from samplewise.core.values import Estimate
from samplewise.generalization.errors import clustered


def beats_guessing(
    losses: Any,  # (n,)
    guessed: Any,  # (n,)
    groups: Array | None = None,
    coverage: float = 0.95,
) -> tuple[Estimate, float]:
    """Mean loss saved against guessing, in the unit of the losses, and the one-sided p-value that nothing is saved.

    Paired over rows (or groups): mean of guessed - losses with a t interval.

    Args:
        losses: (n,) of the model on rows it did not see.
        guessed: (n,) of always giving the same answer, the best one.
        groups: (n,) or None.
        coverage: of the interval.

    Returns:
        (Estimate "saved", p); larger values and smaller p mean the model has learned more.

    Cost: O(n).   Source: diebold1995.

    >>> saved, p = beats_guessing([0.1, 0.2, 0.1, 0.2], [0.5, 0.5, 0.5, 0.6])
    >>> round(saved.value, 3), p < 0.01
    (0.375, True)
    """
    saved: Floats = np.asarray(guessed, dtype=np.float64) - np.asarray(losses, dtype=np.float64)
    error, count = clustered(saved, groups)
    freedom, mean = max(count - 1, 1), float(saved.mean())
    half = float(stats.t.ppf(0.5 + coverage / 2.0, freedom)) * error
    p_value = float(stats.t.sf(mean / error, freedom)) if error > 0 else float(mean <= 0)
    return Estimate("saved", mean, mean - half, mean + half, "", coverage, "diebold1995"), p_value
