"""SW401: learning curve and what more data buys."""

import numpy as np
import pytest

from samplewise.auditing.checks import sw401_learning_curve as check
from samplewise.auditing.checks import sw501_error
from samplewise.core.errors import NotApplicable


def steep(rows=800, seed=0):
    """Twenty small clusters: every one has to be seen."""
    rng = np.random.default_rng(seed)
    center = np.random.default_rng(1).uniform(-6, 6, size=(60, 2))
    which = rng.integers(0, 60, rows)
    return center[which] + 0.3 * rng.normal(size=(rows, 2)), which % 2


def test_fires_with_a_forecast_to_collect_by(evidence_of):
    evidence = evidence_of(*steep())
    result = check.run(evidence)
    (finding,) = result.findings
    assert finding.severity == "note"
    remedy = finding.remedies[0]
    assert remedy.kind == "collect"
    assert remedy.effect.quantity == "forecast"
    assert remedy.effect.low < remedy.effect.value < remedy.effect.high
    assert "needs new rows" in remedy.reason
    assert "800" in remedy.action
    assert result.measured[0].value > 0


def test_the_curve_holds_measured_points_here_and_forecasts(evidence_of):
    (curve,) = check.run(evidence_of(*steep())).exhibits
    status = list(curve.columns["status"])
    assert status[-3:] == ["here", "forecast", "forecast"]
    np.testing.assert_array_equal(curve.columns["rows trained on"][-3:], [800, 1600, 3200])
    assert np.all(np.diff(curve.columns["rows trained on"]) > 0)
    assert np.all(curve.columns["low"] <= curve.columns["value"])
    assert curve.columns["value"][0] > curve.columns["value"][-3]


def test_the_other_number_for_the_error_is_explained_beside_the_curve(evidence_of):
    evidence = evidence_of(*steep())
    (curve,) = check.run(evidence).exhibits
    (error,) = sw501_error.run(evidence).measured
    measured = curve.columns["value"][curve.columns["status"] == "measured"]
    assert f"The held-out error of SW501, {100 * error.value:.3g} %, is another average" in curve.note
    assert "each saw 4 of 5 folds" in curve.note
    assert f"the curve ends at {measured[-1]:.3g} %, of models trained on" in curve.note


def test_of_numbers_it_is_named_as_sw501_names_it_and_on_the_scale_of_the_curve(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    evidence = evidence_of(X, X @ [1.0, 2.0, 3.0] + rng.normal(size=300), weights=np.arange(1.0, 301.0))
    (curve,) = check.run(evidence).exhibits
    error = sw501_error.run(evidence).measured[0]
    assert error.quantity == "held_out_error"
    assert f"SW501, {error.value:.3g} in the label's unit, is another average" in curve.note


def test_a_curve_beside_the_users_probabilities_says_whose_it_is(evidence_of):
    X, y = steep()
    given = np.where(np.eye(2)[y] == 1, 0.9, 0.1)
    given[::9] = given[::9, ::-1]
    (curve,) = check.run(evidence_of(X, y, probabilities=given)).exhibits
    assert "This curve is of the audit's learner" in curve.note
    assert "not of your probabilities" in curve.note


def test_a_flat_curve_says_so(evidence_of):
    """Silence here is a sentence: collecting more of the same is not advised."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 1))
    y = np.where(rng.random(1000) < 0.2, 1, 0) ^ (X[:, 0] > 0)
    (finding,) = check.run(evidence_of(X, y, learner="linear")).findings
    assert finding.measured[0].low <= 0.5
    assert "worth its price" not in finding.explanation or finding.measured[0].low > 0
    if finding.measured[0].low <= 0:
        assert finding.title.endswith(("leave the error as it is", ", if at all"))


def test_errors_of_numbers_are_in_the_unit_of_the_label(evidence_of):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=300)
    plain, thousands = (check.run(evidence_of(X, factor * y)) for factor in (1.0, 1000.0))
    assert plain.measured[0].unit == "in the label's unit"
    assert thousands.measured[0].value == pytest.approx(1000 * plain.measured[0].value, rel=0.05)
    ends = [result.exhibits[0].columns["value"][-3] for result in (plain, thousands)]
    assert ends[1] == pytest.approx(1000 * ends[0], rel=0.05)
    assert plain.exhibits[0].unit == "error, in the label's unit"
    assert "the curve ends at" in plain.exhibits[0].note
    assert "%, of models" not in plain.exhibits[0].note


def test_not_applicable_to_few_rows(evidence_of):
    X, y = steep(50)
    with pytest.raises(NotApplicable, match="at least 60 rows"):
        check.run(evidence_of(X, y))
    many = np.random.default_rng(0).normal(size=(100, 2)), np.array([f"c{i % 20}" for i in range(100)])
    with pytest.raises(NotApplicable, match="three training sizes"):
        check.run(evidence_of(*many))
    assert check.rules(None) == {}
