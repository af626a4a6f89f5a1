"""Which findings a person decides about row by row, in `samplewise review`."""

from samplewise.core.findings import AuditRecord, Finding

ABOUT_LABELS = ("SW201", "SW202", "SW203")
ABOUT_CELLS, DUPLICATES = "SW108", "SW102"
LISTS = (*ABOUT_LABELS, "SW103", DUPLICATES, "SW104", ABOUT_CELLS)  # in this order where no probability tells
ASKING = ("relabel", "drop", "review")  # kinds of remedies that a person decides row by row


def asks_row_by_row(finding: Finding) -> bool:
    """Whether a person decides about the rows of a finding one by one."""
    is_asking = finding.axis == "row" and any(remedy.kind in ASKING for remedy in finding.remedies)
    return finding.code in LISTS and finding.code != ABOUT_CELLS and is_asking


def asks_a_person(finding: Finding) -> bool:
    """Whether `samplewise review` asks about a finding: about its rows, or about cells it proposes to change.

    >>> asks_a_person(Finding("SW401", "learning curve", "note", (), ""))
    False
    """
    cleans = finding.code == ABOUT_CELLS and any(remedy.kind == "clean" for remedy in finding.remedies)
    return cleans or asks_row_by_row(finding)


def is_for_review(record: AuditRecord) -> bool:
    """Whether a record has anything that `samplewise review` would ask about."""
    return any(map(asks_a_person, record.findings()))
