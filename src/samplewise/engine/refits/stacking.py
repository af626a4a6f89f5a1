"""Rows that teach and rows that only judge, in one data set: every fit answers for both."""

from dataclasses import replace
from typing import Any

import lazy_loader
import numpy as np
from scipy import sparse

from samplewise.core.arrays import Array
from samplewise.core.errors import InputError, name_rows
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.targets import Target

pd = lazy_loader.load("pandas")


def require_labels(data: Dataset, name: str) -> None:
    """Refuse rows without a label, by id; `name` is what the caller calls them."""
    unlabelled = data.unlabelled() if data.y is not None else np.ones(len(data), dtype=bool)
    if unlabelled.any():
        raise InputError(
            f"every row of {name} needs a label", where=name_rows(data.ids[unlabelled]),
            got=f"{int(unlabelled.sum())} of {len(data)} rows without", fix=f"drop them: {name}.drop(ids)",
        )  # fmt: skip


def codes_as(target: Target, held: Dataset) -> Array:
    """Labels of the validation rows in the codes of the training rows."""
    if target.classes is None:
        return np.asarray(held.y, dtype=np.float64)
    lookup = {value: code for code, value in enumerate(target.classes.tolist())}
    labels = np.asarray(held.y).tolist()
    unknown = np.array([label not in lookup for label in labels])
    if unknown.any():
        raise InputError(
            "validation rows are of classes the data lacks", where=name_rows(held.ids[unknown]),
            got=", ".join(sorted({str(label) for label in labels if label not in lookup})[:5]),
            fix="drop them, or add training rows of these classes",
        )  # fmt: skip
    return np.array([lookup[label] for label in labels], dtype=np.intp)


def stacked(train: Dataset, held: Dataset) -> Dataset:
    """Training rows followed by validation rows, each with an id of its own."""
    if tuple(train.X.shape[1:]) != tuple(held.X.shape[1:]):
        raise InputError(
            "data and the rows that judge have different columns",
            got=f"X {tuple(train.X.shape)} and {tuple(held.X.shape)}",
            fix="pass rows with the columns of the data",
        )
    weights = None if train.weights is None else np.r_[train.weights, np.ones(len(held))]
    # Hash-drawn landmarks must not depend on how the validation rows are numbered beside the training rows.
    ids = np.array([f"row {key}" for key in train.ids.tolist()] + [f"judge {key}" for key in held.ids.tolist()])
    return Dataset(_stacked_features(train.X, held.X), None, ids=ids, weights=weights)


def _stacked_features(first: Any, second: Any) -> Any:
    if isinstance(first, Images):
        return _stacked_images(first, second)
    if hasattr(first, "iloc"):
        return pd.concat([first, second[list(first.columns)]], ignore_index=True)
    return (sparse if hasattr(first, "indptr") else np).vstack([first, second])


def _stacked_images(first: Images, second: Images) -> Images:
    if first.pixels is not None and second.pixels is not None:
        return replace(first, pixels=np.concatenate([first.pixels, second.pixels]))
    if first.paths is not None and second.paths is not None:
        return replace(first, paths=np.concatenate([first.paths, second.paths]))
    raise InputError(
        "images of data and validation are held in different ways", got="files on one side, pixels on the other",
        fix="read both with Images.from_files, or both with Images.from_array",
    )  # fmt: skip
