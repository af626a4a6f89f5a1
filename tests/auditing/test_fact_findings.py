import csv

import numpy as np
import pytest
from sklearn.datasets import load_digits

import samplewise as sw
from samplewise.auditing import fact_findings
from samplewise.auditing.fact_findings import FEWEST_ANSWERS, fact_result, fact_rules, read_as_facts
from samplewise.core.errors import InputError

COUNT = 600


def confused():
    """Pictures (here their probabilities), of which a fifth is contradicted without a pattern of flips."""
    draw = np.random.default_rng(1)
    truth = draw.integers(0, 4, COUNT)
    logits = 2.0 * np.eye(4)[truth] + draw.normal(size=(COUNT, 4))
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return P, np.array([draw.choice(4, p=row) for row in P])


@pytest.fixture(scope="module")
def told(evidence_of):
    """`told(reviewed) -> (evidence, finding, result)` on labels that nothing proves wrong."""
    P, y = confused()

    def make(reviewed=None):
        evidence = evidence_of(P, y, probabilities=P, labels_are="facts", reviewed=reviewed)
        result = fact_result("SW201", evidence)
        return evidence, result.findings[0] if result.findings else None, result

    return make


@pytest.fixture(scope="module")
def flipped(evidence_of):
    X, truth = load_digits(return_X_y=True)
    X, truth = X[:900].reshape(-1, 8, 8), truth[:900]
    struck = np.random.default_rng(0).random(900) < 0.1
    given = np.where(struck, (truth + np.random.default_rng(1).integers(1, 10, 900)) % 10, truth)
    return evidence_of(X, given), given, truth


def test_without_answers_it_cannot_be_told_and_nothing_is_changed(told):
    evidence, finding, result = told()
    assert finding.severity == "note"
    assert finding.title.endswith("that the model contradicts: how many are wrong cannot be told")
    assert "Predictions alone cannot tell errors of the labels from errors of the model" in finding.explanation
    assert "as you said" in finding.explanation
    assert [remedy.kind for remedy in finding.remedies] == ["review"]
    first = evidence.data.ids[evidence.fact_labels.to_review()].tolist()
    assert list(finding.keys[:20]) == first
    assert finding.remedies[0].action.startswith("Look at 20 rows")
    rate, share = finding.measured
    assert share.high - share.low > 0.4
    other = result.measured[-1]
    assert other.quantity == "noise_rate_if_outcomes"
    assert other.reason.startswith("read as outcomes, ")
    assert rate.value == pytest.approx(evidence.fact_labels.wrong.mean())
    sheet = result.exhibits[0]
    assert sheet.columns["id"][:20].tolist() == first


def test_answers_turn_it_into_an_error_or_into_nothing(told):
    evidence, _, _ = told()
    ids = evidence.data.ids[evidence.fact_labels.to_review()].tolist()
    _, finding, _ = told(dict.fromkeys(ids, 1))
    assert finding.severity == "error"
    assert "People answered 20 labels and called 100 % wrong." in finding.explanation
    assert "cannot be told" not in finding.title
    assert [remedy.kind for remedy in finding.remedies] == ["drop", "review"]
    assert set(ids) <= set(finding.remedies[0].keys)
    assert set(finding.remedies[0].keys) <= set(finding.keys)
    _, finding, result = told(dict.fromkeys(ids, 0))
    assert finding is None or (finding.severity == "note" and not set(ids) & set(finding.keys))
    assert result.measured[0].value < 0.05


def test_named_labels_are_offered_and_the_rules_know_them(told):
    evidence, _, _ = told()
    rows = evidence.fact_labels.to_review()
    named = {int(row): str((evidence.target.codes[row] + 1) % 4) for row in rows}
    evidence, finding, _ = told(named)
    assert [remedy.kind for remedy in finding.remedies] == ["relabel", "drop", "review"]
    relabel = dict(zip(finding.remedies[0].keys, map(str, finding.remedies[0].values), strict=True))
    assert relabel == named
    edit = fact_rules(evidence)["relabel"](evidence.whole)
    assert dict(zip(edit.rows.tolist(), map(str, edit.values.tolist()), strict=True)) == named
    assert len(fact_rules(told(dict(list(named.items())[: FEWEST_ANSWERS - 1]))[0])) == 2


def test_proven_flips_are_a_warning_with_remedies(flipped):
    evidence, given, truth = flipped
    assert evidence.meaning.why == "pictures show what they are labeled as"
    result = fact_result("SW201", evidence)
    (finding,) = result.findings
    assert finding.severity == "warning"
    assert [remedy.kind for remedy in finding.remedies] == ["relabel", "drop", "review"]
    for remedy in finding.remedies[:2]:
        assert (given != truth)[list(remedy.keys)].mean() > 0.9
        change = fact_rules(evidence)[remedy.kind](evidence.whole)
        assert set(evidence.data.ids[change.rows]) == set(remedy.keys)
    assert "flipped beyond what ambiguity explains" in finding.explanation
    assert result.exhibits[1].kind == "matrix"


def test_nothing_contradicted_is_clean(evidence_of, monkeypatch):
    X, y = load_digits(n_class=2, return_X_y=True)
    result = fact_result("SW201", evidence_of(X.reshape(-1, 8, 8), y))
    assert result.findings == ()
    assert result.scores[0].quantity == "wrong_label"
    assert result.measured[0].value < 0.02


def test_a_learner_that_learned_nothing_says_so(evidence_of):
    draw = np.random.default_rng(0)
    pictures, y = draw.integers(0, 256, (300, 8, 8)).astype(np.uint8), draw.integers(0, 3, 300)
    for finding in fact_result("SW201", evidence_of(pictures, y)).findings:
        assert finding.severity == "note"
        assert "not reliable" in finding.title


def test_outcomes_say_what_facts_would_give_and_numbers_say_nothing(evidence_of):
    P, y = confused()
    (other,) = read_as_facts(evidence_of(P, y))
    assert other.quantity == "noise_rate_if_facts"
    assert "would be contradicted" in other.reason
    X = np.random.default_rng(0).normal(size=(60, 3))
    assert read_as_facts(evidence_of(X, X.sum(axis=1))) == ()


def test_answers_come_back_through_the_list_of_findings(tmp_path):
    P, y = confused()
    given = {"probabilities": P, "labels_are": "facts", "checks": "SW201", "run_dir": tmp_path / "run"}
    first = sw.audit(P, y, **given)
    assert first.record.plan["labels_are"] == "facts"
    assert first.record.plan["labels_are_rule"] == "you said so"
    assert first.record.plan["answers"] == 0
    file = tmp_path / "run" / "findings" / "SW201.csv"
    with file.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["id"] for line in lines[:20]] == [str(key) for key in first.findings[0].keys[:20]]
    assert all(line["suggested"] not in ("", line["given"]) for line in lines)
    assert all(0.0 < float(line["probability"]) < 1.0 for line in lines)
    for line in lines[:20]:
        line["decision"] = "keep"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, lines[0].keys())
        writer.writeheader()
        writer.writerows(lines)
    second = sw.audit(P, y, reviewed=tmp_path / "run", **given)
    assert second.record.plan["answers"] == 20
    rate, before = (audit.record.outcomes[0].result.measured[0] for audit in (second, first))
    assert rate.value < 0.5 * before.value
    assert second.scores["wrong_label"][int(lines[0]["id"])] == 0.0
    with pytest.raises(InputError, match="read as outcomes"):
        sw.audit(P, y, probabilities=P, reviewed=file, checks="SW201")


def test_the_module_says_where_to_write_answers():
    assert "findings/SW201.csv" in fact_findings.DOOR
