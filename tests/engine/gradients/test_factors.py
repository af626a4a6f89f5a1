"""Factors against the entries they stand for, by every rule and tile size, in both array libraries."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import (
    DenseGradients,
    LookupGradients,
    MatrixGradients,
    MatrixPlace,
    OuterGradients,
    RowGradients,
    factors,
    layer,
)

SHAPES = {"one position": (1, 6, 5), "few positions": (2, 12, 11), "many positions": (7, 3, 4)}


def outer(n, t, i, o, seed=0, dtype=np.float64):
    draw = np.random.default_rng(seed)
    place = MatrixPlace("fc.weight", (o, i - 1), 0, o, "fc.bias")
    return OuterGradients(
        "fc", place, draw.normal(size=(n, t, i)).astype(dtype), draw.normal(size=(n, t, o)).astype(dtype)
    )


def entries(layer):
    return np.einsum("nto,nti->noi", layer.cotangents, layer.inputs).reshape(len(layer), -1)


def as_matrix(layer):
    values = entries(layer).reshape(len(layer), *layer.matrix_shape)
    return MatrixGradients(
        layer.name, layer.place, values, tuple(len(layer) * held for held in layer.moments()), len(layer)
    )


@pytest.fixture(params=[(2**27, 1024), (500, 3)], ids=["whole", "tiles"])
def tiled(request, monkeypatch):
    monkeypatch.setattr(factors, "BLOCK_BYTES", request.param[0])
    monkeypatch.setattr(layer, "POSITIONS_AT_ONCE", request.param[1])


@pytest.mark.usefixtures("tiled")
@pytest.mark.parametrize("name", SHAPES)
def test_outer_products(name):
    one, two = outer(11, *SHAPES[name]), outer(7, *SHAPES[name], seed=1)
    dense, other = entries(one), entries(two)
    np.testing.assert_allclose(one.gram(), dense @ dense.T, atol=1e-12)
    np.testing.assert_allclose(one.gram(two), dense @ other.T, atol=1e-12)
    np.testing.assert_allclose(one.squared_norms(), np.square(dense).sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(one.materialise(), dense)
    assert (one.gram() == one.gram().T).all()


@pytest.mark.usefixtures("tiled")
def test_rows_with_other_numbers_of_positions():
    one, two = outer(5, 2, 12, 11), outer(6, 1, 12, 11, seed=1)
    np.testing.assert_allclose(one.gram(two), entries(one) @ entries(two).T, atol=1e-12)
    both = one.joined_with([two])
    np.testing.assert_allclose(
        both.gram(), np.block([[one.gram(), one.gram(two)], [two.gram(one), two.gram()]]), atol=1e-12
    )


@pytest.mark.usefixtures("tiled")
def test_both_forms_meet():
    one, two = outer(5, 3, 6, 4), outer(6, 1, 6, 4, seed=1)
    wanted = entries(one) @ entries(two).T
    for left in (one, as_matrix(one)):
        for right in (two, as_matrix(two)):
            np.testing.assert_allclose(left.gram(right), wanted, atol=1e-12)
    np.testing.assert_allclose(as_matrix(one).squared_norms(), one.squared_norms())
    for own, again in zip(as_matrix(one).moments(), one.moments(), strict=True):
        np.testing.assert_allclose(own, again)


def test_a_place_may_be_some_rows_of_a_parameter():
    place = MatrixPlace("w", (6, 2), 2, 4, "b")
    draw = np.random.default_rng(0)
    layer = OuterGradients("w[2:4]", place, draw.normal(size=(3, 1, 3)), draw.normal(size=(3, 1, 2)))
    sums = {}
    layer.combine(np.eye(3), sums)
    whole = np.zeros((3, 6, 3))
    whole[:, 2:4] = entries(layer).reshape(3, 2, 3)
    np.testing.assert_allclose(sums["w"], whole[:, :, :2])
    np.testing.assert_allclose(sums["b"], whole[:, :, 2])
    np.testing.assert_allclose(layer.project(sums), layer.gram())
    assert layer.project({"other": np.ones((1, 2))}) is None


@pytest.mark.parametrize("count", [1, 40])
def test_lookups_against_one_hot_vectors(count):
    draw = np.random.default_rng(0)
    place = MatrixPlace("embed.weight", (9, 4), 0, 9)
    indices, slopes = draw.integers(0, 9, (count, 5)), draw.normal(size=(count, 5, 4))
    slopes[:, 0] = 0.0
    layer = LookupGradients("embed", place, indices, slopes)
    dense = np.einsum("ntv,ntd->nvd", np.eye(9)[indices], slopes)
    flat = dense.reshape(count, -1)
    np.testing.assert_allclose(layer.materialise(), flat, atol=1e-12)
    np.testing.assert_allclose(layer.gram(), flat @ flat.T, atol=1e-12)
    np.testing.assert_allclose(layer.gram(layer.take([0])), flat @ flat[:1].T, atol=1e-12)
    np.testing.assert_allclose(layer.squared_norms(), np.square(flat).sum(axis=1))
    sums = {}
    layer.combine(np.ones((count, 1)), sums)
    np.testing.assert_allclose(sums["embed.weight"], dense.sum(axis=0)[np.newaxis], atol=1e-12)
    np.testing.assert_allclose(layer.project(sums)[:, 0], flat @ flat.sum(axis=0), atol=1e-10)


def test_lookups_without_any_gradient():
    place = MatrixPlace("embed.weight", (9, 4), 0, 9)
    layer = LookupGradients("embed", place, np.zeros((3, 2), int), np.zeros((3, 2, 4)))
    assert not layer.gram().any()
    assert not layer.squared_norms().any()


def test_single_precision_is_added_up_in_double():
    layer = outer(30, 1, 200, 150, dtype=np.float32)
    exact = entries(outer(30, 1, 200, 150)).astype(np.float64)
    gram = layer.gram()
    assert gram.dtype == np.float64
    np.testing.assert_allclose(gram, exact @ exact.T, atol=1e-5 * np.abs(gram).max())
    assert layer.gram(dtype=np.float32).dtype == np.float32


def test_tensors_give_what_arrays_give():
    """The algebra that runs on an accelerator, tried in main memory."""
    torch = pytest.importorskip("torch")
    one = outer(6, 3, 5, 4)
    held = OuterGradients(one.name, one.place, torch.as_tensor(one.inputs), torch.as_tensor(one.cotangents))
    matrix = as_matrix(one)
    dense = DenseGradients("norm", (("norm.weight", (20,)),), entries(one))
    pairs = [
        (one, held),
        (matrix, MatrixGradients(matrix.name, matrix.place, torch.as_tensor(matrix.values), matrix.sums, 6)),
        (dense, DenseGradients(dense.name, dense.pieces, torch.as_tensor(dense.values))),
    ]
    for array, tensor in pairs:
        np.testing.assert_allclose(tensor.gram(), array.gram())
        np.testing.assert_allclose(tensor.gram(tensor.take(np.array([4, 2]))), array.gram()[:, [4, 2]])
        np.testing.assert_allclose(tensor.squared_norms(), array.squared_norms())
        np.testing.assert_allclose(tensor.sketch(8, seed=0), array.sketch(8, seed=0), atol=1e-12)
        np.testing.assert_allclose(tensor.joined_with([tensor]).gram(), array.joined_with([array]).gram())
        sums, again = {}, {}
        array.combine(np.eye(6), sums)
        tensor.combine(np.eye(6), again)
        for name, held_sums in sums.items():
            np.testing.assert_allclose(again[name], held_sums)
        np.testing.assert_allclose(tensor.project(sums), array.project(sums))
        assert tensor.nbytes == array.nbytes


def rows_of(*layers):
    n = len(layers[0])
    return RowGradients(np.arange(n), layers, np.zeros((n, 1)), np.zeros(n), np.zeros(n))


def test_what_rows_refuse():
    rows = rows_of(outer(4, 1, 3, 2))
    with pytest.raises(InputError, match=r"different parameters[\s\S]*fc and rest[\s\S]*same module"):
        rows.gram(rows_of(DenseGradients("rest", (("rest", (2,)),), np.ones((4, 2)))))
    with pytest.raises(InputError, match=r"no parameter named 'fc.weigt'[\s\S]*did you mean 'fc.weight'"):
        rows.project({"fc.weigt": np.ones((1, 2, 2))})
    with pytest.raises(InputError, match=r"shape of parameter 'fc.weight'[\s\S]*pass \(k, 2, 2\)"):
        rows.project({"fc.weight": np.ones((1, 3, 2))})
    with pytest.raises(InputError, match=r"disagree about how many[\s\S]*one k"):
        rows.project({"fc.weight": np.ones((1, 2, 2)), "fc.bias": np.ones((2, 2))})
    with pytest.raises(InputError, match=r"one weight per row[\s\S]*shape \(3,\)[\s\S]*\(4,\)"):
        rows.combine(np.ones(3))
    with pytest.raises(InputError, match=r"at least one number[\s\S]*size=512"):
        rows.sketch(0, seed=0)


def test_some_of_the_parameters_may_be_selected():
    rows = rows_of(outer(4, 1, 3, 2), DenseGradients("rest", (("rest", (2,)),), np.ones((4, 2))))
    np.testing.assert_allclose(rows.project({"rest": [[1.0, 2.0]]})[:, 0], 3.0)
    assert rows.combine(np.ones(4))["rest"].shape == (1, 2)
    assert rows.size == 8
    assert rows.skipped_share == 0.0
    assert rows.nbytes == 4 * (3 + 2 + 2) * 8
