"""The closed-form surrogate of a learner."""

import numpy as np
import pytest

from samplewise.data import Dataset
from samplewise.engine.refits import prepare, surrogate
from samplewise.engine.refits.surrogates import MOST, WIDEST, responses


def ring(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    return X, (np.square(X).sum(axis=1) > 1.4).astype(int)


def test_sees_what_a_line_cannot():
    X, y = ring()
    head = surrogate(prepare((X, y)).whole)
    gram = head.features.T @ head.features + head.ridge * np.eye(head.features.shape[1])
    fitted = head.features @ np.linalg.solve(gram, head.features.T @ (head.responses - head.responses.mean(axis=0)))
    assert np.mean((fitted + head.responses.mean(axis=0)).argmax(axis=1) == y) > 0.95


def test_row_order_changes_nothing():
    X, y = ring()
    ids, order = np.arange(300), np.random.default_rng(1).permutation(300)
    one = surrogate(prepare(Dataset(X, y, ids)).whole)
    two = surrogate(prepare(Dataset(X[order], y[order], ids[order])).whole)
    np.testing.assert_allclose(one.features[order] @ one.features[order].T, two.features @ two.features.T, atol=1e-8)
    assert one.ridge == pytest.approx(two.ridge, rel=1e-6)


def test_numbers_are_standardized():
    X, _ = ring()
    head = surrogate(prepare((X, 1000 + 50 * X[:, 0])).whole)
    assert head.responses.mean() == pytest.approx(0, abs=1e-12)
    assert head.responses.std() == pytest.approx(1)


def test_many_classes_keep_their_distances():
    rng = np.random.default_rng(0)
    labels = (np.arange(1000) % 200).astype(str)
    folded = prepare((rng.normal(size=(1000, 3)), labels), task="classification").whole
    projected = responses(folded)
    assert projected.shape == (1000, WIDEST)
    squares = np.sum(np.square(projected[0] - projected[1:200]), axis=1)
    assert np.median(squares) == pytest.approx(2.0, rel=0.1)


def test_large_data_get_fewer_features():
    X, y = ring(3000)
    assert surrogate(prepare((X, y)).whole).features.shape[1] <= MOST


def test_some_rows_choose_their_own_ridge():
    X, y = ring()
    noise = y.copy()
    noise[:150] = np.random.default_rng(0).integers(0, 2, 150)
    head = surrogate(prepare((X, noise)).whole)
    assert head.at(np.arange(150)).ridge > head.at(np.arange(150, 300)).ridge
