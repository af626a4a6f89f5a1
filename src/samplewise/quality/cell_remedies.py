"""Cleanings of odd cells as rules: what is to be done with a column is learned from the rows a rule may see."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from samplewise.core.findings import Decision
from samplewise.data.changed_cells import cell_value, column_at
from samplewise.data.dataset import Dataset
from samplewise.engine.refits.cell_edits import CellEdit, CellStep, Cleaning, ColumnEdit
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule
from samplewise.quality.cells import numbers_of
from samplewise.quality.sentinels import written_as_codes
from samplewise.quality.suspicious import CellGroup, cell_groups

Columns = tuple[str, ...]  # that are cleaned together
# What a cleaning is by rule. A tenfold cell is told by the other columns of its row and looked up; a type is converted
# where the table is read.
CLEANINGS: Mapping[str, Cleaning] = {
    "sentinel": "set to missing", "impossible": "set to missing", "spelling": "merge", "unit": "divide",
}  # fmt: skip
FOLDS_KEPT = 8  # sets of rows whose odd cells are remembered while several columns are cleaned


def cleaning_rules(wanted: Iterable[tuple[Columns, Cleaning]]) -> dict[tuple[Columns, Cleaning], RemedyRule]:
    """A rule for every cleaning of columns: it looks for odd cells again in the rows it is given, and there alone.

    Args:    wanted: names of columns that are cleaned together, and what is to be done with their odd cells.
    Returns: by columns and cleaning, what gives a `CellEdit` for any rows; without steps where they hold no such cells.
    Cost:    one search for odd cells per set of rows, shared by all rules.
    """

    @lru_cache(maxsize=FOLDS_KEPT)
    def found(folded: FoldedRows) -> list[CellGroup]:
        return _odd_cells(folded.data)

    return {(columns, do): _rule(columns, do, found) for columns, do in wanted}


def cleaned_cells(
    rows: Dataset, data: Dataset, wanted: Iterable[tuple[str, Cleaning]]
) -> dict[tuple[str, Cleaning], list[Decision]]:
    """What cleanings mean for the cells of `data`, cell by cell: what is to be done is learned from `rows`.

    Args:    rows: those that were audited.   data: rows with the same columns, in most cases more of them.
             wanted: names of columns, and what is to be done with their odd cells.
    Returns: by column and cleaning, one decision per cell that changes; a missing value is None.
    Cost:    one search for odd cells.
    """
    groups, found = _odd_cells(rows), dict[tuple[str, Cleaning], list[Decision]]()
    for column, do in wanted:
        edit = _edit(rows, column, do, groups)
        positions = np.flatnonzero(edit.changed(data.X))
        after = np.asarray(column_at(edit.carried_out(data.X), edit.place), dtype=object)[positions]
        new = [cell_value(_rounded(cell)) for cell in after.tolist()]
        ids = data.ids[positions].tolist()
        found[column, do] = [
            Decision(key, "clean", value, "samplewise", column=column) for key, value in zip(ids, new, strict=True)
        ]
    return found


def _odd_cells(rows: Dataset) -> list[CellGroup]:
    return cell_groups(rows.X, rows.columns, rows.ids, single=False)


def _rounded(value: object) -> object:
    """A quotient as it is written: 165.1 / 2.54 is 65, not 64.99999999999999."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _rule(columns: Columns, do: Cleaning, found: Callable[[FoldedRows], list[CellGroup]]) -> RemedyRule:
    def rule(folded: FoldedRows) -> CellEdit:
        groups = found(folded)
        return CellEdit(tuple(_edit(folded.data, column, do, groups) for column in columns))

    return rule


def _edit(rows: Dataset, column: str, do: Cleaning, groups: list[CellGroup]) -> ColumnEdit:
    """What is to be done with the odd cells of one column, as far as these rows show it."""
    place = [one.name for one in rows.columns].index(column)
    own = [group for group in groups if group.column == column]
    codes = _codes(rows.X, place, own) if do == "divide" else ()
    return ColumnEdit(place, tuple(_step(group, do, codes) for group in own if CLEANINGS.get(group.kind) == do))


def _step(group: CellGroup, do: Cleaning, codes: tuple[float, ...]) -> CellStep:
    """What to do with cells like those of a group, also with cells of rows that were not looked at."""
    if group.kind == "unit":
        return CellStep(do, limits=group.limits, but=codes, factor=float(group.suggested or 1.0))
    values = tuple(group.different)
    if group.kind == "spelling":
        return CellStep(do, values, into=str(group.suggested))
    return CellStep(do, values, limits=group.limits)


def _codes(X: Any, place: int, groups: list[CellGroup]) -> tuple[float, ...]:
    """Numbers that stand for a missing one, or are written so: they are in no unit, and not divided."""
    held = numbers_of(column_at(X, place))
    written = np.unique(held[written_as_codes(held)]).tolist()
    return (*written, *(value for group in groups if group.kind == "sentinel" for value in group.different))
