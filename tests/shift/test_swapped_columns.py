"""Partners that differ."""

import numpy as np

from samplewise.shift.swapped_columns import partners


def test_every_partner_has_another_value():
    values = np.repeat(["a", "b", "c"], [50, 5, 1])
    found = partners(values, np.random.default_rng(0))
    assert (values[found] != values).all()
    assert len(set(found.tolist())) > 5
