"""SW601: worst segment."""

import numpy as np
import pandas as pd
import pytest

from samplewise.auditing.checks import sw601_worst_segment as check
from samplewise.core.errors import NotApplicable


def two_sites(rows=500, broken=True, seed=0):
    rng = np.random.default_rng(seed)
    X, site = rng.normal(size=(rows, 2)), rng.choice(["a", "b"], rows, p=[0.7, 0.3])
    y = (X[:, 0] > 0).astype(int)
    lost = (site == "b") & (rng.random(rows) < 0.5) & broken
    y[lost] = rng.integers(0, 2, lost.sum())
    return X, y, site


def test_fires_on_a_named_segment(evidence_of):
    X, y, site = two_sites()
    result = check.run(evidence_of(X, y, segments=pd.DataFrame({"site": site})))
    (finding,) = result.findings
    assert finding.severity == "warning"
    assert finding.axis == "segment"
    assert finding.keys == ("site = b",)
    assert set(finding.remedies[0].keys) == set(np.flatnonzero(site == "b").tolist())
    assert finding.remedies[1].kind == "collect"
    assert finding.measured[1].low > 5
    assert result.scores[0].axis == "segment"
    assert list(result.exhibits[0].columns["name"]) == ["site = b", "site = a"]


def test_finds_a_segment_nobody_named(evidence_of):
    X, y, site = two_sites(1200)
    frame = pd.DataFrame({"x": X[:, 0], "z": X[:, 1], "site": site})
    (finding,) = check.run(evidence_of(frame, y, learner="kernel")).findings
    assert "site = b" in finding.title
    assert "found by search" in finding.explanation


def test_stays_silent_where_all_are_served_alike(evidence_of):
    X, y, site = two_sites(broken=False)
    result = check.run(evidence_of(X, y, segments=pd.DataFrame({"site": site})))
    assert result.findings == ()
    assert result.measured[0].quantity == "worst_segment_error"


def test_where_a_rare_class_is_more_frequent_the_model_is_not_worse(evidence_of):
    rng = np.random.default_rng(0)
    kind = rng.choice(["a", "b"], 1500, p=[0.8, 0.2])
    y = rng.random(1500) < np.where(kind == "b", 0.3, 0.05)
    frame = pd.DataFrame({"kind": kind, "x": rng.normal(size=1500)})
    labels = np.where(y, "yes", "no")
    (finding,) = check.run(evidence_of(frame, labels, learner="kernel")).findings
    assert "kind = b" in finding.title
    assert finding.severity == "note"
    assert "Always predicting 'no' would be wrong in" in finding.explanation


def test_a_border_in_a_number_is_only_a_note(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 2))
    y = (X[:, 0] + 0.3 * rng.normal(size=1500) > 0).astype(int)
    assert all(finding.severity == "note" for finding in check.run(evidence_of(X, y)).findings)


def test_errors_of_numbers_are_in_the_unit_of_the_label(evidence_of):
    rng = np.random.default_rng(0)
    X, site = rng.normal(size=(600, 2)), rng.choice(["a", "b"], 600)
    y = X @ [1.0, 2.0] + np.where(site == "b", 2.0, 0.1) * rng.normal(size=600)
    (finding,) = check.run(evidence_of(X, y, segments=pd.DataFrame({"site": site}))).findings
    assert "in the label's unit elsewhere" in finding.explanation
    assert {item.unit for item in finding.measured} == {"in the label's unit"}


def test_images_and_embeddings_are_compared_by_class(evidence_of):
    rng = np.random.default_rng(0)
    y = np.arange(900) % 3
    X = np.repeat(rng.normal(size=(900, 3)) + 5 * np.eye(3)[y], 40, axis=1)
    X += 0.1 * rng.normal(size=X.shape)
    lost = (y == 2) & (rng.random(900) < 0.4)
    X[lost] = X[rng.permutation(np.flatnonzero(y != 2))[: lost.sum()]] + 0.1
    (finding,) = check.run(evidence_of(X, y)).findings
    assert finding.keys == ("label = 2",)
    assert finding.severity == "note"


def test_not_applicable_without_columns_to_look_in(evidence_of):
    rng = np.random.default_rng(0)
    with pytest.raises(NotApplicable, match="segments="):
        check.run(evidence_of(rng.normal(size=(200, 100)), np.arange(200) % 2))
    with pytest.raises(NotApplicable, match="too few rows"):
        check.run(evidence_of(rng.normal(size=(60, 3)), np.arange(60) % 2))
    with pytest.raises(NotApplicable, match="too few rows"):
        check.run(evidence_of(rng.normal(size=(30, 3)), np.arange(30) % 3))
    assert check.rules(None) == {}
