"""One Newton step away from every row, against refits of scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.influence.attribution.logistic import NewtonLogistic

DRAW = np.random.default_rng(0)
X, QUERIES = DRAW.normal(size=(80, 3)), DRAW.normal(size=(5, 3))
Y = np.where(X[:, 0] + DRAW.normal(size=80) > 0, "yes", "no")
QUERY_LABELS = np.array(["yes", "no", "yes", "no", "yes"])


def estimator(keep=slice(None), C=0.5):
    return LogisticRegression(C=C, tol=1e-10, max_iter=1000).fit(X[keep], Y[keep])


def margins(model):
    return np.where(QUERY_LABELS == "yes", 1, -1) * model.decision_function(QUERIES)


@pytest.fixture(scope="module")
def prepared():
    return NewtonLogistic.prepare(estimator(), (X, Y))


def test_effects_are_those_of_refits(prepared):
    values, query_ids = prepared.effects((QUERIES, QUERY_LABELS), "margin")
    assert query_ids.tolist() == [0, 1, 2, 3, 4]
    for row in (0, 11, 40):
        refitted = margins(estimator()) - margins(estimator(np.delete(np.arange(80), row)))
        np.testing.assert_allclose(values[:, row], refitted, rtol=0.05, atol=1e-3)


def test_a_group_goes_together(prepared):
    group = np.array([1, 5, 9])
    refitted = margins(estimator()) - margins(estimator(np.delete(np.arange(80), group)))
    found, _ = prepared.group_effect(group, (QUERIES, QUERY_LABELS), "margin")
    np.testing.assert_allclose(found, refitted, rtol=0.05, atol=1e-3)


def test_leaving_a_row_out_raises_its_own_loss(prepared):
    own = prepared.self_influence()
    assert (own > 0).all()
    model = estimator(np.delete(np.arange(80), 7))
    column = list(model.classes_).index(Y[7])
    refitted = estimator().predict_log_proba(X[7:8])[0, column] - model.predict_log_proba(X[7:8])[0, column]
    assert own[7] == pytest.approx(refitted, rel=0.05)
    assert prepared.ridge == 2.0
    assert prepared.ids.tolist() == list(range(80))


def test_what_the_closed_form_does_not_cover_is_refused(prepared):
    with pytest.raises(InputError, match="takes named targets only"):
        prepared.effects((QUERIES, QUERY_LABELS), lambda outputs, labels: outputs)
    for model, words in (
        (LogisticRegression(class_weight="balanced"), "class_weight"),
        (LogisticRegression(fit_intercept=False), "fit_intercept=False"),
    ):
        with pytest.raises(InputError, match=words):
            NewtonLogistic.prepare(model.fit(X, Y), (X, Y))
