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
    assert all(item.low > 0.97 and item.value == pytest.approx(1.0) for item in finding.measured[:2])
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
    assert "absent for a reason" in finding.caveat  # nothing of thresholds


def test_fires_on_a_number_that_is_the_label_in_other_units(evidence_of):
    X, y = make_regression(500, 8, n_informative=8, noise=20, random_state=0)
    X = np.column_stack([X, np.exp(y / y.std())])
    assert errors(sw106.run(evidence_of(X, y))) == ["x8"]


def test_says_what_is_left_without_the_leak_and_which_option_leaves_it_out(evidence_of):
    frame, y = table()
    frame["the code"] = pd.Series(y).map({"low": 3.0, "mid": 1.0, "top": 2.0})
    evidence = evidence_of(frame, y)
    (finding,) = sw106.run(evidence).findings
    given, left = finding.measured[1:]
    assert given.quantity == "held_out_error with the code"
    assert left.quantity == "held_out_error without the code"
    assert given.value < 0.02 < left.value
    assert str(left.without_reason()) in finding.explanation
    assert finding.remedies[0].action.endswith("--drop-columns 'the code'")
    alone = evidence_of(frame.drop(columns="the code"), y)
    assert left.value == pytest.approx((alone.held_out_outputs.argmax(axis=1) != alone.target.codes).mean(), abs=0.03)


def numbers(rows: int = 400, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Five honest columns; the label rises with each, at most by a rank correlation of .96."""
    draw = np.random.default_rng(seed)
    y = draw.lognormal(3.0, 0.6, rows)
    frame = pd.DataFrame({f"f{k}": y + (0.35 + k) * 9.0 * draw.normal(size=rows) for k in range(5)})
    return frame, y


def test_a_column_in_the_order_of_the_label_is_named_whatever_the_others_say(evidence_of):
    frame, y = numbers()
    frame["log"] = np.log(y)
    frame["rounded"] = np.round(y + 2.0 * np.random.default_rng(1).normal(size=len(y)))
    (proven, asked) = sw106.run(evidence_of(frame, y)).findings
    assert (proven.severity, proven.keys) == ("error", ("log",))
    assert "rank correlation is 1.0000" in proven.explanation
    assert (asked.severity, asked.keys) == ("warning", ("rounded",))


def test_a_straight_line_in_nearly_all_rows_is_named(evidence_of):
    frame, y = numbers()
    y = np.round(y, 1)
    frame["pounds"] = y / 16.0
    frame.loc[:7, "pounds"] = 0.01 * np.arange(8)
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("warning", ("pounds",))
    assert "straight line of pounds in 98 %" in finding.explanation


def test_honest_numbers_that_follow_the_label_closely_are_no_leak(evidence_of):
    for seed in range(6):
        frame, y = numbers(seed=seed)
        correlation = frame.corrwith(pd.Series(y), method="spearman")
        assert 0.9 < correlation.max() < 0.98
        assert sw106.run(evidence_of(frame, y)).findings == ()


def test_two_cuts_that_separate_the_classes_are_named(evidence_of):
    draw = np.random.default_rng(0)
    frame, y = pd.DataFrame(draw.normal(size=(400, 6)), columns=list("abcdef")), draw.integers(0, 2, 400)
    frame["week"] = np.where(y == 1, draw.integers(1, 52, 400), 52.0)
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("warning", ("week",))


def test_columns_that_are_the_label_together_are_named(evidence_of):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.integers(1, 300, (300, 5)), columns=["riders", "members", "heat", "wind", "rain"])
    y = (frame["riders"] + frame["members"]).to_numpy(dtype=float)
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("error", ("riders", "members"))
    assert "The label is riders + members in 100 % of the rows" in finding.explanation
    assert finding.measured[1].value < finding.measured[2].value


def test_a_name_alone_is_a_question(evidence_of):
    frame, y = table()
    frame["discharged"] = np.random.default_rng(0).normal(size=len(y))
    (finding,) = sw106.run(evidence_of(frame, y)).findings
    assert (finding.severity, finding.keys) == ("note", ("discharged",))
    assert finding.title == "when is discharged known?"


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
