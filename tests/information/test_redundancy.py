"""Rows that could go: order, duplicates, classes, and what it costs."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.engine.models.metrics import choose_metric
from samplewise.engine.refits import prepare
from samplewise.information.redundancy import (
    information_curve,
    redundant_positions,
    redundant_rows,
    removal_cost,
    removal_cost_in,
)

DRAW = np.random.default_rng(0)
Y = np.arange(120) % 2
X = DRAW.normal(size=(120, 2)) + 3.0 * Y[:, None]


def test_no_more_rows_go_than_requested_and_each_once():
    gone = redundant_rows((X, Y), share=0.3)
    assert len(gone) == 36
    assert len(set(gone.tolist())) == 36
    np.testing.assert_array_equal(redundant_positions(prepare((X, Y)).unsplit, 0.3), gone)


def test_lonely_rows_stay_and_crowded_ones_go():
    X_line = np.r_[0.0:0.1:38j, 5.0, 9.0][:, None]
    gone = redundant_rows((X_line, np.repeat([0, 1], [38, 2])), share=0.25)
    assert {38, 39}.isdisjoint(gone.tolist())


def test_one_of_every_set_of_duplicates_stays():
    doubled, labels = np.vstack([X[:30]] * 3), np.concatenate([Y[:30]] * 3)
    gone = redundant_rows((doubled, labels), share=0.5)
    left = np.setdiff1d(np.arange(90), gone)
    assert {row % 30 for row in left} == set(range(30))


def test_no_class_loses_more_than_half():
    few = np.r_[np.zeros(100, dtype=int), np.ones(20, dtype=int)]
    gone = redundant_rows((X, few), share=0.5)
    assert (few[gone] == 1).sum() <= 10


def test_a_share_above_half_goes_in_full_and_in_every_class():
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = np.repeat([0, 1], [150, 50])
    gone = redundant_rows((X, y), share=0.7)
    assert len(gone) == 140
    assert np.bincount(y[gone]).tolist() == [105, 35]


def test_the_curve_is_the_cumulative_share():
    scores = Scores("unique_information", np.array([0.0, 0.0, 1.0, 3.0]), np.arange(4), "nats", "rare")
    curve = information_curve(scores)
    np.testing.assert_allclose(curve.columns["value"][[0, 10, 15, 20]], [0, 0, 25, 100])
    assert curve.unit == "% of all information"


def test_the_cost_of_a_rule_is_that_of_refits():
    folded = prepare((X, Y)).whole
    cost = removal_cost_in(folded, choose_metric("accuracy", "classification"), (0.2, 0.5))
    assert cost.columns["name"].tolist() == ["20 % of the rows", "50 % of the rows"]
    for name in ("value", "control"):
        assert (cost.columns[name] <= cost.columns["high" if name == "value" else "control_high"]).all()
        assert (np.abs(cost.columns[name]) < 10).all()  # two clouds: half of the rows suffice
    np.testing.assert_array_equal(removal_cost((X, Y), shares=(0.2, 0.5)).columns["value"], cost.columns["value"])


def test_shares_out_of_range_are_refused():
    for call in (lambda: redundant_rows((X, Y), share=25), lambda: removal_cost((X, Y), shares=(0.5, 1.5))):
        with pytest.raises(InputError, match="share"):
            call()
