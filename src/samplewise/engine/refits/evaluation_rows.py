"""Rows that are trained on and rows that are only evaluated on, in one data set: every fit predicts both."""

from typing import Any

import lazy_loader
import numpy as np
from scipy import sparse

from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.inputs import with_columns_of

pd = lazy_loader.load("pandas")


def stacked(train: Dataset, held: Dataset) -> Dataset:
    """Training rows followed by test rows, each with an id of its own."""
    held = with_columns_of(train, held, "the test rows")
    weights = None if train.weights is None else np.r_[train.weights, np.ones(len(held))]
    # Hash-drawn landmarks must not depend on how the test rows are numbered relative to the training rows.
    ids = np.array([f"row {key}" for key in train.ids.tolist()] + [f"judge {key}" for key in held.ids.tolist()])
    return Dataset(stacked_features(train.X, held.X), None, ids=ids, weights=weights)


def stacked_features(first: Any, second: Any) -> Any:
    """Features of two sets of rows with the same columns, one after the other."""
    if isinstance(first, Images):
        return first.followed_by(second)
    if hasattr(first, "iloc"):
        return pd.concat([first, second], ignore_index=True)
    return (sparse if hasattr(first, "indptr") else np).vstack([first, second])
