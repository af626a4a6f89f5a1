"""SW504: the test set was used to choose."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw504_test_chose as check
from samplewise.core.errors import NotApplicable
from samplewise.data import Dataset


def blobs(rows=300, seed=0, apart=1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 3)) + apart * y[:, None], y


def test_evaluations_are_reported_with_what_they_leave_of_the_claim(evidence_of):
    evidence = evidence_of(*blobs(), test=Dataset(*blobs(400, seed=1)), n_test_evaluations=50)
    (finding,) = check.run(evidence).findings
    assert finding.severity == "warning"
    assert finding.title == "Models were evaluated on the test set 50 times"
    fixed, compared, improved, seen = finding.measured
    assert fixed.value < fixed.high < compared.high < improved.high < seen.high
    assert "fixed before" in fixed.quantity
    assert "about" in finding.remedies[0].action
    assert "not the model" in finding.remedies[0].reason


def test_evaluations_of_a_regression_have_one_bound(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=300)
    evidence = evidence_of(X[:200], y[:200], test=Dataset(X[200:], y[200:]), n_test_evaluations=20)
    (finding,) = check.run(evidence).findings
    (bound,) = finding.measured
    assert bound.unit == "in the label's unit"
    assert "else none is known" in finding.explanation


def test_stays_silent_on_an_honest_test_set(evidence_of):
    fired = [
        bool(check.run(evidence_of(*blobs(200, seed=seed), test=Dataset(*blobs(150, seed=100 + seed)))).findings)
        for seed in range(8)
    ]
    assert not any(fired)


def test_a_test_score_that_is_too_good_fires(evidence_of):
    X, y = blobs(800, seed=3)
    easy = np.flatnonzero((X.sum(axis=1) > 1.5) == (y == 1))[:200]  # the rows that such a model gets right
    rest = np.setdiff1d(np.arange(800), easy)
    (finding,) = check.run(evidence_of(X[rest], y[rest], test=Dataset(X[easy], y[easy]))).findings
    assert "better than cross-validation explains" in finding.title
    assert finding.measured[0].low > 0
    assert "easier" in finding.caveat


def test_numbers_that_are_too_good_fire(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    noise = rng.normal(size=500)
    y = X @ [1.0, 2.0, 3.0] + noise
    easy = np.argsort(np.abs(noise))[:150]
    rest = np.setdiff1d(np.arange(500), easy)
    (finding,) = check.run(evidence_of(X[rest], y[rest], test=Dataset(X[easy], y[easy]))).findings
    assert finding.measured[0].unit == "in the label's unit"


def test_not_applicable_without_test_labels(evidence_of):
    X, y = blobs()
    with pytest.raises(NotApplicable, match="no test row with a label"):
        check.run(evidence_of(X, y, test=Dataset(blobs(50, seed=1)[0])))


def test_there_is_nothing_to_test(evidence_of):
    assert check.rules(evidence_of(*blobs())) == {}
