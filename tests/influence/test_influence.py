"""What single rows do to others: closed form against refits, and who is called harmful."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.values import Scores
from samplewise.data import Dataset
from samplewise.engine.closed_form.smoother import smoother_of
from samplewise.engine.refits import prepare, surrogate
from samplewise.influence import knn_shapley, leave_one_out
from samplewise.influence.valuation.harmful_rows import drop_harmful, harmful_rows
from samplewise.influence.valuation.leave_one_out import effects_in, row_effects
from samplewise.influence.valuation.row_effects import RowEffects


def blobs(rows=120, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 2)) + 4.0 * y[:, None], y


def two_crowds():
    """Two crowds far apart, and two rows of the first with the label of the second."""
    X, y = np.repeat([0.0, 4.0], 150)[:, None], np.repeat([0, 1], 150)
    X = X + 0.5 * np.random.default_rng(0).normal(size=X.shape)
    y[[3, 40]] = 1
    return X, y


def effects_of(values, spread, reach):
    ids = np.arange(len(values))
    benefit = Scores("benefit", values, ids, "", "helps", spread=spread)
    return RowEffects(benefit, Scores("reach", reach, ids, "", "matters"))


def test_equals_refits_without_the_row():
    X, y = blobs(60)
    folded = prepare((X, y)).whole
    head = surrogate(folded)
    found = effects_in(folded).benefit
    row, changes, evaluated = 7, 0.0, 0
    for fold in np.unique(folded.folds):
        if folded.folds[row] == fold:
            continue
        trained, evaluated_rows = np.flatnonzero(folded.folds != fold), np.flatnonzero(folded.folds == fold)
        ridge = head.at(trained).ridge
        error = []
        for rows in (trained[trained != row], trained):
            fit = smoother_of(head.features[rows], head.responses[rows], ridge)
            error.append(
                np.square(fit.outputs_at(head.features[evaluated_rows]) - head.responses[evaluated_rows]).sum()
            )
        changes, evaluated = changes + error[0] - error[1], evaluated + len(evaluated_rows)
    assert found.values[row] == pytest.approx(changes / evaluated, rel=1e-7)


def test_wrong_labels_hurt_and_right_ones_help():
    X, y = blobs()
    y[10] = 1 - y[10]
    benefit = leave_one_out((X, y))
    assert 10 in benefit.top(2, largest=False).keys
    assert np.mean(benefit.values > 0) > 0.55
    assert (benefit.spread > 0).all()


def test_row_order_changes_nothing():
    X, y = blobs()
    ids, order = np.arange(120), np.random.default_rng(1).permutation(120)
    one = leave_one_out(Dataset(X, y, ids))
    two = leave_one_out(Dataset(X[order], y[order], ids[order])).aligned_to(ids)
    np.testing.assert_allclose(one.values, two.values, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(one.spread, two.spread, rtol=1e-6, atol=1e-10)


def test_duplicate_evaluation_rows_in_one_group_count_once():
    X, y = blobs(60)
    alone = leave_one_out(Dataset(X, y, groups=np.arange(60)))
    copied = leave_one_out(Dataset(np.tile(X, (3, 1)), np.tile(y, 3), groups=np.tile(np.arange(60), 3)))
    free = leave_one_out(Dataset(np.tile(X, (3, 1)), np.tile(y, 3)))
    ratio = np.nanmedian(copied.spread[:60] / np.abs(copied.values[:60])) / np.nanmedian(
        alone.spread / np.abs(alone.values)
    )
    assert 0.5 < ratio < 2.0
    np.testing.assert_allclose(copied.values, free.values, rtol=1e-9)  # exact duplicates are joined by default


def test_rows_in_time_are_never_evaluated_on_the_past():
    X, y = blobs()
    benefit = leave_one_out(Dataset(X, y, time=np.arange(120)))
    assert np.isnan(benefit.values[-20:]).all()
    assert np.isfinite(benefit.values[:60]).all()


def test_harm_beyond_chance_is_listed_worst_first():
    X, y = two_crowds()
    rows = harmful_rows(row_effects((X, y)))
    assert {40} <= set(rows.tolist()) <= {3, 40}


def test_noise_is_seldom_called_harmful():
    listed = [
        len(harmful_rows(effects_of(rng.normal(size=500), np.ones(500), rng.random(500))))
        for rng in map(np.random.default_rng, range(200))
    ]
    assert np.mean(np.array(listed) > 0) <= 0.15


def test_rows_of_little_reach_are_no_matter():
    values = np.r_[-9.0, -9.0, np.ones(398)]
    reach = np.r_[0.0, 1.0, np.full(398, 0.5)]
    np.testing.assert_array_equal(harmful_rows(effects_of(values, np.ones(400), reach)), [1])


def test_without_spreads_nothing_is_harmful():
    assert len(harmful_rows(effects_of(np.array([np.nan, -1.0]), np.array([np.nan, 0.0]), np.ones(2)))) == 0


def test_the_rule_drops_what_hurts_and_sees_no_other_label():
    X, y = two_crowds()
    folded = prepare((X, y)).whole
    inside = np.flatnonzero(folded.folds != folded.folds[200])
    change = drop_harmful(type(folded)(folded.runner, inside, folded.all_folds, left_out=int(folded.folds[200])))
    poisoned = y.copy()
    poisoned[np.setdiff1d(np.arange(300), inside)] = 0
    other = prepare((X, poisoned)).whole
    again = drop_harmful(type(folded)(other.runner, inside, folded.all_folds, left_out=int(folded.folds[200])))
    np.testing.assert_array_equal(change.rows, again.rows)
    assert change.kind == "drop"
    assert set(inside[change.rows]) <= {3, 40}


def test_neighbors_value_the_right_label():
    X, y = blobs()
    y[10] = 1 - y[10]
    value = knn_shapley((X, y), n_neighbors=5)
    assert value.top(1, largest=False).keys[0] == 10
    assert np.mean(value.values) > 0.5


def test_neighbors_do_not_depend_on_row_order():
    X, y = np.repeat(np.arange(10.0), 8)[:, None], np.repeat([0, 1], 40)
    y[:5] = 1
    ids, order = np.arange(80), np.random.default_rng(1).permutation(80)
    one = knn_shapley(Dataset(X, y, ids))
    two = knn_shapley(Dataset(X[order], y[order], ids[order])).aligned_to(ids)
    np.testing.assert_allclose(one.values, two.values, atol=1e-9)


def test_neighbors_do_not_vote_for_numbers():
    with pytest.raises(InputError, match="vote for classes") as caught:
        knn_shapley((np.arange(40.0)[:, None], np.linspace(0, 1, 40)))
    assert "leave_one_out" in caught.value.fix
