"""Curvature of the loss: against autograd's own Hessian, least squares, and what the numbers cannot say."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.gradients import LossCurvature
from samplewise.engine.models import TorchLearner, dense_network
from samplewise.generalization import curvature_spectrum

torch = pytest.importorskip("torch")
DRAW = np.random.default_rng(0)
X, CODES, NUMBERS = DRAW.normal(size=(40, 3)), DRAW.integers(0, 3, 40), DRAW.normal(size=(40, 3))
LOSSES = {
    "cross_entropy": (CODES, torch.nn.CrossEntropyLoss()),
    "squared_error": (NUMBERS, lambda outputs, y: (outputs - y).square().sum(1).mean() / 2),
}


def network(kind=torch.nn.Tanh, width=4, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, width), kind(), torch.nn.Linear(width, 3)).double().eval()


def outputs_by_weights(module):
    """Outputs of all rows as a function of one flat vector of weights, and that vector."""
    names = {name: held.shape for name, held in module.named_parameters()}
    flat = torch.nn.utils.parameters_to_vector(module.parameters()).detach()

    def outputs(weights):
        parts = torch.split(weights, [shape.numel() for shape in names.values()])
        state = {name: part.reshape(shape) for (name, shape), part in zip(names.items(), parts, strict=True)}
        return torch.func.functional_call(module, state, (torch.as_tensor(X),))

    return outputs, flat


def hessian(module, loss):
    labels, mean_loss = LOSSES[loss]
    outputs, flat = outputs_by_weights(module)
    return torch.func.hessian(lambda weights: mean_loss(outputs(weights), torch.as_tensor(labels)))(flat).numpy()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_hessian_is_that_of_autograd(loss):
    module, labels = network(), LOSSES[loss][0]
    expected = hessian(module, loss)
    curved = LossCurvature(module, (X, labels), loss)
    np.testing.assert_allclose(curved.product(np.eye(curved.size)), expected, atol=1e-12)
    values = np.linalg.eigvalsh(expected)
    whole = curvature_spectrum((X, labels), module=module, loss=loss, n_eigenvalues=5, method="exact")
    found = curvature_spectrum((X, labels), module=module, loss=loss, n_eigenvalues=5)
    for one in (whole, found):
        np.testing.assert_allclose(one.largest, values[::-1][:5], rtol=1e-6)
        assert one.lowest == pytest.approx(values[0], rel=1e-5)
        assert one.size == len(values)
    assert whole.trace.value == pytest.approx(values.sum())
    assert found.residuals.max() < 1e-5 * values[-1]
    assert found.mean_loss == pytest.approx(LOSSES[loss][1](module(torch.as_tensor(X)), torch.as_tensor(labels)).item())


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gauss_newton_part_is_the_one_written_out(loss):
    module = network()
    outputs, flat = outputs_by_weights(module)
    J = torch.func.jacrev(outputs)(flat).numpy()  # (n, c, p)
    bend = np.broadcast_to(np.eye(3), (40, 3, 3))
    if loss == "cross_entropy":
        share = outputs(flat).softmax(1).numpy()
        bend = np.einsum("nc,cd->ncd", share, np.eye(3)) - share[:, :, None] * share[:, None]
    expected = np.einsum("ncp,ncd,ndq->pq", J, bend, J) / 40
    found = curvature_spectrum((X, LOSSES[loss][0]), module=module, loss=loss, matrix="gauss_newton", n_eigenvalues=4)
    np.testing.assert_allclose(found.largest, np.linalg.eigvalsh(expected)[::-1][:4], rtol=1e-6)
    assert found.lowest > -1e-10


def test_least_squares_has_the_second_moments_of_its_rows():
    line = torch.nn.Linear(3, 1, bias=False).double()
    for matrix in ("hessian", "gauss_newton"):
        found = curvature_spectrum((X, NUMBERS[:, 0]), module=line, matrix=matrix, n_eigenvalues=3, method="exact")
        np.testing.assert_allclose(found.largest, np.linalg.eigvalsh(X.T @ X / 40)[::-1])


def test_the_density_and_its_shares_are_those_of_all_eigenvalues():
    module = network(width=12)
    values = np.linalg.eigvalsh(hessian(module, "cross_entropy"))
    found = curvature_spectrum((X, CODES), module=module, n_probes=20)
    grid, heights = found.density()
    assert np.trapezoid(heights, grid) == pytest.approx(1.0, abs=1e-3)
    assert np.trapezoid(heights * grid, grid) == pytest.approx(values.mean(), rel=0.1)
    for value in (0.02 * values[-1], 0.3 * values[-1]):
        share = found.share_above(value)
        assert share.low - 0.01 <= np.mean(values > value) <= share.high + 0.01
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)


def test_the_interval_of_the_trace_covers_it():
    module = network(width=2)
    total = np.trace(hessian(module, "squared_error"))
    options = {"module": module, "loss": "squared_error", "n_eigenvalues": 1, "n_probes": 5}
    found = [curvature_spectrum((X, NUMBERS), **options, seed=seed).trace for seed in range(25)]
    assert np.mean([one.low <= total <= one.high for one in found]) >= 0.85
    assert np.mean([one.value for one in found]) == pytest.approx(total, rel=0.08)


def test_sharpness_is_not_a_property_of_the_function():
    """A hundred times the first layer, a hundredth of the second: the same function, a sharper minimum (dinh2017)."""
    module, scaled = network(torch.nn.ReLU), network(torch.nn.ReLU)
    with torch.no_grad():
        scaled[0].weight *= 100
        scaled[0].bias *= 100
        scaled[2].weight /= 100
    np.testing.assert_allclose(module(torch.as_tensor(X)).detach(), scaled(torch.as_tensor(X)).detach(), atol=1e-12)
    one, other = (curvature_spectrum((X, CODES), module=each, n_eigenvalues=1, n_probes=2) for each in (module, scaled))
    assert other.largest[0] > 100 * one.largest[0]
    assert other.mean_loss == pytest.approx(one.mean_loss)


def test_a_fitted_network_and_single_precision():
    data = Dataset(X, np.array(["a", "b", "c"])[CODES])
    fitted = TorchLearner(dense_network, epochs=3).fit(data, seed=0)
    single = curvature_spectrum(data, module=fitted, n_eigenvalues=3, n_probes=2)
    fitted.module.double()
    double = curvature_spectrum(data, module=fitted, n_eigenvalues=3, n_probes=2)
    np.testing.assert_allclose(single.largest, double.largest, rtol=1e-4)
    assert single.matrix == "hessian"


def test_losses_of_ones_own_and_those_without_curvature():
    module = network()
    own = curvature_spectrum(
        (X, CODES),
        module=module,
        loss=lambda out, y: torch.nn.functional.cross_entropy(out, y.long(), reduction="none"),
        n_eigenvalues=2,
    )
    np.testing.assert_allclose(
        own.largest, curvature_spectrum((X, CODES), module=module, n_eigenvalues=2).largest, rtol=1e-6
    )
    flat = curvature_spectrum(
        (X, None), module=torch.nn.Linear(3, 1).double(), loss=lambda out, y: out[:, 0], n_eigenvalues=2, method="exact"
    )
    assert flat.largest.tolist() == [0.0, 0.0]
    assert np.isfinite(flat.density()[1]).all()


def test_the_same_seed_gives_the_same_bits():
    one, other = (
        curvature_spectrum((X, CODES), module=network(), n_eigenvalues=2, n_probes=3, seed=4) for _ in range(2)
    )
    np.testing.assert_array_equal(one.nodes, other.nodes)
    np.testing.assert_array_equal(one.largest, other.largest)


@pytest.mark.parametrize(
    ("change", "part", "text"),
    [
        ({"method": "power"}, "fix", "lanczos"),
        ({"matrix": "fisher"}, "fix", "gauss_newton"),
        ({"n_eigenvalues": 0}, "fix", "use n_eigenvalues=10, at least 1"),
        ({"n_eigenvalues": 31}, "fix", "exact"),
        ({"n_probes": 1}, "fix", "n_probes=10"),
        ({"matrix": "gauss_newton", "loss": "margin"}, "fix", "cross_entropy"),
        ({"module": network().train().append(torch.nn.Dropout())}, "fix", "eval()"),
        ({"module": dense_network((3,), 3, (700,)), "method": "exact"}, "where", "4,000"),
        ({"data": (X, None)}, "fix", "(X, y)"),
        ({"data": (np.where(np.arange(40)[:, None] == 3, np.nan, X), CODES)}, "fix", "rows"),
    ],
)
def test_what_has_no_curvature_is_refused(change, part, text):
    given = {"module": network(), "data": (X, CODES)} | change
    with pytest.raises(InputError) as caught:
        curvature_spectrum(given.pop("data"), module=given.pop("module"), **given)
    assert text in getattr(caught.value, part)


def test_only_torch_modules_have_second_derivatives():
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(InputError) as caught:
        curvature_spectrum((X, CODES), module=LogisticRegression().fit(X, CODES))
    assert "TorchLearner" in caught.value.fix
