"""One audit under way: an outcome for every check, what was kept is read again, an interrupt loses nothing."""

import numpy as np
import pytest

from samplewise.auditing import run as module
from samplewise.auditing.catalog import catalog
from samplewise.auditing.environment import environment
from samplewise.auditing.run import Run, missing_need
from samplewise.core.codec import load_record
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.where(X[:, 0] > 0, "yes", "no")
FACTS = {"fingerprint": "f", "test": None}


class Check:
    """A check that finds one row, or fails."""

    TITLE, NEEDS, SLOW = "rows", frozenset(), False

    def __init__(self, code, fault=None):
        self.CODE, self.fault, self.calls = code, fault, 0

    def run(self, evidence):
        self.calls += 1
        if self.fault:
            raise self.fault
        return CheckResult((Finding(self.CODE, "rows", "warning", (1, 2), "why"),))

    def rules(self, evidence):
        return {}


@pytest.fixture
def started(evidence_of, monkeypatch):
    def start(*checks, folder=None, **options):
        monkeypatch.setattr(module, "catalog", lambda: {check.CODE: check for check in checks})
        evidence = evidence_of(X, Y, checks=tuple(check.CODE for check in checks))
        return Run(evidence, dict(FACTS), {}, environment(), folder, **options)

    return start


def test_every_check_ends_in_one_outcome(started):
    heard = []
    checks = Check("SW1"), Check("SW2", NotApplicable("no such question")), Check("SW3", RuntimeError("broken"))
    record = started(*checks, progress=heard.append).carry_out()
    assert [(o.code, o.status, o.reason) for o in record.outcomes] == [
        ("SW1", "found", ""),
        ("SW2", "not_applicable", "no such question"),
        ("SW3", "failed", "RuntimeError: broken"),
    ]
    assert [event.stage for event in heard] == ["check"] * 3 + ["advice", "done"]
    assert record.environment["seconds"] >= 0


def test_a_run_folder_holds_everything_and_is_read_again(started, tmp_path):
    first, failing = Check("SW1"), Check("SW3", RuntimeError("broken"))
    record = started(first, failing, folder=tmp_path).carry_out()
    assert (tmp_path / "report.html").exists()
    assert [o.code for o in load_record(tmp_path).outcomes] == ["SW1", "SW3"]
    again, mended = Check("SW1"), Check("SW3")
    later = started(again, mended, folder=tmp_path).carry_out()
    assert (again.calls, mended.calls) == (0, 1)  # a failure is not kept
    assert later.outcomes[0].result == record.outcomes[0].result
    assert later.outcomes[1].status == "found"


def test_an_interrupt_leaves_a_record_and_goes_on_to_the_caller(started, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        started(Check("SW1"), Check("SW2", KeyboardInterrupt()), folder=tmp_path).carry_out()
    assert [(o.code, o.status) for o in load_record(tmp_path).outcomes] == [("SW1", "found"), ("SW2", "skipped")]


def test_accepted_findings_become_notes_and_accepted_rows_leave(started):
    whole = started(Check("SW1"), accepted={"SW1": None}).carry_out().outcomes[0].result.findings[0]
    assert whole.severity == "note"
    assert whole.explanation.startswith("Accepted.")
    folded = started(Check("SW1"), accepted={"SW1": frozenset({"2"})}).carry_out().outcomes[0].result.findings[0]
    assert (folded.severity, folded.keys) == ("warning", (1,))


def test_a_check_asks_only_where_its_needs_are_met(evidence_of):
    checks = catalog()
    plain, numbers = evidence_of(X, Y), evidence_of(X, X[:, 0])
    assert missing_need(checks["SW201"], plain) == ""
    assert "about classes" in missing_need(checks["SW202"], numbers)
    assert "test=" in missing_need(checks["SW103"], plain)
    for code, check in checks.items():
        assert ("segments" in check.NEEDS) == ("segments=" in missing_need(check, plain)), code
