import numpy as np
import pytest

from samplewise.labels.wrong_numbers import fit_residuals


def line(n, seed, noise=None):
    draw = np.random.default_rng(seed)
    predicted = draw.uniform(0, 10, n)
    return predicted, predicted + (draw.normal(size=n) if noise is None else noise(draw, n)), draw


@pytest.mark.parametrize("tails", [None, lambda draw, n: draw.standard_t(6, n), lambda draw, n: draw.laplace(size=n)])
def test_heavy_tails_are_not_called_wrong_labels(tails):
    for seed in range(3):
        predicted, labels, _ = line(800, seed, tails)
        fit = fit_residuals(predicted, labels, np.arange(800))
        assert not fit.beyond_chance
        assert (fit.wrong > 0.5).sum() <= 3


def test_planted_labels_of_other_rows_are_found_and_counted():
    predicted, labels, draw = line(2000, 0)
    planted = draw.choice(2000, 200, replace=False)
    labels[planted] = draw.permutation(labels[planted])
    fit = fit_residuals(predicted, labels, np.arange(2000))
    assert fit.beyond_chance
    assert fit.low <= 0.1 <= fit.high
    far = np.abs(labels - predicted)[planted] > 3.5
    assert (fit.wrong[planted][far] > 0.5).mean() > 0.95
    flagged = fit.wrong > 0.5
    assert np.isin(np.flatnonzero(flagged), planted).mean() > 0.9


def test_spread_that_grows_with_the_prediction_is_followed():
    predicted, labels, draw = line(2000, 1)
    labels = predicted + (0.1 + predicted) * draw.normal(size=2000)
    fit = fit_residuals(predicted, labels, np.arange(2000))
    assert (fit.wrong > 0.5).sum() <= 4


def test_unknown_predictions_stay_unknown():
    predicted, labels, _ = line(200, 2)
    predicted[3] = np.nan
    assert np.flatnonzero(np.isnan(fit_residuals(predicted, labels, np.arange(200)).wrong)).tolist() == [3]
