"""Training in random subspaces: the subspace itself, problems whose dimension is known, and what is refused."""

import math
from functools import partial

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network, in_subspace
from samplewise.generalization import intrinsic_dimension

torch = pytest.importorskip("torch")


def clouds(count=120, features=4, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 3, count)
    return Dataset(3 * np.eye(3, features)[y] + draw.normal(size=(count, features)), y)


def line():
    return torch.nn.Linear(12, 1, bias=False).double()


def plane(rank=3, count=60):
    """Rows in a subspace of known rank, and numbers that are linear in them."""
    draw = np.random.default_rng(rank)
    rows = np.linalg.qr(draw.normal(size=(count, rank)))[0] @ np.linalg.qr(draw.normal(size=(12, rank)))[0].T
    rows = (rows - rows.mean(axis=0)) * np.sqrt(count)
    return Dataset(rows, rows @ draw.normal(size=12))


DESCENT = TorchLearner(line, epochs=200, batch=60, rate=0.5, optimizer="sgd", momentum=0.9, encoding="raw")


@pytest.mark.parametrize("rank", [2, 4])
def test_linear_regression_needs_as_many_directions_as_its_rows_span(rank):
    found = intrinsic_dimension(plane(rank), learner=DESCENT, target=0.99, grid=[1, rank - 1, rank, 12], n_seeds=1)
    assert found.by_seed.tolist() == [rank]
    assert found.size == 12
    assert found.full_score.min() > 0.999
    assert found.effective.value == pytest.approx(rank, rel=0.02)
    assert found.label_directions.value <= rank


def test_labels_outside_the_rows_span_are_said_not_to_be_held():
    data = plane(2)
    noisy = Dataset(data.X, data.y + 3 * data.y.std() * np.random.default_rng(9).normal(size=60))
    found = intrinsic_dimension(noisy, learner=DESCENT, grid=[2], n_seeds=1)
    assert math.isnan(found.label_directions.value)
    assert "hold only" in found.label_directions.reason
    assert math.isnan(found.error_bound.value)


def test_classes_on_rows_held_out():
    data, other = clouds(100), clouds(90, seed=1)
    learner = TorchLearner(partial(dense_network, widths=(64,)), epochs=12, rate=0.01)
    found = intrinsic_dimension(data, learner=learner, test=other, n_seeds=2)
    assert found.size == 4 * 64 + 64 + 64 * 3 + 3
    assert found.dimension.low <= found.dimension.value <= found.dimension.high < found.size
    assert 1 <= found.label_directions.value <= found.effective.value
    for seed, dimension, full in zip((0, 1), found.by_seed, found.full_score, strict=True):
        own = found.tried[found.tried[:, 0] == seed]
        assert own[own[:, 1] == dimension][0, 2] >= 0.9 * full
        below = own[own[:, 1] < dimension]
        assert not len(below) or below[below[:, 1].argmax(), 2] < 0.9 * full
    assert found.exhibit().columns["dimension"].dtype.kind == "i"


def test_the_bound_counts_the_bits_of_the_quantized_network():
    data = clouds(150)
    learner = TorchLearner(partial(dense_network, widths=(8,)), epochs=12, rate=0.01)
    found = intrinsic_dimension(data, learner=learner, grid=[6, 10], n_seeds=1, seed=2, target=0.5, confidence=0.9)
    fitted = in_subspace(learner, 6, 2, found.size).fit(data, seed=2)
    fitted.module.quantize()
    kept = fitted.module.coordinates.detach()
    assert torch.equal(kept, kept.half().float())
    error = np.mean(fitted.outputs(data.X).argmax(axis=1) != data.y)
    slack = math.sqrt(((16 * 6 + 2 * 3) * math.log(2) + math.log(10)) / 300)
    assert found.by_seed.tolist() == [6]
    assert found.error_bound.high == pytest.approx(error + slack)
    assert "102 bits" in found.error_bound.reason


def test_a_target_out_of_reach_is_reported_and_a_module_is_trained_from_its_weights():
    torch.manual_seed(0)
    found = intrinsic_dimension(clouds(), learner=torch.nn.Linear(4, 3), grid=[1], target=1.0, n_seeds=1)
    assert found.dimension.value == 1.0
    assert "1 did not reach the target" in found.dimension.reason


def test_the_same_seeds_give_the_same_search():
    one, other = (intrinsic_dimension(Dataset(*PLANE), learner=DESCENT, grid=[2], n_seeds=1, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.tried, other.tried)


PLANE = (plane().X, plane().y)


@pytest.mark.parametrize(
    ("change", "part", "text"),
    [
        ({"learner": "mlp"}, "fix", "TorchLearner"),
        ({"data": (PLANE[0], None)}, "what", "data has no labels"),
        ({"test": (PLANE[0], None)}, "what", "test has no labels"),
        ({"target": 90}, "fix", "did you mean 0.9?"),
        ({"n_seeds": 0}, "fix", "n_seeds=3"),
        ({"grid": [0, 5]}, "fix", "from 1 to 12"),
        ({"grid": [5, 13]}, "fix", "from 1 to 12"),
        ({"grid": "linear"}, "fix", "geometric"),
    ],
)
def test_what_cannot_be_searched_is_refused(change, part, text):
    given = {"learner": DESCENT, "data": PLANE} | change
    with pytest.raises(InputError) as caught:
        intrinsic_dimension(given.pop("data"), learner=given.pop("learner"), **given)
    assert text in getattr(caught.value, part)
