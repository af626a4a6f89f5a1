"""The record as JUnit XML: one test case per check, so that a pipeline shows an audit like a test run."""

from xml.etree import ElementTree as ET

from samplewise.core.findings import AuditRecord, Finding, Outcome
from samplewise.core.texts import keys_text, printable, shortened
from samplewise.report.verdict import extent, not_run, verdict
from samplewise.report.wording import estimate_text

LONGEST = 4_000  # characters of any text


def to_junit(record: AuditRecord) -> str:
    """The record as JUnit XML, one test case per check of the plan.

    A finding of severity "error" is a failure; warnings and notes pass and stand in the output; a check that crashed
    is an error; a check that was skipped, does not apply, or was not reached is skipped with its reason.

    Cost: O(findings).

    >>> to_junit(AuditRecord(2, {}, {}, {}, ())).splitlines()[0]
    "<?xml version='1.0' encoding='utf-8'?>"
    """
    suite = ET.Element("testsuite", name="samplewise audit")
    cases = [_case(suite, outcome) for outcome in record.outcomes]
    cases += [_waiting(suite, code) for code in not_run(record)]
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(outcome.seconds for outcome in record.outcomes):.3f}")
    ET.SubElement(suite, "system-out").text = _text(verdict(record).sentence)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    text: str = ET.tostring(suites, encoding="utf-8", xml_declaration=True).decode("utf-8")
    return text + "\n"


def _case(suite: ET.Element, outcome: Outcome) -> ET.Element:
    name = _text(f"{outcome.code} {outcome.title}".strip())
    case = ET.SubElement(suite, "testcase", classname="samplewise", name=name, time=f"{outcome.seconds:.3f}")
    errors = [finding for finding in outcome.result.findings if finding.severity == "error"]
    others = [finding for finding in outcome.result.findings if finding.severity != "error"]
    if outcome.status == "failed":
        ET.SubElement(case, "error", message=_text(outcome.reason or "the check crashed"), type="CheckFailed")
    elif outcome.status in ("skipped", "not_applicable"):
        ET.SubElement(case, "skipped", message=_text(outcome.reason or outcome.status.replace("_", " ")))
    elif errors:
        failure = ET.SubElement(case, "failure", message=_text("; ".join(map(_short, errors))), type=outcome.code)
        failure.text = _text("\n\n".join(map(_long, errors)))
    if others:
        ET.SubElement(case, "system-out").text = _text("\n\n".join(map(_long, others)))
    return case


def _waiting(suite: ET.Element, code: str) -> ET.Element:
    case = ET.SubElement(suite, "testcase", classname="samplewise", name=_text(code), time="0.000")
    ET.SubElement(case, "skipped", message="not run: the audit has not come to it")
    return case


def _short(finding: Finding) -> str:
    size = extent(finding)
    return finding.title + (f" ({size})" if size else "")


def _long(finding: Finding) -> str:
    lines = [f"{finding.severity}: {_short(finding)}", finding.explanation]
    lines += [f"{item.quantity}: {estimate_text(item)}" for item in finding.measured]
    lines += [f"{finding.axis}: {keys_text(finding.keys, 20)}"] if finding.keys else []
    lines += [
        f"remedy: {remedy.action or remedy.kind} ({remedy.verdict or 'not tested'})" for remedy in finding.remedies
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """XML 1.0 has no control characters and no lone surrogates, not even escaped; line ends inside a text are kept."""
    lines = [shortened(line, LONGEST) for line in value.split("\n")]
    return printable("\n".join(lines))[:LONGEST]
