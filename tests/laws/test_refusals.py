"""What cannot be used is refused in words that name the argument and the way out, by every public function alike."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import samplewise
from samplewise import curves, generalization, influence, labels, selection, shift
from samplewise.core.errors import InputError
from samplewise.curves.learning_curve import log_sizes
from samplewise.data import Dataset
from samplewise.engine.refits import joined_groups
from samplewise.labels.predictions import check_predictions
from samplewise.selection.decisions import decisions_of
from samplewise.shift.segments import segment_errors
from samplewise.shift.worst import named_segments
from samplewise.shift.worst_segment_search import find_worst_segments

COUNT = 120
IDS = np.arange(COUNT)


def rows():
    """(X, y) of two clouds."""
    y = IDS % 2
    return np.random.default_rng(0).normal(size=(COUNT, 3)) + 1.5 * y[:, None], y


def probabilities():
    return np.full((COUNT, 2), 0.5)


SETTINGS = {
    "folds": (lambda: shift.worst_segments(rows(), n_folds=1), "n_folds", "n_folds=5, at least 2"),
    "seed": (lambda: samplewise.audit(rows(), seed="a"), "seed", "seed=0"),
    "executor": (lambda: samplewise.audit(rows(), executor="serial"), "executor", "SerialExecutor"),
    "learner": (
        lambda: labels.find_label_issues(rows(), learner=LogisticRegression), "learner", r"LogisticRegression\(\)"
    ),
    "facts of numbers": (
        lambda: labels.find_label_issues(rows()[0], rows()[0][:, 0], labels_are="facts"), "labels_are", "classification"
    ),
    "answers about outcomes": (
        lambda: samplewise.audit(rows(), reviewed={0: 1}), "reviewed", 'labels_are="facts"'
    ),
}  # fmt: skip

COUNTS = {
    "curve sizes": (lambda: curves.measure_learning_curve(rows(), sizes=10), "sizes", "sizes="),
    "falling sizes": (lambda: curves.measure_learning_curve(rows(), sizes=[40, 10]), "sizes", "sizes="),
    "curve repeats": (lambda: curves.measure_learning_curve(rows(), n_repeats=0), "n_repeats", "n_repeats=5"),
    "rows of sizes": (lambda: log_sizes("a"), "rows", "rows=1"),
    "neighbors": (lambda: labels.neighbor_disagreement(rows(), n_neighbors="a"), "n_neighbors", "n_neighbors=10"),
    "voters": (lambda: influence.knn_shapley(rows(), n_neighbors=0), "n_neighbors", "n_neighbors=10"),
    "voters asked": (
        lambda: influence.knn_shapley(rows(), test=rows(), n_neighbors=0),
        "n_neighbors",
        "n_neighbors=10",
    ),
    "bags": (lambda: influence.out_of_bag_value(rows(), n_models=5), "n_models", "n_models=100, at least 10"),
    "models": (lambda: generalization.memorization(rows(), n_models=None), "n_models", "n_models=100"),
    "splits": (lambda: generalization.generalization_gap(rows(), n_splits="a"), "n_splits", "n_splits=30"),
    "draws": (lambda: generalization.generalization_gap(rows(), n_draws=0), "n_draws", "n_draws=3"),
    "runs": (lambda: labels.training_dynamics(rows(), n_runs=1.5), "n_runs", "n_runs=3"),
    "looks": (
        lambda: generalization.clopper_pearson_bound(1, 10, n_evaluations="a"),
        "n_evaluations",
        "n_evaluations=1",
    ),
}

ROWS_FOR_NUMBERS = {
    "error_rate": (lambda: generalization.error_rate(rows()), "wrong", "array"),
    "betting_bound": (lambda: generalization.betting_bound(rows()), "losses", "array"),
    "conformal_threshold": (lambda: generalization.conformal_threshold(rows()), "scores", "array"),
    "absolute_error": (lambda: generalization.absolute_error(rows(), rows()[1]), "outputs", "array"),
    "beats_baseline": (lambda: generalization.beats_baseline(rows(), rows()[1]), "losses", "array"),
    "discrimination": (
        lambda: generalization.discrimination(probabilities(), rows()[1]), "truth", r"np\.eye\(c\)\[codes\]"
    ),
    "dawid_skene": (lambda: labels.dawid_skene(rows()), "annotations", r"\(n, a\)"),
    "check_predictions": (lambda: check_predictions(rows(), rows()[1], IDS), "probabilities", r"\(n, c\)"),
    "confident_learning": (lambda: labels.confident_learning(probabilities(), None), "y", "return_inverse"),
    "names for codes": (
        lambda: labels.confident_learning(probabilities(), rows()[1].astype(str)), "y", "return_inverse"
    ),
    "codes below 0": (lambda: labels.confident_learning(probabilities(), rows()[1] - 1), "y", "return_inverse"),
    "segment_errors": (lambda: segment_errors(rows(), []), "losses", "array"),
    "no cells": (lambda: segment_errors(rows()[1], [rows()[1]]), "segments", "cells_of"),
    "find_worst_segments": (lambda: find_worst_segments(rows(), [], IDS), "losses", "array"),
    "named_segments": (lambda: named_segments(rows(), [], IDS, "u"), "losses", "array"),
    "segments_of_losses": (lambda: shift.segments_of_losses(rows(), rows(), "u"), "losses", "array"),
    "too few losses": (lambda: shift.segments_of_losses(rows(), [0.1], "u"), "losses", "every row"),
    "clopper_pearson_bound": (lambda: generalization.clopper_pearson_bound("a", 120), "errors", "errors="),
}  # fmt: skip

DECISIONS = {
    "labels": (lambda: selection.apply(*rows()), "decisions", r"apply\(\(X, y\), decisions\)"),
    "nothing": (lambda: selection.apply(rows(), None), "decisions", "Decision"),
    "a word": (lambda: selection.apply(rows(), "drop"), "decisions", "Decision"),
    "rows for remedies": (lambda: decisions_of(rows()), "remedies", r"finding\.remedies"),
}

REFUSED = SETTINGS | COUNTS | ROWS_FOR_NUMBERS | DECISIONS


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_used_is_refused_by_name_with_the_way_out(name):
    call, where, fix = REFUSED[name]
    with pytest.raises(InputError, match=rf"(?s)where: +{where}\n.*fix: .*{fix}"):
        call()


def test_curves_to_learn_from_come_from_a_measurement():
    with pytest.raises(InputError, match=r"(?s)needs a CurvePoints.*measure_learning_curve"):
        curves.fit_meta(*rows())
    with pytest.raises(InputError, match=r"(?s)lists of equal length.*one group per curve"):
        curves.fit_meta(None, rows()[1])


def test_the_nearest_metric_is_the_one_that_was_begun():
    with pytest.raises(InputError, match="did you mean 'accuracy'"):
        samplewise.audit(rows(), metric="acc", checks="SW101")


@pytest.mark.parametrize("task", ["classification", "regression", "nonsense"])
def test_every_function_that_reads_labels_takes_the_task(task):
    calls = [
        lambda: labels.neighbor_disagreement(rows(), task=task),
        lambda: influence.knn_shapley(rows(), task=task),
        lambda: influence.knn_shapley(rows(), test=rows(), task=task),
        lambda: labels.training_dynamics(rows(), n_runs=1, task=task),
    ]
    for call in calls if task != "classification" else calls[:3]:
        if task == "classification":
            assert np.isfinite(call().values).all()
        else:
            with pytest.raises(InputError, match="task cannot be 'nonsense'" if task == "nonsense" else "numbers"):
                call()
    game = influence.open_game
    if task == "nonsense":
        with pytest.raises(InputError, match="task cannot be 'nonsense'"):
            game(rows(), rows(), task=task)
    else:
        assert game(rows(), rows(), task=task).class_count == (2 if task == "classification" else 0)


def test_no_decision_changes_nothing():
    applied = selection.apply(rows(), [])
    assert applied.log == ()
    assert applied.data.ids.tolist() == IDS.tolist()


def test_segments_of_losses_keep_copies_together():
    X, y = rows()
    X, y = np.tile(X, (4, 1)), np.tile(y, 4)
    losses = np.random.default_rng(1).random(len(y)) * (1.0 + (X[:, 0] > 1.0))
    by_pair = shift.segments_of_losses((X, y), losses, "u")
    by_set = shift.segments_of_losses(Dataset(X, y), losses, "u", groups=joined_groups(Dataset(X, y)))
    np.testing.assert_array_equal(by_pair.errors.p_value, by_set.errors.p_value)
    apart = shift.segments_of_losses((X, y), losses, "u", groups=np.arange(len(y)))
    assert not np.array_equal(by_pair.errors.error, apart.errors.error)
