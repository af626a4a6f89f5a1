"""Three kinds of model on the same folds."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samplewise.engine.models.estimator import EstimatorLearner
from samplewise.engine.models.kernel_head import KernelHead
from samplewise.engine.refits import prepare
from samplewise.labels import second_model as module
from samplewise.labels.second_model import KINDS, MOST_CLASSES, kind_of, pulled_in, second_opinions

DRAW = np.random.default_rng(0)


def clouds(rows=150):
    y = np.arange(rows) % 2
    return DRAW.normal(size=(rows, 2)) + 3.0 * y[:, None], y


def test_three_kinds_answer_for_every_row_and_agree_where_classes_are_apart():
    X, y = clouds()
    found = second_opinions(prepare((X, y)).whole)
    assert tuple(found.outputs) == KINDS
    assert found.known.all()
    assert not found.pulled_in
    for outputs in found.outputs.values():
        assert np.mean(outputs.argmax(axis=1) == y) > 0.9
    np.testing.assert_allclose(found.together.sum(axis=1), 1.0)


def test_the_users_learner_serves_as_the_kind_it_is(monkeypatch):
    X, y = clouds()
    own = EstimatorLearner(RandomForestClassifier(5), "mine")
    folded = prepare((X, y), own).whole
    np.testing.assert_array_equal(second_opinions(folded).outputs["forest"], folded.held_out_outputs())
    assert kind_of(own) == "forest"
    assert (
        kind_of(EstimatorLearner(make_pipeline(StandardScaler(), HistGradientBoostingClassifier()), "x")) == "boosting"
    )
    assert kind_of(KernelHead()) == "kernel"
    assert kind_of(KernelHead(landmarks=0)) == ""
    assert kind_of(EstimatorLearner(LogisticRegression(), "lr")) == ""


def test_far_numbers_are_pulled_in_and_do_not_ruin_the_models():
    x = np.linspace(0.0, 10.0, 160)
    y = x + 0.1 * DRAW.normal(size=160)
    y[[20, 90]] = 4000.0
    found = second_opinions(prepare((x[:, None], y)).whole)
    other = np.delete(np.arange(160), [20, 90])
    plain, near = (np.median(np.abs(one["kernel"][other, 0] - x[other])) for one in (found.outputs, found.pulled_in))
    assert near < 0.2 * plain


def test_pulling_in_is_to_three_interquartile_ranges_and_only_where_something_lies_beyond():
    y = np.r_[np.arange(1.0, 9.0), 1000.0, -1000.0]
    low, high = np.quantile(y, [0.25, 0.75])
    found = pulled_in(y)
    assert found.max() == pytest.approx(high + 3 * (high - low))
    assert found.min() == pytest.approx(low - 3 * (high - low))
    assert pulled_in(np.arange(10.0)) is None
    assert pulled_in(np.r_[np.zeros(20), 5.0]) is None  # without a spread nothing is far


def test_large_data_is_learned_from_a_sample_and_predicted_whole(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 60)
    X, y = clouds()
    found = second_opinions(prepare((X, y)).whole)
    assert found.known.all()
    assert np.mean(found.outputs["forest"].argmax(axis=1) == y) > 0.9


def test_very_many_classes_have_no_second_opinion():
    X = DRAW.normal(size=(300, 2))
    assert second_opinions(prepare((X, np.arange(300) % (MOST_CLASSES + 1)), task="classification").whole) is None
