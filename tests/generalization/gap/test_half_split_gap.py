"""Memorization and the gap, read from models on complementary halves."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data.targets import describe_target
from samplewise.engine.refits import Refits, fit_design, prepare
from samplewise.generalization.gap.half_split_gap import gap_of_refits
from samplewise.generalization.gap.memorization import memorization_of_refits


def refits_of(inside, outputs, design="halves"):
    k, n = inside.shape
    return Refits(np.arange(n), inside, np.asarray(outputs, np.float32), design, np.zeros(k), "learner", "data")


def one_by_heart():
    """Row 0 is right only where trained on; the others always."""
    inside = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=bool)
    target = describe_target([0, 1, 0, 1])
    outputs = np.tile(np.eye(2)[[0, 1, 0, 1]], (4, 1, 1))
    outputs[~inside[:, 0], 0] = [0.0, 1.0]
    return refits_of(inside, outputs), target


def test_a_memorized_row_scores_1():
    scores = memorization_of_refits(*one_by_heart())
    np.testing.assert_allclose(scores.values, [1, 0, 0, 0])
    assert (scores.spread > 0).all()


def test_gap_is_the_mean_memorization():
    found = gap_of_refits(*one_by_heart())
    trained, others, gap = found.training_error, found.held_out_error, found.gap
    assert (trained.value, others.value, gap.value) == (0.0, 0.25, 25.0)
    assert gap.low < 25 < gap.high


def test_flipped_labels_are_memorized_by_a_flexible_model():
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) + 4 * (np.arange(200) % 2)[:, None]
    y = np.arange(200) % 2
    flipped = np.arange(0, 200, 20)
    y[flipped] = 1 - y[flipped]
    folded = prepare((X, y), DecisionTreeClassifier(random_state=0), executor=SerialExecutor()).whole
    refits = fit_design(folded.runner, "halves", folded.folds, count=4)
    scores = memorization_of_refits(refits, folded.target)
    assert scores.values[flipped].mean() > 0.7
    assert np.delete(scores.values, flipped).mean() < 0.2
    found = gap_of_refits(refits, folded.target)
    trained, others, gap = found.training_error, found.held_out_error, found.gap
    assert trained.value == 0.0
    assert gap.low > 0
    assert gap.value == pytest.approx(100 * scores.values.mean())
    assert 100 * others.value == pytest.approx(gap.value)


def test_regression_is_in_standard_deviations():
    inside = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=bool)
    target = describe_target([0.5, 1.5, 2.5, 3.5], "regression")
    outputs = np.where(inside, target.codes, target.codes + np.std(target.codes))[:, :, None]
    np.testing.assert_allclose(memorization_of_refits(refits_of(inside, outputs), target).values, 1.0, rtol=1e-6)


def test_groups_widen_the_interval_of_the_gap():
    rng = np.random.default_rng(1)
    inside = np.array([[1, 0] * 20, [0, 1] * 20, [1, 1, 0, 0] * 10, [0, 0, 1, 1] * 10], dtype=bool)
    wrong = np.repeat(rng.random(10) < 0.4, 4)
    outputs = np.where((wrong & ~inside)[:, :, None], [0.0, 1.0], [1.0, 0.0])
    target = describe_target([0] * 20 + [1] * 20)
    outputs[:, 20:] = outputs[:, 20:, ::-1]
    free = gap_of_refits(refits_of(inside, outputs), target).gap
    grouped = gap_of_refits(refits_of(inside, outputs), target, groups=np.arange(40) // 4).gap
    assert grouped.value == free.value
    assert grouped.high - grouped.low > 1.5 * (free.high - free.low)


@pytest.mark.parametrize("change", ["design", "count"])
def test_rows_that_are_never_outside_are_refused(change):
    refits, target = one_by_heart()
    bad = refits_of(refits.inside, refits.outputs, "folds") if change == "design" else refits_of(
        refits.inside[:2], refits.outputs[:2]
    )  # fmt: skip
    with pytest.raises(InputError, match="at least twice") as caught:
        gap_of_refits(bad, target)
    assert "'halves'" in caught.value.fix
