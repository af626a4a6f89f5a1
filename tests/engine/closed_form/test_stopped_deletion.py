"""Leaving rows out at a stopping time: against deletion by brute force, limits, and a literal training."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.engine.closed_form import deletion_effects, leave_one_out_from_gram
from samplewise.engine.closed_form.filters import ConvergedFilter, DescentFilter, FlowFilter
from samplewise.engine.closed_form.spectrum import FeatureSpectrum, GramSpectrum
from samplewise.engine.closed_form.stopped_deletion import EvaluationRows, StoppedDeletion


def trained(kernel, residuals, phi):
    """(N, c) dual coefficients by an eigendecomposition of their own."""
    if not len(kernel):
        return residuals
    values, vectors = np.linalg.eigh(kernel)
    return vectors @ (phi(np.maximum(values, 0.0))[:, None] * (vectors.T @ residuals))


def brute_force(kernel, residuals, whole, without, rows):
    """(N, c) change of the dual coefficients when some entries go."""
    rest = np.setdiff1d(np.arange(len(kernel)), rows)
    change = trained(kernel, residuals, whole)
    change[rest] -= trained(kernel[np.ix_(rest, rest)], residuals[rest], without)
    return change


def recipes(trial, rng, largest, n):
    """A filter for all rows and one for a row fewer, of six kinds."""
    rate, steps = rng.choice([0.03, 0.5, 0.99, 1.5, 1.9]) / largest, int(10 ** rng.uniform(0, 5))
    ridge, fewer = rng.choice([0.01, 1.0]) * largest, n / max(n - 1, 1)
    kinds = [
        lambda f: DescentFilter(steps, rate / 2 * f),
        lambda f: DescentFilter(steps, rate / (1 + ridge / largest) / 2 * f, ridge),
        lambda f: DescentFilter(steps, rate / 2 * f, 0.0, 0.9),
        lambda f: FlowFilter(rate * steps * f),
        lambda f: FlowFilter(rate * steps * f, ridge),
        lambda f: ConvergedFilter(ridge),
    ]
    return kinds[trial % 6](1.0), kinds[trial % 6](fewer)


def problem(seed):
    """A kernel of rank and condition drawn at random, one to three outputs in either form, and queries."""
    rng = np.random.default_rng(seed)
    n, b, d = int(rng.integers(2, 40)), int(rng.integers(1, 4)), int(rng.integers(1, 60))
    c = 1 if b > 1 else int(rng.integers(1, 4))
    scale = np.geomspace(1, 10 ** -rng.uniform(0, 3), d)
    features, queries = rng.normal(size=(n * b, d)) * scale, rng.normal(size=(5 * b, d)) * scale
    residuals = rng.normal(size=(n, b, c))
    whole, without = recipes(seed, rng, float(np.linalg.eigvalsh(features @ features.T)[-1]), n)
    return features, queries, residuals, whole, without


@pytest.fixture(scope="module")
def errors():
    """Worst relative error over rows of 60 random problems: predictions, squares, weights, own outputs."""
    found = []
    for seed in range(60):
        features, queries, residuals, whole, without = problem(seed)
        (n, b, c), kernel, seen = residuals.shape, features @ features.T, queries @ features.T
        change = [
            brute_force(kernel, residuals.reshape(n * b, c), whole, without, np.arange(i * b, (i + 1) * b))
            for i in range(n)
        ]
        true = np.stack([(seen @ one).reshape(-1, b, c) for one in change], axis=1)
        spectrum = GramSpectrum.of(kernel, b)
        deletion = StoppedDeletion(spectrum, residuals, whole, lambda _, phi=without: phi)
        made = deletion.query_change(spectrum.against(seen))
        rows = deletion.row_changes(EvaluationRows.at(spectrum.against(seen)))
        own = np.stack([(kernel @ one)[i * b : (i + 1) * b] for i, one in enumerate(change)])
        size = np.abs(true).max(axis=(0, 2, 3))
        found.append(
            [
                (np.abs(made - true).max(axis=(0, 2, 3)) / size).max(),
                np.abs(rows.functional / np.square(true).sum(axis=(2, 3)).mean(axis=0) - 1).max(),
                np.median(np.abs(rows.weights / [np.sum(one * (kernel @ one)) for one in change] - 1)),
                np.abs(rows.own - own).max() / np.abs(own).max(),
            ]
        )
    return np.array(found)


def test_sixty_random_problems_agree_with_deletion_by_brute_force(errors):
    assert errors.max() < 1e-6
    assert np.median(errors, axis=0).max() < 1e-9


@pytest.mark.parametrize("route", ["poles", "steps", "row by row"])
@pytest.mark.parametrize("form", ["gram", "features"])
def test_all_routes_agree(route, form):
    rng = np.random.default_rng(0)
    features, residuals = rng.normal(size=(30, 8)), rng.normal(size=(30, 1, 2))
    spectrum = GramSpectrum.of(features @ features.T) if form == "gram" else FeatureSpectrum.of(features)
    rate = 1.5 / spectrum.values.max()
    recipe = lambda left_out: DescentFilter(300, rate * 30 / (30 - left_out) / 1.1)  # noqa: E731
    deletion = StoppedDeletion(spectrum, residuals, recipe(0), recipe, route)
    kernel = features @ features.T
    true = [brute_force(kernel, residuals[:, 0], recipe(0), recipe(1), np.array([i])) for i in range(30)]
    queries = rng.normal(size=(4, 8))
    seen = spectrum.against(queries @ features.T if form == "gram" else queries)
    made = deletion.query_change(seen)[:, :, 0]
    expected = np.stack([queries @ features.T @ one for one in true], axis=1)
    np.testing.assert_allclose(made, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("recipe", "route"),
    [
        (lambda f: DescentFilter(3, 0.99 * f), "steps"),
        (lambda f: DescentFilter(300, 0.5 * f, 0.0, 0.9), "steps"),
        (lambda f: FlowFilter(1e12 * f), "row by row"),
    ],
)
def test_where_the_poles_fail_another_route_is_taken_and_right(recipe, route):
    rng = np.random.default_rng(1)
    features, residuals = rng.normal(size=(12, 40)), rng.normal(size=(12, 1, 1))
    kernel = features @ features.T
    kernel /= np.linalg.eigvalsh(kernel)[-1] * 1.2
    deletion = StoppedDeletion(GramSpectrum.of(kernel), residuals, recipe(1.0), lambda left: recipe(12 / (12 - left)))
    assert deletion.route == route
    made = deletion.row_changes(EvaluationRows.training_rows(deletion.spectrum)).own[:, 0, 0]
    true = [
        (kernel @ brute_force(kernel, residuals[:, 0], recipe(1.0), recipe(12 / 11), np.array([i])))[i, 0]
        for i in range(12)
    ]
    np.testing.assert_allclose(made, true, rtol=1e-8)


def test_a_row_by_row_route_out_of_reach_is_refused(monkeypatch):
    monkeypatch.setattr("samplewise.engine.closed_form.stopped_deletion.MOST_WORK", 10.0)
    spectrum = GramSpectrum.of(np.eye(4))
    deletion = StoppedDeletion(spectrum, np.ones((4, 1, 1)), FlowFilter(1.0), lambda _: FlowFilter(1.0), "row by row")
    with pytest.raises(InputError, match="eigendecomposition for each row") as caught:
        deletion.row_changes(EvaluationRows.training_rows(spectrum))
    assert "fewer rows" in caught.value.fix


def test_groups_by_brute_force_small_and_large():
    rng = np.random.default_rng(2)
    features, residuals = rng.normal(size=(40, 30)), rng.normal(size=(20, 2, 1))
    kernel = features @ features.T
    rate = 1.0 / np.linalg.eigvalsh(kernel)[-1]
    recipe = lambda left_out: DescentFilter(2000, rate * 20 / (20 - left_out) / 2)  # noqa: E731
    spectrum = GramSpectrum.of(kernel, 2)
    deletion = StoppedDeletion(spectrum, residuals, recipe(0), recipe)
    for rows in ([3], [1, 5], list(range(3, 14))):
        entries = (np.array(rows)[:, None] * 2 + np.arange(2)).ravel()
        true = brute_force(kernel, residuals.reshape(40, 1), recipe(0), recipe(len(rows)), entries)
        made = deletion.group_change(np.array(rows))[0]
        np.testing.assert_allclose(
            spectrum.vectors(slice(None)).reshape(40, -1) * spectrum.values @ made, (kernel @ true)[:, 0], atol=1e-7
        )


def test_one_step_of_the_mean_loss_is_the_formula():
    """delta_i = (rate/n - rate/(n-1)) r + rate/(n-1) e_i r_i."""
    rng = np.random.default_rng(4)
    features, r = rng.normal(size=(9, 30)), rng.normal(size=9)
    kernel = features @ features.T
    rate = 0.1
    deletion = StoppedDeletion(
        GramSpectrum.of(kernel),
        r[:, None, None],
        DescentFilter(1, rate / 9),
        lambda k: DescentFilter(1, rate / (9 - k)),
    )
    delta = (rate / 9 - rate / 8) * r[None] + rate / 8 * np.diag(r)
    made = deletion.query_change(deletion.spectrum.against(np.eye(9)))[:, :, 0, 0]
    np.testing.assert_allclose(made, delta.T, atol=1e-12)


def test_the_end_is_the_textbook_leave_one_out_and_cooks_distance():
    rng = np.random.default_rng(5)
    features, y = rng.normal(size=(25, 4)), rng.normal(size=(25, 2))
    kernel = features @ features.T
    end = lambda _: ConvergedFilter(0.7)  # noqa: E731
    deletion = StoppedDeletion(GramSpectrum.of(kernel), y[:, None], end(0), end)
    rows = deletion.row_changes(EvaluationRows.training_rows(deletion.spectrum))
    held_out = deletion.fitted()[:, 0] - rows.own[:, 0]
    np.testing.assert_allclose(held_out, leave_one_out_from_gram(kernel, y, 0.7, intercept=False).outputs, rtol=1e-9)
    hat = features @ np.linalg.solve(features.T @ features + 0.7 * np.eye(4), features.T)
    cook = np.square(hat).sum(axis=1) * np.square((y - hat @ y) / (1 - np.diag(hat))[:, None]).sum(axis=1) / 25
    np.testing.assert_allclose(rows.functional, cook, rtol=1e-9)


def test_a_heavy_ridge_leaves_single_terms():
    """Lambda -> infinity: the change of an output is kernel times residual over lambda."""
    rng = np.random.default_rng(6)
    features, r = rng.normal(size=(10, 5)), rng.normal(size=10)
    kernel, end = features @ features.T, lambda _: ConvergedFilter(1e9)
    deletion = StoppedDeletion(GramSpectrum.of(kernel), r[:, None, None], end(0), end)
    made = deletion.query_change(deletion.spectrum.against(kernel))[:, :, 0, 0]
    np.testing.assert_allclose(made, kernel * r / 1e9, rtol=1e-6)


def test_a_linear_model_trained_literally():
    """N = 200, d = 20, 500 steps of the mean loss, every row left out by training again."""
    rng = np.random.default_rng(7)
    X, y, rate = rng.normal(size=(200, 20)), rng.normal(size=200), 0.05

    def descended(X, y):
        w = np.zeros(20)
        for _ in range(500):
            w -= rate * X.T @ (X @ w - y) / len(y)
        return w

    w, Z = descended(X, y), rng.normal(size=(50, 20))
    some = range(0, 200, 20)
    without = np.array([descended(np.delete(X, i, 0), np.delete(y, i)) for i in some])
    spectrum = FeatureSpectrum.of(X)
    deletion = StoppedDeletion(
        spectrum, y[:, None, None], DescentFilter(500, rate / 200), lambda k: DescentFilter(500, rate / (200 - k))
    )
    rows = deletion.row_changes(EvaluationRows.at(spectrum.against(Z)))
    np.testing.assert_allclose(rows.weights[::20], np.square(w - without).sum(axis=1), rtol=1e-8)
    np.testing.assert_allclose(rows.functional[::20], np.square(Z @ (w - without).T).mean(axis=0), rtol=1e-8)
    np.testing.assert_allclose(deletion.fitted()[:, 0, 0], X @ w, rtol=1e-9)
    np.testing.assert_allclose(deletion.outputs_at(spectrum.against(Z))[:, 0, 0], Z @ w, rtol=1e-9)


def test_features_and_their_kernel_say_the_same():
    rng = np.random.default_rng(8)
    X, y = rng.normal(size=(50, 6)).astype(np.float32), rng.normal(size=(50, 1, 3))
    with_one = np.hstack([X.astype(np.float64), np.ones((50, 1))])
    recipe = lambda k: DescentFilter(700, 0.1 / (50 - k))  # noqa: E731
    one, two = FeatureSpectrum.of(X, constant=True), GramSpectrum.of(with_one @ with_one.T)
    made = [
        StoppedDeletion(spectrum, y, recipe(0), recipe).row_changes(EvaluationRows.training_rows(spectrum))
        for spectrum in (one, two)
    ]
    for quantity in ("functional", "functional_error", "weights", "own"):
        np.testing.assert_allclose(getattr(made[0], quantity), getattr(made[1], quantity), rtol=1e-7, atol=1e-12)


def test_a_single_row_takes_everything_with_it():
    deletion = StoppedDeletion(
        GramSpectrum.of(np.array([[2.0]])),
        np.array([[[3.0]]]),
        DescentFilter(50, 0.3),
        lambda _: DescentFilter(50, 0.3),
    )
    rows = deletion.row_changes(EvaluationRows.training_rows(deletion.spectrum))
    np.testing.assert_allclose(rows.own, deletion.fitted(), rtol=1e-12)
    assert np.isnan(rows.functional_error).all()


def test_a_row_without_gradient_has_no_effect_and_duplicates_share():
    rng = np.random.default_rng(9)
    features = rng.normal(size=(12, 20))
    features[0] = 0.0
    features[2] = features[1]
    y = rng.normal(size=12)
    y[2] = y[1]
    recipe = lambda k: DescentFilter(3000, 0.02)  # noqa: E731
    rows = [0, 1, 2]
    spectrum = GramSpectrum.of(features @ features.T)
    deletion = StoppedDeletion(spectrum, y[:, None, None], recipe(0), recipe)
    found = deletion.row_changes(EvaluationRows.training_rows(spectrum)).functional
    assert found[0] == pytest.approx(0.0, abs=1e-20)
    assert found[1] == pytest.approx(found[2], rel=1e-8)
    pair = np.square(deletion.group_change(np.array(rows[1:])) * spectrum.values).sum() / 12
    assert pair > 10 * found[1]


def test_the_spread_over_evaluation_rows_is_that_of_their_squares():
    rng = np.random.default_rng(10)
    features, queries = rng.normal(size=(20, 30)), rng.normal(size=(40, 30))
    y, kernel, seen = rng.normal(size=20), features @ features.T, queries @ features.T
    end = lambda _: ConvergedFilter(1.0)  # noqa: E731
    spectrum = GramSpectrum.of(kernel)
    deletion = StoppedDeletion(spectrum, y[:, None, None], end(0), end)
    squares = np.square(deletion.query_change(spectrum.against(seen)))[:, :, 0, 0]
    rows = deletion.row_changes(EvaluationRows.at(spectrum.against(seen)))
    np.testing.assert_allclose(rows.functional_error, squares.std(axis=0, ddof=1) / np.sqrt(40), rtol=1e-9)
    few = deletion.row_changes(EvaluationRows.at(spectrum.against(seen[:7])))
    np.testing.assert_allclose(few.functional, squares[:7].mean(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("gram", "width", "text"),
    [
        (np.ones((3, 2)), 1, r"pass \(n, n\)"),
        (np.eye(5), 2, "for 2 outputs per row"),
        (np.array([[1.0, 0.5], [0.1, 1.0]]), 1, "mends rounding"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), 1, "not positive semi-definite"),
        (np.zeros((2, 2)), 1, "the kernel is zero"),
        (np.array([[1.0, 0.0, 0.0], [0.0, np.nan, 0.0], [0.0, 0.0, 1.0]]), 1, "row 1"),
    ],
)
def test_kernels_that_are_none_are_refused(gram, width, text):
    with pytest.raises(InputError, match=text):
        GramSpectrum.of(gram, width)


def test_queries_of_another_shape_and_features_of_nothing_are_refused():
    with pytest.raises(InputError, match="another shape"):
        GramSpectrum.of(np.eye(3)).against(np.ones((2, 4)))
    with pytest.raises(InputError, match="3 columns instead of 2"):
        FeatureSpectrum.of(np.ones((4, 2))).against(np.ones((2, 3)))
    with pytest.raises(InputError, match="all zero"):
        FeatureSpectrum.of(np.zeros((4, 2)))


def test_a_head_in_closed_form_agrees():
    """With an intercept that costs next to nothing, descent to the end is the ridge head."""
    rng = np.random.default_rng(11)
    X, y = rng.normal(size=(60, 5)), rng.normal(size=60)
    head = deletion_effects(X - X.mean(axis=0), y - y.mean(), ridge=2.0)
    features = np.hstack([X - X.mean(axis=0), np.full((60, 1), 1e3)])
    end = lambda _: ConvergedFilter(2.0)  # noqa: E731
    spectrum = FeatureSpectrum.of(features)
    rows = StoppedDeletion(spectrum, (y - y.mean())[:, None, None], end(0), end).row_changes(
        EvaluationRows.training_rows(spectrum)
    )
    np.testing.assert_allclose(rows.functional / 2, head.functional_information, rtol=1e-4)
