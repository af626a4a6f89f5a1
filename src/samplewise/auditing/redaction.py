"""A record without the cells of the data, for reports that are passed on.

What stays: ids, numbers, and the names of columns, classes and segments. What goes: thumbnails, texts, cells shown
next to their typical values, every other text that a table of rows holds, and of the overview everything that is the
cell of one row: sample rows, categories, and where a column begins and ends.
"""

import re
from dataclasses import replace
from typing import Any

from samplewise.auditing.own_cells import OWN
from samplewise.core.findings import AuditRecord, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.quality.overview import without_cells

# Text columns that hold an id, a name or a word of ours; a text column of any other name may hold cells.
NAMES = frozenset(
    {
        "id", "ids", "row", "column", "class", "segment", "given", "suggested", "nearest_given", "nearest_suggested",
        "nearest_twin",
        "name", "status", "verdict", "axis", "code", "kind", "severity", "test_id", "train_id", "keep", "set",
    }
)  # fmt: skip
CELLS = frozenset({"SW108"})  # checks whose sentences quote cells; titles, caveats and what was measured never do
LABELS = frozenset({"given", "suggested"})
_WORD = re.compile(
    r"(?:'(?:[^'\\]|\\.)*'|\"[^\"]*\") \((\d[\d,]* cells?)\)"
)  # as `data.number_formats.words_text` has it
_READ_AS = re.compile(r"^'[^']*' in (`.*`) reads as \S+ because (.*) reads \S+$")
_ORDER = re.compile(r"seem to be ordered \(.*\): treated")  # as `data.columns` has it
HIDDEN = "The values are left out; the rows are listed by id."
NOTE = "cell values are left out: ids, numbers and names of columns, classes and segments only"


def without_values(record: AuditRecord) -> AuditRecord:
    """The same record with no cell of the data in it; findings, scores and numbers are as they were.

    Cost: O(size of the exhibits).  Not for: data whose ids, class names or segment names are themselves secret.

    >>> without_values(AuditRecord(2, {"rows": 3}, {}, {}, ())).data["notes"]
    ['cell values are left out: ids, numbers and names of columns, classes and segments only']
    """
    facts = record.data
    names = NAMES - LABELS if facts.get("task") == "regression" else NAMES  # there a label is a cell like any other
    columns = {str(column["name"]) for column in facts.get("columns") or []}
    hidden = (columns | LABELS) - names
    notes = [_without_cells(note) for note in facts.get("notes") or [] if note != NOTE]
    changed: dict[str, Any] = (
        {"questions": list(map(_without_cells, facts["questions"]))} if facts.get("questions") else {}
    )
    if facts.get("overview"):
        changed |= {"overview": without_cells(facts["overview"], str(facts.get("task")))}
    outcomes = tuple(_stripped(outcome, names, hidden) for outcome in record.outcomes)
    if facts.get("columns"):
        told = [{**column, "note": _without_cells(str(column.get("note") or ""))} for column in facts["columns"]]
        changed |= {"columns": told}
    if (facts.get("reading") or {}).get("columns"):
        changed |= {"reading": _without_orders(facts["reading"])}
    return replace(record, data={**facts, **changed, "notes": [*notes, NOTE]}, outcomes=outcomes)


def _without_cells(text: str) -> str:
    """A note or a question without the cells it names: how many there are stays, and what decides stays."""
    text = _ORDER.sub("seem to be ordered: treated", _WORD.sub(r"a word (\1)", text))
    return _READ_AS.sub(r"numbers in \1 have two readings: \2 reads the other", text)


def _without_orders(how: dict[str, Any]) -> dict[str, Any]:
    """How cells are read, without the values that an order lists; the rows are read the same."""
    kinds = {name: kind if isinstance(kind, str) else "category" for name, kind in how["columns"].items()}
    return {**how, "columns": kinds}


def _stripped(outcome: Outcome, names: frozenset[str], hidden: set[str]) -> Outcome:
    exhibits = tuple(_exhibit(exhibit, names, hidden) for exhibit in outcome.result.exhibits)
    findings = outcome.result.findings
    if outcome.code in CELLS:
        findings = tuple(_without_quotes(finding) for finding in findings)
    return replace(outcome, result=replace(outcome.result, findings=findings, exhibits=exhibits))


def _without_quotes(finding: Finding) -> Finding:
    """A finding whose explanation and proposals quote cells, without them; what is done to a column is no cell."""
    remedies = tuple(
        replace(remedy, action=HIDDEN, values=remedy.values if remedy.kind == "clean" else ())
        for remedy in finding.remedies
    )
    return replace(finding, explanation=HIDDEN, remedies=remedies)


def _exhibit(exhibit: Exhibit, names: frozenset[str], hidden: set[str]) -> Exhibit:
    """Without texts of unknown content; tables of rows also without numbers named like a column of the data."""
    hidden = hidden if exhibit.kind in ("rows", "table") else set()
    kept = {
        name: values
        for name, values in exhibit.columns.items()
        if name in names or (values.dtype.kind in "biuf" and name not in hidden and not name.startswith(OWN))
    }
    gone = len(exhibit.columns) - len(kept)
    note = f"{exhibit.note} {gone} columns with cells of the data are left out." if gone else exhibit.note
    return replace(exhibit, columns=kept, note=note.strip())
