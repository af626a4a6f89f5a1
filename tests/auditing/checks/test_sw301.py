"""SW301: redundant rows."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw301_redundant_rows as check
from samplewise.core.errors import NotApplicable


def blobs(rows=240, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 3)) + 3.0 * y[:, None], y


def test_fires_with_a_quarter_that_carries_little(evidence_of):
    evidence = evidence_of(*blobs())
    result = check.run(evidence)
    (finding,) = result.findings
    assert finding.severity == "note"
    assert len(finding.keys) == 60
    assert result.measured[0].value < 0.125
    assert finding.remedies[0].kind == "drop"
    assert finding.remedies[0].saves_rows  # judged by what is lost, never said to help
    assert result.scores[0].quantity == "unique_information"
    assert [exhibit.kind for exhibit in result.exhibits] == ["curve", "bars"]


def test_the_rule_is_the_finding_on_the_whole(evidence_of):
    evidence = evidence_of(*blobs())
    change = check.rules(evidence)["drop"](evidence.whole)
    assert change.kind == "drop"
    assert set(evidence.data.ids[change.rows]) == set(check.run(evidence).findings[0].keys)


def test_a_slow_learner_gets_no_cost_curve(evidence_of):
    from dataclasses import replace

    evidence = evidence_of(*blobs())
    dear = replace(evidence, plan=replace(evidence.plan, seconds_per_fit=100.0))
    assert [exhibit.kind for exhibit in check.run(dear).exhibits] == ["curve"]


def test_stays_silent_where_every_row_counts(evidence_of):
    """Pure noise: all labels are equally unexpected, so no quarter carries little."""
    rng = np.random.default_rng(0)
    result = check.run(evidence_of(rng.normal(size=(200, 3)), rng.integers(0, 2, 200)))
    assert result.findings == ()
    assert result.measured[0].value > 0.125


def test_not_applicable_to_few_rows(evidence_of):
    with pytest.raises(NotApplicable, match="at least 100 rows"):
        check.run(evidence_of(*blobs(60)))
