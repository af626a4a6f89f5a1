"""The learner by name, by the shape of the data, or as given."""

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, linear_model
from sklearn.pipeline import make_pipeline

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import EstimatorLearner, KernelHead
from samplewise.engine.models.default_learner import choose_learner

Y = np.repeat(["a", "b"], 150)


def chosen(wanted, X, y=Y):
    return choose_learner(wanted, Dataset(X, y), describe_target(y))


def frame(count=300):
    return pd.DataFrame({"x": np.arange(count) / count, "kind": np.resize(["p", "q", "r"], count)})


@pytest.mark.parametrize(
    ("name", "classifier", "regressor"),
    [
        ("boosting", ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor),
        ("logistic", linear_model.LogisticRegression, linear_model.Ridge),
        ("forest", ensemble.RandomForestClassifier, ensemble.RandomForestRegressor),
    ],
)
def test_a_name_stands_for_a_classifier_or_a_regressor(name, classifier, regressor):
    X = np.arange(300.0)[:, None]
    assert isinstance(chosen(name, X)[0].estimator, classifier)
    learner, rule = chosen(name, X, X[:, 0] + 0.5)
    assert isinstance(learner.estimator, regressor)
    assert name in rule
    assert chosen("linear", X)[0] == KernelHead(landmarks=0)


def test_a_mixed_table_is_boosted_unless_it_is_small_or_has_many_classes():
    assert chosen(None, frame())[0].name == "histogram gradient boosting"
    learner, rule = chosen(None, frame(150), Y[75:225])
    assert isinstance(learner, KernelHead)
    assert "under 200 rows" in rule
    learner, rule = chosen(None, frame(), np.array([f"c{i % 25}" for i in range(300)]))
    assert isinstance(learner, KernelHead)
    assert "more than 20 classes" in rule
    assert isinstance(chosen(None, np.arange(300.0)[:, None])[0], KernelHead)


def test_an_estimator_gets_encoded_columns_where_the_table_is_mixed():
    model = linear_model.LogisticRegression()
    assert chosen(model, frame())[0].encoding == "space"
    assert chosen(make_pipeline(model), frame())[0].encoding == "raw"
    assert chosen(model, np.arange(300.0)[:, None])[0].encoding == "raw"
    own = EstimatorLearner(model, "mine")
    assert chosen(own, frame()) == (own, "given by the user")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("boost", "no learner named 'boost'"), (linear_model.Ridge, r"Ridge\(\)"), (3, "must be a name")],
)
def test_what_cannot_be_fitted_is_refused(wanted, words):
    with pytest.raises(InputError, match=words):
        chosen(wanted, np.arange(300.0)[:, None])
