import numpy as np
import pytest

import samplewise as sw
from samplewise.auditing.checks import sw109_label as sw109
from samplewise.auditing.run import missing_need

X = np.random.default_rng(0).normal(size=(120, 3))
Y = np.array(["ill", "well"] * 60)


def respelled() -> np.ndarray:
    y = np.array(Y, dtype=object)
    y[:20] = [f"{label} " for label in y[:20]]
    return y


@pytest.mark.parametrize(
    ("y", "title", "keys"),
    [
        (respelled(), "2 classes are spelled in several ways", ("ill", "well")),
        (np.where(Y == "ill", "train", "val"), "the classes are names of splits", ("train", "val")),
        (np.array(["a|b", "b", "a", "a|c", "c"] * 24), "cells hold several labels", ()),
        (np.arange(120.0)[::-1] + 50, "the label counts rows, as an id does", ()),
        (np.where(np.arange(120) < 80, None, Y), "67 % of the rows have no label", ()),
    ],
)
def test_fires_on_labels_that_are_not_what_they_should_be(evidence_of, y, title, keys):
    (finding,) = sw109.run(evidence_of(X, y)).findings
    assert finding.title == title
    assert finding.keys == keys
    assert finding.severity == "warning"
    assert finding.remedies[0].action


def test_fires_on_classes_of_the_test_rows(evidence_of):
    tested = np.where(np.arange(120) < 6, "dead", [f"{label}." for label in Y])
    unknown, spelled = sw109.run(evidence_of(X, Y, test=(X, tested))).findings
    assert unknown.keys == ("dead",)
    assert "6 of 120 test rows" in unknown.explanation
    assert spelled.keys == ("ill", "well")
    assert "'ill.' for 'ill'" in spelled.explanation


def test_names_the_function_for_several_labels(evidence_of):
    (finding,) = sw109.run(evidence_of(X, np.array(["a|b", "b", "a", "a|c", "c"] * 24))).findings
    assert "find_multilabel_issues" in finding.remedies[0].action


@pytest.mark.parametrize("y", [Y, X[:, 0], np.arange(120) % 4, np.arange(120) % 40])
def test_stays_silent_on_classes_and_on_numbers(evidence_of, y):
    assert sw109.run(evidence_of(X, y, test=(X[:40], y[:40]))).findings == ()


def test_is_not_applicable_without_a_label(evidence_of):
    evidence = evidence_of(X, Y)
    object.__setattr__(evidence.data, "y", None)
    assert "no labels were given" in missing_need(sw109, evidence)


def test_it_offers_no_rule(evidence_of):
    assert sw109.rules(evidence_of(X, Y)) == {}


def test_one_class_in_two_spellings_is_audited_as_one_class():
    y = np.where(X[:, 0] > 0, "rich", "poor").astype(object)
    clean = sw.audit(X, y, checks="SW501,SW109").record
    y[60:] = [f"{label.title()}." for label in y[60:]]
    read = sw.audit(X, y, checks="SW501,SW109").record
    assert read.data["classes"] == clean.data["classes"] or len(read.data["classes"]) == 2
    assert read.outcome("SW501").result.measured[0].value == clean.outcome("SW501").result.measured[0].value
    assert any("read as one class" in note for note in read.data["notes"])
    assert [finding.code for finding in read.findings()][:1] == ["SW109"]
