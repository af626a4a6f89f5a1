"""Every distinct fit is made once, and its outputs are those the learner gives."""

import numpy as np
import pytest

from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import EstimatorLearner, Fit, KernelHead
from samplewise.engine.refits.runner import FitRunner


@pytest.fixture
def runner(two_moons):
    data = two_moons(80)[0]
    made = []
    built = FitRunner(data, describe_target(data.y), KernelHead(landmarks=0), data.X, on_fit=lambda: made.append(1))
    built.made_by_test = made
    return built


def halves(count):
    first = np.arange(count) < count // 2
    return [Fit(first, np.flatnonzero(~first)), Fit(~first, np.flatnonzero(first))]


def test_outputs_are_those_of_the_fitter(runner):
    blocks = np.repeat([0, 1], 40)
    fits = halves(80)
    fitter = runner.learner.fitter(runner.data, runner.target, blocks=blocks, space=runner.space)
    for fit, outputs in zip(fits, runner.outputs(fits, blocks=blocks), strict=True):
        np.testing.assert_allclose(outputs, fitter.outputs(fit, seed=0), atol=1e-6)
        assert outputs.dtype == np.float32


def test_equal_fits_are_made_once(runner):
    fits, blocks = halves(80), np.repeat([0, 1], 40)
    first = runner.outputs([fits[0], fits[1], fits[0]], blocks=blocks)
    assert first[0] is first[2]
    runner.outputs(fits, blocks=blocks)
    assert len(runner.made_by_test) == runner.store.made == 2


def test_another_learner_shares_the_store_but_not_the_fits(runner):
    from sklearn.linear_model import LogisticRegression

    other = runner.with_learner(EstimatorLearner(LogisticRegression(), "logistic"))
    other.executor = SerialExecutor()
    assert runner.with_learner(other.learner) is other
    assert other.store is runner.store
    fits, blocks = halves(80), np.repeat([0, 1], 40)
    one, two = runner.outputs(fits, blocks=blocks)[0], other.outputs(fits, blocks=blocks)[0]
    assert not np.allclose(one, two)
    assert runner.store.made == 4
    assert len(runner.made_by_test) == 2  # extra fits are no progress


def test_duplicates_and_groups_are_known(two_moons):
    data = two_moons(20)[0]
    doubled = Dataset(np.vstack([data.X, data.X[:1]]), np.r_[data.y, data.y[:1]], groups=np.arange(21) // 2)
    runner = FitRunner(doubled, describe_target(doubled.y), KernelHead(), doubled.X)
    assert runner.duplicates[0] == runner.duplicates[20]
    assert len(np.unique(runner.duplicates)) == 20
    np.testing.assert_array_equal(runner.groups, doubled.groups)
