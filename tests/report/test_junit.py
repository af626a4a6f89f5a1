"""One test case per check; a pipeline fails where, and only where, the record says so."""

from dataclasses import replace
from xml.etree import ElementTree as ET

from samplewise.core.findings import AuditRecord, Outcome
from samplewise.report import to_junit


def cases(record: AuditRecord) -> dict[str, ET.Element]:
    suite = ET.fromstring(to_junit(record)).find("testsuite")
    assert suite is not None
    return {case.attrib["name"].split()[0]: case for case in suite.findall("testcase")}


def test_every_check_is_a_case_with_the_right_end(rich: AuditRecord) -> None:
    found = cases(rich)
    assert set(found) == {outcome.code for outcome in rich.outcomes}
    ends = {code: [child.tag for child in case] for code, case in found.items()}
    assert ends["SW201"] == ["failure"]
    assert ends["SW502"] == ["error"]
    assert ends["SW303"] == ["skipped"]
    assert ends["SW103"] == ["skipped"]
    assert ends["SW107"] == []
    assert ends["SW301"] == ["system-out"]  # a warning passes, and is printed


def test_counts_agree_with_the_cases(rich: AuditRecord) -> None:
    suite = ET.fromstring(to_junit(rich)).find("testsuite")
    assert suite is not None
    counted = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "17", "failures": "1", "errors": "1", "skipped": "2"}


def test_the_failure_says_what_where_and_what_to_do(rich: AuditRecord) -> None:
    failure = cases(rich)["SW201"].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "labels the model disputes (412 rows)"
    assert "remedy: Relabel the 412 likely errors as suggested (helps)" in (failure.text or "")


def test_an_interrupted_audit_lists_what_it_did_not_reach(records: dict[str, AuditRecord]) -> None:
    skipped = cases(records["interrupted"])["SW601"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"].startswith("not run")


def test_control_characters_and_surrogates_leave_valid_xml(rich: AuditRecord) -> None:
    bad = "a\x00b\x1b\udcffc\ufffe<&>\"'"
    record = replace(rich, outcomes=(Outcome("SW9", bad, "failed", bad), *rich.outcomes))
    text = to_junit(record)
    text.encode("utf-8")
    error = cases(record)["SW9"].find("error")
    assert error is not None
    assert error.attrib["message"] == r"a\u0000b\u001b\udcffc\ufffe<&>" + "\"'"


def test_a_clean_audit_has_no_failures(records: dict[str, AuditRecord]) -> None:
    assert 'failures="0" errors="0" skipped="0"' in to_junit(records["clean"])
