"""A part shows only its own rows; held-out outputs come from models that saw neither the row nor anything outside."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.arrays import one_hot
from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset
from samplewise.engine.closed_form import SubsetRidge
from samplewise.engine.models import KernelHead
from samplewise.engine.refits import prepare
from samplewise.engine.refits.folded_rows import FoldedRows, RowEdit, outer_folds, whole_rows


def refitted(folded: FoldedRows, fold: int, keep: np.ndarray | None = None) -> np.ndarray:
    """Outputs for one fold by a head fitted on a data set that holds nothing but the teaching rows."""
    trains = folded.folds != fold if keep is None else (folded.folds != fold) & keep
    data = folded.data.take(np.flatnonzero(trains))
    features = (
        KernelHead()
        .fitter(folded.runner.data, folded.target, blocks=folded.all_folds, space=folded.runner.space)
        .features
    )
    rows = folded.positions[trains]
    head = SubsetRidge(features[rows], one_hot(folded.codes[trains], 2)).fit(
        np.ones(len(data), bool), standardize=False
    )
    return head.outputs(features[folded.positions[folded.folds == fold]])


def test_held_out_outputs_equal_refits_without_the_fold(folded):
    outputs = folded.held_out_outputs()
    for fold in range(5):
        np.testing.assert_allclose(outputs[folded.folds == fold], refitted(folded, fold), atol=1e-5)


def test_rows_not_trained_on_are_predicted_all_the_same(folded):
    keep = np.arange(len(folded)) % 3 != 0
    outputs = folded.held_out_outputs(keep=keep)
    assert np.isfinite(outputs).all()
    np.testing.assert_allclose(outputs[folded.folds == 2], refitted(folded, 2, keep), atol=1e-5)


def test_outer_parts_share_pair_fits_and_equal_refits_on_their_own_rows(folded):
    for outer in outer_folds(folded.runner, folded.all_folds):
        assert len(outer) == (folded.all_folds != outer.left_out).sum()
        outputs = outer.held_out_outputs()
        fold = (outer.left_out + 1) % 5
        np.testing.assert_allclose(outputs[outer.folds == fold], refitted(outer, fold), atol=1e-5)
    assert folded.runner.store.made == 10  # each model that leaves out two folds serves two parts


def test_labels_outside_a_part_never_reach_it(two_moons):
    data, _ = two_moons()
    clean = prepare(data).whole
    fold = clean.all_folds
    poisoned = prepare(data.with_labels(np.where(fold == 3, 1 - data.y, data.y))).whole
    views = [outer_folds(opened.runner, fold)[3] for opened in (clean, poisoned)]
    np.testing.assert_allclose(views[0].held_out_outputs(), views[1].held_out_outputs(), atol=1e-6)
    keep = np.arange(len(views[0])) % 4 != 0
    np.testing.assert_allclose(*(view.held_out_outputs(keep=keep) for view in views), atol=1e-6)


def test_row_order_changes_nothing(two_moons):
    data, _ = two_moons()
    order = np.random.default_rng(1).permutation(len(data))
    first, second = prepare(data).whole, prepare(data.take(order)).whole
    np.testing.assert_allclose(first.held_out_outputs()[order], second.held_out_outputs(), atol=1e-6)


def test_changes_reach_the_fit(folded):
    query = np.arange(5)
    own = folded.changed_fit(query, None)
    assert own.keep.all()
    assert own.codes is None
    dropped = folded.changed_fit(query, RowEdit("drop", np.array([1, 2])))
    assert np.flatnonzero(~dropped.keep).tolist() == [1, 2]
    relabeled = folded.changed_fit(query, RowEdit("relabel", np.array([4]), 1 - folded.codes[[4]]))
    assert np.flatnonzero(relabeled.codes != folded.codes).tolist() == [4]
    weighted = folded.changed_fit(query, RowEdit("reweight", np.array([0]), np.array([0.5])))
    assert weighted.weights[0] == 0.5
    assert weighted.weights[1:].tolist() == [1.0] * (len(folded) - 1)


def test_probabilities_are_calibrated_rows(folded):
    probabilities = folded.probabilities(folded.held_out_outputs())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert (probabilities.argmax(axis=1) == folded.codes).mean() > 0.95


def test_rows_with_time_are_trained_on_the_past_only(two_moons):
    data, _ = two_moons()
    timed = Dataset(data.X, data.y, time=np.arange(len(data)))
    folded = prepare(timed).whole
    outputs = folded.held_out_outputs()
    first = folded.folds == 0
    assert np.isnan(outputs[first]).all()
    assert np.isfinite(outputs[~first]).all()
    late = timed.with_labels(np.where(folded.folds == 4, 1 - data.y, data.y))
    again = prepare(late).whole.held_out_outputs()
    np.testing.assert_allclose(outputs[~first], again[~first], atol=1e-6)
    assert [outer.left_out for outer in outer_folds(folded.runner, folded.all_folds, ordered=True)] == [2, 3, 4]


def test_processes_and_this_process_give_the_same_bits(two_moons):
    data, _ = two_moons(120)
    serial = prepare(data, LogisticRegression(), executor=SerialExecutor()).whole
    spread = prepare(data, LogisticRegression()).whole
    np.testing.assert_array_equal(serial.held_out_outputs(), spread.held_out_outputs())


def test_opening_needs_labels_and_folds(two_moons):
    with pytest.raises(InputError, match="no labels"):
        prepare(Dataset(np.zeros((4, 1))))
    with pytest.raises(InputError, match="folds must be a whole number of at least 2"):
        prepare(two_moons()[0], n_folds=1)


def test_whole_part_is_every_row(folded):
    whole = whole_rows(folded.runner, folded.all_folds)
    assert whole.left_out is None
    assert len(whole) == len(folded.runner.data)


def test_another_learner_sees_the_same_rows_and_folds(folded):
    learner = KernelHead(landmarks=0)
    other = folded.with_learner(learner)
    assert other.folds is not folded.folds
    np.testing.assert_array_equal(other.folds, folded.folds)
    assert other.runner.learner is learner
    assert folded.with_learner(KernelHead(landmarks=0)).runner is other.runner
    own = prepare(folded.data, learner, seed=folded.runner.seed).whole.with_learner(learner)
    np.testing.assert_array_equal(replace(own, all_folds=folded.all_folds).held_out_outputs(), other.held_out_outputs())
