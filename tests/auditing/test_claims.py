"""What may be claimed: rows of one group count once, a class without training rows is wrong, no tests no promise."""

import numpy as np
import pytest

from samplewise.auditing import claims
from samplewise.data import Dataset
from samplewise.generalization import clopper_pearson_bound


def blobs(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    return rng.normal(size=(rows, 3)) + y[:, None], y


def test_independent_rows_get_the_exact_bound(evidence_of):
    evidence = evidence_of(*blobs(), test=Dataset(*blobs(150, seed=1)))
    losses = claims.losses_on_test(evidence)
    assert set(losses.tolist()) == {0.0, 1.0}
    assert claims.claims(evidence).once.high == pytest.approx(clopper_pearson_bound(losses.sum(), 150).high)


def test_rows_of_one_group_are_one_observation(evidence_of):
    X, y = blobs(60, seed=1)
    alone = claims.claims(evidence_of(*blobs(), test=Dataset(X, y)))
    repeated = Dataset(np.repeat(X, 5, axis=0), np.repeat(y, 5), groups=np.repeat(np.arange(60), 5))
    grouped = claims.claims(evidence_of(*blobs(), test=repeated))
    assert grouped.once.value == pytest.approx(alone.once.value)
    assert grouped.once.high == pytest.approx(alone.once.high, abs=0.01)


def test_a_class_without_training_rows_is_wrong(evidence_of):
    X, y = blobs(40, seed=1)
    assert claims.losses_on_test(evidence_of(*blobs(), test=Dataset(X, np.full(40, 7)))).tolist() == [1.0] * 40
    assert y.max() == 1


def test_without_test_labels_there_is_no_promise(evidence_of):
    for test in (None, Dataset(blobs(40, seed=1)[0])):
        evidence = evidence_of(*blobs(), test=test)
        assert claims.losses_on_test(evidence) is None
        assert claims.claims(evidence) is None
        notes = claims.trust_statement(evidence)
        assert "no promise for one model" in notes.note
        assert "approximation" in notes.columns["if"][0]


def test_held_out_losses_are_those_of_models_that_did_not_see_the_row(evidence_of):
    X, y = blobs(400)
    losses, groups = claims.held_out_losses(evidence_of(X, y))
    assert len(losses) == 400
    assert groups is None
    assert 0.1 < losses.mean() < 0.35
    numbers, _ = claims.held_out_losses(evidence_of(X, X.sum(axis=1) + y))
    assert numbers.min() >= 0
    assert numbers.mean() > 0.1  # in the label's unit, not relative to the baseline
