"""Quantiles hold what they promise on groups they were not set on; value and chance are each other's inverse."""

import numpy as np
import pytest
from scipy.stats import norm

from samplewise.curves.meta.curve_features import NAMES
from samplewise.curves.meta.predictive import (
    CONFIDENCES,
    DISTANCES,
    LITTLE,
    MUCH,
    NOISE,
    PROBABILITIES,
    SAFETY,
    UNKNOWN,
    Predicted,
    between_distances,
    covered_share,
    fit_quantiles,
    noise_of,
    pooled_quantiles,
    share_below,
    tails,
    value_at,
)


def rows(groups=200, each=60, seed=0):
    """Standard normal misses that grow with the distance, of all noise classes."""
    draw = np.random.default_rng(seed)
    octaves = draw.uniform(0.1, 6.5, groups * each)
    noise = draw.integers(0, 3, len(octaves))
    return draw.normal(size=len(octaves)) * (4.0 + octaves), octaves, noise, np.repeat(np.arange(groups), each)


def test_quantiles_are_those_of_the_misses():
    table = fit_quantiles(*rows())
    assert table.shape == (len(NOISE), len(DISTANCES), len(PROBABILITIES))
    assert (np.diff(table, axis=2) > 0).all()
    at_four = between_distances(table[LITTLE], np.array(4.0))
    assert value_at(at_four, 0.9) == pytest.approx(8 * norm.ppf(0.9), rel=0.1)
    assert value_at(between_distances(table[MUCH], np.array(4.5)), 0.5) == pytest.approx(0.0, abs=0.6)


def test_curves_of_unknown_noise_get_a_margin_near_by():
    standard, octaves, noise, groups = rows(each=200)
    table = fit_quantiles(standard, octaves, noise, groups)
    ratio = table[UNKNOWN, :, PROBABILITIES == 0.9] / table[LITTLE, :, PROBABILITIES == 0.9]
    np.testing.assert_allclose(ratio[0, :3], SAFETY, rtol=0.06)
    np.testing.assert_allclose(ratio[0, 3:], 1.0, rtol=0.06)


def test_a_noise_class_with_wider_misses_has_wider_quantiles():
    standard, octaves, noise, groups = rows()
    table = fit_quantiles(np.where(noise == MUCH, 3 * standard, standard), octaves, noise, groups)
    at = PROBABILITIES == 0.9
    assert (table[MUCH][:, at] > 2 * table[LITTLE][:, at]).all()


def test_new_groups_are_held_as_often_as_promised():
    standard, octaves, noise, groups = rows(groups=900)
    seen = groups % 3 > 0
    table = fit_quantiles(standard[seen], octaves[seen], np.full(seen.sum(), LITTLE), groups[seen])
    tables = between_distances(table[LITTLE], octaves[~seen])
    covered = covered_share(tables, standard[~seen], (octaves[~seen], noise[~seen], groups[~seen]))
    np.testing.assert_allclose(covered, np.broadcast_to(CONFIDENCES, covered.shape), atol=0.08)
    none = covered_share(tables + 1e9, standard[~seen], (octaves[~seen], noise[~seen], groups[~seen]))
    assert (none == 0).all()


def test_one_large_group_counts_as_one():
    standard, octaves, _, groups = rows(each=20)
    alone = pooled_quantiles(standard, octaves, groups)
    together = pooled_quantiles(
        np.r_[standard, np.full(20_000, 1000.0)],
        np.r_[octaves, np.full(20_000, 3.0)],
        np.r_[groups, np.full(20_000, 999)],
    )
    assert value_at(together[3], 0.9) == pytest.approx(value_at(alone[3], 0.9), rel=0.15)


def test_few_groups_make_wider_bands():
    standard, octaves, _, groups = rows(each=60)
    few, many = (pooled_quantiles(standard, octaves, groups % count) for count in (5, 200))
    assert (few[:, PROBABILITIES == 0.9] > many[:, PROBABILITIES == 0.9]).all()


def test_a_distance_nobody_measured_borrows_from_all():
    standard, octaves, _, groups = rows()
    near = octaves < 0.75
    table = pooled_quantiles(standard[near], octaves[near], groups[near])
    np.testing.assert_allclose(table[-1], table[0])


@pytest.mark.parametrize("probability", [1e-6, 0.005, 0.03, 0.1, 0.5, 0.61, 0.9, 0.995, 0.9999])
def test_chances_undo_values_in_the_middle_and_in_the_tails(probability):
    table = fit_quantiles(*rows())
    standard = np.stack([between_distances(kind, np.linspace(0.0, 10.0, 41)) for kind in table])
    np.testing.assert_allclose(share_below(standard, value_at(standard, probability)), probability, rtol=1e-9)


def test_tails_go_on_falling():
    standard = norm.ppf(PROBABILITIES)
    far = value_at(standard, 1e-4), value_at(standard, 1.0 - 1e-4)
    assert far[0] < standard[0]
    assert far[1] > standard[-1]
    below = share_below(np.broadcast_to(standard, (3, len(standard))), np.array([-8.0, -3.0, 8.0]))
    assert 0 < below[0] < below[1] < 0.005
    assert 0.995 < below[2] <= 1.0


def test_the_ends_of_a_band_are_passed_with_the_chances_it_names():
    draw = np.random.default_rng(0)
    standard = np.sort(draw.normal(size=(4, 7, len(PROBABILITIES))), axis=-1)
    there = Predicted(np.full((4, 7), 0.5), draw.uniform(0.01, 0.1, (4, 7)), standard)
    for tail in tails(0.8):
        np.testing.assert_allclose(there.chance(there.quantile(tail)), tail, atol=1e-9)
    assert (there.quantile(1e-300) >= 0).all()


def test_noise_classes_follow_the_standard_errors():
    table = np.zeros((3, len(NAMES)))
    table[:, NAMES.index("mean standard error")] = [-1.0, 0.01, 0.2]
    assert noise_of(table).tolist() == [UNKNOWN, LITTLE, MUCH]
