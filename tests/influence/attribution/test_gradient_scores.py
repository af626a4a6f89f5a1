"""Gradient norms and coherence against gradients taken one row at a time."""

import warnings

import numpy as np
import pytest

from samplewise.influence import gradient_coherence, gradient_norm

torch = pytest.importorskip("torch")

draw = np.random.default_rng(0)
X, y = draw.normal(size=(30, 4)), draw.integers(0, 3, 30)


def module(seed=0, scale=3.0):
    torch.manual_seed(seed)
    made = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).double().eval()
    with torch.no_grad():
        made[2].weight *= scale
    return made


def gradients(made):
    found = []
    for x, label in zip(torch.as_tensor(X), torch.as_tensor(y), strict=True):
        loss = torch.nn.functional.cross_entropy(made(x[None]), label[None])
        found.append(torch.cat([g.ravel() for g in torch.autograd.grad(loss, list(made.parameters()))]).numpy())
    return np.array(found)


@pytest.mark.filterwarnings("ignore:the model's loss")
def test_norms_and_coherence_are_those_of_the_gradients_written_out():
    G = gradients(module())
    np.testing.assert_allclose(gradient_norm((X, y), module=module()).values, np.linalg.norm(G, axis=1), rtol=1e-10)
    others = G.sum(axis=0) - G
    cosines = np.sum(G * others, axis=1) / np.linalg.norm(G, axis=1) / np.linalg.norm(others, axis=1)
    np.testing.assert_allclose(gradient_coherence((X, y), module=module()).values, cosines, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:the model's loss")
def test_several_models_give_a_mean_and_its_error():
    alone = np.stack([gradient_norm((X, y), module=module(seed)).values for seed in range(3)])
    together = gradient_norm((X, y), module=[module(seed) for seed in range(3)])
    np.testing.assert_allclose(together.values, alone.mean(axis=0))
    np.testing.assert_allclose(together.spread, alone.std(axis=0, ddof=1) / np.sqrt(3))


def test_a_model_no_better_than_the_baseline_is_warned_about_and_a_trained_one_is_not():
    with pytest.warns(UserWarning, match="is the baseline's"):
        gradient_norm((X, y), module=module(scale=0.01))
    made = module()
    easy = made(torch.as_tensor(X)).argmax(1).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradient_norm((X, easy), module=made)
