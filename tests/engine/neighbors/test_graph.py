"""The graph against all distances written out in float64."""

import sys

import numpy as np
import pytest
from scipy import sparse

from samplewise.core.errors import InputError
from samplewise.engine.neighbors import NeighborIndex, build_graph
from samplewise.engine.neighbors import graph as graph_module


def written_out(queries, rows, count, own=False):
    """Nearest rows by float64 subtraction, ties to the smaller position."""
    distances = np.sqrt(np.array([np.sum((rows - query) ** 2, axis=1) for query in queries]))
    if own:
        np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(distances, order, axis=1)


def tight_clusters(draw):
    """Two far groups whose insides float32 cannot resolve."""
    return np.vstack([draw.normal(size=(90, 5)) * 1e-6, 1e3 + draw.normal(size=(90, 5)) * 1e-6])


def heavy_tailed(draw):
    return draw.standard_cauchy(size=(200, 4)) * 10.0 ** draw.integers(-3, 6, size=(200, 1))


TABLES = {
    "gaussian": lambda draw: draw.normal(size=(300, 7)),
    "far from the origin": lambda draw: draw.normal(size=(150, 3)) + 1e6,
    "tight clusters": tight_clusters,
    "heavy tails": heavy_tailed,
    "whole numbers, many ties": lambda draw: draw.integers(0, 3, size=(250, 4)).astype(float),
    "many duplicates": lambda draw: draw.normal(size=(12, 3))[draw.integers(0, 12, size=200)],
    "all equal": lambda draw: np.full((40, 2), 0.1),
    "single precision": lambda draw: draw.normal(size=(120, 6)).astype(np.float32),
    "wider than long": lambda draw: draw.normal(size=(30, 400)),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("count", [1, 5, 25])
def test_exact_search_is_a_float64_search(name, count):
    rows = TABLES[name](np.random.default_rng(0))
    graph = build_graph(rows, count)
    near, far = written_out(rows.astype(float), rows.astype(float), count, own=True)
    np.testing.assert_array_equal(graph.indices, near)
    np.testing.assert_allclose(graph.distances, far, rtol=1e-6)
    assert (graph.method, graph.recall) == ("exact", 1.0)
    assert (graph.indices.dtype, graph.distances.dtype) == (np.int32, np.float32)


@pytest.mark.parametrize("name", TABLES)
def test_queries_find_the_rows_nearest_to_them(name):
    draw = np.random.default_rng(0)
    rows = TABLES[name](draw)
    queries = np.vstack([rows[::7], rows[:9] + draw.normal(size=(9, rows.shape[1])) * 0.01])
    found = NeighborIndex(rows).query(queries, 6)
    near, far = written_out(queries.astype(float), rows.astype(float), 6)
    np.testing.assert_array_equal(found.indices, near)
    np.testing.assert_allclose(found.distances, far, rtol=1e-6)


def test_sparse_rows_give_the_graph_of_the_dense_ones():
    draw = np.random.default_rng(2)
    dense = np.where(draw.random((120, 40)) < 0.1, draw.normal(size=(120, 40)), 0.0)
    dense[50:60] = dense[40:50]
    one, two = build_graph(sparse.csr_matrix(dense), 4), build_graph(dense, 4)
    np.testing.assert_array_equal(one.indices, two.indices)
    np.testing.assert_allclose(one.distances, two.distances, rtol=1e-6)
    found = NeighborIndex(sparse.csr_matrix(dense)).query(sparse.coo_matrix(dense[:5] * 1.01), 3)
    np.testing.assert_array_equal(found.indices, written_out(dense[:5] * 1.01, dense, 3)[0])


def test_duplicates_are_at_distance_zero_exactly():
    rows = np.random.default_rng(3).normal(size=(100, 30)) * 1e3 + 1e7
    graph = build_graph(np.vstack([rows, rows[:10]]), 3)
    assert (graph.distances[100:, 0] == 0).all()
    assert graph.indices[100:, 0].tolist() == list(range(10))
    assert (graph.distances[10:100, 0] > 0).all()


def test_small_blocks_change_nothing(monkeypatch):
    rows = np.random.default_rng(4).normal(size=(150, 5))
    rows[100:140] = rows[:40]
    whole = build_graph(rows, 6)
    monkeypatch.setattr("samplewise.engine.neighbors.exact_search.ENTRIES_AT_ONCE", 64)
    pieces = build_graph(rows, 6)
    np.testing.assert_array_equal(pieces.indices, whole.indices)
    np.testing.assert_array_equal(pieces.distances, whole.distances)


@pytest.mark.parametrize("method", ["exact", "hnsw"])
def test_row_order_changes_nothing_when_rows_have_keys(method):
    if method == "hnsw":
        pytest.importorskip("faiss", reason="the large extra is not installed")
    rows = np.random.default_rng(5).integers(0, 4, size=(300, 3)).astype(float)
    ids, order = np.arange(300) + 1000, np.random.default_rng(6).permutation(300)
    one = build_graph(rows, 5, method=method, keys=ids)
    two = build_graph(rows[order], 5, method=method, keys=ids[order])
    np.testing.assert_array_equal(ids[order][two.indices], ids[one.indices[order]])
    np.testing.assert_array_equal(two.distances, one.distances[order])
    assert two.recall == one.recall


def test_approximate_search_says_what_it_finds():
    pytest.importorskip("faiss", reason="the large extra is not installed")
    draw = np.random.default_rng(7)
    rows = draw.normal(size=(3000, 4)) @ draw.normal(size=(4, 24))
    rows[2900:] = rows[:100]
    graph, exact = build_graph(rows, 8, method="hnsw"), build_graph(rows, 8, method="exact")
    assert graph.method == "hnsw"
    assert 0.95 <= graph.recall <= 1.0
    share = np.mean(graph.distances <= exact.distances[:, -1:] * (1 + 1e-6))
    assert abs(share - graph.recall) < 0.03
    assert (graph.distances[2900:, 0] == 0).all()
    assert (graph.indices != np.arange(3000)[:, None]).all()
    again = build_graph(rows, 8, method="hnsw")
    np.testing.assert_array_equal(again.indices, graph.indices)


def test_auto_goes_approximate_above_its_limit(monkeypatch):
    pytest.importorskip("faiss", reason="the large extra is not installed")
    rows = np.random.default_rng(8).normal(size=(400, 3))
    monkeypatch.setattr(graph_module, "EXACT_ROWS", 300)
    assert build_graph(rows, 3).method == "hnsw"
    assert build_graph(rows[:300], 3).method == "exact"
    assert build_graph(np.tile(rows[:200], (2, 1)), 3).method == "exact"
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert build_graph(rows, 3).method == "exact"
    with pytest.raises(InputError, match="the hnsw method needs faiss") as caught:
        build_graph(rows, 3, method="hnsw")
    assert caught.match(r"samplewise\[large\]")


def test_fewer_rows_than_neighbors_wanted():
    assert build_graph(np.ones((1, 2)), 5).indices.shape == (1, 0)
    assert build_graph(np.array([[0.0], [2.0], [5.0]]), 5).indices.tolist() == [[1, 2], [0, 2], [1, 0]]
    assert NeighborIndex(np.zeros((3, 1))).query(np.ones((2, 1)), 9).indices.tolist() == [[0, 1, 2]] * 2


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda x: build_graph(x, 0), "count", "10 neighbors"),
        (lambda x: build_graph(x[0]), "X", r"\(n, d\)"),
        (lambda x: build_graph(x, keys=[1, 2]), "keys", "ids of the rows"),
        (lambda x: build_graph(np.where(np.arange(20)[:, None] == 3, np.nan, x)), "rows id 3", "impute"),
        (lambda x: build_graph(sparse.csr_matrix(np.where(x > 1, np.inf, x))), "rows id", "impute"),
        (lambda x: build_graph(sparse.csr_matrix(x), method="hnsw"), "method", "exact"),
        (lambda x: NeighborIndex(x).query(x[:, :2]), "queries", "as the rows were"),
        (lambda x: NeighborIndex(x).query(sparse.csr_matrix(x)), "queries", "as the rows were"),
    ],
)
def test_refusals(call, where, fix):
    with pytest.raises(InputError, match=rf"where: +{where}") as caught:
        call(np.random.default_rng(9).normal(size=(20, 3)) + 1)
    assert caught.match(fix)


def test_an_unknown_method_is_met_with_the_nearest_known_one():
    with pytest.raises(InputError, match="did you mean 'exact'"):
        build_graph(np.ones((3, 1)), method="exakt")
