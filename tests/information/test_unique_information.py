"""Unique information through its public door: networks, heads, kernels, several stops, and what is refused."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.models import FullBatchDescent
from samplewise.information import Converged, GradientDescent, GradientFlow, LinearizedNetwork, unique_information

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)
X, QUERIES = RNG.normal(size=(24, 3)), RNG.normal(size=(15, 3))
NUMBERS, CLASSES = RNG.normal(size=24), RNG.integers(0, 3, 24)
DESCENT = GradientDescent(steps=300, rate=0.05)


def network(outputs=1, width=16, seed=0):
    torch.manual_seed(seed)
    layers = (torch.nn.Linear(3, width), torch.nn.Tanh(), torch.nn.Linear(width, outputs))
    return torch.nn.Sequential(*layers).double().eval()


def jacobian(module, rows):
    """(n, c, p), by autograd, and the outputs (n, c)."""
    names = dict(module.named_parameters())
    inputs = torch.tensor(rows)

    def outputs(*weights):
        return torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (inputs,))

    parts = torch.autograd.functional.jacobian(outputs, tuple(names.values()))
    answers = outputs(*names.values()).detach().numpy()
    return np.concatenate([part.reshape(*answers.shape, -1).numpy() for part in parts], axis=2), answers


def descended(J, residuals, steps, rate, rows):
    """Weight change (p,) of literal descent on the mean loss of the linearized network."""
    A, r = J[rows].reshape(-1, J.shape[2]), residuals[rows].ravel()
    w = np.zeros(J.shape[2])
    for _ in range(steps):
        w -= rate / len(rows) * A.T @ (A @ w - r)
    return w


@pytest.mark.parametrize("outputs", [1, 3])
def test_a_linearized_network_trained_literally_without_each_row(outputs):
    """Both quantities, held-out outputs and influence, against a training of its own for every row."""
    module = network(outputs)
    labels = NUMBERS if outputs == 1 else CLASSES
    found = unique_information((X, labels), module=module, test=QUERIES, training=DESCENT, noise=0.5)
    (J, start), (Q, _) = jacobian(module, X), jacobian(module, QUERIES)
    targets = NUMBERS[:, None] if outputs == 1 else np.eye(3)[CLASSES]
    everything = np.arange(24)
    whole = descended(J, targets - start, 300, 0.05, everything)
    change = np.array([whole - descended(J, targets - start, 300, 0.05, np.delete(everything, i)) for i in range(24)])
    moved = np.einsum("mcp,np->mnc", Q, change)
    np.testing.assert_allclose(found.weights.values, np.square(change).sum(axis=1) / 0.5, rtol=1e-7)
    np.testing.assert_allclose(found.functional.values, np.square(moved).sum(axis=2).mean(axis=0) / 0.5, rtol=1e-7)
    held_out = start + np.einsum("ncp,np->nc", J, whole - change)
    np.testing.assert_allclose(found.held_out_outputs, held_out, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(
        found.held_out_surprise.values, np.linalg.norm(targets - held_out, axis=1), rtol=1e-7, atol=1e-9
    )
    influence = found.influence(QUERIES)
    np.testing.assert_allclose(influence.values, moved, rtol=1e-6, atol=1e-10)
    at_start = module(torch.tensor(QUERIES)).detach().numpy()
    np.testing.assert_allclose(
        found.outputs(QUERIES), at_start + np.einsum("mcp,p->mc", Q, whole), rtol=1e-7, atol=1e-9
    )
    assert influence.values.shape == (15, 24, outputs)


def test_sets_of_rows_are_trained_without_all_of_their_members():
    module = network()
    source = np.repeat(["a", "b", "c"], [3, 5, 16])
    found = unique_information(
        Dataset(X, NUMBERS, segments={"source": source}), module=module, test=QUERIES, training=DESCENT
    )
    (J, start), (Q, _) = jacobian(module, X), jacobian(module, QUERIES)
    residuals, everything = NUMBERS[:, None] - start, np.arange(24)
    whole = descended(J, residuals, 300, 0.05, everything)
    by_name = found.segment("source")
    for name, value in zip(by_name.keys, by_name.values, strict=True):
        change = whole - descended(J, residuals, 300, 0.05, np.flatnonzero(source != name))
        assert value == pytest.approx(np.square(Q[:, 0] @ change).mean() / 2, rel=1e-6)
    assert by_name.axis == "segment"
    np.testing.assert_allclose(found.segment(source).values, by_name.values)
    assert by_name.values[2] != pytest.approx(found.functional.values[8:].sum(), rel=0.2)


def test_chosen_layers_alone_move():
    module = network()
    found = unique_information((X, NUMBERS), module=LinearizedNetwork(module, layers=["2"]), training=DESCENT)
    with torch.no_grad():
        hidden = module[:2](torch.tensor(X)).numpy()
    start = module(torch.tensor(X)).detach().numpy()
    own = unique_information(
        (hidden, NUMBERS), module="linear", training=DESCENT, initial_outputs=start,
    )  # fmt: skip
    np.testing.assert_allclose(found.functional.values, own.functional.values, rtol=1e-7)
    np.testing.assert_allclose(found.weights.values, own.weights.values, rtol=1e-7)


def test_one_kernel_for_all_outputs_and_a_sketch_of_it_are_close():
    module = network(3, width=200)
    exact, shared, sketch = (
        unique_information((X, CLASSES), module=LinearizedNetwork(module, **form), test=QUERIES, training=DESCENT)
        for form in ({"outputs": "exact"}, {"outputs": "shared"}, {"sketch": 6000})
    )
    assert np.corrcoef(exact.functional.values, shared.functional.values)[0, 1] > 0.98
    assert np.corrcoef(sketch.functional.values, shared.functional.values)[0, 1] > 0.98
    assert 0 < sketch.diagnostics.kernel_error < 0.2
    assert any("share the mean" in notes for notes in shared.diagnostics.warnings)
    assert any("sketch of 6,000" in notes for notes in sketch.diagnostics.warnings)


def test_several_stops_share_their_spectrum_and_each_is_its_own():
    stops = unique_information((X, NUMBERS), module="linear", training=GradientDescent([5, 50, 500], 0.1))
    assert stops.stops == (5, 50, 500)
    alone = unique_information((X, NUMBERS), module="linear", training=GradientDescent(50, 0.1))
    np.testing.assert_array_equal(stops.at(50).functional.values, alone.functional.values)
    assert stops.at(5).functional.values.sum() < stops.functional.values.sum()
    times = unique_information((X, NUMBERS), module="linear", training=GradientFlow([5.0, 50.0], 0.1))
    np.testing.assert_allclose(times.functional.values, alone.functional.values, rtol=0.1)
    with pytest.raises(InputError, match="at this stopping time") as caught:
        stops.at(7)
    assert "[5, 50, 500]" in caught.value.fix


def test_a_precomputed_kernel_is_the_same_model():
    with_one = np.hstack([X, np.ones((24, 1))])
    seen = np.hstack([QUERIES, np.ones((15, 1))])
    own = unique_information((X, NUMBERS), module="linear", test=QUERIES, training=DESCENT)
    gram = unique_information(
        gram=with_one @ with_one.T, test_gram=seen @ with_one.T, targets=NUMBERS, training=DESCENT
    )
    np.testing.assert_allclose(gram.functional.values, own.functional.values, rtol=1e-8)
    np.testing.assert_allclose(gram.influence(seen @ with_one.T).values, own.influence(QUERIES).values, atol=1e-10)
    named = unique_information(
        Dataset(X, NUMBERS, ids=np.arange(100, 124)), gram=with_one @ with_one.T, training=DESCENT
    )
    assert named.functional.keys[0] == 100


def test_scale_order_and_turned_outputs():
    """Noise is a pure scale; rows in another order, or outputs turned, change nothing."""
    targets = RNG.normal(size=(24, 3))
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    order = RNG.permutation(24)

    def functional(targets=targets, rows=slice(None), noise=1.0):
        given = (X[rows], targets[rows])
        return unique_information(given, module="linear", test=QUERIES, training=DESCENT, noise=noise).functional.values

    np.testing.assert_allclose(functional(noise=3.0), functional() / 9.0, rtol=1e-12)
    np.testing.assert_allclose(functional(targets @ turn), functional(), rtol=1e-9)
    np.testing.assert_allclose(functional(rows=order), functional()[order], rtol=1e-8)


def test_scikit_learn_models_as_they_were_fitted():
    """Held-out outputs are those of the estimator fitted without the row."""
    rows = np.arange(24)
    for estimator, labels in (
        (Ridge(2.0), NUMBERS),
        (LinearRegression(), NUMBERS),
        (KernelRidge(alpha=0.5, kernel="rbf"), NUMBERS),
    ):
        estimator.fit(X, labels)
        found = unique_information((X, labels), module=estimator, test=QUERIES)
        without = type(estimator)(**estimator.get_params()).fit(np.delete(X, 3, 0), np.delete(labels, 3))
        np.testing.assert_allclose(found.outputs(QUERIES)[:, 0], estimator.predict(QUERIES), rtol=1e-6)
        np.testing.assert_allclose(found.held_out_outputs[3, 0], without.predict(X[[3]])[0], rtol=1e-6)
        moved = estimator.predict(QUERIES) - without.predict(QUERIES)
        np.testing.assert_allclose(found.functional.values[3], np.square(moved).mean() / 2, rtol=1e-6)
        np.testing.assert_allclose(found.influence(QUERIES).values[:, 3, 0], moved, rtol=1e-5, atol=1e-10)
        assert len(found.functional) == len(rows)


def test_a_scikit_learn_network_is_linearized_without_torch():
    model = MLPRegressor(hidden_layer_sizes=(8,), max_iter=3, random_state=0).fit(X, NUMBERS)
    found = unique_information((X, NUMBERS), module=model, training=DESCENT)
    assert np.isfinite(found.functional.values).all()
    assert found.diagnostics.route == "poles"


def test_a_logistic_head_is_one_newton_step_away():
    estimator = LogisticRegression(C=0.5, tol=1e-10).fit(X, CLASSES == 1)
    found = unique_information((X, CLASSES == 1), module=estimator, test=QUERIES)
    without = LogisticRegression(C=0.5, tol=1e-10).fit(np.delete(X, 3, 0), np.delete(CLASSES == 1, 3))
    moved = estimator.decision_function(QUERIES) - without.decision_function(QUERIES)
    assert found.functional.values[3] == pytest.approx(np.square(moved).mean() / 2, rel=0.1)
    coefficients = np.square(estimator.coef_ - without.coef_).sum() / 2
    assert found.weights.values[3] == pytest.approx(coefficients, rel=0.1)
    assert found.held_out_surprise.unit == "probability"
    assert not found.diagnostics.exact
    assert "Newton" in found.diagnostics.warnings[0]


def test_the_last_layer_of_a_module_as_a_cross_entropy_head():
    module = network(3)
    found = unique_information((X, CLASSES), module=module, loss="cross_entropy", training=Converged(1.0))
    with torch.no_grad():
        hidden = module[:2](torch.tensor(X)).numpy()
    own = unique_information((hidden, CLASSES), module="linear", loss="cross_entropy", training=Converged(1.0))
    np.testing.assert_allclose(found.functional.values, own.functional.values, rtol=1e-6)


def test_the_default_head_answers_the_same_questions():
    labels = np.array(["a", "b"])[(X[:, 0] > 0).astype(int)]
    found = unique_information((X, labels), test=(QUERIES, np.array(["a", "b"])[(QUERIES[:, 0] > 0).astype(int)]))
    order = RNG.permutation(24)
    again = unique_information(Dataset(X[order], labels[order], ids=order), test=QUERIES)
    np.testing.assert_allclose(found.functional.values, again.functional.aligned_to(np.arange(24)).values, rtol=1e-8)
    np.testing.assert_allclose(found.held_out_outputs[order], again.held_out_outputs, rtol=1e-8)
    one, two = found.influence(QUERIES).values, again.influence(QUERIES).values
    np.testing.assert_allclose(one[:, order], two, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(
        np.square(one).sum(axis=2).mean(axis=0) / 2, found.functional.values, rtol=1e-7,
    )  # fmt: skip
    np.testing.assert_allclose(
        found.segment(labels == "a").values, again.segment(labels[order] == "a").values, rtol=1e-7
    )
    kept = found.select(0.5)
    assert len(kept.ids) == 12
    assert np.isfinite(kept.cost.value)


def test_rows_are_chosen_by_every_strategy_and_what_it_costs_is_measured():
    rng = np.random.default_rng(1)
    rows, labels = rng.normal(size=(120, 4)), rng.integers(0, 2, 120)
    rows[:, 0] += 3 * labels
    other = rng.normal(size=(300, 4)), rng.integers(0, 2, 300)
    other[0][:, 0] += 3 * other[1]
    found = unique_information((rows, labels), module="linear", test=other, training=GradientDescent(500, 0.05))
    for strategy in ("iterative", "once", "random", "top"):
        kept = found.select(0.4, strategy, step=0.1)
        assert len(kept.ids) == 48
        assert sorted([*kept.ids, *kept.dropped]) == list(range(120))
        assert kept.cost.low <= kept.cost.value <= kept.cost.high
        assert kept.cost.unit == "points of accuracy"
    least = found.functional.top(5, largest=False).keys
    assert set(least) <= set(found.select(0.4, "once").dropped[:5])
    assert set(found.functional.top(5).keys) == set(found.select(0.4, "top").dropped[:5])
    gone = found.select(0.9, step=0.05).dropped
    assert list(gone[:6]) == list(found.functional.top(6, largest=False).keys)
    without = unique_information(
        (np.delete(rows, gone[:6], 0), np.delete(labels, gone[:6])), module="linear", test=other,
        training=GradientDescent(500, 0.05),
    )  # fmt: skip
    left = np.delete(np.arange(120), gone[:6])
    assert list(gone[6:]) == list(left[without.functional.top(6, largest=False).keys])


def test_the_cost_is_that_of_training_on_the_rest():
    rng = np.random.default_rng(2)
    rows, labels = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    other = rng.normal(size=(100, 3)), rng.integers(0, 2, 100)
    recipe = GradientDescent(200, 0.1)
    kept = unique_information((rows, labels), module="linear", test=other, training=recipe).select(0.5)

    def right(ids):
        A, B = (np.hstack([block, np.ones((len(block), 1))]) for block in (rows[ids], other[0]))
        w = np.zeros(4)
        for _ in range(200):
            w -= 0.1 / len(ids) * A.T @ (A @ w - labels[ids])
        return ((B @ w > 0.5) == other[1]).mean()

    assert kept.cost.value == pytest.approx(100 * (right(kept.ids) - right(np.arange(40))))


def test_without_labeled_validation_rows_there_is_no_cost_and_it_says_why():
    kept = unique_information((X, NUMBERS), module="linear", test=QUERIES, training=DESCENT).select(0.5)
    assert np.isnan(kept.cost.value)
    assert "test=(X, y)" in kept.cost.reason


def test_a_wide_network_follows_its_linearization_and_a_trained_one_has_little_left_to_learn():
    module, recipe = network(1, width=512), GradientDescent(300, 0.01)
    found = unique_information((X, X[:, 0]), module=module, test=QUERIES, training=recipe, trained="train")
    assert found.diagnostics.linearity.r_squared > 0.98
    assert found.diagnostics.linearity.kernel_drift < 0.05
    assert 0 < found.diagnostics.step_share < 1
    after = FullBatchDescent(1500, 0.02).trained(module, X, X[:, :1], np.arange(24))
    again = unique_information((X, X[:, 0]), module=after, training=recipe)
    assert any("little left to learn" in notes for notes in again.diagnostics.warnings)
    zero = unique_information((X, X[:, 0]), module=after, training=recipe, initial_outputs=0.0)
    assert not any("little left" in notes for notes in zero.diagnostics.warnings)
    given = unique_information((X, X[:, 0]), module=module, test=QUERIES, training=recipe, trained=after)
    assert given.diagnostics.linearity.r_squared < found.diagnostics.linearity.r_squared


def test_the_real_training_is_literal_descent_with_a_pull_to_the_start():
    module = torch.nn.Linear(3, 1).double()
    made = FullBatchDescent(50, 0.1, 0.5, 0.3).trained(module, X, NUMBERS[:, None], np.arange(24))
    w = start = np.r_[module.weight.detach().numpy()[0], module.bias.detach().numpy()]
    A, velocity = np.hstack([X, np.ones((24, 1))]), np.zeros(4)
    for _ in range(50):
        velocity = 0.5 * velocity + A.T @ (A @ w - NUMBERS) / 24 + 0.3 * (w - start)
        w = w - 0.1 * velocity
    np.testing.assert_allclose(np.r_[made.weight.detach().numpy()[0], made.bias.detach().numpy()], w, rtol=1e-9)


def test_interpolating_a_singular_kernel_says_so():
    twice = np.vstack([X[:4], X[:2]])
    found = unique_information((twice, np.r_[NUMBERS[:4], NUMBERS[:2]]), module="linear", training=Converged())
    assert any("singular" in notes for notes in found.diagnostics.warnings)
    assert np.isfinite(found.functional.values).all()


class Nets:
    """Modules that cannot be linearized."""

    normalized = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    dropped = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1)).eval()


BROKEN = X.copy()
BROKEN[4, 1] = np.nan


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: unique_information((X, NUMBERS), module="linear", training=GradientDescent(5, 9.0)),
            "use a rate below",
        ),
        (lambda: unique_information((X, NUMBERS), module="linear"), "pass training=GradientDescent"),
        (lambda: unique_information((BROKEN, NUMBERS), module="linear", training=DESCENT), "rows id 4"),
        (lambda: unique_information((BROKEN, NUMBERS), module=network(), training=DESCENT), "rows id 4"),
        (
            lambda: unique_information(
                (X, np.where(np.arange(24) == 5, np.nan, NUMBERS)), module=network(), training=DESCENT
            ),
            "rows id 5",
        ),
        (lambda: unique_information((X, NUMBERS), module=Nets.normalized.train(), training=DESCENT), "(?i)batchnorm"),
        (lambda: unique_information((X, NUMBERS), module=Nets.dropped, training=DESCENT, trained="train"), "Dropout"),
        (lambda: unique_information((X, NUMBERS), module=network(3), training=DESCENT), "targets and outputs differ"),
        (lambda: unique_information((X, CLASSES + 5), module=network(2), training=DESCENT), "3 classes, 2 outputs"),
        (lambda: unique_information((X, NUMBERS), module="linear", training=DESCENT, test=X[:0]), "(?i)no rows"),
        (lambda: unique_information((X, NUMBERS), module="linear", training=DESCENT, test=X[:, :2]), "2 columns"),
        (lambda: unique_information((X, NUMBERS), noise=0.0), "noise must be"),
        (lambda: unique_information((X, NUMBERS[:5]), module="linear", training=DESCENT), "one label per row"),
        (lambda: unique_information((X, NUMBERS), module="lineal", training=DESCENT), "did you mean 'linear'"),
        (
            lambda: unique_information((X, NUMBERS), gram=np.eye(24), module="linear", training=DESCENT),
            "leave one of them",
        ),
        (lambda: unique_information((X, NUMBERS), gram=np.eye(5), training=DESCENT), "5 rows in the kernel"),
        (lambda: unique_information(gram=np.eye(5), training=DESCENT), "pass targets=y"),
        (
            lambda: unique_information(
                gram=np.eye(5), targets=np.arange(5) / 3, test_gram=np.ones((0, 5)), training=DESCENT
            ),
            "no rows",
        ),
        (lambda: unique_information(module="linear", training=DESCENT), "pass X and y"),
        (lambda: unique_information((X, None), module="linear", training=DESCENT), "has no labels"),
        (
            lambda: unique_information((X, NUMBERS), module=Ridge(), training=Converged(1.0), trained="train"),
            "leave it out",
        ),
        (
            lambda: unique_information((X, NUMBERS), module=network(), training=DESCENT, trained="tuned"),
            "the word train",
        ),
        (
            lambda: unique_information((X, NUMBERS), module=network(), training=Converged(1.0), trained="train"),
            "takes steps",
        ),
        (lambda: unique_information((X, CLASSES), module="linear", loss="cross_entropy"), "only with a penalty"),
        (
            lambda: unique_information((X, NUMBERS), module="linear", loss="cross_entropy", training=Converged(1.0)),
            "needs classes",
        ),
        (lambda: unique_information((X, CLASSES), module="linear", loss="hinge"), "loss cannot be 'hinge'"),
        (lambda: unique_information((X, NUMBERS), training=DESCENT), "at its optimum only"),
        (
            lambda: unique_information((X, NUMBERS), module="linear", training=DESCENT, initial_outputs=np.ones(3)),
            "before training",
        ),
        (lambda: LinearizedNetwork(network(), outputs="all"), "outputs cannot be 'all'"),
        (lambda: LinearizedNetwork(network(), outputs="exact", sketch=5), "a sketch is of the shared"),
        (lambda: unique_information((X, NUMBERS)).segment("source"), "column of segments"),
        (lambda: unique_information((X, NUMBERS)).segment([1, 2]), "one value per row"),
        (lambda: unique_information((X, NUMBERS)).select(30), "did you mean 0.3"),
        (lambda: unique_information((X, NUMBERS)).select(0.5, "best"), "strategy cannot be 'best'"),
    ],
)
def test_what_cannot_be_answered_is_refused(call, text):
    with pytest.raises(InputError, match=text):
        call()


def test_a_kernel_too_large_for_memory_names_the_form_to_use(monkeypatch):
    monkeypatch.setattr("samplewise.information.linearized.usable_memory", lambda: 8_000)
    with pytest.raises(InputError, match="shared"):
        unique_information((X, CLASSES), module=LinearizedNetwork(network(3), outputs="exact"), training=DESCENT)
    with pytest.raises(InputError, match="sketch=4096"):
        unique_information((X, CLASSES), module=LinearizedNetwork(network(3), outputs="shared"), training=DESCENT)


def test_texts_are_no_plain_features():
    with pytest.raises(InputError, match="encode them"):
        unique_information((np.array([["a"], ["b"]] * 5), np.arange(10) % 2), module="linear", training=DESCENT)
