"""Removal curves and flips: known games, planted faults, and what is refused."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Attribution, Scores
from samplewise.influence import brittleness, open_game, removal_curve

WEIGHTS = np.arange(-4.0, 6.0)


def scores_of(game, values):
    return Scores("value", np.asarray(values, dtype=float), game.keys, "points", "helps")


def test_an_additive_game_loses_the_values_of_the_removed(formula_game):
    game = formula_game(10, lambda mask: WEIGHTS @ mask)
    found = removal_curve(scores_of(game, WEIGHTS), game, shares=(0.2, 0.5))
    columns = found.curve.columns
    assert columns["removed"].tolist() == [0.0, 0.2, 0.5]
    assert columns["helpful_first"].tolist() == [5.0, 5.0 - 9.0, 5.0 - 15.0]
    assert columns["harmful_first"].tolist() == [5.0, 5.0 + 7.0, 5.0 + 10.0]
    distance = np.trapezoid(columns["random"] - columns["helpful_first"], columns["removed"]) / 0.5
    assert found.helpful_first.value == pytest.approx(distance)
    assert found.helpful_first.low > 0
    assert found.harmful_first.low > 0


def test_scores_upside_down_swap_the_curves(formula_game):
    game = formula_game(10, lambda mask: WEIGHTS @ mask)
    right, wrong = (removal_curve(scores_of(game, sign * WEIGHTS), game, shares=(0.3,)) for sign in (1, -1))
    assert wrong.helpful_first.value == pytest.approx(-right.harmful_first.value)
    assert wrong.helpful_first.high < 0


def test_random_scores_have_no_area(formula_game):
    draw = np.random.default_rng(0)
    areas = []
    for seed in range(60):
        game = formula_game(10, lambda mask: WEIGHTS @ mask, seed)
        areas.append(removal_curve(scores_of(game, draw.normal(size=10)), game, shares=(0.3,)).helpful_first.value)
    assert abs(np.mean(areas)) < 3 * np.std(areas) / np.sqrt(60)


def test_flipped_rows_first_mends_the_model(clouds_game):
    wrong = list(range(0, 40, 3))
    game = clouds_game(wrong=wrong)
    values = np.ones(40)
    values[wrong] = -1
    found = removal_curve(scores_of(game, values), game, shares=(0.1, 0.2, 0.35))
    assert found.harmful_first.value > 0
    assert found.curve.columns["harmful_first"][-1] > found.curve.columns["random"][-1]
    assert found.helpful_first.unit == "points of accuracy"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"shares": (0.2, 0.1)}, r"use shares=\(0.05"),
        ({"shares": (0.5, 90)}, "did you mean 0.9"),
        ({"n_seeds": 2}, "use n_seeds=3"),
        ({"most_fits": 10}, "fewer shares or seeds"),
    ],
)
def test_curve_refusals(formula_game, options, text):
    game = formula_game(10, lambda mask: mask.sum())
    with pytest.raises(InputError, match=text):
        removal_curve(scores_of(game, WEIGHTS), game, **options)


def test_scores_must_be_finite_and_whole(formula_game):
    game = formula_game(10, lambda mask: mask.sum())
    with pytest.raises(InputError, match="rows id 3"):
        removal_curve(scores_of(game, np.where(np.arange(10) == 3, np.nan, WEIGHTS)), game)
    with pytest.raises(InputError, match="rows id 0"):
        removal_curve(scores_of(game, WEIGHTS).top(9), game)


def neighbor_attribution(game, queries):
    """Rows of the query's class, the nearer the more they raise it."""
    space = game.runner.space
    near = np.exp(-np.linalg.norm(space[len(game) :][queries][:, None] - space[: len(game)], axis=2))
    alike = np.where(game.query_codes[queries][:, None] == game.codes, 1.0, -1.0)
    return Attribution(near * alike, game.query_ids[queries], game.keys, "likeness")


def test_attributed_rows_flip_sooner_than_random_ones(clouds_game):
    game = clouds_game(learner="linear")
    attribution = neighbor_attribution(game, np.arange(30))
    found = brittleness(attribution, game, counts=(2, 5, 10, 15))
    shares = found.shares.columns
    assert (np.diff(shares["attributed"]) >= 0).all()
    assert shares["attributed"][-1] > shares["random_of_its_class"][-1] >= 0
    assert found.flipped.value == shares["attributed"][-1]
    assert found.beyond_chance.unit == "points"
    beyond = 100 * (shares["attributed"][-1] - shares["random_of_its_class"][-1])
    assert found.beyond_chance.value == pytest.approx(beyond)
    assert found.smallest.keys.tolist() == attribution.query_ids.tolist()


def test_the_smallest_flip_is_a_flip_and_the_count_before_is_none(clouds_game):
    game = clouds_game(learner="linear")
    attribution = neighbor_attribution(game, np.arange(20))
    found = brittleness(attribution, game, counts=(2, 4, 8, 16))
    everyone = game.outputs(np.ones((1, 40), dtype=bool))[0].argmax(axis=1)
    for query, count in enumerate(found.smallest.values):
        top = attribution.top(40, query=query).keys
        for tried in (2, 4, 8, 16):
            left = ~np.isin(game.keys, top[:tried])
            flips = game.outputs(left[None])[0, query].argmax() != everyone[query]
            assert flips == (tried == count) or (tried > count)


@pytest.mark.parametrize(
    ("counts", "text"),
    [((), "counts such as"), ((5, 2), "counts such as"), ((0, 2), "counts such as"), ((2, 40), r"\(5, 10, 20\)")],
)
def test_counts_that_are_none(clouds_game, counts, text):
    game = clouds_game()
    with pytest.raises(InputError, match=text):
        brittleness(neighbor_attribution(game, np.arange(3)), game, counts=counts)


def test_numbers_do_not_flip_and_fits_are_bounded(clouds_game):
    X = np.arange(20.0)[:, None]
    game = open_game((X, 1.5 * X[:, 0]), (X, 1.5 * X[:, 0]))
    with pytest.raises(InputError, match="use removal_curve"):
        brittleness(Attribution(np.zeros((1, 20)), game.query_ids[:1], game.keys, "label"), game)
    game = clouds_game()
    with pytest.raises(InputError, match="fewer queries"):
        brittleness(neighbor_attribution(game, np.arange(3)), game, counts=(2,), most_fits=30)
