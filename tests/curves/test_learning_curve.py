"""Learning curves are measured on rows outside every training subset of the draw."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.curves import LearningCurve, measure_learning_curve
from samplewise.curves.learning_curve import curve_of_refits, log_sizes
from samplewise.data.targets import describe_target
from samplewise.engine.refits import Refits


def blobs(rows=240, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    return rng.normal(size=(rows, 4)) + 1.2 * np.eye(3, 4)[y], y


def refits_of(inside, outputs, design="nested"):
    k, n = inside.shape
    return Refits(np.arange(n), inside, outputs.astype(np.float32), design, np.zeros(k), "learner", "data")


def test_more_rows_make_a_better_model():
    curve = measure_learning_curve(blobs(600), sizes=[15, 60, 240, 450], n_repeats=4)
    assert curve.repeats == 4
    assert curve.error[-1] < curve.error[0]
    assert curve.unit == "error rate"
    assert (curve.standard_error > 0).all()


def test_regression_is_relative_to_the_median():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    curve = measure_learning_curve((X, X @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=300)), n_repeats=2)
    assert "relative to the median baseline" in curve.unit
    assert 0 < curve.error[-1] < 0.5
    noise = measure_learning_curve((X, rng.normal(size=300)), n_repeats=2)
    assert noise.error[-1] == pytest.approx(1.0, abs=0.25)


def test_row_order_changes_nothing():
    X, y = blobs()
    ids = np.arange(len(y))
    order = np.random.default_rng(1).permutation(len(y))
    from samplewise.data import Dataset

    one = measure_learning_curve(Dataset(X, y, ids), n_repeats=2, seed=3)
    two = measure_learning_curve(Dataset(X[order], y[order], ids[order]), n_repeats=2, seed=3)
    np.testing.assert_allclose(one.errors, two.errors, atol=1e-12)


def test_only_rows_outside_the_largest_subset_are_evaluated():
    """Some model was trained on rows 0-3; only 4 and 5 are evaluated, and row 4 is always wrong."""
    target = describe_target([0, 1, 0, 1, 0, 1])
    inside = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]], dtype=bool)
    outputs = np.tile(np.eye(2)[[1, 0, 1, 0, 1, 1]], (2, 1, 1))
    np.testing.assert_allclose(curve_of_refits(refits_of(inside, outputs), target).error, [0.5, 0.5])


def test_duplicates_of_training_rows_are_not_evaluated():
    target = describe_target([0, 1, 0, 1, 0, 1])
    inside = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]], dtype=bool)
    outputs = np.tile(np.eye(2)[[1, 0, 1, 0, 1, 1]], (2, 1, 1))
    groups = np.array(["a", "b", "c", "d", "a", "e"])  # row 4 is a copy of row 0
    np.testing.assert_allclose(curve_of_refits(refits_of(inside, outputs), target, groups).error, [0.0, 0.0])


def test_sizes_double_up_to_four_fifths():
    assert log_sizes(1000) == [25, 50, 100, 200, 400, 800]
    assert log_sizes(100, classes=10) == [20, 40, 80]
    assert log_sizes(3) == [2]


@pytest.mark.parametrize("sizes", [[10, 240], []])
def test_a_size_that_leaves_no_evaluation_row_is_refused(sizes):
    with pytest.raises(InputError, match="no row to evaluate on") as caught:
        measure_learning_curve(blobs(), sizes=sizes)
    assert "192" in caught.value.fix


def test_another_design_is_refused():
    target = describe_target([0, 1, 0, 1])
    with pytest.raises(InputError, match="nested subsets") as caught:
        curve_of_refits(refits_of(np.eye(4, dtype=bool), np.zeros((4, 4, 2)), "folds"), target)
    assert "refit(data, design='nested'" in caught.value.fix


def test_groups_that_leave_no_evaluation_row_are_refused():
    target = describe_target([0, 1, 0, 1])
    inside = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    with pytest.raises(InputError, match="no row is left") as caught:
        curve_of_refits(refits_of(inside, np.zeros((2, 4, 2))), target, np.zeros(4))
    assert "smaller groups" in caught.value.fix


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="increasing sizes") as caught:
        LearningCurve(np.array([20, 10]), np.zeros((2, 2)))
    assert "errors (repeats, s)" in caught.value.fix
