import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_blobs, make_classification, make_regression

from samplewise.auditing.checks import sw106_label_given_away as sw106
from samplewise.auditing.run import missing_need
from samplewise.core.errors import NotApplicable


def table(rows: int = 600, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    X, y = make_classification(rows, 8, n_informative=4, n_classes=3, random_state=seed)
    return pd.DataFrame(X, columns=[f"f{k}" for k in range(8)]), np.array(["low", "mid", "top"])[y]


def errors(result) -> list[str]:
    return [key for finding in result.findings if finding.severity == "error" for key in finding.keys]


def test_fires_on_the_label_under_another_name(evidence_of):
    frame, y = table()
    frame["code"] = pd.Series(y).map({"low": "K", "mid": "T", "top": "B"})
    frame["number"] = pd.Series(y).map({"low": 3.0, "mid": 1.0, "top": 2.0})
    result = sw106.run(evidence_of(frame, y))
    assert sorted(errors(result)) == ["code", "number"]
    (finding,) = result.findings
    assert finding.title == "2 columns give the label away"
    assert finding.axis == "column"
    assert "classes under another name" in finding.explanation
    assert all(item.low > 0.97 and item.value == pytest.approx(1.0) for item in finding.measured)
    assert result.scores[0].top(2).keys.tolist() == result.exhibits[0].columns["name"][:2].tolist()


def test_fires_on_the_label_behind_a_little_noise(evidence_of):
    frame, y = table(seed=1)
    codes = np.unique(y, return_inverse=True)[1]
    frame["reading"] = codes + 0.05 * np.random.default_rng(0).normal(size=len(y))
    assert errors(sw106.run(evidence_of(frame, y))) == ["reading"]


def test_asks_about_a_code_that_is_right_nine_times_in_ten(evidence_of):
    frame, y = table(seed=2)
    wrong = np.random.default_rng(0).random(len(y)) < 0.1
    frame["code"] = np.where(wrong, np.roll(y, 1), y)
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("warning", ("code",))
    assert "may give the label away" in finding.title


def test_fires_on_gaps_that_are_the_label(evidence_of):
    frame, y = table(seed=3)
    y = np.where(y == "low", "ill", "well")
    frame["discharged"] = np.where(y == "ill", np.nan, np.random.default_rng(0).normal(size=len(y)))
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("error", ("discharged",))
    assert "has a value" in finding.explanation


def test_fires_on_a_number_that_is_the_label_in_other_units(evidence_of):
    X, y = make_regression(500, 8, n_informative=8, noise=20, random_state=0)
    X = np.column_stack([X, np.exp(y / y.std())])
    assert errors(sw106.run(evidence_of(X, y))) == ["x8"]


def test_finds_the_leak_among_many_sparse_columns(evidence_of):
    draw = np.random.default_rng(0)
    X = sparse.random(400, 3000, density=0.02, random_state=0, format="csr")
    y = draw.integers(0, 2, 400)
    X = sparse.hstack([X, sparse.csr_matrix(y[:, None] * 2.0)], format="csr")
    assert errors(sw106.run(evidence_of(X, y))) == ["x3000"]


def test_stays_silent_on_honest_features(evidence_of):
    found = []
    for seed in range(12):
        made = (
            make_classification(300, 10, random_state=seed),
            make_blobs(300, 2, centers=3, random_state=seed),
            make_blobs(300, 8, random_state=seed),
            make_regression(300, 8, n_informative=8, noise=5, random_state=seed),
        )
        for X, y in made:
            found += sw106.run(evidence_of(X, y)).findings
    assert not [finding for finding in found if finding.severity == "error"]
    assert len(found) <= 4


def test_one_honest_feature_that_separates_blobs_is_no_error(evidence_of):
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, 400)
    X = np.column_stack([y * 20.0, y * 9.0]) + draw.normal(size=(400, 2))
    assert sw106.run(evidence_of(X, y)).findings == ()


def test_a_threshold_on_one_column_is_a_question_not_an_error(evidence_of):
    X = np.random.default_rng(0).normal(size=(500, 8))
    (finding,) = sw106.run(evidence_of(X, X[:, 3] > 0)).findings
    assert (finding.severity, finding.keys) == ("warning", ("x3",))


def test_luck_among_many_columns_is_not_a_leak(evidence_of):
    draw = np.random.default_rng(0)
    X, y = draw.integers(0, 2, size=(24, 5000)).astype(float), np.arange(24) % 2
    assert sw106.run(evidence_of(X, y)).findings == ()


def test_row_order_changes_nothing(evidence_of):
    frame, y = table()
    order = np.random.default_rng(4).permutation(len(y))
    one, two = sw106.run(evidence_of(frame, y)), sw106.run(evidence_of(frame.iloc[order], y[order]))
    np.testing.assert_array_equal(one.scores[0].values, two.scores[0].values)


def test_is_not_applicable_to_pictures_embeddings_and_a_handful_of_rows(evidence_of):
    draw = np.random.default_rng(0)
    y = np.arange(40) % 2
    pictures = draw.integers(0, 255, (40, 8, 8), dtype=np.uint8)
    embedded = evidence_of(draw.normal(size=(40, 3)), y, embeddings=draw.normal(size=(40, 4)))
    assert "pictures and embeddings" in missing_need(sw106, evidence_of(pictures, y))
    assert "pictures and embeddings" in missing_need(sw106, embedded)
    with pytest.raises(NotApplicable, match="fewer than 20 rows"):
        sw106.run(evidence_of(draw.normal(size=(12, 3)), y[:12]))


def test_the_bars_are_on_the_scale_of_the_metric_where_classes_are_unbalanced(evidence_of):
    draw = np.random.default_rng(0)
    y = np.arange(600) % 20 == 0
    frame = pd.DataFrame({"noise": draw.normal(size=600), "level": draw.normal(size=600) + 2.0 * y})
    (bars,) = sw106.run(evidence_of(frame, y)).exhibits
    assert bars.unit == "skill by area under the ROC curve: 1 = everything, 0 = chance"
    assert bars.columns["name"].tolist() == ["level", "noise"]
    assert bars.columns["value"][0] > 0.6
    (bars,) = sw106.run(evidence_of(frame, y, metric="accuracy")).exhibits
    assert bars.unit == "skill: 1 = everything, 0 = nothing"
