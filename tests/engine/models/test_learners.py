"""Learners: the documented rule, scikit-learn's own answers, seeds, and clear words when a learner misbehaves."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.closed_form import median_bandwidth
from samplewise.engine.models import EstimatorLearner, Fit, Fitted, KernelHead, Learner, choose_learner


def blobs(count=300, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, classes, count)
    return Dataset(
        draw.normal(size=(classes, 5))[y] * 3 + draw.normal(size=(count, 5)), np.array(["a", "b", "c", "d"])[y]
    )


def mixed(count=300):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.normal(size=count), "kind": draw.choice(["p", "q"], count)})
    return Dataset(frame, np.where((frame["x"] > 0) ^ (frame["kind"] == "p"), "yes", "no"))


def choose(wanted, data):
    return choose_learner(wanted, data, describe_target(data.y))


def test_the_rule_of_the_default():
    assert choose(None, blobs())[0].name.startswith("kernel ridge head")
    assert choose(None, mixed())[0].name == "histogram gradient boosting"
    few, why = choose(None, mixed(100))
    assert few.name.startswith("kernel")
    assert "under 200 rows" in why
    holes = blobs()
    X = holes.X.copy()
    X[0, 0] = np.nan
    assert choose(None, Dataset(X, holes.y))[0].name == "histogram gradient boosting"


@pytest.mark.parametrize("name", ["kernel", "linear", "boosting", "logistic", "forest"])
def test_named_learners_learn_and_follow_the_protocol(name):
    data = blobs()
    learner, _ = choose(name, data)
    fitted = learner.fit(data, seed=0)
    assert isinstance(learner, Learner)
    assert isinstance(fitted, Fitted)
    probabilities = fitted.probabilities(data.X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert (fitted.classes[probabilities.argmax(axis=1)] == data.y).mean() > 0.9
    assert fitted.embed(data.X).shape[0] == len(data)


def test_a_fitter_predicts_as_the_fit_on_the_same_rows_does():
    data = blobs()
    target = describe_target(data.y)
    learner = EstimatorLearner(DecisionTreeClassifier(max_features=2), "tree")
    keep = np.arange(len(data)) % 3 > 0
    fitter = learner.fitter(data, target, blocks=np.zeros(len(data), dtype=int))
    answers = fitter.outputs(Fit(keep, np.arange(10)), seed=5)
    alone = learner.fit(data.take(np.flatnonzero(keep)), seed=5).outputs(data.X[:10])
    np.testing.assert_array_equal(answers, alone)


def test_kernel_head_with_all_rows_as_landmarks_is_kernel_ridge():
    X, y = load_digits(return_X_y=True)
    X, y = X[:200], y[:200]
    fitted = KernelHead(landmarks=200).fit(Dataset(X, y), seed=0)
    space = fitted.encoder(X)
    responses = np.eye(10)[y]
    features = fitted.kernel(space)
    gram = features @ features.T
    centered = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
    penalty = fitted.head.ridge * np.trace(centered) / features.shape[1]
    dual = KernelRidge(alpha=penalty, kernel="precomputed").fit(centered, responses - responses.mean(axis=0))
    np.testing.assert_allclose(fitted.outputs(X), dual.predict(centered) + responses.mean(axis=0), atol=1e-6)
    assert median_bandwidth(space) > 0


def test_classes_a_fit_never_saw_get_next_to_no_probability():
    data = blobs()
    target = describe_target(data.y)
    fitter = EstimatorLearner(LogisticRegression(), "logistic").fitter(data, target, blocks=np.zeros(300, dtype=int))
    outputs = fitter.outputs(Fit(data.y != "c", np.arange(20)), seed=0)
    assert outputs.shape == (20, 3)
    assert (outputs[:, 2] == -30).all()


@pytest.mark.parametrize("model", [LinearSVC(), RidgeClassifier()])
def test_decision_values_serve_where_there_are_no_probabilities(model):
    data = blobs()
    fitted = EstimatorLearner(model, "margin").fit(data, seed=0)
    assert (fitted.classes[fitted.outputs(data.X).argmax(axis=1)] == data.y).mean() > 0.9
    two = data.take(np.flatnonzero(data.y != "c"))
    assert EstimatorLearner(model, "margin").fit(two, seed=0).outputs(two.X).shape[1] == 2


def test_a_pipeline_gets_the_users_own_frame():
    data = mixed()
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    learner, _ = choose(model, data)
    assert learner.encoding == "raw"
    assert learner.fit(data, seed=0).outputs(data.X).shape == (300, 2)
    bare, _ = choose(LogisticRegression(), data)
    assert bare.encoding == "space"


class Broken(ClassifierMixin, BaseEstimator):
    def __init__(self, fault="raise"):
        self.fault = fault

    def fit(self, X, y):
        if self.fault == "raise":
            raise RuntimeError("out of luck")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), np.nan)


@pytest.mark.parametrize(("fault", "says"), [("raise", "failed while it was fitted"), ("nan", "NaN or infinite")])
def test_a_learner_that_misbehaves_is_named(fault, says):
    data = blobs()
    with pytest.raises(InputError, match=says) as caught:
        EstimatorLearner(Broken(fault), "broken").fit(data, seed=0).outputs(data.X)
    assert "Broken" in str(caught.value)
    assert caught.value.fix


def test_what_is_no_learner_is_refused_with_names():
    with pytest.raises(InputError, match="scikit-learn estimator") as caught:
        choose(42, blobs())
    assert "boosting" in caught.value.fix
    with pytest.raises(InputError, match="no learner named"):
        choose("bosting", blobs())


@pytest.mark.parametrize(
    "learner", [KernelHead(landmarks=0), EstimatorLearner(LogisticRegression(tol=1e-8), "logistic")]
)
def test_a_row_of_weight_zero_has_no_effect(learner):
    data = blobs(90)
    fitter = learner.fitter(data, describe_target(data.y), blocks=np.arange(90) % 5)
    silent = np.arange(90) % 4 == 0
    everyone, query = np.ones(90, dtype=bool), np.arange(90)
    without = fitter.outputs(Fit(~silent, query), seed=0)
    weighted = fitter.outputs(Fit(everyone, query, weights=np.where(silent, 0.0, 1.0)), seed=0)
    np.testing.assert_allclose(weighted, without, atol=1e-3)


def test_fits_are_the_same_for_the_same_seed_and_differ_for_another():
    data = blobs()
    learner = EstimatorLearner(DecisionTreeClassifier(max_features=1, splitter="random"), "tree")
    first, again, other = (learner.fit(data, seed=seed).model.tree_.threshold for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
