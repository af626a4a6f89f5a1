"""Banzhaf, Shapley and Beta values against the definition over all sets, and what they cost."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.special import beta as beta_function

from samplewise.core.errors import InputError
from samplewise.influence import banzhaf, data_shapley
from samplewise.influence.valuation.semivalues import size_weights

WEIGHTS = np.array([5.0, -3.0, 2.0, 0.0, 1.0, 4.0, -1.0, 2.5])


def additive(mask):
    return WEIGHTS @ mask


def bent(mask):
    """Utility with interactions: a square root, and two elements that only count together."""
    return 10 * np.sqrt(max(0.0, WEIGHTS @ mask + 4)) + 7 * (mask[0] & mask[4])


def exact(formula, share):
    """Sum over sets of the others of share(size) x what the element adds."""
    n = len(WEIGHTS)
    values = np.zeros(n)
    for element in range(n):
        others = [other for other in range(n) if other != element]
        for size in range(n):
            for chosen in combinations(others, size):
                mask = np.isin(np.arange(n), chosen)
                values[element] += share(size) * (formula(mask | (np.arange(n) == element)) - formula(mask))
    return values


def shapley_share(size):
    n = len(WEIGHTS)
    return 1 / (n * comb(n - 1, size))


def beta_share(a, b):
    n = len(WEIGHTS)
    return lambda size: beta_function(size + b, n - 1 - size + a) / beta_function(a, b)


def apart(scores, expected):
    """Distance from the truth in standard errors."""
    return np.abs(scores.values - expected) / np.maximum(scores.spread, 1e-9)


def test_banzhaf_of_an_additive_game_is_unbiased(formula_game):
    found = np.mean([banzhaf(formula_game(8, additive, seed), n_fits=200).values for seed in range(40)], axis=0)
    assert found == pytest.approx(WEIGHTS, abs=0.4)


@pytest.mark.parametrize("formula", [additive, bent])
def test_banzhaf_by_definition(formula, formula_game):
    found = banzhaf(formula_game(8, formula), n_fits=4000)
    assert (apart(found, exact(formula, lambda size: 2.0**-7)) < 4).all()
    assert found.spread.max() < 0.5


def test_the_standard_error_of_banzhaf_is_its_spread_over_seeds(formula_game):
    runs = [banzhaf(formula_game(8, bent, seed), n_fits=200) for seed in range(60)]
    notes, seen = np.mean([run.spread for run in runs], axis=0), np.std([run.values for run in runs], axis=0)
    assert notes == pytest.approx(seen, rel=0.35)


def test_shapley_of_an_additive_game_is_exact(formula_game):
    found = data_shapley(formula_game(8, additive), n_permutations=2, tolerance=0)
    assert found.values == pytest.approx(WEIGHTS)
    assert found.spread == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("beta", [(1.0, 1.0), (4.0, 1.0), (1.0, 4.0)])
def test_beta_shapley_by_definition(beta, formula_game):
    found = data_shapley(formula_game(8, bent), n_permutations=600, tolerance=0, beta=beta)
    assert (apart(found, exact(bent, beta_share(*beta))) < 4).all()
    assert found.quantity == ("shapley" if beta == (1.0, 1.0) else "beta_shapley")


def test_beta_of_ones_is_shapley_and_laws_average_one():
    assert [beta_share(1, 1)(size) for size in range(8)] == pytest.approx([shapley_share(size) for size in range(8)])
    assert size_weights(8, 1.0, 1.0) == pytest.approx(np.ones(8))
    for law in ((16.0, 1.0), (1.0, 16.0), (2.0, 5.0)):
        assert size_weights(500, *law).mean() == pytest.approx(1.0)
    few = size_weights(500, 16.0, 1.0)
    assert few[0] > 15 > few[100]


@pytest.mark.parametrize("tolerance", [0.0, 0.5, 20.0])
def test_shapley_adds_up_however_early_walks_stop(tolerance, formula_game):
    game = formula_game(8, bent)
    found = data_shapley(game, n_permutations=5, tolerance=tolerance)
    assert found.values.sum() == pytest.approx(game.ends[1] - game.ends[0])


def test_walks_that_stop_cost_less(formula_game):
    whole, stopped = (
        formula_game(60, lambda mask: min(mask.sum(), 5)),
        formula_game(60, lambda mask: min(mask.sum(), 5)),
    )
    one, two = (data_shapley(g, n_permutations=3, tolerance=t) for g, t in ((whole, 0.0), (stopped, 0.5)))
    assert sum(stopped.queried) < 0.3 * sum(whole.queried)
    assert one.values == pytest.approx(two.values)


@pytest.mark.parametrize(
    "value",
    [
        lambda game: banzhaf(game, n_fits=300),
        lambda game: data_shapley(game, n_permutations=8),
    ],
    ids=["banzhaf", "shapley"],
)
def test_flipped_labels_have_lower_values(value, clouds_game):
    wrong = [3, 10, 17, 24, 31]
    scores = value(clouds_game(wrong=wrong))
    right = np.setdiff1d(np.arange(40), wrong)
    assert scores.values[wrong].mean() < scores.values[right].mean()
    assert scores.unit == "points of accuracy"
    assert np.isfinite(scores.spread).all()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda game: banzhaf(game, n_fits=3), "n_fits=1000, at least 4"),
        (lambda game: banzhaf(game, n_fits=500, most_fits=100), "(?s)500 fits for 8 rows.*draw fewer sets"),
        (lambda game: data_shapley(game, n_permutations=1), "n_permutations=50, at least 2"),
        (lambda game: data_shapley(game, n_permutations=100, most_fits=160), "at most 10 permutations fit the limit"),
        (lambda game: data_shapley(game, beta=(0.5, 1)), r"beta=\(1, 1\)"),
        (lambda game: data_shapley(game, tolerance=-1), "tolerance=0.5"),
    ],
)
def test_refusals(call, text, formula_game):
    with pytest.raises(InputError, match=text):
        call(formula_game(8, additive))
