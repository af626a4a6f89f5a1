"""Cleanings of odd cells as rules: what is to be done with a column is learned from the rows a rule may see."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import numpy as np

from samplewise.engine.refits.cell_edits import CellEdit, CellStep, Cleaning
from samplewise.engine.refits.folded_rows import FoldedRows, RemedyRule
from samplewise.quality.cells import numbers_of
from samplewise.quality.sentinels import written_as_codes
from samplewise.quality.suspicious import CellGroup, cell_groups

# What a cleaning is by rule. A tenfold cell is told by the other columns of its row and looked up; a type is converted
# where the table is read.
CLEANINGS: Mapping[str, Cleaning] = {
    "sentinel": "set to missing", "impossible": "set to missing", "spelling": "merge", "unit": "divide",
}  # fmt: skip
FOLDS_KEPT = 8  # sets of rows whose odd cells are remembered while several columns are cleaned


def cleaning_rules(wanted: Iterable[tuple[str, Cleaning]]) -> dict[tuple[str, Cleaning], RemedyRule]:
    """A rule for every column and cleaning: it looks for odd cells again in the rows it is given, and there alone.

    Args:    wanted: names of columns, and what is to be done with their odd cells.
    Returns: by column and cleaning, what gives a `CellEdit` for any rows; without steps where they hold no such cells.
    Cost:    one search for odd cells per set of rows, shared by all rules.
    """

    @lru_cache(maxsize=FOLDS_KEPT)
    def found(folded: FoldedRows) -> list[CellGroup]:
        return cell_groups(folded.data.X, folded.data.columns, folded.data.ids, single=False)

    return {(column, do): _rule(column, do, found) for column, do in wanted}


def _rule(column: str, do: Cleaning, found: Callable[[FoldedRows], list[CellGroup]]) -> RemedyRule:
    def rule(folded: FoldedRows) -> CellEdit:
        place = [one.name for one in folded.data.columns].index(column)
        own = [group for group in found(folded) if group.column == column]
        codes = _codes(folded, place, own) if do == "divide" else ()
        return CellEdit(place, tuple(_step(group, do, codes) for group in own if CLEANINGS.get(group.kind) == do))

    return rule


def _step(group: CellGroup, do: Cleaning, codes: tuple[float, ...]) -> CellStep:
    """What to do with cells like those of a group, also with cells of rows that were not looked at."""
    if group.kind == "unit":
        return CellStep(do, limits=group.limits, but=codes, factor=float(group.suggested or 1.0))
    values = tuple(group.different)
    if group.kind == "spelling":
        return CellStep(do, values, into=str(group.suggested))
    return CellStep(do, values, limits=group.limits)


def _codes(folded: FoldedRows, place: int, groups: list[CellGroup]) -> tuple[float, ...]:
    """Numbers that stand for a missing one, or are written so: they are in no unit, and not divided."""
    X = folded.data.X
    held = numbers_of(X.iloc[:, place] if hasattr(X, "iloc") else X[:, place])
    written = np.unique(held[written_as_codes(held)]).tolist()
    return (*written, *(value for group in groups if group.kind == "sentinel" for value in group.different))
