"""Columns that are the label together: which, how, and in how many rows."""

import numpy as np
import pandas as pd
import pytest

from samplewise.data import Dataset
from samplewise.data.targets import describe_target
from samplewise.quality.label_made_of import label_made_of


def table(rows=300, seed=0):
    draw = np.random.default_rng(seed)
    return pd.DataFrame(draw.integers(1, 400, (rows, 6)).astype(float), columns=list("abcdef"))


def found(frame, y, without=()):
    data = Dataset(frame, np.asarray(y))
    return label_made_of(data.X, data.columns, describe_target(data.y, "regression"), without)


@pytest.mark.parametrize(
    ("made", "names", "formula"),
    [
        (lambda t: t["a"] + t["b"], ("a", "b"), "a + b"),
        (lambda t: t["c"] - t["d"], ("c", "d"), "c - d"),
        (lambda t: 2.5 * t["a"] - t["e"], ("a", "e"), "2.5 a - e"),
        (lambda t: t["a"] * t["e"], ("a", "e"), "a * e"),
        (lambda t: t["a"] / t["f"], ("a", "f"), "a / f"),
        (lambda t: t["a"] + t["b"] + t["f"], ("a", "b", "f"), "a + b + f"),
    ],
)
def test_sums_differences_products_and_ratios(made, names, formula):
    frame = table()
    told = found(frame, made(frame))
    assert set(told.names) == set(names)
    assert told.share == 1.0
    if len(names) == 2:
        assert told.formula == formula


def test_a_few_wrong_rows_do_not_hide_it():
    frame = table()
    y = (frame["a"] + frame["b"]).to_numpy().copy()
    y[:4] += 50.0
    told = found(frame, y)
    assert (told.names, told.share) == (("a", "b"), 296 / 300)


def test_nothing_where_noise_is_left():
    draw = np.random.default_rng(1)
    frame = table()
    assert found(frame, frame["a"] + frame["b"] + draw.normal(size=300)) is None
    assert found(frame, draw.normal(size=300)) is None


def test_nothing_for_classes_few_rows_or_a_column_that_was_left_out():
    frame = table()
    y = (frame["a"] + frame["b"]).to_numpy()
    assert found(frame, y, without=["a"]) is None
    assert found(frame.iloc[:30], y[:30]) is None
    data = Dataset(frame, (y > 300).astype(int))
    assert label_made_of(data.X, data.columns, describe_target(data.y, "classification")) is None


def test_two_copies_of_one_column_are_no_pair():
    frame = table()
    frame["again"] = frame["a"]
    told = found(frame, frame["a"] + frame["b"])
    assert set(told.names) in ({"a", "b"}, {"again", "b"})
