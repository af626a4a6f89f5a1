"""Faults that have been found in attribution libraries, each as a test: none of them may come in here."""

import numpy as np
import pytest

from samplewise.engine.gradients import OuterGradients
from samplewise.influence import Attributor
from samplewise.influence.attribution import ekfac as factored

torch = pytest.importorskip("torch")

draw = np.random.default_rng(0)
X, y = draw.normal(size=(80, 6)), draw.integers(0, 3, 80)
Q, q = draw.normal(size=(10, 6)), draw.integers(0, 3, 10)


def trained(*layers):
    module = torch.nn.Sequential(*layers).double()
    optimizer = torch.optim.Adam(module.parameters(), 0.03)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.as_tensor(X)), torch.as_tensor(y)).backward()
        optimizer.step()
    return module.eval()


def perceptron():
    torch.manual_seed(0)
    return trained(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


def values(module, method, **options):
    return Attributor(module, method=method, **options).fit((X, y)).attribute((Q, q)).values


def gradients(module, A, b, of):
    found = []
    for x, label in zip(torch.as_tensor(A), torch.as_tensor(b), strict=True):
        out = module(x[None])[0]
        loss = torch.nn.functional.cross_entropy(out[None], label[None])
        value = loss if of == "loss" else out[label] - torch.cat([out[:label], out[label + 1 :]]).logsumexp(0)
        found.append([g.numpy().ravel() for g in torch.autograd.grad(value, list(module.parameters()))])
    return [np.array(part) for part in zip(*found, strict=True)]


def exact_blocks(module, diagonal=False):
    """Influence under the Fisher matrix of every layer by itself, or under its diagonal alone."""
    G, psi = gradients(module, X, y, "loss"), gradients(module, Q, q, "margin")
    total = 0.0
    for weight in range(0, len(G), 2):  # a layer's weight and bias
        g, p = (np.hstack(part[weight : weight + 2]) for part in (G, psi))
        fisher = g.T @ g / len(g)
        fisher = np.diag(np.diag(fisher)) if diagonal else fisher
        ridge = 0.1 * np.trace(fisher) / len(fisher)
        total = total - p @ np.linalg.solve(fisher + ridge * np.eye(len(fisher)), g.T) / len(g)
    return total


def test_factored_curvature_is_nearer_to_the_exact_blocks_than_diagonal_or_transposed_bases_are(monkeypatch):
    """One library rotates by the transposed eigenvectors."""
    module = perceptron()
    exact = exact_blocks(module).ravel()

    def likeness(found):
        return np.corrcoef(found.ravel(), exact)[0, 1]

    ours = likeness(values(module, "ekfac_exact"))
    assert ours > likeness(exact_blocks(module, diagonal=True))
    eigh = factored.linalg.eigh
    monkeypatch.setattr(factored.linalg, "eigh", lambda A, **options: (eigh(A)[0], eigh(A)[1].T))
    assert ours > likeness(values(module, "ekfac_exact"))


def test_the_signs_of_eigenvectors_change_nothing(monkeypatch):
    module = perceptron()
    plain = {method: values(module, method) for method in ("ekfac", "ekfac_exact")}
    eigh = factored.linalg.eigh

    def flipped(matrix, **options):
        strengths, vectors = eigh(matrix, **options)
        return strengths, vectors * np.where(np.arange(len(strengths)) % 2, -1.0, 1.0)

    monkeypatch.setattr(factored.linalg, "eigh", flipped)
    for method, expected in plain.items():
        np.testing.assert_allclose(values(module, method), expected, rtol=1e-8, atol=1e-12)


def test_the_basis_makes_the_factors_diagonal():
    fitted = Attributor(perceptron(), method="ekfac").fit((X, y))
    for block in fitted.prepared.blocks:
        assert isinstance(block.rows, OuterGradients)
        for moment in block.rows.moments():
            outside = moment - np.diag(np.diag(moment))
            assert np.abs(outside).sum() < 1e-5 * np.abs(moment).sum()


@pytest.mark.parametrize("method", ["tangent_kernel", "dual_fisher", "ekfac_exact"])
def test_norms_and_embeddings_count_and_frozen_parameters_do_not(method):
    torch.manual_seed(0)
    module = trained(torch.nn.LayerNorm(6), torch.nn.Linear(6, 3))
    whole = values(module, method)
    module[0].requires_grad_(False)
    frozen = values(module, method)
    assert not np.allclose(whole, frozen)
    np.testing.assert_allclose(frozen, values(module, method, layers=["1"]), rtol=1e-9)


@pytest.mark.parametrize("size", [1, 7, 64, 100])
def test_short_sketches_are_no_crash(size):
    assert np.isfinite(values(perceptron(), "sketch", size=size)).all()


def test_scores_change_with_the_parameters_and_with_the_query():
    module = perceptron()
    trained = values(module, "tangent_kernel")
    torch.manual_seed(7)
    for part in module:
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    assert np.corrcoef(trained.ravel(), values(module, "tangent_kernel").ravel())[0, 1] < 0.95
    tops = {tuple(np.sort(np.argsort(-row)[:5])) for row in trained}
    assert len(tops) > 5


def test_a_nan_is_named_and_never_passed_on():
    broken = X.copy()
    broken[3, 2] = np.nan
    with pytest.raises(Exception, match="3"):
        Attributor(perceptron()).fit((broken, y))
