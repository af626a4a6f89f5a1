"""Neighbors of other groups, their labels and their numbers, by brute force."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.labels.neighbors import nearest_others, neighbor_disagreement, neighbor_means, neighbor_shares

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 2))
Y = np.where(X[:, 0] > 0, "yes", "no")


def brute(groups, count):
    far = np.linalg.norm(X[:, None] - X, axis=2)
    far[groups[:, None] == groups] = np.inf
    return np.argsort(far, axis=1, kind="stable")[:, :count]


@pytest.mark.parametrize("size", [1, 3])
def test_the_nearest_rows_of_other_groups(size):
    groups = np.arange(60) // size
    found = nearest_others(X, None if size == 1 else groups, np.arange(60), 5)
    np.testing.assert_array_equal(found, brute(groups, 5))


def test_where_there_are_no_more_rows_there_is_nobody():
    groups = np.repeat([0, 1], 30)
    near = nearest_others(X[:4], groups[[0, 0, 0, 30]], np.arange(4), 3)
    assert (near[:3] == [3, -1, -1]).all()
    assert set(near[3]) == {0, 1, 2}
    with pytest.raises(InputError, match="n_neighbors"):
        nearest_others(X, None, np.arange(60), 0)


def test_disagreement_is_the_share_of_other_labels():
    y = Y.copy()
    y[7] = "no" if Y[7] == "yes" else "yes"
    found = neighbor_disagreement(X, y, n_neighbors=4)
    from samplewise.engine.refits import prepare

    near = nearest_others(prepare((X, y)).space, None, np.arange(60), 4)
    np.testing.assert_allclose(found.values, (y[near] != y[:, None]).mean(axis=1))
    assert found.unit == "share of neighbors"


def test_duplicates_do_not_vote_for_each_other():
    doubled = Dataset(np.vstack([X, X[:1]]), np.append(Y, "no" if Y[0] == "yes" else "yes"))
    alone = neighbor_disagreement(doubled, n_neighbors=4).values
    np.testing.assert_allclose(alone[:60], neighbor_disagreement(X, Y, n_neighbors=4).values, atol=0.5)
    near = nearest_others(doubled.X, np.r_[np.arange(60), 0], np.arange(61), 4)
    assert 60 not in near[0]
    assert 0 not in near[60]


def test_shares_have_one_vote_more_and_means_may_be_unknown():
    near = np.array([[1, 2], [0, -1], [-1, -1]])
    codes = np.array([0, 1, 1])
    shares = neighbor_shares(near, codes, 2)
    overall = np.array([1, 2]) / 3
    np.testing.assert_allclose(shares, [(overall + np.array([0, 2])) / 3, (overall + np.array([1, 0])) / 2, overall])
    means = neighbor_means(near, np.array([10.0, 20.0, 40.0]))
    np.testing.assert_array_equal(means, [30.0, 10.0, np.nan])


def test_numbers_do_not_agree_or_disagree():
    with pytest.raises(InputError, match="these labels are numbers"):
        neighbor_disagreement(X, X[:, 0])
