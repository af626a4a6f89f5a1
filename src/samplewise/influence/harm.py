"""Rows that make the predictions for others worse, beyond what chance explains."""

import numpy as np
from scipy import stats

from samplewise.core.arrays import Ints
from samplewise.core.values import Scores
from samplewise.engine.refits import Change, Part
from samplewise.influence.benefit import leave_one_out

LEVEL = 0.05
MOST = 0.2  # share of the rows a rule drops at most


def harmful_rows(benefit: Scores, level: float = LEVEL) -> Ints:
    """Positions (r,) of the rows that significantly raise the error of others, most harmful first.

    One-sided z test of benefit >= 0 per row, with Benjamini and Hochberg's correction over the rows: among those listed
    about `level` are expected to be listed wrongly.

    Args:    benefit: scores with their standard errors.   level: expected share of false listings.
    Returns: positions.
    Cost:    O(n log n).   Not for: few judges (under about 100 the z test is too sure).   Source: benjamini1995.

    >>> scores = Scores("benefit", np.array([1.0, -5.0, 0.1]), np.arange(3), "", "helps", spread=np.ones(3))
    >>> harmful_rows(scores)
    array([1])
    """
    if benefit.spread is None:
        return np.empty(0, dtype=np.intp)
    known = np.flatnonzero(np.isfinite(benefit.values) & (benefit.spread > 0))
    if not len(known):
        return known
    p_values = stats.norm.cdf(benefit.values[known] / benefit.spread[known])
    found = known[stats.false_discovery_control(p_values) <= level]
    return found[np.argsort(benefit.values[found], kind="stable")]


def drop_harmful(part: Part) -> Change:
    """The rule behind SW303: leave out the rows of a part that hurt its own held-out rows (at most a fifth of them)."""
    rows = harmful_rows(leave_one_out(part))[: int(MOST * len(part))]
    return Change("drop", np.sort(rows))
