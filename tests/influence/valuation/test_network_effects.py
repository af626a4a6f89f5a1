"""Rows that hurt, read off a trained network: what may enter, and whether planted flips are found."""

from dataclasses import replace

import numpy as np
import pytest

from samplewise.data import Dataset
from samplewise.engine.refits import prepare
from samplewise.influence.valuation.harmful_rows import drop_harmful
from samplewise.influence.valuation.leave_one_out import effects_in

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def parts():
    from samplewise.engine.models import TorchLearner, dense_network

    draw = np.random.default_rng(0)
    truth = np.repeat([0, 1], 60)
    X = draw.normal(size=(120, 3)) + 2.5 * truth[:, None]
    given = truth.copy()
    given[[4, 30, 70, 99]] ^= 1
    learner = TorchLearner(dense_network, epochs=12, rate=0.01)
    return prepare(Dataset(X, given), learner, n_folds=4).whole, [4, 30, 70, 99]


def test_planted_flips_hurt_the_held_out_loss(parts):
    folded, wrong = parts
    benefit = effects_in(folded).benefit
    assert benefit.unit == "loss"
    assert np.isfinite(benefit.values).all()
    assert np.median(benefit.values[wrong]) < np.quantile(benefit.values, 0.1)


def test_reach_reads_no_evaluation_label(parts):
    """Other labels for the evaluation fold leave reach as it was; benefit, which is measured on them, changes."""
    folded, _ = parts
    fold = np.unique(folded.folds)[-1]
    codes = folded.runner.target.codes.copy()
    evaluated = folded.folds == fold
    codes[evaluated] ^= 1
    runner = folded.runner
    data = runner.data.with_labels(codes)
    from samplewise.data.targets import describe_target
    from samplewise.engine.refits import FitRunner
    from samplewise.influence.valuation.network_effects import _evaluated_by

    other = replace(folded, runner=FitRunner(data, describe_target(data.y), runner.learner, runner.space, runner.seed))
    trained = np.flatnonzero(~evaluated)
    one, two = _evaluated_by(folded, int(fold), trained), _evaluated_by(other, int(fold), trained)
    np.testing.assert_array_equal(one[2], two[2])
    assert not np.allclose(one[0], two[0])


def test_the_rule_drops_within_its_rows(parts):
    folded, _ = parts
    change = drop_harmful(folded)
    assert change.kind == "drop"
    assert len(change.rows) <= 0.2 * len(folded)
