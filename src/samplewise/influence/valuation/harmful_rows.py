"""Rows that make the predictions for other rows worse, beyond what chance explains."""

import numpy as np
from scipy.special import ndtr

from samplewise.core.arrays import Ints
from samplewise.core.errors import require_kind, require_share
from samplewise.engine.refits import FoldedRows, RowEdit
from samplewise.engine.statistics.multiplicity import discoveries
from samplewise.influence.valuation.leave_one_out import effects_in
from samplewise.influence.valuation.row_effects import RowEffects

LEVEL = 0.05
FAR_REACHING, FEWEST = 0.1, 20  # share of the rows that is tested, and least number
MOST = 0.2  # share of the rows a rule drops at most


def harmful_rows(effects: RowEffects, level: float = LEVEL) -> Ints:
    """Positions (r,) of the rows that significantly raise the error of others, most harmful first.

    One-sided z test of benefit >= 0 with Benjamini and Hochberg's correction, among the tenth of the rows with the
    largest reach. Reach reads no evaluation label, so selecting by it costs no error level, and a row without reach is
    harmless.

    Args:    effects: from `row_effects`.   level: expected share of false listings.
    Returns: positions.
    Raises:  InputError for a level outside (0, 1).
    Cost:    O(n log n).   Not for: few evaluation rows (under about 100 the z test is overconfident).
    Source:  benjamini1995; bourgon2010 for choosing by reach.

    >>> from samplewise.core.values import Scores
    >>> scores = Scores("benefit", np.array([1.0, -5.0, 0.1]), np.arange(3), "", "helps", spread=np.ones(3))
    >>> harmful_rows(RowEffects(scores, Scores("reach", np.ones(3), np.arange(3), "", "matters")))
    array([1])
    """
    require_kind(effects, RowEffects)
    require_share(level, "level")
    benefit, spread = effects.benefit.values, np.asarray(effects.benefit.spread, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(benefit) & (spread > 0))
    furthest = np.argsort(-effects.reach.values[known], kind="stable")
    tested = known[furthest[: max(FEWEST, int(FAR_REACHING * len(known)))]]
    if not len(tested):
        return tested
    found = tested[discoveries(ndtr(benefit[tested] / spread[tested]), level)]
    return found[np.argsort(benefit[found], kind="stable")]


def drop_harmful(folded: FoldedRows) -> RowEdit:
    """The rule behind SW303: leave out the rows that hurt the held-out rows of their own folds, at most a fifth."""
    rows = harmful_rows(effects_in(folded))[: int(MOST * len(folded))]
    return RowEdit("drop", np.sort(rows))
