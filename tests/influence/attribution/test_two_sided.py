"""With every direction kept, the projected gradients give the block Fisher matrix."""

import numpy as np

from samplewise.influence.attribution import two_sided
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.two_sided import TwoSided


def blocks(source, rows, of):
    whole = source.matrix(rows, of)
    return whole[:, :12], whole[:, 12:]


def test_full_directions_are_the_block_fisher(drawn_source, train, queries, monkeypatch):
    monkeypatch.setattr(two_sided, "SIDE", 4)
    source = drawn_source()
    fitted = TwoSided.prepare(source, train, Settings(ridge=0.1))
    expected, own = 0.0, 0.0
    for g, psi in zip(blocks(source, train, "loss"), blocks(source, queries, "margin"), strict=True):
        moment = g.T @ g / len(g)
        ridged = moment + 0.1 * np.trace(moment) / len(moment) * np.eye(len(moment))
        expected = expected - psi @ np.linalg.solve(ridged, g.T) / len(g)
        own = own + np.einsum("np,pn->n", g, np.linalg.solve(ridged, g.T)) / len(g)
    values, query_ids = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, expected, atol=1e-10)
    np.testing.assert_array_equal(query_ids, queries)
    np.testing.assert_allclose(fitted.self_influence(), own, atol=1e-10)
    group = np.array([3, 8])
    np.testing.assert_allclose(
        fitted.group_effect(group, queries, "margin")[0], values[:, group].sum(axis=1), atol=1e-12
    )


def test_few_directions_keep_few_numbers(drawn_source, train, monkeypatch):
    monkeypatch.setattr(two_sided, "SIDE", 2)
    fitted = TwoSided.prepare(drawn_source(with_small=False), train, Settings())
    assert {name: part.shape for name, part in fitted.seen.items()} == {"fc": (30, 4)}
