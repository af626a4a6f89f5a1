"""What stands under "Details": everything but the rows of findings, curves first, a large matrix by its largest."""

import numpy as np

from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome
from samplewise.core.values import Exhibit
from samplewise.report.drawings import drawings_of
from samplewise.report.limits import Limits


def record_of(*exhibits: Exhibit) -> AuditRecord:
    result = CheckResult((Finding("SW201", "t", "note", (1,), ""),), (), exhibits)
    return AuditRecord(3, {}, {}, {}, (Outcome("SW201", "t", "found", result=result),))


TABLE = Exhibit("table", "a table", {"id": np.array([1])})
CURVE = Exhibit("curve", "a curve", {"x": np.array([1.0, 2.0]), "value": np.array([0.5, 0.25])})


def test_rows_of_a_finding_stand_there_and_not_here() -> None:
    mine, loose = (
        Exhibit("rows", title, {"id": np.array([7]), "given": np.array(["cat"])}, finding=of)
        for title, of in (("mine", 0), ("loose", None))
    )
    drawn, cut = drawings_of(record_of(TABLE, mine, loose, CURVE), Limits())
    assert [(item.title, item.anchor) for item in drawn] == [
        ("a curve", "exhibit-0"), ("loose", "exhibit-1"), ("a table", "exhibit-2"),
    ]  # fmt: skip
    assert cut == ""
    assert len(drawn[1].cards) == 1
    assert drawn[0].chart is not None


def test_what_is_left_out_is_said() -> None:
    drawn, cut = drawings_of(record_of(TABLE, CURVE), Limits(exhibits=1))
    assert [item.kind for item in drawn] == ["curve"]
    assert cut.startswith("1 of 2 exhibits shown")


def test_a_matrix_shows_its_largest_entries_off_the_diagonal_first() -> None:
    names = np.array(["a", "b"])
    matrix = Exhibit(
        "matrix",
        "m",
        {"row": np.repeat(names, 2), "column": np.tile(names, 2), "value": np.array([0.9, 0.1, 0.3, 0.7])},
    )
    drawn, _ = drawings_of(record_of(matrix), Limits())
    assert [row[2].order for row in drawn[0].table.rows] == [0.3, 0.1, 0.9, 0.7]
    assert not drawn[0].is_wide
