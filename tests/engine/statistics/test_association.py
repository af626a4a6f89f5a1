"""Association of predictions with labels, row by row."""

import numpy as np
import pytest
from scipy import stats

from samplewise.engine.statistics.association import discrimination_rows, p_value_of_mean, rank_correlation_rows

DRAW = np.random.default_rng(0)


def test_the_mean_of_the_rows_is_the_difference_of_mean_probabilities():
    codes = DRAW.integers(0, 2, 300)
    said = np.clip(0.5 + 0.2 * (codes - 0.5) + 0.1 * DRAW.normal(size=300), 0, 1)
    rows = discrimination_rows(np.column_stack([1 - said, said]), np.eye(2)[codes])
    assert rows.mean() == pytest.approx(said[codes == 1].mean() - said[codes == 0].mean())


def test_the_mean_of_rank_products_is_spearmans_correlation_with_ties():
    one, other = DRAW.integers(0, 9, 200), DRAW.normal(size=200)
    found = rank_correlation_rows(one, other)
    assert found.mean() == pytest.approx(stats.spearmanr(one, other).statistic)
    far = other.copy()
    far[other.argmax()] *= 1e6  # ranks do not see how far
    np.testing.assert_allclose(rank_correlation_rows(one, far), found)


def test_the_p_value_is_that_of_a_one_sided_t_test_and_counts_groups_once():
    rows = DRAW.normal(0.1, 1.0, 50)
    assert p_value_of_mean(rows) == pytest.approx(stats.ttest_1samp(rows, 0.0, alternative="greater").pvalue)
    repeated = p_value_of_mean(np.repeat(rows, 4), np.repeat(np.arange(50), 4))
    assert repeated == pytest.approx(p_value_of_mean(rows))
