"""All pairs of columns at once say what scipy says of each pair."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.column_association import (
    column_ranks,
    correlation_ratios,
    cramers_v,
    rank_correlation,
    rank_correlations,
    rank_spread,
)

DRAW = np.random.default_rng(0)


def test_rank_correlations_are_spearmans_with_ties():
    values = np.column_stack([DRAW.normal(size=80), DRAW.integers(0, 4, 80), DRAW.normal(size=80)])
    values[:, 2] += values[:, 0]
    found, p_values = rank_correlations(column_ranks(values))
    np.testing.assert_allclose(found, stats.spearmanr(values).statistic, atol=1e-12)
    assert p_values[0, 2] < 1e-4 < p_values[0, 1]


def test_a_missing_value_takes_its_row_from_its_own_pairs_only():
    values = DRAW.normal(size=(60, 3))
    gone = values.copy()
    gone[:20, 0] = np.nan
    ranks = column_ranks(gone)
    assert np.isnan(ranks[:20, 0]).all()
    found, _ = rank_correlations(ranks)
    assert found[1, 2] == pytest.approx(stats.spearmanr(values[:, 1], values[:, 2]).statistic)
    both = np.corrcoef(ranks[20:, 0], ranks[20:, 1])[0, 1]
    assert found[0, 1] == pytest.approx(both)
    assert rank_correlation(gone[:, 0], gone[:, 1]) == pytest.approx(stats.spearmanr(values[20:, :2]).statistic)


def test_nothing_is_said_of_constants_and_of_too_few_rows():
    values = np.column_stack([np.ones(5), np.arange(5.0), [1.0, 2.0, np.nan, np.nan, np.nan]])
    found, _ = rank_correlations(column_ranks(values))
    assert np.isnan(found[0, 1])
    assert np.isnan(found[1, 2])
    assert np.isnan(rank_correlation(values[:, 1], values[:, 2]))
    assert np.isnan(cramers_v(np.zeros((5, 2), dtype=int))[0]).all()


def test_a_correlation_ratio_is_the_share_between_categories_less_what_chance_gives():
    codes = DRAW.integers(0, 3, 90)
    numbers = codes + DRAW.normal(size=90)
    ranks = column_ranks(numbers[:, None])
    found, p_values = correlation_ratios(codes[:, None], ranks)
    groups = [ranks[codes == code, 0] for code in range(3)]
    tested = stats.f_oneway(*groups)
    eta_squared = 2 * tested.statistic / (2 * tested.statistic + 87)
    assert found[0, 0] == pytest.approx(np.sqrt(1 - (1 - eta_squared) * 89 / 87))
    assert p_values[0, 0] == pytest.approx(tested.pvalue)
    perfect, chance = correlation_ratios(codes[:, None], column_ranks(codes[:, None].astype(float)))
    assert perfect[0, 0] == pytest.approx(1.0)
    assert chance[0, 0] == pytest.approx(0.0, abs=1e-100)


def test_cramers_v_is_that_of_the_table_less_what_chance_gives():
    one = DRAW.integers(0, 3, 400)
    other = np.where(DRAW.random(400) < 0.5, one, DRAW.integers(0, 4, 400))
    found, p_values = cramers_v(np.column_stack([one, other, DRAW.integers(0, 5, 400)]))
    table = stats.contingency.crosstab(one, other).count
    tested = stats.chi2_contingency(table, correction=False)
    above = tested.statistic / 400 - (2 * 3) / 399
    assert found[0, 1] == pytest.approx(np.sqrt(above / (2 - 4 / 399)))
    assert found[0, 1] == found[1, 0]
    assert p_values[0, 1] == pytest.approx(tested.pvalue)
    assert found[0, 2] < 0.1
    assert p_values[0, 2] > 0.001


def test_rows_without_a_category_do_not_count():
    one, other = DRAW.integers(0, 3, 200), DRAW.integers(0, 2, 200)
    gone = np.where(np.arange(200) < 50, -1, one)
    with_gaps = cramers_v(np.column_stack([gone, other]))[0][0, 1]
    assert with_gaps == pytest.approx(cramers_v(np.column_stack([one[50:], other[50:]]))[0][0, 1], nan_ok=True)
    numbers = column_ranks(DRAW.normal(size=(200, 1)))
    assert correlation_ratios(gone[:, None], numbers)[1][0, 0] == pytest.approx(
        correlation_ratios(one[50:, None], numbers[50:])[1][0, 0]
    )


def test_ranks_spread_less_where_values_repeat_or_are_missing():
    assert rank_spread(np.arange(50.0)) == pytest.approx(1.0)
    halves = np.repeat([0.0, 1.0], 25)
    assert rank_spread(halves) == pytest.approx(0.75, abs=0.01)
    assert rank_spread(np.where(np.arange(50) < 25, np.nan, np.arange(50.0))) == pytest.approx(0.125, abs=0.01)
    assert rank_spread(np.full(5, np.nan)) == 0.0
