"""Rows are drawn at random and claimed of with an exact interval, per segment and at any time."""

import numpy as np
import pytest
from scipy import stats

from samplewise.core.errors import InputError
from samplewise.engine.statistics import share_interval
from samplewise.shift import certify_error, plan_labels


def place(rows, seed, spread=1.0):
    """Probabilities that are right about themselves, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    chance = 1.0 / (1.0 + np.exp(-spread * 2.0 * rng.normal(size=rows)))
    return np.c_[1.0 - chance, chance], (rng.random(rows) < chance).astype(int)


def test_the_guess_is_the_error_where_confidence_means_the_same():
    source, (outputs, truth) = place(4000, 0), place(4000, 1, 0.4)
    plan = plan_labels(source, outputs)
    error = np.mean(outputs.argmax(axis=1) != truth)
    assert plan.guess[""] == pytest.approx(error, abs=0.03)
    assert abs(np.mean(source[0].argmax(axis=1) != source[1]) - error) > 0.08
    assert len(plan) == 30
    assert len(set(plan.ids.tolist())) == 30
    assert plan.predicted.tolist() == outputs.argmax(axis=1)[plan.ids].tolist()


def test_intervals_cover_and_are_shorter_than_those_of_labels_alone():
    source, (outputs, truth) = place(2000, 0), place(3000, 1)
    error = np.mean(outputs.argmax(axis=1) != truth)
    covered, widths = 0, []
    for seed in range(100):
        plan = plan_labels(source, outputs, n_labels=40, seed=seed)
        found = certify_error(plan, truth[plan.ids])
        covered += found.error.low <= error <= found.error.high
        widths.append((found.error.high - found.error.low) / (found.labels_only.high - found.labels_only.low))
    assert share_interval(covered, 100)[1] >= 0.95
    assert np.median(widths) < 0.95


def test_a_changed_rule_that_no_output_shows_is_still_covered():
    source, (outputs, truth) = place(2000, 0), place(3000, 1)
    flipped = 1 - truth
    error = np.mean(outputs.argmax(axis=1) != flipped)
    covered = 0
    for seed in range(60):
        plan = plan_labels(source, outputs, seed=seed)
        found = certify_error(plan, flipped[plan.ids])
        covered += found.error.low <= error <= found.error.high
    assert share_interval(covered, 60)[1] >= 0.95
    assert plan.guess[""] < 0.5 < error


def test_every_segment_has_its_claim_and_all_rows_theirs():
    source, (outputs, truth) = place(2000, 0), place(900, 1)
    site = np.array(["a", "b", "b"])[np.arange(900) % 3]
    wrong_at_a = np.where(site == "a", 1 - truth, truth)
    plan = plan_labels(source, outputs, segments=site, n_labels=50, ids=[f"row {at}" for at in range(900)])
    at = np.array([int(str(name).split()[1]) for name in plan.ids])
    found = certify_error(plan, wrong_at_a[at])
    table = found.segments
    assert table["labels"].tolist() == [50, 50]
    assert table["low"]["segment = a"] > table["high"]["segment = b"]
    assert found.error.value == pytest.approx(table["error"].to_numpy() @ [1 / 3, 2 / 3])
    assert found.error.low == pytest.approx(table["low"].to_numpy() @ [1 / 3, 2 / 3])


def test_labels_may_stop_early_only_where_that_was_asked_for():
    source, (outputs, truth) = place(500, 0), place(500, 1)
    plan = plan_labels(source, outputs)
    early = certify_error(plan, truth[plan.ids][:10], any_time=True)
    late = certify_error(plan, truth[plan.ids], any_time=True)
    fixed = certify_error(plan, truth[plan.ids])
    assert late.error.high - late.error.low > 1.1 * (fixed.error.high - fixed.error.low)
    assert early.error.high - early.error.low > late.error.high - late.error.low
    with pytest.raises(InputError, match="needs its label"):
        certify_error(plan, truth[plan.ids][:10])


def test_an_upper_limit_alone_is_lower_and_covers_by_exact_summation():
    source, (outputs, truth) = place(200, 0), place(100, 1)
    plan = plan_labels(source, outputs, n_labels=25)
    ends = []
    for count in range(26):
        labels = np.where(np.arange(25) < count, 1 - plan.predicted, plan.predicted)
        found = certify_error(plan, labels, side="upper")
        assert found.error.low == 0.0
        assert "at most" in str(found)
        ends.append(found.error.high)
    shares = np.linspace(0.001, 0.999, 400)[:, None]
    chances = stats.binom.pmf(np.arange(26), 25, shares)
    assert (chances * (shares <= np.array(ends))).sum(axis=1).min() >= 0.95 - 1e-12
    labels = truth[plan.ids]
    upper, both = (certify_error(plan, labels, side=side).error.high for side in ("upper", "both"))
    assert upper < both
    late = certify_error(plan, labels, side="upper", any_time=True)
    assert (late.error.low, late.error.high) == (0.0, certify_error(plan, labels, any_time=True).error.high)


def test_errors_of_numbers_have_a_valid_interval_in_their_own_unit():
    rng = np.random.default_rng(0)
    known, there, truth = rng.normal(size=500), rng.normal(size=2000), rng.normal(size=2000) * 2.0
    plan = plan_labels((known, known + rng.normal(size=500)), there, n_labels=60)
    assert plan.unit == "in the label's unit"
    assert plan.guess[""] == pytest.approx(np.sqrt(2.0 / np.pi), abs=0.1)
    covered, bounds = 0, 0
    for seed in range(60):
        plan = plan_labels((known, known + rng.normal(size=500)), there, n_labels=60, seed=seed)
        errors = np.minimum(np.abs(truth), plan.largest)
        found = certify_error(plan, (there + truth)[plan.ids])
        covered += found.error.low <= errors.mean() <= found.error.high
        bounds += certify_error(plan, (there + truth)[plan.ids], side="upper").error.high >= errors.mean()
        assert found.error.value == pytest.approx(errors[plan.ids].mean())
    assert share_interval(covered, 60)[1] >= 0.95
    assert share_interval(bounds, 60)[1] >= 0.95
    assert found.error.high - found.error.low < plan.largest / 2
    assert found.segments["cut"].tolist() == [int((np.abs(truth)[plan.ids] >= plan.largest).sum())]
    assert "label's unit" in str(found)
    with pytest.raises(InputError, match="any time"):
        certify_error(plan, (there + truth)[plan.ids], any_time=True)


def test_models_that_predict_classes_only_are_guessed_at_by_their_error():
    source, (outputs, truth) = place(500, 0), place(500, 1)
    hard = np.eye(2)[outputs.argmax(axis=1)]
    known = np.eye(2)[source[0].argmax(axis=1)]
    plan = plan_labels((known, source[1]), hard)
    assert plan.guess[""] == pytest.approx(np.mean(known.argmax(axis=1) != source[1]))
    assert certify_error(plan, truth[plan.ids]).error.high < 1.0


def test_the_order_of_the_rows_changes_no_plan():
    source, (outputs, _) = place(200, 0), place(300, 1)
    turned = np.random.default_rng(0).permutation(300)
    one, other = plan_labels(source, outputs, ids=np.arange(300)), plan_labels(source, outputs[turned], ids=turned)
    assert one.ids.tolist() == other.ids.tolist()


def test_what_gives_no_claim_is_refused():
    source, (outputs, truth) = place(200, 0), place(300, 1)
    plan = plan_labels(source, outputs)
    for call, said in (
        (lambda: plan_labels(source[0], outputs), "source must be"),
        (lambda: plan_labels((source[0][:20], source[1][:20]), outputs), "at least 30"),
        (lambda: plan_labels(source, 3.0 * outputs), "must be probabilities"),
        (lambda: plan_labels(source, np.full((50, 3), 1 / 3)), "same classes"),
        (lambda: plan_labels(source, outputs, n_labels=301), "fewer rows"),
        (lambda: plan_labels(source, outputs, segments=np.zeros(4)), "one column"),
        (lambda: plan_labels(source, outputs, ids=np.zeros(300)), "id of its own"),
        (lambda: certify_error(plan, np.full(30, 2)), "must be columns"),
        (lambda: certify_error(plan, truth[plan.ids], confidence=95), "not per cent"),
    ):
        with pytest.raises(InputError, match=said):
            call()
