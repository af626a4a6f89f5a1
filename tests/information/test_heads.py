"""Heads as scikit-learn fits them, and the one used in place of any learner."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from samplewise.core.errors import InputError
from samplewise.engine.refits import prepare, surrogate
from samplewise.information import Converged, GradientDescent
from samplewise.information.heads import default_head, logistic_head, ridge_head
from samplewise.information.training_targets import Rows

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(40, 3)), DRAW.normal(size=(7, 3))
NUMBERS = X @ [1.0, 0.0, -1.0] + DRAW.normal(size=40)
CODES = (NUMBERS > 0).astype(int)


@pytest.mark.parametrize("model", [Ridge(0.5), LinearRegression()])
def test_a_ridge_head_answers_as_scikit_learn(model):
    head = ridge_head(model.fit(X, NUMBERS), Rows.of((X, NUMBERS)), (QUERIES, NUMBERS[:7]))
    found = head.deletions(None)
    np.testing.assert_allclose(found.outputs(QUERIES)[0][:, 0], model.predict(QUERIES), atol=1e-6)
    outputs, targets = found.evaluated()
    np.testing.assert_allclose(outputs[:, 0], model.predict(QUERIES), atol=1e-6)
    np.testing.assert_array_equal(targets[:, 0], NUMBERS[:7])
    held_out = np.full((40, 1), 2.0)
    np.testing.assert_allclose(head.surprise(found, held_out), np.abs(NUMBERS - 2.0))
    assert head.unit == "units of the output"
    assert head.diagnostics(found).route == "closed form"


def test_a_logistic_head_predicts_as_scikit_learn_and_says_it_is_approximate():
    model = LogisticRegression(C=2.0, tol=1e-10, max_iter=2000).fit(X, CODES)
    head = logistic_head(model, Rows.of((X, CODES)), None, None)
    found = head.deletions(None)
    np.testing.assert_allclose(found.outputs(QUERIES)[0][:, 0], model.decision_function(QUERIES), atol=1e-4)
    shares = model.predict_proba(X)[np.arange(40), CODES]
    np.testing.assert_allclose(head.surprise(found, found.fitted), 1 - shares, atol=1e-4)
    notes = head.diagnostics(found)
    assert not notes.exact
    assert "Newton" in notes.warnings[0]
    same = logistic_head("linear", Rows.of((X, CODES)), None, Converged(ridge=0.5))
    np.testing.assert_allclose(same.deletions(None).fitted, found.fitted, atol=1e-6)


@pytest.mark.parametrize("labels", [CODES, NUMBERS])
def test_the_default_head_is_the_surrogate_of_the_rows(labels):
    folded = prepare((X, labels)).unsplit
    head = default_head(folded, (QUERIES, labels[:7]), None)
    found, fitted = head.deletions(None), surrogate(folded).fitted()
    whole = np.empty_like(found.fitted)
    whole[head.order] = found.fitted
    np.testing.assert_allclose(whole, fitted.outputs_at(surrogate(folded).features), atol=1e-6)
    assert found.evaluated()[1].shape == found.evaluated()[0].shape
    np.testing.assert_array_equal(np.sort(head.ids), np.arange(40))
    assert head.unit == ("share of a class" if labels is CODES else "standard deviations of the label")


def test_what_has_no_optimum_is_refused():
    rows = Rows.of((X, CODES))
    for call, words in (
        (lambda: ridge_head(Ridge(fit_intercept=False), rows, None), "has an intercept"),
        (lambda: ridge_head(Ridge(), rows, (np.ones((0, 3)), None)), "has no rows"),
        (lambda: logistic_head("linear", rows, None, None), "only with a penalty"),
        (lambda: logistic_head(Ridge(), rows, None, None), "heads only"),
        (lambda: logistic_head(LogisticRegression(), Rows.of((X, NUMBERS)), None, None), "needs classes"),
        (
            lambda: ridge_head(Ridge(), rows, None).deletions(GradientDescent(3, 0.1)),
            "available at its optimum only",
        ),
    ):
        with pytest.raises(InputError, match=words):
            call()
