"""Blocks of the factored curvature against eigenbases and moments written out."""

import numpy as np
import pytest

from samplewise.influence.attribution import ekfac
from samplewise.influence.attribution.attribution_method import Settings
from samplewise.influence.attribution.ekfac import FactoredCurvature, RotatedBlock, WholeBlock


def rotated(inputs, cotangents, moments):
    """(n, o i) gradients in the eigenbasis of the two factors' second moments."""
    turn_in, turn_out = (np.linalg.eigh(moment)[1] for moment in moments)
    return np.einsum("nto,nti->noi", cotangents @ turn_out, inputs @ turn_in).reshape(len(inputs), -1)


@pytest.mark.parametrize("rank", [None, 100])
def test_a_rotated_block_weighs_every_entry_by_its_own_curvature(drawn_source, train, queries, rank):
    source = drawn_source()
    layer, others = source.gradients(train, "loss").layers[0], source.gradients(queries, "margin").layers[0]
    block = RotatedBlock.of(layer, 0.1, rank)
    own, queried = (rotated(one.inputs, one.cotangents, layer.moments()) for one in (layer, others))
    eigenvalues = np.square(own).mean(axis=0)
    weights = 1 / (eigenvalues + 0.1 * eigenvalues.mean())
    np.testing.assert_allclose(block.products(others), (queried * weights) @ own.T, atol=1e-8)
    np.testing.assert_allclose(block.own(), np.square(own) @ weights, atol=1e-8)


def test_a_small_rank_is_close(drawn_source, train, queries):
    source = drawn_source()
    layer, others = source.gradients(train, "loss").layers[0], source.gradients(queries, "margin").layers[0]
    exact = RotatedBlock.of(layer, 0.1, None).products(others)
    errors = [np.linalg.norm(RotatedBlock.of(layer, 0.1, rank).products(others) - exact) for rank in (1, 2, 3)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.3 * np.linalg.norm(exact)


def test_a_layer_without_two_sides_has_its_exact_fisher_block(drawn_source, train, queries):
    source = drawn_source()
    layer, others = source.gradients(train, "loss").layers[1], source.gradients(queries, "margin").layers[1]
    block = WholeBlock.of(layer, 0.1)
    g, psi = layer.values, others.values
    moment = g.T @ g / len(g)
    ridged = moment + 0.1 * np.trace(moment) / len(moment) * np.eye(len(moment))
    np.testing.assert_allclose(block.products(others), psi @ np.linalg.solve(ridged, g.T), atol=1e-10)
    np.testing.assert_allclose(block.own(), np.einsum("np,pn->n", g, np.linalg.solve(ridged, g.T)), atol=1e-10)


def test_effects_add_up_over_layers(drawn_source, train, queries, monkeypatch):
    monkeypatch.setattr(ekfac, "NUMBERS_AT_ONCE", 50)  # a few rows at a time
    source = drawn_source()
    fitted = FactoredCurvature.prepare(source, train, Settings(), exact=True)
    blocks = zip(fitted.blocks, source.gradients(queries, "margin").layers, strict=True)
    values, query_ids = fitted.effects(queries, "margin")
    np.testing.assert_allclose(values, -sum(block.products(layer) for block, layer in blocks) / 30, atol=1e-12)
    np.testing.assert_array_equal(query_ids, queries)
    own = np.diagonal(-fitted.effects(train, "loss")[0])
    np.testing.assert_allclose(fitted.self_influence(), own, atol=1e-10)
    np.testing.assert_array_equal(fitted.ids, train)
