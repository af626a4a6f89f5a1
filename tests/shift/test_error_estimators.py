"""Every method gives the source error where nothing changed, and the truth where its own assumption holds."""

import numpy as np
import pytest

from samplewise.shift.error_estimators import estimates_of, expected_losses
from samplewise.shift.outputs import Outputs


def outputs(rows, seed, classes=2):
    draw = np.random.default_rng(seed)
    values = draw.dirichlet(np.full(classes, 0.7), size=rows)
    labels = np.array([draw.choice(classes, p=line) for line in values])
    return Outputs(values, (values.argmax(axis=1) != labels).astype(float), labels, 1.0)


def estimated(source, target, weights=None):
    weights = np.ones(len(source.values)) if weights is None else weights
    flat = np.full(len(source.values), source.losses.mean()), np.full(len(target.values), source.losses.mean())
    return estimates_of(source, target.unlabeled(), weights, flat)


def test_the_same_rows_have_the_source_error_by_every_method():
    source = outputs(1000, 0, classes=3)
    for name, value in estimated(source, source).items():
        exact = name not in ("class shares", "calibrated confidence", "calibrated confidence, weighted")
        assert value == pytest.approx(source.losses.mean(), abs=1e-9 if exact else 0.01), name


def test_calibrated_confidence_finds_the_error_of_surer_rows():
    source, target = outputs(4000, 0), outputs(4000, 1)
    kept = target.take(np.flatnonzero(target.confidence() > 0.8))
    found = estimated(source, kept)
    for name in ("calibrated confidence", "difference of confidence"):
        assert found[name] == pytest.approx(kept.losses.mean(), abs=0.03), name
    assert found["importance weights"] == pytest.approx(source.losses.mean())


def test_class_shares_are_found_where_only_they_changed():
    """Classes with errors of 5 and 30 %, and three times as many rows of the second in the other place."""
    draw = np.random.default_rng(2)

    def place(rows, share):
        labels = (draw.random(rows) < share).astype(int)
        chance = np.where(labels == 1, draw.beta(2.0, 1.0, rows), draw.beta(1.0, 4.0, rows))
        values = np.c_[1.0 - chance, chance]
        return Outputs(values, (values.argmax(axis=1) != labels).astype(float), labels, 1.0)

    source, target = place(6000, 0.2), place(6000, 0.6)
    truth = target.losses.mean()
    assert truth - source.losses.mean() > 0.05
    assert estimated(source, target)["class shares"] == pytest.approx(truth, abs=0.02)


def test_weights_carry_the_source_errors_over_exactly():
    source = outputs(500, 0)
    weights = np.random.default_rng(1).exponential(size=500)
    weights /= weights.mean()
    shares = [weights[source.labels == code].sum() / 500 for code in (0, 1)]
    by_class = [
        np.average(source.losses[source.labels == code], weights=weights[source.labels == code]) for code in (0, 1)
    ]
    found = estimated(source, source, weights)["importance weights"]
    assert found == pytest.approx(float(np.dot(shares, by_class)), abs=1e-12)


def test_scores_that_are_all_alike_or_tied_are_shared_out():
    values = np.repeat([[0.9, 0.1], [0.6, 0.4]], 50, axis=0)
    labels = np.r_[np.zeros(45, int), np.ones(5, int), np.zeros(30, int), np.ones(20, int)]
    source = Outputs(values, (labels == 1).astype(float), labels, 1.0)
    found = estimated(source, source.take(np.arange(50, 100)))
    assert found["confidence below a threshold"] == pytest.approx(0.5)
    assert len(estimated(source.take(np.arange(50)), source)) == 3


def test_boosting_expects_errors_where_they_are():
    draw = np.random.default_rng(0)
    X = draw.uniform(size=(1200, 2))
    losses = (draw.random(1200) < np.where(X[:, 0] > 0.5, 0.6, 0.05)).astype(float)
    values = np.tile([0.7, 0.3], (1200, 1))
    source, target = Outputs(values[:800], losses[:800], losses[:800], 1.0), Outputs(values[800:], None, None, 1.0)
    known, there = expected_losses(X, np.zeros(2, dtype=bool), source, target, np.arange(800) % 2 == 0, 0)
    right = X[800:, 0] > 0.5
    assert there[right].mean() == pytest.approx(0.6, abs=0.1)
    assert there[~right].mean() == pytest.approx(0.05, abs=0.05)
    assert np.corrcoef(known, X[:800, 0] > 0.5)[0, 1] > 0.8


def test_without_overlap_weights_say_nothing():
    source = outputs(300, 0)
    found = estimated(source, source, np.zeros(300))
    assert found["importance weights"] == pytest.approx(source.losses.mean())
