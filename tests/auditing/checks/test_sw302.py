"""SW302: rows with unusual information."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw302_unusual_information as check
from samplewise.core.errors import NotApplicable


def line(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    return X, X @ [1.0, 2.0, 3.0] + 0.3 * rng.normal(size=rows)


def test_fires_on_a_row_the_model_hangs_on(evidence_of):
    X, y = line()
    y[11] += 60
    result = check.run(evidence_of(X, y))
    (finding,) = result.findings
    assert 11 in finding.keys
    assert finding.severity == "note"
    assert finding.remedies[0].kind == "review"
    assert "Unique does not mean useful" in finding.explanation
    assert finding.measured[0].value > 50
    assert result.exhibits[0].columns["id"][0] == finding.keys[0]


def test_stays_silent_on_normal_noise(evidence_of):
    result = check.run(evidence_of(*line()))
    assert result.findings == ()
    assert result.scores[0].quantity == "held_out_surprise"


def test_not_applicable_to_few_rows(evidence_of):
    with pytest.raises(NotApplicable, match="at least 50 rows"):
        check.run(evidence_of(*line(40)))
    assert check.rules(None) == {}
