"""The ridge head against kernel ridge regression written out, and its fits on subsets."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models.kernel_head import FEWEST_LANDMARKS, KernelHead, landmark_count
from samplewise.engine.models.learner import Fit

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(90, 3))
Y = np.where(X[:, 0] + 0.3 * DRAW.normal(size=90) > 0, "yes", "no")


def test_the_linear_head_is_a_ridge_regression_at_the_ridge_it_chose():
    fitted = KernelHead(landmarks=0).fit(Dataset(X, X @ [1.0, -2.0, 0.5] + 3), seed=0)
    space = fitted.embed(X)
    outputs = fitted.outputs(X)[:, 0]
    np.testing.assert_allclose(outputs, X @ [1.0, -2.0, 0.5] + 3, atol=1e-3)  # an exact line needs no ridge
    np.testing.assert_allclose(outputs, Ridge(1e-8).fit(space, outputs).predict(space), atol=1e-6)


@pytest.mark.parametrize("landmarks", [0, 1000])
def test_a_fitter_predicts_as_a_fit_on_the_kept_rows(landmarks):
    learner, data = KernelHead(landmarks), Dataset(X, Y)
    keep = np.ones(90, dtype=bool)
    fitter = learner.fitter(data, describe_target(Y), blocks=np.arange(90) % 5)
    whole = fitter.outputs(Fit(keep, np.arange(90)), seed=0)
    np.testing.assert_allclose(whole, learner.fit(data, seed=0).outputs(X), atol=1e-8)
    part = fitter.outputs(Fit(np.arange(90) % 5 > 0, np.arange(90)), seed=0)
    assert not np.allclose(part, whole)
    again = learner.fitter(data, describe_target(Y), blocks=np.arange(90) % 3).outputs(
        Fit(np.arange(90) % 5 > 0, np.arange(90)), seed=1
    )
    np.testing.assert_allclose(part, again, atol=1e-7)  # neither blocks nor seed change an answer


def test_labels_may_be_replaced_per_fit():
    fitter = KernelHead(0).fitter(Dataset(X, Y), describe_target(Y), blocks=np.zeros(90, dtype=int))
    keep, codes = np.ones(90, dtype=bool), describe_target(Y).codes
    given, turned = (fitter.outputs(Fit(keep, np.arange(90), codes=c), seed=0) for c in (codes, 1 - codes))
    np.testing.assert_allclose(given, turned[:, ::-1], atol=1e-9)


def test_probabilities_add_up_and_belong_to_classes():
    fitted = KernelHead().fit(Dataset(X, Y), seed=0)
    shares = fitted.probabilities(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert np.mean(fitted.classes[shares.argmax(axis=1)] == Y) > 0.85
    with pytest.raises(InputError, match="no class probabilities"):
        KernelHead().fit(Dataset(X, X[:, 0]), seed=0).probabilities(X)
    with pytest.raises(InputError, match="takes no objective"):
        KernelHead().fit(Dataset(X, Y), seed=0, objective=object())


def test_landmarks_are_a_quarter_of_the_rows_between_two_bounds():
    assert landmark_count(100) == FEWEST_LANDMARKS
    assert landmark_count(2000) == 500
    assert landmark_count(10_000) == 1000
    assert landmark_count(10_000, most=700) == 700
    assert landmark_count(10**7) == FEWEST_LANDMARKS  # the Gram matrix would cost too much


def test_settings_have_names():
    assert KernelHead().name == "kernel ridge head"
    assert KernelHead(0).name == "linear ridge head"
    assert len({KernelHead(n, w).fingerprint() for n in (0, 100) for w in (1.0, 2.0)}) == 4
