"""Segments by name or by search, of losses that are given or cross-fitted."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.shift.bins import cells_of
from samplewise.shift.worst import (
    feature_cells,
    named_segments,
    segments_in,
    segments_of_losses,
    worst_segments,
)

N = 600
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(N, 2))
SITE = np.repeat(["a", "b", "c"], N // 3)
LOST = (DRAW.random(N) < np.where(SITE == "b", 0.5, 0.1)).astype(float)
IDS = np.array([f"r{i}" for i in range(N)])


def test_a_cross_fitted_model_is_worst_where_labels_are_random():
    y = np.where(SITE == "b", DRAW.random(N) > 0.5, X[:, 0] > 0).astype(int)
    found = worst_segments(Dataset(X, y, segments=SITE))
    assert found.errors.names[0].endswith("= b")
    assert found.material() == [0]
    assert not found.searched
    assert found.unit == "error rate"


def test_named_segments_are_measured_on_all_rows():
    data = Dataset(X, np.zeros(N), ids=IDS, segments=pd.DataFrame({"site": SITE}))
    found = segments_of_losses(data, LOST, "share")
    assert found.errors.names[0] == "site = b"
    assert found.errors.error[0] == pytest.approx(LOST[SITE == "b"].mean())
    assert found.errors.rows.sum() == N
    assert set(found.ids[0]) == set(IDS[SITE == "b"])
    same = named_segments(LOST, [cells_of("site", SITE)], IDS, "share")
    np.testing.assert_array_equal(same.errors.error, found.errors.error)
    inner = segments_in(LOST, data, "share", None)
    np.testing.assert_array_equal(inner.errors.error, found.errors.error)


def test_without_names_the_columns_are_searched():
    frame = pd.DataFrame({"site": SITE, "x": X[:, 0]})
    found = segments_of_losses(Dataset(frame, np.zeros(N), ids=IDS), LOST, "share")
    assert found.searched
    assert "site = b" in found.errors.names[0]
    assert set(found.ids[0]) <= set(IDS[SITE == "b"])


def test_only_worse_by_enough_and_beyond_chance_matters():
    none = named_segments(np.tile([0.0, 1.0], N // 2), [cells_of("site", SITE)], IDS, "share")
    assert none.material() == []
    little = named_segments(np.where(SITE == "b", 0.11, 0.1), [cells_of("site", SITE)], IDS, "share")
    assert little.material() == []


def test_features_become_cells_by_their_kind():
    frame = pd.DataFrame({"site": SITE, "x": X[:, 0], "flag": X[:, 1] > 0})
    assert [cells.column for cells in feature_cells(Dataset(frame, np.zeros(N)))] == ["site", "x", "flag"]
    assert [cells.column for cells in feature_cells(Dataset(X, np.zeros(N)))] == ["x0", "x1"]
    with pytest.raises(InputError, match="no columns to search for segments"):
        feature_cells(Dataset(np.ones((5, 100)), np.zeros(5)))


def test_every_row_needs_a_loss():
    with pytest.raises(InputError, match=r"(?s)one loss.*5 losses, 600 rows"):
        segments_of_losses(Dataset(X, np.zeros(N)), np.ones(5), "share")
    with pytest.raises(InputError, match="confidence"):
        worst_segments(Dataset(X, np.zeros(N)), confidence=95)


def test_columns_without_names_are_too_many_to_search():
    X = np.random.default_rng(0).normal(size=(60, 200))
    with pytest.raises(InputError, match="pass a frame"):
        worst_segments(X, np.arange(60) % 2)
