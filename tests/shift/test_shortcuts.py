"""`shortcut_scan`: what tells the label alone, and what the model leans on more than it needs."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.shift import shortcut_scan


def table(agree=0.95, count=1200):
    draw = np.random.default_rng(0)
    y = np.arange(count) % 2
    mark = np.where(draw.random(count) < agree, y, 1 - y)
    return pd.DataFrame({
        "core": y + 0.6 * draw.normal(size=count), "core too": y + 0.6 * draw.normal(size=count),
        "mark": np.where(mark == 1, "red", "blue"), "noise": draw.normal(size=count),
    }), y, mark  # fmt: skip


def test_a_planted_shortcut_is_a_candidate_and_honest_columns_are_not():
    X, y, _ = table()
    found = shortcut_scan(X, y, learner="linear").to_frame()
    assert found.index[found["could_be"]].tolist() == ["mark"]
    assert found["tells"].to_dict() == {"mark": True, "core": True, "core too": True, "noise": False}
    assert found.loc["mark", "leans"] > 2 * found.loc["mark", "without"] > 0


def test_the_only_strong_column_is_no_candidate():
    X, y, _ = table()
    assert not shortcut_scan(X[["core", "noise"]], y, learner="linear").could_be.any()


def test_metadata_that_tells_the_label_is_a_candidate():
    X, y, mark = table()
    found = shortcut_scan(X[["core", "noise"]], y, learner="linear", candidates={"camera": mark})
    assert found.names[found.could_be].tolist() == ["camera"]
    assert not found.feature[found.names == "camera"][0]


def test_columns_that_say_nothing_are_no_discoveries():
    false = 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        false += shortcut_scan(draw.normal(size=(200, 6)), np.arange(200) % 2, learner="linear").tells.any()
    assert false <= 4


def test_what_cannot_be_scanned_is_refused():
    X, y, mark = table()
    with pytest.raises(InputError, match="too few rows"):
        shortcut_scan(X[:50], y[:50])
    with pytest.raises(InputError, match="every row needs its metadata"):
        shortcut_scan(X, y, candidates={"camera": mark[:5]})
