"""One temperature: the likelihood has its maximum there, and planted temperatures come back."""

import numpy as np
import pytest
from scipy.special import log_softmax

from samplewise.engine.models import probabilities, temperature


def drawn(factor, count=20_000, classes=4, seed=0):
    draw = np.random.default_rng(seed)
    logits = draw.normal(scale=2.0, size=(count, classes))
    cumulated = probabilities(logits, 1.0).cumsum(axis=1)
    return logits / factor, (draw.random(count)[:, None] > cumulated).sum(axis=1)


@pytest.mark.parametrize("factor", [0.3, 1.0, 5.0])
def test_planted_temperature_comes_back(factor):
    assert temperature(*drawn(factor)) == pytest.approx(factor, rel=0.05)


def test_no_other_temperature_is_likelier():
    outputs, codes = drawn(2.0, count=500)
    best = temperature(outputs, codes)

    def likelihood(factor):
        return log_softmax(factor * outputs, axis=1)[np.arange(len(codes)), codes].mean()

    assert all(likelihood(best) >= likelihood(best * change) for change in (0.5, 0.9, 1.1, 2.0))


def test_probabilities_are_rows_of_one_however_large_the_outputs():
    rows = probabilities(np.array([[1e6, -1e6], [0.0, 0.0]]), 1.0)
    np.testing.assert_allclose(rows, [[1.0, 0.0], [0.5, 0.5]])
