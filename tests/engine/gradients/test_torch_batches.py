"""The same rows in every form a user holds them give the same gradients, under the right ids."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

torch = pytest.importorskip("torch")

from gradient_cases import case  # noqa: E402 (needs torch)
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from samplewise.data import Dataset, Images  # noqa: E402
from samplewise.engine.gradients import row_gradients  # noqa: E402


class Items(torch.utils.data.Dataset):
    """A data set of dictionaries, as text collections are."""

    def __init__(self, X, y):
        self.X, self.y = X, y

    def __len__(self):
        return len(self.X)

    def __getitem__(self, position):
        return {"rows": self.X[position], "scale": torch.ones(1), "labels": self.y[position]}


class Scaled(nn.Module):
    """A module of two named inputs."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, rows, scale):
        return {"logits": self.inner(rows) * scale}


def logits(module, inputs):
    return module(**inputs)["logits"] if isinstance(inputs, dict) else module(*inputs)["logits"]


def forms(X, y):
    array, labels = X.numpy(), y.numpy()
    yield (X, y)
    yield (array, labels)
    yield (array.tolist(), labels.tolist())
    yield (pd.DataFrame(array), pd.Series(labels))
    yield (sparse.csr_array(array), labels)
    yield Dataset(array, labels)
    yield TensorDataset(X, y)
    yield DataLoader(TensorDataset(X, y), batch_size=5)


def test_every_form_of_the_rows():
    module, X, y = case("perceptron")
    wanted = row_gradients(module, (X, y)).gram()
    for data in forms(X, y):
        rows = row_gradients(module, data)
        np.testing.assert_allclose(rows.gram(), wanted, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(rows.ids, np.arange(len(X)))


def test_several_inputs_by_name_or_in_order():
    module, X, y = case("perceptron")
    wanted, both = row_gradients(module, (X, y)), Scaled(module)
    one = torch.ones(len(X), 1)
    for data in (Items(X, y), DataLoader(Items(X, y), batch_size=4), ({"rows": X, "scale": one}, y), ((X, one), y)):
        rows = row_gradients(both, data, forward=logits)
        np.testing.assert_allclose(rows.gram(), wanted.gram(), rtol=1e-12, atol=1e-14)
    plain = row_gradients(both, TensorDataset(X, one, y), forward=logits)
    np.testing.assert_allclose(plain.gram(), wanted.gram(), rtol=1e-12, atol=1e-14)


def test_ids_are_those_of_the_data():
    module, X, y = case("perceptron")
    ids = np.array([f"row {position}" for position in range(len(X))])
    rows = row_gradients(module, Dataset(X.numpy(), y.numpy(), ids=ids))
    np.testing.assert_array_equal(rows.ids, ids)
    frame = pd.DataFrame(X.numpy(), index=ids)
    np.testing.assert_array_equal(row_gradients(module, (frame, y)).ids, ids)
    np.testing.assert_array_equal(rows.take([3, 1]).ids, ids[[3, 1]])


def test_whole_numbers_are_measurements_unless_something_is_looked_up():
    module, X, y = case("perceptron")
    whole = (X * 10).round()
    rows = row_gradients(module, (whole.long(), y))
    np.testing.assert_allclose(rows.gram(), row_gradients(module, (whole, y)).gram())
    module, tokens, y = case("transformer")
    rows = row_gradients(module, (tokens.numpy().astype(np.int32), y))
    np.testing.assert_allclose(rows.gram(), row_gradients(module, (tokens, y)).gram())


def test_pictures_come_with_channels_first_from_0_to_1():
    pixels = np.random.default_rng(0).integers(0, 256, (12, 5, 4, 3), dtype=np.uint8)
    torch.manual_seed(0)
    module, y = nn.Sequential(nn.Conv2d(3, 2, 2), nn.Flatten(), nn.Linear(24, 2)), np.arange(12) % 2
    rows = row_gradients(module, Dataset(Images.from_array(pixels), y))
    tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    np.testing.assert_allclose(rows.gram(), row_gradients(module, (tensor, y)).gram(), rtol=1e-5)


def test_rows_of_different_lengths_in_different_batches():
    """A loader may fill every batch up to its own longest row; joined, the missing positions add nothing."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Embedding(9, 30, padding_idx=0), nn.Linear(30, 30), Mean(), nn.Linear(30, 2)).double()
    texts = [torch.randint(1, 9, (3 if position < 4 else 5,)) for position in range(8)]
    items = [(text, position % 2) for position, text in enumerate(texts)]
    gram = row_gradients(module, DataLoader(items, batch_size=4)).gram()
    alone = [row_gradients(module, (text[None], [position % 2])) for position, text in enumerate(texts)]
    wanted = np.block([[one.gram(other) for other in alone] for one in alone])
    np.testing.assert_allclose(gram, wanted, atol=1e-13)


class Mean(nn.Module):
    def forward(self, rows):
        return rows.mean(dim=1)
