"""A record without the cells of the data, for reports that are passed on.

What stays: ids, numbers, and the names of columns, classes and segments. What goes: thumbnails, texts, cells shown
next to their typical values, and every other text that a table of rows holds.
"""

from dataclasses import replace

from samplewise.core.findings import AuditRecord, Outcome
from samplewise.core.values import Exhibit

# Text columns that hold an id, a name or a word of ours; a text column of any other name may hold cells.
NAMES = frozenset(
    {
        "id", "ids", "row", "column", "class", "segment", "given", "suggested", "nearest_given", "nearest_suggested",
        "name", "status", "verdict", "axis", "code", "kind", "severity", "test_id", "train_id", "keep", "set",
    }
)  # fmt: skip
LABELS = frozenset({"given", "suggested"})
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
    notes = [note for note in facts.get("notes") or [] if note != NOTE]
    outcomes = tuple(_stripped(outcome, names, hidden) for outcome in record.outcomes)
    return replace(record, data={**facts, "notes": [*notes, NOTE]}, outcomes=outcomes)


def _stripped(outcome: Outcome, names: frozenset[str], hidden: set[str]) -> Outcome:
    exhibits = tuple(_exhibit(exhibit, names, hidden) for exhibit in outcome.result.exhibits)
    return replace(outcome, result=replace(outcome.result, exhibits=exhibits))


def _exhibit(exhibit: Exhibit, names: frozenset[str], hidden: set[str]) -> Exhibit:
    """Without texts of unknown content; tables of rows also without numbers named like a column of the data."""
    hidden = hidden if exhibit.kind in ("rows", "table") else set()
    kept = {
        name: values
        for name, values in exhibit.columns.items()
        if name in names or (values.dtype.kind in "biuf" and name not in hidden)
    }
    gone = len(exhibit.columns) - len(kept)
    note = f"{exhibit.note} {gone} columns with cells of the data are left out." if gone else exhibit.note
    return replace(exhibit, columns=kept, note=note.strip())
