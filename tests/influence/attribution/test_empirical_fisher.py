"""The Fisher matrix through n by n systems against the p by p algebra it stands for."""

import numpy as np
import pytest
from scipy.special import expit

from samplewise.core.errors import InputError
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.empirical_fisher import DualFisher, DualMargin, RidgedGram, mean_doubt

G = np.random.default_rng(0).normal(size=(9, 4))
K = G @ G.T


def test_a_ridged_gram_matrix_solves_and_gives_its_inverse():
    added = 0.5 * np.mean(np.diagonal(K))
    inverse = np.linalg.inv(K + added * np.eye(9))
    held = RidgedGram.of(K.copy(), 0.5)
    right = np.random.default_rng(1).normal(size=(9, 2))
    np.testing.assert_allclose(held.solve(right), inverse @ right)
    np.testing.assert_allclose(held.inverse_diagonal(), np.diagonal(inverse))
    np.testing.assert_allclose(held.leverage(), np.diagonal(K @ inverse))
    rows = np.array([2, 5])
    np.testing.assert_allclose(held.among(rows), inverse[np.ix_(rows, rows)])
    assert (held.added, held.ridge) == (pytest.approx(added), 0.5)
    np.testing.assert_allclose(held.undone(), K)


def test_a_ridge_too_small_for_rounding_is_raised():
    held = RidgedGram.of(K.copy(), 0.0)  # nine rows in four dimensions: singular
    assert held.ridge > 0
    with pytest.raises(InputError, match="gradient of zero"):
        RidgedGram.of(np.zeros((3, 3)), 0.1)


def test_fisher_effects_are_those_of_all_parameters(drawn_source, train, queries):
    source = drawn_source()
    g, psi = source.matrix(train, "loss"), source.matrix(queries, "margin")
    fitted = DualFisher.prepare(source, train, Settings(ridge=0.3))
    fisher = g.T @ g + 0.3 * np.mean(np.square(g).sum(axis=1)) * np.eye(g.shape[1])
    expected = -psi @ np.linalg.solve(fisher, g.T)
    values, query_ids = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, expected, atol=1e-10)
    np.testing.assert_array_equal(query_ids, queries)
    np.testing.assert_allclose(fitted.self_influence(), np.einsum("np,np->n", g, np.linalg.solve(fisher, g.T).T))
    assert fitted.ridge == 0.3
    group = np.array([1, 4, 6])
    without = fisher - g[group].T @ g[group]  # the group's share of the curvature leaves with it
    step = -psi @ np.linalg.solve(without, g[group].sum(axis=0))
    np.testing.assert_allclose(fitted.group_effect(group, queries, "margin")[0], step, atol=1e-10)


def test_margin_effects_are_averaged_before_the_doubt(drawn_source, train, queries):
    sources = (drawn_source(0), drawn_source(1))
    brackets, doubts = [], []
    for source in sources:
        f, psi = source.matrix(train, "margin"), source.matrix(queries, "margin")
        curved = f.T @ f + 0.2 * np.mean(np.square(f).sum(axis=1)) * np.eye(f.shape[1])
        brackets.append(psi @ np.linalg.solve(curved, f.T))
        doubts.append(1 - expit(source.gradients(train, "margin").values))
    fitted = DualMargin.prepare(sources, train, Settings(ridge=0.2))
    values, _ = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, np.mean(brackets, axis=0) * np.mean(doubts, axis=0), atol=1e-10)
    np.testing.assert_allclose(
        fitted.group_effect(np.array([0, 3]), queries, "margin")[0], values[:, [0, 3]].sum(axis=1)
    )
    assert (fitted.self_influence() > 0).all()


def test_doubt_is_exact_for_certain_rows():
    assert mean_doubt([np.array([0.0]), np.array([np.log(3.0)])])[0] == pytest.approx((0.5 + 0.25) / 2)
    assert mean_doubt([np.array([100.0])])[0] == pytest.approx(np.exp(-100.0))
