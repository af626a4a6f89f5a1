"""The linear datamodeling score: against scipy, its interval, its ceiling, and what it refuses."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from samplewise.core.errors import InputError
from samplewise.core.values import Attribution
from samplewise.influence.evaluation.datamodeling_score import (
    _resampled_correlation,
    datamodeling_score_difference,
    linear_datamodeling_score,
    rank_correlations,
)


def additive(noise=0.0, subsets=60, queries=12, rows=40, seeds=1, seed=0):
    """Refits that add up the rows' true values, with noise from the seed; the truth as an attribution."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(queries, rows))
    inside = rng.random((subsets, rows)) < 0.5
    outputs = (inside @ values.T)[:, None] + noise * rng.normal(size=(subsets, seeds, queries))
    return Attribution(values, np.arange(queries), np.arange(rows), "margin"), inside, outputs


def with_values(attribution, values):
    return Attribution(values, attribution.query_ids, attribution.ids, attribution.unit)


def test_equals_scipy_query_by_query():
    truth, inside, outputs = additive(noise=3.0)
    found = linear_datamodeling_score(truth, inside, outputs)
    expected = [spearmanr(inside @ values, outputs[:, 0, q]).statistic for q, values in enumerate(truth.values)]
    assert found.per_query.values == pytest.approx(expected, abs=1e-12)
    assert found.estimate.value == pytest.approx(np.mean(expected), abs=1e-12)
    assert found.estimate.low < found.estimate.value < found.estimate.high


def test_the_truth_without_noise_reaches_one_and_its_negative_minus_one():
    truth, inside, outputs = additive()
    assert linear_datamodeling_score(truth, inside, outputs).estimate.low == pytest.approx(1.0, abs=1e-6)
    opposite = linear_datamodeling_score(with_values(truth, -truth.values), inside, outputs)
    assert opposite.estimate.value == pytest.approx(-1.0)


def test_lists_of_ids_are_the_masks():
    truth, inside, outputs = additive(noise=2.0)
    named = [truth.ids[mask] for mask in inside]
    one, two = (linear_datamodeling_score(truth, subsets, outputs).estimate for subsets in (inside, named))
    assert one == two


def test_every_resample_is_ranked_anew_with_ties():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 6, 25).astype(float), rng.normal(size=25).round(1)
    counts = rng.multinomial(25, np.full(25, 1 / 25), size=20)
    drawn = [np.repeat(np.arange(25), row) for row in counts]
    expected = [spearmanr(first[rows], second[rows]).statistic for rows in drawn]
    assert _resampled_correlation(first, second, counts.T.astype(float)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("noise", [0.7, 4.0])
def test_the_interval_covers_the_score_of_all_subsets(noise):
    """In 30 draws of 50 subsets, the interval holds what 4,000 subsets say in nearly all."""
    truth, inside, outputs = additive(noise=noise, subsets=4000, queries=30)
    blurred = with_values(truth, truth.values + 0.5 * np.random.default_rng(9).normal(size=truth.values.shape))
    limit = rank_correlations(blurred.values @ inside.T, outputs[:, 0].T).mean()
    parts = [slice(start, start + 50) for start in range(0, 1500, 50)]
    found = [linear_datamodeling_score(blurred, inside[p], outputs[p], n_resamples=100).estimate for p in parts]
    assert sum(one.low <= limit <= one.high for one in found) >= 27


def test_constant_predictions_count_nothing():
    truth, inside, outputs = additive()
    found = linear_datamodeling_score(with_values(truth, np.zeros_like(truth.values)), inside, outputs)
    assert found.estimate.value == found.estimate.low == found.estimate.high == 0.0


def test_the_ceiling_is_the_agreement_of_disjoint_seed_means():
    truth, inside, outputs = additive(noise=4.0, seeds=2)
    found = linear_datamodeling_score(truth, inside, outputs).ceiling
    expected = rank_correlations(outputs[:, 0].T, outputs[:, 1].T).mean()
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high
    more = linear_datamodeling_score(*additive(noise=4.0, seeds=6)).ceiling
    assert more.value > found.value
    assert "one seed" in linear_datamodeling_score(truth, inside, outputs[:, :1]).ceiling.reason


def test_a_paired_difference_is_narrower_than_two_intervals():
    truth, inside, outputs = additive(noise=4.0)
    rng = np.random.default_rng(3)
    near = with_values(truth, truth.values + 0.7 * rng.normal(size=truth.values.shape))
    found = datamodeling_score_difference(truth, near, inside, outputs)
    one, two = (linear_datamodeling_score(a, inside, outputs).estimate for a in (truth, near))
    assert found.value == pytest.approx(one.value - two.value)
    assert found.high - found.low < (one.high - one.low) + (two.high - two.low)
    assert datamodeling_score_difference(near, near, inside, outputs).high == 0.0


def test_the_second_may_come_in_another_order():
    truth, inside, outputs = additive(noise=4.0)
    rows, queries = np.random.default_rng(4).permutation(40), np.random.default_rng(5).permutation(12)
    shuffled = Attribution(truth.values[np.ix_(queries, rows)], queries, rows, "margin")
    assert datamodeling_score_difference(truth, shuffled, inside, outputs).value == pytest.approx(0.0, abs=1e-12)
    straight = linear_datamodeling_score(truth, inside, outputs).estimate
    again = linear_datamodeling_score(shuffled, inside[:, rows], outputs[:, :, queries]).estimate
    assert [again.value, again.low, again.high] == pytest.approx([straight.value, straight.low, straight.high])


def test_same_seed_same_bits():
    case = additive(noise=4.0)
    one, two, other = (linear_datamodeling_score(*case, seed=seed).estimate for seed in (1, 1, 2))
    assert one == two
    assert one.low != other.low


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda a, s, o: (a, s[:, :-1], o), "pass masks over attribution.ids"),
        (lambda a, s, o: (a, s.astype(int), o), r"pass masks.astype\(bool\)"),
        (lambda a, s, o: (a, s, o[:, :, 1:]), "or \\(subsets, seeds, queries\\)"),
        (lambda a, s, o: (a, s[:4], o[:4]), "at least 5 subsets"),
        (lambda a, s, o: (a, s, np.where(np.arange(60)[:, None, None] == 7, np.nan, o)), "subsets 7"),
        (lambda a, s, o: (a, [["nobody"]] * 60, o), "rows id nobody"),
        (lambda a, s, o: (with_values(a, np.where(np.arange(40) == 3, np.nan, a.values)), s, o), "rows id 3"),
        (lambda a, s, o: (with_values(a, np.stack([a.values] * 2, -1)), s, o), "attribute one target"),
    ],
)
def test_refusals(change, text):
    with pytest.raises(InputError, match=text):
        linear_datamodeling_score(*change(*additive()))


def test_too_few_resamples():
    with pytest.raises(InputError, match="at least 100"):
        linear_datamodeling_score(*additive(), n_resamples=10)
