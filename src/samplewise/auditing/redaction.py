"""A record without the cells of the data, for reports that leave the house.

What stays: ids, numbers, and the names of columns, classes and segments. What goes: thumbnails, texts, cells shown
beside their typical values, and every other text that a table of rows holds.
"""

from collections.abc import Mapping
from dataclasses import replace

from samplewise.core.arrays import Array
from samplewise.core.findings import AuditRecord, CheckResult, Outcome
from samplewise.core.values import Exhibit

# Text columns that hold an id, a name or a word of ours; a text column of any other name may hold cells.
NAMES = frozenset(
    {
        "id", "ids", "row", "column", "class", "segment", "given", "suggested", "nearest_given", "nearest_suggested",
        "name", "status", "verdict", "axis", "code", "kind", "severity", "test_id", "train_id", "twin", "keep", "set",
    }
)  # fmt: skip
NOTE = "cell values are left out: ids, numbers and names of columns, classes and segments only"


def without_values(record: AuditRecord) -> AuditRecord:
    """The same record with no cell of the data in it; findings, scores and numbers are as they were.

    Cost: O(size of the exhibits).  Not for: data whose ids, class names or segment names are themselves secret.

    >>> without_values(AuditRecord(1, {"rows": 3}, {}, {}, ())).data["notes"]
    ['cell values are left out: ids, numbers and names of columns, classes and segments only']
    """
    notes = [note for note in record.data.get("notes") or [] if note != NOTE]
    regression = record.data.get("task") == "regression"
    outcomes = tuple(_stripped(outcome, regression) for outcome in record.outcomes)
    return replace(record, data={**record.data, "notes": [*notes, NOTE]}, outcomes=outcomes)


def _stripped(outcome: Outcome, regression: bool) -> Outcome:
    result: CheckResult = outcome.result
    exhibits = tuple(_exhibit(exhibit, regression) for exhibit in result.exhibits)
    return replace(outcome, result=replace(result, exhibits=exhibits))


def _exhibit(exhibit: Exhibit, regression: bool) -> Exhibit:
    """In a regression the label of a row is a cell like any other."""
    names = NAMES - {"given", "suggested"} if regression else NAMES
    kept: Mapping[str, Array] = {
        name: values
        for name, values in exhibit.columns.items()
        if name in names or (values.dtype.kind in "biuf" and not (regression and name in ("given", "suggested")))
    }
    left_out = len(exhibit.columns) - len(kept)
    note = f"{exhibit.note} {left_out} columns with cell values are left out." if left_out else exhibit.note
    return replace(exhibit, columns=kept, note=note.strip())
