"""Closed forms against heads that really were fitted again."""

from itertools import combinations

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import (
    leave_folds_out,
    leave_folds_out_from_gram,
    leave_one_out,
    leave_one_out_from_gram,
    leave_pairs_out,
    leave_pairs_out_from_gram,
)

RIDGE = 0.7


def problem(n, d, c=2, seed=0):
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(n, d)) + 3.0
    return features, draw.normal(size=(n, c)) + 5.0, draw.integers(0, 4, size=n)


def refit(features, targets, kept, ridge=RIDGE):
    """Outputs at every row by a head fitted on the kept rows."""
    x, y = features[kept], targets[kept]
    z = x - x.mean(axis=0)
    coef = np.linalg.solve(z.T @ z + ridge * np.eye(x.shape[1]), z.T @ (y - y.mean(axis=0)))
    return (features - x.mean(axis=0)) @ coef + y.mean(axis=0)


def refit_kernel_without_intercept(gram, targets, kept, ridge=RIDGE):
    alpha = np.linalg.solve(gram[np.ix_(kept, kept)] + ridge * np.eye(kept.sum()), targets[kept])
    return gram[:, kept] @ alpha


SHAPES = [(40, 5), (40, 1), (12, 30), (20, 20), (2, 3)]


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_leave_one_out_is_n_refits(n, d):
    features, targets, _ = problem(n, d)
    expected = np.array([refit(features, targets, np.arange(n) != i)[i] for i in range(n)])
    for found in (
        leave_one_out(features, targets, RIDGE),
        leave_one_out_from_gram(features @ features.T, targets, RIDGE),
    ):
        np.testing.assert_allclose(found.outputs, expected, rtol=1e-8)
        np.testing.assert_allclose(found.fitted, refit(features, targets, np.ones(n, bool)), rtol=1e-9)
        assert not len(found.undetermined)


def test_leverage_is_the_diagonal_of_the_hat_matrix():
    features, targets, _ = problem(15, 3)
    hat = refit(features, np.eye(15), np.ones(15, bool))
    np.testing.assert_allclose(leave_one_out(features, targets, RIDGE).leverage, np.diag(hat), rtol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (60, 30), (15, 30)])
def test_leaving_folds_and_pairs_out_is_a_refit(n, d):
    """40 x 5 takes the down-date, 60 x 30 the block solve for folds and the down-date for pairs, 15 x 30 the dual."""
    features, targets, folds = problem(n, d)
    expected = np.empty_like(targets)
    for fold in np.unique(folds):
        expected[folds == fold] = refit(features, targets, folds != fold)[folds == fold]
    np.testing.assert_allclose(leave_folds_out(features, targets, folds, RIDGE), expected, rtol=1e-8)
    from_gram = leave_folds_out_from_gram(features @ features.T, targets, folds, RIDGE)
    np.testing.assert_allclose(from_gram, expected, rtol=1e-8)
    pairs = leave_pairs_out(features, targets, folds, RIDGE)
    dual_pairs = leave_pairs_out_from_gram(features @ features.T, targets, folds, RIDGE)
    assert list(pairs) == list(combinations(range(4), 2))
    for pair, outputs in pairs.items():
        inside = np.isin(folds, pair)
        rows = refit(features, targets, ~inside)[inside]
        np.testing.assert_allclose(outputs, rows, rtol=1e-8)
        np.testing.assert_allclose(dual_pairs[pair], rows, rtol=1e-8)


def test_kernel_without_intercept():
    features, targets, folds = problem(18, 4)
    gram = np.exp(-np.sum((features[:, None] - features) ** 2, axis=2) / 8)
    everyone = np.arange(18)
    expected = np.array([refit_kernel_without_intercept(gram, targets, everyone != i)[i] for i in everyone])
    found = leave_one_out_from_gram(gram, targets, RIDGE, intercept=False)
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-8)
    outputs = leave_folds_out_from_gram(gram, targets, folds, RIDGE, intercept=False)
    by_hand = refit_kernel_without_intercept(gram, targets, folds != 2)[folds == 2]
    np.testing.assert_allclose(outputs[folds == 2], by_hand, rtol=1e-8)


def test_named_folds_and_single_output():
    features, targets, folds = problem(30, 3)
    names = np.array(["north", "south", "west", "east"])[folds]
    pairs = leave_pairs_out(features, targets[:, 0], names, RIDGE)
    assert ("east", "north") in pairs
    assert pairs["east", "north"].shape == (np.isin(names, ["east", "north"]).sum(), 1)


def test_a_row_that_alone_fixes_a_parameter_is_listed_not_hidden():
    features, targets, _ = problem(20, 3)
    features[:, 0] = np.arange(20) == 4
    found = leave_one_out(features, targets, ridge=1e-13)
    assert found.undetermined.tolist() == [4]
    assert np.isnan(found.outputs[4]).all()
    assert np.isfinite(np.delete(found.outputs, 4, axis=0)).all()


def test_a_fold_that_alone_fixes_a_parameter_has_no_outputs():
    features, targets, _ = problem(40, 3)
    folds = np.arange(40) % 4
    features[:, 0] *= folds == 1
    outputs = leave_folds_out(features, targets, folds, ridge=1e-13)
    assert np.isnan(outputs[folds == 1]).all()
    assert np.isfinite(outputs[folds != 1]).all()
    small = np.where(np.arange(40) < 2, 9, folds)
    features[:, 0] = np.arange(40) == 1
    outputs = leave_folds_out(features, targets, small, ridge=1e-13)
    assert np.isnan(outputs[:2]).all()
    assert np.isfinite(outputs[2:]).all()


def test_a_single_row_has_no_prediction_without_itself():
    found = leave_one_out(np.ones((1, 3)), np.array([2.0]), RIDGE)
    assert found.undetermined.tolist() == [0]
    assert np.isnan(found.outputs).all()
    alone = leave_one_out_from_gram(np.eye(1), np.array([2.0]), RIDGE, intercept=False)
    np.testing.assert_allclose(alone.outputs, 0.0, atol=1e-15)


def test_duplicates_predict_each_other_and_are_left_out_together():
    features, targets, _ = problem(10, 2)
    doubled, both = np.vstack([features, features]), np.vstack([targets, targets])
    groups = np.tile(np.arange(10), 2)
    expected = np.array([refit(doubled, both, groups != g)[g] for g in range(10)])
    np.testing.assert_allclose(leave_folds_out(doubled, both, groups, RIDGE)[:10], expected, rtol=1e-8)


def test_row_order_changes_nothing():
    features, targets, folds = problem(50, 6)
    order = np.random.default_rng(3).permutation(50)
    one, two = leave_one_out(features, targets, RIDGE), leave_one_out(features[order], targets[order], RIDGE)
    np.testing.assert_allclose(two.outputs, one.outputs[order], rtol=1e-10)
    mixed = leave_folds_out(features[order], targets[order], folds[order], RIDGE)
    np.testing.assert_allclose(mixed, leave_folds_out(features, targets, folds, RIDGE)[order], rtol=1e-10)


@pytest.mark.parametrize(
    ("call", "where", "fix"),
    [
        (lambda x, y: leave_one_out(x, y, -1.0), "ridge", "1e-6"),
        (lambda x, y: leave_one_out(x, y[:3], 1.0), "targets", r"\(8, c\)"),
        (lambda x, y: leave_folds_out(x, y, np.zeros(8), 1.0), "folds", "more folds"),
        (lambda x, y: leave_pairs_out(x, y, np.arange(8) % 2, 1.0), "folds", "more folds"),
        (lambda x, y: leave_one_out_from_gram(x, y, 1.0), "gram", "every row with every row"),
        (lambda x, y: leave_one_out_from_gram(-x @ x.T, y, 1e-3), "ridge", "larger ridge"),
    ],
)
def test_refusals(call, where, fix):
    features, targets, _ = problem(8, 3)
    with pytest.raises(InputError, match=f"where: +{where}") as caught:
        call(features, targets)
    assert caught.match(fix)
