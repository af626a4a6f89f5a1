"""A sketch without collisions gives what the exact Gram matrix gives."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.influence.attribution import sketched
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.empirical_fisher import DualMargin
from samplewise.influence.attribution.sketched import Sketched


@pytest.fixture
def prepared(drawn_source, train, monkeypatch):
    monkeypatch.setattr(sketched, "ROWS_AT_ONCE", 7)
    sources = tuple(drawn_source(seed, with_small=False) for seed in (0, 1))

    def prepare(**options):
        return Sketched.prepare(sources, train, Settings(**options)), sources

    return prepare


def test_a_long_sketch_gives_the_exact_effects(prepared, train, queries):
    fitted, sources = prepared(ridge=0.5, size=4096)
    exact = DualMargin.prepare(sources, train, Settings(ridge=0.5))
    for one, two in (
        (fitted.effects(queries, "margin")[0], exact.effects(queries, "margin")[0]),
        (fitted.self_influence(), exact.self_influence()),
        (
            fitted.group_effect(np.array([2, 9]), queries, "margin")[0],
            exact.group_effect(np.array([2, 9]), queries, "margin")[0],
        ),
    ):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(fitted.effects(queries, "margin")[1], queries)


def test_longer_sketches_are_closer(prepared, train, queries):
    exact = prepared(ridge=1.0, size=4096)[0].effects(queries, "margin")[0]
    errors = [
        np.mean([
            np.linalg.norm(prepared(ridge=1.0, size=size, seed=seed)[0].effects(queries, "margin")[0] - exact)
            for seed in range(8)
        ])
        for size in (4, 16, 128)
    ]  # fmt: skip
    assert errors[0] > errors[1] > errors[2]


def test_without_a_ridge_a_sketch_near_the_number_of_rows_is_refused(prepared):
    with pytest.raises(InputError, match=r"(?s)needs a ridge.*size=16, 30 rows.*at most 15"):
        prepared(ridge=0, size=16)
    prepared(ridge=0, size=8)
