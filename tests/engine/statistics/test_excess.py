"""The score test of part of the rows: level where the covariate explains all, power where it does not."""

import numpy as np
import pytest

from samplewise.engine.statistics.excess import excess_of_part, expected_hits
from samplewise.engine.statistics.significance import p_value_above


def test_a_constant_covariate_leaves_the_mean():
    hits = np.array([1.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(expected_hits(hits, np.zeros((4, 1)))[0], 0.25, atol=1e-5)


def test_the_level_where_covariates_explain_all():
    draw, below = np.random.default_rng(0), 0
    for _ in range(400):
        x = draw.normal(size=400)
        hits = (draw.random(400) < 1 / (1 + np.exp(1.5 - x))).astype(float)
        below += p_value_above(*excess_of_part(hits, x + draw.normal(size=400) > 1, x[:, None])) < 0.05
    assert 6 <= below <= 34  # 5 % of 400


def test_more_than_the_covariates_say():
    draw = np.random.default_rng(0)
    x, member = draw.normal(size=1000), draw.random(1000) < 0.2
    hits = (draw.random(1000) < np.where(member, 0.5, 0.1)).astype(float)
    excess, error = excess_of_part(hits, member, x[:, None])
    assert excess == pytest.approx(0.32, abs=0.06)
    assert excess > 5 * error


def test_a_covariate_that_separates_keeps_finite():
    hits = np.repeat([0.0, 1.0], 20)
    chance = expected_hits(hits, hits[:, None])[0]
    assert np.isfinite(chance).all()
    assert (chance[20:] > 0.9).all()
