import itertools
import math

import numpy as np
import pytest

from samplewise.labels import slope_grid
from samplewise.labels.contradiction import Contradiction
from samplewise.labels.slope_grid import (
    CEILINGS,
    chances,
    flips_right,
    likely_wrong,
    means_and_totals,
    slope_prior,
    updated,
)

STRENGTH = np.array([-4.0, -1.0, 0.3, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
EXPECTED = [0.001, 0.02, 0.07, 0.12, 0.225, 0.34, 0.445, 0.535, 0.605]  # below 0.9 of what it is for a ceiling of 1


def at(strength, lift=0.0):
    strength = np.asarray(strength, dtype=float)
    return Contradiction(strength, np.full(len(strength), lift), np.ones(len(strength), dtype=int))


def mean_under(weights, found, flips=None):
    rows = np.arange(len(found.strength))
    return chances(found, np.zeros(len(rows)) if flips is None else flips, rows) @ (weights @ CEILINGS)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def by_hand(strength, lift, flip, answers):
    """Means over the whole grid and the weights, one curve and one ceiling at a time, in plain Python."""
    starts = [-9 + 9.5 * i / 38 for i in range(39)]
    slopes = [math.exp(math.log(0.08) + math.log(50) * j / 26) for j in range(27)]
    ceilings = [(k + 0.5) / 40 for k in range(40)]
    weights, curves = [], []
    for a, b in itertools.product(starts, slopes):
        bell = 0.85 * math.exp(-0.5 * ((a + 2.8) / 0.7) ** 2) / 0.7
        bell += 0.15 * math.exp(-0.5 * ((a + 5.3) / 1.5) ** 2) / 1.5
        prior = bell * math.exp(-0.5 * ((math.log(b) + 0.35) / 0.58) ** 2)
        below = []
        for z, lifted, r in zip(strength, lift, flip, strict=True):
            rise = b * min(z, 6) if z > 0 else max(1, b) * z
            below.append(r + (1 - r) * logistic(a + rise + 0.56 * lifted))
        for ceiling in ceilings:
            curve = [ceiling * one for one in below]
            weight = prior * ceiling**8
            for row, said in answers.items():
                weight *= curve[row] ** said * (1 - curve[row]) ** (1 - said)
            weights.append(weight)
            curves.append(curve)
    total = sum(weights)
    means = [sum(w * curve[i] for w, curve in zip(weights, curves, strict=True)) / total for i in range(len(strength))]
    likely = [
        sum(w for w, curve in zip(weights, curves, strict=True) if curve[i] > 0.5) / total for i in range(len(strength))
    ]
    return np.array(means), np.array(weights).reshape(-1, 40) / total, np.array(likely)


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
    means, by_curve, likely = by_hand(strength, lift, flips, answers)
    np.testing.assert_allclose(weights, by_curve, rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(mean_under(weights, found, np.array(flips)), means, rtol=1e-8)
    alone, totals = means_and_totals(found, np.array(flips), np.arange(4), weights)
    np.testing.assert_allclose(alone, means, rtol=1e-8)
    assert np.sum(totals * weights) == pytest.approx(means.sum())
    np.testing.assert_allclose(likely_wrong(found, np.array(flips), np.arange(4), weights), likely, atol=1e-9)


def test_a_lifted_pair_is_doubted_more():
    means = [mean_under(slope_prior(), at([3.0], lift)) for lift in (-1.0, 0.0, 1.0)]
    assert means[0] < means[1] < means[2]


def test_a_proven_flip_is_as_sure_as_planted_ones_were_whatever_the_curve():
    assert mean_under(slope_prior(), at([-4.0, 3.0]), np.ones(2)).tolist() == pytest.approx([0.9, 0.9], abs=0.01)


@pytest.mark.parametrize(("said", "low", "high"), [(0.0, 0.3, 0.45), (1.0, 0.94, 0.99)])
def test_answers_move_proven_flips(said, low, high):
    found, flips = at([3.0] * 12), np.ones(12)
    weights = updated(slope_prior(), chances(found, flips, np.arange(11)), np.full(11, said))
    assert low < mean_under(weights, found, flips)[11] < high
    assert flips_right(weights) == pytest.approx(mean_under(weights, found, flips)[11])


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
    np.testing.assert_allclose(whole[1], chances(found, flips, rows).sum(axis=0)[:, None] * CEILINGS)


def test_an_overwhelming_prediction_for_the_label_is_no_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert mean_under(slope_prior(), at([-120.0]))[0] == pytest.approx(0.0, abs=1e-40)
