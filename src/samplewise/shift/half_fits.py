"""A learner fitted on one half of the rows, and asked about the other half with part of every row swapped."""

from dataclasses import replace

import numpy as np

from samplewise.core.arrays import Mask
from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Prepared
from samplewise.shift.feature_split import FeatureSplit
from samplewise.shift.relied_on import Reliance, swap_of_block, swap_of_columns
from samplewise.shift.swapped_columns import Outputs, swapped


def held_half(rows: Prepared) -> Mask:
    """(n,) true for the rows that are held out; the later ones where rows have a time."""
    folds = rows.folds()
    return np.asarray(folds >= (folds.max() + 1) // 2)


def fitted_on_rest(rows: Prepared, data: Dataset, held: Mask) -> Outputs:
    """Outputs of the learner fitted on the rows of `data` that are not held out.   Cost: a fit of half of the rows."""
    train = np.flatnonzero(~held)
    target = replace(rows.target, codes=rows.target.codes[train])
    return rows.learner.fit(data.take(train), seed=rows.seed, target=target).outputs


def reliance_on_segment(rows: Prepared, name: str) -> Reliance:
    """How much the learner, fitted on one half, leans on a column of the segments when it sees the other half.

    A column among the features is swapped as it is. Of features without names, what tells the segment at the same
    class is swapped, by a `FeatureSplit` of the first half.

    Raises: InputError where neither can be done.   Cost: a fit and 11 predictions of half of the rows.
    """
    held = held_half(rows)
    test = np.flatnonzero(held)
    values = np.asarray(rows.data.segments[name])
    columns = [str(column.name) for column in rows.data.columns]
    known = rows.data.take(test)
    if name in columns:
        swap = swap_of_columns(known.X, [columns.index(name)])
    elif isinstance(rows.data.X, np.ndarray) and rows.data.X.ndim == 2:
        train, labels = np.flatnonzero(~held), np.asarray(rows.data.y)
        split = FeatureSplit(random_state=rows.seed).fit(rows.data.X[train], labels[train], segments=values[train])
        swap = swap_of_block(known.X, split)
    else:
        raise InputError(
            f"the model does not see {name}", where="segments", got="no feature of this name",
            fix="leave the column among the features, or pass embeddings",
        )  # fmt: skip
    if len(np.unique(values[test].astype(str))) < 2:
        raise InputError(f"{name} has one value among the held-out rows", where="segments", got="one value",
                         fix="name a column with two values")  # fmt: skip
    target = replace(rows.target, codes=rows.target.codes[test])
    groups = None if rows.groups is None else rows.groups[test]
    outputs = fitted_on_rest(rows, rows.data, held)
    found = swapped(outputs, known.X, target, swap, values[test], groups, rows.seed)
    return Reliance(name, found.flips, found.variance, found.change, len(test))
