"""Rows of a part in the order of their ids' hashes, however they came in."""

import numpy as np

from samplewise.core.randomness import key_hashes
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import prepare
from samplewise.engine.refits.row_order import in_id_order


def test_the_order_is_that_of_the_hashed_ids(two_moons):
    folded = prepare(two_moons(60)[0]).whole
    ordered, order = in_id_order(folded)
    assert (np.diff(key_hashes(ordered.data.ids).astype(np.float64)) >= 0).all()
    np.testing.assert_array_equal(ordered.data.ids, folded.data.ids[order])
    assert sorted(order) == list(range(60))


def test_shuffled_rows_are_in_the_same_order(two_moons):
    data = two_moons(60)[0]
    shuffled = data.take(np.random.default_rng(0).permutation(60))
    first, second = (in_id_order(prepare(Dataset(d.X, d.y, ids=d.ids)).whole)[0].data for d in (data, shuffled))
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.X, second.X)
