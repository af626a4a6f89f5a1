"""Kernels between rows by every way to name one."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.engine.models import feature_space
from samplewise.generalization.trained_networks import row_kernels
from samplewise.generalization.trained_networks.row_kernels import open_kernel

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(20, 3)), np.arange(20) % 3
DATA = Dataset(X, Y, ids=[f"r{i}" for i in range(20)])


def opened(kernel, data=DATA, form="shared", sketch=None):
    return open_kernel(data, kernel, form, sketch, 0)


def written_out(found):
    vectors = found.spectrum.vectors(slice(None)).reshape(-1, len(found.spectrum.values))
    return (vectors * found.spectrum.values) @ vectors.T


@pytest.mark.parametrize("name", ["linear", "cosine", "rbf", "laplacian"])
def test_kernels_by_name_are_of_the_encoded_rows(name):
    found = opened(name)
    space = feature_space(DATA)
    if name == "linear":
        np.testing.assert_allclose(written_out(found), space @ space.T, atol=1e-9)
    elif name == "cosine":
        np.testing.assert_allclose(written_out(found), cosine_similarity(space), atol=1e-9)
    else:
        np.testing.assert_allclose(found.diagonal(), 1.0, atol=1e-9)
        assert (written_out(found) > 0).all()
    assert found.name == name
    assert found.ids.tolist() == DATA.ids.tolist()
    assert found.trace == pytest.approx(np.trace(written_out(found)))


def test_a_matrix_is_a_kernel_where_it_is_square_and_features_where_it_is_not():
    gram = X @ X.T + np.eye(20)
    np.testing.assert_allclose(written_out(opened(gram)), gram, atol=1e-9)
    np.testing.assert_allclose(written_out(opened(X)), X @ X.T, atol=1e-9)
    assert opened(X, None).labels is None
    silent = X.copy()
    silent[4] = 0.0
    assert np.flatnonzero(opened(silent).silent()).tolist() == [4]


def test_a_model_has_its_tangent_kernel():
    labels = (X[:, 0] > 0).astype(int)
    found = opened(LogisticRegression().fit(X, labels), (X, labels))
    np.testing.assert_allclose(written_out(found), X @ X.T + 1, atol=1e-9)
    assert found.outputs.shape == (20, 1)
    assert found.labels.tolist() == labels.tolist()


@pytest.mark.parametrize(("outputs", "form"), [(3, "shared"), (3, "full"), (2, "shared")])
def test_a_network_shares_its_kernel_or_keeps_its_outputs_apart(outputs, form):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    found = opened(torch.nn.Linear(3, outputs).double(), (X, Y % outputs), form)
    own = X @ X.T + 1
    expected = {"shared": own, "full": np.kron(own, np.eye(3))}[form]
    factor = 2.0 if outputs == 2 else 1.0  # the difference of two outputs
    np.testing.assert_allclose(written_out(found), factor * expected, atol=1e-8)


def test_a_sketch_says_how_far_off_it_is():
    few, many = opened("rbf", sketch=3), opened("rbf", sketch=20)
    assert few.error > many.error
    assert many.error < 0.05
    assert "spanned by 3 rows" in few.notes[0]


@pytest.mark.parametrize(
    ("kernel", "options", "words"),
    [
        ("rbff", {}, "kernel named 'rbff'"),
        ("rbf", {"form": "all"}, "form named 'all'"),
        ("rbf", {"form": "full"}, "only a network"),
        ("linear", {"sketch": 4}, "are sketched"),
        ("rbf", {"sketch": 0}, "at least one number"),
        (np.ones(20), {}, "this is no kernel"),
        (np.ones((19, 3)), {}, r"(?s)different numbers of rows.*19 and 20"),
        (np.full((20, 2), np.nan), {}, "missing or infinite"),
        ("rbf", {"data": Dataset(X[:1], Y[:1])}, "at least two rows"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, options, words):
    with pytest.raises(InputError, match=words):
        opened(kernel, **options)


def test_a_kernel_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(row_kernels, "MOST_ENTRIES", 10)
    with pytest.raises(InputError, match=r"(?s)too large.*fix:.*sketch="):
        opened("rbf")
