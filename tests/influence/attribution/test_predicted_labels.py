"""Queries without labels: their margins are those of the classes the model predicts."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression, Ridge

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.influence import Attributor
from samplewise.influence.attribution.predicted_labels import predicted_labels

torch = pytest.importorskip("torch")


def rows(count=60):
    X = np.random.default_rng(0).normal(size=(count, 3))
    return X, np.argmax(X, axis=1)


def module():
    """Predicts the largest of three columns."""
    linear = torch.nn.Linear(3, 3).double()
    with torch.no_grad():
        linear.weight.copy_(torch.eye(3))
        linear.bias.zero_()
    return linear


def test_the_class_predicted_by_each_kind_of_model():
    X, y = rows()
    assert (predicted_labels(module(), X) == y).all()
    names = np.array(["a", "b", "c"])[y]
    estimator = LogisticRegression(C=1e4, max_iter=2000).fit(X, names)
    assert (predicted_labels(estimator, X) == estimator.predict(X)).all()
    other = torch.nn.Linear(3, 3).double()
    with torch.no_grad():
        other.weight.copy_(-3.0 * torch.eye(3))
        other.bias.zero_()
    mean = softmax(X, axis=1) + softmax(-3.0 * X, axis=1)
    assert (predicted_labels([module(), other], X) == mean.argmax(axis=1)).all()


def test_a_learner_predicts_its_own_classes():
    from samplewise.engine.models import TorchLearner, dense_network

    X, y = rows()
    names = np.array(["a", "b", "c"])[y]
    fitted = TorchLearner(dense_network, epochs=60, rate=0.05).fit(Dataset(X, names), seed=0)
    assert np.mean(predicted_labels(fitted, X) == names) > 0.9


@pytest.mark.parametrize("as_given", [np.asarray, torch.as_tensor, Dataset], ids=["array", "tensor", "dataset"])
def test_an_unlabeled_query_is_attributed_as_the_predicted_class(as_given):
    X, y = rows()
    fitted = Attributor(module()).fit(X, y)
    found = fitted.attribute(as_given(X[:5]))
    assert np.allclose(found.values, fitted.attribute((X[:5], y[:5])).values, rtol=1e-8, atol=1e-12)
    removed = fitted.effect_of_removing([1, 2], as_given(X[:5]))
    assert np.allclose(removed.values, fitted.effect_of_removing([1, 2], (X[:5], y[:5])).values, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("model", [torch.nn.Linear(3, 1).double(), Ridge()], ids=["module", "estimator"])
def test_an_unlabeled_query_of_a_model_of_numbers_is_about_its_output(model):
    X, y = rows()
    if hasattr(model, "predict"):
        model.fit(X, y.astype(float))
    numbers = Attributor(model).fit(X, y.astype(float))
    assert np.allclose(numbers.attribute(X[:2]).values, numbers.attribute((X[:2], y[:2].astype(float))).values)


def test_a_loss_needs_the_true_label():
    X, y = rows()
    with pytest.raises(InputError, match="labels"):
        Attributor(module()).fit(X, y).attribute(X[:2], target="loss")


def test_what_cannot_be_predicted_is_refused_with_the_way_out():
    X, _ = rows()
    with pytest.raises(InputError, match="argmax"):
        predicted_labels(module(), {"x": X})
    with pytest.raises(InputError, match="argmax"):
        predicted_labels(module(), X, forward=lambda model, inputs: model(inputs)["logits"])
    with pytest.raises(InputError, match=r"X\[:1\]"):
        predicted_labels(module(), X[0])
