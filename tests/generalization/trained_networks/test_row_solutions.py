"""Kernel ridge through eigenpairs against dense solves and refits."""

import numpy as np
import pytest

from samplewise.engine.closed_form import FeatureSpectrum, GramSpectrum
from samplewise.generalization.trained_networks.row_solutions import RowInverse, RowSolution

DRAW = np.random.default_rng(0)
A = DRAW.normal(size=(12, 12))
K = A @ A.T
TARGETS = DRAW.normal(size=(12, 2))
RIDGE = 0.7


@pytest.fixture(params=["one kernel", "two outputs"])
def problem(request):
    """(kernel (N, N), spectrum, targets (n, c), width)."""
    if request.param == "one kernel":
        return K, GramSpectrum.of(K), TARGETS, 1
    return K, GramSpectrum.of(K, 2), TARGETS[:6], 2


def test_everything_equals_the_dense_solve(problem):
    kernel, spectrum, targets, width = problem
    held = RowInverse(spectrum, RIDGE)
    solution = RowSolution(held, targets)
    inverse = np.linalg.inv(kernel + RIDGE * np.eye(12))
    given = targets.reshape(12, -1)
    duals = inverse @ given
    np.testing.assert_allclose(solution.duals, duals, atol=1e-9)
    np.testing.assert_allclose(solution.fitted, (kernel @ duals).reshape(targets.shape), atol=1e-9)
    assert solution.squared_norm == pytest.approx((duals * (kernel @ duals)).sum())
    places = np.array([1, 5, 6])
    np.testing.assert_allclose(held.block_of(places), inverse[np.ix_(places, places)], atol=1e-9)
    blocks = inverse.reshape(12 // width, width, 12 // width, width)
    np.testing.assert_allclose(held.own, np.array([blocks[i, :, i] for i in range(12 // width)]), atol=1e-9)
    np.testing.assert_allclose(held.diagonal(spectrum.values), np.diagonal(kernel), atol=1e-9)
    values = np.linalg.eigvalsh(kernel)
    assert held.condition == pytest.approx((values[-1] + RIDGE) / (values[0] + RIDGE), rel=1e-6)


@pytest.mark.parametrize("groups", [None, np.array([0, 0, 1, 2, 3, 3])])
def test_residuals_are_those_of_refits_without_the_rows(problem, groups):
    kernel, spectrum, targets, width = problem
    rows = len(targets)
    groups = None if groups is None else np.r_[groups, np.arange(10, 10 + rows - 6)]
    found = RowSolution(RowInverse(spectrum, RIDGE), targets).held_out_residuals(groups)
    given = targets.reshape(12, -1)
    for row in range(rows):
        out = [row] if groups is None else np.flatnonzero(groups == groups[row])
        gone = (np.asarray(out)[:, None] * width + np.arange(width)).ravel()
        stay = np.delete(np.arange(12), gone)
        own = row * width + np.arange(width)
        answer = kernel[np.ix_(own, stay)] @ np.linalg.solve(
            kernel[np.ix_(stay, stay)] + RIDGE * np.eye(len(stay)), given[stay]
        )
        np.testing.assert_allclose(found[row], (given[own] - answer).ravel(), atol=1e-8)


def test_missing_directions_cost_without_end_unless_there_is_a_ridge():
    features = DRAW.normal(size=(12, 3))
    spectrum = FeatureSpectrum.of(features)
    alone = RowInverse(spectrum, 0.0)
    assert alone.singular
    assert alone.condition == np.inf
    assert RowSolution(alone, TARGETS).endless
    assert RowSolution(alone, TARGETS).squared_norm == np.inf
    reachable = features @ DRAW.normal(size=(3, 2))
    found = RowSolution(alone, reachable)
    assert not found.endless
    np.testing.assert_allclose(found.fitted, reachable, atol=1e-9)
    ridged = RowSolution(RowInverse(spectrum, RIDGE), TARGETS)
    kernel = features @ features.T
    np.testing.assert_allclose(ridged.duals, np.linalg.solve(kernel + RIDGE * np.eye(12), TARGETS), atol=1e-9)
    assert 0 < ridged.unreachable < 1
    assert found.unreachable == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("width", [1, 2])
def test_the_norm_of_random_targets_has_the_stated_mean_and_spread(width):
    held = RowInverse(GramSpectrum.of(K, width), RIDGE)
    rows = 12 // width
    draw = np.random.default_rng(1)
    if width == 1:
        drawn = [draw.choice([-1.0, 1.0], size=(rows, 1)) for _ in range(4000)]
        moment = np.eye(1)
    else:
        drawn = [np.eye(2)[draw.integers(0, 2, rows)] - 0.5 for _ in range(4000)]
        moment = np.full((2, 2), -0.25) + 0.5 * np.eye(2)
    norms = [RowSolution(held, targets).squared_norm for targets in drawn]
    mean, spread = held.random_norm(moment)
    assert np.mean(norms) == pytest.approx(mean, rel=0.03)
    assert np.std(norms) == pytest.approx(spread, rel=0.1)
