"""SW303: rows that hurt."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw303_harmful_rows as check
from samplewise.core.errors import NotApplicable
from samplewise.report.wording import estimate_text


def crowds(wrong=(), rows=150):
    X, y = np.repeat([0.0, 4.0], rows)[:, None], np.repeat([0, 1], rows)
    X = X + 0.5 * np.random.default_rng(0).normal(size=X.shape)
    y[list(wrong)] = 1
    return X, y


def test_fires_on_rows_that_hurt_others(evidence_of):
    evidence = evidence_of(*crowds([3, 40]))
    result = check.run(evidence)
    (finding,) = result.findings
    assert {40} <= set(finding.keys) <= {3, 40}
    kinds = ["drop", "review"] if len(finding.keys) >= check.TESTED * len(evidence.data) else ["review"]
    assert [remedy.kind for remedy in finding.remedies] == kinds
    assert finding.measured[0].low > 0
    assert estimate_text(finding.measured[0]).count(" ") <= 2  # a number and its interval, in no unit to be looked up
    change = check.rules(evidence)["drop"](evidence.whole)
    assert set(evidence.data.ids[change.rows]) == set(finding.keys)


def test_dropping_is_offered_where_its_effect_could_show(evidence_of, monkeypatch):
    evidence = evidence_of(*crowds([3, 40]))
    for share, kinds, severity in ((0.0, ["drop", "review"], "warning"), (0.5, ["review"], "note")):
        monkeypatch.setattr(check, "TESTED", share)
        (finding,) = check.run(evidence).findings
        assert [remedy.kind for remedy in finding.remedies] == kinds
        assert finding.severity == severity
        assert "by chance" not in finding.explanation  # 5 % of so few are none


def test_stays_silent_on_right_labels(evidence_of):
    evidence = evidence_of(*crowds())
    result = check.run(evidence)
    assert result.findings == ()
    assert result.scores[0].quantity == "benefit"
    assert len(check.rules(evidence)["drop"](evidence.whole).rows) == 0


def test_not_applicable_to_few_rows(evidence_of):
    with pytest.raises(NotApplicable, match="at least 50 rows"):
        check.run(evidence_of(*crowds(rows=20)))
