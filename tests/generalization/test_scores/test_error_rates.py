"""Error rates and absolute errors with intervals."""

import numpy as np
import pytest
from scipy import stats

from samplewise.core.errors import InputError
from samplewise.generalization import absolute_error, clopper_pearson, error_rate, explained_variance
from samplewise.generalization.test_scores.error_rates import prediction_losses


@pytest.mark.parametrize(("errors", "rows"), [(0, 10), (3, 100), (10, 10), (250, 1000)])
def test_ends_have_the_tail_probability(errors, rows):
    found = clopper_pearson(errors, rows, confidence=0.9)
    if errors:
        assert stats.binom.sf(errors - 1, rows, found.low) == pytest.approx(0.05)
    else:
        assert found.low == 0.0
    if errors < rows:
        assert stats.binom.cdf(errors, rows, found.high) == pytest.approx(0.05)
    else:
        assert found.high == 1.0


def test_covers_at_least_as_often_as_it_says():
    for rate in (0.02, 0.1, 0.5):
        counts = np.arange(51)
        ends = [clopper_pearson(int(k), 50) for k in counts]
        inside = np.array([end.low <= rate <= end.high for end in ends])
        assert stats.binom.pmf(counts, 50, rate)[inside].sum() >= 0.95


@pytest.mark.parametrize(("errors", "rows", "coverage"), [(5, 4, 0.95), (0, 0, 0.95)])
def test_impossible_counts_are_refused(errors, rows, coverage):
    with pytest.raises(InputError, match="at most as many errors") as caught:
        clopper_pearson(errors, rows, coverage)
    assert "clopper_pearson(3, 100)" in caught.value.fix


def test_duplicates_do_not_make_an_interval_narrower():
    wrong = np.random.default_rng(0).random(100) < 0.2
    once = error_rate(wrong)
    copied = error_rate(np.repeat(wrong, 5), groups=np.repeat(np.arange(100), 5))
    assert copied.value == pytest.approx(once.value)
    assert copied.low == pytest.approx(once.low, abs=0.004)
    assert copied.high == pytest.approx(once.high, abs=0.004)


def test_no_error_in_groups_still_has_an_upper_end():
    grouped = error_rate(np.zeros(100), groups=np.arange(100) // 10)
    assert grouped.high == pytest.approx(clopper_pearson(0, 10).high)


def test_groups_cover_where_rows_would_not():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 10)
    hits = []
    for _ in range(200):
        wrong = (rng.random(40) < 0.3)[groups]
        hits.append([e.low <= 0.3 <= e.high for e in (error_rate(wrong, groups), error_rate(wrong))])
    grouped, naive = np.mean(hits, axis=0)
    assert grouped >= 0.93
    assert naive < 0.7


def test_absolute_error_covers():
    rng = np.random.default_rng(2)
    truth = np.sqrt(2 / np.pi)
    found = [absolute_error(np.zeros(200), rng.normal(size=200)) for _ in range(300)]
    assert np.mean([e.low <= truth <= e.high for e in found]) == pytest.approx(0.95, abs=0.035)


def test_explained_variance_covers_and_is_r_squared():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(300):
        x, noise = rng.normal(size=(2, 300))
        found.append(explained_variance(x, x + noise))
    assert np.mean([e.low <= 0.5 <= e.high for e in found]) == pytest.approx(0.95, abs=0.035)
    assert found[-1].value == pytest.approx(1 - np.mean(noise**2) / np.var(x + noise))


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="one prediction per label") as caught:
        absolute_error([1.0, 2.0], [1.0])
    assert "equal length" in caught.value.fix
    with pytest.raises(InputError, match="labels that differ") as caught:
        explained_variance([1.0, 2.0], [1.0, 1.0])
    assert "absolute_error" in caught.value.fix


def test_losses_of_predictions_are_wrong_classes_or_distances():
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert prediction_losses(scores, np.array([0, 0, -1]), classes=True).tolist() == [0.0, 1.0, 1.0]
    assert prediction_losses(np.array([[1.0], [4.0]]), np.array([3.0, 3.5]), classes=False).tolist() == [2.0, 0.5]


def test_weights_count_rows_as_groups_of_duplicates_do():
    draw = np.random.default_rng(0)
    wrong, weights = draw.random(200) < 0.2, draw.integers(1, 6, size=200)
    copied, sets = np.repeat(wrong, weights), np.repeat(np.arange(200), weights)
    ours, theirs = error_rate(wrong, weights=weights), error_rate(copied, sets)
    for one, other in ((ours.value, theirs.value), (ours.low, theirs.low), (ours.high, theirs.high)):
        assert one == pytest.approx(other, abs=1e-3)
    assert ours.high > error_rate(copied).high
    numbers, predicted = draw.normal(size=200), draw.normal(size=200)
    again = (np.repeat(predicted, weights), np.repeat(numbers, weights), sets)
    for measure in (absolute_error, explained_variance):
        ours, theirs = measure(predicted, numbers, weights=weights), measure(*again)
        assert ours.value == pytest.approx(theirs.value)
        assert (ours.low, ours.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))


def test_equal_weights_are_none_and_one_heavy_row_is_one_row():
    draw = np.random.default_rng(1)
    wrong = draw.random(100) < 0.3
    assert error_rate(wrong, weights=np.full(100, 3.0)).high == pytest.approx(error_rate(wrong).high, rel=1e-6)
    heavy = error_rate(np.zeros(100), weights=np.r_[1e6, np.ones(99)])
    assert heavy.high == pytest.approx(error_rate([0]).high, abs=1e-3)
