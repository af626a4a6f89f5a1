"""A cleaning of cells as a part of the pipeline: which cells of one column change, in any rows, and into what.

A change of rows (`RowEdit`) is for training only. A cleaning is not: what would be deployed cleans the rows it predicts
too. It is therefore learned from training rows alone, and carried out on all rows by what their cells hold.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import lazy_loader
import numpy as np

from samplewise.core.arrays import Array, Mask, fingerprint
from samplewise.core.randomness import hashed_order
from samplewise.data.changed_cells import column_at, with_column

pd = lazy_loader.load("pandas")

Cleaning = Literal["set to missing", "merge", "divide"]
ANY = (-math.inf, math.inf)
DAY = "%Y-%m-%d"  # as dates are compared with values


@dataclass(frozen=True, slots=True)
class CellStep:
    """One thing to do with some cells of a column.

    Args:
        do: "set to missing", "merge" or "divide".
        values: cells that hold one of these change; dates are written 1900-01-01.
        limits: and so do numbers below the first or above the second of these.
        but: cells that hold one of these stay as they are.
        into: the text that merged cells become.
        factor: what numbers are divided by.
    """

    do: Cleaning
    values: tuple[Any, ...] = ()
    limits: tuple[float, float] = ANY
    but: tuple[Any, ...] = ()
    into: str = ""
    factor: float = 1.0

    def cells(self, column: Any) -> Mask:
        """(n,) which cells of a column change."""
        if column.dtype.kind == "M":
            column = column.dt.strftime(DAY)
        if column.dtype.kind not in "iuf":
            return np.asarray(pd.Series(column).isin(self.values))
        numbers = _numbers(column)
        changes = np.isin(numbers, self.values) | (numbers < self.limits[0]) | (numbers > self.limits[1])
        return np.asarray(changes & ~np.isin(numbers, self.but))

    def written(self, column: Any, cells: Mask) -> Any:
        """The column after the step, of the same kind; `column` stays as it is."""
        if self.do == "divide":
            return _like(column, np.where(cells, _numbers(column) / self.factor, _numbers(column)))
        if isinstance(column, np.ndarray):
            return np.where(cells, np.nan, column)
        if column.dtype != object:
            return column.mask(cells) if self.do == "set to missing" else column.mask(cells, self.into)
        values = column.to_numpy(copy=True)
        values[cells] = np.nan if self.do == "set to missing" else self.into
        return _like(column, values)


@dataclass(frozen=True, slots=True)
class ColumnEdit:
    """What is to be done to the cells of one column, in all rows; without steps nothing.

    Args:
        place: position of the column.
        steps: each for cells of its own; a cell follows the first step that names it.
    """

    place: int
    steps: tuple[CellStep, ...] = ()

    def cells(self, X: Any) -> Iterator[Mask]:
        """(n,) which cells change, step by step."""
        column = column_at(X, self.place)
        free = np.ones(len(column), dtype=bool)
        for step in self.steps:
            changes = step.cells(column) & free
            free &= ~changes
            yield changes

    def changed(self, X: Any) -> Mask:
        """(n,) rows in which a cell changes."""
        return np.logical_or.reduce(list(self.cells(X))) if self.steps else np.zeros(X.shape[0], dtype=bool)

    def carried_out(self, X: Any) -> Any:
        """The features (n, d) with the cells changed; `X` stays as it is."""
        return self._written(X, list(self.cells(X)))

    def at_random(self, X: Any, ids: Array, seed: int) -> Any:
        """The same steps on as many cells of the same column, drawn from all of its rows by their ids."""
        order, first = hashed_order(seed, ids, f"random cells of {self.place}"), 0
        drawn: list[Mask] = []
        for changes in self.cells(X):
            last = first + int(changes.sum())
            drawn.append(np.isin(np.arange(len(ids)), order[first:last]))
            first = last
        return self._written(X, drawn)

    def name_of(self, X: Any) -> str:
        """Equal names for features that are equal in this column; of one data set, all others are equal anyway."""
        return fingerprint(self.place, np.asarray(column_at(X, self.place)))

    def _written(self, X: Any, cells: list[Mask]) -> Any:
        column = column_at(X, self.place)
        for step, changes in zip(self.steps, cells, strict=True):
            column = step.written(column, changes)
        return with_column(X, self.place, column)


@dataclass(frozen=True, slots=True)
class CellEdit:
    """What a rule wants done to cells of one column or of several, in all rows.

    Args:
        columns: what is to be done to each; at most one entry a column.
    """

    columns: tuple[ColumnEdit, ...]

    @property
    def steps(self) -> tuple[CellStep, ...]:
        """Everything that is done, column by column; nothing where no rows showed a reason."""
        return tuple(step for column in self.columns for step in column.steps)

    def changed(self, X: Any) -> Mask:
        """(n,) rows in which a cell changes."""
        return np.asarray(np.logical_or.reduce([column.changed(X) for column in self.columns]))

    def carried_out(self, X: Any) -> Any:
        """The features (n, d) with the cells changed; `X` stays as it is."""
        for column in self.columns:
            X = column.carried_out(X)
        return X

    def at_random(self, X: Any, ids: Array, seed: int) -> Any:
        """The same steps on as many cells of the same columns, drawn for each from all rows by their ids."""
        for column in self.columns:
            X = column.at_random(X, ids, seed)
        return X

    def name_of(self, X: Any) -> str:
        """Equal names for features that are equal in these columns; of one data set, all others are equal anyway."""
        return " ".join(column.name_of(X) for column in self.columns)


def _numbers(column: Any) -> Any:
    """(n,) float64, NaN for gaps."""
    if hasattr(column, "to_numpy"):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(column, dtype=np.float64)


def _like(column: Any, values: Any) -> Any:
    """Values as what held the column: a series of the same rows, or an array."""
    if not hasattr(column, "index"):
        return values
    return pd.Series(values, index=column.index, name=column.name, dtype=values.dtype)
