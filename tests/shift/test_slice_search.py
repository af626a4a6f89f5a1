"""Searches for slices: the mixture's steps, rules that read embeddings alone, what each way finds."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from samplewise.shift.slice_search import WAYS, fit_mixture, principal

DRAW = np.random.default_rng(0)
Z = DRAW.normal(size=(600, 3)) * [3.0, 2.0, 1.0]
LABELS = np.eye(2)[(Z[:, 0] > 0).astype(int)]
FAULTY = (Z[:, 1] > 1.5) & (Z[:, 0] > 0)
EXCESS = np.where(FAULTY, 0.7, -0.1) + 0.05 * DRAW.normal(size=600)


@pytest.mark.parametrize("emphasis", [0.0, 1.0, 10.0])
def test_no_step_makes_the_rows_less_likely(emphasis):
    trace = fit_mixture(Z, LABELS, LABELS, 4, emphasis=emphasis).trace
    assert (np.diff(trace) > -1e-9).all()


def test_without_labels_it_is_a_mixture_of_normals():
    clouds = np.r_[DRAW.normal(size=(200, 2)), DRAW.normal(size=(200, 2)) * 0.5 + 6.0]
    own = fit_mixture(clouds, LABELS[:400], LABELS[:400], 2, emphasis=0.0)
    theirs = GaussianMixture(2, covariance_type="diag", random_state=0, tol=1e-8).fit(clouds)
    assert own.trace[-1] == pytest.approx(theirs.score(clouds), abs=1e-3)
    assert len(np.unique(own.closest(clouds)[:200])) == 1


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_rule_finds_the_faulty_rows_among_others(way):
    rules = WAYS[way](Z, LABELS, LABELS, EXCESS, 0)
    new = np.random.default_rng(5).normal(size=(2000, 3)) * [3.0, 2.0, 1.0]
    faulty = (new[:, 1] > 1.5) & (new[:, 0] > 0)
    best = max(faulty[rule(new)].mean() for rule in rules.values() if rule(new).sum() > 20)
    assert best > 2 * faulty.mean()


def test_leaves_are_named_by_their_conditions():
    assert any("x1 >" in name for name in WAYS["tree"](Z, LABELS, LABELS, EXCESS, 0))


def test_the_projection_is_of_its_own_rows():
    project = principal(Z)
    np.testing.assert_allclose(project(Z).mean(axis=0), 0.0, atol=1e-12)
    assert project(Z)[:, 0].std() == pytest.approx(1.0)
