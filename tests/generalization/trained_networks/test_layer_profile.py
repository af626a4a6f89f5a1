"""Distances between training and held-out rows by layer: closed forms of normal rows, the null, and what is refused."""

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import wasserstein_distance

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.generalization import layer_profile
from samplewise.generalization.trained_networks.layer_profile import _sliced

torch = pytest.importorskip("torch")


def normal(seed, count=400, shift=0.0, features=6):
    return np.random.default_rng(seed).normal(size=(count, features)) + shift


def linear(*matrices):
    """A network of linear layers without intercepts."""
    layers = [torch.nn.Linear(matrix.shape[1], matrix.shape[0], bias=False) for matrix in matrices]
    for layer, matrix in zip(layers, matrices, strict=True):
        layer.weight.data = torch.as_tensor(matrix)
    return torch.nn.Sequential(*layers)


def test_a_shift_of_normal_rows_has_the_sliced_distance_of_its_closed_form():
    """E |u' m| for u uniform on the sphere, through a rotation and a halving, which change nothing relative."""
    shift = np.array([3.0, -2.0, 1.0, 0.0, 0.0, 2.0])
    rotation = np.linalg.qr(normal(1, 6))[0]
    found = layer_profile(
        normal(2, 2000), normal(3, 2000, shift), module=linear(rotation, 0.5 * np.eye(6)), n_permutations=99, seed=5
    )
    mean_share = np.exp(gammaln(3.0) - gammaln(3.5)) / np.sqrt(np.pi)
    pooled = np.sqrt(1 + shift @ shift / 4 / 6)
    np.testing.assert_allclose(found.distance, np.linalg.norm(shift) * mean_share / pooled, rtol=0.08)
    np.testing.assert_allclose(found.distance[1], found.distance[2], rtol=1e-6)
    assert found.layers == ("inputs", "0", "1")
    assert found.parting == "inputs"


def test_the_sliced_distance_of_one_feature_is_the_wasserstein_distance():
    rows, flags = normal(4, 50), np.arange(50) < 20
    single = rows[:, :1]
    scaled = (single - single.mean()) / np.sqrt(np.square(single - single.mean()).mean())
    expected = wasserstein_distance(scaled[flags, 0], scaled[~flags, 0])
    assert _sliced(single, seed=0)(flags) == pytest.approx(expected, rel=1e-12)


def test_normal_rows_have_the_divergence_of_their_closed_form():
    """KL(N(m, S) || N(0, I)) through a linear layer, which keeps it, and one that forgets a direction."""
    shift, spread = np.array([0.6, -0.4, 0.0, 0.0, 0.3, 0.0]), np.array([1.5, 1.0, 1.0, 0.7, 1.0, 1.0])
    forget = np.diag([0.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    turn = normal(6, 6)
    found = layer_profile(
        normal(7, 20000), normal(8, 20000) * spread + shift, module=linear(turn, forget @ np.linalg.inv(turn)),
        metric="gaussian_kl", n_permutations=20,
    )  # fmt: skip
    parts = 0.5 * (spread**2 + shift**2 - 1 - 2 * np.log(spread))
    assert found.distance[0] == pytest.approx(parts.sum(), rel=0.06)
    assert found.distance[1] == pytest.approx(parts.sum(), rel=0.06)
    assert found.distance[2] == pytest.approx(parts[1:].sum(), rel=0.06)
    assert found.unit == "nats"


@pytest.mark.parametrize("metric", ["sliced_wasserstein", "gaussian_kl"])
def test_rows_of_one_kind_are_apart_as_often_as_chance_says(metric):
    network = dense_network((4,), 3, widths=())
    values = np.array([
        layer_profile(normal(2 * draw, 30, features=4), normal(2 * draw + 1, 40, features=4), module=network,
                      metric=metric, n_permutations=24, seed=draw).p_value
        for draw in range(20)
    ])  # fmt: skip
    assert 0.3 < values.mean() < 0.7
    assert np.mean(values <= 0.1) < 0.25
    assert values.min() >= 1 / 25


def test_a_network_that_memorizes_parts_late():
    """Eighty random labels are memorized: the rows are alike, the outputs of the last layer are not."""
    X, y = normal(9, 160, features=50), np.random.default_rng(0).integers(0, 2, 160)
    learner = TorchLearner(dense_network, epochs=60, rate=0.003, schedule="constant")
    fitted = learner.fit(Dataset(X[:80], y[:80]), seed=0)
    found = layer_profile(X[:80], X[80:], module=fitted, n_permutations=100)
    assert found.p_value[0] > 0.05
    assert found.parting == found.layers[-1] == "2"
    assert found.distance[-1] > found.null_high[-1]
    assert found.exhibit().columns["layer"].tolist() == list(found.layers)


def test_row_order_changes_nothing_and_a_seed_gives_the_same_bits():
    network, rows = dense_network((6,), 2), normal(10, 80)
    data, other = Dataset(rows[:40], ids=np.arange(100, 140)), Dataset(rows[40:], ids=np.arange(40))
    one = layer_profile(data, other, module=network, n_permutations=30, seed=3)
    turned = layer_profile(data.take(np.arange(40)[::-1]), other, module=network, n_permutations=30, seed=3)
    np.testing.assert_allclose(one.distance, turned.distance, rtol=1e-5)
    np.testing.assert_allclose(one.p_value, turned.p_value)
    again = layer_profile(data, other, module=network, n_permutations=30, seed=3)
    np.testing.assert_array_equal(one.null_low, again.null_low)


def test_a_dead_layer_is_at_no_distance():
    network = linear(np.zeros((3, 6)), np.ones((2, 3)))
    for metric in ("sliced_wasserstein", "gaussian_kl"):
        found = layer_profile(normal(11, 30), normal(12, 30, 1.0), module=network, metric=metric, n_permutations=20)
        assert found.distance[1:].tolist() == [0.0, 0.0]
        assert found.p_value[1:].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "part", "text"),
    [
        ({"metric": "euclid"}, "fix", "gaussian_kl"),
        ({"n_permutations": 5}, "fix", "200"),
        ({"held_out": normal(0, 9)}, "got", "9 rows"),
        ({"module": "mlp"}, "fix", "TorchLearner"),
        ({"module": torch.nn.ReLU()}, "fix", "layers"),
        ({"layers": ["7"]}, "fix", "0"),
        ({"held_out": np.where(np.arange(30) == 4, np.nan, 1.0)[:, None] * np.ones(6)}, "where", "rows id 4"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, part, text):
    given = {"module": dense_network((6,), 2), "train": normal(1, 30), "held_out": normal(2, 30)} | change
    with pytest.raises(InputError) as caught:
        layer_profile(given.pop("train"), given.pop("held_out"), module=given.pop("module"), **given)
    assert text in getattr(caught.value, part)
