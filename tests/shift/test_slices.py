"""Slices nobody named: found where they are planted, seldom where nothing is, and never by the labels themselves."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.shift import find_slices


def rows(seed=0, planted=0.6, count=2000):
    """Embeddings and predictions that are wrong in 10 % of the rows, and in `planted` of those with z1 > 1.2."""
    draw = np.random.default_rng(seed)
    Z, y = draw.normal(size=(count, 4)), draw.integers(0, 2, count)
    wrong = draw.random(count) < np.where(Z[:, 1] > 1.2, planted, 0.1)
    return Z, y, np.eye(2)[np.where(wrong, 1 - y, y)] * 0.6 + 0.2


def boundary(seed, count=800):
    """A model that knows its doubts: it errs near the boundary, and says so."""
    draw = np.random.default_rng(seed)
    Z = draw.normal(size=(count, 4))
    chance = 1 / (1 + np.exp(-2 * Z[:, 0]))
    return Z, (draw.random(count) < chance).astype(int), np.c_[1 - chance, chance]


@pytest.mark.parametrize("method", ["mixture", "tree", "spotlight"])
def test_a_planted_slice_is_found(method):
    Z, y, shares = rows()
    slices = find_slices(Z, y, probabilities=shares, method=method)
    assert len(slices.found)
    assert slices.excess[slices.found[0]] > 5
    inside = slices.members[:, slices.found[0]]
    assert (Z[inside, 1] > 1.2).mean() > 2 * (Z[:, 1] > 1.2).mean()
    assert "surely worse" in str(slices)


@pytest.mark.parametrize("method", ["tree", "spotlight"])
def test_nothing_is_seldom_found_where_nothing_is_planted(method):
    flagged = [0, 0]
    for seed in range(40):
        Z, y, shares = rows(seed, planted=0.1, count=800)
        flagged[0] += len(find_slices(Z, y, probabilities=shares, method=method, seed=seed).found) > 0
        Z, y, shares = boundary(seed)
        flagged[1] += len(find_slices(Z, y, probabilities=shares, method=method, seed=seed).found) > 0
    assert max(flagged) <= 6  # of 40 at 5 %: more in one of 250 such runs


def test_doubts_that_are_said_are_no_finding_and_hidden_ones_are():
    Z, y, shares = boundary(1, count=4000)
    silent = np.eye(2)[shares.argmax(axis=1)]  # a model that gives labels only
    assert not len(find_slices(Z, y, probabilities=shares, method="tree").found)
    assert len(find_slices(Z, y, probabilities=silent, method="tree").found)


def test_the_same_twice_and_classes_of_any_name():
    Z, y, shares = rows()
    one = find_slices(Z, y, probabilities=shares, method="tree")
    other = find_slices(Z, np.array(["no", "yes"])[y], probabilities=shares, method="tree")
    np.testing.assert_array_equal(one.p_value, other.p_value)
    assert list(one.to_frame().columns)[-2:] == ["excess", "p_value"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda Z, y, P: (Z[:50], y[:50], P[:50]), "too few rows"),
        (lambda Z, y, P: (Z, y[:-1], P), "same rows"),
        (lambda Z, y, P: (Z, y, 5 * P), "sum to 1"),
        (lambda Z, y, P: (Z, y % 1, P), "one column per class"),
        (lambda Z, y, P: (Z * np.nan, y, P), "embeddings"),
    ],
)
def test_what_cannot_be_searched(change, said):
    Z, y, shares = change(*rows())
    with pytest.raises(InputError, match=said):
        find_slices(Z, y, probabilities=shares)


def test_a_constant_embedding_has_no_slices():
    Z, y, shares = rows()
    with pytest.raises(InputError, match="no slice"):
        find_slices(np.ones_like(Z), y, probabilities=shares, method="tree")
