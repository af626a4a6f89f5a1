"""Every finding about rows comes with its rows, whatever the check showed of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.audit_call import audit
from samplewise.auditing.finding_rows import of_open_keys, with_rows
from samplewise.auditing.own_cells import OwnCells
from samplewise.core.findings import CheckResult, Finding, Remedy
from samplewise.core.values import Exhibit, Scores
from samplewise.data import Dataset


def test_a_finding_without_rows_gets_them_and_others_stay_as_they_are(evidence_of):
    X, y = np.random.default_rng(0).normal(size=(80, 2)), np.where(np.arange(80) % 2, "dog", "cat")
    findings = (
        Finding("SW1", "rows", "note", (5, 3), "why", (Remedy("relabel", (3,), ("cat",)),)),
        Finding("SW1", "columns", "note", ("x0",), "why", axis="column"),
        Finding("SW1", "shown by the check", "note", (7,), "why"),
        Finding("SW1", "nothing", "note", (), "why"),
    )
    scores = Scores("benefit", np.arange(80.0), np.arange(80), "nats", "better")
    own = Exhibit("rows", "of the check", {"id": np.array([7])}, finding=2)
    found = with_rows(evidence_of(X, y), CheckResult(findings, (scores,), (own,)))
    assert found.exhibits[0] is own
    (made,) = found.exhibits[1:]
    assert (made.kind, made.title, made.finding) == ("rows", "rows", 0)
    assert made.columns["id"].tolist() == [5, 3]
    assert made.columns["given"].tolist() == ["dog", "dog"]
    assert made.columns["suggested"].tolist() == ["", "cat"]
    assert made.columns["benefit"].tolist() == [5.0, 3.0]
    assert made.columns["nearest_suggested"][0] == ""
    assert int(made.columns["nearest_suggested"][1]) % 2 == 0


def test_rows_that_were_set_aside_show_their_cells(evidence_of):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    result = CheckResult((Finding("SW101", "no label", "note", ("gone", 3), "why"),))
    found = evidence_of(X, y)
    (made,) = with_rows(found, result).exhibits  # where only the rows of the audit are known
    assert list(made.columns) == ["id"]
    assert made.columns["id"].tolist() == ["gone", 3]
    ids = np.array([*range(60), "gone"], dtype=object)
    everything = Dataset(pd.DataFrame({"a": np.r_[X[:, 0], 7.5]}), np.r_[y, np.nan], ids=ids)
    (made,) = with_rows(replace(found, given_rows=OwnCells(everything)), result).exhibits
    assert made.columns["id"].tolist() == ["gone", 3]
    assert made.columns["column: a"].tolist() == pytest.approx([7.5, X[3, 0]], rel=1e-4)


def test_rows_of_sets_of_duplicates_name_their_twin(evidence_of):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    sets = Exhibit("table", "sets", {"id": np.array([3, 9, 20, 4, 5]), "set": np.array([1, 1, 1, 2, 2])})
    finding = Finding("SW102", "copies", "note", (3, 9, 20, 4), "why")
    made = with_rows(evidence_of(X, y), CheckResult((finding,), exhibits=(sets,))).exhibits[-1]
    assert made.columns["nearest_twin"].tolist() == ["9", "3", "3", ""]


def test_numbers_as_suggestions_of_a_regression(evidence_of):
    X = np.random.default_rng(0).normal(size=(60, 2))
    finding = Finding("SW1", "t", "note", (4, 5), "why", (Remedy("relabel", (5,), (2.5,)),))
    (made,) = with_rows(evidence_of(X, X[:, 0]), CheckResult((finding,))).exhibits
    assert np.isnan(made.columns["suggested"][0])
    assert made.columns["suggested"][1] == 2.5
    assert made.columns["nearest_suggested"].tolist()[0] == ""


def test_accepted_rows_leave_the_exhibit_of_a_finding_about_rows():
    columns = {"id": np.array([1, 2, 3]), "given": np.array(["a", "b", "c"])}
    findings = (Finding("SW1", "t", "note", (1, 3), "why"), Finding("SW1", "t", "note", ("x0",), "why", axis="column"))
    exhibit = Exhibit("rows", "t", columns, finding=0)
    assert of_open_keys(exhibit, findings).columns["given"].tolist() == ["a", "c"]
    for other in (Exhibit("rows", "t", columns), Exhibit("rows", "t", columns, finding=1)):
        assert of_open_keys(other, findings) is other


def test_an_audit_shows_the_rows_of_every_finding_and_none_that_was_accepted():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=200).round(3), "b": draw.normal(size=200).round(3)})
    frame.iloc[100:110] = frame.iloc[:10].to_numpy()
    labels = np.where(frame["a"] > 0, "yes", "no")
    accepted = {"SW102": [0, 100]}
    done = audit(frame, labels, checks=["SW102"], accepted=accepted).record.outcome("SW102")
    for place, finding in enumerate(done.result.findings):
        shown = [one for one in done.result.exhibits if one.finding == place]
        assert len(shown) == (finding.axis == "row" and bool(finding.keys))
        for exhibit in shown:
            assert exhibit.columns["id"].tolist() == list(finding.keys)
            assert {0, 100} & set(exhibit.columns["id"].tolist()) == set()
            assert "set" in exhibit.columns
    assert len(done.result.findings) >= 1
