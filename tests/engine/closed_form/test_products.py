"""Inner products in blocks."""

import numpy as np

from samplewise.engine.closed_form import inner_products


def test_blocks_are_the_whole_product(monkeypatch):
    monkeypatch.setattr("samplewise.engine.closed_form.products.ROWS_AT_ONCE", 7)
    rows = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    found = inner_products(rows)
    np.testing.assert_allclose(found, rows.astype(np.float64) @ rows.T.astype(np.float64), rtol=1e-14)
    np.testing.assert_allclose(found, found.T, rtol=1e-14)
