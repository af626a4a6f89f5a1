"""Training in a random subspace of the weights: the subspace, whole training as its limit, and what is refused."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import SubspaceModule, TorchLearner, dense_network, in_subspace

torch = pytest.importorskip("torch")


def clouds(count=120, features=4):
    draw = np.random.default_rng(0)
    y = draw.integers(0, 3, count)
    return Dataset(3 * np.eye(3, features)[y] + draw.normal(size=(count, features)), y)


def double(shape, outputs):
    return dense_network(shape, outputs, widths=(5,)).double()


@pytest.mark.parametrize("size", [1, 7, 43])
def test_directions_are_orthonormal_and_nested(size):
    module = SubspaceModule(double((4,), 3), size, seed=5)
    np.testing.assert_allclose(module.basis.T @ module.basis, np.eye(size), atol=1e-12)
    whole = SubspaceModule(double((4,), 3), 43, seed=5).basis
    np.testing.assert_allclose(np.abs(np.diag(whole[:, :size].T @ module.basis)), 1.0, atol=1e-9)


def test_all_directions_reproduce_whole_training():
    """Gradient descent does not see a rotation of the weights; neither do momentum and batches."""
    data = clouds()
    learner = TorchLearner(double, epochs=5, rate=0.05, optimizer="sgd")
    whole, turned = learner.fit(data, seed=3), in_subspace(learner, 43, 3, 43).fit(data, seed=3)
    np.testing.assert_allclose(turned.outputs(data.X), whole.outputs(data.X), rtol=1e-8)
    np.testing.assert_allclose(turned.losses, whole.losses, rtol=1e-8)
    few = in_subspace(learner, 5, 3, 43).fit(data, seed=3)
    assert np.abs(few.outputs(data.X) - whole.outputs(data.X)).max() > 0.1


def test_adam_moves_a_weight_as_far_in_fewer_directions():
    data, learner = clouds(), TorchLearner(double, epochs=1, batch=120, rate=0.01, schedule="constant")
    start = learner.unstarted(data, seed=0)[1].module
    whole = learner.fit(data, seed=0).module
    few = in_subspace(learner, 10, 0, 43).fit(data, seed=0).module
    before, after = (torch.nn.utils.parameters_to_vector(one.parameters()).detach() for one in (start, whole))
    moved = few.basis @ few.coordinates.detach()
    assert float(moved.norm()) == pytest.approx(float((after - before).norm()), rel=0.05)


def test_subspaces_that_do_not_fit_are_refused():
    for size, fix in ((0, "from 1 to 13"), (14, "from 1 to 13")):
        with pytest.raises(InputError) as caught:
            SubspaceModule(torch.nn.Linear(12, 1), size, 0)
        assert fix in caught.value.fix
    with pytest.raises(InputError) as caught:
        SubspaceModule(torch.nn.Linear(3_000, 3_000), 1_000_000, 0)
    assert "at most" in caught.value.fix
    mixed = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2).double())
    with pytest.raises(InputError) as caught:
        SubspaceModule(mixed, 2, 0)
    assert "float()" in caught.value.fix
