"""One face for trained models of three kinds, and the loss each was trained with."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.engine.gradients import row_gradients
from samplewise.engine.gradients.gradient_sources import (
    EstimatorSource,
    FittedSource,
    ModuleSource,
    loss_for,
    sources_of,
)
from samplewise.engine.gradients.networks import network_gradients

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models import TorchLearner, dense_network  # noqa: E402

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(20, 3)), np.arange(20) % 2
IDS = np.array([f"r{i}" for i in range(20)])


def test_a_module_gives_the_gradients_of_its_rows(tmp_path):
    torch.manual_seed(0)
    module = nn.Linear(3, 2).double()
    (source,) = sources_of(module, "cross_entropy", None, None)
    assert isinstance(source, ModuleSource)
    rows = source.gradients((X, Y), "margin")
    np.testing.assert_allclose(rows.gram(), row_gradients(module, (X, Y), loss="margin").gram())
    sketches = source.sketches((X, Y), "margin", 32, 0, tmp_path)
    np.testing.assert_allclose(sketches.sketch, rows.sketch(32, seed=0), atol=1e-6)
    assert source.opened((X, Y))[0] is module


def test_a_fitted_network_meets_rows_as_its_learner_did(tmp_path):
    data = Dataset(X * 100, np.array(["a", "b"])[Y], ids=IDS)
    fitted = TorchLearner(dense_network, epochs=1).fit(data, seed=0)
    (source,) = sources_of(fitted, "cross_entropy", None, None)
    assert isinstance(source, FittedSource)
    rows = source.gradients(data, "cross_entropy")
    own = row_gradients(fitted.module, fitted.encoded(data), loss="cross_entropy")
    np.testing.assert_allclose(rows.gram(), own.gram())
    np.testing.assert_array_equal(rows.ids, IDS)
    np.testing.assert_array_equal(source.sketches(data, "margin", 8, 0, tmp_path).ids, IDS)
    module, (inputs, labels), forward = source.opened(data)
    assert (module, forward) == (fitted.module, None)
    assert (len(inputs), len(labels)) == (20, 20)


def test_an_estimator_needs_no_torch(tmp_path):
    model = LogisticRegression().fit(X, Y)
    (source,) = sources_of(model, "cross_entropy", None, None)
    assert isinstance(source, EstimatorSource)
    rows = source.gradients((X, Y), "margin")
    np.testing.assert_allclose(rows.gram(), network_gradients(model, (X, Y), loss="margin").gram())
    sketches = source.sketches((X, Y), "margin", 16, 3, tmp_path)
    np.testing.assert_allclose(sketches.sketch, rows.sketch(16, seed=3), atol=1e-6)
    np.testing.assert_allclose(sketches.values, rows.values)


def test_several_models_are_several_sources():
    modules = [nn.Linear(3, 2), nn.Linear(3, 2)]
    assert [source.module for source in sources_of(modules, "margin", None, None)] == modules


@pytest.mark.parametrize(
    ("models", "options", "words"),
    [
        ([], {}, "needs a trained model"),
        (LogisticRegression(), {"layers": ["a"]}, "layers= is for torch modules"),
        (LogisticRegression(), {"forward": print}, "forward= is for torch modules"),
        (3, {}, "trained torch module or a fitted"),
    ],
)
def test_what_has_no_gradients_is_refused(models, options, words):
    with pytest.raises(InputError, match=words):
        sources_of(models, "auto", options.get("layers"), options.get("forward"))


def test_the_loss_follows_the_kind_of_the_labels():
    assert loss_for("auto", Y) == loss_for("auto", None) == loss_for("auto", torch.ones(2).long()) == "cross_entropy"
    assert loss_for("auto", X[:, 0]) == loss_for("auto", torch.ones(2)) == "squared_error"
    assert loss_for("margin", X[:, 0]) == "margin"
