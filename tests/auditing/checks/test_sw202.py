import numpy as np
import pytest
from sklearn.datasets import make_blobs

from samplewise.auditing.checks import sw202_ambiguous_classes as check
from samplewise.core.errors import NotApplicable

CENTERS = np.array([[0, 0], [1.0, 0], [8, 8], [-8, 8]], dtype=float)
NAMES = np.array(["shirt", "blouse", "shoe", "bag"])


def test_fires_on_two_classes_that_overlap(evidence_of):
    X, codes = make_blobs(1000, centers=CENTERS, random_state=0)
    result = check.run(evidence_of(X, NAMES[codes]))
    (finding,) = result.findings
    assert finding.axis == "class"
    assert finding.keys == ("blouse / shirt",)
    assert finding.severity == "warning"
    (measured,) = finding.measured
    assert 0.1 < measured.low < measured.value < measured.high
    assert finding.remedies[0].kind == "review"
    (bars,) = result.exhibits
    assert bars.kind == "bars"
    assert bars.columns["there"][0] > 10
    assert bars.columns["back"][0] > 10


def test_stays_silent_where_all_classes_are_equally_hard_or_clear(evidence_of):
    for spread in (0.5, 1.0):
        X, codes = make_blobs(600, centers=2.0 * np.eye(4), cluster_std=spread, random_state=1)
        assert check.run(evidence_of(X, codes)).findings == ()


def test_one_way_flips_are_not_ambiguity(evidence_of):
    X, truth = make_blobs(800, centers=8.0 * np.eye(4), random_state=2)
    given = np.where((truth == 1) & (np.arange(800) % 4 == 0), 2, truth)
    assert check.run(evidence_of(X, given)).findings == ()


def test_two_classes_are_not_applicable_and_nothing_is_a_rule(evidence_of):
    X, codes = make_blobs(100, centers=2, random_state=0)
    evidence = evidence_of(X, codes)
    with pytest.raises(NotApplicable, match="SW501"):
        check.run(evidence)
    assert check.rules(evidence) == {}
