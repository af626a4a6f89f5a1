"""Which findings a person is asked about: rows that may be changed or left out, and cells."""

import pytest

from samplewise.core.findings import RECORD_SCHEMA, AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.report.for_review import asks_a_person, asks_row_by_row, is_for_review


def finding(code: str, *kinds: str, axis: str = "row") -> Finding:
    remedies = tuple(Remedy(kind, ()) for kind in kinds)  # type: ignore[arg-type]
    return Finding(code, "title", "warning", (1,), "", remedies, axis=axis)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["SW201", "SW102", "SW103", "SW104"])
@pytest.mark.parametrize("kind", ["relabel", "drop", "review"])
def test_rows_that_may_be_changed_or_left_out(code: str, kind: str) -> None:
    assert asks_row_by_row(finding(code, kind))
    assert asks_a_person(finding(code, kind))


def test_cells_are_asked_about_one_by_one_and_not_as_rows() -> None:
    cells = finding("SW108", "clean", axis="column")
    assert asks_a_person(cells)
    assert not asks_row_by_row(cells)
    assert asks_a_person(finding("SW108", "review", axis="column"))  # to be looked up, cell by cell
    assert asks_row_by_row(finding("SW108", "review"))  # rows whose cells stand aside


def test_nothing_is_asked_of_other_checks_of_columns_or_without_a_remedy() -> None:
    for one in (finding("SW301", "drop"), finding("SW201"), finding("SW104", "review", axis="column")):
        assert not asks_a_person(one)
    outcomes = (Outcome("SW301", "", "found", result=CheckResult((finding("SW301", "drop"),))),)
    assert not is_for_review(AuditRecord(RECORD_SCHEMA, {"rows": 3}, {}, {}, outcomes))
    more = (*outcomes, Outcome("SW102", "", "found", result=CheckResult((finding("SW102", "drop"),))))
    assert is_for_review(AuditRecord(RECORD_SCHEMA, {"rows": 3}, {}, {}, more))
