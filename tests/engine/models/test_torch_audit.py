"""Whole audits with a network: as the learner that is fitted, and trained before as features or predictions."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits

import samplewise
from samplewise.core.execution import SerialExecutor

pytest.importorskip("torch")

from samplewise.engine.models import TorchLearner, dense_network, embeddings_of, predictions_of

LEARNER = TorchLearner(partial(dense_network, widths=(32,)), epochs=4, batch=32, rate=0.02)


@pytest.fixture(scope="module")
def digits():
    """(X, y, ids of planted flips) of 400 digits, one label in twelve wrong."""
    X, truth = load_digits(return_X_y=True)
    X, truth = X[:400], truth[:400]
    struck = np.random.default_rng(0).random(400) < 1 / 12
    return X, np.where(struck, (truth + 1) % 10, truth), np.flatnonzero(struck)


def test_a_whole_audit_with_a_network_as_learner(digits):
    X, y, struck = digits[0][:300], digits[1][:300], digits[2][digits[2] < 300]
    found = samplewise.audit(X, y, learner=LEARNER, budget="10s", executor=SerialExecutor())
    assert found.record.plan["learner"] == "torch network (dense_network)"
    assert not [outcome.code for outcome in found.record.outcomes if outcome.status == "failed"]
    worst = found.scores["wrong_label"].top(len(struck)).keys
    assert np.isin(worst, struck).mean() > 0.8
    assert any(finding.code == "SW201" for finding in found.findings)
    assert not any("ignores its seed" in note for note in found.record.data["notes"])


def test_the_same_audit_gives_the_same_numbers(digits):
    X, y, _ = digits
    query = partial(samplewise.audit, X[:150], y[:150], learner=LEARNER, checks="SW201", budget="1s")
    first, second = (query(executor=SerialExecutor()) for _ in range(2))
    np.testing.assert_array_equal(first.scores["wrong_label"].values, second.scores["wrong_label"].values)


def test_a_trained_module_lends_its_features(digits):
    X, y, struck = digits
    truth = load_digits(return_X_y=True)[1]
    trained = LEARNER.fit(samplewise.Dataset(load_digits(return_X_y=True)[0][400:], truth[400:]), seed=0)
    module = trained.module
    inputs = trained.encoder(X)
    found = samplewise.audit(X, y, embeddings=embeddings_of(module, inputs), checks="SW201", budget="2s")
    assert np.isin(found.scores["wrong_label"].top(len(struck)).keys, struck).mean() > 0.9
    plain = TorchLearner(partial(dense_network, widths=(32,)), epochs=4, batch=32, rate=0.02, encoding="raw")
    raw = plain.fit(samplewise.Dataset(load_digits(return_X_y=True)[0][400:], truth[400:]), seed=0).module
    tested = samplewise.audit(
        X[:300], y[:300], embeddings=partial(embeddings_of, raw), test=(X[300:], y[300:]), checks="SW103,SW501"
    )
    assert {outcome.status for outcome in tested.record.outcomes} <= {"clean", "found"}


def test_a_trained_module_lends_its_predictions(digits):
    X, y, struck = digits
    rows, truth = load_digits(return_X_y=True)
    trained = LEARNER.fit(samplewise.Dataset(rows[400:], truth[400:]), seed=0)
    predictions = predictions_of(trained.module, trained.encoder(X))
    found = samplewise.audit(X, y, probabilities=predictions, checks="SW201", budget="2s")
    assert np.isin(found.scores["wrong_label"].top(len(struck)).keys, struck).mean() > 0.9


def test_numbers_are_audited_with_a_network(digits):
    X = digits[0][:200]
    y = X[:, 20] - X[:, 30]
    y[:5] += 200.0
    learner = TorchLearner(partial(dense_network, widths=(32,)), epochs=20, batch=32, rate=0.02)
    found = samplewise.audit(X, y, learner=learner, checks="SW201,SW501", budget="2s", executor=SerialExecutor())
    assert {outcome.status for outcome in found.record.outcomes} <= {"clean", "found"}
    assert set(found.scores["wrong_label"].top(5).keys) == set(range(5))
