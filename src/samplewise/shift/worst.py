"""Which rows a model serves worst: named segments compared, or a search where none are named."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from samplewise.core.arguments import checked
from samplewise.core.arrays import Array, Floats, Mask
from samplewise.core.errors import InputError, require_share
from samplewise.core.execution import Executor
from samplewise.data.conversions import as_numbers
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import as_dataset
from samplewise.data.targets import Task
from samplewise.engine.models.row_losses import UNITS, row_losses
from samplewise.engine.refits import joined_groups, prepare
from samplewise.shift.bins import Cells, cells_of
from samplewise.shift.segments import WorstSegments, segment_errors
from samplewise.shift.worst_segment_search import find_worst_segments

MOST_COLUMNS = 60  # of a table without names; the columns of a wider one have no meaning a user could act on


@checked
def worst_segments(
    data: Any,
    y: Any = None,
    *,
    label: str | None = None,
    learner: Any = None,
    task: Task = "auto",
    n_folds: int = 5,
    seed: int = 0,
    confidence: float = 0.95,
    executor: Executor | None = None,
) -> WorstSegments:
    """Where a cross-fitted model is worst, by its error (0..1): over data.segments, or searched among the features.

    Args:
        data, y, label: n labeled rows, in any form `samplewise.data.as_dataset` takes; the `segments` of a `Dataset`
            name the segments to compare.
        learner: a name, a scikit-learn estimator or a `Learner`; None for the default of this shape of data.
        task: "auto", "classification" or "regression".
        n_folds: number of folds.
        seed: of folds, fits and the halves of the search.
        confidence: of the intervals.
        executor: carries out fits that are not in closed form.

    Returns:
        `WorstSegments`; larger errors mean worse, differences are in points. Errors are shares of rows; of numbers 1 is
        the mean absolute error of the median baseline.

    Raises:
        InputError: no labels, too few rows, or nothing to cut into segments.

    Cost: `n_folds` fits.   Not for: causes (a segment may be worse because its labels are).   Source: eyuboglu2022.

    >>> rng = np.random.default_rng(0)
    >>> X, site = rng.normal(size=(400, 2)), np.repeat(["a", "b"], 200)
    >>> y = np.where(site == "a", X[:, 0] > 0, rng.random(400) > 0.5).astype(int)
    >>> worst_segments(Dataset(X, y, segments=site)).errors.names[0].endswith("= b")
    True
    """
    require_share(confidence, "confidence")
    rows = prepare(data, learner, y=y, label=label, task=task, n_folds=n_folds, seed=seed, executor=executor)
    losses = row_losses(rows.whole.held_out_outputs(), rows.target)
    unit = UNITS[rows.target.task]
    return segments_in(losses, rows.data, unit, rows.groups, seed=seed, confidence=confidence)


@checked
def segments_of_losses(
    data: Any,
    losses: Any,  # (n,)
    unit: str,
    *,
    label: str | None = None,
    groups: Array | None = None,
    seed: int = 0,
    confidence: float = 0.95,
) -> WorstSegments:
    """The same for losses (n,) that are known, of rows in any form that `samplewise.data.as_dataset` takes.

    `groups` default to exact duplicates joined with the groups of the data, which stay together as in `worst_segments`.
    """
    losses, data = as_numbers(losses, "losses"), as_dataset(data, label=label)
    if len(losses) != len(data):
        raise InputError(
            "every row needs one loss", where="losses", got=f"{len(losses)} losses, {len(data)} rows",
            fix="pass the loss of every row, NaN where there is none",
        )  # fmt: skip
    if np.isinf(losses).any():
        raise InputError(
            "a loss must be finite, or NaN where there is none", where="losses",
            got=f"{int(np.isinf(losses).sum())} infinite losses", fix="cut them at the largest loss there can be",
        )  # fmt: skip
    return segments_in(losses, data, unit, joined_groups(data) if groups is None else groups, seed, confidence)


def segments_in(
    losses: Floats, data: Dataset, unit: str, groups: Array | None, seed: int = 0, confidence: float = 0.95
) -> WorstSegments:
    """`segments_of_losses` where the rows that stay together are known; None: every row stands alone."""
    if data.segments is not None:
        cells = [cells_of(str(name), data.segments[name]) for name in data.segments.columns]
        return named_segments(losses, cells, data.ids, unit, groups=groups, confidence=confidence)
    return find_worst_segments(
        losses, feature_cells(data), data.ids, groups=groups, seed=seed, confidence=confidence, unit=unit
    )


def named_segments(
    losses: Floats,
    cells: Sequence[Cells],
    ids: Array,
    unit: str,
    *,
    groups: Array | None = None,
    confidence: float = 0.95,
) -> WorstSegments:
    """Every cell of columns that were chosen before the losses were known, measured on all rows."""
    table = segment_errors(losses, cells, groups=groups, confidence=confidence)
    masks = _masks_by_name(cells)
    return WorstSegments(table, tuple(ids[masks[name]] for name in table.names), (True,) * len(table), False, unit)


def feature_cells(data: Dataset) -> list[Cells]:
    """Every feature column cut into cells; refused where columns are too many to have a meaning each."""
    named = hasattr(data.X, "iloc")
    if not named and not (isinstance(data.X, np.ndarray) and data.X.ndim == 2 and data.X.shape[1] <= MOST_COLUMNS):
        raise InputError(
            "there are no columns to search for segments",
            got=f"X {tuple(data.X.shape)} without column names",
            fix="name what is to be compared: Dataset(X, y, segments=...); or pass a frame, whose columns have names",
        )
    columns = [column for column in data.columns if column.role == "feature"]
    useful = [column.name for column in columns if column.kind in ("numeric", "boolean", "category", "ordinal")]
    values = (data.X[name] if named else data.X[:, _place(name)] for name in useful)
    return [cells_of(str(name), column) for name, column in zip(useful, values, strict=True)]


def _masks_by_name(segments: Sequence[Cells]) -> dict[str, Mask]:
    return {name: cells.codes == code for cells in segments for code, name in enumerate(cells.names)}


def _place(name: str) -> int:
    """Column number behind the name "x7" of a column without a name."""
    return int(str(name).removeprefix("x"))
