"""What the findings of an audit ask a person: row by row, cell by cell."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from samplewise.auditing.own_cells import cell_text
from samplewise.auditing.row_facts import PROBABILITY, row_facts
from samplewise.core.arrays import Array
from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.texts import sentence
from samplewise.data.changed_cells import cell_value, column_at
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.written_values import number_in
from samplewise.labels.facts import TO_REVIEW
from samplewise.quality.cell_remedies import cleaned_cells
from samplewise.quality.tenfold import FACTOR
from samplewise.report.for_review import (
    ABOUT_CELLS,
    ABOUT_LABELS,
    DUPLICATES,
    LISTS,
    asks_cell_by_cell,
    asks_row_by_row,
)

UNKNOWN = 0.2  # what the first list without probabilities counts as; the others half, a third, ... of it
Facts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Line:
    """A row, or a cell, that somebody should decide about.

    Args:
        row: id.   list: code of the finding.   why: it is listed.
        probability: that its label is wrong; NaN where the audit has none.
        suggestion: label or cell in its place; None for none.   column: of a cell.   given: the cell as it is.
        gain: by which it is ordered where its probability is not known.
        first: whether its answer tells most of the others.   twin_of: id of a row that says the same.
    """

    row: Any
    list: str
    why: str
    probability: float = np.nan
    suggestion: Any = None
    column: str = ""
    given: Any = None
    gain: float = 0.0
    first: bool = False
    twin_of: Any = None


def queue_lines(record: AuditRecord, data: Dataset | None) -> Iterator[Line]:
    """Every row and cell of the findings that ask for a decision; a row of two findings of one check once.

    Args:    record: of the audit.   data: its rows; without them no cells are asked about.
    Cost:    O(rows listed), and one search for odd cells where the audit proposes to change any.
    """
    twins = _twins(record)
    for outcome in record.outcomes:
        if outcome.code == DUPLICATES:
            yield from _duplicates(outcome, twins)
        elif outcome.code in LISTS:
            yield from _rows(record, outcome, twins)
    if data is not None:
        yield from _in_rows(_cells(record, data))


def plain(value: Any) -> Any:
    """A label or a cell as JSON holds it; None where there is none."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return None if value is None or value != value or value in ("", []) else value


def _rows(record: AuditRecord, outcome: Outcome, twins: Mapping[str, Any]) -> Iterator[Line]:
    seen: set[str] = set()
    about_labels = outcome.code in ABOUT_LABELS
    for place, finding in enumerate(outcome.result.findings):
        if not asks_row_by_row(finding):
            continue
        facts: Facts = row_facts(outcome.result, place, finding.keys)
        probable = facts.get(PROBABILITY, {}) if about_labels else {}
        first, reasons = _first(record, finding, probable) if about_labels else 0, facts.get("reason", {})
        general = _why(finding)
        for rank, row in enumerate(finding.keys):
            key = str(row)
            if key not in seen:
                seen.add(key)
                yield Line(
                    row, outcome.code, sentence(str(reasons[key])) if reasons.get(key) else general,
                    float(probable.get(key, np.nan)), plain(facts.get("suggested", {}).get(key)),
                    gain=_gain(outcome.code, rank), first=rank < first,
                    twin_of=twins.get(key) if about_labels else None,
                )  # fmt: skip


def _first(record: AuditRecord, finding: Finding, probable: Mapping[str, Any]) -> int:
    """How many rows stand in front because their answers settle the others, as `FactLabels.to_review` chose them.

    They are spread over the suspects, the least doubtful first; the list behind them begins with the likeliest error.
    """
    if record.plan.get("labels_are") != "facts":
        return 0
    chances = [float(probable.get(str(row), np.nan)) for row in finding.keys[: TO_REVIEW + 1]]
    count = 1
    while count < len(chances) and chances[count] >= chances[count - 1]:
        count += 1
    return min(count, TO_REVIEW) if count > 1 else 0


def _duplicates(outcome: Outcome, twins: Mapping[str, Any]) -> Iterator[Line]:
    """All rows of the sets but the one that is proposed to be kept."""
    asking = filter(asks_row_by_row, outcome.result.findings)
    asked = {str(row): finding for finding in asking for row in finding.keys}
    seen: set[str] = set()  # the rows of a finding are shown once more beside the table of all sets
    for exhibit in _sets(outcome.result):
        reasons = exhibit.get("reason", np.full(len(exhibit["id"]), ""))
        for rank, (row, reason) in enumerate(zip(exhibit["id"].tolist(), reasons.tolist(), strict=True)):
            if str(row) in twins and str(row) in asked and str(row) not in seen:
                seen.add(str(row))
                why = sentence(str(reason)) if reason else _why(asked[str(row)])
                yield Line(row, outcome.code, why, gain=_gain(outcome.code, rank), twin_of=twins[str(row)])


def _twins(record: AuditRecord) -> dict[str, Any]:
    """The row to keep, by the text of the id of every other row of its set of duplicates."""
    outcome = record.outcome(DUPLICATES)
    found: dict[str, Any] = {}
    for columns in () if outcome is None else _sets(outcome.result):
        numbers, keys, kept = (columns[name].tolist() for name in ("set", "id", "keep"))
        keeper = {number: key for number, key, word in zip(numbers, keys, kept, strict=True) if word}
        found |= {
            str(key): keeper[number]
            for number, key, word in zip(numbers, keys, kept, strict=True)
            if not word and number in keeper
        }
    return found


def _sets(result: CheckResult) -> Iterator[Mapping[str, Array]]:
    for exhibit in result.exhibits:
        if {"set", "id", "keep"} <= set(exhibit.columns):
            yield exhibit.columns


def _in_rows(lines: Iterable[Line]) -> Iterator[Line]:
    """Cells of one row one after the other, in the order in which the first of each row stands."""
    by_row: dict[str, list[Line]] = {}
    for line in lines:
        by_row.setdefault(str(line.row), []).append(line)
    for rank, line in enumerate(chain.from_iterable(by_row.values())):
        yield replace(line, gain=_gain(ABOUT_CELLS, rank))


def _cells(record: AuditRecord, data: Dataset) -> Iterator[Line]:
    """The cells that the audit proposes to change, each with what would stand there, then those to be looked up."""
    outcome = record.outcome(ABOUT_CELLS)
    if outcome is None or isinstance(data.X, Images):
        return
    features = _Features(data)
    seen: set[tuple[str, str]] = set()
    for line in chain(_to_clean(outcome, data, features), _to_look_up(outcome, features)):
        if (str(line.row), line.column) not in seen:
            seen.add((str(line.row), line.column))
            yield line


class _Features:
    """Cells of the features by the text of the row's id and the name of the column."""

    def __init__(self, data: Dataset) -> None:
        self._X, self._ids = data.X, data.ids
        self.places = {column.name: place for place, column in enumerate(data.columns)}
        self._rows = {str(key): place for place, key in enumerate(data.ids.tolist())}
        self._columns: dict[str, Array] = {}

    def line(self, row: str, column: str, why: str, suggestion: Any = None) -> Line | None:
        """What is asked about a cell; None where the data have no such row."""
        position = self._rows.get(row)
        if position is None:
            return None
        if column not in self._columns:
            self._columns[column] = np.asarray(column_at(self._X, self.places[column]), dtype=object)
        key = self._ids[position : position + 1].tolist()[0]
        given = cell_text(self._columns[column][position])
        return Line(key, ABOUT_CELLS, why, np.nan, suggestion, column, given)


def _to_clean(outcome: Outcome, data: Dataset, features: _Features) -> Iterator[Line]:
    wanted = {
        (column, do): finding.explanation
        for finding in outcome.result.findings
        for remedy in finding.remedies
        if remedy.kind == "clean"
        for column, do in zip(remedy.keys, remedy.values, strict=True)
        if column in features.places
    }
    for (column, do), decisions in (cleaned_cells(data, data, list(wanted)) if wanted else {}).items():
        why = f"{wanted[column, do]} Proposed: {do}."
        lines = (features.line(str(one.id), column, why, plain(one.value)) for one in decisions)
        yield from filter(None, lines)


def _to_look_up(outcome: Outcome, features: _Features) -> Iterator[Line]:
    """Single cells that nobody cleans by a rule, as far as the record names them: ten times too large, mixed types."""
    why = {
        column: finding.explanation
        for finding in outcome.result.findings
        if asks_cell_by_cell(finding) and not any(remedy.kind == "clean" for remedy in finding.remedies)
        for column in finding.keys
        if column in features.places
    }
    for exhibit in outcome.result.exhibits:
        if not {"id", "column", "remedy"} <= set(exhibit.columns):
            continue
        for row, column, remedy in zip(
            *(exhibit.columns[name].tolist() for name in ("id", "column", "remedy")), strict=True
        ):
            line = features.line(str(row), column, why[column]) if column in why else None
            if line is not None:
                yield replace(line, suggestion=_tenth(line.given) if remedy == "divide" else None)


def _tenth(given: str) -> Any:
    """What would stand in a cell whose decimal point slipped; None where it holds no number."""
    number = number_in(given)
    return None if number is None else cell_value(float(f"{number / FACTOR:.12g}"))


def _gain(code: str, rank: int) -> float:
    return UNKNOWN / (1 + LISTS.index(code)) / (1.0 + rank * 1e-7)


def _why(finding: Finding) -> str:
    """What is said of all rows of a finding."""
    return f"{sentence(finding.title)} {sentence(finding.explanation)}"
