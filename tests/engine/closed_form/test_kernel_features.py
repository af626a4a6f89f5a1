"""Kernel features: with every row a landmark they are the kernel."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import KernelMap, SubsetRidge, median_bandwidth, nystrom_features


def rows(n=60, d=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + 100.0


def gaussian(x, z, bandwidth):
    return np.exp(-np.sum((x[:, None] - z) ** 2, axis=2) / (2 * bandwidth**2))


def test_every_row_a_landmark_gives_the_kernel_back():
    x = rows()
    features = nystrom_features(x, np.arange(60), 1.3)
    np.testing.assert_allclose(features @ features.T, gaussian(x, x, 1.3), atol=1e-10)


def test_ridge_on_them_is_kernel_ridge():
    x, new = rows(), rows(20, seed=1)
    y = np.sin(x[:, :1]) + 0.1 * x[:, 1:2]
    to_features = KernelMap(x, 2.0)
    features = to_features(x)
    head = SubsetRidge(features, y).fit(np.ones(60, bool), ridge=0.01, standardize=False)
    center = np.eye(60) - 1 / 60
    kernel = gaussian(x, x, 2.0)
    varies = np.ptp(features, axis=0) > 0
    penalty = 0.01 * np.trace(center @ kernel @ center) / varies.sum()
    alpha = np.linalg.solve(center @ kernel @ center + penalty * np.eye(60), y - y.mean())
    across = gaussian(new, x, 2.0) - kernel.mean(axis=0)
    expected = (across - across.mean(axis=1, keepdims=True)) @ alpha + y.mean()
    np.testing.assert_allclose(head.outputs(to_features(new)), expected, atol=1e-8)


def test_repeated_landmarks_are_dropped_not_divided_by():
    x = rows(10)
    twice = KernelMap(np.vstack([x, x]), 1.0)(x)
    assert twice.shape[1] <= 10
    np.testing.assert_allclose(twice @ twice.T, gaussian(x, x, 1.0), atol=1e-9)


def test_blocks_of_rows_change_nothing(monkeypatch):
    x = rows(50)
    whole = nystrom_features(x, np.arange(0, 50, 5), 1.0)
    monkeypatch.setattr("samplewise.engine.closed_form.kernel_features.ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(nystrom_features(x, np.arange(0, 50, 5), 1.0), whole, atol=1e-13)


def test_single_precision_is_the_rounded_double():
    x = rows()
    to_features = KernelMap(x[:5], 1.0)
    small = to_features(x, dtype=np.float32)
    assert small.dtype == np.float32
    np.testing.assert_array_equal(small, to_features(x).astype(np.float32))


def test_median_bandwidth():
    x = rows(31)
    distances = np.sqrt(np.sum((x[:, None] - x) ** 2, axis=2))[np.triu_indices(31, 1)]
    assert median_bandwidth(x) == pytest.approx(np.median(distances), rel=1e-9)
    mostly_equal = np.vstack([np.tile(x[:1], (20, 1)), x[:1], x[1:2] + 3.0])
    assert median_bandwidth(mostly_equal) == pytest.approx(np.linalg.norm(x[1] + 3.0 - x[0]))
    assert median_bandwidth(np.ones((5, 2)) * 0.1) == 1.0


def test_refusals():
    with pytest.raises(InputError, match=r"where: +bandwidth") as caught:
        KernelMap(rows(), 0.0)
    assert caught.match("median_bandwidth")
    with pytest.raises(InputError, match="3 columns instead of 4") as caught:
        KernelMap(rows(), 1.0)(rows(d=3))
    assert caught.match("as the landmarks")
