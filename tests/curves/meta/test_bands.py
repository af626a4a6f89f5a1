"""Bands hold what they promise on groups they were not set on, by distance, every group of the same weight."""

import numpy as np
import pytest
from scipy.stats import norm

from samplewise.curves.meta.bands import (
    CONFIDENCES,
    HORIZONS,
    PROBABILITIES,
    quantile_at,
    quantiles_by_horizon,
    share_covered,
)


def rows(groups=200, each=60, seed=0):
    """Standard normal misses that grow with the distance."""
    draw = np.random.default_rng(seed)
    octaves = draw.uniform(0.1, 6.5, groups * each)
    return draw.normal(size=len(octaves)) * (4.0 + octaves), octaves, np.repeat(np.arange(groups), each)


def test_quantiles_are_those_of_the_misses():
    standard, octaves, groups = rows()
    table = quantiles_by_horizon(standard, octaves, groups)
    assert table.shape == (len(HORIZONS), len(PROBABILITIES))
    assert (np.diff(table, axis=1) > 0).all()
    assert quantile_at(table, np.array(4.0), 0.9) == pytest.approx(8 * norm.ppf(0.9), rel=0.1)
    assert quantile_at(table, np.array(4.5), 0.5) == pytest.approx(0.0, abs=0.6)


def test_new_groups_are_held_as_often_as_promised():
    standard, octaves, groups = rows()
    covered = share_covered(standard, octaves, groups, groups % 3)
    np.testing.assert_allclose(covered, np.broadcast_to(CONFIDENCES, covered.shape), atol=0.03)


def test_one_large_group_counts_as_one():
    standard, octaves, groups = rows(each=20)
    wild = np.full(20_000, 1000.0)
    alone = quantiles_by_horizon(standard, octaves, groups)
    together = quantiles_by_horizon(
        np.r_[standard, wild], np.r_[octaves, np.full(20_000, 3.0)], np.r_[groups, np.full(20_000, 999)]
    )
    assert quantile_at(together, np.array(3.0), 0.9) == pytest.approx(quantile_at(alone, np.array(3.0), 0.9), rel=0.15)


def test_few_groups_make_wider_bands():
    standard, octaves, groups = rows(each=60)
    few, many = (quantiles_by_horizon(standard, octaves, groups % count) for count in (5, 200))
    assert (few[:, PROBABILITIES == 0.9] > many[:, PROBABILITIES == 0.9]).all()


def test_a_distance_nobody_measured_borrows_from_all():
    standard, octaves, groups = rows()
    near = octaves < 1.4
    table = quantiles_by_horizon(standard[near], octaves[near], groups[near])
    np.testing.assert_allclose(table[-1], table[0])
