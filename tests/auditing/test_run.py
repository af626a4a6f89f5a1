"""One audit under way: an outcome for every check, what was kept is read again, an interrupt loses nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.auditing import run as module
from samplewise.auditing.catalog import catalog
from samplewise.auditing.environment import environment
from samplewise.auditing.run import MET, Run, missing_need
from samplewise.auditing.run_state import RunFolder, settings_of
from samplewise.cli.checks_command import NEEDS_WORDS
from samplewise.core.codec import load_record
from samplewise.core.errors import NotApplicable
from samplewise.core.findings import CheckResult, Finding
from samplewise.core.json_encoding import encode

X = np.random.default_rng(0).normal(size=(60, 2))
Y = np.where(X[:, 0] > 0, "yes", "no")
FACTS = {"fingerprint": "f", "test": None, "supplied": "none", "task": "classification", "classes": ["no", "yes"]}


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
    claimed = []

    def start(*checks, folder=None, **options):
        release()
        monkeypatch.setattr(module, "catalog", lambda: {check.CODE: check for check in checks})
        evidence = evidence_of(X, Y)
        plan = replace(evidence.plan, checks=tuple(check.CODE for check in checks))
        evidence = replace(evidence, plan=plan)
        state = None if folder is None else RunFolder.claim(folder, settings_of(FACTS, {}, True))
        claimed.append(state)
        return Run(evidence, dict(FACTS), {}, environment(), state, **options)

    def release():
        while claimed:
            state = claimed.pop()
            if state is not None:
                state.release()

    yield start
    release()


def test_every_check_ends_in_one_outcome(started):
    heard = []
    checks = Check("SW1"), Check("SW2", NotApplicable("no such question")), Check("SW3", RuntimeError("broken"))
    record = started(*checks, progress=heard.append).carry_out()
    assert [(o.code, o.status, o.reason) for o in record.outcomes] == [
        ("SW1", "found", ""),
        ("SW2", "not_applicable", "no such question"),
        ("SW3", "failed", "RuntimeError: broken"),
    ]
    assert [event.stage for event in heard] == ["begin", "check"] * 3 + ["advice", "done"]
    assert record.environment["seconds"] >= 0


def test_a_run_folder_holds_everything_and_is_read_again(started, tmp_path):
    first, failing = Check("SW1"), Check("SW3", RuntimeError("broken"))
    record = started(first, failing, folder=tmp_path).carry_out()
    assert (tmp_path / "report.html").exists()
    assert [o.code for o in load_record(tmp_path).outcomes] == ["SW1", "SW3"]
    again, repaired = Check("SW1"), Check("SW3")
    later = started(again, repaired, folder=tmp_path).carry_out()
    assert (again.calls, repaired.calls) == (0, 1)  # a failure is not kept
    assert encode(later.outcomes[0].result) == encode(record.outcomes[0].result)
    assert later.outcomes[1].status == "found"


def test_an_interrupt_leaves_a_record_and_goes_on_to_the_caller(started, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        started(Check("SW1"), Check("SW2", KeyboardInterrupt()), folder=tmp_path).carry_out()
    assert [(o.code, o.status) for o in load_record(tmp_path).outcomes] == [("SW1", "found"), ("SW2", "skipped")]


def test_what_is_written_meanwhile_names_the_checks_to_come(started, tmp_path):
    class Looks(Check):
        def run(self, evidence):
            seen.append(load_record(tmp_path, partial=True).environment)
            seen.append((tmp_path / "report.html").read_text("utf-8"))
            return super().run(evidence)

    seen = []
    run = started(Looks("SW1"), Check("SW2"), folder=tmp_path)
    run.plan = {"checks": ["SW1", "SW2"]}
    record = run.carry_out()
    assert list(seen[0]["to_come"]) == ["SW1", "SW2"]
    assert "still to come" in seen[1]
    assert "to_come" not in record.environment
    assert "still to come" not in (tmp_path / "report.html").read_text("utf-8")


def test_an_interrupt_before_the_first_check_names_every_check(started, tmp_path, monkeypatch):
    """The first report is on disk while the run is still writing beside it: a person may stop it from then on."""
    run = started(Check("SW1"), Check("SW2"), folder=tmp_path)
    write, calls = run.folder.write, []

    def stopped_once(*args, **named):
        write(*args, **named)
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(run.folder, "write", stopped_once)
    with pytest.raises(KeyboardInterrupt):
        run.carry_out()
    assert [(o.code, o.status) for o in load_record(tmp_path).outcomes] == [("SW1", "skipped"), ("SW2", "skipped")]


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


DRAW = np.random.default_rng(0)
LABELS = np.arange(120) % 3
POOR = {
    "constant columns": pd.DataFrame({"same": np.ones(120), "empty": np.nan}),
    "a date": pd.DataFrame({"day": pd.date_range("2020-01-01", periods=120)}),
}


def test_every_need_is_known_and_printed():
    needed = frozenset().union(*(check.NEEDS for check in catalog().values()))
    assert needed <= set(MET) == set(NEEDS_WORDS)


def test_what_is_lacking_is_said_in_words(evidence_of):
    checks, evidence = catalog(), evidence_of(DRAW.normal(size=(60, 2)), DRAW.normal(size=60))
    assert "test=" in missing_need(checks["SW103"], evidence)
    assert "about classes" in missing_need(checks["SW202"], evidence)
    assert missing_need(checks["SW501"], evidence) == ""
    assert "no labels" in missing_need(checks["SW501"], replace(evidence, data=sw.Dataset(evidence.data.X)))


@pytest.mark.parametrize("X", POOR.values(), ids=POOR)
def test_without_a_feature_only_what_needs_none_is_run(X):
    record = sw.audit(X, LABELS, test=(X[:40], LABELS[:40])).record
    status = {outcome.code: outcome.status for outcome in record.outcomes}
    run = {code for code, found in status.items() if found in ("found", "clean")}
    every_table = {code for code in status if "features" not in catalog()[code].NEEDS}
    assert run == {"SW101", "SW105", "SW107", "SW108", "SW109"} == every_table
    assert set(status.values()) <= {"found", "clean", "not_applicable"}
    assert record.outcome("SW501").reason == "no column is left to learn from"


def test_features_of_an_own_network_are_features(evidence_of):
    evidence = evidence_of(POOR["a date"], LABELS, embeddings=DRAW.normal(size=(120, 4)))
    assert missing_need(catalog()["SW201"], evidence) == ""
    assert "pictures and embeddings" in missing_need(catalog()["SW107"], evidence)


def test_a_run_folder_serves_only_the_audit_it_was_made_for(tmp_path):
    """Other probabilities are other evidence, whatever was kept of the first."""
    X, y = DRAW.normal(size=(120, 2)), np.arange(120) % 2
    sure, wrong = np.eye(2)[y], np.eye(2)[1 - y]
    settings = {"checks": "SW501", "run_dir": tmp_path}
    right = sw.audit(X, y, probabilities=0.9 * sure + 0.05, **settings).record.outcome("SW501").result.measured[0]
    settings["replace"] = True
    other = sw.audit(X, y, probabilities=0.9 * wrong + 0.05, **settings).record.outcome("SW501").result.measured[0]
    assert (right.value, other.value) == (0.0, 1.0)
