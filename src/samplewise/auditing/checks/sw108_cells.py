"""SW108 cells that are not what they look like.

## Measures
Per column, cells that stand for a missing value (999 or -1 apart from all other numbers, zeros where none can be,
default dates such as 1900-01-01, "?", "N/A", "unknown"), numbers in another unit than the others, single cells ten
times what the other columns of their row let expect, values that the name of their column forbids (an age below zero),
days that are not there and dates far beyond all others (2021-02-30, 2201-05-01), categories in two spellings that
differ in case, blanks or punctuation, and numbers next to texts in one column. Of the label only what stands for a
missing one. Of the table as it was read, rows whose cells stand one column to the left or right from some column on:
they do not fit the types or the few words of their columns, and all fit those beside them.

## Why it matters
A model reads 999 as a weight and 1900 as a year: means, distances and thresholds move. Two spellings of a category
halve what is known of each. Heights in inches among heights in centimeters look like another kind of person.

## When it is wrong
A value may be rare, far away, written in nines, and true. A zero may be measured. Two kinds of things may differ
tenfold. Case may carry a meaning, as in codes of genes. "Unknown" may be an answer of its own, to be learned from.

## Remedy
Set codes to missing, divide what is in another unit, merge spellings, convert the cells of the rarer type; then
audit again. For the three columns with most cells, from five on, the first three are tested: what to do is learned
from the training rows of every fold and done to the cells of held-out rows as well, as a pipeline would. The control
does the same to as many random cells of the column. `samplewise apply RUN --do SW108 --out clean.csv` and
`audit.apply(do="SW108")` change exactly these cells in a copy, tested or not; without a name only what helps is done.
Shifted rows are moved back by hand, where the table was made, or left out: one cell of each may be lost.

## Source
allen1974 for what a row lets expect; massey1951 for whether divided rows are like the others; the other rules are
stated in quality.suspicious_cells. How cleanings are tested is in docs/tested-advice.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from samplewise.auditing.evidence import Evidence
from samplewise.auditing.row_exhibit import MOST_SHOWN as ROWS_SHOWN
from samplewise.auditing.row_exhibit import rows_exhibit
from samplewise.core.arrays import positions_of
from samplewise.core.findings import CheckResult, Finding, Remedy, Severity
from samplewise.core.rates import percent_text
from samplewise.core.texts import count_of, keys_text, shortened, with_blanks
from samplewise.core.values import Exhibit
from samplewise.data.shifted_rows import ShiftedRow
from samplewise.engine.refits.cell_edits import Cleaning
from samplewise.engine.refits.folded_rows import RemedyRule
from samplewise.quality.cell_remedies import CLEANINGS, Columns, cleaning_rules
from samplewise.quality.suspicious import CellGroup, label_groups

CODE, TITLE, SLOW = "SW108", "cells that are not what they look like", False
NEEDS = frozenset({"columns"})

MOST_FINDINGS = 25  # columns of one kind with a finding of their own; the others share one
MOST_CELLS = 500  # listed on the page
MOST_SHOWN = 8  # findings whose rows are shown
MOST_VALUES = 5  # named in a sentence
MOST_TESTED = 3  # cleanings that are tested, those of most cells: each takes new encodings and fits
FEWEST_TESTED = 5  # cells of a cleaning that is tested; of fewer, some training parts hold hardly any
LONGEST = 40  # characters of a value in a sentence
TITLES = {
    "sentinel": "codes for missing values in {}",
    "unit": "rows in another unit in {}",
    "tenfold": "cells that may be ten times too large in {}",
    "impossible": "impossible values in {}",
    "spelling": "categories in several spellings in {}",
    "mixed types": "numbers and texts mixed in {}",
}
CAVEATS = {
    "sentinel": "A value may be rare, apart from the others, and true; look it up where the table was made.",
    "unit": "Two kinds of things may differ by such a factor.",
    "tenfold": "A value may be far from what its row lets expect, and true; look it up where the table was made.",
    "impossible": "The column may hold something else than its name says, or plans for years far ahead.",
    "spelling": "Case or punctuation may carry a meaning.",
    "mixed types": "The cells of the rarer type may be codes of their own.",
}
ACTIONS = {
    "sentinel": "Set {} to missing",
    "unit": "Divide {}",
    "tenfold": "Look up {}",
    "impossible": "Set {} to missing",
    "spelling": "Merge {}",
    "mixed types": "Convert {}",
}


def run(evidence: Evidence) -> CheckResult:
    """Odd cells by column: one finding per column and kind."""
    groups = [*evidence.odd_cells]
    if evidence.data.y is not None:
        groups += label_groups(evidence.target, np.asarray(evidence.data.y), evidence.label, evidence.data.ids)
    if not groups and not evidence.shifted:
        return CheckResult()
    findings = [_shifted_rows(evidence.shifted)] if evidence.shifted else []
    by_kind = sorted(groups, key=lambda group: list(TITLES).index(group.kind))  # stable: columns stay in order
    sorted_out = {
        kind: sorted(
            (list(items) for _, items in groupby(same_kind, key=lambda group: group.column)),
            key=_cell_count,
            reverse=True,
        )
        for kind, same_kind in groupby(by_kind, key=lambda group: group.kind)
    }
    untested = _untested(evidence, [one for found in sorted_out.values() for one in found[:MOST_FINDINGS]])
    rows: list[Exhibit] = []
    for kind, by_column in sorted_out.items():
        for place, items in enumerate(by_column[:MOST_FINDINGS], start=len(findings)):
            rows += [_first_rows(evidence, kind, items, place)] if len(rows) < MOST_SHOWN else []
        own = [_of_column(kind, items, len(evidence.data), untested) for items in by_column[:MOST_FINDINGS]]
        findings += _with_all_codes(own, untested) if kind == "sentinel" else own
        if by_column[MOST_FINDINGS:]:
            findings.append(_of_the_others(kind, [items[0].column for items in by_column[MOST_FINDINGS:]]))
    exhibits = [_cells(groups), *rows] if groups else []
    exhibits += [_shifted_cells(evidence.shifted)] if evidence.shifted else []
    return CheckResult(tuple(findings), exhibits=tuple(exhibits))


def _cell_count(groups: list[CellGroup]) -> int:
    return sum(len(group.ids) for group in groups)


def _shifted_rows(shifted: Mapping[Any, ShiftedRow]) -> Finding:
    """One finding for all rows whose cells stand one column aside."""
    first = [_where(key, row) for key, row in list(shifted.items())[:MOST_VALUES]]
    more = len(shifted) - len(first)
    why = (
        "Cells of these rows do not fit the columns they stand in, and all would fit one column further: "
        + "; ".join(first) + (f"; {more:,} more in the table of shifted rows" if more > 0 else "")
        + ". Read as they stand they are gaps, or values that no other row has."
    )  # fmt: skip
    remedy = Remedy(
        "review", tuple(shifted), action="Move the cells back where the table was made, or leave the rows out"
    )
    title = f"{count_of(len(shifted), 'row')} with cells one column to the left or right"
    caveat = "Which cell was lost or put in is a guess; a row may hold a remark in the place of a number."
    return Finding(CODE, title, "warning", tuple(shifted), why, (remedy,), caveat=caveat)


def _where(key: Any, row: ShiftedRow) -> str:
    """A row with its line, and the cells of it that stand in other columns."""
    line = f" (line {row.line})" if row.line else ""
    cells = ", ".join(f"{_value(cell)} in {name}" for name, cell in row.cells[:MOST_VALUES] if cell is not None)
    return f"row {key}{line}, one to the {row.moved} from {row.column} on: {cells}"


def _shifted_cells(shifted: Mapping[Any, ShiftedRow]) -> Exhibit:
    """The cells of shifted rows as they stand, at most 500."""
    lines = [
        (str(key), row.line, name, "" if cell is None else _value(cell), row.moved)
        for key, row in shifted.items()
        for name, cell in row.cells
    ][:MOST_CELLS]
    id, line, column, value, moved = zip(*lines, strict=True)
    columns = {"id": id, "line": line, "column": column, "value": value, "moved": moved}
    return Exhibit("table", "shifted rows", {name: np.array(held) for name, held in columns.items()})


def rules(evidence: Evidence) -> Mapping[str, RemedyRule]:
    """A rule for every cleaning of a column that a model sees, and for all codes together, where several hold some."""
    wanted: list[tuple[Columns, Cleaning]] = [
        ((name,), do) for name in _seen(evidence) for do in dict.fromkeys(CLEANINGS.values())
    ]
    wanted += [(columns, "set to missing")] if (columns := _columns_with_codes(evidence)) else []
    return {_cleaning(*key).rule: rule for key, rule in cleaning_rules(wanted).items()}


def _cleaning(columns: Columns, do: Cleaning, action: str = "") -> Remedy:
    return Remedy("clean", columns, (do,) * len(columns), action)


def _columns_with_codes(evidence: Evidence) -> Columns:
    """Columns that a model sees and whose codes can be set to missing together; none where they are fewer than two."""
    held = {group.column for group in evidence.odd_cells if group.kind == "sentinel"}
    columns = tuple(name for name in _seen(evidence) if name in held)
    return columns if len(columns) > 1 and _takes_missing(evidence) else ()


def _seen(evidence: Evidence) -> list[str]:
    return [column.name for column in evidence.prepared.data.columns if column.role == "feature"]


def _untested(evidence: Evidence, listed: Iterable[list[CellGroup]]) -> dict[tuple[Columns, Cleaning], str]:
    """Why a cleaning is not tested, by columns and what is done; "" for those that are. Labels are not cleaned."""
    cells = Counter[tuple[Columns, Cleaning]]()
    for group in (one for groups in listed for one in groups if one.kind in CLEANINGS):
        if group.column == evidence.label:
            continue
        cells[(group.column,), CLEANINGS[group.kind]] += len(group.ids)
    together = _columns_with_codes(evidence)
    if together:
        cells[together, "set to missing"] = sum(cells[(column,), "set to missing"] for column in together)
    reasons = {key: _why_not(evidence, key, count) for key, count in cells.most_common()}
    possible = [key for key, reason in reasons.items() if not reason]
    reasons |= dict.fromkeys(possible[MOST_TESTED:], f"only the {MOST_TESTED} largest cleanings are tested")
    tested = possible[:MOST_TESTED]
    fits = 2 * evidence.plan.folds * evidence.plan.repeats * evidence.plan.refits * len(tested)
    return reasons | dict.fromkeys(tested, evidence.plan.no_room(fits))


def _why_not(evidence: Evidence, key: tuple[Columns, Cleaning], cells: int) -> str:
    """Why a cleaning could not be tested, however few there are; "" where it could."""
    columns, do = key
    if not set(columns) <= set(_seen(evidence)):
        return "no model sees this column"
    if cells < FEWEST_TESTED:
        return f"{count_of(cells, 'cell is', 'cells are')} too few to test"
    if do == "set to missing" and not _takes_missing(evidence):
        return "this learner may refuse missing cells"
    return ""


def _takes_missing(evidence: Evidence) -> bool:
    """Whether the learner takes missing cells: they are encoded for it, or it was given some already."""
    as_they_are = getattr(evidence.learner, "encoding", "") in ("raw", "tokens")
    return not as_they_are or len(evidence.prepared.data.complete_ids()) < len(evidence.data)


def _of_column(
    kind: str, groups: list[CellGroup], total: int, untested: Mapping[tuple[Columns, Cleaning], str]
) -> Finding:
    column, ids = groups[0].column, np.concatenate([group.ids for group in groups])
    why = [f"{column}: {_values(group)} in {_rows(group, total)}; {group.reason}." for group in groups[:MOST_VALUES]]
    more = len(groups) - MOST_VALUES
    why += [f"{count_of(more, 'more value')} in the table of cells."] if more > 0 else []
    numeric = groups[0].values.dtype.kind in "iuf"  # what distances are made of
    severity: Severity = "warning" if numeric and kind != "tenfold" else "note"
    remedy = Remedy("review", (column,), action=_action(kind, column, groups))
    if kind in CLEANINGS and (key := ((column,), CLEANINGS[kind])) in untested:
        remedy = replace(_cleaning(*key, remedy.action), reason=untested[key])
    title = TITLES[kind].format(f"column {column!r} ({count_of(len(np.unique(ids)), 'row')})")
    return Finding(CODE, title, severity, (column,), " ".join(why), (remedy,), axis="column", caveat=CAVEATS[kind])


def _with_all_codes(findings: list[Finding], untested: Mapping[tuple[Columns, Cleaning], str]) -> list[Finding]:
    """Findings about codes, the first with the remedy for all columns that hold some, where there are several."""
    first, *others = findings
    for (columns, do), reason in untested.items():
        if len(columns) > 1:
            action = f"Set the codes of all {len(columns)} columns to missing, and audit again"
            remedy = replace(_cleaning(columns, do, action), reason=reason)
            first = replace(first, remedies=(*first.remedies, remedy))
    return [first, *others]


def _values(group: CellGroup) -> str:
    """The different values as they stand; whole numbers without a point."""
    different = group.different
    more = len(different) - MOST_VALUES
    return ", ".join(map(_value, different[:MOST_VALUES])) + (f" and {more:,} more" if more > 0 else "")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return shortened(with_blanks(repr(value)), LONGEST)


def _rows(group: CellGroup, total: int) -> str:
    ids, share = group.ids.tolist(), percent_text(len(group.ids) / total, ".2g")
    more = f" and {len(ids) - MOST_VALUES:,} more" if len(ids) > MOST_VALUES else ""
    named = f"row{'s' * (len(ids) > 1)} {keys_text(ids[:MOST_VALUES])}{more}"
    return f"{count_of(len(ids), 'row')} ({share}): {named}"


def _action(kind: str, column: str, groups: list[CellGroup]) -> str:
    """What to do, naming values and what they become."""
    if kind == "spelling":
        named = [f"{_values(group)} into {_value(group.suggested)}" for group in groups[:MOST_VALUES]]
    elif kind == "unit":
        named = [f"the listed rows by {group.suggested:.4g}" for group in groups]
    elif kind == "mixed types":
        named = [f"{_values(group)} into {group.suggested}s" for group in groups[:MOST_VALUES]]
    else:
        named = [_values(group) for group in groups[:MOST_VALUES]]
    return f"{ACTIONS[kind].format(', '.join(named))} in {column}, and audit again"


def _of_the_others(kind: str, columns: list[str]) -> Finding:
    title = TITLES[kind].format(f"{count_of(len(columns), 'more column')}")
    remedy = Remedy("review", tuple(columns), action="Look at the values listed in the table of cells")
    why = f"The same as above in {keys_text(columns)}."
    return Finding(CODE, title, "note", tuple(columns), why, (remedy,), axis="column", caveat=CAVEATS[kind])


def _new_value(group: CellGroup) -> str:
    if group.suggested is None:
        return ""
    return f"divided by {group.suggested:.4g}" if group.remedy == "divide" else str(group.suggested)


def _first_rows(evidence: Evidence, kind: str, groups: list[CellGroup], place: int) -> Exhibit:
    """The first rows with such cells, these cells first."""
    ids = dict.fromkeys(key for group in groups for key in group.ids.tolist())
    rows = positions_of(list(ids)[:ROWS_SHOWN], evidence.data.ids)
    shown = rows_exhibit(evidence, TITLES[kind].format(f"column {groups[0].column!r}"), rows, finding=place)
    return replace(shown, note=f"the first {len(rows)} of {len(ids):,}" if len(rows) < len(ids) else "")


def _cells(groups: Iterable[CellGroup]) -> Exhibit:
    """The cells themselves, at most 500, equally many of every group."""
    listed = list(groups)
    each = max(1, MOST_CELLS // len(listed))
    lines = [
        (str(key), group.column, _value(value), group.remedy, _new_value(group))
        for group in listed
        for key, value in zip(group.ids[:each].tolist(), group.values[:each].tolist(), strict=True)
    ][:MOST_CELLS]
    names = ("id", "column", "value", "remedy", "new_value")
    columns = {name: np.array(held, dtype=str) for name, held in zip(names, zip(*lines, strict=True), strict=True)}
    cells = _cell_count(listed)
    note = f"{len(lines):,} of {cells:,} cells" if len(lines) < cells else ""
    return Exhibit("table", "odd cells", columns, note=note)
