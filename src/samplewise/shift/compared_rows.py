"""Rows of two sides made comparable: one matrix, random halves, and every row's chance to be of the second side."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from samplewise.core.arrays import Floats, Mask
from samplewise.core.errors import InputError
from samplewise.core.texts import count_of
from samplewise.data.columns import Column, describe_columns
from samplewise.data.dataset import Dataset
from samplewise.data.inputs import with_columns_of
from samplewise.engine.models.feature_encoding import TreeCodes
from samplewise.engine.refits.evaluation_rows import stacked_features
from samplewise.shift.domain_classifier import Sides, chances_of_second, sides_of

FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRows:
    """n training rows and m test rows, one after the other.

    Args:
        rows, held: the two sides, with the same columns.
        features: of both, as they were given.
        columns: that are compared.
        left_out: names of those that number or date rows, or do not vary.
        matrix: (n + m, d) features as numbers for trees.
        categorical: (d,) which of them are codes of categories.
        sides: which row is of which side and half.
        chances: (n + m,) of being a test row, by a classifier fitted on the other half.
        seed: of halves and fits.
    """

    rows: Dataset
    held: Dataset
    features: Any
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    matrix: Floats
    categorical: Mask
    sides: Sides
    chances: Floats
    seed: int

    def without(self, names: Collection[str]) -> "ComparedRows":
        """The same rows compared without these columns, some of which must remain. Cost: two fits."""
        kept = tuple(column for column in self.columns if column.name not in names)
        matrix, categorical = encoded(self.features, kept)
        chances = chances_of_second(matrix, categorical, self.sides, self.seed)
        return replace(self, columns=kept, matrix=matrix, categorical=categorical, chances=chances)

    @property
    def names(self) -> list[str] | None:
        """The name of every column of the matrix; None where a column became several."""
        named = [column.name for column in self.columns]
        return named if len(named) == self.matrix.shape[1] else None


def compared_rows(
    rows: Dataset, given: Dataset, seed: int = 0, names: tuple[str, str] = ("data", "test")
) -> ComparedRows:
    """Two data sets made comparable; `names` are those of the arguments they were given as.

    Raises: InputError: fewer than 20 rows or groups on a side, other columns, or none to compare.
    Cost:   two boosted classifiers of at most 20,000 rows a side, and one pass over the columns.
    """
    for name, part in zip(names, (rows, given), strict=True):
        units = len(part) if part.groups is None else len(np.unique(part.groups.astype(str)))
        if units < FEWEST_ROWS:
            raise InputError(
                "too few rows to tell both sides apart", where=name,
                got=count_of(len(part), "row") + ("" if part.groups is None else f" in {count_of(units, 'group')}"),
                fix=f"pass at least {FEWEST_ROWS} rows, of different groups, on either side",
            )  # fmt: skip
    held = with_columns_of(rows, given, "the test rows")
    both = stacked_features(rows.X, held.X)
    described = describe_columns(both, kinds=rows.kinds)
    left_out = columns_not_compared(rows, held, described)
    kept = tuple(column for column in described if column.name not in left_out)
    if described and not kept:
        raise InputError(
            "there are no columns to compare", where=names[0], got=f"columns left out: {', '.join(left_out)}"[:120],
            fix="pass rows with a column that varies and does not number or date the rows",
        )  # fmt: skip
    matrix, categorical = encoded(both, kept)
    sides = sides_of(matrix, (rows.ids, held.ids), (rows.groups, held.groups), seed)
    chances = chances_of_second(matrix, categorical, sides, seed)
    return ComparedRows(rows, held, both, kept, left_out, matrix, categorical, sides, chances, seed)


def encoded(both: Any, kept: tuple[Column, ...]) -> tuple[Floats, Mask]:
    """Rows of both sides as numbers for trees, (n + m, d), and which of them are codes of categories, (d,)."""
    if isinstance(both, np.ndarray):
        both = both[:, [int(column.name.removeprefix("x")) for column in kept]]
    codes = TreeCodes(both, columns=kept)
    return codes(both), codes.categorical


def columns_not_compared(rows: Dataset, held: Dataset, both: tuple[Column, ...]) -> tuple[str, ...]:
    """Columns no model may learn from on either side, constant ones aside: a constant may become another value."""
    names = {
        column.name
        for part in (rows.columns, held.columns, both)
        for column in part
        if column.role != "feature" and column.kind != "constant"
    }
    constant = {column.name for column in both if column.kind == "constant"}
    return tuple(column.name for column in both if column.name in names | constant)
