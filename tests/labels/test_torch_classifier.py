"""`NoiseRobustClassifier` as scikit-learn sees it, and on labels half of which are wrong."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from samplewise.core.errors import InputError
from samplewise.labels import NoiseRobustClassifier


@pytest.mark.parametrize("method", ["limit-laplace", "elr", "generalized-cross-entropy"])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_finds_nothing_to_object_to(method):
    results = check_estimator(NoiseRobustClassifier(method=method, epochs=10, rate=0.03), on_fail=None)
    assert [item["check_name"] for item in results if item["status"] not in ("passed", "skipped")] == []


def test_half_of_the_labels_wrong():
    X, y = load_digits(return_X_y=True)
    draw = np.random.default_rng(0)
    order = draw.permutation(len(y))[:1200]
    train, query = order[:800], order[800:]
    given = y[train].copy()
    flipped = draw.random(len(train)) < 0.5
    given[flipped] = (given[flipped] + draw.integers(1, 10, flipped.sum())) % 10
    plain, robust = (
        (NoiseRobustClassifier(method=method, epochs=40).fit(X[train], given).predict(X[query]) == y[query]).mean()
        for method in ("cross-entropy", "limit-laplace")
    )
    assert robust > plain + 0.04


def test_it_stands_in_pipelines_and_is_the_same_twice():
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], np.array([f"digit {label}" for label in y[:200]])
    model = make_pipeline(StandardScaler(), NoiseRobustClassifier(epochs=15, rate=0.01))
    assert cross_val_score(model, X, y, cv=2).mean() > 0.6
    one, two = (NoiseRobustClassifier(epochs=3).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(one.sum(axis=1), 1.0)


def test_unknown_settings():
    X, y = np.eye(4), [0, 1, 0, 1]
    with pytest.raises(InputError, match="did you mean 'limit-laplace'"):
        NoiseRobustClassifier(method="limit-laplce").fit(X, y)
    with pytest.raises(InputError, match="noise setting named 'some'"):
        NoiseRobustClassifier(noise="some").fit(X, y)
