import math

import numpy as np
import pytest

from samplewise.labels import slope_grid
from samplewise.labels.contradiction import Contradiction
from samplewise.labels.slope_grid import chances, means_and_totals, slope_prior, updated

STRENGTH = np.array([-4.0, -1.0, 0.3, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
EXPECTED = [0.001, 0.022, 0.076, 0.13, 0.24, 0.37, 0.48, 0.57, 0.65]  # as the method was published to us


def at(strength, lift=0.0):
    strength = np.asarray(strength, dtype=float)
    return Contradiction(strength, np.full(len(strength), lift), np.ones(len(strength), dtype=int))


def mean_under(weights, found, flips=None):
    rows = np.arange(len(found.strength))
    return chances(found, np.zeros(len(rows)) if flips is None else flips, rows) @ weights


def logistic(x):
    return 1 / (1 + math.exp(-x))


def by_hand(strength, lift, flip, answers):
    """Means over the whole grid and the weights, one curve at a time, in plain Python."""
    starts = [-9 + 9.5 * i / 38 for i in range(39)]
    slopes = [math.exp(math.log(0.08) + math.log(50) * j / 26) for j in range(27)]
    weights, curves = [], []
    for a in starts:
        for b in slopes:
            bell = 0.85 * math.exp(-0.5 * ((a + 2.8) / 0.7) ** 2) / 0.7
            bell += 0.15 * math.exp(-0.5 * ((a + 5.3) / 1.5) ** 2) / 1.5
            weight = bell * math.exp(-0.5 * ((math.log(b) + 0.41) / 0.62) ** 2)
            curve = []
            for z, lifted, r in zip(strength, lift, flip, strict=True):
                rise = b * min(z, 6) if z > 0 else max(1, b) * z
                curve.append(r + (1 - r) * logistic(a + rise + 0.54 * lifted))
            for row, said in answers.items():
                weight *= curve[row] ** said * (1 - curve[row]) ** (1 - said)
            weights.append(weight)
            curves.append(curve)
    total = sum(weights)
    means = [sum(w * curve[i] for w, curve in zip(weights, curves, strict=True)) / total for i in range(len(strength))]
    return np.array(means), np.array(weights) / total


def test_the_mean_is_what_the_reviewed_sets_say():
    found = mean_under(slope_prior(), at(STRENGTH))
    np.testing.assert_allclose(found, EXPECTED, atol=0.008)
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("answers", [{}, {1: 1.0}, {1: 1.0, 3: 0.0, 0: 0.6}])
def test_as_computed_curve_by_curve(answers):
    strength, lift, flips = [2.5, 5.0, -1.0, 0.2], [0.4, -0.5, 0.0, 1.0], [0.0, 0.3, 0.1, 0.0]
    found = Contradiction(np.array(strength), np.array(lift), np.ones(4, dtype=int))
    rows = np.array(sorted(answers), dtype=int)
    weights = slope_prior()
    if answers:
        under = chances(found, np.array(flips), rows)
        weights = updated(weights, under, np.array([answers[row] for row in rows.tolist()]))
    means, by_curve = by_hand(strength, lift, flips, answers)
    np.testing.assert_allclose(weights, by_curve, rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(mean_under(weights, found, np.array(flips)), means, rtol=1e-8)
    alone, totals = means_and_totals(found, np.array(flips), np.arange(4), weights)
    np.testing.assert_allclose(alone, means, rtol=1e-8)
    assert totals @ weights == pytest.approx(means.sum())


def test_a_lifted_pair_is_doubted_more():
    means = [mean_under(slope_prior(), at([3.0], lift)) for lift in (-1.0, 0.0, 1.0)]
    assert means[0] < means[1] < means[2]


def test_a_proven_flip_is_wrong_whatever_the_curve():
    assert mean_under(slope_prior(), at([-4.0, 3.0]), np.ones(2)).tolist() == pytest.approx([1.0, 1.0])


def test_the_order_of_answers_and_how_they_are_divided_do_not_matter():
    found, flips, said = at(STRENGTH), np.zeros(9), np.array([0, 0, 1, 0, 1, 1, 0, 1, 0.5])
    under = chances(found, flips, np.arange(9))
    once = updated(slope_prior(), under, said)
    turned = updated(slope_prior(), under[::-1], said[::-1])
    twice = updated(updated(slope_prior(), under[:4], said[:4]), under[4:], said[4:])
    np.testing.assert_allclose(turned, once, rtol=1e-9)
    np.testing.assert_allclose(twice, once, rtol=1e-6, atol=1e-12)


def test_blocks_of_rows_say_what_all_rows_say(monkeypatch):
    found, flips, weights = at(STRENGTH, 0.3), np.linspace(0, 1, 9), slope_prior()
    rows = np.array([8, 2, 5, 0, 3])
    whole = means_and_totals(found, flips, rows, weights)
    monkeypatch.setattr(slope_grid, "BLOCK", 2)
    for one, other in zip(whole, means_and_totals(found, flips, rows, weights), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(whole[1], chances(found, flips, rows).sum(axis=0))


def test_an_overwhelming_prediction_for_the_label_is_no_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert mean_under(slope_prior(), at([-120.0]))[0] == pytest.approx(0.0, abs=1e-40)
