"""SW501: error and what it certifies."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from samplewise.auditing.checks import sw501_error as check
from samplewise.core.errors import NotApplicable
from samplewise.data import Dataset


def blobs(rows=300, seed=0, apart=3.0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 3)) + apart * y[:, None], y


def test_fires_where_nothing_was_learned(evidence_of):
    X, _ = blobs()
    y = np.random.default_rng(9).integers(0, 2, 300)
    (finding,) = check.run(evidence_of(X, y)).findings
    assert finding.severity == "error"
    assert "no better than guessing" in finding.title
    assert finding.measured[0].low < 0


def test_few_rows_are_a_warning(evidence_of):
    X, _ = blobs(60)
    (finding,) = check.run(evidence_of(X, np.random.default_rng(9).integers(0, 2, 60))).findings
    assert finding.severity == "warning"


def test_regression_noise_fires(evidence_of):
    rng = np.random.default_rng(0)
    (finding,) = check.run(evidence_of(rng.normal(size=(200, 3)), rng.normal(size=200))).findings
    assert finding.severity == "error"


def test_stays_silent_and_measures(evidence_of):
    result = check.run(evidence_of(*blobs(apart=1.0)))
    assert result.findings == ()
    (error,) = result.measured
    assert error.quantity == "held_out_error"
    assert error.unit == "share of rows"
    assert error.low <= error.value <= error.high
    assert 0.05 < error.value < 0.25
    assert "not a guarantee" in error.reason
    notes, bars = result.exhibits
    assert "An average over cross-fitted models, no promise for one model" in notes.note
    assert notes.columns["error_at_most"][0] == pytest.approx(100 * error.high)
    assert list(bars.columns["name"]) == ["0", "1"]
    assert bars.columns["rows"].sum() == 300


def test_a_rare_class_is_a_note_not_an_alarm(evidence_of):
    rng = np.random.default_rng(3)
    y = (rng.random(1000) < 0.06).astype(int)
    X = rng.normal(size=(1000, 2)) + 0.9 * y[:, None]
    findings = check.run(evidence_of(X, y)).findings
    assert [finding.severity for finding in findings] in ([], ["note"])


def test_a_test_set_is_a_certificate(evidence_of):
    X, y = blobs(apart=1.5)
    test = Dataset(*blobs(200, seed=1, apart=1.5))
    held_out, certificate = check.run(evidence_of(X, y, test=test)).measured
    assert certificate.quantity == "test_error"
    assert "no part in any choice" in certificate.reason
    errors = round(certificate.value * 200)
    assert stats.binom.cdf(errors, 200, certificate.high) == pytest.approx(0.025)
    assert held_out.quantity == "held_out_error"


def test_the_trust_statement_of_a_test_set_has_a_number_and_what_it_assumes(evidence_of):
    X, y = blobs(apart=1.5)
    evidence = evidence_of(X, y, test=Dataset(*blobs(200, seed=1, apart=1.5)))
    notes, _ = check.run(evidence).exhibits
    (bound,) = notes.columns["error_at_most"]
    errors = round(check.run(evidence).measured[1].value * 200)
    assert stats.binom.cdf(errors, 200, bound / 100) == pytest.approx(0.05)
    assert notes.note.startswith(
        f"Of rows drawn like the test set this model gets at most {bound:.3g} % wrong, said with"
    )
    assert "played no part in any choice" in notes.note


def test_further_evaluations_take_the_certificate_away(evidence_of):
    X, y = blobs(apart=1.5)
    evidence = evidence_of(X, y, test=Dataset(*blobs(200, seed=1, apart=1.5)), n_test_evaluations=30)
    result = check.run(evidence)
    assert "no certificate" in result.measured[1].reason
    notes = result.exhibits[0]
    fixed, compared, improved, seen = notes.columns["error_at_most"]
    assert fixed < compared < improved < seen
    assert "all 30 models were fixed before" in notes.note
    assert "if scores shaped later ones" in notes.note


def test_the_trust_statement_of_numbers(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=300)
    evidence = evidence_of(X[:200], y[:200], test=Dataset(X[200:], y[200:]))
    (once,) = check.run(evidence).exhibits
    assert "is off by at most" in once.note
    (often,) = check.run(replace(evidence, n_test_evaluations=30)).exhibits
    assert often.columns["error_at_most"][0] > once.columns["error_at_most"][0]
    assert "no bound is known" in often.note


def test_regression_reports_both_scores(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    result = check.run(evidence_of(X, X @ [1.0, 2.0, 3.0] + rng.normal(size=300)))
    assert [estimate.quantity for estimate in result.measured] == ["held_out_error", "held_out_explained_variance"]
    assert result.measured[1].value > 0.8
    assert "models of this kind are off by about" in result.exhibits[0].note


def test_duplicates_widen_the_interval(evidence_of):
    X, y = blobs(apart=1.0)
    repeated = check.run(evidence_of(np.tile(X, (4, 1)), np.tile(y, 4))).measured[0]
    alone = check.run(evidence_of(X, y)).measured[0]
    assert repeated.high - repeated.low > 0.8 * (alone.high - alone.low)


def test_not_applicable_without_a_held_out_prediction(evidence_of, monkeypatch):
    evidence = evidence_of(*blobs())
    monkeypatch.setattr(check, "evaluated_losses", lambda evidence: np.full(300, np.nan))
    with pytest.raises(NotApplicable, match="no row has a held-out prediction"):
        check.run(evidence)


def test_there_is_nothing_to_test(evidence_of):
    assert check.rules(evidence_of(*blobs())) == {}


def rare(rows=600, share=0.1, apart=2.0, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) < share * rows
    return rng.normal(size=(rows, 2)) + apart * y[:, None], np.where(y, "ill", "well")


def test_unbalanced_classes_are_measured_by_the_area_under_the_curve_first(evidence_of):
    evidence = evidence_of(*rare())
    area, error = check.run(evidence).measured
    assert (area.quantity, area.unit) == ("held_out_area_under_the_ROC_curve", "share of pairs ranked right")
    assert error.quantity == "held_out_error"
    truth = evidence.target.codes == 1
    outputs = evidence.held_out_outputs
    assert area.value == pytest.approx(roc_auc_score(truth, outputs[:, 1] - outputs[:, 0]), abs=1e-9)
    assert 0.5 < area.low < area.value < area.high <= 1.0
    assert "always predicting one class gives 50 %" in area.reason
    assert check.run(evidence_of(*rare(), metric="accuracy")).measured[0].quantity == "held_out_error"


def test_of_several_classes_it_is_balanced_accuracy(evidence_of):
    X, y = rare()
    y = np.where((y == "well") & (np.arange(600) % 15 == 0), "other", y)
    balanced, _ = check.run(evidence_of(X, y)).measured
    assert balanced.quantity == "held_out_balanced_accuracy"
    assert "gives 33.3 %" in balanced.reason


def test_where_every_pair_is_ranked_right_the_rows_bound_what_that_proves(evidence_of):
    area, _ = check.run(evidence_of(*rare(200, apart=60.0))).measured
    assert area.value == 1.0
    assert 0.8 < area.low < 0.9  # of 20 rows without a mistake


def test_a_class_of_a_handful_of_rows_is_bounded_and_never_a_number(evidence_of):
    result = check.run(evidence_of(*rare(400, share=0.0125, apart=60.0)))  # five rows, all predicted right
    assert [one.quantity for one in result.measured] == ["held_out_error"]
    bars = result.exhibits[1]
    assert list(bars.columns["name"]) == ["well"]
    assert "Too few rows to measure: ill (5 rows): at most 52 %." in bars.note


def test_a_certificate_says_of_which_classes_it_says_nothing(evidence_of):
    X, y = rare()
    _, _, *certified = check.run(evidence_of(X, y, test=Dataset(*rare(60, share=0.05, seed=1)))).measured
    assert [one.quantity for one in certified] == ["test_error"]
    assert "it says nothing of classes with fewer than 10 test rows: ill (3 rows)" in certified[0].reason
    _, _, *certified = check.run(evidence_of(X, y, test=Dataset(*rare(200, seed=1)))).measured
    assert [one.quantity for one in certified] == ["test_area_under_the_ROC_curve", "test_error"]


def test_five_rows_of_a_class_prove_no_failure(evidence_of):
    X, y = rare(400, share=0.0125, apart=0.0)
    (finding,) = check.run(evidence_of(X, y)).findings
    assert finding.severity == "warning"


def test_a_learner_that_fails_is_the_finding_with_the_one_that_does_not(evidence_of):
    X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
    y = (X[:, 0] > 0) ^ (X[:, 1] > 0)
    (finding,) = check.run(evidence_of(X, y, learner="linear")).findings
    assert finding.title.startswith("Another learner errs less")
    assert "no better than guessing" not in finding.title
    assert 'learner="' in finding.remedies[0].action
    assert finding.measured[0].unit == "points"
    assert finding.measured[0].value > 20
    assert finding.severity == "warning"


def test_a_few_far_numbers_are_no_proof_that_nothing_was_learned(evidence_of):
    x = np.linspace(0.0, 10.0, 200)
    y = 5.0 + x + 0.5 * np.random.default_rng(0).normal(size=200)
    y[[10, 60, 110]] *= -4000.0
    (finding,) = check.run(evidence_of(x[:, None], y, learner="linear")).findings
    assert finding.severity == "note"
    assert "far from all others" in finding.title
    assert finding.measured[0].quantity == "held_out_rank_correlation"
    assert finding.measured[0].value > 0.8
