"""Gradients of rows over several layers against the matrix they stand for."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import DenseGradients, LookupGradients, MatrixPlace, OuterGradients
from samplewise.engine.gradients.rows import RowGradients, joined_rows

DRAW = np.random.default_rng(0)
SHAPES = {"fc.weight": (3, 2), "fc.bias": (3,), "norm.weight": (4,)}


def made(n_rows=6, first_id=0):
    place = MatrixPlace("fc.weight", (3, 2), 0, 3, "fc.bias")
    layers = (
        OuterGradients("fc", place, DRAW.normal(size=(n_rows, 2, 3)), DRAW.normal(size=(n_rows, 2, 3))),
        DenseGradients("norm", (("norm.weight", (4,)),), DRAW.normal(size=(n_rows, 4))),
    )
    ids = np.arange(first_id, first_id + n_rows)
    return RowGradients(ids, layers, DRAW.normal(size=(n_rows, 2)), ids % 2, DRAW.normal(size=n_rows))


def dense(rows):
    outer, small = rows.layers
    entries = np.einsum("nto,nti->noi", outer.cotangents, outer.inputs)
    return np.hstack([entries[:, :, :2].reshape(len(rows), -1), entries[:, :, 2], small.values])


def test_everything_equals_the_matrix_written_out():
    one, two = made(), made(4)
    G, H = dense(one), dense(two)
    assert (one.count, one.size) == (6, 13)
    assert one.nbytes == sum(layer.nbytes for layer in one.layers)
    np.testing.assert_allclose(one.gram(), G @ G.T)
    np.testing.assert_allclose(one.gram(two), G @ H.T)
    np.testing.assert_allclose(one.norms(), np.linalg.norm(G, axis=1))
    weights = DRAW.normal(size=(6, 2))
    sums = one.combine(weights)
    assert {name: part.shape[1:] for name, part in sums.items()} == SHAPES
    flat = np.concatenate([sums[name].reshape(2, -1) for name in SHAPES], axis=1)
    np.testing.assert_allclose(flat, weights.T @ G)
    np.testing.assert_allclose(one.project(sums), G @ flat.T)
    np.testing.assert_allclose(one.combine(weights[:, 0])["norm.weight"], sums["norm.weight"][:1])
    parts = one.per_layer()
    assert list(parts) == ["fc", "norm"]
    np.testing.assert_allclose(parts["fc"].gram() + parts["norm"].gram(), one.gram())


def test_rows_are_taken_and_joined_with_their_ids():
    one, two = made(), made(4, first_id=10)
    np.testing.assert_allclose(dense(one.take([4, 0])), dense(one)[[4, 0]])
    assert one.take(one.ids > 3).ids.tolist() == [4, 5]
    both = joined_rows([one, two])
    np.testing.assert_allclose(dense(both), np.vstack([dense(one), dense(two)]))
    assert both.ids.tolist() == [0, 1, 2, 3, 4, 5, 10, 11, 12, 13]
    assert joined_rows([one]) is one


def test_a_layer_that_a_batch_does_not_use_rests_in_it():
    one, two = made(), made(2)
    both = joined_rows([one, two.per_layer()["fc"]])
    assert (both.layers[1].values[6:] == 0).all()


def test_projections_of_full_width_keep_every_inner_product():
    one = made()
    seen = one.projected(one.directions((3, 3)))
    np.testing.assert_allclose(seen["fc"] @ seen["fc"].T, one.per_layer()["fc"].gram(), atol=1e-10)
    np.testing.assert_allclose(seen["norm"], one.layers[1].values)  # small enough to be written out
    narrow = one.projected(one.directions((1, 2), kind="random"))
    assert narrow["fc"].shape == (6, 2)
    assert narrow["norm"].shape == (6, 2)  # sketched to the same width
    place = MatrixPlace("e.weight", (9, 2), 0, 9)
    wide = LookupGradients("e", place, DRAW.integers(0, 9, (6, 2)), DRAW.normal(size=(6, 2, 2)))
    looked_up = RowGradients(one.ids, (wide,), one.outputs, one.labels, one.values)
    assert looked_up.projected(one.directions((5, 5)))["e"].shape == (6, 25)


def test_a_sketch_is_the_sum_of_those_of_the_layers():
    one = made()
    np.testing.assert_allclose(one.sketch(16, seed=3), sum(layer.sketch(16, seed=3) for layer in one.layers))


def test_a_share_of_the_parameters_may_be_left_out():
    assert made().skipped_share == 0.0
    rows = made()
    left_out = RowGradients(rows.ids, rows.layers, rows.outputs, rows.labels, rows.values, {"head": 13})
    assert left_out.skipped_share == pytest.approx(0.5)


def test_what_does_not_fit_is_refused():
    rows = made()
    for call, words in (
        (lambda: rows.combine(np.ones(5)), "one weight per row"),
        (lambda: rows.project({"fc.weigth": np.ones((1, 3, 2))}), "did you mean 'fc.weight'"),
        (lambda: rows.project({"fc.bias": np.ones((1, 3)), "norm.weight": np.ones((2, 4))}), "disagree"),
        (lambda: rows.directions((0, 1)), "at least 1"),
        (lambda: rows.directions((1, 1), kind="first"), "kind of directions named 'first'"),
        (lambda: rows.gram(rows.per_layer()["fc"]), "no inner product"),
        (lambda: rows.sketch(0, seed=0), "size"),
    ):
        with pytest.raises(InputError, match=words):
            call()
