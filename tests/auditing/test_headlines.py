"""Whole audits of small tables: the headline never contradicts what was measured."""

import numpy as np
import pandas as pd
import pytest

import samplewise as sw
from samplewise.auditing.checks import sw201_disputed_labels
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.engine.refits.folded_rows import RowEdit
from samplewise.report import verdict

NOTHING = "Nothing can be said about this data, because "


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def sentence(audit):
    return verdict(audit.record).sentence


def test_four_rows_fifty_times_say_nothing():
    X = np.tile([[0.0, 1.0], [2.0, 3.0], [4.0, 1.0], [5.0, 7.0]], (50, 1))
    audit = sw.audit(X, np.tile(["a", "b", "a", "b"], 50))
    assert sentence(audit).startswith(
        f"{NOTHING}the 200 rows hold only 4 different rows or groups, which cannot be split into 5 folds"
    )
    assert "checks could not look for this reason)" in sentence(audit)
    assert verdict(audit.record).level == "incomplete"


def test_equal_pictures_say_nothing():
    audit = sw.audit(np.full((120, 8, 8), 7, dtype=np.uint8), np.tile(["a", "b"], 60))
    assert sentence(audit).startswith(
        "Nothing can be said about this data, because the 120 rows hold only 1 different row"
    )


def test_columns_that_never_vary_say_nothing(draw):
    audit = sw.audit(np.ones((200, 3)), draw.choice(["a", "b"], 200))
    assert sentence(audit).startswith(f"{NOTHING}no column is left to learn from")


def test_noise_is_told_as_such_and_nothing_that_rests_on_it_is_advised(draw):
    audit = sw.audit(draw.normal(size=(300, 4)), draw.choice(["a", "b"], 300))
    assert sentence(audit).startswith(
        "The model does no better than guessing, so nothing that rests on this model counts"
    )
    assert "Fix" not in sentence(audit)
    shown = repr(audit)
    assert "Collect" not in shown.partition("Remedies")[2]
    assert audit.apply().log == ()


def test_a_leak_comes_with_the_option_and_without_remedies_of_no_effect(draw):
    X = draw.normal(size=(400, 6))
    y = np.where(X[:, 0] + draw.normal(size=400) > 0, "yes", "no")
    frame = pd.DataFrame(X, columns=list("abcdef")).assign(**{"paid in": np.where(y == "yes", "J", "N"), "bad": y})
    audit = sw.audit(frame, label="bad")
    assert sentence(audit).startswith(
        "Fix 1 thing before you train on this data: column 'paid in' gives the label away"
    )
    assert "audit again without it: --drop-columns 'paid in'" in sentence(audit)
    assert "tested remed" not in sentence(audit)
    assert "0 [0, 0]" not in repr(audit).partition("Remedies")[2].partition("Not carried")[0].replace(
        "points [0, 0]", ""
    )


def test_where_every_remedy_hurts_the_verdict_says_not_to_act(monkeypatch, draw):
    """Labels that are right, a check that disputes them, and the measurement that overrules it."""
    y = np.arange(300) % 2
    X = draw.normal(size=(300, 2)) + 2.5 * y[:, None]
    keys = tuple(range(90))
    remedies = (
        Remedy("relabel", keys, tuple((1 - y[:90]).tolist()), "Relabel them"),
        Remedy("drop", keys, (), "Drop them"),
    )
    disputed = Finding("SW201", "ninety odd labels", "error", keys, "why", remedies)

    def flip(folded):
        rows = np.flatnonzero(np.arange(len(folded)) % 5 < 3)
        return RowEdit("relabel", rows, 1 - folded.codes[rows])

    def drop(folded):
        return RowEdit("drop", np.flatnonzero(folded.codes == 1)[2:])

    monkeypatch.setattr(sw201_disputed_labels, "run", lambda evidence: CheckResult((disputed,)))
    monkeypatch.setattr(sw201_disputed_labels, "rules", lambda evidence: {"relabel": flip, "drop": drop})
    audit = sw.audit(X, y, checks="SW201,SW501")
    assert sentence(audit) == (
        "Do not relabel or drop: ninety odd labels (90 rows), but every tested remedy hurts, so find out why first."
    )
    assert audit.apply().log == ()
    assert audit.apply(kinds=["relabel", "drop"]).log == ()
    with pytest.raises(sw.InputError, match="measured to hurt"):
        audit.apply(do="SW201")


def test_five_rows_of_a_class_are_bounded_and_test_no_remedy(draw):
    y = np.where(np.arange(400) < 5, "ill", "well")
    X = draw.normal(size=(400, 3)) + 3.0 * (y == "ill")[:, None]
    audit = sw.audit(X, y)
    assert audit.record.plan["metric"] == "auc"
    assert "the largest class holds 99 % of the rows" in audit.record.plan["metric_rule"]
    assert "class ill has 5 rows, too few to tell how well it is learned" in sentence(audit)
    remedies = [remedy for finding in audit.findings for remedy in finding.remedies]
    assert all(remedy.effect is None or remedy.kind == "collect" for remedy in remedies)
    assert any("too few rows to measure area under the ROC curve" in remedy.reason for remedy in remedies)
    bars = next(item for item in audit.record.outcome("SW501").result.exhibits if item.kind == "bars")
    assert "ill" not in bars.columns["name"].tolist()
    assert "ill (5 rows): at most" in bars.note


def test_fewer_rows_are_no_help_and_are_not_left_out_unasked(draw):
    y = np.arange(1500) % 2
    audit = sw.audit(draw.normal(size=(1500, 3)) + 4.0 * y[:, None], y, checks="SW301,SW501")
    (finding,) = [finding for finding in audit.findings if finding.code == "SW301"]
    assert finding.remedies[0].verdict == "no loss"
    assert "help" not in sentence(audit)
    assert audit.apply().log == ()
    assert len(audit.apply(do="SW301").log) == len(finding.remedies[0].keys) == 375


def test_questions_about_the_reading_stand_in_the_sentence(draw):
    size = draw.integers(1, 6, 300)
    frame = pd.DataFrame({"a": draw.normal(size=300), "zip": size, "grade": size + draw.integers(0, 2, 300)})
    audit = sw.audit(frame, label="grade", checks="SW101,SW105")
    questions = audit.record.data["questions"]
    assert questions
    assert "about how columns were read" in sentence(audit)
    assert questions[0][:60] in sentence(audit)
    assert questions[0][:40] in repr(audit)
