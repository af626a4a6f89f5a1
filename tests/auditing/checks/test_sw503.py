"""SW503: calibration."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw503_calibration as check
from samplewise.core.errors import NotApplicable


def notes(rows, distort, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, rows)
    y = (rng.random(rows) < p).astype(int)
    said = distort(p)
    return rng.normal(size=(rows, 2)), y, np.column_stack([1 - said, said])


def sharpen(p):
    return p**3 / (p**3 + (1 - p) ** 3)


def test_fires_on_overconfident_predictions(evidence_of):
    X, y, P = notes(1500, sharpen)
    result = check.run(evidence_of(X, y, probabilities=P))
    (finding,) = result.findings
    assert finding.severity == "warning"
    assert "overconfident" in finding.title
    assert finding.measured[0].low > 5
    temperature = next(estimate for estimate in result.measured if estimate.quantity == "temperature")
    assert temperature.value == pytest.approx(3.0, rel=0.15)
    assert f"{temperature.value:.3g}" in finding.remedies[0].action


def test_underconfidence_has_its_own_word(evidence_of):
    X, y, P = notes(1500, lambda p: 0.5 + 0.4 * (p - 0.5))
    (finding,) = check.run(evidence_of(X, y, probabilities=P)).findings
    assert "underconfident" in finding.title


def test_a_learner_with_probabilities_of_its_own_is_evaluated_by_them(evidence_of):
    from sklearn.naive_bayes import GaussianNB

    rng = np.random.default_rng(0)
    y = np.arange(800) % 2
    X = np.repeat(rng.normal(size=(800, 1)) + 0.8 * y[:, None], 12, axis=1)  # one column twelve times
    (finding,) = check.run(evidence_of(X + 1e-3 * rng.normal(size=X.shape), y, learner=GaussianNB())).findings
    assert "overconfident" in finding.title
    assert "gives none itself" not in finding.explanation


def test_probabilities_we_made_are_only_a_note(evidence_of):
    """A tenth of wrong labels: one temperature cannot fit both the sure rows and the wrong ones."""
    rng = np.random.default_rng(0)
    y = np.arange(1000) % 10
    X = rng.normal(size=(1000, 10)) + 6.0 * np.eye(10)[y]
    wrong = rng.random(1000) < 0.15
    y = np.where(wrong, rng.integers(0, 10, 1000), y)
    (finding,) = check.run(evidence_of(X, y)).findings
    assert finding.severity == "note"
    assert "underconfident" in finding.title
    assert "isotonic" in finding.remedies[0].action


def test_stays_silent_on_right_probabilities(evidence_of):
    X, y, P = notes(1000, lambda p: p)
    result = check.run(evidence_of(X, y, probabilities=P))
    assert result.findings == ()
    assert result.exhibits[0].kind == "reliability"
    assert [estimate.quantity for estimate in result.measured] == ["calibration_error", "brier", "temperature"]


def test_not_applicable_to_few_rows(evidence_of):
    X, y, P = notes(60, lambda p: p)
    with pytest.raises(NotApplicable, match="at least 100 rows"):
        check.run(evidence_of(X, y, probabilities=P))
    assert "classes" in check.NEEDS
    assert check.rules(None) == {}


def test_confidence_without_skill_is_a_note(evidence_of):
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.3).astype(int)
    said = np.clip(rng.random(600), 0.02, 0.98)  # sure of either class, and of nothing to do with the labels
    (finding,) = check.run(
        evidence_of(rng.normal(size=(600, 2)), y, probabilities=np.column_stack([1 - said, said]))
    ).findings
    assert finding.severity == "note"
    assert "no use" in finding.explanation
