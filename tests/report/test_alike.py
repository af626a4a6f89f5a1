"""What is the same of several columns is said once."""

from samplewise.core.findings import Finding, Remedy
from samplewise.report.alike import alike_findings, joined, said_once


def of_column(name: str, title: str, code: str = "SW108", severity: str = "warning") -> Finding:
    return Finding(code, title, severity, (name,), "", (Remedy("clean", (name,)),), axis="column")  # type: ignore[arg-type]


CODES = [
    of_column("weight", "codes for missing values in column 'weight' (1,200 rows)"),
    of_column("height", "codes for missing values in column 'height' (1 row)"),
]


def test_titles_that_differ_in_the_column_become_one_with_all_columns_and_remedies() -> None:
    (one,) = said_once(CODES)
    assert one.title == "codes for missing values in 2 columns"
    assert one.keys == ("weight", "height")
    assert [remedy.keys for remedy in one.remedies] == [("weight",), ("height",)]


def test_other_kinds_codes_severities_and_rows_stay_apart_and_in_order() -> None:
    others = [
        of_column("fare", "rows in another unit in column 'fare' (3 rows)"),
        of_column("age", "codes for missing values in column 'age' (2 rows)", severity="note"),
        of_column("sex", "codes for missing values in column 'sex' (2 rows)", code="SW109"),
        Finding("SW102", "3 duplicates", "warning", (1, 2, 3), ""),
        Finding("SW102", "3 duplicates", "warning", (1, 2, 3), ""),
    ]
    assert [len(alike) for alike in alike_findings([others[0], *CODES, *others[1:]])] == [1, 2, 1, 1, 1, 1]


def test_a_finding_alone_is_left_as_it_is() -> None:
    assert joined(CODES[:1]) is CODES[0]
