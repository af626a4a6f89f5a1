"""Exact search against every distance written out."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist

from samplewise.engine.neighbors import exact_search
from samplewise.engine.neighbors.exact_search import ExactSearch, row_blocks


def brute(rows, queries, count, own=None):
    far = cdist(queries, rows)
    if own is not None:
        far[np.arange(len(own)), own] = np.inf
    order = np.lexsort((np.broadcast_to(np.arange(len(rows)), far.shape), far), axis=1)[:, :count]
    return order, np.take_along_axis(far, order, axis=1)


@pytest.mark.parametrize("kind", ["dense", "csr", "far from zero", "grid with ties"])
def test_neighbors_are_those_of_all_distances(kind, monkeypatch):
    monkeypatch.setattr(exact_search, "ENTRIES_AT_ONCE", 2**10)  # several blocks
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(200, 6))
    if kind == "csr":
        rows[draw.random(rows.shape) < 0.7] = 0
    if kind == "far from zero":
        rows = rows * 1e-3 + 1e4
    if kind == "grid with ties":
        rows = draw.integers(0, 3, size=(200, 3)).astype(float)
    held = sparse.csr_matrix(rows) if kind == "csr" else rows
    order, far = brute(rows, rows[:40], 7, np.arange(40))
    indices, distances = ExactSearch(held).nearest(held[:40], 7, own=np.arange(40))
    np.testing.assert_allclose(distances, far, atol=1e-12)
    np.testing.assert_array_equal(indices, order)


def test_a_row_is_its_own_nearest_unless_it_is_left_out():
    rows = np.random.default_rng(0).normal(size=(50, 2))
    indices, distances = ExactSearch(rows).nearest(rows, 1)
    assert indices[:, 0].tolist() == list(range(50))
    assert (distances == 0).all()


def test_there_are_no_more_neighbors_than_rows():
    rows = np.arange(3.0)[:, None]
    assert ExactSearch(rows).nearest(rows, 10, own=np.arange(3))[0].shape == (3, 2)
    assert ExactSearch(rows[:1]).nearest(rows[:1], 4, own=np.array([0]))[0].shape == (1, 0)
    assert ExactSearch(rows).nearest(rows[:0], 2)[0].shape == (0, 2)


def test_distances_of_pairs_are_exact_zeros_for_duplicates():
    rows = np.array([[1e8, 1.0], [1e8, 1.0], [1e8, 4.0]])
    found = ExactSearch(rows).distances(rows, np.array([0, 0]), np.array([1, 2]))
    assert found.tolist() == [0.0, 3.0]


def test_blocks_cover_all_rows_within_the_bound():
    blocks = list(row_blocks(10, exact_search.ENTRIES_AT_ONCE // 3))
    assert [(part.start, min(part.stop, 10)) for part in blocks] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert len(list(row_blocks(10, 10 * exact_search.ENTRIES_AT_ONCE))) == 10
