"""SW502: gap and memorization."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw502_gap_and_memorization as check
from samplewise.core.errors import NotApplicable


def blobs(rows=160, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 2)) + 6.0 * y[:, None], y


def test_fires_on_memorized_labels(evidence_of):
    from sklearn.tree import DecisionTreeClassifier

    X, y = blobs()
    flipped = np.array([3, 50, 101])
    y[flipped] = 1 - y[flipped]
    result = check.run(evidence_of(X, y, learner=DecisionTreeClassifier(random_state=0)))
    (finding,) = result.findings
    assert set(finding.keys) >= set(flipped.tolist())
    assert len(finding.keys) < 12
    assert finding.severity == "note"
    assert result.measured[0].quantity == "gap"
    assert result.measured[0].low > 0
    assert result.scores[0].quantity == "memorization"
    assert "id" in result.exhibits[1].columns


def test_stays_silent_where_rows_support_each_other(evidence_of):
    result = check.run(evidence_of(*blobs()))
    assert result.findings == ()
    assert result.measured[0].value == pytest.approx(0, abs=2)
    assert result.exhibits[0].note.startswith(f"A gap of {result.measured[0]}, {result.measured[0].reason}")
    assert list(result.exhibits[0].columns["name"]) == ["training rows", "held-out rows"]


def test_regression_has_a_gap_too(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 4))
    gap = check.run(evidence_of(X, X @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=150))).measured[0]
    assert gap.value > 0
    assert gap.unit == "in the label's unit"


def test_not_applicable_to_few_rows(evidence_of):
    with pytest.raises(NotApplicable, match="at least 40 rows"):
        check.run(evidence_of(*blobs(30)))
    assert check.rules(None) == {}
