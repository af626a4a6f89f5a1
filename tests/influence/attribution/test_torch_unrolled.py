"""Unrolled training: autograd through every step, central differences, the loop it stands for, and its smoothness."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 (after the skip)
from torch.func import functional_call  # noqa: E402

from samplewise.core.errors import InputError  # noqa: E402
from samplewise.data import Dataset  # noqa: E402
from samplewise.engine.models import TorchLearner  # noqa: E402
from samplewise.influence import training_smoothness, unrolled_attribution  # noqa: E402
from samplewise.influence.attribution.torch_replay import Replay  # noqa: E402
from samplewise.influence.attribution.torch_unrolled import NUDGES, _opened  # noqa: E402


def smooth_network(outputs=3):
    """Tanh, in double precision."""
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs)).double()


def kinked_network():
    return nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 3)).double()


def learner(make=smooth_network, **options):
    settings = {"epochs": 4, "batch": 6, "rate": 0.2, "optimizer": "sgd", "decay": 0.01, "encoding": "raw"}
    return TorchLearner(make, **(settings | options))


def clouds(rows=20, seed=0):
    draw = np.random.default_rng(seed)
    codes = np.arange(rows) % 3
    return draw.normal(size=(rows, 3)) + np.eye(3)[codes], codes


DATA, QUERIES = clouds(), clouds(4, seed=1)


def margins(outputs, codes):
    rows = np.arange(len(codes))
    others = outputs.copy()
    others[rows, codes] = -np.inf
    return outputs[rows, codes] - np.log(np.exp(others).sum(axis=1))


def test_the_replay_ends_where_the_loop_ends():
    chosen = learner()
    run = _opened(chosen, DATA, QUERIES, "margin", 3)
    fitted = chosen.fit(Dataset(*DATA), seed=3)
    last = run.replay.run(run._ones())
    for name, weights in fitted.module.named_parameters():
        assert torch.allclose(weights, last[name], atol=1e-12)
    assert run._after(run._ones()) == pytest.approx(margins(fitted.outputs(QUERIES[0]), QUERIES[1]), abs=1e-10)


@pytest.mark.parametrize("target", ["margin", "loss"])
@pytest.mark.parametrize("weights", [None, np.linspace(0.2, 2, 20)])
def test_central_differences(target, weights):
    data = Dataset(*DATA, weights=weights)
    found = unrolled_attribution(data, QUERIES, learner=learner(), target=target, check=False)
    run = _opened(learner(), data, QUERIES, target, 0)
    for row in (0, 7, 19):
        nudge = torch.zeros(20, dtype=torch.double)
        nudge[row] = 1e-5
        slope = (run._after(run._ones() + nudge) - run._after(run._ones() - nudge)) / 2e-5
        assert found.values[:, row] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_autograd_through_every_step():
    """The whole run kept as one graph gives the same derivative, all rows at once."""
    run = _opened(learner(epochs=2), DATA, QUERIES, "margin", 0)
    row_weights = torch.ones(20, dtype=torch.double, requires_grad=True)
    state = run.replay.first()
    weights = {name: value.requires_grad_() for name, value in state.weights.items()}
    speed = state.velocity
    for step, batch in enumerate(run.replay.batches):
        loss = (row_weights[torch.from_numpy(batch)] * run.replay.losses(weights, batch)).sum()
        slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        speed = {k: 0.9 * speed[k] + g + 0.01 * weights[k] for (k, g) in zip(weights, slopes, strict=True)}
        weights = {k: weights[k] - run.replay.rate(step) * speed[k] for k in weights}
    outputs = functional_call(run.replay.training.module, weights, (run.queried.inputs,))
    for query, label in enumerate(QUERIES[1]):
        others = torch.cat([outputs[query, :label], outputs[query, label + 1 :]])
        margin = outputs[query, label] - torch.logsumexp(others, 0)
        (expected,) = torch.autograd.grad(margin, row_weights, retain_graph=True)
        assert run.values()[query] == pytest.approx(expected.numpy(), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("stride", [1, 3, 100])
def test_kept_states_change_nothing(stride, monkeypatch):
    straight = unrolled_attribution(DATA, QUERIES, learner=learner(), check=False).values
    monkeypatch.setattr(Replay, "stride", stride)
    again = unrolled_attribution(DATA, QUERIES, learner=learner(), check=False).values
    np.testing.assert_array_equal(again, straight)


def test_queries_together_or_one_by_one(monkeypatch):
    together = unrolled_attribution(DATA, QUERIES, learner=learner(), check=False)
    monkeypatch.setattr("samplewise.influence.attribution.torch_unrolled.QUERY_BYTES", 1.0)
    apart = unrolled_attribution(DATA, QUERIES, learner=learner(), check=False)
    assert apart.values == pytest.approx(together.values, rel=1e-9)
    assert together.unit == "margin"


def test_row_order_changes_nothing():
    turned = np.random.default_rng(2).permutation(20)
    data = Dataset(*DATA)
    straight = unrolled_attribution(data, QUERIES, learner=learner(), check=False)
    shuffled = unrolled_attribution(data.take(turned), QUERIES, learner=learner(), check=False)
    assert shuffled.values == pytest.approx(straight.values[:, turned], abs=1e-9)
    assert shuffled.ids.tolist() == turned.tolist()


def test_numbers_are_in_the_units_of_the_label():
    X, y = DATA[0], 40.0 * DATA[0][:, 0] + 300
    options = {"make": partial(smooth_network, 1), "loss": "squared_error"}
    found = unrolled_attribution((X, y), (X[:3], y[:3]), learner=learner(**options), check=False)
    run = _opened(learner(**options), (X, y), (X[:3], y[:3]), "auto", 0)
    nudge = torch.zeros(20, dtype=torch.double)
    nudge[4] = 1e-5
    slope = (run._after(run._ones() + nudge) - run._after(run._ones() - nudge)) / 2e-5
    assert found.unit == "output"
    assert found.values[:, 4] == pytest.approx(slope, rel=1e-5)
    outputs = learner(**options).fit(Dataset(X, y), seed=0).outputs(X[:3])[:, 0]
    assert run._after(run._ones()) + y.mean() == pytest.approx(outputs)


def test_small_changes_of_a_smooth_run_are_predicted():
    found = training_smoothness(DATA, QUERIES, learner=learner())
    assert found.smooth
    assert found.factor < 1.2
    assert found.nudges.tolist() == list(NUDGES)
    assert found.slopes[0] == pytest.approx(found.exact, rel=1e-2)


def test_a_run_with_kinks_at_a_high_rate_warns():
    wild = learner(kinked_network, epochs=20, rate=0.5, batch=5, decay=0.0)
    with pytest.warns(UserWarning, match="not smooth"):
        unrolled_attribution(DATA, QUERIES, learner=wild)


def test_a_smooth_run_does_not_warn(recwarn):
    unrolled_attribution(DATA, QUERIES, learner=learner())
    assert not [caught for caught in recwarn if "not smooth" in str(caught.message)]


def normalized():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))


def dropped():
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 3))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: unrolled_attribution(DATA, QUERIES, learner=learner(optimizer="adam")), "without make_objective"),
        (lambda: unrolled_attribution(DATA, QUERIES, learner="logistic"), r"use influence\.Attributor"),
        (lambda: unrolled_attribution(DATA, QUERIES, learner=learner(normalized)), "(?s)layer '1'.*LayerNorm"),
        (lambda: unrolled_attribution(DATA, QUERIES, learner=learner(dropped)), "(?s)layer '1'.*no Dropout"),
        (lambda: unrolled_attribution(DATA, QUERIES, learner=learner(), target="logit"), "known: auto, margin"),
        (lambda: unrolled_attribution(DATA, QUERIES, learner=learner(), target="output"), "target='margin'"),
        (lambda: training_smoothness(DATA, (QUERIES[0], None), learner=learner()), "one label per row"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(InputError, match=text):
        call()
