"""The one loop: batches, going on after a kill, and objectives with networks, state and gradients of their own."""

from functools import partial

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.targets import describe_target
from samplewise.engine.models import DynamicsRecorder, Fit

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)
from torch.nn import functional  # noqa: E402

from samplewise.engine.models import TorchLearner, dense_network  # noqa: E402
from samplewise.engine.models.torch_training import TrainingRows  # noqa: E402

small = partial(dense_network, widths=(16,))


def with_dropout(shape, outputs):
    return nn.Sequential(nn.Linear(shape[0], 16), nn.BatchNorm1d(16), nn.Dropout(0.3), nn.Linear(16, outputs))


def doubles(shape, outputs):
    return nn.Sequential(nn.Linear(shape[0], 16), nn.Tanh(), nn.Linear(16, outputs)).double()


def blobs(count=200, classes=3, noise=0.0, seed=0):
    """(data, true classes): labels of a share of the rows are those of the next class."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, count)
    X = draw.normal(size=(classes, 8))[truth] * 2 + draw.normal(size=(count, 8))
    return Dataset(X, np.where(draw.random(count) < noise, (truth + 1) % classes, truth)), truth


def weights_of(fitted):
    return torch.cat([held.flatten().double() for held in fitted.module.state_dict().values()])


# ---- batches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "batch"), [(129, 128), (64, 64), (10, 100), (200, 33)])
def test_an_epoch_meets_every_row_once_in_even_batches(count, batch):
    rows = TrainingRows(torch.zeros(count, 1), torch.zeros(count), None, np.arange(count), 2, 2)
    batches = rows.epoch(0, 1, batch)
    sizes = [len(chosen) for chosen in batches]
    assert sorted(np.concatenate(batches)) == list(range(count))
    assert len(batches) == -(-count // batch)
    assert max(sizes) <= batch
    assert max(sizes) - min(sizes) <= 1  # no batch of one row, which batch normalization could not take
    assert any((one != other).any() for one, other in zip(batches, rows.epoch(0, 2, batch), strict=True))


def test_progress_is_called_after_every_epoch():
    notes = []
    fitted = TorchLearner(small, epochs=3).fit(blobs()[0], seed=0, progress=notes.append)
    assert [event.epoch for event in notes] == [1, 2, 3]
    assert {event.epochs for event in notes} == {3}
    assert [event.loss for event in notes] == fitted.losses.tolist()
    assert all(event.seconds > 0 for event in notes)


# ---- going on --------------------------------------------------------------------------------------------------------


class Killed(Exception):
    pass


def kill_at(epoch):
    def notes(event):
        if event.epoch == epoch:
            raise Killed

    return notes


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_killed_fit_goes_on_to_the_same_bits(tmp_path, optimizer):
    data, _ = blobs()
    learner = TorchLearner(with_dropout, epochs=6, batch=32, optimizer=optimizer)
    path = tmp_path / "fits" / "one.safetensors"
    whole, part, rest = (DynamicsRecorder(200, error_epochs=(2, 5), counted="in_batch") for _ in range(3))
    expected = learner.fit(data, seed=0, recorder=whole)
    with pytest.raises(Killed):
        learner.fit(data, seed=0, recorder=part, checkpoint=path, progress=kill_at(4))
    notes = []
    resumed = learner.fit(data, seed=0, recorder=rest, checkpoint=path, progress=notes.append)
    assert [event.epoch for event in notes] == [5, 6]
    assert torch.equal(weights_of(resumed), weights_of(expected))
    np.testing.assert_array_equal(resumed.losses, expected.losses)
    for name, values in whole.columns().items():
        np.testing.assert_array_equal(rest.columns()[name], values)
    finished = learner.fit(data, seed=0, recorder=rest, checkpoint=path, progress=notes.append)
    assert len(notes) == 2
    assert torch.equal(weights_of(finished), weights_of(expected))


def test_a_checkpoint_of_another_fit_is_refused(tmp_path):
    data, _ = blobs()
    path = tmp_path / "fit.safetensors"
    TorchLearner(small, epochs=1).fit(data, seed=0, checkpoint=path)
    others = [
        (TorchLearner(small, epochs=2), data, 0),
        (TorchLearner(small, epochs=1), data, 1),
        (TorchLearner(small, epochs=1), data.with_labels((data.y + 1) % 3), 0),
        (TorchLearner(small, epochs=1), data, 0, {"recorder": DynamicsRecorder(200)}),
        (TorchLearner(small, epochs=1), data, 0, {"objective": PredictedGradient()}),
    ]
    for learner, rows, seed, *more in others:
        with pytest.raises(InputError, match="belongs to another fit") as fact:
            learner.fit(rows, seed=seed, checkpoint=path, **(more[0] if more else {}))
        assert fact.value.where == str(path)
        assert "delete this one" in fact.value.fix


def test_checkpoints_are_safetensors_only(tmp_path):
    data, _ = blobs()
    with pytest.raises(InputError, match="kept as safetensors") as fact:
        TorchLearner(small).fit(data, seed=0, checkpoint=tmp_path / "fit.pt")
    assert fact.value.fix == "name it fit.safetensors"
    path = tmp_path / "fit.safetensors"
    path.write_bytes(b"no tensors at all")
    with pytest.raises(InputError, match="no safetensors file") as fact:
        TorchLearner(small).fit(data, seed=0, checkpoint=path)
    assert fact.value.where == str(path)
    assert "delete this one" in fact.value.fix


# ---- NaN -------------------------------------------------------------------------------------------------------------


def test_a_training_that_overflows_says_when_and_what_to_do():
    data, _ = blobs()
    learner = TorchLearner(small, epochs=9, rate=1e30, optimizer="sgd", schedule="constant")
    with pytest.raises(InputError, match="ran into NaN or infinity") as fact:
        learner.fit(data, seed=0)
    assert "epoch 1 of 9, rows id" in fact.value.where
    assert fact.value.fix == "use a smaller rate: rate=1e+29"


def test_weights_that_overflow_in_the_last_step_are_seen():
    data, _ = blobs(20)
    with pytest.raises(InputError, match="ran into NaN or infinity") as fact:
        TorchLearner(small, epochs=1, batch=20, rate=1e38, decay=1e30, optimizer="sgd").fit(data, seed=0)
    assert "the weights after its last step" in fact.value.where


# ---- objectives ------------------------------------------------------------------------------------------------------


class Averages:
    """A per-row state: each row's target is a running mean of the model's own answers to it and its label."""

    def prepare(self, data, make_module):
        self.ids = data.ids
        self.targets = functional.one_hot(torch.from_numpy(np.asarray(data.y)), 3).float()
        self.met = torch.zeros(len(data), dtype=torch.long)

    def parameters(self):
        return ()

    def loss(self, outputs, labels, rows, inputs):
        assert (torch.from_numpy(self.ids)[rows] == rows + 1000).all()
        assert (self.labels[rows] == labels).all()
        assert torch.allclose(inputs, self.inputs[rows])
        self.met[rows] += 1
        self.targets[rows] = 0.9 * self.targets[rows] + 0.1 * outputs.detach().softmax(dim=1)
        return -(self.targets[rows] * outputs.log_softmax(dim=1)).sum(dim=1)


def test_an_objective_knows_rows_by_their_position():
    data, _ = blobs()
    data = Dataset(data.X, data.y, ids=np.arange(200) + 1000)
    objective = Averages()
    objective.labels = torch.from_numpy(data.y)
    objective.inputs = torch.tensor(data.X, dtype=torch.float32)
    TorchLearner(small, epochs=4, encoding="raw").fit(data, seed=0, objective=objective)
    assert (objective.met == 4).all()


class PredictedGradient(nn.Module):
    """A second network on x predicts the gradient at the logits, and the classifier is moved by the prediction.

    g = softmax(a) - onehot(y), m = softmax(a) - softmax(r(x)); the classifier gets m, r learns |m - g| + beta m^2.
    """

    def __init__(self, beta=0.0):
        super().__init__()
        self.beta = beta

    def prepare(self, data, make_module):
        self.second = make_module()

    def loss(self, outputs, labels, rows, inputs):
        predicted = self._predicted(outputs, inputs)
        gradient = outputs.softmax(dim=1) - functional.one_hot(labels, outputs.shape[1])
        return (predicted - gradient).abs().sum(dim=1) + self.beta * predicted.square().sum(dim=1)

    def output_gradient(self, outputs, labels, rows, inputs):
        return self._predicted(outputs, inputs)

    def _predicted(self, outputs, inputs):
        return outputs.softmax(dim=1) - self.second(inputs).softmax(dim=1)


class Frozen(PredictedGradient):
    """As above, with a second network that learns nothing."""

    def parameters(self, recurse=True):
        return iter(())


class Oracle(Frozen):
    """As above, with a second network that knows the labels, as sure as numbers can say."""

    def prepare(self, data, make_module):
        self.answers = 800.0 * functional.one_hot(torch.from_numpy(data.y), 3).double()

    def output_gradient(self, outputs, labels, rows, inputs):
        return outputs.softmax(dim=1) - self.answers[rows].softmax(dim=1)

    def loss(self, outputs, labels, rows, inputs):
        return torch.zeros(len(rows))


def test_a_second_network_is_trained_with_the_first():
    data, truth = blobs()
    objective = PredictedGradient(beta=1.0)
    fitted = TorchLearner(small, epochs=15, batch=32, rate=0.01).fit(data, seed=0, objective=objective)
    inputs, _ = fitted.encoded(data)
    assert np.mean(objective.second(inputs).argmax(dim=1).numpy() == truth) > 0.9
    assert np.mean(fitted.outputs(data.X).argmax(axis=1) == truth) > 0.9
    first, second = (torch.cat([p.flatten() for p in m.parameters()]) for m in (fitted.module, objective.second))
    assert first.shape == second.shape
    assert not torch.equal(first, second)


def test_no_label_reaches_a_module_whose_gradient_is_replaced():
    data, _ = blobs()
    turned = data.with_labels((data.y + 1) % 3)
    learner = TorchLearner(small, epochs=3)
    first, second = (weights_of(learner.fit(rows, seed=0, objective=Frozen())) for rows in (data, turned))
    assert torch.equal(first, second)
    plain = [weights_of(learner.fit(rows, seed=0)) for rows in (data, turned)]
    assert not torch.equal(*plain)


def test_a_replaced_gradient_that_knows_the_labels_is_cross_entropy():
    data, _ = blobs()
    learner = TorchLearner(doubles, epochs=4, batch=32, rate=0.1, optimizer="sgd", encoding="raw")
    weights = np.random.default_rng(0).uniform(0.5, 2, 200)
    for rows in (data, data.with_weights(weights)):
        plain = learner.fit(rows, seed=0)
        replaced = learner.fit(rows, seed=0, objective=Oracle())
        torch.testing.assert_close(weights_of(replaced), weights_of(plain), rtol=1e-10, atol=1e-10)


def test_predicted_gradients_memorize_fewer_wrong_labels():
    data, truth = blobs(400, noise=0.3)
    wrong = data.y != truth
    learner = TorchLearner(partial(dense_network, widths=(128,)), epochs=80, batch=64, rate=0.01)
    memorized, right = [], []
    for objective in (None, PredictedGradient(beta=10.0)):
        answers = learner.fit(data, seed=0, objective=objective).outputs(data.X).argmax(axis=1)
        memorized.append(np.mean(answers[wrong] == data.y[wrong]))
        right.append(np.mean(answers == truth))
    assert memorized[0] > 0.6
    assert memorized[1] < 0.2
    assert right[1] > right[0] + 0.15


def test_a_learner_may_bring_its_objective_to_every_fit(tmp_path):
    data, _ = blobs()
    learner = TorchLearner(small, epochs=8, rate=0.01, make_objective=partial(PredictedGradient, 1.0))
    alone = TorchLearner(small, epochs=8, rate=0.01).fit(data, seed=0, objective=PredictedGradient(1.0))
    path = tmp_path / "fit.safetensors"
    with pytest.raises(Killed):
        learner.fit(data, seed=0, checkpoint=path, progress=kill_at(3))
    assert torch.equal(weights_of(learner.fit(data, seed=0, checkpoint=path)), weights_of(alone))
    assert learner.fingerprint() != TorchLearner(small, epochs=8, rate=0.01).fingerprint()


SEEN = []


class Watching(PredictedGradient):
    def prepare(self, data, make_module):
        super().prepare(data, make_module)
        SEEN.append(data)


def test_an_objective_of_a_fitter_gets_the_rows_labels_and_weights_of_its_fit():
    data, _ = blobs()
    named = data.with_labels(np.array(["a", "b", "c"])[data.y])
    target = describe_target(named.y)
    fitter = TorchLearner(small, epochs=1, make_objective=Watching).fitter(
        named, target, blocks=np.zeros(200, dtype=int)
    )
    keep, codes = np.arange(200) % 3 > 0, (target.codes + 1) % 3
    weights = np.linspace(1, 2, 200)
    SEEN.clear()
    fitter.outputs(Fit(keep, np.arange(5), codes=codes, weights=weights), seed=0)
    assert SEEN[0].ids.tolist() == np.flatnonzero(keep).tolist()
    assert SEEN[0].y.tolist() == codes[keep].tolist()
    np.testing.assert_array_equal(SEEN[0].weights, weights[keep])


def test_an_objective_of_a_regression_sees_scaled_numbers():
    data, _ = blobs()
    numbers = data.with_labels(100 + 7 * data.X[:, 0])
    objective = Watching()
    objective.loss = lambda outputs, labels, rows, inputs: (outputs[:, 0] - labels).square()
    objective.output_gradient = lambda outputs, labels, rows, inputs: outputs - labels[:, None]
    fitted = TorchLearner(small, epochs=40, rate=0.01).fit(numbers, seed=0, objective=objective)
    assert abs(SEEN[-1].y.mean()) < 1e-9
    assert SEEN[-1].y.std() == pytest.approx(1)
    assert np.corrcoef(fitted.outputs(data.X)[:, 0], numbers.y)[0, 1] > 0.95


def test_an_objective_without_state_cannot_be_kept(tmp_path):
    with pytest.raises(InputError, match="cannot be kept in a checkpoint") as fact:
        TorchLearner(small).fit(blobs()[0], seed=0, objective=Averages(), checkpoint=tmp_path / "a.safetensors")
    assert fact.value.got == "Averages"
    assert "load_state_dict" in fact.value.fix


# ---- recorder --------------------------------------------------------------------------------------------------------


def test_the_last_record_of_an_epoch_is_the_output_of_the_fitted_module():
    data, _ = blobs()
    recorder = DynamicsRecorder(200, error_epochs=(3,))
    fitted = TorchLearner(with_dropout, epochs=3).fit(data, seed=0, recorder=recorder)
    expected = np.linalg.norm(fitted.probabilities(data.X) - np.eye(3)[data.y], axis=1)
    np.testing.assert_allclose(recorder.columns()["error@3"], expected, atol=1e-6)


def test_records_within_batches_are_those_before_each_step():
    data, _ = blobs(32)
    recorder = DynamicsRecorder(32, error_epochs=(1,), counted="in_batch")
    learner = TorchLearner(small, epochs=1, batch=32, encoding="raw")
    learner.fit(data, seed=0, recorder=recorder)
    untouched = TorchLearner(small, epochs=1, batch=32, rate=1e-30, optimizer="sgd", encoding="raw")
    expected = np.linalg.norm(untouched.fit(data, seed=0).probabilities(data.X) - np.eye(3)[data.y], axis=1)
    np.testing.assert_allclose(recorder.columns()["error@1"], expected, atol=1e-6)


def test_recording_changes_no_bit():
    data, _ = blobs()
    learner = TorchLearner(with_dropout, epochs=3)
    recorder = DynamicsRecorder(200)
    assert torch.equal(weights_of(learner.fit(data, seed=0, recorder=recorder)), weights_of(learner.fit(data, seed=0)))


def test_early_error_is_the_gradient_norm_of_a_linear_classifier_over_its_input():
    data, _ = blobs()
    recorder = DynamicsRecorder(200, error_epochs=(2,))
    linear = TorchLearner(lambda shape, outputs: nn.Linear(*shape, outputs).double(), epochs=2, encoding="raw")
    fitted = linear.fit(data, seed=0, recorder=recorder)
    norms = []
    for inputs, label in zip(*fitted.encoded(data), strict=True):
        gradients = torch.autograd.grad(
            functional.cross_entropy(fitted.module(inputs), label), fitted.module.parameters()
        )
        norms.append(float(torch.cat([gradient.flatten() for gradient in gradients]).norm()))
    expected = recorder.columns()["error@2"] * np.sqrt(np.square(data.X).sum(axis=1) + 1)
    np.testing.assert_allclose(norms, expected, rtol=1e-10)
