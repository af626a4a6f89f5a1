"""What labels may change over."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.shift.coding_sources import named_sources, names_an_annotator, sources_of


def test_sources_are_time_segments_and_few_groups():
    row = np.arange(600)
    X, y = row[:, None] * 1.0, row % 2
    assert set(sources_of(Dataset(X, y, time=row, groups=row % 3, segments={"site": row % 2}))) == {
        "time", "site", "group",
    }  # fmt: skip
    assert sources_of(Dataset(X, y, groups=row // 5)) == {}
    with pytest.raises(InputError, match="every row needs one entry of time"):
        sources_of(Dataset(X, y), time=row[:5])


def test_dates_and_annotators_are_sources_by_their_columns():
    days = pd.date_range("2020-01-01", periods=200).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"day": days, "rater": ["ann", "bob"] * 100, "x": np.arange(200) % 7})
    found = named_sources(Dataset(frame, np.arange(200) % 2))
    assert {name: kind for name, (kind, _) in found.items()} == {"day": "time", "rater": "place"}
    assert found["day"][1].dtype.kind == "M"
    assert set(named_sources(Dataset(frame, time=np.arange(200)))) == {"rater"}
    assert named_sources(Dataset(np.zeros((3, 1)))) == {}
    assert all(names_an_annotator(name) for name in ("annotator", "labeled_by", "labeler_id", "Reader"))
    assert not any(names_an_annotator(name) for name in ("label", "code", "operator_time", "reading"))
