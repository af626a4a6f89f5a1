"""Intermediates are computed once, from the parts of the audit they belong to."""

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from samplewise.core.errors import InputError, NotApplicable
from samplewise.data.dataset import Dataset


@pytest.fixture
def rows():
    X = np.random.default_rng(0).normal(size=(60, 2))
    return X, np.where(X[:, 0] > 0, "yes", "no")


def test_what_several_checks_read_is_computed_once(evidence_of, rows):
    evidence = evidence_of(*rows)
    for name in ("graph", "folds", "held_out_outputs", "label_posterior", "halves", "fitted"):
        assert getattr(evidence, name) is getattr(evidence, name)
    assert evidence.runner is evidence.prepared.runner
    assert evidence.store is evidence.runner.store


def test_folds_cover_the_rows_and_duplicates_share_one(evidence_of, rows):
    X, y = rows
    evidence = evidence_of(np.vstack([X, X[:10]]), np.concatenate([y, y[:10]]))
    folds = evidence.folds[0]
    assert set(folds) == set(range(evidence.plan.folds))
    np.testing.assert_array_equal(folds[:10], folds[60:])
    assert evidence.split_groups is not None


def test_too_few_distinct_rows_for_the_folds_are_no_question(evidence_of):
    evidence = evidence_of(np.repeat([[0.0], [1.0]], 30, axis=0), np.repeat(["a", "b"], 30))
    with pytest.raises(NotApplicable, match="only 2 different rows or groups, which cannot be split into"):
        _ = evidence.folds


def test_neighbors_are_the_nearest_points_of_the_space(evidence_of, rows):
    evidence = evidence_of(*rows)
    far = np.linalg.norm(evidence.space[:, None] - evidence.space, axis=2)
    np.fill_diagonal(far, np.inf)
    np.testing.assert_allclose(evidence.graph.distances, np.sort(far, axis=1)[:, :10], rtol=1e-6)


def test_halves_are_no_question_where_rows_are_in_order(evidence_of, rows):
    X, y = rows
    evidence = evidence_of(Dataset(X, y, time=np.arange(60)))
    assert evidence.ordered
    cuts = {tuple(np.flatnonzero(np.diff(folds))) for folds in evidence.folds}
    assert len(cuts) > 1  # every repeat of a test cuts the time elsewhere
    with pytest.raises(NotApplicable, match="train on the future"):
        _ = evidence.halves


def test_test_rows_are_coded_by_the_classes_of_the_data(evidence_of, rows):
    X, y = rows
    assert evidence_of(X, y).test_codes is None
    assert evidence_of(X, y).test_outputs is None
    evidence = evidence_of(X, y, test=Dataset(X[:4] + 0.01, np.array(["yes", "no", "maybe", "no"])))
    assert evidence.test_codes.tolist() == [1, 0, -1, 0]
    np.testing.assert_allclose(evidence.test_outputs, evidence.fitted.outputs(X[:4] + 0.01))


def test_given_probabilities_take_the_stead_of_fits(evidence_of, rows):
    X, y = rows
    given = np.column_stack([y == "no", y == "yes"]) * 0.6 + 0.2
    given[:3] = given[:3, ::-1]
    evidence = evidence_of(X, y, probabilities=given)
    np.testing.assert_array_equal(evidence.held_out_probabilities, given)
    assert evidence.store.made == 0


X, Y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2


def test_no_part_can_be_changed_and_what_is_derived_is_worked_out_once(evidence_of):
    evidence = evidence_of(X, Y, test=(X[:10], Y[:10]), n_test_evaluations=4)
    for folded in fields(evidence):
        with pytest.raises(FrozenInstanceError):
            setattr(evidence, folded.name, None)
    assert evidence.n_test_evaluations == 4
    assert evidence.graph is evidence.graph
    assert evidence.whole.held_out_outputs().shape == evidence.held_out_outputs.shape == (60, 2)
    other = replace(evidence, n_test_evaluations=5)
    assert (other.n_test_evaluations, evidence.n_test_evaluations) == (5, 4)


def test_probabilities_that_are_none_are_refused_when_it_is_made(evidence_of):
    with pytest.raises(InputError) as caught:
        evidence_of(X, Y, probabilities=np.full((60, 2), 0.7))
    assert caught.value.fix
