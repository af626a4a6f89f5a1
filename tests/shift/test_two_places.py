"""Rows of two places as one data set: weights, domains, columns, features, groups."""

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.shift.two_places import FEWEST_ROWS, Pair, Scored, giving_away


def places(rows=60, **more):
    rng = np.random.default_rng(0)
    draw = lambda: pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})  # noqa: E731
    y = np.arange(rows) % 2
    return Dataset(draw(), y, **more), Dataset(draw(), y)


def test_rows_of_weight_zero_are_left_out_and_domains_follow():
    weights = np.r_[np.zeros(20), np.ones(40)]
    pair = Pair.of(*places(weights=weights, segments=np.repeat(["x", "y", "z"], 20)), None)
    assert pair.chosen[0].tolist() == list(range(20, 60))
    assert pair.domains.names == ("segment = y", "segment = z")
    assert pair.there.sum() == 60
    assert FEWEST_ROWS == 30
    with pytest.raises(InputError, match="29 rows"):
        Pair.of(*places(29), None)


def test_columns_go_and_features_take_their_place():
    pair = Pair.of(*places(), None)
    assert list(pair.without(["a"]).joined().X.columns) == ["b"]
    features = np.random.default_rng(1).normal(3.0, 2.0, size=(60, 4)), np.ones((60, 4))
    joined = pair.with_features(features).joined()
    assert joined.X.shape == (120, 4)
    np.testing.assert_allclose(joined.X[:60].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(joined.X[:60].std(axis=0), 1.0)
    assert len(np.unique(pair.joined().ids)) == 120


def test_a_column_that_tells_the_places_apart_is_found():
    source, target = places(400)
    target = Dataset(target.X.assign(a=target.X["a"] + 9.0), target.y)
    assert giving_away(Pair.of(source, target, None), 0) == ("a",)


def test_means_are_weighted_and_changes_are_paired():
    pair = Pair.of(*places(), None)
    rows = prepare(pair.joined(), "linear")
    side = Scored.of(rows, rows.folds(), pair.there)
    values, weights = np.arange(120.0), np.r_[np.zeros(60), np.arange(60.0)]
    assert side.mean(values).value == pytest.approx(89.5)
    wanted = np.average(values[60:], weights=weights[60:])
    assert side.mean(values, weights).value == pytest.approx(wanted)
    assert side.change(values, weights, None).value == pytest.approx(wanted - 89.5)
    assert side.change(values, weights, weights).error == 0.0
