"""Row effects and the rows they are evaluated on, for the closed form and for trained networks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from samplewise.core.arrays import Array, Floats, Ints, in_order
from samplewise.core.randomness import hashed_order
from samplewise.core.results import Result, Table
from samplewise.core.texts import count_of
from samplewise.core.values import Scores, scores_columns
from samplewise.engine.refits import FoldedRows

PAIRS = 2e7  # training times evaluation rows of one fold; of a larger fold a hash-drawn sample is evaluated
FEWEST_EVALUATED = 200


@dataclass(frozen=True, slots=True, eq=False)
class RowEffects(Result):
    """What each row does to held-out rows."""

    MADE_BY: ClassVar[str] = "influence.row_effects(data)"

    benefit: Scores  # (n,) squared error without the row minus with it, per evaluation row
    reach: Scores  # (n,) mean square by which it moves their outputs, whatever their labels

    def _sentences(self) -> Iterable[str]:
        helped = int((self.benefit.values > 0).sum())
        yield f"{helped:,} of {count_of(len(self.benefit), 'row')} lower the error on held-out rows."
        yield "Below, the rows that raise it most, with how far each moves outputs."

    def _table(self) -> Table:
        columns, units = scores_columns(self.benefit, self.reach)
        return Table(columns, units, next(iter(columns)), in_order(self.benefit.values))


def hash_drawn_rows(rows: Ints, trained: int, ids: Array, seed: int) -> Ints:
    """The evaluation rows of a fold: all, or a sample that keeps the pairs affordable."""
    most = max(FEWEST_EVALUATED, int(PAIRS / trained))
    return rows if len(rows) <= most else rows[hashed_order(seed, ids[rows], "judges")[:most]]


def group_numbers(folded: FoldedRows) -> Ints:
    """(n,) number of the group of each row; every row its own without groups."""
    if folded.runner.groups is None:
        return np.arange(len(folded))
    own = np.asarray(folded.runner.groups)[folded.positions].astype(str)
    return np.unique(own, return_inverse=True)[1].astype(np.intp)


def means_and_spread(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean benefit (n,), its standard error and mean reach, from (5, n) sums over groups of evaluation rows.

    The five are: benefit, its square, reach, groups and evaluation rows; groups are the observations, their spread
    is about the mean of all evaluation rows. NaN for rows never trained on.
    """
    total, squares, reach, observed, evaluated = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((squares - np.square(total) / observed) * observed / (observed - 1)) / evaluated
        return total / evaluated, spread, reach / evaluated
