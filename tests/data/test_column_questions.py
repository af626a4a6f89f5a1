"""What the owner of a table should decide about its columns."""

from dataclasses import replace

import numpy as np
import pandas as pd

from samplewise.data.column_questions import column_questions
from samplewise.data.dataset import Dataset

ROWS = 120
FRAME = pd.DataFrame(
    {
        "day": pd.date_range("2024-01-01", periods=ROWS),
        "patient": np.repeat(np.arange(30), 4),
        "job_type": np.arange(ROWS) % 4,
        "x": np.random.default_rng(0).normal(size=ROWS),
    }
)


def about(data, name):
    return [question for question in column_questions(data) if f"`{name}`" in question]


def test_dates_groups_and_codes_are_asked_about():
    data = Dataset(FRAME)
    assert "time='day' (--time)" in about(data, "day")[0]
    assert "groups='patient' (--groups)" in about(data, "patient")[0]
    assert "columns={'job_type': 'category'} (--category)" in about(data, "job_type")[0]
    assert about(data, "x") == []


def test_what_was_answered_is_not_asked():
    time, groups = np.arange(ROWS), FRAME["patient"]
    assert about(Dataset(FRAME, time=time), "day") == []
    assert about(Dataset(FRAME, groups=groups), "patient") == []
    assert about(Dataset(FRAME, kinds={"job_type": "number"}), "job_type") == []
    assert about(Dataset(FRAME, kinds={"patient": "number"}), "patient") == []


def test_a_subset_asks_the_same():
    data = Dataset(FRAME)
    assert column_questions(data.take(np.arange(0, ROWS, 3))) == column_questions(data)
    assert column_questions(replace(data, y=np.arange(ROWS))) == column_questions(data)


def test_left_out_columns_can_be_kept():
    rows = np.arange(ROWS)
    data = Dataset(
        pd.DataFrame({"measure_no": (rows * 37 + 5) * 3, "name": [f"n{row}" for row in rows], "x": FRAME["x"]})
    )
    assert "--number" in about(data, "measure_no")[0]
    assert "columns={'name': 'text'}" in about(data, "name")[0]
