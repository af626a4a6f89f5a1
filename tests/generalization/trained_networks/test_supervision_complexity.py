"""Complexity of targets in a kernel: against dense algebra, brute-force refits, simulation, and what is refused."""

import numpy as np
import pytest
from scipy import linalg

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.generalization import supervision_complexities, supervision_complexity

torch = pytest.importorskip("torch")
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(30, 4))
SIGNS = np.where(X[:, 0] + 0.3 * DRAW.normal(size=30) > 0, 1.0, -1.0)
CODES = DRAW.integers(0, 3, 30)
GRAM = np.exp(-0.2 * np.square(X[:, None] - X).sum(axis=2))


def network(outputs=3, width=6, seed=0):
    torch.manual_seed(seed)
    layers = (torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, outputs))
    return torch.nn.Sequential(*layers).double().eval()


def jacobian(module, rows):
    """(n, c, p) by central differences."""
    state = torch.nn.utils.parameters_to_vector(module.parameters()).detach()
    found = []
    for place in range(len(state)):
        ends = []
        for step in (1e-5, -1e-5):
            moved = state.clone()
            moved[place] += step
            torch.nn.utils.vector_to_parameters(moved, module.parameters())
            ends.append(module(torch.as_tensor(rows)).detach().numpy())
        found.append((ends[0] - ends[1]) / 2e-5)
    torch.nn.utils.vector_to_parameters(state, module.parameters())
    return np.stack(found, axis=2)


def centered(codes):
    return np.eye(3)[codes] - 1 / 3


def dense(gram, targets, ridge):
    """A and f by one solve; targets (N, k)."""
    solved = linalg.solve(gram + ridge * np.eye(len(gram)), targets, assume_a="pos")
    return float((solved * (gram @ solved)).sum()), gram @ solved, solved


def test_signs_in_the_identity_have_complexity_one_whatever_its_scale():
    for scale in (1e-6, 1.0, 1e6):
        found = supervision_complexity(None, targets=SIGNS, kernel=scale * np.eye(30), ridge=0.0)
        assert found.adjusted.value == pytest.approx(1.0, rel=1e-12)
        assert found.relative.value == pytest.approx(1.0, rel=1e-12)


def test_signs_are_never_easier_than_one_over_the_root_of_n():
    easiest = supervision_complexity(None, targets=SIGNS, kernel=np.outer(SIGNS, SIGNS), ridge=0.0)
    assert easiest.adjusted.value == pytest.approx(30**-0.5, rel=1e-9)
    assert supervision_complexity(None, targets=SIGNS, kernel=GRAM, ridge=0.0).adjusted.value > 30**-0.5


def test_the_scale_of_the_kernel_changes_nothing_and_that_of_the_targets_is_taken_out_of_relative():
    one = supervision_complexity(None, targets=SIGNS, kernel=GRAM)
    other = supervision_complexity(None, targets=3 * SIGNS, kernel=1e5 * GRAM)
    assert other.adjusted.value == pytest.approx(3 * one.adjusted.value, rel=1e-9)
    assert other.relative.value == pytest.approx(one.relative.value, rel=1e-9)
    larger = supervision_complexity(None, targets=SIGNS, kernel=1e5 * GRAM)
    assert larger.margin_bound().value == pytest.approx(one.margin_bound().value, rel=0.1)


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.1])
def test_random_targets_are_as_hard_as_the_closed_form_says(ridge):
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(2000, 30))
    expected = supervision_complexity(None, targets=SIGNS, kernel=GRAM, ridge=ridge).random
    norms = np.array([dense(GRAM, one[:, None], ridge * np.trace(GRAM) / 30)[0] for one in signs])
    drawn = np.sqrt(norms * np.trace(GRAM)) / 30
    assert np.sqrt(np.square(drawn).mean()) == pytest.approx(expected.value, rel=0.02)
    assert 0.92 < np.mean((drawn >= expected.low) & (drawn <= expected.high)) < 0.99


@pytest.mark.parametrize("form", ["shared", "full"])
def test_random_labels_of_a_network_are_as_hard_as_the_closed_form_says(form):
    balanced = np.arange(30) % 3
    drawn = {str(draw): np.random.default_rng(draw).integers(0, 3, 30) for draw in range(400)}
    found = supervision_complexities((X, balanced), targets=drawn | {"given": balanced}, kernel=network(), form=form)
    expected = found["given"].random
    norms = np.array([found[name].adjusted.value for name in drawn])
    assert np.sqrt(np.square(norms).mean()) == pytest.approx(expected.value, rel=0.03)
    assert 0.9 < np.mean((norms >= expected.low) & (norms <= expected.high)) < 0.99


def test_a_vanishing_ridge_agrees_with_a_solve():
    expected = np.sqrt(SIGNS @ linalg.solve(GRAM, SIGNS) * np.trace(GRAM)) / 30
    for ridge in (1e-12, 0.0):
        found = supervision_complexity(None, targets=SIGNS, kernel=GRAM, ridge=ridge)
        assert found.adjusted.value == pytest.approx(expected, rel=1e-3 if ridge else 1e-9)
    assert found.contributions.values.sum() == pytest.approx(expected**2, rel=1e-9)
    assert found.unreachable == 0.0


def test_the_norm_is_that_of_the_least_weights_that_fit():
    wide = np.random.default_rng(2).normal(size=(20, 50))
    weights = np.linalg.lstsq(wide, SIGNS[:20], rcond=None)[0]
    found = supervision_complexity(None, targets=SIGNS[:20], kernel=wide, ridge=0.0)
    assert found.adjusted.value == pytest.approx(np.sqrt(weights @ weights * np.square(wide).sum()) / 20, rel=1e-9)


def test_features_and_their_inner_products_say_the_same():
    narrow = np.hstack([X, X**2])
    one = supervision_complexity((X, CODES), kernel=narrow)
    other = supervision_complexity((X, CODES), kernel=narrow @ narrow.T)
    for name in ("adjusted", "relative", "random", "held_out_error"):
        assert getattr(one, name).value == pytest.approx(getattr(other, name).value, rel=1e-6)
    np.testing.assert_allclose(one.contributions.values, other.contributions.values, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(one.held_out_margins.values, other.held_out_margins.values, rtol=1e-6)
    assert one.unreachable == pytest.approx(other.unreachable, rel=1e-6)
    assert one.unreachable > 0.1
    assert one.margin_bound().value == pytest.approx(other.margin_bound().value)


@pytest.mark.parametrize("form", ["shared", "full"])
def test_the_kernel_of_a_network_is_that_of_its_finite_differences(form):
    J = jacobian(network(), X)
    n, c, _ = J.shape
    if form == "shared":
        gram, targets = np.einsum("ncp,mcp->nm", J, J) / c, centered(CODES)
    else:
        gram, targets = J.reshape(n * c, -1) @ J.reshape(n * c, -1).T, centered(CODES).reshape(-1, 1)
    found = supervision_complexity((X, CODES), kernel=network(), form=form)
    norm, outputs, solved = dense(gram, targets, 1e-3 * np.trace(gram) / len(gram))
    assert found.adjusted.value == pytest.approx(np.sqrt(norm * np.trace(gram)) / n, rel=1e-5)
    parts = (solved * targets).reshape(n, -1).sum(axis=1) * np.trace(gram) / n**2
    np.testing.assert_allclose(found.contributions.values, parts, rtol=1e-4)
    outputs = outputs.reshape(n, c)
    own = outputs[np.arange(n), CODES]
    outputs[np.arange(n), CODES] = -np.inf
    np.testing.assert_allclose(found._margins, own - outputs.max(axis=1), rtol=1e-4, atol=1e-7)


def test_ten_parameters_and_one_output():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Tanh(), torch.nn.Linear(1, 1)).double().eval()
    J = jacobian(module, X)[:, 0]
    norm = dense(J @ J.T, SIGNS[:, None], 1e-3 * np.square(J).sum() / 30)[0]
    found = supervision_complexity((X, (SIGNS > 0).astype(int)), kernel=module)
    assert found.adjusted.value == pytest.approx(np.sqrt(norm * np.square(J).sum()) / 30, rel=1e-5)


@pytest.mark.parametrize("form", ["shared", "full"])
def test_rows_left_out_are_really_left_out(form):
    module, ridge = network(), 0.05
    J = jacobian(module, X)
    gram = np.einsum("ncp,mcp->nm", J, J) / 3 if form == "shared" else np.einsum("ncp,mdp->ncmd", J, J)
    trace = np.trace(gram) if form == "shared" else np.einsum("ncnc->", gram)
    added = ridge * trace / (30 if form == "shared" else 90)
    margins = []
    for row in range(30):
        rest = np.delete(np.arange(30), row)
        if form == "shared":
            outputs = gram[row, rest] @ dense(gram[np.ix_(rest, rest)], centered(CODES)[rest], added)[2]
        else:
            kept = gram[rest][:, :, rest].reshape(87, 87)
            outputs = (
                gram[row][:, rest].reshape(3, 87) @ dense(kept, centered(CODES)[rest].reshape(-1, 1), added)[2][:, 0]
            )
        margins.append(outputs[CODES[row]] - np.delete(outputs, CODES[row]).max())
    found = supervision_complexity((X, CODES), kernel=module, form=form, ridge=ridge)
    np.testing.assert_allclose(found.held_out_margins.values, margins, rtol=1e-4, atol=1e-6)
    assert found.held_out_error.value == pytest.approx(np.mean(np.array(margins) <= 0))


def test_two_outputs_count_by_their_difference():
    module = network(outputs=2)
    J = jacobian(module, X)
    gram = (J[:, 1] - J[:, 0]) @ (J[:, 1] - J[:, 0]).T
    found = supervision_complexity((X, (SIGNS > 0).astype(int)), kernel=module)
    by_hand = supervision_complexity(None, targets=SIGNS, kernel=gram)
    assert found.adjusted.value == pytest.approx(by_hand.adjusted.value, rel=1e-5)


def test_what_is_left_to_learn_falls_in_training():
    module, rows = network(width=32), torch.as_tensor(X)
    labels = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    before = supervision_complexity((X, labels), kernel=module, residual=True)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(rows), torch.as_tensor(labels)).backward()
        optimizer.step()
    after = supervision_complexity((X, labels), kernel=module, residual=True)
    assert after.adjusted.value < 0.5 * before.adjusted.value
    assert after.held_out_margins is None


def test_softer_teachers_seem_easier_mostly_by_being_smaller():
    logits = 3 * X[:, :3] @ np.random.default_rng(3).normal(size=(3, 3))
    soft = {f"{heat}": np.exp(logits / heat) / np.exp(logits / heat).sum(axis=1, keepdims=True) for heat in (1, 20)}
    found = supervision_complexities((X, None), targets=soft | {"codes": CODES}, kernel="rbf")
    smaller = found["20"].adjusted.value / found["1"].adjusted.value
    easier = found["20"].relative.value / found["1"].relative.value
    assert smaller < 0.1
    assert easier > 2 * smaller
    assert found["codes"].relative.value > found["1"].relative.value


def test_one_call_for_several_targets_equals_several_calls():
    both = supervision_complexities((X, CODES), targets={"a": CODES, "b": SIGNS}, kernel="laplacian")
    alone = supervision_complexity((X, CODES), targets=SIGNS, kernel="laplacian")
    assert both["b"].adjusted == alone.adjusted
    np.testing.assert_array_equal(both["b"].contributions.values, alone.contributions.values)


def test_wrong_labels_stand_out_and_the_left_out_margin_sees_them_best():
    y = (X[:, 0] > 0).astype(int)
    y[[3, 11]] = 1 - y[[3, 11]]
    found = supervision_complexity(Dataset(X, y, ids=np.arange(100, 130)), kernel="rbf", ridge=0.1)
    assert set(found.held_out_margins.top(4, largest=False).keys.tolist()) >= {103, 111}
    assert found.contributions.values[[3, 11]].min() > np.median(found.contributions.values)


def test_the_margin_bound_covers_the_error_of_new_rows():
    """One feature, a tenth of the labels turned round: the true error of a slope is known."""
    draw, covered, bounds, rates = np.random.default_rng(3), [], [], []
    for _ in range(1000):
        rows = draw.choice([-1.0, 1.0], 400) * draw.uniform(0.8, 1.2, 400)
        labels = np.sign(rows) * np.where(draw.random(400) < 0.1, -1.0, 1.0)
        found = supervision_complexity(targets=labels, kernel=rows[:, np.newaxis])
        error = 0.1 if found._margins @ (labels * np.sign(rows) > 0) > 0 else 0.9
        bounds.append(found.margin_bound(0.3).value)
        rates.append(np.mean(found._margins <= 0.3))
        covered.append(bounds[-1] >= error)
    assert np.mean(covered) >= 0.95
    assert max(bounds) < 1  # not because it promises nothing
    assert np.mean(np.array(rates) >= 0.1) < 0.7  # the margins alone would not cover


def test_a_bound_that_promises_nothing_says_so():
    found = supervision_complexity((X, CODES), kernel="rbf")
    bound = found.margin_bound()
    assert bound.value == bound.high > 1
    assert "promises nothing" in bound.reason
    within = np.mean(found._margins <= 1e9)
    assert within == 1
    assert found.margin_bound(1e9).value < 3
    assert found.margin_bound(confidence=0.99).value > bound.value


def test_a_sketched_kernel_is_close_and_says_how_close():
    module = network(width=40)
    exact = supervision_complexity((X, CODES), kernel=module)
    sketched = supervision_complexity((X, CODES), kernel=module, sketch=3000)
    assert sketched.adjusted.value == pytest.approx(exact.adjusted.value, rel=0.2)
    assert any("its error is" in note for note in sketched.notes)
    landmarks = supervision_complexity((X, CODES), kernel="rbf", sketch=30)
    assert landmarks.adjusted.value == pytest.approx(
        supervision_complexity((X, CODES), kernel="rbf").adjusted.value, rel=1e-6
    )


def test_row_order_changes_nothing():
    data = Dataset(X, CODES, ids=10 + np.arange(30))
    shuffled = data.take(np.random.default_rng(4).permutation(30))
    for kernel in ("rbf", network()):
        one, other = (supervision_complexity(rows, kernel=kernel) for rows in (data, shuffled))
        assert one.adjusted.value == pytest.approx(other.adjusted.value, rel=1e-9)
        again = other.held_out_margins.aligned_to(one.held_out_margins.keys).values
        np.testing.assert_allclose(again, one.held_out_margins.values, atol=1e-9)


@pytest.mark.parametrize("targets", [np.zeros(30), np.full(30, 2), np.ones((30, 3)), np.full(30, "cat")])
def test_targets_that_are_all_the_same_have_no_complexity(targets):
    for kernel, form in ((GRAM, "shared"), (network(), "full")):
        found = supervision_complexity((X, CODES), targets=targets, kernel=kernel, form=form)
        assert found.adjusted.value == found.relative.value == found.held_out_error.value == 0.0
        assert "nothing to learn" in found.adjusted.reason


def test_duplicates_with_different_labels_are_endless_without_a_ridge():
    twice = np.vstack([X, X[:1]])
    labels = np.r_[SIGNS, -SIGNS[0]]
    gram = np.exp(-0.2 * np.square(twice[:, None] - twice).sum(axis=2))
    found = supervision_complexity(None, targets=labels, kernel=gram, ridge=0.0)
    assert found.adjusted.value == found.condition == np.inf
    assert "no ridge" in found.adjusted.reason
    assert found.random.value == np.inf
    assert np.isnan([found.random.low, found.random.high, found.relative.value]).all()
    assert np.isnan(found.held_out_error.value)
    assert "ridge" in found.held_out_error.reason
    assert np.flatnonzero(np.isinf(found.contributions.values)).tolist() == [0, 30]
    agreeing = supervision_complexity(None, targets=np.r_[SIGNS, SIGNS[0]], kernel=gram, ridge=0.0)
    assert np.isfinite(agreeing.adjusted.value)
    stopped = supervision_complexity(None, targets=labels, kernel=gram)
    assert np.isfinite(stopped.adjusted.value)
    assert stopped.unreachable > 0.05


def test_rows_without_a_gradient_are_counted():
    module = torch.nn.Sequential(torch.nn.Linear(4, 3, bias=False), torch.nn.ReLU(), torch.nn.Linear(3, 1, bias=False))
    rows = np.vstack([X, np.zeros((2, 4))])
    found = supervision_complexity((rows, np.r_[SIGNS, 1, 1]), kernel=module.double().eval())
    assert set(found.silent.tolist()) >= {30, 31}
    assert any("reach no weight" in note for note in found.notes)


def test_batch_statistics_are_taken_as_trained():
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, 3)).double()
    with pytest.raises(InputError) as caught:
        supervision_complexity((X, CODES), kernel=module)
    assert "eval()" in caught.value.fix
    assert supervision_complexity((X, CODES), kernel=module.eval()).adjusted.value > 0


@pytest.mark.parametrize(
    ("call", "part", "text"),
    [
        (dict(data=(X[:1], CODES[:1]), kernel="rbf"), "fix", "two rows"),
        (dict(data=(X[:1], CODES[:1]), kernel=network()), "fix", "two rows"),
        (dict(data=(X, CODES), kernel="gauss"), "fix", "rbf"),
        (dict(data=(X, CODES), kernel="rbf", form="mean"), "fix", "shared"),
        (dict(data=(X, CODES), kernel="rbf", ridge=-1.0), "fix", "1e-3"),
        (dict(data=(X, CODES), kernel="rbf", residual=True), "fix", "residual"),
        (dict(data=(X, CODES), kernel="linear", sketch=0), "fix", "sketch=4096"),
        (dict(data=(X, CODES), kernel="laplacian", sketch=5), "fix", "leave it out"),
        (dict(data=(X, CODES), kernel="linear", sketch=5), "fix", "leave it out"),
        (dict(data=(X, CODES), kernel=GRAM, sketch=5), "fix", "leave it out"),
        (dict(data=(X, CODES), kernel=GRAM, form="full"), "fix", "leave it out"),
        (dict(data=(X.tolist(), CODES), kernel=network(), sketch=5), "fix", "arrays"),
        (dict(data=(X, CODES), kernel=network(), form="full", sketch=5), "fix", "shared"),
        (dict(data=(X, None), kernel="rbf"), "fix", "targets="),
        (dict(data=(X, CODES), kernel="rbf", targets={"a": CODES}), "fix", "supervision_complexities"),
        (dict(data=(X, CODES), kernel="rbf", targets=SIGNS[:5]), "got", "5 targets, 30 rows"),
        (dict(data=(X, CODES), kernel="rbf", targets=np.r_[SIGNS[:29], np.nan]), "where", "29"),
        (dict(data=(X, CODES), kernel=network(), form="full", targets=SIGNS), "fix", "shared"),
        (dict(data=(X, CODES), kernel=network(), residual=True, targets=SIGNS), "fix", "one target per output"),
        (dict(data=(X, CODES), kernel=GRAM[:9, :9]), "got", "9 and 30"),
        (dict(data=(X, CODES), kernel=np.zeros(30)), "fix", "Gram matrix"),
        (dict(data=(X, CODES), kernel=np.where(np.eye(30), np.nan, GRAM)), "where", "rows id 0"),
        (dict(data=None, targets=SIGNS, kernel=GRAM - 2 * np.eye(30)), "fix", "rbf_kernel"),
        (dict(data=Dataset(np.zeros((8001, 1)), np.zeros(8001)), kernel="rbf"), "where", "8,000"),
        (dict(data=Dataset(np.zeros((8001, 4)), np.zeros(8001)), kernel=network()), "fix", "sketch=4096"),
    ],
)
def test_what_cannot_be_answered_is_refused(call, part, text):
    with pytest.raises(InputError) as caught:
        supervision_complexity(call.pop("data"), **call)
    assert text in getattr(caught.value, part)


def test_numbers_have_no_margin():
    found = supervision_complexity((X, X[:, 0]), targets=X[:, 0], kernel="rbf")
    assert 0 < found.held_out_error.value < 0.6
    with pytest.raises(InputError, match="class") as caught:
        found.margin_bound()
    assert "probabilities" in caught.value.fix
    with pytest.raises(InputError) as caught:
        supervision_complexity((X, CODES), kernel="rbf").margin_bound(0.0)
    assert "margin=1.0" in caught.value.fix


def test_duplicates_and_groups_are_left_out_together():
    """Left-out outputs of a group equal those of the same solution fitted without its rows."""
    draw = np.random.default_rng(3)
    X, y = draw.normal(size=(24, 3)), draw.integers(0, 2, 24)
    twice, labels = np.tile(X, (2, 1)), np.tile(y, 2)
    found = supervision_complexity((twice, labels), kernel="rbf", ridge=0.3)
    np.testing.assert_allclose(found.held_out_margins.values[:24], found.held_out_margins.values[24:], atol=1e-9)
    kernel = supervision_complexity(kernel=twice @ twice.T, targets=2.0 * labels - 1, ridge=0.3)
    gram = twice @ twice.T
    signs = 2.0 * labels - 1
    added = 0.3 * np.trace(gram) / 48
    gone = np.array([5, 29])
    kept = np.setdiff1d(np.arange(48), gone)
    outputs = gram[np.ix_(gone, kept)] @ np.linalg.solve(gram[np.ix_(kept, kept)] + added * np.eye(46), signs[kept])
    together = supervision_complexity((twice, labels), kernel=gram, ridge=0.3)
    np.testing.assert_allclose(together.held_out_margins.values[gone], signs[gone] * outputs, atol=1e-9)
    assert (
        kernel.held_out_error.value < together.held_out_error.value
    )  # a bare matrix does not say which rows are duplicates
