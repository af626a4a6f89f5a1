"""Mixtures of sources: transport distance and its slope, forecasts, and the descent to a better mixture."""

import importlib.util
import sys

import numpy as np
import pytest
from scipy.optimize import linprog

from samplewise.core.errors import InputError
from samplewise.curves import forecast_mixtures
from samplewise.curves.source_mixtures import _counts, _features, _ridge, _subsets, mixture_designs
from samplewise.curves.transport import transport
from samplewise.data import Dataset

needs_transport = pytest.mark.skipif(importlib.util.find_spec("ot") is None, reason="POT is not installed")
CENTERS = {"near": 0.0, "far": 6.0, "noise": 0.0}


def rows_of(kind, count, draw):
    """Two regions with a border each, and a source whose labels are random."""
    X = draw.normal(size=(count, 2)) + CENTERS[kind]
    y = (X[:, 0] > CENTERS[kind]) if kind != "noise" else draw.random(count) < 0.5
    return X, (y ^ (kind == "far")).astype(int)


def pilots(seed=0, count=120, test_rows=200):
    """The evaluation rows are 70 % near, 30 % far."""
    draw = np.random.default_rng(seed)
    parts = [rows_of(kind, count, draw) for kind in CENTERS]
    parts += [rows_of("near", test_rows * 7 // 10, draw), rows_of("far", test_rows * 3 // 10, draw)]
    X, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    return (X, y), np.repeat([*CENTERS, "valid"], [count] * 3 + [test_rows])


@pytest.fixture(scope="module")
def forecast():
    data, source = pilots()
    return forecast_mixtures(data, source=source, test="valid", seed=1)


@needs_transport
def test_distance_is_the_linear_programme_and_its_slope_the_change():
    draw = np.random.default_rng(0)
    points, goal = draw.normal(size=(9, 2)), draw.normal(size=(5, 2))
    labels, goal_labels = draw.integers(0, 2, 9).astype(float), draw.integers(0, 2, 5).astype(float)
    member = np.repeat([0, 1, 2], 3)
    moves = transport(points, labels, member, goal, goal_labels, nominal=True)
    assert moves.cost.mean() == pytest.approx(2.0)
    weights = np.array([0.47, 0.21, 0.32])
    value, slope = moves(weights)
    mass = np.concatenate([weights.repeat(3) / 3, np.full(5, 0.2)])
    sums = np.concatenate([np.kron(np.eye(9), np.ones(5)), np.tile(np.eye(5), 9)])
    assert value == pytest.approx(linprog(moves.cost.ravel(), A_eq=sums, b_eq=mass).fun)
    step = np.array([1.0, -1.0, 0.0])
    change = (moves(weights + 1e-4 * step)[0] - moves(weights - 1e-4 * step)[0]) / 2e-4
    assert change == pytest.approx(slope @ step, abs=1e-3)


@needs_transport
def test_distance_is_convex_and_none_to_itself():
    draw = np.random.default_rng(1)
    points = np.concatenate([draw.normal(size=(40, 2)), draw.normal(3, 1, (40, 2))])
    moves = transport(points, np.zeros(80), np.repeat([0, 1], 40), points[:40], np.zeros(40), nominal=True)
    values = [moves(np.array([share, 1 - share]))[0] for share in np.linspace(0, 1, 11)]
    assert values[-1] == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(values, 2) > -1e-9).all()


@needs_transport
def test_the_best_mixture_leaves_the_noise_out_and_serves_both_regions(forecast):
    best = forecast.best(1000)
    shares = dict(zip(best.names, best.weights, strict=True))
    assert shares["noise"] < 0.1
    assert min(shares["near"], shares["far"]) > 0.1
    assert best.weights.sum() == pytest.approx(1.0)
    assert best.error.value < forecast.error([1, 1, 1], 1000).value
    assert best.error.low < best.error.value < best.error.high
    assert best.unit == "error rate"


@needs_transport
def test_the_best_mixture_is_truly_better_than_equal_shares(forecast):
    weights = forecast.best(120).weights
    data, source = pilots(seed=7, count=400)
    again = forecast_mixtures(data, source=source, test="valid", n_repeats=1)
    assert again.error(weights, 400).value < again.error([1, 1, 1], 400).value


@needs_transport
def test_a_step_lowers_the_forecast_and_keeps_shares(forecast):
    start = np.full(3, 1 / 3)
    moved = forecast.step(start, rate=0.05)
    assert (moved > 0).all()
    assert moved.sum() == pytest.approx(1.0)
    assert forecast.error(moved, 500).value < forecast.error(start, 500).value
    assert forecast.best(500, start=start).error.value <= forecast.error(start, 500).value


@needs_transport
def test_other_sizes_follow_the_forecast_of_the_mean_curve(forecast):
    largest = forecast.sizes[-1]
    assert forecast.errors.mean(axis=0) == pytest.approx(forecast.curve.error)
    ahead = forecast.curve.forecast([3000], confidence=0.8)
    at_pilot, grown = forecast.error([2, 1, 0], largest), forecast.error([2, 1, 0], 3000)
    assert grown.value == pytest.approx(at_pilot.value * ahead.error[0] / forecast.curve.error[-1])
    factor = np.hypot(np.log(ahead.high[0] / ahead.error[0]), 1.2816 * forecast.misfit)
    assert grown.high == pytest.approx(grown.value * np.exp(factor), rel=1e-3)
    assert grown.high / grown.low > at_pilot.high / at_pilot.low
    errors = [forecast.error([1, 1, 1], n).value for n in (50, 100, 1000, 10_000)]
    assert errors == sorted(errors, reverse=True)


@needs_transport
def test_numbers_have_mixtures_too():
    draw = np.random.default_rng(3)
    X = draw.normal(size=(180, 2))
    source = np.repeat(["clean", "noisy", "valid"], 60)
    y = 10 * X[:, 0] + np.where(source == "noisy", 30, 1) * draw.normal(size=180)
    found = forecast_mixtures((X, y), source=source, test="valid", learner="linear")
    clean, noisy = found.error([1, 0], 200), found.error([0, 1], 200)
    assert clean.value < noisy.value
    assert clean.unit == found.unit == "mean absolute error relative to the median baseline"


@needs_transport
def test_same_seed_same_bits_and_row_order_does_not_matter():
    (X, y), source = pilots(count=40, test_rows=60)
    ids, order = np.arange(len(y)), np.random.default_rng(0).permutation(len(y))
    order = np.concatenate([[0], order[order != 0]])  # the sources are numbered as they first come
    one, again, mixed = (
        forecast_mixtures(Dataset(X[o], y[o], ids=ids[o]), source=source[o], test="valid", n_repeats=1)
        for o in (ids, ids, order)
    )
    assert np.array_equal(one.errors, again.errors)
    shares = dict(zip(one.names, [0.2, 0.7, 0.1], strict=True))
    wanted = one.error([*shares.values()], 99).value
    assert mixed.error([shares[name] for name in mixed.names], 99).value == pytest.approx(wanted, rel=1e-9)


def test_slopes_of_the_features_are_their_derivatives():
    shares, price = np.array([0.2, 0.5, 0.3]), np.array([1.0, -2.0, 0.5])
    _, slopes = _features(shares, 0.7, price)
    for source in range(3):
        step = 1e-6 * np.eye(3)[source]
        change = _features(shares + step, 0.7 + price @ step, price)[0] - _features(shares, 0.7, price)[0]
        assert change / 1e-6 == pytest.approx(slopes[source], abs=1e-5)


def test_ridge_misfit_is_the_error_on_the_mixture_left_out():
    draw = np.random.default_rng(2)
    features = np.column_stack([np.ones(12), draw.normal(size=(12, 3))])
    targets = features @ draw.normal(size=4) + 0.01 * draw.normal(size=12)
    coefficients, misfit = _ridge(features, targets)
    assert features @ coefficients == pytest.approx(targets, abs=0.05)
    plain = [
        targets[row] - features[row] @ np.linalg.lstsq(np.delete(features, row, 0), np.delete(targets, row, 0))[0]
        for row in range(12)
    ]
    assert misfit == pytest.approx(np.sqrt(np.mean(np.square(plain))), rel=0.1)


def test_designs_and_counts():
    for count in (2, 3, 5):
        designs = mixture_designs(count)
        assert designs.sum(axis=1) == pytest.approx(np.ones(len(designs)))
        assert len(np.unique(designs.round(9), axis=0)) == len(designs) == count * (count + 3) // 2 + (count > 2)
    assert _counts(np.array([1 / 3, 1 / 3, 1 / 3]), 20).tolist() == [7, 7, 6]


def test_subsets_are_nested_and_keep_the_shares():
    ids, member = np.arange(100), np.repeat([0, 1, -1], [40, 40, 20])
    small, large = _subsets(ids, member, np.array([0.25, 0.75]), (12, 40), "0")
    assert (small <= large).all()
    assert [large[member == name].sum() for name in (0, 1, -1)] == [10, 30, 0]


@pytest.mark.parametrize(
    ("source", "test", "message", "fix"),
    [
        (["a"] * 50, "valid", "at least two sources", "name the source of the evaluation rows"),
        (["a"] * 20 + ["v"] * 30, "v", "at least two sources", "pilot rows of two sources"),
        (["a"] * 21 + ["b"] * 9 + ["v"] * 20, "v", "too few pilot rows", "collect larger pilots"),
        (["a"] * 49, "v", "name of its source", "pass source"),
    ],
)
@needs_transport
def test_bad_sources_are_refused(source, test, message, fix):
    X, y = np.arange(50.0)[:, None], np.arange(50) % 2
    with pytest.raises(InputError, match=message) as caught:
        forecast_mixtures((X, y), source=source, test=test)
    assert fix in caught.value.fix
    if "few" in message:
        assert caught.value.where == "b (9)"


@needs_transport
@pytest.mark.parametrize("weights", [[1, 1], [-1, 1, 1], [0, 0, 0], [np.nan, 1, 1]])
def test_bad_shares_are_refused(forecast, weights):
    with pytest.raises(InputError, match="one share per source") as caught:
        forecast.error(weights, 100)
    assert "pass 3 shares" in caught.value.fix


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    data, source = pilots(count=20, test_rows=20)
    with pytest.raises(InputError, match="a forecast of mixtures needs POT") as caught:
        forecast_mixtures(data, source=source, test="valid")
    assert 'pip install "samplewise[ot]"' in caught.value.fix
