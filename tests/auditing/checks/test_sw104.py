import json

import numpy as np
import pytest

from samplewise.auditing.checks import sw104_outliers as sw104
from samplewise.core.errors import NotApplicable
from samplewise.data import Dataset


def cloud(seed: int = 0, rows: int = 600, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(seed).normal(size=(rows, columns))
    return X, (X[:, 0] > 0).astype(int)


def planted(share: float = 0.02) -> tuple[np.ndarray, np.ndarray, set[int]]:
    X, y = cloud()
    count = round(share * len(X))
    X[:count] += 12 * np.random.default_rng(1).choice([-1.0, 1.0], size=(count, 6))
    return X, y, set(range(count))


def test_fires_on_far_rows_scores_all_and_shows_them(evidence_of):
    X, y, far = planted()
    result = sw104.run(evidence_of(X, y))
    (finding,) = result.findings
    assert set(finding.keys) == far
    assert finding.severity == "warning"
    assert finding.title == "12 rows far from everything"
    (scores,) = result.scores
    assert scores.quantity == "outlierness"
    assert set(scores.top(12).keys.tolist()) == far
    assert np.median(scores.values) == pytest.approx(1.0, abs=0.2)
    assert result.exhibits[0].columns["id"].tolist() == list(finding.keys)
    assert "times the usual distance" in result.exhibits[0].columns["reason"][0]


def test_rows_that_a_code_puts_there_are_told(evidence_of):
    X, y = cloud()
    X = X + 40.0
    X[[3, 9], 0] = -999.0
    (finding,) = sw104.run(evidence_of(X, y)).findings
    assert set(finding.keys) == {3, 9}
    assert "2 of them hold what looks like a code for a missing value (SW108)" in finding.explanation
    X, y, _ = planted()
    assert "SW108" not in sw104.run(evidence_of(X, y)).findings[0].explanation


def test_every_unusual_cell_of_a_row_is_shown(evidence_of):
    X, y = cloud()
    X[5, [0, 2, 4]] = 40.0
    (exhibit,) = sw104.run(evidence_of(X, y)).exhibits
    telling = json.loads(exhibit.columns["telling"][0])
    assert sorted(cell[:2] for cell in telling[:3]) == [["x0", 40], ["x2", 40], ["x4", 40]]
    assert exhibit.finding == 0


def test_a_single_far_row_is_a_note(evidence_of):
    X, y, _ = planted(1 / 600)
    (finding,) = sw104.run(evidence_of(X, y)).findings
    assert (finding.title, finding.severity, finding.keys) == ("1 row far from everything", "note", (0,))
    assert finding.remedies[1].reason
    assert sw104.rules(evidence_of(X, y)) == {}


def test_the_rule_drops_the_listed_rows_of_a_part(evidence_of):
    X, y, far = planted()
    evidence = evidence_of(X, y)
    change = sw104.rules(evidence)["drop"](evidence.whole)
    assert (change.kind, set(change.rows.tolist())) == ("drop", far)


def test_row_order_changes_nothing(evidence_of):
    X, y, _ = planted()
    data = Dataset(X, y)
    turned = data.take(np.random.default_rng(2).permutation(len(y)))
    one, two = (sw104.run(evidence_of(rows)) for rows in (data, turned))
    assert one.findings[0].keys == two.findings[0].keys
    np.testing.assert_allclose(two.scores[0].aligned_to(data.ids).values, one.scores[0].values, rtol=1e-6)


def test_stays_silent_on_clouds_and_clusters_of_different_density(evidence_of):
    listed = 0
    for seed in range(12):
        X, y = cloud(seed, columns=(4, 10, 30)[seed % 3])
        if seed % 2:
            X[300:] = 20 + 4 * X[300:]
        result = sw104.run(evidence_of(X, y))
        assert all(finding.severity == "note" for finding in result.findings)
        listed += sum(len(finding.keys) for finding in result.findings)
    assert listed <= 6


def test_exact_duplicates_are_no_reason_for_a_division_by_zero(evidence_of):
    X, y = cloud()
    X[:100] = X[0]
    result = sw104.run(evidence_of(X, y))
    assert np.isfinite(result.scores[0].values).all()
    assert not set(range(100)) & {key for finding in result.findings for key in finding.keys}


def test_is_not_applicable_to_a_handful_of_rows(evidence_of):
    with pytest.raises(NotApplicable, match="fewer than 50 rows"):
        sw104.run(evidence_of(*cloud(rows=40)))
    assert sw104.rules(evidence_of(*cloud(rows=40))) == {}


def test_one_far_row_of_a_small_table_is_no_pattern(evidence_of):
    X, y = cloud(rows=60)
    X[0] = 40.0
    (finding,) = sw104.run(evidence_of(X, y)).findings
    assert (finding.severity, finding.keys) == ("note", (0,))
    assert finding.explanation.startswith("The ten nearest rows of it are ")
    assert [remedy.action for remedy in finding.remedies[1:]] == ["Drop this row"]
