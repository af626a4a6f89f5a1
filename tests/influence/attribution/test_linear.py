"""Closed forms for linear and kernel models against refits without the row."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from samplewise.core.errors import InputError
from samplewise.influence import Attributor

draw = np.random.default_rng(0)
X, Q = draw.normal(size=(30, 4)), draw.normal(size=(6, 4))
y, t = X @ [1, -1, 2, 0] + draw.normal(size=30), Q @ [1, -1, 2, 0]
MODELS = [
    LinearRegression(), LinearRegression(fit_intercept=False), Ridge(2.0), Ridge(2.0, fit_intercept=False),
    KernelRidge(alpha=0.5, kernel="rbf", gamma=0.3), KernelRidge(alpha=1.5, kernel="polynomial", degree=2),
]  # fmt: skip


def tolerance(model):
    """Without an intercept and a ridge the system of rows is singular up to the ridge that stands for none."""
    return 2e-5 if isinstance(model, LinearRegression) and not model.fit_intercept else 1e-6


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_every_effect_is_that_of_a_refit(model):
    whole = clone(model).fit(X, y)
    fitted = Attributor(whole).fit((X, y))
    assert fitted.method == "linear"
    outputs, losses = fitted.attribute((Q, t)).values, fitted.attribute((Q, t), target="loss").values
    for i in range(0, 30, 7):
        without = clone(model).fit(np.delete(X, i, 0), np.delete(y, i)).predict(Q)
        np.testing.assert_allclose(outputs[:, i], whole.predict(Q) - without, rtol=tolerance(model), atol=1e-6)
        expected = 0.5 * (np.square(whole.predict(Q) - t) - np.square(without - t))
        np.testing.assert_allclose(losses[:, i], expected, rtol=tolerance(model), atol=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_groups_and_self_influence_are_those_of_refits(model):
    whole, group = clone(model).fit(X, y), [2, 5, 11]
    fitted = Attributor(whole).fit((X, y))
    without = clone(model).fit(np.delete(X, group, 0), np.delete(y, group)).predict(Q)
    found = fitted.effect_of_removing(group, (Q, t)).values
    np.testing.assert_allclose(found, whole.predict(Q) - without, rtol=tolerance(model), atol=1e-6)
    held_out = clone(model).fit(np.delete(X, 4, 0), np.delete(y, 4)).predict(X[4:5])[0]
    expected = 0.5 * ((y[4] - held_out) ** 2 - (y[4] - whole.predict(X[4:5])[0]) ** 2)
    np.testing.assert_allclose(fitted.self_influence().values[4], expected, rtol=tolerance(model), atol=1e-6)


def test_several_outputs_keep_an_axis():
    both = np.column_stack([y, -2 * y])
    values = Attributor(Ridge(1.0).fit(X, both)).fit((X, both)).attribute((Q, np.column_stack([t, t]))).values
    assert values.shape == (6, 30, 2)
    np.testing.assert_allclose(values[:, :, 1], -2 * values[:, :, 0])


def test_rows_the_model_never_saw_are_refused():
    with pytest.raises(InputError, match="not fitted on these rows"):
        Attributor(Ridge(1.0).fit(X, y)).fit((X[:20], y[:20]))
    with pytest.raises(InputError, match="numbers for labels"):
        Attributor(Ridge(1.0).fit(X, y)).fit((X, np.repeat("a", 30)))


# ---- logistic regression --------------------------------------------------------------------------------------------


def margins(model, X, y):
    logits = model.decision_function(X)
    codes = np.searchsorted(model.classes_, y)
    if logits.ndim == 1:
        return np.where(codes == 1, logits, -logits)
    others = logits.copy()
    others[np.arange(len(y)), codes] = -np.inf
    return logits[np.arange(len(y)), codes] - np.log(np.exp(others).sum(axis=1))


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_within_a_step_of_refits(classes):
    labels = np.array(["a", "b", "c"])[np.digitize(y, [0.0] if classes == 2 else [-1.0, 1.0])]
    queried = np.array(["a", "b", "c"])[np.digitize(t, [0.0] if classes == 2 else [-1.0, 1.0])]
    model = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(X, labels)
    fitted = Attributor(model).fit((X, labels))
    assert fitted.method == "linear"
    values = fitted.attribute((Q, queried)).values
    truth = np.empty_like(values)
    for i in range(30):
        without = clone(model).fit(np.delete(X, i, 0), np.delete(labels, i))
        truth[:, i] = margins(model, Q, queried) - margins(without, Q, queried)
    assert np.corrcoef(values.ravel(), truth.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(values, truth, atol=0.2 * np.abs(truth).max())
    group = fitted.effect_of_removing([1, 4], (Q, queried)).values
    without = clone(model).fit(np.delete(X, [1, 4], 0), np.delete(labels, [1, 4]))
    np.testing.assert_allclose(group, margins(model, Q, queried) - margins(without, Q, queried), atol=0.15)
    assert (fitted.self_influence().values > 0).all()


def test_what_the_logistic_closed_form_cannot_carry_is_refused():
    labels = (y > 0).astype(int)
    with pytest.raises(InputError, match="class_weight"):
        Attributor(LogisticRegression(class_weight="balanced").fit(X, labels)).fit((X, labels))
    with pytest.raises(InputError, match="fit_intercept=False"):
        Attributor(LogisticRegression(fit_intercept=False).fit(X, labels)).fit((X, labels))
    fitted = Attributor(LogisticRegression(tol=1e-10).fit(X, labels)).fit((X, labels))
    with pytest.raises(InputError, match="of no class"):
        fitted.attribute((Q, np.full(6, 7)))
    with pytest.raises(InputError, match="closed form is for"):
        Attributor(object_with_parameters(), method="linear").fit((X, labels))


def object_with_parameters():
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((3,), max_iter=5, random_state=0).fit(X, (y > 0).astype(int))
