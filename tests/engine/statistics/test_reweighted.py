"""The two parts of a difference of means add up, and their errors are those of many draws."""

import numpy as np

from samplewise.engine.statistics.reweighted import moved_part, remaining_part


def draw(seed, count=400):
    """Two samples whose rows and losses differ; weights and expected losses are the true ones."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=count), rng.normal(0.5, 1.0, 2 * count)
    losses = (rng.random(count) < 0.2 + 0.2 * (first > 0)).astype(float)
    there = (rng.random(2 * count) < 0.3 + 0.2 * (second > 0)).astype(float)
    weights = np.exp(0.5 * first - 0.125)
    return losses, weights / weights.mean(), 0.2 + 0.2 * (first > 0), 0.2 + 0.2 * (second > 0), there


def test_both_parts_add_up_to_the_difference_whatever_the_weights():
    losses, weights, expected, known, second = draw(0)
    for given in ((weights, expected, known), (np.ones(400), expected**2, known + 1.0)):
        moved, rest = moved_part(losses, *given), remaining_part(losses, *given, second)
        assert abs(moved.value + rest.value - (second.mean() - losses.mean())) < 1e-12


def test_parts_and_their_errors_are_those_of_many_draws():
    moved, rest = [], []
    for seed in range(300):
        losses, weights, expected, known, second = draw(seed)
        second[::3] = np.nan
        moved.append(moved_part(losses, weights, expected, known))
        rest.append(remaining_part(losses, weights, expected, known, second))
    for found, truth in ((moved, 0.2 * 0.1915), (rest, 0.1)):  # 0.1915: P(0 < N(0.5, 1) < 0.5) moves above 0
        values = np.array([part.value for part in found])
        assert abs(values.mean() - truth) < 0.006
        assert abs(np.mean([part.error for part in found]) / values.std() - 1.0) < 0.15


def test_rows_of_one_group_are_one_observation():
    losses, weights, expected, known, second = draw(1)
    groups = np.arange(400) // 4, np.arange(800) // 4
    one = moved_part(losses, weights, expected, known)
    four = moved_part(*(np.repeat(part, 4) for part in (losses, weights, expected, known)),
                      (np.repeat(np.arange(400), 4), np.repeat(np.arange(800), 4)))  # fmt: skip
    assert abs(one.error / four.error - 1.0) < 0.01
    assert remaining_part(losses, weights, expected, known, second, groups).error > 0.0
