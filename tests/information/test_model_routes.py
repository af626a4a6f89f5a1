"""One opener per kind of model, and what it says of settings that cannot be."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge

from samplewise.core.errors import InputError
from samplewise.engine.refits import prepare
from samplewise.information import Converged, GradientDescent
from samplewise.information.deletions import ConvergedHead, LogisticOptimum, StoppedTraining
from samplewise.information.heads import HeadModel
from samplewise.information.model_routes import LinearizedModel, model_from

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(20, 3)), DRAW.normal(size=20)
CODES = np.arange(20) % 2
NOTHING = {
    "module": None, "validation": None, "training": None, "loss": "squared_error", "gram": None,
    "validation_gram": None, "targets": None, "initial_outputs": None, "trained": None, "seed": 0,
}  # fmt: skip


def model(train=(X, Y), **options):
    return model_from(train, **(NOTHING | options))


@pytest.mark.parametrize(
    ("train", "options", "kind"),
    [
        (prepare((X, CODES)).unsplit, {}, ConvergedHead),
        ((X, Y), {"module": Ridge(0.5)}, ConvergedHead),
        ((X, CODES), {"module": LogisticRegression()}, LogisticOptimum),
        ((X, CODES), {"module": "linear", "loss": "cross_entropy", "training": Converged(1.0)}, LogisticOptimum),
    ],
)
def test_heads_are_taken_at_their_optimum(train, options, kind):
    found = model(train, **options)
    assert isinstance(found, HeadModel)
    assert isinstance(found.deletions(None), kind)


def test_linearized_models_are_trained_for_the_time_given():
    K = X @ X.T + np.eye(20)
    for options in (
        {"module": "linear"},
        {"module": Ridge(), "training": Converged(1.0)},
        {"module": KernelRidge(kernel="rbf").fit(X, Y)},
        {"train": None, "gram": K, "targets": Y},
    ):
        found = model(**options)
        assert isinstance(found, LinearizedModel)
        deletions = found.deletions(Converged(0.5))
        assert isinstance(deletions, StoppedTraining)
        np.testing.assert_array_equal(found.ids, np.arange(20))
        held_out = np.zeros((20, 1))
        np.testing.assert_allclose(found.surprise(deletions, held_out), np.abs(Y))
    np.testing.assert_array_equal(found.order, np.arange(20))
    assert found.unit == "units of the output"


def test_a_kernel_ridge_regression_answers_as_scikit_learn():
    estimator = KernelRidge(alpha=0.3, kernel="rbf", gamma=0.5).fit(X, Y)
    fitted = model(module=estimator).deletions(None).fitted[:, 0]
    np.testing.assert_allclose(fitted, estimator.predict(X), atol=1e-8)


def test_diagnostics_give_conditioning_and_steps():
    K = X @ X.T + np.eye(20)
    found = model(None, gram=K, targets=Y)
    notes = found.diagnostics(found.deletions(GradientDescent(10, 0.01, loss_reduction="sum")))
    largest = np.linalg.eigvalsh(K)[-1]
    assert notes.largest_eigenvalue == pytest.approx(largest)
    assert notes.step_share == pytest.approx(0.01 * largest / 2)
    fitted_start = model(None, gram=K, targets=Y, initial_outputs=Y + 1e-3)
    notes = fitted_start.diagnostics(fitted_start.deletions(Converged(1.0)))
    assert notes.start_fit > 0.99
    assert "little left to learn" in notes.warnings[0]


def test_interpolation_of_a_singular_kernel_gets_a_floor():
    found = model(None, gram=X @ X.T, targets=Y)
    deletions = found.deletions(Converged(0.0))
    assert deletions.training.ridge > 0
    assert "singular" in found.diagnostics(deletions).warnings[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "hinge"}, "loss named 'hinge'"),
        ({"module": "line"}, "module named 'line'"),
        ({"module": "linear", "trained": "train"}, "linearized network"),
        ({"module": "linear", "gram": np.eye(20)}, "takes the place of a module"),
        ({"train": None}, "there are no rows"),
        ({"train": None, "gram": np.eye(20)}, "holds no labels"),
        ({"module": KernelRidge(kernel="precomputed")}, "holds no kernel function"),
    ],
)
def test_what_cannot_be_opened_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        model(**options)


def test_a_step_too_large_is_refused_with_one_that_is_not():
    with pytest.raises(InputError, match=r"(?s)diverges at this rate.*fix:.*rate below"):
        model(module="linear").deletions(GradientDescent(10, 100.0))
    with pytest.raises(InputError, match="how long it is trained"):
        model(module="linear").deletions(None)
