"""Objectives against wrong labels: their gradients, what they let through, and what they do to a network."""

from functools import partial

import numpy as np
import pytest
import torch

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.labels import (
    CoTeaching,
    EarlyLearningRegularization,
    LabelNoiseInformation,
    bootstrapping,
    generalized_cross_entropy,
    mean_absolute_error,
)

LOGITS = torch.tensor([[1.0, -0.5, 0.2], [0.3, 0.1, -2.0], [0.0, 0.7, 0.4], [2.0, -1.0, 0.0]], dtype=torch.float64)
LABELS, ROWS = torch.tensor([2, 0, 1, 0]), torch.arange(4)


def spoilt(rows=600, share=0.4, seed=0):
    """Clusters on a ring, some labels replaced by another one; returns which."""
    draw = np.random.default_rng(seed)
    y = np.arange(rows) % 5
    angle = 2 * np.pi * y / 5
    X = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.25 * draw.normal(size=(rows, 2))
    X = np.hstack([X, draw.normal(size=(rows, 20))])
    flipped = draw.random(rows) < share
    given = y.copy()
    given[flipped] = (given[flipped] + draw.integers(1, 5, flipped.sum())) % 5
    return X, y, given, flipped


class Says(torch.nn.Module):
    """Gives the same output for every row."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, inputs):
        return self.answer


def prepared(objective, rows=4, classes=3):
    y = np.arange(rows) % classes
    objective.prepare(Dataset(np.zeros((rows, 2)), y), lambda: torch.nn.Linear(2, classes).double())
    return objective


def test_early_learning_is_its_formula():
    objective = prepared(EarlyLearningRegularization(3.0, 0.7))
    targets = torch.zeros(4, 3, dtype=torch.float64)
    for _ in range(3):
        outputs = LOGITS.clone().requires_grad_()
        losses = objective.loss(outputs, LABELS, ROWS, None)
        p = LOGITS.softmax(1)
        targets = 0.7 * targets + 0.3 * p
        agreement = (p * targets).sum(1)
        expected = -p.log()[torch.arange(4), LABELS] + 3.0 * torch.log(1 - agreement)
        torch.testing.assert_close(losses.detach(), expected, rtol=1e-5, atol=1e-6)
        losses.sum().backward()
        slope = (
            p
            - torch.nn.functional.one_hot(LABELS, 3)
            - 3.0 * p * (targets - agreement[:, None]) / (1 - agreement[:, None])
        )
        torch.testing.assert_close(outputs.grad, slope, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(objective.targets.sum(1), torch.full((4,), 1 - 0.7**3))


def test_without_weight_it_is_cross_entropy_and_rows_keep_their_targets():
    objective = prepared(EarlyLearningRegularization(0.0))
    losses = objective.loss(LOGITS, LABELS, ROWS, None)
    torch.testing.assert_close(losses, torch.nn.functional.cross_entropy(LOGITS, LABELS, reduction="none"))
    turned = prepared(EarlyLearningRegularization(0.0))
    order = torch.tensor([3, 1, 0, 2])
    turned.loss(LOGITS[order], LABELS[order], order, None)
    torch.testing.assert_close(turned.targets, objective.targets)


def test_gradient_prediction_is_its_formula():
    for distribution in ("laplace", "gaussian"):
        objective = prepared(LabelNoiseInformation(distribution, 2.0))
        inputs = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        outputs = LOGITS.clone().requires_grad_()
        losses = objective.loss(outputs, LABELS, ROWS, inputs)
        said = objective.predictor(inputs).softmax(1)
        own = said[torch.arange(4), LABELS]
        mu = LOGITS.softmax(1) - said
        squares = (torch.nn.functional.one_hot(LABELS, 3) - said).square().sum(1)
        near = 2 * (1 - own) if distribution == "laplace" else squares
        torch.testing.assert_close(losses, near + 2.0 * mu.square().sum(1))
        torch.testing.assert_close(objective.output_gradient(outputs, LABELS, ROWS, inputs), mu)
        losses.sum().backward()
        assert outputs.grad is None or not outputs.grad.any()


def test_no_label_reaches_the_network():
    """The gradient of the classifier is the same, to the bit, whatever the labels of the batch."""
    objective, inputs = prepared(LabelNoiseInformation()), torch.ones(4, 2, dtype=torch.float64)
    seen = []
    for labels in (LABELS, LABELS.flip(0)):
        objective.loss(LOGITS, labels, ROWS, inputs)
        seen.append(objective.output_gradient(LOGITS, labels, ROWS, inputs))
    assert torch.equal(*seen)


def test_a_predictor_that_knows_the_labels_gives_back_cross_entropy():
    objective, inputs = prepared(LabelNoiseInformation()), torch.zeros(4, 2, dtype=torch.float64)
    objective.predictor = Says(1e3 * torch.nn.functional.one_hot(LABELS, 3).double())
    outputs = LOGITS.clone().requires_grad_()
    objective.loss(outputs, LABELS, ROWS, inputs)
    mu = objective.output_gradient(outputs.detach(), LABELS, ROWS, inputs)
    torch.nn.functional.cross_entropy(outputs, LABELS, reduction="sum").backward()
    torch.testing.assert_close(mu, outputs.grad, atol=1e-10, rtol=1e-10)
    assert objective.missed_per_row() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("distribution", "variance"), [("gaussian", 0.05), ("laplace", 0.02)])
def test_sampling_adds_noise_of_its_distribution(distribution, variance):
    objective = LabelNoiseInformation(distribution, 1.0, sampling=10.0)
    rows = 20_000
    objective.prepare(Dataset(np.zeros((rows, 1)), np.arange(rows) % 3), lambda: torch.nn.Linear(1, 3))
    outputs, labels, inputs = torch.zeros(rows, 3), torch.arange(rows) % 3, torch.zeros(rows, 1)
    objective.loss(outputs, labels, torch.arange(rows), inputs)
    torch.manual_seed(0)
    drawn = objective.output_gradient(outputs, labels, torch.arange(rows), inputs)
    assert float(drawn.var()) == pytest.approx(variance + float(objective._mu.var()), rel=0.05)


def test_co_teaching_teaches_each_what_the_other_finds_easy():
    objective = prepared(CoTeaching(0.5, ramp=1))
    objective.seen += 100  # past the ramp
    own = torch.nn.functional.cross_entropy(LOGITS, LABELS, reduction="none")
    others = torch.tensor([0.1, 5.0, 0.2, 6.0], dtype=torch.float64)
    wanted = torch.log(torch.exp(others) - 1)  # two-class logits with that loss, a third class out of play
    logits = torch.full((4, 3), -1e3, dtype=torch.float64)
    for row, label in enumerate(LABELS):
        logits[row, label] = 0.0
        logits[row, (label + 1) % 3] = wanted[row]
    objective.other = Says(logits)
    losses = objective.loss(LOGITS, LABELS, ROWS, None)
    easy_for_own = own.argsort()[:2]
    expected = torch.zeros(4, dtype=torch.float64)
    expected[[0, 2]] += 2 * own[[0, 2]]
    expected[easy_for_own] += 2 * others[easy_for_own]
    torch.testing.assert_close(losses, expected)


def test_losses_at_their_limits():
    ce = torch.nn.functional.cross_entropy(LOGITS, LABELS, reduction="none")
    torch.testing.assert_close(generalized_cross_entropy(1e-9)(LOGITS, LABELS), ce)
    torch.testing.assert_close(2 * generalized_cross_entropy(1.0)(LOGITS, LABELS), mean_absolute_error(LOGITS, LABELS))
    torch.testing.assert_close(bootstrapping(1.0)(LOGITS, LABELS), ce)
    said = LOGITS.softmax(1)
    expected = 0.8 * ce - 0.2 * (said * said.log()).sum(1)
    torch.testing.assert_close(bootstrapping(0.8)(LOGITS, LABELS), expected)


@pytest.fixture(scope="module")
def trained():
    """Share of true classes named on other rows, and of wrong labels memorized, per method."""
    X, _, given, flipped = spoilt()
    other, truth, _, _ = spoilt(seed=1)
    found = {}
    for name, objective in {
        "plain": None, "laplace": LabelNoiseInformation(weight=3.0), "early": EarlyLearningRegularization(3.0),
        "two": CoTeaching(0.4),
    }.items():  # fmt: skip
        learner = TorchLearner(partial(dense_network, widths=(128,)), epochs=60, batch=64, rate=3e-3)
        fitted = learner.fit(Dataset(X, given), seed=0, objective=objective)
        named = fitted.outputs(X[flipped]).argmax(axis=1)
        found[name] = (
            (fitted.outputs(other).argmax(axis=1) == truth).mean(),
            (named == given[flipped]).mean(),
            objective,
        )
    return found


def test_plain_training_memorizes_and_the_others_do_not(trained):
    right, memorized, _ = trained["plain"]
    assert memorized > 0.7
    for name in ("laplace", "early", "two"):
        assert trained[name][0] > right + 0.05, name
        assert trained[name][1] < memorized - 0.1, name


def test_the_running_average_finds_wrong_labels(trained):
    X, _, _, flipped = spoilt()
    scores = trained["early"][2].wrong_label()
    assert scores.values[flipped].mean() > 2 * scores.values[~flipped].mean()
    assert len(scores) == len(X)


def test_a_killed_fit_goes_on_with_its_targets(tmp_path):
    X, _, given, _ = spoilt(120)
    data = Dataset(X, given)

    def learner(epochs):
        return TorchLearner(dense_network, epochs=epochs, batch=32, schedule="constant")

    whole = EarlyLearningRegularization()
    learner(4).fit(data, seed=0, objective=whole)

    class Killed(Exception):
        pass

    def stop(event):
        if event.epoch == 2:
            raise Killed

    first = EarlyLearningRegularization()
    with pytest.raises(Killed):
        learner(4).fit(data, seed=0, objective=first, checkpoint=tmp_path / "fit.safetensors", progress=stop)
    again = EarlyLearningRegularization()
    learner(4).fit(data, seed=0, objective=again, checkpoint=tmp_path / "fit.safetensors")
    assert torch.equal(again.targets, whole.targets)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: EarlyLearningRegularization(-1.0), "weight must be"),
        (lambda: EarlyLearningRegularization.for_noise("pairs"), "noise cannot be 'pairs'"),
        (lambda: EarlyLearningRegularization().wrong_label(), "seen no rows"),
        (lambda: LabelNoiseInformation("cauchy"), "distribution cannot be 'cauchy'"),
        (lambda: LabelNoiseInformation(sampling=0.0), "sampling above 0"),
        (lambda: LabelNoiseInformation.for_noise("much"), "noise cannot be 'much'"),
        (lambda: CoTeaching(1.0), "at least 0 and below 1"),
        (lambda: generalized_cross_entropy(0.0), "q lies above 0"),
        (lambda: bootstrapping(95), "did you mean 0.95"),
        (lambda: LabelNoiseInformation().prepare(Dataset(np.zeros((3, 1)), [0.5, 1.5, 2.5]), None), "for classes"),
    ],
)
def test_settings_out_of_range(make, text):
    with pytest.raises(InputError, match=text):
        make()
