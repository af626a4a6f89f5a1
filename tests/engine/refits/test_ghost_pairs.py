"""Pairs and memberships: balanced, within classes, whole groups, and the same whatever the order of rows."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.refits.ghost_pairs import deal_pairs

IDS = 3 * np.arange(41)[::-1] + 5
CODES = np.arange(41) % 3


def test_every_split_has_its_complement_and_pairs_are_apart():
    dealt = deal_pairs(IDS, CODES, None, n_splits=8, seed=1)
    inside = dealt.inside()
    assert (dealt.pair == -1).sum() == 1, "41 rows: one sits out"
    trained = dealt.pair >= 0
    np.testing.assert_array_equal(inside[::2, trained], ~inside[1::2, trained])
    assert not inside[:, ~trained].any()
    for pair in range(20):
        (one, other) = np.flatnonzero(dealt.pair == pair)
        assert dealt.second[one] != dealt.second[other]
        assert (inside[:, one] != inside[:, other]).all()


def test_pairs_are_of_one_class_but_for_the_odd_ones():
    dealt = deal_pairs(IDS, CODES, None, n_splits=2, seed=0)
    mixed = sum(len(np.unique(CODES[dealt.pair == pair])) > 1 for pair in range(20))
    assert mixed <= 1
    shares = dealt.inside()[0][dealt.pair >= 0]
    assert shares.sum() == 20


def test_order_of_rows_changes_nothing_and_seeds_do():
    order = np.random.default_rng(0).permutation(41)
    dealt, moved = (deal_pairs(IDS[rows], CODES[rows], None, n_splits=6, seed=4) for rows in (np.arange(41), order))
    np.testing.assert_array_equal(moved.inside(), dealt.inside()[:, order])
    other = deal_pairs(IDS, CODES, None, n_splits=6, seed=5)
    assert (other.inside() != dealt.inside()).any()


def test_groups_stay_on_one_side():
    groups = np.repeat(np.arange(14), 3)[:41]
    dealt = deal_pairs(IDS, CODES, groups, n_splits=10, seed=0)
    inside = dealt.inside()
    for group in range(14):
        rows = groups == group
        assert len(np.unique(dealt.pair[rows])) == 1
        assert (inside[:, rows] == inside[:, rows][:, :1]).all()


def test_memberships_are_balanced_and_independent():
    memberships = deal_pairs(np.arange(400), None, None, n_splits=200, seed=0).selectors[::2].astype(float)
    assert memberships.mean() == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.corrcoef(memberships.T) - np.eye(200)).max() < 0.5
    assert np.corrcoef(memberships.T)[np.triu_indices(200, 1)].mean() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"n_splits": 7}, "complement.*splits=8"), ({"n_splits": 0}, "complement.*splits=2"),
     ({"n_splits": 2, "groups": np.zeros(41)}, "two rows or groups.*split the groups")],
)  # fmt: skip
def test_what_cannot_be_paired_is_refused(options, match):
    with pytest.raises(InputError, match=f"(?s){match}"):
        deal_pairs(IDS, CODES, **({"groups": None, "seed": 0} | options))
