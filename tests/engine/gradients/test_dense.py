"""Gradients entry by entry and by lookup against the matrix they stand for."""

import numpy as np
import pytest

from samplewise.engine.gradients.dense import DenseGradients, LookupGradients
from samplewise.engine.gradients.parameter_slices import MatrixPlace

DRAW = np.random.default_rng(0)
PIECES = (("norm.weight", (3,)), ("norm.scale", (2, 2)))


def dense(n_rows=5):
    return DenseGradients("norm", PIECES, DRAW.normal(size=(n_rows, 7)))


def lookup(n_rows=5, n_tokens=4):
    place = MatrixPlace("embed.weight", (6, 2), 0, 6)
    return LookupGradients(
        "embed", place, DRAW.integers(0, 6, (n_rows, n_tokens)), DRAW.normal(size=(n_rows, n_tokens, 2))
    )


def written_out(layer):
    if isinstance(layer, DenseGradients):
        return layer.values
    whole = np.zeros((len(layer), 6, 2))
    for row, (tokens, slopes) in enumerate(zip(layer.indices, layer.cotangents, strict=True)):
        np.add.at(whole[row], tokens, slopes)
    return whole.reshape(len(layer), -1)


def vectors_of(layer, n_vectors=3):
    shapes = dict(layer.pieces) if isinstance(layer, DenseGradients) else {"embed.weight": (6, 2)}
    return {name: DRAW.normal(size=(n_vectors, *shape)) for name, shape in shapes.items()}


def flat(parts):
    return np.concatenate([part.reshape(len(part), -1) for part in parts.values()], axis=1)


@pytest.mark.parametrize("make", [dense, lookup])
def test_everything_equals_the_matrix_written_out(make):
    one, two = make(), make(3)
    whole, other = written_out(one), written_out(two)
    assert len(one) == 5
    assert one.size == whole.shape[1]
    assert one.nbytes > 0
    np.testing.assert_allclose(one.materialise(), whole)
    np.testing.assert_allclose(one.gram(), whole @ whole.T)
    np.testing.assert_allclose(one.gram(two), whole @ other.T)
    np.testing.assert_allclose(one.squared_norms(), np.square(whole).sum(axis=1))
    vectors = vectors_of(one)
    np.testing.assert_allclose(one.project(vectors), whole @ flat(vectors).T)
    assert one.project({"elsewhere": np.ones((1, 2))}) is None
    weights, sums = DRAW.normal(size=(5, 2)), {}
    one.combine(weights, sums)
    np.testing.assert_allclose(flat(sums), weights.T @ whole)
    assert set(sums) == set(one.names)


@pytest.mark.parametrize("make", [dense, lookup])
def test_rows_are_taken_joined_and_put_to_rest(make):
    one = make()
    np.testing.assert_allclose(written_out(one.take([3, 1])), written_out(one)[[3, 1]])
    np.testing.assert_array_equal(written_out(one.at_rest(2)), np.zeros((2, one.size)))
    both = one.joined_with([one.take([0])])
    np.testing.assert_allclose(written_out(both), np.vstack([written_out(one), written_out(one)[:1]]))


@pytest.mark.parametrize("make", [dense, lookup])
def test_sketches_keep_inner_products_in_the_mean(make):
    one = make()
    sketches = [one.sketch(64, seed=seed) for seed in range(300)]
    gram = np.mean([part @ part.T for part in sketches], axis=0)
    exact = one.gram()
    np.testing.assert_allclose(gram, exact, atol=0.06 * np.diagonal(exact).max())
    np.testing.assert_array_equal(one.take([2]).sketch(64, seed=0)[0], sketches[0][2])  # in any company


def test_shorter_rows_of_tokens_are_padded_with_nothing():
    long, short = lookup(2, 4), lookup(3, 2)
    joined = long.joined_with([short])
    np.testing.assert_allclose(written_out(joined), np.vstack([written_out(long), written_out(short)]))


def test_a_pair_of_row_and_token_is_one_entry():
    place = MatrixPlace("embed.weight", (6, 2), 0, 6)
    layer = LookupGradients("embed", place, np.array([[4, 1, 4]]), np.array([[[1.0, 0], [0, 0], [2, 5]]]))
    tokens, rows, values = layer.entries()
    assert (tokens.tolist(), rows.tolist(), values.tolist()) == ([4], [0], [[3.0, 5.0]])
