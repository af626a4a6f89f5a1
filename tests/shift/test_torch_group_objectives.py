"""Objectives of the one loop: weights of groups, closed forms against autograd, penalties that vanish."""

import pickle

import numpy as np
import pytest
import torch
from torch.nn import functional

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.shift import DomainAlignment, GroupDRO
from samplewise.shift.torch_group_objectives import head_curvature, scale_gradient

COUNT = 200
Y = np.arange(COUNT) % 2
PLACE = np.where(np.random.default_rng(0).random(COUNT) < 0.85, Y, 1 - Y)
X = np.c_[Y + np.random.default_rng(1).normal(size=COUNT), 3.0 * PLACE + np.random.default_rng(2).normal(size=COUNT)]
DATA = Dataset(X, Y, segments=PLACE)
LEARNER = TorchLearner(dense_network, epochs=20, rate=0.01)


def batch(width=6, classes=3):
    torch.manual_seed(0)
    return torch.randn(40, width, dtype=torch.float64), torch.randint(0, classes, (40,))


def test_equal_weights_are_the_mean_over_groups():
    objective = GroupDRO(rate=0.0)
    objective.prepare(DATA, None)
    outputs, labels, rows = torch.randn(COUNT, 2), torch.from_numpy(Y), torch.arange(COUNT)
    own = functional.cross_entropy(outputs, labels, reduction="none")
    means = [own[(y == Y) & (place == PLACE)].mean() for y in (0, 1) for place in (0, 1)]
    assert float(objective.loss(outputs, labels, rows, outputs).mean()) == pytest.approx(
        float(np.mean(means)), rel=1e-5
    )


def test_one_group_is_plain_training():
    y = np.zeros(4, dtype=int)
    objective = GroupDRO(segments=np.zeros(4))
    objective.prepare(Dataset(X[:4], y), None)
    outputs, labels = torch.randn(4, 2), torch.from_numpy(y)
    plain = functional.cross_entropy(outputs, labels, reduction="none")
    torch.testing.assert_close(objective.loss(outputs, labels, torch.arange(4), outputs), plain)


def test_groups_of_larger_loss_gain_and_absent_ones_stay():
    objective = GroupDRO(rate=0.5, adjustment=1.0)
    objective.prepare(DATA, None)
    rows = torch.from_numpy(np.flatnonzero((Y == 0) & (PLACE == 0)))
    before = objective.group_weights
    objective.loss(
        torch.tensor([[-3.0, 3.0]]).repeat(len(rows), 1), torch.zeros(len(rows), dtype=torch.long), rows, rows
    )
    after = objective.group_weights
    assert after["0, 0 = 0" if "0, 0 = 0" in after else objective.names[0]] > 0.5
    others = [after[name] / before[name] for name in objective.names[1:]]
    assert max(others) == pytest.approx(min(others))
    assert sum(after.values()) == pytest.approx(1.0)


def test_training_for_groups_serves_the_worst_one_better():
    def worst(fitted):
        hit = fitted.outputs(X).argmax(axis=1) == Y
        return min(hit[(y == Y) & (place == PLACE)].mean() for y in (0, 1) for place in (0, 1))

    plain = LEARNER.fit(DATA, seed=0)
    assert worst(LEARNER.fit(DATA, seed=0, objective=GroupDRO(rate=0.2))) > worst(plain) + 0.1


def test_gradient_and_diagonal_are_those_of_autograd():
    entering, labels = batch()
    head = torch.randn(3, 6, dtype=torch.float64)

    def loss(weights):
        return functional.cross_entropy(entering @ weights.T, labels)

    gradient, diagonal = head_curvature(entering @ head.T, labels, entering)
    exact = torch.autograd.functional.hessian(loss, head).reshape(18, 18).diagonal().reshape(3, 6)
    torch.testing.assert_close(diagonal, exact, atol=1e-12, rtol=1e-10)
    torch.testing.assert_close(gradient, torch.autograd.functional.jacobian(loss, head), atol=1e-12, rtol=1e-10)


def test_the_scale_gradient_is_that_of_autograd():
    outputs, labels = batch(3)
    factor = torch.ones((), dtype=torch.float64, requires_grad=True)
    wanted = torch.autograd.grad(functional.cross_entropy(outputs * factor, labels), factor)[0]
    torch.testing.assert_close(scale_gradient(outputs, labels), wanted)


@pytest.mark.parametrize("method", ["coral", "irm", "vrex", "hessian"])
def test_a_penalty_changes_training_and_one_domain_has_none(method):
    objective = DomainAlignment(method, 5.0)
    fitted = LEARNER.fit(DATA, seed=0, objective=objective)
    plain = LEARNER.fit(DATA, seed=0)
    assert not np.allclose(fitted.outputs(X), plain.outputs(X))
    pickle.loads(pickle.dumps(fitted.module))
    if method != "irm":
        alone = LEARNER.fit(DATA, seed=0, objective=DomainAlignment(method, segments=np.zeros(COUNT)))
        np.testing.assert_array_equal(alone.outputs(X), plain.outputs(X))


def test_domains_agree_more_with_the_penalty():
    def apart(objective):
        inner = LEARNER.fit(DATA, seed=0, objective=objective).embed(X)
        return np.linalg.norm(inner[PLACE == 0].mean(axis=0) - inner[PLACE == 1].mean(axis=0))

    assert apart(DomainAlignment("coral", 10.0)) < 0.7 * apart(None)


def test_what_cannot_be_trained():
    with pytest.raises(InputError, match="no segments"):
        LEARNER.fit(Dataset(X, Y), seed=0, objective=GroupDRO())
    with pytest.raises(InputError, match="labels are numbers"):
        LEARNER.fit(Dataset(X, X[:, 0], segments=PLACE), seed=0, objective=DomainAlignment())
    with pytest.raises(InputError, match="rate"):
        GroupDRO(rate=-1.0)
    with pytest.raises(InputError, match="method"):
        DomainAlignment("fish")
    with pytest.raises(InputError, match="no linear layer"):
        DomainAlignment("hessian").watch(torch.nn.ReLU())
