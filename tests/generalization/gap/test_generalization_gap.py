"""The gap of a learner: known learners, groups and duplicates, numbers, refits of others, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier

from samplewise.core.errors import InputError
from samplewise.core.execution import SerialExecutor
from samplewise.data.dataset import Dataset
from samplewise.engine.refits import Refits, fit_design, prepare, refit_supersamples, supersamples
from samplewise.generalization import generalization_gap


class Restless(ClassifierMixin, BaseEstimator):
    """Answers at random, whatever its seed."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        draw = np.random.default_rng().random(len(X))
        return np.column_stack([draw, 1 - draw])


def rows(count=120, noise=1.0, seed=0):
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(count, 3))
    return Dataset(X, (X[:, 0] + noise * draw.normal(size=count) > 0).astype(int), ids=7 * np.arange(count) + 1)


@pytest.fixture(scope="module")
def nearest():
    return generalization_gap(rows(), learner=KNeighborsClassifier(1), n_splits=20, n_draws=2)


def test_a_nearest_neighbor_memorizes(nearest):
    assert nearest.training_error.value == 0.0
    assert nearest.gap.low > 10
    assert nearest.gap.value == 100 * nearest.ghost_error.value == pytest.approx(nearest.bounds.gap)
    assert nearest.gap.value == pytest.approx(100 * nearest.memorization.values.mean())
    assert nearest.gap.unit == "points"
    information = [bound for bound in nearest.bounds if bound.confidence is None and bound.of == "expected gap"]
    assert len(information) >= 13
    assert all(bound.plug_in >= nearest.gap.value for bound in information)
    assert nearest.bounds["t interval"].plug_in < nearest.bounds["binary JS"].plug_in
    assert nearest.bounds["held-out rows"].of == "this model's gap"
    assert nearest.deterministic
    assert nearest.repeatable
    assert nearest.cost.fits == 42
    assert nearest.warnings == ()


def test_information_shows_the_memorized_rows(nearest):
    assert nearest.information.values.min() >= 0
    assert nearest.information.values.max() <= np.log(2)
    assert np.corrcoef(nearest.information.values, nearest.memorization.values)[0, 1] > 0.8
    assert nearest.information.unit == "nats"


def test_the_report_reads_as_a_table(nearest):
    text = " ".join(str(nearest).split())
    for part in ("held-out rows", "binary JS", "95 %", "42 fits", "promise nothing", "changes nothing"):
        assert part in text
    assert "f-CMI" in nearest.to_frame().index


def test_a_learner_that_ignores_its_data_has_no_gap():
    report = generalization_gap(
        rows(), learner=DummyClassifier(strategy="constant", constant=0), n_splits=10, n_draws=1
    )
    assert report.gap.value == pytest.approx(0, abs=1e-9)
    assert report.bounds["f-CMI"].plug_in == 0.0
    assert report.information.values.max() == 0.0


def test_order_of_rows_changes_nothing():
    data = rows(60)
    first = generalization_gap(data, learner=LogisticRegression(), n_splits=6, n_draws=2)
    second = generalization_gap(
        data.take(np.random.default_rng(3).permutation(60)), learner=LogisticRegression(), n_splits=6, n_draws=2
    )
    assert second.gap.value == pytest.approx(first.gap.value)
    for bound in first.bounds:
        assert second.bounds[bound.name].plug_in == pytest.approx(bound.plug_in)
    np.testing.assert_allclose(second.information.aligned_to(first.information.keys).values, first.information.values)


def test_order_of_rows_changes_nothing_where_the_losses_of_groups_are_bet_on():
    data = rows(90)
    data = Dataset(data.X, data.y, data.ids, groups=np.array([f"site {row // 3}" for row in range(90)]))
    other = data.take(np.random.default_rng(4).permutation(90))
    one, two = (
        generalization_gap(each, learner=KNeighborsClassifier(1), n_splits=4, n_draws=1) for each in (data, other)
    )
    assert one.bounds["held-out rows"].source == "waudby-smith2024"
    assert two.bounds["held-out rows"].plug_in == pytest.approx(one.bounds["held-out rows"].plug_in, abs=1e-9)


def test_odd_splits_are_raised_with_a_warning():
    report = generalization_gap(rows(40), learner=KNeighborsClassifier(1), n_splits=5, n_draws=1)
    assert report.cost.fits == 6 + 2
    assert any("6 splits were made" in warning for warning in report.warnings)
    assert any("add splits" in warning for warning in report.warnings)


def test_duplicates_and_groups_stay_on_one_side():
    data = rows(40)
    twice = Dataset(np.vstack([data.X, data.X]), np.r_[data.y, data.y], ids=np.arange(80))
    report = generalization_gap(twice, learner=KNeighborsClassifier(1), n_splits=20, n_draws=1)
    assert any("40 groups or sets of exact duplicates" in warning for warning in report.warnings)
    assert report.gap.value > 10, "a copy on the other side would have answered for the ghost"
    grouped = generalization_gap(
        Dataset(twice.X, twice.y, groups=np.arange(80) % 10), learner=KNeighborsClassifier(1), n_splits=4, n_draws=1
    )
    wide, narrow = grouped.gap, report.gap
    assert wide.high - wide.low > narrow.high - narrow.low


def test_groups_are_read_as_pairs_of_groups():
    data = Dataset(rows(60).X, rows(60).y, groups=np.arange(60) // 3)
    report = generalization_gap(data, learner=KNeighborsClassifier(1), n_splits=20, n_draws=1)
    expected = [bound for bound in report.bounds if bound.of == "expected gap"]
    assert all(bound.plug_in >= report.bounds.gap for bound in expected)
    assert report.bounds.gap == pytest.approx(report.gap.value)


def test_an_odd_row_is_left_out():
    report = generalization_gap(rows(41), learner=KNeighborsClassifier(1), n_splits=4, n_draws=2)
    assert any("was left out" in warning for warning in report.warnings)
    assert np.isfinite(report.gap.value)
    alone = generalization_gap(rows(41), learner=KNeighborsClassifier(1), n_splits=4, n_draws=1)
    for scores in (alone.information, alone.memorization):
        assert np.isnan(scores.values).sum() == 1


def test_numbers_need_the_range_of_their_loss():
    data = rows(60)
    numbers = data.with_labels(np.round(data.X.sum(axis=1), 2) * 30.0)
    with pytest.raises(InputError, match=r"(?s)outside.*where: .*got: .*loss_range"):
        generalization_gap(numbers, learner=KNeighborsRegressor(1), n_splits=4, n_draws=1)
    report = generalization_gap(
        numbers, learner=KNeighborsRegressor(1), n_splits=10, n_draws=1, loss_range=(0.0, 500.0)
    )
    assert report.gap.unit == "in the label's unit"
    assert report.gap.value == pytest.approx(report.bounds.gap)
    assert all(bound.plug_in >= report.gap.value for bound in report.bounds if bound.of == "expected gap")
    assert "f-CMI" not in {bound.name for bound in report.bounds}


def test_refits_that_exist_are_read():
    folded = prepare(rows(), KNeighborsClassifier(1), executor=SerialExecutor()).whole
    pairs = refit_supersamples(folded.runner, folded.all_folds, supersamples(folded.runner, n_splits=20, n_draws=2))
    read = generalization_gap(rows(), refits=pairs)
    made = generalization_gap(rows(), learner=KNeighborsClassifier(1), n_splits=20, n_draws=2)
    assert [bound.plug_in for bound in read.bounds] == [bound.plug_in for bound in made.bounds]
    assert read.cost.fits == 0
    assert read.deterministic is None
    halves = generalization_gap(rows(), refits=fit_design(folded.runner, "halves", folded.all_folds, count=10))
    names = {bound.name for bound in halves.bounds}
    assert {"f-CMI of rows", "single loss", "fast rate", "binary JS", "interpolation", "held-out rows"} <= names
    assert not {"f-CMI", "ld-MI", "binary KL"} & names
    assert all(bound.plug_in >= halves.gap.value for bound in halves.bounds if bound.of == "expected gap")
    assert any("not paired" in warning for warning in halves.warnings)


def test_duplicates_on_both_sides_of_refits_give_a_warning():
    data = rows(40)
    twice = Dataset(np.vstack([data.X, data.X]), np.r_[data.y, data.y], ids=np.arange(80))
    folded = prepare(twice, KNeighborsClassifier(1)).whole
    apart = replace(folded.runner, groups=np.arange(80))  # what a user may have made without joining duplicates
    report = generalization_gap(twice, refits=fit_design(apart, "halves", folded.all_folds, count=4))
    assert any("duplicates were on both sides" in warning for warning in report.warnings)


def test_a_learner_that_ignores_its_seed_is_reported():
    report = generalization_gap(rows(30), learner=Restless(), n_splits=4, n_draws=1)
    assert report.repeatable is False
    assert report.deterministic is False
    assert any("ignores its seed" in warning for warning in report.warnings)


def test_another_seed_may_change_the_predictions():
    report = generalization_gap(rows(60), learner=DecisionTreeClassifier(max_features=1), n_splits=4, n_draws=1)
    assert (report.repeatable, report.deterministic) == (True, False)
    assert "changes the predictions" in str(report)


def missing_label():
    data = rows(30)
    return data.with_labels(np.r_[np.nan, data.y[1:]])


def failed():
    data = rows(30)
    outputs = np.zeros((4, 30, 2), dtype=np.float32)
    outputs[2, 5] = np.nan
    inside = np.tile([[True, False], [False, True]], (2, 15))
    return data, Refits(data.ids, inside, outputs, "halves", np.zeros(4), "", "")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: generalization_gap(Dataset(rows(30).X)), "no labels.*one label per row"),
        (lambda: generalization_gap(rows(30), n_splits=2, n_draws=1), "too few splits.*n_splits=30, n_draws=3"),
        (lambda: generalization_gap(rows(12)), "too few rows.*12 rows.*20 rows or more"),
        (lambda: generalization_gap(missing_label()), "needs a label.*1.*leave these rows out"),
        (lambda: generalization_gap(Dataset(rows(30).X, rows(30).y, time=np.arange(30))), "future.*time.*without time"),
        (
            lambda: generalization_gap(rows(30).with_labels([2] + [0, 1] * 14 + [0])),
            "fewer rows.*classes 2.*merge them",
        ),
        (lambda: generalization_gap(rows(30), refits=failed()[1]), "NaN.*36"),
        (lambda: generalization_gap(rows(40), refits=failed()[1]), "other rows.*exactly this data"),
        (lambda: generalization_gap(rows(30), refits=()), "read from halves.*refit"),
    ],
)
def test_bad_input_is_refused_with_its_remedy(call, match):
    with pytest.raises(InputError, match=f"(?s){match}"):
        call()


def test_a_torch_network_is_a_learner_too():
    pytest.importorskip("torch")
    from samplewise.engine.models import TorchLearner, dense_network

    report = generalization_gap(rows(40), learner=TorchLearner(dense_network, epochs=3), n_splits=4, n_draws=1)
    assert (report.repeatable, report.deterministic) == (True, False)
    assert all(bound.plug_in >= report.gap.value for bound in report.bounds if bound.of == "expected gap")
