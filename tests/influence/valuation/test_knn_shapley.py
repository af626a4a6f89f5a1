"""Values to the votes on rows of one's own choice: the definition, the sum, the standard error, any row order."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.influence import knn_shapley


def line(rows=8, queries=5, seed=0):
    draw = np.random.default_rng(seed)
    y, w = np.arange(rows) % 2, np.arange(queries) % 2
    return (draw.normal(size=(rows, 1)) + y[:, None], y), (draw.normal(size=(queries, 1)) + w[:, None], w)


def by_definition(X, y, V, w, count):
    """Mean gain of share of votes over all sets of the other rows, by the Shapley weights."""
    rows, values = len(y), np.zeros(len(y))
    for v, wanted in zip(V, w, strict=True):
        near = np.argsort(np.square(X - v).sum(axis=1))
        for row in range(rows):
            others = [other for other in range(rows) if other != row]
            for size in range(rows):
                for chosen in combinations(others, size):
                    gain = share_of_votes({*chosen, row}, near, y, wanted, count)
                    gain -= share_of_votes(set(chosen), near, y, wanted, count)
                    values[row] += gain / (rows * comb(rows - 1, size)) / len(w)
    return values


@pytest.mark.parametrize("frame", [False, True])
def test_by_definition_on_the_vectors_given_whatever_their_scales(frame):
    """The second column is a thousand times as wide: the vectors as given and the scaled ones rank rows differently."""
    draw = np.random.default_rng(4)
    X, V = (draw.normal(size=(count, 2)) * [1.0, 1000.0] for count in (8, 6))
    y, w = np.arange(8) % 2, (V[:, 0] > 0).astype(int)
    w[:2] = [0, 1]
    spread = X.std(axis=0)
    given = [pd.DataFrame(part, columns=["a", "b"]) if frame else part for part in (X, V)]
    for scaling, scale in (("none", 1.0), ("columns", spread)):
        found = knn_shapley((given[0], y), test=(given[1], w), n_neighbors=3, scaling=scaling)
        assert found.values == pytest.approx(by_definition(X / scale, y, V / scale, w, 3), abs=1e-12)
    assert not np.allclose(by_definition(X, y, V, w, 3), by_definition(X / spread, y, V / spread, w, 3))


def test_scales_are_of_the_rows_that_vote_alone():
    (X, y), (V, w) = line(40, 10)
    X, V = np.c_[X, np.random.default_rng(1).normal(size=40)], np.c_[V, np.zeros(10)]
    far = np.r_[V, [[0.0, 1e6]]], np.r_[w, 0]
    alone = [knn_shapley((X, y), test=(V[:1], w[:1]), scaling="columns").values]
    beside = 11 * knn_shapley((X, y), test=far, scaling="columns").values
    rest = [knn_shapley((X, y), test=(far[0][[at]], far[1][[at]]), scaling="columns").values for at in range(1, 11)]
    assert beside == pytest.approx(np.sum(alone + rest, axis=0), abs=1e-9)


def test_what_has_no_vectors_is_encoded_and_another_scaling_is_refused():
    frame = pd.DataFrame({"x": np.r_[0.0:1.0:20j, 5.0:6.0:20j], "kind": ["a", "b"] * 20})
    y = np.repeat([0, 1], 20)
    assert (knn_shapley((frame, y)).values > 0).mean() > 0.9
    frame["x"] = np.where(np.arange(40) == 3, np.nan, frame["x"])
    assert np.isfinite(knn_shapley((frame[["x"]], y)).values).all()
    with pytest.raises(InputError, match="scaling"):
        knn_shapley((frame, y), scaling="all")


def share_of_votes(members, near, y, wanted, count):
    nearest = [row for row in near if row in members][:count]
    return sum(y[row] == wanted for row in nearest) / count


@pytest.mark.parametrize("count", [1, 3])
def test_by_definition(count):
    (X, y), (V, w) = line()
    values = by_definition(X, y, V, w, count)
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
