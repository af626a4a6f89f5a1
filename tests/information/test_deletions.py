"""What models lose with rows, against models trained again without them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from samplewise.information.deletions import ConvergedHead, LogisticOptimum, StoppedTraining
from samplewise.information.linearized import of_features
from samplewise.information.training_regimes import GradientDescent
from samplewise.information.training_targets import Responses, Rows

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(18, 2)), DRAW.normal(size=(6, 2))
Y = X @ [1.0, -0.5] + DRAW.normal(size=18)
CODES = (np.median(Y) < Y).astype(np.intp)
GROUP = np.array([1, 4, 7])
EVERYONE = np.arange(18)


def without(rows):
    return np.delete(EVERYONE, rows)


def squares(change):
    return float(np.square(change).sum(axis=1).mean())


# ---- descent, stopped ------------------------------------------------------------------------------------------------


def descended(keep, queries):
    """Literal descent of a linear head with an intercept on the mean squared error."""
    Z, ZQ = (np.column_stack([one, np.ones(len(one))]) for one in (X[keep], queries))
    weights = np.zeros(3)
    for _ in range(40):
        weights -= 0.1 * Z.T @ (Z @ weights - Y[keep]) / len(keep)
    return (ZQ @ weights)[:, None]


@pytest.fixture
def stopped():
    return StoppedTraining(of_features(Rows.of((X, Y)), (QUERIES, None), None), GradientDescent(40, 0.1))


def test_stopped_training_is_that_of_literal_descent(stopped):
    np.testing.assert_allclose(stopped.fitted, descended(EVERYONE, X), atol=1e-8)
    np.testing.assert_allclose(stopped.outputs(QUERIES)[0], descended(EVERYONE, QUERIES), atol=1e-8)
    np.testing.assert_allclose(stopped.evaluated()[0], descended(EVERYONE, QUERIES), atol=1e-8)
    changed, ids = stopped.change_at(QUERIES)
    assert ids.tolist() == list(range(6))
    for row in (0, 9):
        expected = descended(EVERYONE, QUERIES) - descended(without(row), QUERIES)
        np.testing.assert_allclose(changed[:, row], expected, atol=1e-7)
        assert stopped.changes.functional[row] == pytest.approx(squares(expected), rel=1e-5)
        own = descended(EVERYONE, X[row : row + 1]) - descended(without(row), X[row : row + 1])
        np.testing.assert_allclose(stopped.changes.own[row], own[0], atol=1e-7)
    together = descended(EVERYONE, QUERIES) - descended(without(GROUP), QUERIES)
    assert stopped.group_square(GROUP) == pytest.approx(squares(together), rel=1e-5)
    part = stopped.trained_by(without(GROUP))
    np.testing.assert_allclose(part.evaluated()[0], descended(without(GROUP), QUERIES), atol=1e-7)
    assert stopped.responses.classes is None


# ---- a ridge head ----------------------------------------------------------------------------------------------------


def as_given(queries):
    return np.asarray(queries), np.arange(len(queries))


def ridge(keep, queries):
    return Ridge(0.7).fit(X[keep], Y[keep]).predict(queries)[:, None]


@pytest.fixture
def head():
    return ConvergedHead(X, Responses(Y[:, None], None), 0.7, as_given, (QUERIES, None))


def test_a_converged_head_is_ridge_regression(head):
    np.testing.assert_allclose(head.fitted, ridge(EVERYONE, X), atol=1e-9)
    np.testing.assert_allclose(head.outputs(QUERIES)[0], ridge(EVERYONE, QUERIES), atol=1e-9)
    np.testing.assert_allclose(head.evaluated()[0], ridge(EVERYONE, QUERIES), atol=1e-9)
    for row in (2, 11):
        expected = ridge(EVERYONE, QUERIES) - ridge(without(row), QUERIES)
        np.testing.assert_allclose(head.change_at(QUERIES)[0][:, row], expected, atol=1e-9)
        assert head.changes.functional[row] == pytest.approx(squares(expected))
        held_out = ridge(without(row), X[row : row + 1])[0]
        np.testing.assert_allclose(head.changes.own[row], head.fitted[row] - held_out, atol=1e-9)
    together = ridge(EVERYONE, QUERIES) - ridge(without(GROUP), QUERIES)
    assert head.group_square(GROUP) == pytest.approx(squares(together))
    np.testing.assert_allclose(
        head.trained_by(without(GROUP)).evaluated()[0], ridge(without(GROUP), QUERIES), atol=1e-9
    )


def test_a_head_on_some_rows_is_evaluated_on_all_of_them_where_there_is_no_validation():
    head = ConvergedHead(X, Responses(Y[:, None], None), 0.7, as_given, None)
    assert head.evaluated()[1] is None
    outputs, targets = head.trained_by(without(GROUP)).evaluated()
    np.testing.assert_allclose(outputs, ridge(without(GROUP), X), atol=1e-9)
    np.testing.assert_array_equal(targets, Y[:, None])


# ---- a logistic head -------------------------------------------------------------------------------------------------


def logistic(keep, queries):
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=2000).fit(X[keep], CODES[keep])
    return model.decision_function(queries)[:, None]


@pytest.fixture
def optimum():
    responses = Responses(CODES[:, None].astype(float), np.array([0, 1]), border=0.0)
    return LogisticOptimum(X, CODES, responses, 1.0, as_given, (QUERIES, None))


def test_a_logistic_head_is_one_newton_step_from_its_refits(optimum):
    np.testing.assert_allclose(optimum.fitted, logistic(EVERYONE, X), atol=1e-5)
    np.testing.assert_allclose(optimum.outputs(QUERIES)[0], logistic(EVERYONE, QUERIES), atol=1e-5)
    np.testing.assert_allclose(optimum.evaluated()[0], logistic(EVERYONE, QUERIES), atol=1e-5)
    for row in (2, 11):
        expected = logistic(EVERYONE, QUERIES) - logistic(without(row), QUERIES)
        np.testing.assert_allclose(optimum.change_at(QUERIES)[0][:, row], expected, rtol=0.2, atol=0.01)
        assert optimum.changes.functional[row] == pytest.approx(squares(expected), rel=0.4)
    together = logistic(EVERYONE, QUERIES) - logistic(without(GROUP), QUERIES)
    assert optimum.group_square(GROUP) == pytest.approx(squares(together), rel=0.4)
    part = optimum.trained_by(without(GROUP))
    np.testing.assert_allclose(part.evaluated()[0], logistic(without(GROUP), QUERIES), atol=1e-5)
