"""Answers of trained modules: features, probabilities, and modules left as they were."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from samplewise.core.errors import InputError
from samplewise.data.images import Images

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models import embeddings_of, predictions_of  # noqa: E402


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3))


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(2050, 4))  # more than two blocks


def test_embeddings_are_what_enters_the_last_linear_layer(network, rows):
    found = embeddings_of(network, rows)
    network.eval()
    with torch.no_grad():
        expected = network[:4](torch.tensor(rows, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_layer_by_name_gives_its_output(network, rows):
    expected = network[0](torch.tensor(rows, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(embeddings_of(network, rows, layer="0"), expected, atol=1e-6)


def test_predictions_are_the_softmax_of_the_logits(network, rows):
    network.eval()
    expected = network(torch.tensor(rows, dtype=torch.float32)).softmax(dim=1).detach().numpy()
    network.train()
    np.testing.assert_allclose(predictions_of(network, rows), expected, atol=1e-6)


def test_one_logit_gives_two_columns_and_numbers_stay_numbers(rows):
    module = nn.Linear(4, 1).double()
    logit = module(torch.from_numpy(rows)).detach().numpy()[:, 0]
    np.testing.assert_allclose(predictions_of(module, rows)[:, 1], 1 / (1 + np.exp(-logit)))
    np.testing.assert_allclose(predictions_of(module, rows, task="regression"), logit)


def test_a_module_is_left_as_it_was(network, rows):
    network[1].eval()  # someone froze the running means, and only those
    before = {name: held.clone() for name, held in network.state_dict().items()}
    modes = [part.training for part in network.modules()]
    embeddings_of(network, rows)
    predictions_of(network, rows)
    assert [part.training for part in network.modules()] == modes
    assert all(torch.equal(held, before[name]) for name, held in network.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())
    assert all(weights.grad is None for weights in network.parameters())


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(9, 5)
        self.conv = nn.Conv1d(5, 7, 3)
        self.last = nn.Linear(7, 2)

    def forward(self, tokens):
        return self.last(self.conv(self.words(tokens).transpose(1, 2)).amax(dim=2))


def test_positions_and_pixels_are_averaged():
    tokens = np.random.default_rng(0).integers(0, 9, size=(11, 6))
    module = Sequence()
    expected = module.words(torch.from_numpy(tokens)).mean(dim=1).detach()
    np.testing.assert_allclose(embeddings_of(module, tokens, layer="words"), expected, atol=1e-6)
    pictures = np.random.default_rng(0).integers(0, 255, size=(5, 8, 6, 3), dtype=np.uint8)
    convolution = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(96, 2))
    inputs = torch.from_numpy(np.moveaxis(pictures, 3, 1)).float() / 255
    expected = convolution[0](inputs).mean(dim=(2, 3)).detach()
    for held in (Images.from_array(pictures), np.moveaxis(pictures, 3, 1), inputs):
        np.testing.assert_allclose(embeddings_of(convolution, held, layer="0"), expected, atol=1e-6)


def test_half_precision_modules_take_their_own_kind(network, rows):
    rows = rows[:20]  # some virtual machines name matrix units they lack, and die of large products of bfloat16
    exact = predictions_of(network, rows)
    np.testing.assert_allclose(predictions_of(network.bfloat16(), rows), exact, atol=0.05)


REFUSALS = [
    (partial(embeddings_of, layer="5"), "no layer named '5'", "known: 0"),
    (partial(predictions_of, task="classify"), "no task named 'classify'", "did you mean 'classification'"),
]


@pytest.mark.parametrize(("query", "what", "fix"), REFUSALS)
def test_names_that_are_not_there_are_refused(network, rows, query, what, fix):
    with pytest.raises(InputError, match=what) as fact:
        query(network, rows)
    assert fix in fact.value.fix


def test_rows_a_module_cannot_take_are_refused(network, rows):
    with pytest.raises(InputError, match="cannot take these rows") as fact:
        predictions_of(network, rows[:, :3])
    assert "(1024, 3) torch.float32" in fact.value.got
    assert "first layer" in fact.value.fix
    with pytest.raises(InputError, match="no rows to predict") as fact:
        embeddings_of(network, rows[:0])
    assert "at least one row" in fact.value.fix
    with pytest.raises(InputError, match="predictions has missing or infinite") as fact:
        predictions_of(network, np.vstack([rows[:7], np.full((1, 4), np.nan)]))
    assert fact.value.where == "rows id 7"
    with pytest.raises(InputError, match="takes numbers") as fact:
        predictions_of(network, pd.DataFrame({"a": ["x"]}))
    assert "tensor or array" in fact.value.fix


def test_a_module_without_a_linear_layer_names_the_way_out():
    module = nn.Sequential(nn.Conv1d(1, 2, 3), nn.Flatten())
    inputs = np.ones((4, 1, 3))
    with pytest.raises(InputError, match="was not used") as fact:
        embeddings_of(module, inputs)
    assert "layer=" in fact.value.fix
    assert embeddings_of(module, inputs, layer="0").shape == (4, 2)
