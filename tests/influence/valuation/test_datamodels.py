"""Linear models of refits: exact on linear games, closed-form leave-one-out, and kin of Banzhaf's value."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.influence import banzhaf, datamodel, linear_datamodeling_score
from samplewise.influence.valuation.datamodels import RIDGES, _ridge_on_sets
from samplewise.influence.valuation.semivalues import random_sets


def sets_and_outcomes(sets=60, elements=12, noise=0.3, seed=0):
    draw = np.random.default_rng(seed)
    inside = (draw.random((sets, elements)) < 0.5).astype(float)
    truth = draw.normal(size=(elements, 3))
    return inside, inside @ truth + noise * draw.normal(size=(sets, 3)) + 2.0, truth


def test_linear_outcomes_are_found_within_their_standard_errors():
    inside, outcomes, truth = sets_and_outcomes()
    found = _ridge_on_sets(inside, outcomes)
    assert np.abs(found.effects - truth.T).max() < 4 * found.spread.max()
    assert found.spread == pytest.approx(0.3 / np.sqrt(60 / 4), rel=0.5)


def test_each_set_is_predicted_without_it():
    """The closed form is the refit without the set, at the ridge that was chosen, the intercept free."""
    inside, outcomes, _ = sets_and_outcomes(40, 10)
    found = _ridge_on_sets(inside, outcomes)
    centered = inside - inside.mean(axis=0)
    scale = np.linalg.eigvalsh(centered @ centered.T).clip(0).mean()
    for column in range(3):
        candidates = []
        for ridge in RIDGES * scale:
            held = []
            for out in range(40):
                rest = np.arange(40) != out
                mean, level = inside[rest].mean(axis=0), outcomes[rest, column].mean()
                X, y = inside[rest] - mean, outcomes[rest, column] - level
                held.append(level + (inside[out] - mean) @ np.linalg.solve(X.T @ X + ridge * np.eye(10), X.T @ y))
            candidates.append(held)
        errors = np.square(np.array(candidates) - outcomes[:, column]).mean(axis=1)
        assert found.held_out[:, column] == pytest.approx(candidates[int(errors.argmin())], abs=1e-9)


def test_it_predicts_refits_it_was_not_fitted_on(clouds_game):
    game = clouds_game()
    found = datamodel(game, n_fits=300)
    fresh = random_sets(game, 360)[300:]
    score = linear_datamodeling_score(found.attribution, fresh, game.margins(fresh)).estimate
    assert score.low > 0.5
    assert found.held_out.value == pytest.approx(score.value, abs=0.1)


def test_the_value_is_near_banzhaf_with_less_noise(clouds_game):
    game = clouds_game(wrong=[3, 10, 17, 24, 31])
    fitted, counted = datamodel(game, n_fits=400).value, banzhaf(game, n_fits=400)
    assert np.corrcoef(fitted.values, counted.values)[0, 1] > 0.7
    assert np.median(fitted.spread) < np.median(counted.spread)
    assert game.runner.store.made <= 400


def test_refusals(clouds_game):
    with pytest.raises(InputError, match="n_fits=300, at least 20"):
        datamodel(clouds_game(), n_fits=10)
    with pytest.raises(InputError, match="draw fewer sets"):
        datamodel(clouds_game(), n_fits=100, most_fits=50)
