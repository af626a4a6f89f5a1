"""Rows below chance after a correction, among those that reach far, worst first."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.engine.refits import prepare
from samplewise.influence.valuation.harmful_rows import MOST, drop_harmful, harmful_rows
from samplewise.influence.valuation.row_effects import RowEffects


def effects(benefit, spread=1.0, reach=None):
    ids = np.arange(len(benefit))
    spread = np.full(len(benefit), spread) if np.isscalar(spread) else spread
    reach = np.ones(len(benefit)) if reach is None else reach
    return RowEffects(
        Scores("benefit", np.asarray(benefit, dtype=float), ids, "", "helps", spread=spread),
        Scores("reach", np.asarray(reach, dtype=float), ids, "", "matters"),
    )


def test_clear_harm_is_found_worst_first():
    assert harmful_rows(effects([0.0, -5.0, 3.0, -8.0])).tolist() == [3, 1]


def test_chance_finds_nothing_at_the_stated_level():
    draw = np.random.default_rng(0)
    false = [len(harmful_rows(effects(draw.normal(size=300)))) > 0 for _ in range(300)]
    assert np.mean(false) < 0.09


def test_the_correction_is_that_of_benjamini_and_hochberg():
    assert harmful_rows(effects([-2.0] + [1.0] * 19)).tolist() == []  # p = .023, times 20
    assert harmful_rows(effects([-2.0])).tolist() == [0]


def test_only_rows_that_reach_far_are_tested():
    reach = np.r_[np.zeros(1), np.ones(299)]
    assert harmful_rows(effects(np.r_[-9.0, np.ones(299)], reach=reach)).tolist() == []
    assert harmful_rows(effects(np.r_[-9.0, np.ones(299)])).tolist() == [0]


def test_rows_without_a_spread_are_left_out():
    assert harmful_rows(effects([np.nan, -9.0], spread=np.array([1.0, 0.0]))).tolist() == []
    with pytest.raises(InputError, match="level"):
        harmful_rows(effects([0.0]), level=5)
    with pytest.raises(InputError, match="row_effects"):
        harmful_rows([0.0])


def test_the_rule_drops_a_wrong_label_and_never_more_than_a_fifth():
    X, y = np.repeat([0.0, 4.0], 150)[:, None], np.repeat([0, 1], 150)
    X = X + 0.5 * np.random.default_rng(0).normal(size=X.shape)
    assert len(drop_harmful(prepare((X, y)).whole).rows) == 0
    y[[3, 40]] = 1
    change = drop_harmful(prepare((X, y)).whole)
    assert change.kind == "drop"
    assert {40} <= set(change.rows.tolist()) <= {3, 40}
    assert len(change.rows) <= MOST * 300
