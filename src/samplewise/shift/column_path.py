"""Which columns explain that two sides differ, one after the other, and what each moves the error by."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from samplewise.core.arrays import Floats, Ints, Mask
from samplewise.core.randomness import derive_seed, generator
from samplewise.engine.statistics.intervals import half_width
from samplewise.engine.statistics.means import mean_and_error
from samplewise.engine.statistics.reweighted import MeanPart, moved_part
from samplewise.shift.compared_rows import ComparedRows
from samplewise.shift.domain_classifier import TREES, importance_weights
from samplewise.shift.expected_loss import fitted_losses

COPIES = 4  # of every row fitted on, each with other columns masked
MOST_ROWS = 4_000  # of either side, fitted on and again evaluated on
MOST_COLUMNS = 60
LEAST_GAIN = 0.004  # nats a row by which the next column must better tell the sides apart
MOST_STEPS = 6


class PathStep(NamedTuple):
    """One column of the path: nats it adds to telling the sides apart, and what all so far move the mean loss by."""

    column: str
    gain: float
    moved: MeanPart


def column_path(both: ComparedRows, losses: Floats) -> list[PathStep]:
    """Columns of the first side (losses (n,)) moved to the second one after the other, the most telling first.

    Two models see rows of one half with random columns masked, so that they answer for every subset of the columns: one
    tells the sides apart, the other expects the loss. On the other half that column is added whose log loss of the
    sides falls most, until the fall is less than 0.004 nats a row or within its error. What the columns so far move the
    mean loss by is read from reweighted losses.

    Returns: empty where columns have no names of their own, or there are more than 60.
    Cost:    two fits of at most 32,000 rows, and d predictions of at most 8,000 rows per step.
    """
    names = both.names
    if names is None or len(names) > MOST_COLUMNS:
        return []
    models = _MaskedModels.fit(both, losses)
    chosen: list[int] = []
    steps: list[PathStep] = []
    said = models.side_losses([])
    while len(steps) < min(MOST_STEPS, len(names)):
        left = [column for column in range(len(names)) if column not in chosen]
        candidates = [models.side_losses([*chosen, column]) for column in left]
        best = int(np.argmin([one.mean() for one in candidates]))
        gain, error = mean_and_error(said - candidates[best])
        if gain < max(LEAST_GAIN, half_width(error)):
            break
        chosen, said = [*chosen, left[best]], candidates[best]
        steps.append(PathStep(names[left[best]], gain, models.moved(chosen)))
    return steps


@dataclass(frozen=True, slots=True, eq=False)
class _MaskedModels:
    """Two models that answer for every subset of columns, and the rows they are asked about, the first side first."""

    sides: Any
    losses: Any
    matrix: Floats
    second: Mask
    known: Floats  # losses of the rows of the first side

    @classmethod
    def fit(cls, both: ComparedRows, losses: Floats) -> "_MaskedModels":
        fitted, asked = _rows(both, True), _rows(both, False)
        draw = generator(both.seed, "masked columns")
        copies = np.tile(fitted, COPIES)
        width = both.matrix.shape[1]
        hidden = draw.random((len(copies), width)) < draw.random((len(copies), 1))
        masked = np.where(hidden, np.nan, both.matrix[copies])
        seed = derive_seed(both.seed, "masked") % 2**31
        sides = HistGradientBoostingClassifier(
            max_iter=2 * TREES, early_stopping=False, min_samples_leaf=20, random_state=seed,
            categorical_features=both.categorical if both.categorical.any() else None,
        ).fit(masked, both.sides.second[copies])  # fmt: skip
        first = ~both.sides.second[copies]
        model = fitted_losses(masked[first], both.categorical, losses[copies[first]], seed)
        second = both.sides.second[asked]
        return cls(sides, model, both.matrix[asked], second, losses[asked[~second]])

    def chances(self, columns: list[int]) -> Floats:
        """(r,) chance to be of the second side by these columns alone; the rows asked about are as many of both."""
        found = np.clip(self.sides.predict_proba(self._only(columns))[:, 1], 1e-6, 1.0 - 1e-6)
        return np.asarray(found, dtype=np.float64)

    def side_losses(self, columns: list[int]) -> Floats:
        """(r,) log loss of telling the side of every row."""
        chances = self.chances(columns)
        return np.asarray(-np.log(np.where(self.second, chances, 1.0 - chances)))

    def moved(self, columns: list[int]) -> MeanPart:
        """What moving these columns alone does to the mean loss."""
        chances, expected = self.chances(columns), self.losses.predict(self._only(columns))
        weights, _ = importance_weights(chances[~self.second])
        return moved_part(self.known, weights, expected[~self.second], expected[self.second])

    def _only(self, columns: list[int]) -> Floats:
        kept = np.full(self.matrix.shape, np.nan)
        kept[:, columns] = self.matrix[:, columns]
        return kept


def _rows(both: ComparedRows, half: bool) -> Ints:
    """The same number of rows of either side of one half, the first side before the second."""
    rows = both.sides.sample(half)
    parts = [rows[both.sides.second[rows] == side] for side in (False, True)]
    count = min(MOST_ROWS, *map(len, parts))
    return np.concatenate([part[:count] for part in parts])
