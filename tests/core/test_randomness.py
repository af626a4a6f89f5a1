"""Draws belong to ids: order, subsets and machines change nothing."""

import numpy as np
from scipy import stats

from samplewise.core.randomness import derive_seed, hashed_order, hashed_uniform, key_hashes


def test_a_row_keeps_its_draw_in_any_order_and_subset():
    ids = np.arange(100)
    drawn = dict(zip(ids.tolist(), hashed_uniform(3, ids).tolist(), strict=True))
    some = np.array([40, 7, 99])
    assert hashed_uniform(3, some).tolist() == [drawn[key] for key in some.tolist()]


def test_draws_are_uniform_and_differ_by_seed_and_purpose():
    ids = np.arange(20_000)
    first = hashed_uniform(0, ids)
    assert stats.kstest(first, "uniform").pvalue > 0.001
    for other in (hashed_uniform(1, ids), hashed_uniform(0, ids, "folds")):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_known_bits_so_that_another_machine_gives_the_same():
    assert key_hashes(["a", "b"]).tolist() == key_hashes(np.array(["a", "b"], dtype=object)).tolist()
    assert key_hashes(np.array([1], dtype=np.int32)).tolist() == key_hashes([1]).tolist()
    assert derive_seed(0, "x") == derive_seed(0, "x") != derive_seed(1, "x")


def test_order_is_a_permutation_that_follows_the_ids():
    ids = np.array(["u", "v", "w", "x"])
    shuffled = ids[[2, 0, 3, 1]]
    assert ids[hashed_order(5, ids)].tolist() == shuffled[hashed_order(5, shuffled)].tolist()
