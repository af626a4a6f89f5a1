"""Sketches are right on average, the same however the gradients are held, and drawn by parameter and seed."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import DenseGradients, LookupGradients, MatrixGradients, MatrixPlace, OuterGradients
from samplewise.engine.gradients.rows import RowGradients
from samplewise.engine.gradients.sketching import MatrixHash


def outer(n=6, t=3, i=5, o=4, seed=0):
    draw = np.random.default_rng(seed)
    place = MatrixPlace("fc.weight", (o, i - 1), 0, o, "fc.bias")
    return OuterGradients("fc", place, draw.normal(size=(n, t, i)), draw.normal(size=(n, t, o)))


def entries(layer):
    values = np.einsum("nto,nti->noi", layer.cotangents, layer.inputs)
    return MatrixGradients(layer.name, layer.place, values, layer.moments(), len(layer))


def lookup(n=6, t=4, v=7, d=3, seed=0):
    draw = np.random.default_rng(seed)
    place = MatrixPlace("embed.weight", (v, d), 0, v)
    return LookupGradients("embed", place, draw.integers(0, v, (n, t)), draw.normal(size=(n, t, d)))


def small(n=6, seed=0):
    draw = np.random.default_rng(seed)
    return DenseGradients("norm", (("norm.weight", (2, 3)), ("norm.bias", (4,))), draw.normal(size=(n, 10)))


def rows_of(*layers):
    n = len(layers[0])
    return RowGradients(np.arange(n), layers, np.zeros((n, 1)), np.zeros(n), np.zeros(n))


@pytest.mark.parametrize("make", [outer, lookup, small])
def test_inner_products_are_unbiased(make):
    layer = make()
    rows = rows_of(layer)
    draws = np.stack([(s := rows.sketch(8, seed=seed)) @ s.T for seed in range(300)])
    error = np.abs(draws.mean(axis=0) - rows.gram())
    assert (error <= 4.5 * draws.std(axis=0) / np.sqrt(len(draws)) + 1e-9).all()


def test_layers_do_not_disturb_each_other():
    rows = rows_of(outer(), lookup(), small())
    draws = np.stack([(s := rows.sketch(16, seed=seed)) @ s.T for seed in range(300)])
    error = np.abs(draws.mean(axis=0) - rows.gram())
    assert (error <= 4.5 * draws.std(axis=0) / np.sqrt(len(draws))).all()


def test_the_form_of_storage_changes_nothing():
    layer = outer()
    np.testing.assert_allclose(layer.sketch(32, seed=1), entries(layer).sketch(32, seed=1), atol=1e-12)
    embedding = lookup()
    whole = np.zeros((6, 7, 3))
    for row in range(6):
        np.add.at(whole[row], embedding.indices[row], embedding.cotangents[row])
    as_matrix = MatrixGradients("embed", embedding.place, whole, (np.eye(3), np.eye(7)), 6)
    np.testing.assert_allclose(embedding.sketch(32, seed=1), as_matrix.sketch(32, seed=1), atol=1e-12)
    np.testing.assert_allclose(embedding.gram(), as_matrix.gram(), atol=1e-12)


def test_longer_sketches_are_closer():
    rows = rows_of(outer(n=40, i=20, o=15))
    exact = rows.gram()
    error = [np.abs((s := rows.sketch(size, seed=0)) @ s.T - exact).mean() for size in (16, 256, 4096)]
    assert error[0] > 2 * error[1] > 4 * error[2]


def test_a_row_is_sketched_the_same_in_any_company():
    rows = rows_of(outer(), lookup(), small())
    whole = rows.sketch(16, seed=5)
    np.testing.assert_allclose(rows.take([4, 1]).sketch(16, seed=5), whole[[4, 1]], atol=1e-12)
    np.testing.assert_array_equal(rows.sketch(16, seed=5), whole)
    assert np.abs(rows.sketch(16, seed=6) - whole).max() > 0.1


def test_entries_hash_to_the_sum_of_their_sides():
    plan = MatrixHash.of(outer().place, (4, 5), 8, 0)
    buckets = plan.entries().buckets.reshape(4, 5)
    assert buckets[2, 3] == (plan.out.buckets[2] + plan.inner.buckets[3]) % 8


def test_directions_of_full_width_keep_every_inner_product():
    rows = rows_of(outer(), small())
    for kind in ("principal", "random"):
        seen = rows.projected(rows.directions((5, 4), kind=kind))
        assert {name: part.shape for name, part in seen.items()} == {"fc": (6, 20), "norm": (6, 10)}
        np.testing.assert_allclose(sum(part @ part.T for part in seen.values()), rows.gram(), atol=1e-10)


def test_principal_directions_keep_more_than_random_ones():
    layer = outer(n=50, t=2, i=30, o=20)
    scale = 0.5 ** np.arange(30)
    rows = rows_of(OuterGradients("fc", layer.place, layer.inputs * scale, layer.cotangents))
    exact = rows.gram()
    lost = {}
    for kind in ("principal", "random"):
        seen = rows.projected(rows.directions((4, 20), kind=kind, seed=1))["fc"]
        lost[kind] = np.abs(seen @ seen.T - exact).mean() / np.abs(exact).mean()
    assert lost["principal"] < 0.02 < lost["random"]


def test_both_forms_are_projected_alike():
    layer = outer()
    directions = rows_of(layer).directions((2, 3), kind="principal")
    one, two = (rows_of(held).projected(directions)["fc"] for held in (layer, entries(layer)))
    np.testing.assert_allclose(one, two, atol=1e-12)


def test_wide_lookups_are_sketched_to_the_same_width():
    rows = rows_of(lookup())
    np.testing.assert_array_equal(rows.projected(rows.directions((2, 3)))["embed"], lookup().sketch(6, seed=0))


def test_directions_are_refused_by_name_and_size():
    rows = rows_of(outer())
    with pytest.raises(InputError, match="did you mean 'random'"):
        rows.directions((2, 2), kind="randon")
    with pytest.raises(InputError, match=r"at least 1[\s\S]*sizes=\(16, 16\)"):
        rows.directions((0, 2))
