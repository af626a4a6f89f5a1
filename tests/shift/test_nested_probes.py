"""Rules that know more are fitted without the rows they score; weights make domains and attributes count the same."""

import numpy as np
import pytest

from samplewise.core.errors import InputError
from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.shift.nested_probes import balance_weights, nested_losses, outputs_of, require_classes
from samplewise.shift.two_places import Pair


def prepared(labels=None):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), np.arange(200) % 2
    there = np.arange(60) % 2 if labels is None else labels
    color = np.where(np.arange(60) % 10 < 8, there, 1 - there)
    pair = Pair.of(Dataset(X, y), Dataset(rng.normal(size=(60, 2)), there, segments=color), None)
    return prepare(pair.joined(), "linear"), pair


def test_every_rule_scores_the_rows_it_is_asked_about():
    rows, pair = prepared()
    losses = nested_losses(rows, pair, rows.folds(), None, None)
    assert np.isfinite(losses.own).all()
    for one in (losses.alone, losses.balanced, losses.pooled):
        assert (np.isfinite(one) == pair.there).all()
    assert (np.isfinite(losses.few) == ~pair.there).all()
    right = np.eye(2)[rows.target.codes]
    assert nested_losses(rows, pair, rows.folds(), None, right).own.sum() == 0.0


def test_balanced_weights_make_class_and_attribute_independent():
    rows, pair = prepared()
    weights = balance_weights(rows, pair, "segment")[pair.there]
    color, labels = pair.target.segments["segment"].to_numpy(), pair.target.y
    table = [[weights[(color == one) & (labels == two)].sum() for one in (0, 1)] for two in (0, 1)]
    assert abs(np.linalg.det(np.array(table))) < 1e-9
    assert weights.sum() == pytest.approx(60)


def test_outputs_and_classes_are_held_to_the_rows():
    rows, pair = prepared()
    given = outputs_of(pair, (np.zeros((200, 2)), np.ones((60, 2))), rows.target.classes)
    assert given.sum() == 120
    with pytest.raises(InputError, match="one line for every row"):
        outputs_of(pair, (np.zeros((60, 2)), np.ones((60, 2))), rows.target.classes)
    assert require_classes(rows, pair) == []
    lacking, other = prepared(np.r_[np.ones(50, dtype=int), np.full(10, 2)])
    assert any("no row of class 0" in note for note in require_classes(lacking, other))
