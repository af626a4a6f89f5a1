"""Which findings a person decides about row by row, in `samplewise review`."""

from samplewise.core.findings import AuditRecord, Finding

ABOUT_LABELS = ("SW201", "SW202", "SW203")
ABOUT_CELLS, DUPLICATES = "SW108", "SW102"
LISTS = (*ABOUT_LABELS, "SW103", DUPLICATES, "SW104", ABOUT_CELLS)  # in this order where no probability tells
ASKING = ("relabel", "drop", "review")  # kinds of remedies that a person decides row by row


def asks_row_by_row(finding: Finding) -> bool:
    """Whether a person decides about the rows of a finding one by one; in the list of cells, about shifted rows."""
    is_asking = finding.axis == "row" and any(remedy.kind in ASKING for remedy in finding.remedies)
    return finding.code in LISTS and is_asking


def asks_cell_by_cell(finding: Finding) -> bool:
    """Whether a person decides about single cells: those that a cleaning would change, and those to be looked up."""
    is_asking = finding.axis == "column" and any(remedy.kind in ("clean", "review") for remedy in finding.remedies)
    return finding.code == ABOUT_CELLS and is_asking


def asks_a_person(finding: Finding) -> bool:
    """Whether `samplewise review` asks about a finding: about its rows, or about cells of its columns.

    >>> asks_a_person(Finding("SW401", "learning curve", "note", (), ""))
    False
    """
    return asks_cell_by_cell(finding) or asks_row_by_row(finding)


def is_for_review(record: AuditRecord) -> bool:
    """Whether a record has anything that `samplewise review` would ask about."""
    return any(map(asks_a_person, record.findings()))
