"""Values to the votes on rows of one's own choice: the definition, the sum, the standard error, any row order."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.influence import knn_shapley


def line(rows=8, queries=5, seed=0):
    draw = np.random.default_rng(seed)
    y, w = np.arange(rows) % 2, np.arange(queries) % 2
    return (draw.normal(size=(rows, 1)) + y[:, None], y), (draw.normal(size=(queries, 1)) + w[:, None], w)


def share_of_votes(members, near, y, wanted, count):
    nearest = [row for row in near if row in members][:count]
    return sum(y[row] == wanted for row in nearest) / count


@pytest.mark.parametrize("count", [1, 3])
def test_by_definition(count):
    (X, y), (V, w) = line()
    values = np.zeros(8)
    for v, wanted in zip(V[:, 0], w, strict=True):
        near = np.argsort(np.abs(X[:, 0] - v))
        for row in range(8):
            others = [other for other in range(8) if other != row]
            for size in range(8):
                for chosen in combinations(others, size):
                    gain = share_of_votes({*chosen, row}, near, y, wanted, count)
                    gain -= share_of_votes(set(chosen), near, y, wanted, count)
                    values[row] += gain / (8 * comb(7, size)) / len(w)
    found = knn_shapley((X, y), test=(V, w), n_neighbors=count)
    assert found.values == pytest.approx(values, abs=1e-12)
    assert found.unit == "share of votes"


def test_values_add_up_to_the_share_of_right_votes():
    (X, y), (V, w) = line(200, 40)
    votes = np.mean(
        [(y[np.argsort(np.abs(X[:, 0] - v))[:7]] == wanted).mean() for v, wanted in zip(V[:, 0], w, strict=True)]
    )
    found = knn_shapley((X, y), test=(V, w), n_neighbors=7)
    assert found.values.sum() == pytest.approx(votes)
    assert (found.spread > 0).all()


def test_row_order_changes_nothing_even_among_duplicates():
    (X, y), validation = line(60, 20)
    X = np.round(X)
    turned = np.random.default_rng(1).permutation(60)
    straight = knn_shapley((X, y), test=validation)
    shuffled = knn_shapley(Dataset(X, y, ids=np.arange(60)).take(turned), test=validation)
    assert shuffled.aligned_to(straight.keys).values == pytest.approx(straight.values, abs=1e-12)


def test_the_spread_falls_with_the_number_of_queries():
    few, many = (knn_shapley(line(50)[0], test=line(50, queries)[1]).spread.mean() for queries in (40, 640))
    assert many == pytest.approx(few / 4, rel=0.25)


def test_numbers_have_no_votes():
    X = np.arange(20.0)[:, None]
    with pytest.raises(InputError, match=r"leave_one_out\(data\)"):
        knn_shapley((X, 1.5 * X[:, 0]), test=(X, 1.5 * X[:, 0]))
