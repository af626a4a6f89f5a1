"""The main job end to end: what it returns, what it writes, and what happens when it is stopped."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import samplewise as sw
from samplewise.auditing.catalog import catalog
from samplewise.core.codec import load_record, to_dict
from samplewise.core.errors import InputError
from samplewise.core.findings import AuditRecord, Decision
from samplewise.core.rates import is_share
from samplewise.report.wording import estimate_text

BRIEF = 0.5  # seconds of fits: no remedy is tested
STATUSES = {"found", "clean", "not_applicable", "skipped", "failed"}


def noisy_digits(count=600, share=0.1):
    X, y = load_digits(return_X_y=True)
    X, y = X[:count], y[:count].copy()
    draw = np.random.default_rng(0)
    wrong = draw.random(count) < share
    y[wrong] = (y[wrong] + draw.integers(1, 10, wrong.sum())) % 10
    return X, y, wrong


@pytest.fixture(scope="module")
def digits_audit():
    X, y, wrong = noisy_digits(900, 0.2)
    return sw.audit(X, y), wrong


def timeless(record: AuditRecord) -> dict:
    """A record without its seconds and environment."""
    outcomes = tuple(replace(outcome, seconds=0.0) for outcome in record.outcomes)
    content = to_dict(replace(record, outcomes=outcomes, environment={}))
    content["plan"] = {key: value for key, value in content["plan"].items() if key != "call"}
    return content


def test_every_check_ends_in_exactly_one_outcome(digits_audit):
    record = digits_audit[0].record
    assert [outcome.code for outcome in record.outcomes] == list(catalog())
    assert {outcome.status for outcome in record.outcomes} <= STATUSES
    assert not [outcome for outcome in record.outcomes if outcome.status == "failed"]
    assert all(outcome.reason for outcome in record.outcomes if outcome.status == "not_applicable")


def test_wrong_labels_are_found_and_mending_them_helps(digits_audit):
    audit, wrong = digits_audit
    scores = audit.scores["wrong_label"]
    top = scores.top(int(wrong.sum())).keys
    assert wrong[top].mean() > 0.9
    finding = next(finding for finding in audit.findings if finding.code == "SW201")
    tested = {remedy.kind: remedy for remedy in finding.remedies if remedy.effect is not None}
    assert tested["relabel"].verdict == "helps"
    assert tested["relabel"].control.value < tested["relabel"].effect.value


def test_apply_carries_out_only_what_helps_and_nothing_in_place(digits_audit):
    audit, _ = digits_audit
    before = audit.data.fingerprint()
    applied = audit.apply()
    assert audit.data.fingerprint() == before
    helping = [remedy for finding in audit.findings for remedy in finding.remedies if remedy.verdict == "helps"]
    assert helping
    assert applied.log or applied.left_out  # done, or too large to be done without its name
    assert len(audit.apply(do="SW201").log) > 50
    chosen = audit.apply(decisions=[Decision(0, "drop", by="me")])
    assert len(chosen.data) == len(audit.data) - 1
    with pytest.raises(InputError, match="kind of remedy"):
        audit.apply(kinds=["relable"])


def test_rates_are_shares_in_the_record_and_per_cent_on_its_page(digits_audit):
    record = digits_audit[0].record
    findings = [finding for outcome in record.outcomes for finding in outcome.result.findings]
    estimates = [
        one for folded in (*findings, *(outcome.result for outcome in record.outcomes)) for one in folded.measured
    ]
    scores = list(record.scores().values())
    assert not [one.unit for one in (*estimates, *scores) if "%" in one.unit]
    shares = [one for one in estimates if is_share(one.unit)]
    assert len(shares) >= 3
    assert all(-1.0 <= one.value <= 1.0 for one in shares)
    error = next(one for one in estimates if one.quantity == "held_out_error")
    assert error.unit == "share of rows"
    assert digits_audit[0].to_markdown().count(estimate_text(error, interval=False).removesuffix(" of rows")) >= 1
    assert estimate_text(error, interval=False) == f"{100 * error.value:.1f} % of rows"


def test_every_way_to_hand_it_on(digits_audit, tmp_path):
    audit, _ = digits_audit
    assert "SW201" in repr(audit)
    assert len(repr(audit).splitlines()) <= 40
    assert "<" in audit._repr_html_()
    assert audit.to_html(tmp_path / "report.html").stat().st_size < 2_000_000
    assert json.loads(audit.to_json(tmp_path / "audit.json").read_text())["schema"] == 4
    assert "<testsuite" in audit.to_junit(tmp_path / "audit.xml").read_text()
    assert audit.to_markdown().startswith("#")
    assert "nothing" in str(audit.compare(audit)).lower() or str(audit.compare(audit))


def test_same_seed_same_record_and_row_order_changes_no_score():
    X, y, _ = noisy_digits(200)
    first = sw.audit(X, y, checks="SW1,SW201")
    again = sw.audit(X, y, checks="SW1,SW201")
    assert timeless(first.record) == timeless(again.record)
    order = np.random.default_rng(3).permutation(len(X))
    shuffled = sw.audit(sw.Dataset(X[order], y[order], ids=order), checks="SW1,SW201", budget=BRIEF)
    wanted = first.scores["wrong_label"]
    np.testing.assert_allclose(shuffled.scores["wrong_label"].aligned_to(wanted.keys).values, wanted.values, atol=1e-4)


def test_run_folder_holds_record_report_and_lists_of_rows(tmp_path):
    X, y, _ = noisy_digits(300)
    folder = tmp_path / "run"
    audit = sw.audit(X, y, checks="SW1,SW201", budget=BRIEF, run_dir=folder)
    assert timeless(load_record(folder)) == timeless(audit.record)
    assert (folder / "report.html").exists()
    listed = pd.read_csv(folder / "findings" / "SW201.csv")
    assert {"id", "given", "suggested", "probability", "reason", "decision"} <= set(listed.columns)
    again = sw.audit(X, y, checks="SW1,SW201", budget=BRIEF, run_dir=folder)
    assert timeless(again.record) == timeless(audit.record)
    with pytest.raises(InputError) as caught:
        sw.audit(X[:200], y[:200], checks="SW1", run_dir=folder)
    assert caught.value.fix


def test_evaluations_on_the_test_rows_reach_the_statement_and_the_findings(tmp_path):
    X, y, _ = noisy_digits(400)
    settings = {"test": (X[250:], y[250:]), "checks": "SW501,SW504", "run_dir": tmp_path / "run"}
    once = sw.audit(X[:250], y[:250], **settings)
    often = sw.audit(X[:250], y[:250], n_test_evaluations=50, replace=True, **settings)  # runs the checks again
    assert not [finding for finding in once.findings if "evaluated on the test set" in finding.title]
    assert [finding.title for finding in often.findings] == ["Models were evaluated on the test set 50 times"]
    assert often.record.plan["n_test_evaluations"] == 50
    page = (tmp_path / "run" / "report.html").read_text()
    assert "if all 50 models were fixed before the first score was seen" in page


@pytest.mark.parametrize("options", [{"test_looks": 2}, {"n_test_evaluations": 0, "test": (np.eye(4), [0, 1, 0, 1])}])
def test_evaluations_need_test_rows_and_count_from_one(options):
    with pytest.raises(InputError, match="counted from one, and need test rows") as refused:
        sw.audit(np.arange(80.0).reshape(20, 4), [0, 1] * 10, checks="SW101", **options)
    assert "n_test_evaluations" in str(refused.value)
    assert "how often any model was scored" in str(refused.value)


def test_mixed_table_regression_and_groups():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.normal(size=260), "kind": draw.choice(["p", "q"], 260), "who": np.arange(260) // 2})
    frame["y"] = 3 * frame["x"] + (frame["kind"] == "p") + 0.1 * draw.normal(size=260)
    audit = sw.audit(frame, label="y", groups="who", budget="10min")
    assert audit.record.data["task"] == "regression"
    assert not [outcome for outcome in audit.record.outcomes if outcome.status == "failed"]
    reasons = {outcome.code: outcome.reason for outcome in audit.record.outcomes}
    assert "number" in reasons["SW105"]


def test_time_never_trains_on_the_future():
    X, y, _ = noisy_digits(400)
    audit = sw.audit(X, y, time=np.arange(400), checks="SW201,SW401,SW502")
    assert not [outcome for outcome in audit.record.outcomes if outcome.status == "failed"]
    assert "future" in audit.record.outcome("SW502").reason


@pytest.mark.parametrize(("times", "folds"), [(65, 5), (3, 3), (2, 2), (1, 2)])
def test_times_that_many_rows_share_make_no_check_fail(times, folds):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    earlier = np.minimum(rng.integers(0, times, 200), rng.integers(0, times, 200))
    found = sw.audit(X, (X[:, 0] > 0).astype(int), time=earlier)
    assert {outcome.reason for outcome in found.record.outcomes if outcome.status == "failed"} == set()
    assert found.record.plan["folds"] == folds
    assert (found.record.outcome("SW501").status == "not_applicable") == (times == 1)


def test_a_broken_check_is_a_failed_outcome_and_the_others_go_on(monkeypatch):
    def broken(evidence):
        raise RuntimeError("no luck")

    monkeypatch.setattr(catalog()["SW101"], "run", broken)
    X, y, _ = noisy_digits(200)
    audit = sw.audit(X, y, checks="SW101,SW105")
    assert audit.record.outcome("SW101").status == "failed"
    assert audit.record.outcome("SW101").reason == "RuntimeError: no luck"
    assert audit.record.outcome("SW105").status != "failed"


def test_accepted_findings_become_notes():
    X, y, _ = noisy_digits(300)
    audit = sw.audit(X, y, checks="SW201", budget=BRIEF, accepted="SW201")
    assert {finding.severity for finding in audit.findings} <= {"note"}
    some = sw.audit(X, y, checks="SW201", budget=BRIEF).findings[0].keys[:2]
    left = sw.audit(X, y, checks="SW201", budget=BRIEF, accepted={"SW201": some}).findings
    assert not any(key in finding.keys for finding in left for key in some)


def test_prices_become_costs():
    X, y, _ = noisy_digits(300)
    audit = sw.audit(X, y, checks="SW201", budget=BRIEF, prices={"relabel": 0.5})
    remedy = next(remedy for finding in audit.findings for remedy in finding.remedies if remedy.kind == "relabel")
    assert remedy.cost == 0.5 * len(remedy.keys)


def test_a_learner_that_ignores_its_seed_is_noted():
    class Careless(DecisionTreeClassifier):
        def fit(self, X, y, **options):
            self.set_params(random_state=int.from_bytes(os.urandom(3), "big"))
            return super().fit(X, y, **options)

    X, y, _ = noisy_digits(200)
    audit = sw.audit(X, y, learner=Careless(max_features=2), checks="SW105")
    assert any("ignores its seed" in note for note in audit.record.data["notes"])
    steady = sw.audit(X, y, learner=LogisticRegression(max_iter=200), checks="SW105")
    assert not any("ignores its seed" in note for note in steady.record.data["notes"])


def test_own_predictions_and_embeddings():
    X, y, wrong = noisy_digits(400)
    from sklearn.model_selection import cross_val_predict

    P = cross_val_predict(LogisticRegression(max_iter=500), X, y, method="predict_proba")
    audit = sw.audit(X, y, probabilities=P, checks="SW201", budget=BRIEF)
    top = audit.scores["wrong_label"].top(20).keys
    assert wrong[top].mean() > 0.8
    embedded = sw.audit(X, y, embeddings=X[:, 5:60], checks="SW201", budget=BRIEF)
    assert wrong[embedded.scores["wrong_label"].top(20).keys].mean() > 0.8


SCRIPT = textwrap.dedent("""
    import sys
    import numpy as np
    import samplewise as sw
    from sklearn.datasets import load_digits
    X, y = load_digits(return_X_y=True)
    sw.audit(X[:250], y[:250], learner="logistic", budget=6, run_dir=sys.argv[1])
    print("done")
""")


def audited(folder, **options):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def test_a_killed_audit_goes_on_and_ends_with_the_same_record(tmp_path):
    """Killed in the middle of its fits; the same call makes only what was missing."""
    whole = audited(tmp_path / "whole")
    assert b"done" in whole.communicate()[0]
    killed = audited(tmp_path / "killed", start_new_session=True)
    fits = tmp_path / "killed" / "fits"
    deadline = time.monotonic() + 240
    while len(list(fits.glob("*.npy")) if fits.exists() else []) < 12 and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (tmp_path / "killed" / "report.html").read_text().rstrip().endswith("</html>")
    assert not (tmp_path / "killed" / "fits").exists() or not list(fits.glob("*.tmp"))
    again = audited(tmp_path / "killed")
    assert b"done" in again.communicate()[0]
    first, second = load_record(tmp_path / "whole"), load_record(tmp_path / "killed")
    assert second.environment["fits_reused"] > 0
    assert timeless(first) == timeless(second)


def test_an_interrupted_audit_leaves_a_valid_report(tmp_path):
    stopped = audited(tmp_path / "run", start_new_session=True)
    fits = tmp_path / "run" / "fits"
    deadline = time.monotonic() + 240
    while len(list(fits.glob("*.npy")) if fits.exists() else []) < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    stopped.send_signal(signal.SIGINT)
    stopped.wait(180)
    assert stopped.returncode != 0
    record = load_record(tmp_path / "run")
    assert [outcome.code for outcome in record.outcomes] == list(catalog())
    assert any(outcome.status == "skipped" and "interrupted" in outcome.reason for outcome in record.outcomes)
    assert "</html>" in (tmp_path / "run" / "report.html").read_text()


def test_fewer_different_rows_than_folds_is_no_failure():
    """Four sentences a hundred times over: nothing can be left out, and every check says so."""
    texts = ["good film", "bad film", "great acting", "awful plot"] * 50
    audit = sw.audit(texts, ["p", "n", "p", "n"] * 50)
    assert not [outcome for outcome in audit.record.outcomes if outcome.status == "failed"]
    notes = {outcome.code: outcome.reason for outcome in audit.record.outcomes}
    assert notes["SW201"] == "the 200 rows hold only 4 different rows or groups, which cannot be split into 5 folds"
