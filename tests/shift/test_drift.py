"""Columns that change over time are named, and columns that only hang together are not."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift import feature_drift
from samplewise.shift.drift import drift_in

ROWS = 500


def frame(seed=0):
    rng = np.random.default_rng(seed)
    late = np.arange(ROWS) >= 300
    return pd.DataFrame({
        "still": rng.normal(size=ROWS), "moved": rng.normal(size=ROWS) + 2.0 * late,
        "wider": rng.normal(size=ROWS) * np.where(late, 4.0, 1.0),
        "kind": np.where(late & (rng.random(ROWS) < 0.6), "new", rng.choice(["a", "b"], ROWS)),
        "gaps": np.where(late & (rng.random(ROWS) < 0.5), np.nan, rng.normal(size=ROWS)),
    })  # fmt: skip


def test_moved_wider_missing_and_new_values_are_all_drift():
    found = feature_drift(frame())
    assert set(found.drifting) == {"moved", "wider", "kind", "gaps"}
    at = dict(zip(found.names.tolist(), range(5), strict=True))
    assert 1.0 < found.moved[at["moved"]] < 3.0
    assert abs(found.moved[at["wider"]]) < 0.5
    assert np.isnan(found.moved[at["kind"]])
    assert 0.3 < found.overlap[at["kind"]] < 0.6
    assert found.overlap[at["still"]] > 0.85
    assert 260 <= int(found.since[at["moved"]]) <= 340
    assert found.over == "the order of the rows"


def test_time_decides_and_not_the_order_of_the_rows():
    table, turned = frame(), np.random.default_rng(3).permutation(ROWS)
    day = np.datetime64("2020-01-01") + np.arange(ROWS)
    one = feature_drift(Dataset(table, time=day))
    other = feature_drift(table.iloc[turned], time=day[turned])
    assert one.over == other.over == "time"
    assert one.names.tolist() == other.names.tolist()
    assert one.overlap.tolist() == pytest.approx(other.overlap.tolist())
    assert "2020-1" in one.since[0]
    assert len(feature_drift(table.iloc[turned].reset_index(drop=True)).drifting) == 0


def test_columns_that_stay_the_same_are_seldom_accused_even_if_rows_hang_together():
    fired = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        slow = np.zeros((ROWS, 3))
        for row in range(1, ROWS):
            slow[row] = 0.7 * slow[row - 1] + rng.normal(size=3)
        fired += len(feature_drift(np.c_[slow, rng.normal(size=(ROWS, 3))]).drifting) > 0
    assert fired <= 2


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match=r"(?s)no columns to compare over time.*40 rows"):
        feature_drift(np.random.default_rng(0).normal(size=(40, 2)))
    with pytest.raises(InputError, match="1 different time"):
        drift_in(Dataset(frame()), np.zeros(ROWS))
