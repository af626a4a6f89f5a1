from typing import get_args

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, make_blobs, make_classification

from samplewise.auditing.checks import sw201_disputed_labels as check
from samplewise.core.errors import NotApplicable
from samplewise.engine.refits.folded_rows import outer_folds
from samplewise.labels.list_judgment import Rule


@pytest.fixture(scope="module")
def planted():
    X, truth = load_digits(return_X_y=True)
    X, truth = X[:900], truth[:900]
    struck = np.random.default_rng(0).random(900) < 0.1
    return X, np.where(struck, (truth + np.random.default_rng(1).integers(1, 10, 900)) % 10, truth), truth


@pytest.fixture(scope="module")
def checked(planted, evidence_of):
    X, given, _ = planted
    evidence = evidence_of(X, given)
    return evidence, check.run(evidence)


def test_fires_on_planted_labels_with_rows_and_suggestions(checked, planted):
    _, result = checked
    _, given, truth = planted
    finding = result.findings[0]
    assert finding.severity == "error"
    assert finding.title == f"{len(finding.keys)} rows whose label the model disputes"
    keys = np.array(finding.keys)
    assert (given != truth)[keys].mean() > 0.95
    assert np.isin(np.flatnonzero(given != truth), keys).mean() > 0.85
    kinds = [remedy.kind for remedy in finding.remedies]
    assert kinds == ["relabel", "drop", "review"]
    relabel = finding.remedies[0]
    assert (np.array(relabel.values) == truth[np.array(relabel.keys)]).mean() > 0.9
    rate, precision = finding.measured
    assert rate.low <= np.mean(given != truth) <= rate.high
    assert abs(precision.value - (given != truth)[keys].mean()) < 0.05


def test_scores_and_exhibits_are_there_for_the_report(checked):
    evidence, result = checked
    (scores,) = result.scores
    assert scores.quantity == "wrong_label"
    assert scores.unit == "probability"
    assert len(scores) == len(evidence.data)
    sheet, matrix = result.exhibits
    assert sheet.kind == "rows"
    assert len(sheet.columns["id"]) == len(result.findings[0].keys)
    assert sheet.columns["probability"].min() > 0.5
    assert matrix.kind == "matrix"
    assert len(matrix.columns["value"]) == 100
    assert {estimate.quantity for estimate in result.measured} == {"noise_rate", "skill", "noise_rate_if_facts"}


def test_rules_do_in_the_whole_what_the_finding_says(checked):
    evidence, result = checked
    rules = check.rules(evidence)
    finding = result.findings[0]
    for remedy in finding.remedies[:2]:
        change = rules[remedy.kind](evidence.whole)
        assert change.kind == remedy.kind
        assert set(evidence.data.ids[change.rows]) == set(remedy.keys)


def test_no_label_of_a_held_out_row_reaches_a_rule(planted, evidence_of):
    X, given, _ = planted
    one = evidence_of(X[:400], given[:400])
    folded = outer_folds(one.runner, one.folds[0])[0]
    poisoned = given[:400].copy()
    outside = one.folds[0] == folded.left_out
    poisoned[outside] = (poisoned[outside] + 3) % 10
    two = evidence_of(X[:400], poisoned)
    folds = one.folds[0]
    other = outer_folds(two.runner, folds)[0]
    for kind, rule in check.rules(one).items():
        first, second = rule(folded), rule(other)
        np.testing.assert_array_equal(first.rows, second.rows, err_msg=kind)
        np.testing.assert_array_equal(first.values, second.values, err_msg=kind)


@pytest.mark.parametrize("seed", range(6))
def test_stays_silent_on_clean_synthetic_data(seed, evidence_of):
    X, y = make_classification(400, 10, n_informative=5, flip_y=0, random_state=seed)
    overlapping = make_blobs(400, n_features=4, centers=3, cluster_std=5.0, random_state=seed)
    for data in ((X, y), overlapping):
        assert not [f for f in check.run(evidence_of(*data)).findings if f.severity == "error"]


def test_what_only_one_kind_of_model_disputes_is_a_note(evidence_of):
    X, y = make_classification(2000, 20, random_state=10)  # a ridge head fails to learn a corner of it
    evidence = evidence_of(X, y)
    assert evidence.label_posterior.beyond_chance
    finding = check.run(evidence).findings[0]
    assert finding.severity == "note"
    assert "kinds of model do not agree" in finding.title
    assert [remedy.kind for remedy in finding.remedies] == ["review"]


def test_where_nothing_is_learned_there_is_no_list_no_rate_and_no_remedy(evidence_of):
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(600, 4)), draw.integers(0, 2, 600)
    X[:5] += 30 * (y[:5, None] - 0.5)
    result = check.run(evidence_of(X, y))
    for finding in result.findings:
        assert finding.severity == "note"
        assert finding.title == "Whether labels are wrong cannot be told"
        assert (finding.keys, finding.remedies) == ((), ())
    assert not result.findings or np.isnan(result.measured[0].value)


def test_numbers_ten_times_too_large_are_called_wrong_and_two_odd_ones_are_not(evidence_of):
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = 100.0 + X @ np.arange(5.0, 8.0) + np.random.default_rng(1).normal(size=300)
    slipped = y.copy()
    slipped[::30] *= 10.0
    finding = check.run(evidence_of(X, slipped)).findings[0]
    assert set(finding.keys) == set(range(0, 300, 30))
    assert finding.severity in ("error", "warning")
    assert finding.remedies[0].kind == "relabel"
    assert all(isinstance(value, float) for value in finding.remedies[0].values)
    y[[3, 77]] += 60.0
    result = check.run(evidence_of(X, y))
    (odd,) = result.findings
    assert set(odd.keys) == {3, 77}
    assert odd.severity == "note"
    assert [remedy.kind for remedy in odd.remedies] == ["review"]
    assert not any(exhibit.kind == "matrix" for exhibit in result.exhibits)


def test_slips_that_the_labels_alone_show_are_to_be_looked_at_though_nothing_was_learned(evidence_of):
    X, draw = np.random.default_rng(0).normal(size=(300, 3)), np.random.default_rng(1)
    y = draw.normal(120.0, 18.0, 300)  # no column tells of it
    y[::15] *= np.where(np.arange(20) % 2, 10.0, 0.1)
    result = check.run(evidence_of(X, y))
    (finding,) = result.findings
    assert finding.severity == "warning"
    assert finding.title == f"{len(finding.keys)} rows with numbers ten times off, or of the other sign"
    assert len(finding.keys) >= 15
    assert set(finding.keys) <= set(range(0, 300, 15))
    assert [remedy.kind for remedy in finding.remedies] == ["review"]
    assert np.isnan(result.measured[0].value)


def test_numbers_of_the_odd_sign_in_a_wide_column_are_a_note_that_asks(evidence_of):
    y = np.random.default_rng(1).lognormal(3.0, 1.0, 300)  # no column tells of it
    y[::20] *= -1.0
    findings = check.run(evidence_of(np.random.default_rng(0).normal(size=(300, 3)), y)).findings
    asked = findings[-1]
    assert asked.severity == "note"
    assert set(asked.keys) <= set(range(0, 300, 20))
    assert {key for finding in findings for key in finding.keys} >= set(range(0, 300, 20))
    assert (
        asked.title == f"{len(asked.keys)} rows with numbers that a turned sign or a moved decimal point would explain"
    )
    assert "not counted among the wrong labels" in asked.explanation
    assert [remedy.kind for remedy in asked.remedies] == ["review"]


def test_numbers_that_no_slip_explains_are_a_note_beside_those_called_wrong(evidence_of):
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = 100.0 + X @ np.arange(5.0, 8.0) + np.random.default_rng(1).normal(size=300)
    y[::30] *= 10.0
    y[5::100] += np.array([60.0, -60.0, 60.0])
    found, beside = check.run(evidence_of(X, y)).findings
    assert set(found.keys) == set(range(0, 300, 30))
    assert beside.severity == "note"
    assert {5, 105, 205} <= set(beside.keys)
    assert not set(beside.keys) & set(found.keys)
    assert "no turned sign explains them" in beside.explanation
    assert [remedy.kind for remedy in beside.remedies] == ["review"]


def test_supplied_predictions_are_used_and_the_caveat_says_what_is_tested(planted, evidence_of):
    X, given, truth = planted
    P = np.where(np.eye(10)[truth] > 0, 0.91, 0.01)
    finding = check.run(evidence_of(X, given, probabilities=P)).findings[0]
    assert (given != truth)[np.array(finding.keys)].mean() > 0.99
    assert "not the predictions you supplied" in finding.caveat


def test_a_mixed_table_shows_cells_with_typical_values(evidence_of):
    draw = np.random.default_rng(0)
    kind = draw.choice(["cat", "dog", "fox"], 300)
    weight = np.select([kind == "cat", kind == "dog"], [4.0, 20.0], 8.0) + 0.3 * draw.normal(size=300)
    frame = pd.DataFrame({"weight": weight, "name": np.where(kind == "dog", "Rex", "Tom"), "n": draw.normal(size=300)})
    given = np.where(np.arange(300) % 20 == 0, "dog", kind)
    result = check.run(evidence_of(frame, given, learner="boosting"))
    sheet = next(exhibit for exhibit in result.exhibits if exhibit.kind == "rows")
    assert '["weight", ' in sheet.columns["telling"][0]
    assert '"name", "Tom", "Rex"' in sheet.columns["telling"][0]


def test_a_handful_of_rows_is_not_applicable(evidence_of):
    with pytest.raises(NotApplicable, match="fewer than 20 rows"):
        check.run(evidence_of(np.arange(12.0)[:, None], np.arange(12) % 2))


def test_every_rule_that_calls_nothing_wrong_has_a_title():
    assert set(get_args(Rule)) - {"nothing disputed", "wrong labels"} == set(check.TITLES)
