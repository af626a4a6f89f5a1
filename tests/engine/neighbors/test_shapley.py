"""Nearest-neighbor values against the definition over all subsets."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.neighbors import (
    NeighborIndex,
    neighbor_shapley,
    neighbor_shapley_moments,
    ranked_neighbor_shapley,
)


def utility(members, order, codes, wanted, count):
    """Votes for the truth among the nearest `count` of the members, over count."""
    nearest = [row for row in order if row in members][:count]
    return sum(codes[row] == wanted for row in nearest) / count


def by_definition(order, codes, wanted, count):
    n = len(codes)
    values = np.zeros(n)
    for row in range(n):
        others = [other for other in range(n) if other != row]
        for size in range(n):
            gains = [
                utility({*chosen, row}, order, codes, wanted, count) - utility(set(chosen), order, codes, wanted, count)
                for chosen in combinations(others, size)
            ]
            values[row] += sum(gains) / (n * comb(n - 1, size))
    return values


@pytest.mark.parametrize("count", [1, 3, 5, 9])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_it_is_the_shapley_value(n, count):
    draw = np.random.default_rng(n)
    order = np.array([draw.permutation(n) for _ in range(3)])
    codes, wanted = draw.integers(0, 2, size=n), draw.integers(0, 2, size=3)
    expected = np.mean([by_definition(o, codes, w, count) for o, w in zip(order, wanted, strict=True)], axis=0)
    np.testing.assert_allclose(neighbor_shapley(order, codes, wanted, count), expected, atol=1e-12)


def test_values_add_up_to_the_utility_of_all_rows():
    draw = np.random.default_rng(0)
    rows, queries = draw.normal(size=(80, 3)), draw.normal(size=(40, 3))
    codes, wanted = (rows[:, 0] > 0).astype(int), (queries[:, 0] > 0).astype(int)
    order = NeighborIndex(rows).query(queries, 80).indices
    votes = np.mean(codes[order[:, :5]] == wanted[:, None])
    assert neighbor_shapley(order, codes, wanted, 5).sum() == pytest.approx(votes)


def test_only_the_nearest_given_is_close_to_all_given():
    draw = np.random.default_rng(1)
    order = np.array([draw.permutation(400) for _ in range(20)])
    codes, wanted = draw.integers(0, 3, size=400), draw.integers(0, 3, size=20)
    whole, part = neighbor_shapley(order, codes, wanted, 5), neighbor_shapley(order[:, :100], codes, wanted, 5)
    assert 0 < np.abs(whole - part).max() <= 1 / 100


def test_mislabeled_rows_have_the_lowest_values():
    draw = np.random.default_rng(2)
    rows = draw.normal(size=(200, 2)) + 4 * (np.arange(200) % 2)[:, None]
    codes = np.arange(200) % 2
    codes[:10] = 1 - codes[:10]
    queries = draw.normal(size=(100, 2)) + 4 * (np.arange(100) % 2)[:, None]
    values = neighbor_shapley(NeighborIndex(rows).query(queries, 200).indices, codes, np.arange(100) % 2)
    assert values[:10].max() < np.median(values[10:])


def test_blocks_of_queries_change_nothing(monkeypatch):
    draw = np.random.default_rng(3)
    order = np.array([draw.permutation(30) for _ in range(11)])
    arguments = order, draw.integers(0, 2, size=30), draw.integers(0, 2, size=11), 4
    whole = neighbor_shapley(*arguments)
    monkeypatch.setattr("samplewise.engine.neighbors.exact_search.ENTRIES_AT_ONCE", 1)
    np.testing.assert_allclose(neighbor_shapley(*arguments), whole, atol=1e-15)


def test_refusals():
    with pytest.raises(InputError, match=r"where: +order, query_codes") as caught:
        neighbor_shapley(np.zeros((2, 3), int), np.zeros(3), np.zeros(5))
    assert caught.match("NeighborIndex")


@pytest.mark.parametrize("count", [1, 3, 10])
def test_ranking_every_row_is_the_same_as_being_given_the_order(count):
    draw = np.random.default_rng(2)
    rows, queries = draw.normal(size=(90, 4)), draw.normal(size=(30, 4))
    rows[40] = rows[7]  # duplicates tie, and keep the order they came in
    codes, wanted = draw.integers(0, 3, size=90), draw.integers(0, 3, size=30)
    order = NeighborIndex(rows).query(queries, 90).indices
    given = neighbor_shapley_moments(order, codes, wanted, count)
    np.testing.assert_allclose(ranked_neighbor_shapley(rows, codes, queries, wanted, count), given, atol=1e-12)


def test_the_standard_error_is_that_of_the_mean_over_queries():
    draw = np.random.default_rng(3)
    order = np.array([draw.permutation(20) for _ in range(15)])
    codes, wanted = draw.integers(0, 2, size=20), draw.integers(0, 2, size=15)
    each = np.array([neighbor_shapley(o[None], codes, w[None], 3) for o, w in zip(order, wanted, strict=True)])
    mean, error = neighbor_shapley_moments(order, codes, wanted, 3)
    np.testing.assert_allclose(mean, each.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(error, each.std(axis=0, ddof=1) / np.sqrt(15), atol=1e-12)


def test_rows_and_queries_of_different_spaces_are_refused():
    with pytest.raises(InputError, match="pass \\(n, d\\)"):
        ranked_neighbor_shapley(np.zeros((3, 2)), np.zeros(3), np.zeros((2, 3)), np.zeros(2))
