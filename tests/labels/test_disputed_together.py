"""Where disputed rows lie together."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data import Dataset
from samplewise.labels.disputed_together import disputed_together

NONE = np.zeros(400, dtype=int)
DRAW = np.random.default_rng(0)


def rows(**fields):
    frame = pd.DataFrame({"site": np.repeat(list("abcdefghij"), 40), "dose": DRAW.normal(size=400)})
    return Dataset(frame, NONE, ids=[f"r{row:03d}" for row in range(400)], **fields)


def test_a_site_that_is_mostly_disputed_is_named_with_its_exact_share():
    disputed = np.zeros(400, dtype=bool)
    disputed[80:110] = True  # 30 of 40 rows of site c
    disputed[::80] = True  # and five elsewhere, one of them in c
    found = disputed_together(rows(), disputed, NONE)
    assert (found.column, found.values) == ("site", ("c",))
    assert found.share == pytest.approx(disputed[80:120].sum() / disputed.sum())
    assert found.excess == found.share  # no shuffle fills half of a cell


def test_scattered_rows_lie_nowhere_together():
    assert disputed_together(rows(), DRAW.random(400) < 0.1, NONE) is None  # no site is half disputed


def test_what_chance_does_is_taken_off():
    """Where half of all rows are disputed, half of the cells are crowded by chance."""
    disputed = DRAW.random(400) < 0.5
    found = disputed_together(rows(), disputed, NONE)
    assert found.share > 0.4
    assert found.excess < 0.2


def test_a_class_that_is_disputed_everywhere_is_no_place():
    predicted = (np.arange(400) % 10 == 0).astype(int)
    found = disputed_together(rows(), predicted == 1, predicted)
    assert found.excess == 0.0


def test_groups_and_time_and_the_order_of_the_file_count():
    disputed = np.zeros(400, dtype=bool)
    disputed[100:145] = True
    frame = pd.DataFrame({"dose": DRAW.normal(size=400)})
    assert disputed_together(Dataset(frame, NONE), disputed, NONE).column == "the order of the rows"
    named = [f"r{row:03d}" for row in range(400)]
    order = DRAW.permutation(400)
    timed = Dataset(frame.iloc[order], NONE, ids=np.array(named)[order], time=np.arange(400)[order])
    assert disputed_together(timed, disputed[order], NONE).column == "time"
    grouped = Dataset(frame, NONE, ids=named, groups=np.arange(400) // 5)
    assert disputed_together(grouped, disputed, NONE).column == "groups"


def test_ids_are_no_place_and_missing_cells_are():
    frame = pd.DataFrame({"patient_id": np.repeat([f"p{n}" for n in range(200)], 2), "note": [None] * 400})
    frame["state"] = np.where(np.arange(400) < 30, None, "known")
    disputed = np.zeros(400, dtype=bool)
    disputed[:20] = True
    data = Dataset(frame, NONE, ids=[f"r{row:03d}" for row in range(400)], kinds={"patient_id": "id"})
    found = disputed_together(data, disputed, NONE)
    assert (found.column, found.values) == ("state", ("(missing)",))


def test_the_order_of_rows_changes_nothing_and_nothing_disputed_lies_nowhere():
    disputed = DRAW.random(400) < 0.4
    order = DRAW.permutation(400)
    data = rows()
    one, two = disputed_together(data, disputed, NONE), disputed_together(data.take(order), disputed[order], NONE)
    assert (one.column, one.share, one.excess) == (two.column, two.share, two.excess)
    assert disputed_together(rows(), np.zeros(400, dtype=bool), NONE) is None
