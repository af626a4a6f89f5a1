"""Unique information, redundancy and unusual rows."""

import sys

import numpy as np
import pytest

from samplewise.core.values import Scores
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.information import (
    information_curve,
    removal_cost,
    unique_information,
    unusual_information,
)
from samplewise.information.redundancy import redundant_positions
from samplewise.information.unique import information_in

redundancy = sys.modules[redundant_positions.__module__]


def blobs(rows=200, seed=0, centers=2):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % centers
    return rng.normal(size=(rows, 3)) + 4.0 * np.eye(centers, 3)[y], y


def scores_of(values):
    return Scores("unique_information", np.asarray(values), np.arange(len(values)), "nats", "rare")


def test_wrong_labels_surprise_and_inform():
    X, y = blobs()
    y[[10, 20, 30]] = 1 - y[[10, 20, 30]]
    found = unique_information((X, y))
    assert set(found.held_out_surprise.top(3).keys) == {10, 20, 30}
    assert np.median(found.functional.values[[10, 20, 30]]) > 5 * np.median(found.functional.values)
    assert found.functional.unit == "nats"
    assert (found.weights.values >= 0).all()


def test_a_duplicate_takes_the_information_of_its_twin():
    X, y = blobs()
    X[0] = [9.0, 9.0, 9.0]
    alone = unique_information((X, y)).functional.values[0]
    twins = unique_information((np.vstack([X, X[:1]]), np.r_[y, y[0]])).functional.values[[0, -1]]
    assert twins[0] == pytest.approx(twins[1])
    assert twins[0] < 0.6 * alone


def test_row_order_changes_nothing():
    X, y = blobs()
    ids, order = np.arange(200), np.random.default_rng(1).permutation(200)
    one = unique_information(Dataset(X, y, ids)).functional
    two = unique_information(Dataset(X[order], y[order], ids[order])).functional
    np.testing.assert_allclose(one.values, two.aligned_to(ids).values, rtol=1e-6, atol=1e-10)


def test_regression_and_many_classes_are_measured_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, 3.0]
    y[5] += 40
    assert unique_information((X, y)).held_out_surprise.top(1).keys[0] == 5
    many = unique_information((rng.normal(size=(400, 3)), (np.arange(400) % 100).astype(str)))
    assert np.isfinite(many.held_out_surprise.values).all()


def test_redundant_rows_are_the_least_informative_and_each_once():
    folded = prepare(blobs()).whole
    rows = redundant_positions(folded, 0.25)
    assert len(rows) == len(set(rows.tolist())) == 50
    values = information_in(folded).functional.values
    assert values[rows].mean() < 0.3 * values.mean()


def test_one_of_every_set_of_duplicates_stays():
    X, y = blobs(60)
    folded = prepare((np.tile(X, (4, 1)), np.tile(y, 4))).whole
    kept = np.setdiff1d(np.arange(240), redundant_positions(folded, 0.25))
    assert len(kept) == 180
    assert set(kept % 60) == set(range(60))


def test_no_class_loses_more_than_half():
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(180, 3)), 8 + 0.01 * rng.normal(size=(20, 3))]
    y = np.r_[np.zeros(180, int), np.ones(20, int)]
    gone = redundant_positions(prepare((X, y)).whole, 0.4)
    assert len(gone) == 80
    assert (y[gone] == 1).sum() <= 10


def test_a_part_sees_no_other_label():
    X, y = blobs()
    folded = prepare((X, y)).whole
    inner = type(folded)(folded.runner, np.arange(150), folded.all_folds)
    poisoned = y.copy()
    poisoned[150:] = 1 - poisoned[150:]
    other = prepare((X, poisoned)).whole
    again = type(folded)(other.runner, np.arange(150), folded.all_folds)
    np.testing.assert_array_equal(redundant_positions(inner), redundant_positions(again))


def test_cost_of_removal_is_compared_with_random_rows():
    cost = removal_cost(blobs(300), metric="accuracy", shares=(0.25, 0.5))
    assert list(cost.columns["name"]) == ["25 % of the rows", "50 % of the rows"]
    assert (cost.columns["low"] <= cost.columns["value"]).all()
    assert np.isfinite(cost.columns["control"]).all()
    assert cost.unit == "points of accuracy"
    assert abs(cost.columns["value"]).max() < 5


def test_removing_what_is_needed_costs():
    """Three tight clusters of one class: the rare one is lost only by random removal of nearly all rows."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 5)), rng.integers(0, 2, 300)
    X[:, 0] += y
    cost = removal_cost((X, y), shares=(0.9,))
    assert cost.columns["control"][0] < 0


def test_the_curve_rises_from_nothing_to_all():
    curve = information_curve(scores_of(np.arange(1.0, 101.0)))
    assert curve.columns["value"][0] == 0.0
    assert curve.columns["value"][-1] == pytest.approx(100.0)
    assert (np.diff(curve.columns["value"]) > 0).all()


def test_normal_noise_is_never_unusual():
    rng = np.random.default_rng(0)
    assert not any(len(unusual_information(scores_of(np.square(rng.normal(size=2000))))) for _ in range(50))


def test_a_row_far_above_all_others_is():
    values = np.square(np.random.default_rng(0).normal(size=500))
    values[[7, 8]] = [3000.0, 9000.0]
    np.testing.assert_array_equal(unusual_information(scores_of(values)), [8, 7])


def test_few_rows_or_undetermined_ones_are_not_flagged():
    assert len(unusual_information(scores_of(np.r_[np.ones(30), 1e9]))) == 0
    assert len(unusual_information(scores_of(np.r_[np.linspace(1, 2, 60), np.nan, np.inf]))) == 0


def test_which_duplicate_goes_first_does_not_depend_on_rounding(monkeypatch):
    X, y = blobs(60)
    folded = prepare((np.tile(X, (2, 1)), np.tile(y, 2))).whole
    expected = redundant_positions(folded, 0.25)
    measured, draw = redundancy._information, np.random.default_rng(0)

    def rounded_anew(whole, kept):
        return measured(whole, kept) * (1.0 + 1e-14 * draw.normal(size=len(kept)))

    monkeypatch.setattr(redundancy, "_information", rounded_anew)
    for _ in range(3):
        assert redundant_positions(folded, 0.25).tolist() == expected.tolist()
