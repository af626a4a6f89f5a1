"""Near duplicates by distance: found down to rounding noise, none on coarse grids, by the density of the rows."""

import numpy as np
import pytest

from samplewise.engine.neighbors import NeighborIndex, build_graph
from samplewise.quality.nearness import farthest_duplicate, local_dimension, near_pairs, near_queries


@pytest.mark.parametrize("columns", [1, 2, 5, 10])
def test_the_dimension_is_that_of_a_uniform_cloud(columns):
    X = np.random.default_rng(columns).random((3000, columns))
    assert np.median(local_dimension(build_graph(X))) == pytest.approx(columns, rel=0.25)


def test_equal_rows_have_no_dimension_and_no_near_duplicates():
    graph = build_graph(np.zeros((30, 2)))
    assert np.isnan(local_dimension(graph)).all()
    assert len(near_pairs(graph)[0]) == 0


def test_near_duplicates_are_found_down_to_rounding_noise_and_in_sets_of_three():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(500, 5))
    X = np.vstack([X, X[:20] + 1e-9 * draw.normal(size=(20, 5)), X[:3] + 1e-3])
    left, right = near_pairs(build_graph(X), farthest_duplicate(X))
    found = set(zip(left.tolist(), right.tolist(), strict=True))
    assert {(k, 500 + k) for k in range(20)} <= found
    assert {(520 + k, k) for k in range(3)} <= found
    assert len({*left.tolist(), *right.tolist()} - {*range(20), *range(500, 523)}) <= 4


def test_neighbors_on_a_coarse_grid_are_no_duplicates():
    for seed in range(6):
        X = np.random.default_rng(seed).integers(0, 3, (800, 5)).astype(float)
        assert len(near_pairs(build_graph(X), farthest_duplicate(X))[0]) == 0


def test_queries_are_compared_with_the_density_of_the_rows():
    draw = np.random.default_rng(1)
    X = draw.normal(size=(600, 6))
    queries = np.vstack([X[:30] + 1e-3 * draw.normal(size=(30, 6)), draw.normal(size=(100, 6))])
    found, rows = near_queries(build_graph(X), NeighborIndex(X).query(queries))
    assert found[:30].tolist() == rows[:30].tolist() == list(range(30))
    assert len(found) <= 31
