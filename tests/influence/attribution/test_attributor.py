"""Attribution of trained modules: against explicit p by p algebra, and under the laws every method must keep."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.gradients.gradient_sources import sources_of
from samplewise.engine.gradients.tangents import Tangents, output_sums
from samplewise.influence import Attributor

torch = pytest.importorskip("torch")

EXACT = ("tangent_kernel", "dual_fisher", "dual_margin", "ekfac_exact")
EFFECTS = (*EXACT, "ekfac", "gauss_newton", "sketch", "two_sided", "gradient_similarity")
METHODS = (*EFFECTS, "representation")


def perceptron(seed=0, hidden=6, classes=3, dtype=torch.float64):
    torch.manual_seed(seed)
    layers = torch.nn.Linear(5, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, classes)
    return torch.nn.Sequential(*layers).to(dtype).eval()


def rows(count=40, seed=1, classes=3):
    draw = np.random.default_rng(seed)
    return draw.normal(size=(count, 5)), draw.integers(0, classes, count)


def trained(seed=0, **options):
    module, (X, y) = perceptron(seed, **options), rows()
    dtype = next(module.parameters()).dtype
    optimizer = torch.optim.Adam(module.parameters(), 0.05)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.as_tensor(X, dtype=dtype)), torch.as_tensor(y)).backward()
        optimizer.step()
    return module


def explicit(module, X, y, of):
    """(n, p) gradients, one row at a time."""
    found = []
    for x, label in zip(torch.as_tensor(X), torch.as_tensor(y), strict=True):
        out = module(x[None])[0]
        if of == "loss":
            value = torch.nn.functional.cross_entropy(out[None], label[None])
        else:
            others = torch.cat([out[:label], out[label + 1 :]])
            value = out[label] - torch.logsumexp(others, 0)
        found.append(torch.cat([g.ravel() for g in torch.autograd.grad(value, list(module.parameters()))]).numpy())
    return np.array(found)


@pytest.fixture(scope="module")
def module():
    return trained()


@pytest.fixture(scope="module")
def queried():
    return rows(7, seed=2)


def test_the_dual_fisher_is_the_fisher_matrix_inverted_in_full(module, queried):
    G, psi = explicit(module, *rows(), "loss"), explicit(module, *queried, "margin")
    ridge = 0.1 * np.mean(np.square(G).sum(axis=1))
    expected = -psi @ np.linalg.solve(G.T @ G + ridge * np.eye(G.shape[1]), G.T)
    fitted = Attributor(module, method="dual_fisher").fit(rows())
    np.testing.assert_allclose(fitted.attribute(queried).values, expected, rtol=1e-8, atol=1e-12)
    own = np.sum(G * np.linalg.solve(G.T @ G + ridge * np.eye(G.shape[1]), G.T).T, axis=1)
    np.testing.assert_allclose(fitted.self_influence().values, own, rtol=1e-8)


def test_the_dual_margin_is_a_step_of_logistic_regression_on_the_linearized_module(module, queried):
    F, psi = explicit(module, *rows(), "margin"), explicit(module, *queried, "margin")
    X, y = rows()
    p = torch.softmax(module(torch.as_tensor(X)), 1).detach().numpy()[np.arange(len(y)), y]
    ridge = np.mean(np.square(F).sum(axis=1))
    expected = psi @ np.linalg.solve(F.T @ F + ridge * np.eye(F.shape[1]), F.T) * (1 - p)
    found = Attributor(module, method="dual_margin").fit(rows()).attribute(queried).values
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


def test_gradient_similarity_is_the_plain_product_at_every_checkpoint(queried):
    modules, rates = [trained(0), trained(1)], (0.5, 2.0)
    expected = 0.0
    for rate, module in zip(rates, modules, strict=True):
        expected = expected - rate * explicit(module, *queried, "margin") @ explicit(module, *rows(), "loss").T
    found = Attributor(modules, method="gradient_similarity", rates=rates).fit(rows()).attribute(queried).values
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("method", ["dual_fisher", "ekfac_exact", "ekfac"])
def test_a_large_ridge_leaves_gradient_similarity(queried, method):
    torch.manual_seed(0)
    module = torch.nn.Linear(5, 3).double().eval()  # one layer: every layer of EK-FAC has a ridge of its own
    plain = Attributor(module, method="gradient_similarity").fit(rows()).attribute(queried).values
    damped = Attributor(module, method=method, ridge=1e5).fit(rows()).attribute(queried).values
    scale = (damped * plain).sum() / np.square(plain).sum()
    np.testing.assert_allclose(damped / scale, plain, atol=1e-4 * np.abs(plain).max())


def test_exact_and_cut_curvature_agree_and_more_of_the_spectrum_agrees_better(module, queried):
    exact = Attributor(module, method="ekfac_exact").fit(rows()).attribute(queried).values
    cut = Attributor(module, method="ekfac").fit(rows()).attribute(queried).values
    np.testing.assert_allclose(cut, exact, atol=1e-8 * np.abs(exact).max())  # 16 terms are all of a 7 by 6 layer


def test_factored_curvature_is_exact_where_inputs_and_cotangents_are_independent():
    torch.manual_seed(0)
    module = torch.nn.Linear(4, 3).double().eval()
    with torch.no_grad():
        module.weight.zero_(), module.bias.zero_()  # p is uniform: cotangents depend on the label alone
    X = np.repeat(np.random.default_rng(0).normal(size=(20, 4)), 3, axis=0)
    y = np.tile([0, 1, 2], 20)
    G, psi = explicit(module, X, y, "loss"), explicit(module, X[:5], y[:5], "margin")
    n = len(G)
    curvature = G.T @ G / n
    ridge = 0.1 * np.trace(curvature) / len(curvature)
    expected = -psi @ np.linalg.solve(curvature + ridge * np.eye(len(curvature)), G.T) / n
    found = Attributor(module, method="ekfac_exact").fit((X, y)).attribute((X[:5], y[:5])).values
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_permuting_rows_permutes_columns(module, queried, method):
    X, y = rows()
    order = np.random.default_rng(3).permutation(len(y))
    one = Attributor(module, method=method).fit((X, y)).attribute(queried).values
    other = Attributor(module, method=method).fit(Dataset(X[order], y[order], ids=order)).attribute(queried).values
    close = 1e-3 if method == "gauss_newton" else 1e-9  # conjugate gradients stop within 1e-4
    np.testing.assert_allclose(other, one[:, order], rtol=1e-7, atol=close * np.abs(one).max())


@pytest.mark.parametrize("method", METHODS)
def test_duplicates_get_equal_values_and_a_query_does_not_depend_on_the_other_queries(module, queried, method):
    X, y = rows()
    fitted = Attributor(module, method=method).fit((np.r_[X, X[:1]], np.r_[y, y[:1]]))
    values = fitted.attribute(queried).values
    scale = np.abs(values).max()
    np.testing.assert_allclose(values[:, -1], values[:, 0], rtol=1e-6, atol=1e-10 * scale)
    alone = fitted.attribute((queried[0][2:3], queried[1][2:3])).values
    close = {"gauss_newton": 1e-4, "sketch": 1e-6}.get(method, 1e-10)  # sketches are kept in single precision
    np.testing.assert_allclose(alone[0], values[2], rtol=1e-7, atol=close * scale)


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_bits_and_one_instance_leaves_the_next_alone(module, queried, method):
    def values(**options):
        return Attributor(module, method=method, **options).fit(rows()).attribute(queried).values

    first = values()
    values(ridge=3.0, seed=5)
    np.testing.assert_array_equal(values(), first)


@pytest.mark.parametrize("method", EFFECTS)
def test_effects_point_the_way_of_a_refit(method):
    """A row's copy in the queries is helped by it: the sign convention, once, for all methods."""
    module = trained()
    X, y = rows()
    values = Attributor(module, method=method).fit((X, y)).attribute((X, y)).values
    assert (np.diag(values) > 0).mean() > 0.9


def jacobian(module, X):
    """(n, c, p) derivatives of every output."""
    parameters = list(module.parameters())
    found = []
    for out in module(torch.as_tensor(X)):
        grads = [torch.autograd.grad(value, parameters, retain_graph=True) for value in out]
        found.append(np.array([torch.cat([g.ravel() for g in grad]).numpy() for grad in grads]))
    return np.array(found)


def kernel_ridge(K, k, Y, added):
    return k @ np.linalg.solve(K + added * np.eye(len(K)), Y - Y_MEAN) + Y_MEAN


Y_MEAN = np.eye(3)[rows()[1]].mean(axis=0)


def test_the_tangent_kernel_gives_what_refits_of_the_linearized_module_give(module, queried):
    (X, y), (Q, q) = rows(), queried
    J, JQ = jacobian(module, X), jacobian(module, Q)
    lengths = [np.linalg.norm(one.reshape(len(one), -1), axis=1) for one in (J, JQ)]
    K, k = (
        np.einsum("icp,jcp->ij", one, J) / np.outer(own, lengths[0]) for one, own in zip((J, JQ), lengths, strict=True)
    )
    Y, added = np.eye(3)[y], 1.0
    logits = torch.as_tensor(module(torch.as_tensor(Q)).detach())
    others = logits.masked_fill(torch.nn.functional.one_hot(torch.as_tensor(q), 3).bool(), -torch.inf)
    slopes = np.eye(3)[q] - torch.softmax(others, 1).numpy()
    fitted = Attributor(module, method="tangent_kernel", ridge=1.0).fit((X, y))
    values, whole = fitted.attribute(queried).values, kernel_ridge(K, k, Y, added)
    for group in ([0], [7], [3, 8, 21]):
        stay = np.delete(np.arange(len(y)), group)
        without = kernel_ridge(K[np.ix_(stay, stay)], k[:, stay], Y[stay], added)
        expected = np.sum(slopes * (whole - without), axis=1)
        np.testing.assert_allclose(fitted.effect_of_removing(group, queried).values, expected, rtol=1e-7, atol=1e-11)
        if len(group) == 1:
            np.testing.assert_allclose(values[:, group[0]], expected, rtol=1e-7, atol=1e-11)


def test_the_tangent_regression_fits_its_rows_no_better_than_the_network_did(queried):
    """A network stopped early is answered for at a higher ridge; one that fits its rows keeps the mean diagonal."""
    X, _ = rows(200)
    y = np.random.default_rng(0).integers(0, 3, 200)  # labels that only a long training can fit
    untrained = Attributor(perceptron(hidden=60), method="tangent_kernel").fit((X, y))
    assert untrained.ridge > 10
    easy = X[:, :3].argmax(axis=1)
    module = perceptron(hidden=60)
    optimizer = torch.optim.Adam(module.parameters(), 0.02)
    for _ in range(200):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.as_tensor(X)), torch.as_tensor(easy)).backward()
        optimizer.step()
    assert Attributor(module, method="tangent_kernel").fit((X, easy)).ridge == 1.0


def test_random_sums_of_many_outputs_give_the_kernel_of_all_in_the_mean():
    module, (X, y) = perceptron(classes=12), rows(20, classes=12)
    J = jacobian(module, X)
    (source,) = sources_of(module, "cross_entropy", None, None)
    drawn = [Tangents.of(source, (X, y), output_sums(12, seed), unit=False).kernel() for seed in range(60)]
    expected = np.einsum("icp,jcp->ij", J, J)
    np.testing.assert_allclose(np.mean(drawn, axis=0), expected, atol=0.1 * np.abs(expected).max())


def test_least_squares_of_a_linear_module_is_ridge_regression():
    """For numbers the tangent kernel is not scaled, so that a linear module gives what a refit of ridge gives."""
    torch.manual_seed(0)
    module = torch.nn.Linear(5, 1).double().eval()
    X, y = rows()[0], rows()[0] @ [1.0, -1, 0, 2, 0]
    Q = rows(6, seed=5)[0]
    Z, ZQ = (np.column_stack([one, np.ones(len(one))]) for one in (X, Q))
    added = np.mean(np.square(Z).sum(axis=1))

    def answer(keep):
        A = Z[keep].T @ Z[keep] + added * np.eye(6)
        return ZQ @ np.linalg.solve(A, Z[keep].T @ (y - y.mean())[keep])

    everyone = np.arange(len(y))
    values = Attributor(module, method="tangent_kernel", ridge=1.0).fit((X, y)).attribute((Q, np.zeros(6))).values
    for i in (0, 9):
        np.testing.assert_allclose(values[:, i], answer(everyone) - answer(np.delete(everyone, i)), rtol=1e-8)


def test_several_models_are_averaged(queried):
    modules = [trained(0), trained(1)]
    alone = [Attributor(m, method="dual_fisher").fit(rows()).attribute(queried).values for m in modules]
    both = Attributor(modules, method="dual_fisher").fit(rows()).attribute(queried).values
    np.testing.assert_allclose(both, np.mean(alone, axis=0), rtol=1e-10, atol=1e-14)


def test_two_sided_is_the_block_fisher_where_every_direction_is_kept(module, queried):
    G, psi = explicit(module, *rows(), "loss"), explicit(module, *queried, "margin")
    n, first = len(G), 5 * 6 + 6
    expected = 0.0
    for own in (slice(0, first), slice(first, None)):
        curvature = G[:, own].T @ G[:, own] / n
        ridge = 0.1 * np.trace(curvature) / len(curvature)
        expected = expected - psi[:, own] @ np.linalg.solve(curvature + ridge * np.eye(len(curvature)), G[:, own].T) / n
    found = Attributor(module, method="two_sided").fit(rows()).attribute(queried).values
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-11)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_conjugate_gradients_invert_the_gauss_newton_matrix(module, queried, loss):
    (X, y), (Q, q) = rows(), queried
    J, n = jacobian(module, X), len(y)
    p = torch.softmax(module(torch.as_tensor(X)), 1).detach().numpy()
    curved = p[:, :, None] * np.eye(3) - p[:, :, None] * p[:, None, :] if loss == "cross_entropy" else np.eye(3)[None]
    curvature = np.einsum("icp,icd,idq->pq", J, np.broadcast_to(curved, (n, 3, 3)), J) / n
    outputs = module(torch.as_tensor(X)).detach().numpy()
    G = np.einsum("ic,icp->ip", (p if loss == "cross_entropy" else outputs) - np.eye(3)[y], J)
    added = 0.1 * np.mean(np.square(G).sum(axis=1)) / n
    psi = explicit(module, Q, q, "margin")
    whole = curvature + added * np.eye(len(curvature))
    expected = -psi @ np.linalg.solve(whole, G.T) / n
    fitted = Attributor(module, method="gauss_newton", loss=loss).fit((X, y))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(fitted.attribute(queried, target="margin").values, expected, atol=2e-3 * scale)
    own = np.einsum("ip,ip->i", G, np.linalg.solve(whole, G.T).T) / n
    np.testing.assert_allclose(fitted.self_influence().values, own, atol=2e-3 * own.max())
    group = fitted.effect_of_removing([3, 8], queried, target="margin").values
    np.testing.assert_allclose(group, expected[:, [3, 8]].sum(axis=1), atol=2e-3 * scale)


def test_a_callable_forward_serves_every_method(queried):
    module = trained()
    wrapped = torch.nn.ModuleDict({"inner": module})

    def forward(held, inputs):
        return held["inner"](inputs)

    for method in ("tangent_kernel", "dual_fisher", "gauss_newton"):
        plain = Attributor(module, method=method).fit(rows()).attribute(queried).values
        called = Attributor(wrapped, method=method, forward=forward).fit(rows()).attribute(queried).values
        np.testing.assert_allclose(called, plain, rtol=1e-6, atol=1e-10)


def test_removing_a_group_is_the_newton_step_without_its_curvature(module, queried):
    G, psi = explicit(module, *rows(), "loss"), explicit(module, *queried, "margin")
    ridge, group = 0.1 * np.mean(np.square(G).sum(axis=1)), [3, 8, 21]
    stay = np.delete(G, group, axis=0)
    expected = -psi @ np.linalg.solve(stay.T @ stay + ridge * np.eye(G.shape[1]), G[group].sum(axis=0))
    found = Attributor(module, method="dual_fisher").fit(rows()).effect_of_removing(group, queried)
    np.testing.assert_allclose(found.values, expected, rtol=1e-8)


@pytest.mark.parametrize(
    "method", ["dual_margin", "ekfac", "ekfac_exact", "sketch", "two_sided", "gradient_similarity"]
)
def test_elsewhere_a_group_is_the_sum_of_its_rows(module, queried, method):
    fitted = Attributor(module, method=method).fit(rows())
    together = fitted.effect_of_removing([3, 8], queried).values
    np.testing.assert_allclose(together, fitted.attribute(queried).values[:, [3, 8]].sum(axis=1), rtol=1e-5, atol=1e-7)


def test_the_loss_as_target_has_the_sign_of_the_loss(module, queried):
    fitted = Attributor(module, method="dual_fisher").fit(rows())
    margin, loss = (fitted.attribute(queried, target=target) for target in ("margin", "loss"))
    X, y = queried
    p = torch.softmax(module(torch.as_tensor(X)), 1).detach().numpy()[np.arange(len(y)), y]
    np.testing.assert_allclose(loss.values, -(1 - p)[:, None] * margin.values, rtol=1e-7, atol=1e-12)
    assert loss.unit == "loss"


def test_auto_says_what_it_chose_and_why(module):
    fitted = Attributor(module).fit(rows())
    assert fitted.method == "tangent_kernel"
    assert "fits in" in repr(fitted)
    small = Attributor(module, memory="12MB").fit(rows(3000))
    assert small.method == "sketch"


def test_the_sketch_nears_the_margin_kernel_as_it_grows(module, queried):
    exact = Attributor(module, method="dual_margin").fit(rows()).attribute(queried).values
    found = Attributor(module, method="sketch").fit(rows()).attribute(queried).values
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.95


def test_bad_input_is_refused_in_words(module, queried):
    with pytest.raises(InputError, match="dual_fisher"):
        Attributor(module, method="dual_fischer")
    with pytest.raises(InputError, match="queries have no rows"):
        Attributor(module).fit(rows()).attribute((np.empty((0, 5)), np.empty(0, int)))
    with pytest.raises(InputError, match='method="sketch"'):
        Attributor(module, method="dual_fisher", memory="1kB").fit(rows())
    with pytest.raises(InputError, match="is too small for any method"):
        Attributor(module, memory="1kB").fit(rows(3000))
    with pytest.raises(InputError, match="trained torch module"):
        Attributor("resnet").fit(rows())
    with pytest.raises(InputError, match="ridge"):
        Attributor(module, ridge=-1.0)
    with pytest.raises(InputError, match="one rate per checkpoint"):
        Attributor([module, module], method="gradient_similarity", rates=(1.0,)).fit(rows())
    with pytest.raises(InputError, match="ids"):
        Attributor(module).fit(rows()).effect_of_removing([999], queried)
    with pytest.raises(InputError, match="rates weigh checkpoints"):
        Attributor(module, rates=(1.0,))
    with pytest.raises(InputError, match="size is that of a sketch"):
        Attributor(module, size=512)
    with pytest.raises(InputError, match="ids repeat"):
        Attributor(module).fit(rows()).attribute(Dataset(queried[0][:2], queried[1][:2], ids=["a", "a"]))


def test_regression_explains_the_output(queried):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double().eval()
    X, _ = rows()
    y = X[:, 0] - X[:, 1]
    fitted = Attributor(module, method="dual_fisher").fit((X, y))
    found = fitted.attribute((X[:3], y[:3]))
    assert found.unit == "output"
    out = module(torch.as_tensor(X))[:, 0]
    J = jacobian(module, X)[:, 0]
    G = (out.detach().numpy() - y)[:, None] * J
    ridge = 0.1 * np.mean(np.square(G).sum(axis=1))
    expected = -J[:3] @ np.linalg.solve(G.T @ G + ridge * np.eye(J.shape[1]), G.T)
    np.testing.assert_allclose(found.values, expected, rtol=1e-8, atol=1e-12)


def test_sketches_stay_in_a_folder_and_serve_again(module, queried, tmp_path):
    first = Attributor(module, method="sketch", run_dir=tmp_path / "kept").fit(rows()).attribute(queried).values
    assert (tmp_path / "kept" / "model0" / "sketch.npy").exists()
    again = Attributor(module, method="sketch", run_dir=tmp_path / "kept").fit(rows()).attribute(queried).values
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(Attributor(module, method="sketch").fit(rows()).attribute(queried).values, first)
    with pytest.raises(InputError, match="another run"):
        Attributor(module, method="sketch", run_dir=tmp_path / "kept", seed=1).fit(rows())


def test_a_longer_sketch_is_nearer_to_the_exact_kernel(module, queried):
    exact = Attributor(module, method="dual_margin").fit(rows()).attribute(queried).values.ravel()
    found = [
        Attributor(module, method="sketch", size=size).fit(rows()).attribute(queried).values for size in (16, 4096)
    ]
    short, long = (np.corrcoef(values.ravel(), exact)[0, 1] for values in found)
    assert long > 0.97 > short


def test_a_sketch_as_long_as_the_rows_needs_a_ridge(module):
    with pytest.raises(InputError, match="needs a ridge"):
        Attributor(module, method="sketch", ridge=0.0).fit(rows())
