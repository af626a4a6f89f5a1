"""The one call: what it returns, and what it refuses; end to end in test_audit.py."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import samplewise as sw
from samplewise.auditing.audit_call import Audit, audit
from samplewise.core.codec import load_record
from samplewise.core.errors import InputError
from samplewise.core.findings import AuditRecord, CheckResult, Finding, Outcome, Remedy
from samplewise.core.values import Estimate
from samplewise.data.dataset import Dataset

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(80, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")


@pytest.fixture(scope="module")
def quick():
    return audit(X, Y, checks="SW101,SW105")


def test_the_call_is_the_public_one_and_returns_an_audit(quick):
    assert sw.audit is audit
    assert isinstance(quick, Audit)
    assert [outcome.code for outcome in quick.record.outcomes] == ["SW101", "SW105"]
    assert quick.findings == ()
    assert len(quick.data) == 80
    assert quick.record.plan["seed"] == 0
    assert quick.record.plan["metric"] == "accuracy"
    assert quick.record.data["rows"] == 80


def given(*remedies):
    finding = Finding("SW201", "labels", "warning", (1, 2), "why", remedies)
    outcome = Outcome("SW201", "labels", "found", result=CheckResult((finding,)))
    return Audit(AuditRecord(2, {}, {}, {}, (outcome,)), Dataset(X, Y))


def measured(kind, keys, verdict, value, values=()):
    effect = Estimate("effect", value, value - 0.1, value + 0.1, "points of accuracy")
    return Remedy(kind, keys, values, f"{kind} them", effect, verdict=verdict)


def test_what_helps_is_applied_or_the_kinds_named():
    drop = measured("drop", (int(np.flatnonzero(Y == "no")[0]), int(np.flatnonzero(Y == "yes")[0])), "helps", 1.0)
    found = given(drop, measured("relabel", (5,), "hurts", -1.0, (Y[0],)))
    assert len(found.apply().data) == 78
    untouched = found.apply(kinds=["relabel"])
    assert untouched.log == ()
    assert untouched.left_out == ("SW201: relabel them: not done, for it was measured to hurt",)
    relabeled = found.apply(kinds=["relabel"], even_hurting=True).data
    assert len(relabeled) == 80
    assert relabeled.y[5] == Y[0]
    with pytest.raises(InputError, match="kind of remedy named 'remove'"):
        found.apply(kinds=["remove"])


def test_one_finding_is_applied_by_its_code_and_decisions_go_alone():
    found = given(measured("drop", (1, 2), "not decided", 0.0))
    assert found.apply().log == ()
    assert [entry.id for entry in found.apply(do="SW201").log] == [1, 2]
    with pytest.raises(InputError, match="decisions are carried out as they are"):
        found.apply(decisions=[], do="SW201")
    with pytest.raises(InputError, match="without its data"):
        Audit(found.record, None).apply(do="SW201")


def test_it_is_handed_on_in_every_form(quick, tmp_path):
    assert "<html" in quick.to_html(tmp_path / "r.html").read_text().lower()
    assert load_record(quick.to_json(tmp_path / "audit.json")).data["rows"] == 80
    assert "testcase" in quick.to_junit(tmp_path / "r.xml").read_text()
    assert quick.to_markdown()
    assert quick._repr_html_().startswith("<")
    assert "80" in repr(quick)
    comparison = quick.compare(given(Remedy("review", (1,))))
    assert "SW201" in comparison.to_text()
    assert quick.scores == {}


class Restless(ClassifierMixin, BaseEstimator):
    """Answers at random, whatever its seed."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        draw = np.random.default_rng().random(len(X))
        return np.column_stack([draw, 1 - draw])


def test_a_learner_that_ignores_its_seed_is_noted():
    notes = audit(X, Y, learner=Restless(), checks="SW105").record.data["notes"]
    assert any("ignores its seed" in note for note in notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"checks": "SW9"}, "check named 'SW9'"),
        ({"learner": "knn"}, "learner named 'knn'"),
        ({"metric": "f1"}, "metric"),
        ({"test_looks": 2}, "counted from one"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        audit(X, Y, **options)


def test_progress_is_reported_from_the_understanding_to_the_end():
    events = []
    audit(X, Y, checks="SW105", progress=events.append)
    assert events[0].stage == "understood"
    assert events[0].facts["data"]["rows"] == 80
    assert events[-1].stage == "done"
