"""The torch learner: what it is given, what it learns, and that nothing but data, settings and seed moves a bit."""

import copy
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from samplewise.core.errors import InputError
from samplewise.data.dataset import Dataset
from samplewise.data.images import Images
from samplewise.data.targets import describe_target
from samplewise.engine.models import Fit, Fitted, Learner, choose_learner
from samplewise.engine.refits import ProcessExecutor, ThreadExecutor, prepare

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 (only where torch is)

from samplewise.engine.models import TorchLearner, dense_network  # noqa: E402

small = partial(dense_network, widths=(16,))
QUICK = TorchLearner(small, epochs=8, batch=32, rate=0.01)


def blobs(count=200, classes=3, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, classes, count)
    X = draw.normal(size=(classes, 5))[y] * 3 + draw.normal(size=(count, 5))
    return Dataset(X, np.array(["a", "b", "c"])[y], ids=[f"row {i}" for i in range(count)])


def weights_of(fitted):
    return torch.cat([held.flatten() for held in fitted.module.state_dict().values()])


def hit(fitted, data):
    return np.mean(fitted.classes[fitted.outputs(data.X).argmax(axis=1)] == data.y)


# ---- what it learns --------------------------------------------------------------------------------------------------


def test_it_learns_and_follows_the_protocols():
    data = blobs()
    fitted = QUICK.fit(data, seed=0)
    assert isinstance(QUICK, Learner)
    assert isinstance(fitted, Fitted)
    assert hit(fitted, data) > 0.95
    np.testing.assert_allclose(fitted.probabilities(data.X).sum(axis=1), 1.0)
    assert fitted.embed(data.X).shape == (200, 16)
    assert fitted.losses.shape == (8,)
    assert fitted.losses[-1] < 0.3 * fitted.losses[0]
    assert choose_learner(QUICK, data, describe_target(data.y)) == (QUICK, "given by the user")


def one_logit():
    return nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))


def test_one_logit_is_two_columns_and_trains_as_the_logistic_loss_does():
    data = blobs(classes=2)
    fitted = TorchLearner(one_logit, epochs=8, batch=32, rate=0.01, encoding="raw").fit(data, seed=0)
    logit = fitted.module(torch.tensor(data.X, dtype=torch.float32)).detach().double().numpy()[:, 0]
    np.testing.assert_allclose(fitted.outputs(data.X), np.column_stack([-logit / 2, logit / 2]))
    np.testing.assert_allclose(fitted.probabilities(data.X)[:, 1], 1 / (1 + np.exp(-logit)), atol=1e-7)
    assert hit(fitted, data) > 0.95


def test_numbers_are_predicted_in_their_own_unit():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 3))
    y = 5e6 + 1e5 * (X @ [1.0, -2.0, 0.5])  # gradient descent on such numbers themselves would overflow
    fitted = TorchLearner(partial(dense_network, widths=()), epochs=60, rate=0.05).fit(Dataset(X, y), seed=0)
    outputs = fitted.outputs(X)
    assert fitted.classes is None
    assert outputs.shape == (300, 1)
    assert np.abs(outputs[:, 0] - y).max() < 0.02 * y.std()
    with pytest.raises(InputError, match="no class probabilities") as fact:
        fitted.probabilities(X)
    assert "outputs(X)" in fact.value.fix


def test_encoded_rows_are_what_the_module_was_trained_on():
    data = blobs()
    fitted = QUICK.fit(data, seed=0)
    inputs, labels = fitted.encoded(data)
    np.testing.assert_allclose(fitted.module(inputs).detach().double(), fitted.outputs(data.X), atol=1e-6)
    assert fitted.classes[labels.numpy()].tolist() == data.y.tolist()
    numbers = Dataset(data.X, data.X[:, 0])
    fitted = TorchLearner(small, epochs=1).fit(numbers, seed=0)
    inputs, labels = fitted.encoded(numbers)
    np.testing.assert_allclose(labels.numpy() * fitted.scale + fitted.center, data.X[:, 0], atol=1e-5)
    strange = Dataset(data.X[:2], ["a", "z"], ids=["first", "second"])
    with pytest.raises(InputError, match="no class the model was trained on") as fact:
        QUICK.fit(data, seed=0).encoded(strange)
    assert fact.value.where == "rows id second"
    assert "drop these rows" in fact.value.fix


def test_tables_sparse_rows_and_texts_become_points():
    draw = np.random.default_rng(0)
    kind = draw.choice(["p", "q"], 200)
    frame = pd.DataFrame({"x": draw.normal(size=200), "kind": kind})
    frame.loc[3, "x"] = np.nan
    y = np.where((frame["x"].fillna(0) > 0) ^ (frame["kind"] == "p"), "yes", "no")
    assert hit(TorchLearner(small, epochs=40, rate=0.02).fit(Dataset(frame, y), seed=0), Dataset(frame, y)) > 0.9
    rows = Dataset(sparse.random(60, 30, 0.2, "csr", random_state=0), draw.choice(["a", "b"], 60))
    assert TorchLearner(small, epochs=1).fit(rows, seed=0).outputs(rows.X).shape == (60, 2)


class Convolutions(nn.Module):
    def __init__(self, shape, outputs):
        super().__init__()
        self.shape = shape
        self.first = nn.Conv2d(shape[0], 6, 3)
        self.last = nn.Linear(6, outputs)

    def forward(self, pictures):
        assert pictures.shape[1:] == self.shape
        assert pictures.dtype == torch.float32
        assert 0 <= float(pictures.min()) <= float(pictures.max()) <= 1
        return self.last(torch.relu(self.first(pictures)).amax(dim=(2, 3)))


def test_pictures_come_with_channels_first_between_0_and_1():
    draw = np.random.default_rng(0)
    pictures = draw.integers(0, 60, size=(80, 9, 7, 3), dtype=np.uint8)
    y = np.arange(80) % 2
    pictures[y == 1, 2:5, 2:5] = 250
    data = Dataset(Images.from_array(pictures), y)
    fitted = TorchLearner(Convolutions, epochs=10, batch=16, rate=0.02).fit(data, seed=0)
    assert fitted.module.shape == (3, 9, 7)
    assert hit(fitted, data) == 1.0


class Words(nn.Module):
    def __init__(self, shape, outputs):
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.last = nn.Linear(8, outputs)

    def forward(self, tokens):
        return self.last(self.words(tokens).mean(dim=1))


def test_tokens_are_whole_numbers():
    draw = np.random.default_rng(0)
    tokens = draw.integers(0, 19, size=(120, 6))
    y = (tokens == 3).any(axis=1).astype(int)
    learner = TorchLearner(Words, epochs=60, rate=0.05, encoding="tokens")
    data = Dataset(tokens, y)
    assert hit(learner.fit(data, seed=0), data) > 0.95
    with pytest.raises(InputError, match="whole numbers from 0") as fact:
        learner.fit(Dataset(tokens - 0.5, y), seed=0)
    assert 'encoding="raw"' in fact.value.fix


def test_row_weights_count_and_zero_weight_is_no_vote():
    data = blobs(300, classes=2)
    codes = describe_target(data.y).codes
    struck = np.arange(300) % 5 < 2
    wrong = Dataset(data.X, np.where(struck, 1 - codes, codes), data.ids, weights=np.where(struck, 0.0, 1.0))
    fitted = TorchLearner(small, epochs=20, batch=32, rate=0.01).fit(wrong, seed=0)
    assert np.mean(fitted.outputs(data.X).argmax(axis=1) == codes) > 0.97
    bare = Dataset(data.X, wrong.y, data.ids, weights=np.full(300, 7.0))
    same = Dataset(data.X, wrong.y, data.ids)
    first, second = (QUICK.fit(rows, seed=0) for rows in (bare, same))
    assert torch.equal(weights_of(first), weights_of(second))  # only shares matter


# ---- against the textbook --------------------------------------------------------------------------------------------


def double_network():
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_whole_batches_are_gradient_descent_with_momentum_and_decay(schedule):
    data = blobs(40)
    codes = torch.from_numpy(describe_target(data.y).codes)
    learner = TorchLearner(
        double_network, epochs=5, batch=40, rate=0.3, optimizer="sgd", momentum=0.8, decay=0.01, schedule=schedule,
        encoding="raw",
    )  # fmt: skip
    untouched = TorchLearner(double_network, epochs=1, batch=40, rate=1e-300, optimizer="sgd", encoding="raw")
    weights = list(copy.deepcopy(untouched.fit(data, seed=3).module).parameters())
    velocity = [torch.zeros_like(held) for held in weights]
    for epoch in range(5):
        rate = 0.3 if schedule == "constant" else 0.15 * (1 + np.cos(np.pi * epoch / 5))
        hidden = torch.tanh(torch.from_numpy(data.X) @ weights[0].T + weights[1])
        loss = nn.functional.cross_entropy(hidden @ weights[2].T + weights[3], codes)
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for held, speed, gradient in zip(weights, velocity, gradients, strict=True):
                speed.mul_(0.8).add_(gradient + 0.01 * held)
                held.sub_(rate * speed)
    for found, expected in zip(learner.fit(data, seed=3).module.parameters(), weights, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_optimizer_schedule_and_loss_may_be_functions():
    data = blobs()
    by_name = TorchLearner(small, epochs=3, rate=0.01, optimizer="adamw", decay=0.1, schedule="constant")
    by_hand = TorchLearner(
        small, epochs=3, rate=0.01, schedule=lambda step, steps: 1.0,
        optimizer=lambda parameters, rate: torch.optim.AdamW(parameters, lr=rate, weight_decay=0.1),
        loss=lambda outputs, labels: nn.functional.cross_entropy(outputs, labels, reduction="none"),
    )  # fmt: skip
    assert torch.equal(weights_of(by_name.fit(data, seed=0)), weights_of(by_hand.fit(data, seed=0)))
    squared = TorchLearner(small, epochs=15, rate=0.01, loss="squared_error").fit(data, seed=0)
    assert hit(squared, data) > 0.95
    assert abs(squared.outputs(data.X).sum(axis=1).mean() - 1) < 0.2  # indicators of the classes


# ---- bits ------------------------------------------------------------------------------------------------------------


def with_dropout(shape, outputs):
    return nn.Sequential(
        nn.Linear(shape[0], 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, outputs)
    )


def test_same_seed_same_bits_whatever_the_row_order():
    data = blobs()
    learner = TorchLearner(with_dropout, epochs=3, batch=32)
    order = np.random.default_rng(1).permutation(len(data))
    torch.manual_seed(123)
    first = weights_of(learner.fit(data, seed=0))
    torch.manual_seed(321)
    assert torch.equal(first, weights_of(learner.fit(data, seed=0)))
    assert torch.equal(first, weights_of(learner.fit(data.take(order), seed=0)))
    assert not torch.equal(first, weights_of(learner.fit(data, seed=1)))
    renamed = Dataset(data.X, data.y)
    assert not torch.equal(first, weights_of(learner.fit(renamed, seed=0)))  # batches follow ids, not positions


def test_torch_is_left_as_it_was():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    fitted = TorchLearner(with_dropout, epochs=1, threads=1).fit(blobs(), seed=0)
    fitted.outputs(blobs().X)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert not fitted.module.training


# ---- many fits -------------------------------------------------------------------------------------------------------


def test_a_fitter_predicts_as_the_fit_on_the_same_rows_does():
    data = blobs()
    learner = TorchLearner(small, epochs=3, encoding="raw")
    keep, query = np.arange(200) % 3 > 0, np.arange(0, 200, 7)
    fitter = learner.fitter(data, describe_target(data.y), blocks=np.zeros(200, dtype=int))
    alone = learner.fit(data.take(np.flatnonzero(keep)), seed=5)
    np.testing.assert_allclose(fitter.outputs(Fit(keep, query), seed=5), alone.outputs(data.X[query]), atol=1e-6)


def test_a_fitter_takes_other_labels_and_weights():
    data = blobs(classes=2)
    target = describe_target(data.y)
    fitter = QUICK.fitter(data, target, blocks=np.zeros(200, dtype=int))
    keep = np.ones(200, dtype=bool)
    turned = fitter.outputs(Fit(keep, np.arange(200), codes=1 - target.codes), seed=0).argmax(axis=1)
    assert np.mean(turned != target.codes) > 0.95
    codes = np.where(np.arange(200) < 100, 1 - target.codes, target.codes)
    only_last = Fit(keep, np.arange(200), codes=codes, weights=(np.arange(200) >= 100).astype(float))
    assert np.mean(fitter.outputs(only_last, seed=0).argmax(axis=1) == target.codes) > 0.95


def test_a_regression_fitter_predicts_in_the_unit_of_the_labels():
    draw = np.random.default_rng(0)
    X = draw.normal(size=(150, 3))
    data = Dataset(X, 1000 + 50 * X[:, 0])
    fitter = TorchLearner(partial(dense_network, widths=()), epochs=60, rate=0.05).fitter(
        data, describe_target(data.y), blocks=np.zeros(150, dtype=int)
    )
    outputs = fitter.outputs(Fit(np.arange(150) < 100, np.arange(100, 150)), seed=0)
    assert np.abs(outputs[:, 0] - data.y[100:]).max() < 10


def test_processes_give_the_bits_of_this_process_even_for_a_lambda():
    width = 12
    learner = TorchLearner(lambda shape, outputs: dense_network(shape, outputs, widths=(width,)), epochs=2)
    parts = [prepare(blobs(60), learner, n_folds=2, executor=executor).whole for executor in (None, ProcessExecutor(2))]
    first, second = (folded.runner for folded in parts)
    fits = [Fit(np.arange(60) % 2 == half, np.arange(60)) for half in (0, 1)]
    here = [first._fitter(np.zeros(60, dtype=int)).outputs(fit, seed=3) for fit in fits]
    there = list(second.executor.map(second._fitter(np.zeros(60, dtype=int)).outputs, fits, seeds=[3, 3]))
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(other, one)


def test_fits_in_threads_take_turns_and_give_the_same_bits():
    learner = TorchLearner(with_dropout, epochs=2)
    fitter = learner.fitter(blobs(), describe_target(blobs().y), blocks=np.zeros(200, dtype=int))
    fits = [Fit(np.arange(200) % 4 != fold, np.arange(200)) for fold in range(4)]
    alone = [fitter.outputs(fit, seed=1) for fit in fits]
    for one, other in zip(alone, ThreadExecutor(4).map(fitter.outputs, fits, seeds=[1] * 4), strict=True):
        np.testing.assert_array_equal(other, one)


def test_the_fingerprint_follows_code_and_settings():
    names = [
        TorchLearner(dense_network).fingerprint(),
        TorchLearner(small).fingerprint(),
        TorchLearner(partial(dense_network, widths=(17,))).fingerprint(),
        TorchLearner(small, epochs=3).fingerprint(),
        TorchLearner(small, optimizer="sgd").fingerprint(),
        TorchLearner(small, optimizer="sgd", momentum=0.5).fingerprint(),
        TorchLearner(small, loss="squared_error").fingerprint(),
        TorchLearner(small, schedule=lambda step, steps: 1.0).fingerprint(),
        TorchLearner(small, encoding="raw").fingerprint(),
    ]
    assert len(set(names)) == len(names)
    assert TorchLearner(small).fingerprint() == TorchLearner(partial(dense_network, widths=(16,))).fingerprint()
    assert TorchLearner(small, threads=2).fingerprint() == TorchLearner(small).fingerprint()
    assert TorchLearner(small).name == "torch network (dense_network)"


# ---- refusals --------------------------------------------------------------------------------------------------------

trained = nn.Linear(5, 3)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(5, 3)

    def forward(self, rows):
        return self.inner(rows), rows


def frozen():
    return nn.Linear(5, 3).requires_grad_(False)


SETTINGS = [
    ({"make_module": trained}, "fresh module for every fit", "embeddings_of"),
    ({"make_module": "mlp"}, "make_module must be a function", "pass a function"),
    ({"epochs": 0}, "epochs must be positive", "epochs=1"),
    ({"rate": -1.0}, "rate must be positive", "rate=1"),
    ({"optimizer": "adamm"}, "no optimizer named 'adamm'", "did you mean 'adam'"),
    ({"schedule": "cosin"}, "no schedule named 'cosin'", "did you mean 'cosine'"),
    ({"loss": "hinge"}, "no loss named 'hinge'", "cross_entropy"),
    ({"encoding": "space2"}, "encoding cannot be 'space2'", "did you mean 'space'"),
    ({"optimizer": "adam", "momentum": 0.9}, 'setting of optimizer="sgd"', "leave momentum out"),
    ({"optimizer": torch.optim.SGD, "decay": 0.1}, "optimizers by name", "weight_decay"),
    ({"loss": "squared_error", "make_objective": object}, "has its own loss", "leave loss out"),
    ({"device": "cuda:77"}, "device is not there", '"cpu"'),
]


@pytest.mark.parametrize(("settings", "what", "fix"), SETTINGS, ids=lambda value: str(value)[:30])
def test_settings_no_fit_could_use_are_refused(settings, what, fix):
    with pytest.raises(InputError, match=what) as fact:
        TorchLearner(**({"make_module": small} | settings))
    assert fix in fact.value.fix


MODULES = [
    (lambda: trained, {}, "same module twice", "inside the function"),
    (lambda: 3, {}, "must return a torch.nn.Module", "return it"),
    (frozen, {}, "no weights to train", "requires_grad"),
    (lambda shape: None, {}, "takes nothing, or the shape", "functools.partial"),
    (Pair, {}, "must return one tensor of outputs", "logits"),
    (lambda: nn.Linear(5, 4), {}, "another number of outputs", "make_module(shape, outputs)"),
    (lambda: nn.Linear(6, 3), {}, "cannot take these rows", "first layer"),
    (lambda: nn.Sequential(nn.Linear(5, 3), nn.Flatten(0)), {}, "one row of outputs per row", "(b, c)"),
    (small, {"loss": nn.CrossEntropyLoss()}, "one number per row", 'reduction="none"'),
    (small, {"optimizer": lambda parameters, rate: None}, "must make a torch optimizer", "torch.optim.SGD"),
]


@pytest.mark.parametrize(("make_module", "settings", "what", "fix"), MODULES)
def test_modules_that_cannot_be_trained_are_refused(make_module, settings, what, fix):
    learner = TorchLearner(make_module, epochs=1, **settings)
    with pytest.raises(InputError, match=what) as fact:
        learner.fit(blobs(), seed=0)
    assert fix in fact.value.fix
    rows = np.ones(200, dtype=bool)
    with pytest.raises(InputError, match=what):
        learner.fitter(blobs(), describe_target(blobs().y), blocks=rows * 0).outputs(Fit(rows, np.arange(9)), seed=0)


def test_rows_that_cannot_be_learned_from_are_refused():
    data = blobs()
    with pytest.raises(InputError, match="some rows have no label") as fact:
        QUICK.fit(Dataset(data.X, [None, *data.y[1:]], data.ids), seed=0)
    assert fact.value.where == "rows id row 0"
    assert "complete_ids" in fact.value.fix
    holes = data.X.copy()
    holes[4, 2] = np.nan
    with pytest.raises(InputError, match="missing or infinite") as fact:
        TorchLearner(small, encoding="raw").fit(Dataset(holes, data.y), seed=0)
    assert 'encoding="space"' in fact.value.fix
    with pytest.raises(InputError, match="needs an array of numbers or images") as fact:
        TorchLearner(small, encoding="raw").fit(Dataset(pd.DataFrame({"a": ["x", "y"] * 9}), [0, 1] * 9), seed=0)
    assert 'encoding="auto"' in fact.value.fix
    with pytest.raises(InputError, match="cross-entropy needs classes") as fact:
        TorchLearner(small, loss="cross_entropy").fit(Dataset(data.X, data.X[:, 0]), seed=0)
    assert "squared_error" in fact.value.fix
    with pytest.raises(InputError, match="all rows have weight 0") as fact:
        QUICK.fit(data.with_weights(np.zeros(200)), seed=0)
    assert "positive weight" in fact.value.fix
    with pytest.raises(InputError, match="target describes other rows") as fact:
        QUICK.fit(data.take(np.arange(50)), seed=0, target=describe_target(data.y))
    assert "codes=target.codes[rows]" in fact.value.fix
