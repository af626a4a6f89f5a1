"""Inner products cut into tiles, and gradients that have none."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.gradients import layer as module
from samplewise.engine.gradients.dense import DenseGradients
from samplewise.engine.gradients.layer import add_products, mirrored, require_same_layers, rows_of, tiles


def named(name, size=3):
    return DenseGradients(name, (("w", (size,)),), np.random.default_rng(0).normal(size=(7, size)))


def test_tiles_cover_every_pair_once(monkeypatch):
    monkeypatch.setattr(module, "POSITIONS_AT_ONCE", 3)
    one, two = np.zeros((7, 2)), np.zeros((5, 2))
    for other in (two, one):
        seen = np.zeros((7, len(other)))
        for rows, columns in tiles(one, other):
            seen[rows, columns] += 1
        below = np.tri(7, k=-1, dtype=bool) if other is one else np.zeros((7, 5), dtype=bool)
        assert (seen[~below] == 1).all()
        assert seen.max() == 1
    assert len(tiles(one, two, positions=3)) == 7 * 2  # wide rows, thin tiles


def test_products_of_an_array_with_itself_are_mirrored(monkeypatch):
    monkeypatch.setattr(module, "POSITIONS_AT_ONCE", 3)
    X = np.random.default_rng(0).normal(size=(7, 2))
    into = np.zeros((7, 7))
    add_products(X, X, into)
    assert into[6, 0] == 0
    np.testing.assert_allclose(mirrored(into), X @ X.T)
    np.testing.assert_allclose(named("a").gram(), named("a").values @ named("a").values.T)
    assert named("a").gram(dtype=np.float32).dtype == np.float32


def test_gradients_of_different_parameters_are_refused():
    require_same_layers([named("a")], [named("a")])
    for other in ([named("b")], [named("a", 4)], []):
        with pytest.raises(InputError, match="no inner product"):
            require_same_layers([named("a")], other)


def test_positions_are_numbers_or_slices():
    assert rows_of(slice(1, 3), 5) == slice(1, 3)
    assert rows_of(np.array([True, False, True]), 3).tolist() == [0, 2]
    assert rows_of([2, 0], 3).tolist() == [2, 0]
