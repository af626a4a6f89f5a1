"""How far rows of two places overlap, once columns that give the place away are left out of the comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samplewise.core.arrays import Floats, Mask
from samplewise.core.errors import InputError
from samplewise.data.columns import describe_columns
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import with_columns_of
from samplewise.engine.refits.evaluation_rows import stacked_features
from samplewise.engine.statistics.two_samples import rank_test
from samplewise.shift.column_drift import columns_giving_away, compared_columns, most_telling
from samplewise.shift.compared_rows import columns_not_compared, encoded
from samplewise.shift.domain_classifier import OUTSIDE, Sides, chances_of_second, importance_weights, sides_of


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Rows of a source (n) and of a target (m) side by side, those of the source first.

    Args:
        matrix: (n + m, d) columns that are compared, as numbers for trees.
        categorical: (d,) which of them are codes of categories.
        sides: halves of the rows on which classifiers are fitted.
        chances: (n + m,) that a row is of the target, were both equally large, by a classifier that did not see it.
        weights: (n,) that make source rows like target rows where there are both; mean 1, or all 0.
        effective_share: share of the source rows that the weighted ones are worth, 0 to 1.
        auc: chance that the classifier puts a target row above a source row, on rows it was not fitted on.
        left_out: columns that are not compared because they give the place away.
    """

    matrix: Floats
    categorical: Mask
    sides: Sides
    chances: Floats
    weights: Floats
    effective_share: float
    auc: float
    left_out: tuple[str, ...]

    @property
    def outside(self) -> Mask:
        """(m,) which target rows have none like them in the source."""
        return np.asarray(self.chances[len(self.weights) :] > OUTSIDE)


def overlap_of(source: Dataset, target: Dataset, name: str, leave_out: Sequence[str] | None, seed: int = 0) -> Overlap:
    """Compare the rows of two places; `name` is what the caller calls the target's.

    Args:
        source: n rows.
        target: m rows with the same columns.
        name: of the target's rows, for messages.
        leave_out: names of columns that are not compared; None finds those that alone give the place away (area under
            the curve above 0.85 on rows they were not chosen on).
        seed: of the halves and fits.

    Raises: InputError for other columns, or where none is left to compare.
    Cost:   two boosted classifiers of at most 20,000 rows a side, O(n log n) a column.
    """
    held = with_columns_of(source, target, name)
    both = stacked_features(source.X, held.X)
    described = describe_columns(both, kinds=source.kinds)
    never = set(columns_not_compared(source, held, described))
    kept = tuple(column for column in described if column.name not in never)
    unknown = sorted(set(leave_out or ()) - {column.name for column in described})
    if unknown:
        raise InputError(
            "leave_out names columns that are not there", where="leave_out", got=", ".join(unknown)[:80],
            fix="name columns of the rows, or leave it out",
        )  # fmt: skip
    matrix, categorical = encoded(both, kept)
    parts = (source, held)
    sides = sides_of(matrix, (source.ids, held.ids), (source.groups, held.groups), seed)
    if leave_out is None:
        leave_out = columns_giving_away(most_telling(compared_columns(both, kept), sides, seed))
    left_out = tuple(column.name for column in kept if column.name in set(leave_out))
    if left_out:
        kept = tuple(column for column in kept if column.name not in left_out)
        matrix, categorical = encoded(both, kept) if kept else (np.zeros((len(matrix), 0)), categorical[:0])
    chances = chances_of_second(matrix, categorical, sides, seed) if matrix.shape[1] else _unknown(parts)
    weights, share = importance_weights(chances[: len(source)])
    auc = rank_test(chances[sides.tested(False)], chances[sides.tested(True)], seed=seed).auc
    return Overlap(matrix, categorical, sides, chances, weights, share, auc, left_out)


def _unknown(parts: tuple[Dataset, Dataset]) -> Floats:
    """Chances where no column is left: nothing of the source is known to be like the target."""
    return np.repeat([0.0, 1.0], [len(part) for part in parts])
