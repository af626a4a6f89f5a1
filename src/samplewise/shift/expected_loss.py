"""The loss a model is expected to have on a row, learned from its losses on other rows of its own place."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from samplewise.core.arrays import Floats, Mask
from samplewise.core.randomness import derive_seed
from samplewise.shift.domain_classifier import TREES, Sides

LEAVES = 15
FEWEST_IN_LEAF, MOST_IN_LEAF = 5, 40


def expected_losses(matrix: Floats, categorical: Mask, losses: Floats, sides: Sides, seed: int) -> Floats:
    """(n + m,) expected loss of every row of both sides, by boosting on the losses (n,) of the first.

    Rows of either half are predicted by a model of the other half.

    Args:    matrix: (n + m, d) rows of both sides.   categorical: (d,) columns of codes.   losses: of the first side.
    Returns: in the unit of the losses, within their range.   Cost: forty trees of at most 20,000 rows, twice.
    """
    found = np.empty(len(matrix))
    for half in (False, True):
        rows, asked = sides.sample(half), sides.fitted != half
        rows = rows[~sides.second[rows]]
        model = fitted_losses(matrix[rows], categorical, losses[rows], derive_seed(seed, "losses", half))
        found[asked] = np.clip(model.predict(matrix[asked]), losses.min(), losses.max())
    return found


def fitted_losses(matrix: Floats, categorical: Mask, losses: Floats, seed: int) -> Any:
    """Boosted trees of the losses (r,) of rows (r, d), in which missing values have branches of their own."""
    model = HistGradientBoostingRegressor(
        max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False,
        categorical_features=categorical if categorical.any() else None,
        min_samples_leaf=int(np.clip(len(matrix) // 20, FEWEST_IN_LEAF, MOST_IN_LEAF)), random_state=seed % 2**31,
    )  # fmt: skip
    return model.fit(matrix, losses)
